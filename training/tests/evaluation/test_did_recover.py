import numpy as np
import pytest

from mistd_training.evaluation.did_recover import OBJECTIVES, experiment, js, optimum

LOG_REF, LOG_TARGET = np.log([0.4, 0.3, 0.2, 0.1]), np.log([0.1, 0.2, 0.3, 0.4])
DPO, SIMPO, REFERENCE_FREE = OBJECTIVES[:3]


def test_dpo_recovers_the_target_of_the_golden_case_at_its_loss():
    learned, loss = optimum(DPO, LOG_REF, LOG_TARGET, 0.5)
    np.testing.assert_allclose(learned, LOG_TARGET, atol=1e-9)
    assert loss == pytest.approx(0.6503880, abs=5e-8)


def test_without_a_reference_the_optimum_is_the_did_or_with_a_margin_neither():
    learned, _ = optimum(REFERENCE_FREE, LOG_REF, LOG_TARGET, 0.5)
    np.testing.assert_allclose(np.exp(learned), [0.038961, 0.103896, 0.233766, 0.623377], atol=5e-7)
    learned, _ = optimum(SIMPO, LOG_REF, LOG_TARGET, 0.5)
    np.testing.assert_allclose(np.exp(learned), [0.020575, 0.073361, 0.207465, 0.698600], atol=5e-7)


def test_of_a_hundred_outcomes_only_dpo_with_the_optimal_rejected_distribution_recovers_the_target():
    first, *others = experiment(outcomes=100, beta=0.5, seeds=2)
    assert first["target"].max() < 1e-12
    for row in others:
        assert row["target"].min() > 1e-3, row["name"]


def test_js_is_0_for_equal_and_ln_2_for_disjoint_distributions():
    assert js(LOG_REF, LOG_REF) == 0
    assert js(np.array([0, -800.0]), np.array([-800.0, 0])) == pytest.approx(np.log(2))
