"""Writes quantile_function.json: SciPy's answers for the service's quantile function.

python test/golden/quantile_function.py > test/golden/quantile_function.json
"""

import json

import numpy as np
from scipy.integrate import trapezoid
from scipy.interpolate import PchipInterpolator
from scipy.stats import norm

TAUS = [0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.975, 0.99]
ASKED = [0.0001, 0.004, 0.01, 0.013, 0.05, 0.1234, 0.25, 0.5, 0.501, 0.66, 0.8, 0.93, 0.99, 0.999, 0.99999]


def evaluate(knots, scores):
    """Quantiles at normal scores w: PCHIP inside the knots, lines outside, at least 0."""
    w = norm.ppf(TAUS)
    inner = PchipInterpolator(w, knots)
    slope = inner.derivative()
    value = inner(np.clip(scores, w[0], w[-1]))
    value += slope(w[0]) * np.minimum(scores - w[0], 0) + slope(w[-1]) * np.maximum(scores - w[-1], 0)
    return np.maximum(value, 0)


rng = np.random.default_rng(1)
cases = []
for knots in [
    np.cumsum(rng.exponential(size=len(TAUS))) * 0.1,
    np.maximum(0, norm.ppf(TAUS) * 0.05 + 0.03),
    np.maximum(0, np.cumsum(rng.exponential(size=len(TAUS))) - 4) * 0.02,
    np.full(len(TAUS), 0.7),
    np.zeros(len(TAUS)),
    np.repeat(np.cumsum(rng.exponential(size=5)), 3),
]:
    grid = np.linspace(-6, 6, 401)
    density = norm.pdf(grid)
    mean = trapezoid(evaluate(knots, grid) * density, grid) / trapezoid(density, grid)
    cases.append({"knots": knots.tolist(), "values": evaluate(knots, norm.ppf(ASKED)).tolist(), "mean": mean})
print(json.dumps({"taus": TAUS, "asked": ASKED, "cases": cases}))
