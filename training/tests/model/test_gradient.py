"""d quantile / d scores, compared with finite differences."""

import math

import numpy as np
import pytest
import torch
from scipy.special import ndtri
from small_models import random_model, scores

from mistd_training.model.gradient import normal_quantile, quantile_at, quantile_gradient
from mistd_training.model.quantiles import TAUS, quantile


def test_the_inverse_normal_is_scipys():
    p = np.concatenate([np.linspace(0.001, 0.999, 999), 10.0 ** -np.arange(4, 31)])
    got = normal_quantile(torch.tensor(p)).numpy()
    np.testing.assert_allclose(got, ndtri(p), rtol=3e-7, atol=1e-9)


def test_quantiles_between_knots_are_scipys_pchip():
    rng = np.random.default_rng(3)
    steps = rng.exponential(size=(6, len(TAUS))) * rng.integers(0, 2, size=(6, len(TAUS)))
    knots = np.concatenate([np.cumsum(steps, 1), np.zeros((1, len(TAUS)))])
    taus = np.concatenate([TAUS, [1e-5, 0.003, 0.031, 0.22, 0.35, 0.501, 0.77, 0.93, 0.992, 0.9999]])
    expected = quantile(knots, taus)
    for k, tau in enumerate(taus):
        got = quantile_at(torch.tensor(knots), torch.full((len(knots),), tau, dtype=torch.float64))
        np.testing.assert_allclose(got.numpy(), expected[:, k], rtol=2e-6, atol=1e-6)


def test_the_derivative_by_the_knots_is_that_of_finite_differences_and_finite_where_flat():
    torch.manual_seed(1)
    knots = torch.cumsum(torch.rand(4, len(TAUS), dtype=torch.float64), 1).requires_grad_()
    tau = torch.tensor([0.001, 0.33, 0.5, 0.998], dtype=torch.float64)
    assert torch.autograd.gradcheck(lambda k: quantile_at(k, tau), knots)
    flat = torch.zeros(4, len(TAUS), requires_grad=True)
    (slope,) = torch.autograd.grad(quantile_at(flat, tau.float()).sum(), flat)
    assert slope.isfinite().all()


@pytest.mark.parametrize("tau", [0.5, 0.05, 0.33, 0.95])
def test_the_gradient_is_that_of_finite_differences(tau):
    """Checked along directions near the gradient, where the change exceeds the rounding of single precision."""
    model = random_model(4)
    x, y = scores(25, 3, 2, seed=5)
    taus = torch.full((3,), tau)
    _, gradient_x, gradient_y = quantile_gradient(model, x, y, taus)
    gradient = torch.cat([gradient_x, gradient_y], 2)
    length = gradient.square().sum((1, 2), keepdim=True).sqrt()
    generator = torch.Generator().manual_seed(6)
    for _ in range(3):
        noise = torch.randn(gradient.shape, generator=generator)
        direction = gradient / length + 0.5 * noise / noise.square().sum((1, 2), keepdim=True).sqrt()
        step = 0.01 / length * direction
        with torch.no_grad():
            ahead, behind = (quantile_at(model(x + s * step[..., :3], y + s * step[..., 3:]), taus) for s in (1, -1))
        expected = 2 * (gradient * step).sum((1, 2))
        torch.testing.assert_close(ahead - behind, expected, rtol=0.03, atol=1e-5)


def test_the_gradient_points_to_where_the_quantile_rises():
    """Moving the scores along the gradient raises the quantile by step · |gradient|²."""
    model = random_model()
    x, y = scores(60, 1, 1, seed=2, batch=1)
    tau = torch.tensor([0.5])
    before, gradient_x, gradient_y = quantile_gradient(model, x, y, tau)
    norm = gradient_x.square().sum() + gradient_y.square().sum()
    step = 1e-2 / math.sqrt(norm)
    after, *_ = quantile_gradient(model, x + step * gradient_x, y + step * gradient_y, tau)
    assert after > before


@pytest.mark.parametrize("rows", [9, 32])
def test_the_gradient_stays_finite_where_one_side_determines_the_other(rows):
    """Here some rows have scores of 0 only, and the radial parts are constant."""
    x, _ = scores(rows, 1, 1, batch=1)
    for y in (x, -x, torch.cat([x, -x], 2)):
        _, gradient_x, gradient_y = quantile_gradient(random_model(), x, y, torch.tensor([0.5]))
        assert gradient_x.isfinite().all() and gradient_y.isfinite().all()
