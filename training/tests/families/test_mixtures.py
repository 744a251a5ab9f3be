"""Gaussian mixtures and class labels, compared with integrals."""

import numpy as np
import pytest
import torch
from estimators import plug_in, seeded
from scipy import integrate, special, stats

from mistd_training.families import mixtures


def two_components(separation: float, dim: int) -> mixtures.Mixture:
    mean = torch.zeros(1, 2, dim)
    mean[0, 1] = separation
    factor = torch.eye(dim).expand(1, 2, dim, dim)
    return mixtures.Mixture(torch.tensor([[0.4, 0.6]]).log(), mean, factor)


@pytest.mark.parametrize("separation", [0.0, 2.0, 5.0])
def test_mixtures_settle_on_the_integrated_mi(separation):
    grid = np.linspace(-7, 7 + separation, 1_500)
    normal = stats.norm.pdf(grid), stats.norm.pdf(grid - separation)
    joint_density = 0.4 * np.outer(normal[0], normal[0]) + 0.6 * np.outer(normal[1], normal[1])
    marginal = 0.4 * normal[0] + 0.6 * normal[1]
    information = special.rel_entr(joint_density, np.outer(marginal, marginal))
    exact = integrate.trapezoid(integrate.trapezoid(information, grid), grid)
    assert mixtures.settled(two_components(separation, 2), 1, seeded(1))[1].item() == pytest.approx(exact, abs=0.03)


def test_mixtures_are_settled_to_a_hundredth_of_a_nat_or_replaced_by_a_gaussian():
    mixture, mi = mixtures.settled(mixtures.random_mixture(10, 7, seeded(2)), 3, seeded(3))
    gaussian = (mixture.factor - mixture.factor[:, :1]).abs().amax((1, 2, 3)) == 0
    _, again = mixtures.settled(mixture, 3, seeded(4))
    errors = (again - mi).abs()
    assert (errors[gaussian] < 1e-4).all() and (errors < 4 * 0.01 * 2**0.5).all()
    assert errors.square().mean().sqrt() < 0.01 * 2**0.5


def test_class_labels_have_the_mi_of_the_integrated_mixture():
    generator = seeded(8)
    batch = mixtures.sample_classes(4, 30_000, 1, generator)
    assert all(2 <= len(x.unique()) <= mixtures.MAX_COMPONENTS for x in batch.x)
    for x, y, mi in zip(batch.x[:, :, 0].numpy(), batch.y[:, :, 0].numpy(), batch.mi):
        edges = np.quantile(y, np.linspace(0, 1, 129)[1:-1])
        bias = (len(np.unique(x)) - 1) * 127 / 2 / 30_000
        assert plug_in(x, np.searchsorted(edges, y)) - bias == pytest.approx(mi.item(), abs=0.05)
