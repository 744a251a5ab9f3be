"""Mutual information inside a training loop."""

import math
from pathlib import Path

import pytest
import torch

import mistd_training
from mistd_training.model.encoding import normal_scores
from mistd_training.model.mist import Mist, ModelConfig
from mistd_training.model.mutual_information import MutualInformation

CHECKPOINT = Path(__file__).parents[2] / "checkpoints" / "mist-paper.pt"


@pytest.fixture(scope="module")
def information():
    return MutualInformation.from_checkpoint(CHECKPOINT)


def test_the_value_is_the_models_own(information):
    torch.manual_seed(0)
    x, y = torch.randn(3, 50, 2), torch.randn(3, 50, 1)
    expected = information.model(normal_scores(x), normal_scores(y))[:, 10]
    torch.testing.assert_close(information(x, y), expected)
    assert information(x[0], y[0]).ndim == 0


def test_moving_a_whole_column_changes_nothing_and_its_scale_divides_the_gradient(information):
    torch.manual_seed(3)
    x = torch.randn(80, 1).requires_grad_()
    y = x.detach() + 0.7 * torch.randn(80, 1)
    (gradient,) = torch.autograd.grad(information(x, y), x)
    assert gradient.sum().abs() < 1e-4 * gradient.abs().sum()
    larger = (50 * x.detach() - 3).requires_grad_()
    (scaled,) = torch.autograd.grad(information(larger, y), larger)
    torch.testing.assert_close(50 * scaled, gradient, rtol=1e-2, atol=1e-5)


def test_gradient_ascent_on_a_representation_nears_the_maximum(information):
    """The ascent finds the direction of s that carries the information.

    y is the first of two coordinates of s, plus noise. The representation is one direction of s. It starts at 85° from
    the best direction, where the true information is .007 of .58 nats. The maximum is ½ log(1 + 1 / noise²).
    """
    noise = 0.675
    generator = torch.Generator().manual_seed(4)
    direction = torch.tensor([math.cos(math.radians(85)), math.sin(math.radians(85))], requires_grad=True)
    optimizer = torch.optim.Adam([direction], lr=0.1)
    for _ in range(40):
        s = torch.randn(256, 2, generator=generator)
        y = s[:, :1] + noise * torch.randn(256, 1, generator=generator)
        optimizer.zero_grad()
        (-information(s @ direction[:, None], y)).backward()
        optimizer.step()
    share = (direction[0] ** 2 / direction.square().sum()).item()
    correlation2 = share / (1 + noise**2)
    assert -0.5 * math.log(1 - correlation2) > 0.9 * 0.5 * math.log(1 + 1 / noise**2)


def test_the_network_is_frozen_and_stays_in_eval_mode(information):
    assert not any(p.requires_grad for p in information.parameters())
    assert not information.train().model.training


def test_it_is_the_packages_own_name_and_refuses_what_it_cannot_take():
    module = mistd_training.MutualInformation(Mist(ModelConfig(pair_width=8, head_width=16)))
    with pytest.raises(ValueError, match="same rows"):
        module(torch.randn(10, 1), torch.randn(11, 1))
    with pytest.raises(ValueError, match="same rows"):
        module(torch.randn(10), torch.randn(10))
    with pytest.raises(ValueError, match="tau"):
        mistd_training.MutualInformation(module.model, tau=1.0)
