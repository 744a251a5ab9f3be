import numpy as np
import pytest
from scipy import integrate, stats

from mistd_training.model.quantiles import MEDIAN, TAUS, mean, quantile


def test_a_gaussian_quantile_function_comes_back():
    knots = 5 + 0.3 * stats.norm.ppf(TAUS)[None]
    taus = np.array([0.001, 0.03, 0.5, 0.77, 0.999])
    np.testing.assert_allclose(quantile(knots, taus)[0], 5 + 0.3 * stats.norm.ppf(taus), rtol=1e-6)
    assert mean(knots)[0] == pytest.approx(5, abs=1e-6)


def test_the_mean_is_the_integral_of_the_quantile_function_and_nothing_is_negative():
    knots = stats.gamma.ppf(TAUS, 0.4)[None]
    expected, _ = integrate.quad(lambda tau: quantile(knots, np.array([tau]))[0, 0], 0, 1, limit=500)
    assert mean(knots)[0] == pytest.approx(expected, abs=2e-3)
    near_zero = 0.5 + 0.15 * stats.norm.ppf(TAUS)[None]
    assert quantile(near_zero, np.array([1e-9]))[0, 0] == 0
    assert TAUS[MEDIAN] == 0.5 and quantile(knots, np.array([0.5]))[0, 0] == pytest.approx(knots[0, MEDIAN])
