"""Held-out joint structures, compared with SciPy and with estimates from samples."""

import math

import numpy as np
import pytest
import torch
from estimators import ksg, plug_in, seeded
from scipy import stats

from mistd_training.families import joint, joint_validation


@pytest.mark.parametrize("name", joint_validation.HELD_OUT)
def test_held_out_families_are_finite_and_hide_from_pairs(name):
    batch = joint_validation.sample_validation(name, 8, 1_500, seeded(1), extra=1)
    assert batch.x.isfinite().all() and batch.y.isfinite().all() and (batch.mi > 0).all() and (batch.mi < 1.8).all()
    if name not in ("middle", "duel"):
        strongest = batch.mi.argmax()
        x, y = batch.x[strongest], batch.y[strongest]
        assert all(abs(ksg(x[:, i], y[:, 0])) < 0.1 for i in range(x.shape[1]))
    assert name not in joint.LIFTS and name not in joint.FUNCTIONS


@pytest.mark.parametrize("name", ["middle", "between", "torus", "duel"])
def test_held_out_functions_have_the_distribution_their_mi_rests_on(name, monkeypatch):
    seen = []
    keep = joint_validation._continuous
    monkeypatch.setattr(
        joint_validation, "_continuous", lambda x, p, generator: seen.append(p) or keep(x, p, generator)
    )
    batch = joint_validation.HELD_OUT[name](2, 20_000, seeded(2))
    assert stats.kstest(seen[0].flatten().numpy(), "uniform").pvalue > 1e-3
    assert ksg(seen[0][0], batch.y[0]) == pytest.approx(batch.mi[0].item(), abs=0.05)


def test_held_out_discrete_structures_have_the_mi_of_their_tables():
    batch = joint_validation.parity(3, 100_000, seeded(3))
    order = (batch.x.argsort(2) * torch.tensor([9, 3, 1])).sum(2)
    powers = joint_validation.powers(3, 100_000, seeded(4))
    digits = powers.x.long()
    for i in range(3):
        assert plug_in(order[i], batch.y[i, :, 0] > 0) == pytest.approx(batch.mi[i].item(), abs=0.005)
        pairs = digits[i, :, 0] * 7 + digits[i, :, 1]
        assert plug_in(pairs, powers.y[i, :, 0].long()) == pytest.approx(powers.mi[i].item(), abs=0.01)


@pytest.mark.parametrize("r", [0.4, 0.8, 0.98])
def test_the_switch_has_the_mi_that_scipy_integrates(r):
    rng = np.random.default_rng(0)
    y = rng.standard_normal((400_000, 2)) @ np.linalg.cholesky([[1, r], [r, 1]]).T
    plus, minus = (stats.multivariate_normal(cov=[[1, c], [c, 1]]).logpdf(y) for c in (r, -r))
    information = plus - np.logaddexp(plus, minus) + math.log(2)
    assert joint_validation.switch_mi(torch.tensor([r])).item() == pytest.approx(information.mean(), abs=0.002)
