"""Gaussian and Student data sets with random correlation matrices."""

import math

import numpy as np
import pytest
import torch
from estimators import ksg, seeded
from scipy import stats

from mistd_training.families import wide
from mistd_training.families.blocks import MAX_MI, STRUCTURES, random_correlation, sample_block, spread_mi
from mistd_training.families.elliptical import gaussian_mi


@pytest.mark.parametrize("structure", STRUCTURES)
@pytest.mark.parametrize("sizes", [(1, 1), (3, 2), (9, 16), (64, 64)])
def test_correlations_are_positive_definite_with_unit_diagonal(structure, sizes):
    correlation = STRUCTURES[structure](12, *sizes, seeded(1)).numpy()
    np.testing.assert_allclose(np.diagonal(correlation, axis1=1, axis2=2), 1, atol=1e-9)
    np.testing.assert_allclose(correlation, correlation.transpose(0, 2, 1), atol=1e-12)
    assert np.linalg.eigvalsh(correlation).min() > 1e-6


def test_lkj_correlations_have_their_beta_marginals():
    correlation = STRUCTURES["lkj"](4_000, 1, 1, seeded(2))[:, 0, 1] / 0.99
    eta = torch.exp(wide.uniform(math.log(0.7), 3, 4_000, 1, generator=seeded(2)))[:, 0]
    uniform = stats.beta(eta, eta).cdf((correlation + 1) / 2)
    assert stats.kstest(uniform, "uniform").pvalue > 1e-3
    wider = STRUCTURES["lkj"](4_000, 2, 2, seeded(3)) / 0.99
    eta = torch.exp(wide.uniform(math.log(0.7), 3, 4_000, 1, generator=seeded(3)))[:, 0] + 1
    for i, j in ((1, 0), (3, 2)):
        assert stats.kstest(stats.beta(eta, eta).cdf((wider[:, i, j] + 1) / 2), "uniform").pvalue > 1e-3


@pytest.mark.parametrize("sizes", [(2, 2), (8, 3), (32, 32)])
def test_spread_mi_stays_within_bounds_and_changes_only_the_cross_covariance(sizes):
    correlation = random_correlation(300, *sizes, seeded(4))
    spread = spread_mi(correlation, sizes[0], seeded(5))
    mi = gaussian_mi(spread, sizes[0])
    assert mi.max() <= MAX_MI + 1e-3 and mi.min() > -1e-9 and mi.quantile(0.9) > 1.5 and mi.quantile(0.1) < 1
    d = sizes[0]
    assert torch.equal(spread[:, :d, :d], correlation[:, :d, :d])
    assert torch.equal(spread[:, d:, d:], correlation[:, d:, d:])
    assert np.linalg.eigvalsh(spread.numpy()).min() > 0


def test_blocks_have_the_mi_of_their_samples():
    batch = sample_block(12, 4_000, 1, 1, seeded(6))
    for x, y, mi in zip(batch.x, batch.y, batch.mi):
        assert ksg(x, y) == pytest.approx(mi.item(), abs=0.12 + 0.05 * mi.item())
