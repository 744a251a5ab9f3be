"""Normal scores with a derivative."""

import math

import numpy as np
import pytest
import torch

from mistd_training.model.encoding import normal_scores
from mistd_training.model.soft_ranks import silverman_bandwidth, soft_normal_scores


def test_the_backward_pass_is_that_of_the_smoothed_distribution_function():
    torch.manual_seed(1)
    samples = torch.randn(2, 30, 3, dtype=torch.float64).exp().requires_grad_()
    cotangent = torch.randn(2, 30, 3)
    (got,) = torch.autograd.grad(soft_normal_scores(samples), samples, cotangent)

    h = silverman_bandwidth(samples.detach())[:, None]
    smoothed = torch.special.ndtr((samples[:, :, None] - samples[:, None]) / h).mean(2)
    density = torch.exp(-0.5 * normal_scores(samples.detach()) ** 2) / math.sqrt(2 * math.pi)
    (expected,) = torch.autograd.grad(smoothed, samples, (cotangent / density).double())
    torch.testing.assert_close(got, expected, rtol=1e-5, atol=1e-7)


def test_the_bandwidth_is_silvermans_rule():
    rng = np.random.default_rng(2)
    column = rng.standard_t(2, size=77)
    iqr = np.subtract(*np.percentile(column, [75, 25]))
    expected = 0.9 * min(column.std(), iqr / 1.349) * 77**-0.2
    got = silverman_bandwidth(torch.tensor(column)[None, :, None])
    assert got.item() == pytest.approx(expected, rel=1e-9)


def test_constant_columns_have_gradient_zero():
    samples = torch.cat([torch.ones(1, 20, 1), torch.randn(1, 20, 1)], 2).requires_grad_()
    (gradient,) = torch.autograd.grad(soft_normal_scores(samples), samples, torch.randn(1, 20, 2))
    assert (gradient[..., 0] == 0).all() and (gradient[..., 1] != 0).any()
