"""Mutual information inside a training loop: normal scores with a derivative, and the estimate on top of them.

Ranks are piecewise constant, so their derivative is 0 where it exists. The backward pass therefore takes that of the
empirical distribution function smoothed by a Gaussian kernel; the forward pass keeps the exact scores that the model
was trained on. The service's `/estimate/gradient` does the same (src/encoding/smoothed-cdf.ts).
"""

from __future__ import annotations

import math
from pathlib import Path

import torch
from torch import Tensor, nn

from .encoding import normal_scores
from .gradient import quantile_at
from .model import Mist, ModelConfig


class MutualInformation(nn.Module):
    """Q(tau) of the mutual information of x and y in nats, differentiable with respect to both.

    model: a trained network, whose weights are frozen; tau: 0.5 is the estimate, less is a cautious one.

    >>> information = MutualInformation.from_checkpoint("checkpoints/mist-paper.pt")
    >>> loss = -information(encoder(inputs), targets)  # both [rows, columns]
    """

    def __init__(self, model: Mist, tau: float = 0.5):
        super().__init__()
        if not 0 < tau < 1:
            raise ValueError(f"tau is {tau}, not in (0, 1)")
        self.model = model.eval().requires_grad_(False)
        self.tau = tau

    @classmethod
    def from_checkpoint(cls, path: str | Path, tau: float = 0.5) -> MutualInformation:
        """The averaged weights of a checkpoint of `mistd-train`, whatever the other settings of its run."""
        state = torch.load(path, map_location="cpu", weights_only=True)
        model = Mist(ModelConfig(**state["config"]["model"]))
        model.load_state_dict(state["average"])
        return cls(model, tau)

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        """x: [rows, dim_x] or [batch, rows, dim_x], y alike, finite. Returns a scalar, or [batch]."""
        if x.ndim != y.ndim or x.ndim not in (2, 3) or x.shape[:-1] != y.shape[:-1]:
            raise ValueError(f"x {tuple(x.shape)} and y {tuple(y.shape)} must be [rows, columns] of the same rows")
        batched = x.ndim == 3
        if not batched:
            x, y = x[None], y[None]
        knots = self.model(soft_normal_scores(x), soft_normal_scores(y))
        value = quantile_at(knots, torch.full_like(knots[:, 0], self.tau))
        return value if batched else value[0]

    def train(self, mode: bool = True) -> MutualInformation:
        """The network stays in eval mode, whatever loop this module is part of."""
        super().train(mode)
        self.model.eval()
        return self


def soft_normal_scores(samples: Tensor) -> Tensor:
    """`encoding.normal_scores`, with the derivative of the smoothed empirical distribution function.

    samples: [batch, rows, columns], finite. Returns the same shape, float32.
    """
    return _SoftNormalScores.apply(samples)


def silverman_bandwidth(samples: Tensor) -> Tensor:
    """0.9 · min(standard deviation, interquartile range / 1.349) · rows^(−1/5) (Silverman 1986, equation 3.31).

    The standard deviation alone where over half of the values are equal; 0 for a constant column.
    samples: [batch, rows, columns]. Returns [batch, 1, columns].
    """
    deviation = samples.std(1, keepdim=True, correction=0)
    low, high = samples.quantile(torch.tensor([0.25, 0.75], dtype=samples.dtype, device=samples.device), dim=1)
    robust = ((high - low) / 1.349)[:, None]
    spread = torch.where(robust > 0, torch.minimum(deviation, robust), deviation)
    return 0.9 * spread * samples.shape[1] ** -0.2


class _SoftNormalScores(torch.autograd.Function):
    """z = Φ⁻¹(F(x)); backward takes F(t) = mean over rows j of Φ((t − x_j) / h), with the bandwidth h held fixed.

    dz_i/dx_k = F'_ik / φ(z_i): with a_i = grad_i / φ(z_i) and K_ik = φ((x_i − x_k) / h) / (h · rows), the gradient
    of x_k is Σ_i K_ik (a_k − a_i), for moving one value moves its own rank and every other one against it.
    """

    @staticmethod
    def forward(ctx, samples: Tensor) -> Tensor:
        scores = normal_scores(samples)
        ctx.save_for_backward(samples, scores)
        return scores

    @staticmethod
    def backward(ctx, grad: Tensor) -> Tensor:
        samples, scores = ctx.saved_tensors
        rows = samples.shape[1]
        density = torch.exp(-0.5 * scores**2) / math.sqrt(2 * math.pi)
        weights = (grad / density).transpose(1, 2).to(samples.dtype)  # [B, D, N]
        values = samples.transpose(1, 2)
        bandwidth = silverman_bandwidth(samples).transpose(1, 2)[..., None]  # [B, D, 1, 1]
        scaled = (values[..., :, None] - values[..., None, :]) / torch.where(bandwidth > 0, bandwidth, 1)
        kernel = torch.exp(-0.5 * scaled**2) / (math.sqrt(2 * math.pi) * rows)
        kernel = torch.where(bandwidth > 0, kernel / torch.where(bandwidth > 0, bandwidth, 1), 0)
        own = weights * kernel.sum(-1)
        others = (kernel @ weights[..., None])[..., 0]
        return (own - others).transpose(1, 2)
