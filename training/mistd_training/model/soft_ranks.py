"""Normal scores with a derivative.

Ranks are piecewise constant, so their derivative is 0 wherever it exists. The backward pass therefore differentiates
the empirical distribution function smoothed by a Gaussian kernel. The forward pass keeps the exact scores that the
model was trained on. The service does the same for `/estimate/gradient` (src/encoding/smoothed-cdf.ts).
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from .encoding import normal_scores


def soft_normal_scores(samples: Tensor) -> Tensor:
    """`encoding.normal_scores` with the derivative of the smoothed empirical distribution function.

    samples: [batch, rows, columns], finite. Returns the same shape, float32.
    """
    return _SoftNormalScores.apply(samples)


def silverman_bandwidth(samples: Tensor) -> Tensor:
    """0.9 · min(standard deviation, interquartile range / 1.349) · rows^(−1/5) (Silverman 1986, equation 3.31).

    If the interquartile range is 0, the standard deviation is used alone. A constant column has bandwidth 0.
    samples: [batch, rows, columns]. Returns [batch, 1, columns], in the units of the samples.
    """
    deviation = samples.std(1, keepdim=True, correction=0)
    low, high = samples.quantile(torch.tensor([0.25, 0.75], dtype=samples.dtype, device=samples.device), dim=1)
    robust = ((high - low) / 1.349)[:, None]
    spread = torch.where(robust > 0, torch.minimum(deviation, robust), deviation)
    return 0.9 * spread * samples.shape[1] ** -0.2


class _SoftNormalScores(torch.autograd.Function):
    """z = Φ⁻¹(F(x)). Backward takes F(t) = mean over rows j of Φ((t − x_j) / h), with the bandwidth h held fixed.

    With a_i = grad_i / φ(z_i) and K_ik = φ((x_i − x_k) / h) / (h · rows), the gradient of x_k is Σ_i K_ik (a_k − a_i):
    raising one value raises its own rank and lowers the ranks of its neighbors.
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
