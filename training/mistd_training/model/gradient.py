"""d quantile / d scores of a model, in PyTorch. `export.gradient_onnx` exports it.

Counts and sorts inside the model are piecewise constant; their derivative is 0.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from .quantiles import TAUS


def quantile_gradient(model: nn.Module, scores_x: Tensor, scores_y: Tensor, tau: Tensor) -> tuple[Tensor, ...]:
    """Q(tau) of each data set, and its derivative with respect to every score.

    scores_x: [B, N, dim_x], scores_y: [B, N, dim_y], tau: [B] in (0, 1).
    Returns quantile [B] in nats, gradient_x [B, N, dim_x], gradient_y [B, N, dim_y].
    """
    scores_x, scores_y = (scores.detach().requires_grad_() for scores in (scores_x, scores_y))
    value = quantile_at(model(scores_x, scores_y), tau)
    return value.detach(), *torch.autograd.grad(value.sum(), (scores_x, scores_y))


def quantile_at(knots: Tensor, tau: Tensor) -> Tensor:
    """`quantiles.quantile` in PyTorch, differentiable with respect to the knots.

    knots: [B, T]; tau: [B] in (0, 1), one for each data set. Returns Q(tau) [B], in nats.
    """
    at = normal_quantile(torch.tensor(TAUS, device=knots.device))
    w = normal_quantile(tau)[:, None]
    width, rise = at.diff(), knots[:, 1:] - knots[:, :-1]
    slopes = _pchip_slopes(width, rise / width)
    inside = torch.minimum(torch.maximum(w, at[0]), at[-1])
    t = ((inside - at[:-1]) / width).clamp(0, 1)  # [B, T - 1]
    u = 1 - t
    pieces = knots[:, :-1] + rise * (3 - 2 * t) * t * t + width * t * u * (slopes[:, :-1] * u - slopes[:, 1:] * t)
    chosen = (inside >= at[:-1]) & ((inside < at[1:]) | (at[1:] == at[-1]))
    tails = torch.clamp(w - at[0], max=0) * slopes[:, :1] + torch.clamp(w - at[-1], min=0) * slopes[:, -1:]
    return torch.relu((pieces * chosen).sum(1) + tails[:, 0])


def _pchip_slopes(width: Tensor, secant: Tensor) -> Tensor:
    """Derivatives at the knots (Fritsch and Butland 1984, with SciPy's end slopes) of non-decreasing values.

    width: [T - 1], secant: [B, T - 1], ≥ 0. Returns [B, T].
    """
    before, after = secant[:, :-1], secant[:, 1:]
    weight_before, weight_after = 2 * width[1:] + width[:-1], width[1:] + 2 * width[:-1]
    rising = (before > 0) & (after > 0)
    # A flat piece must not divide by 0, even if `where` discards the result: the derivative would be NaN.
    inverse = weight_before / torch.where(rising, before, 1) + weight_after / torch.where(rising, after, 1)
    inner = torch.where(rising, (weight_before + weight_after) / inverse, 0)
    first = _end_slope(width[0], width[1], secant[:, :1], secant[:, 1:2])
    last = _end_slope(width[-1], width[-2], secant[:, -1:], secant[:, -2:-1])
    return torch.cat([first, inner, last], 1)


def _end_slope(width: Tensor, next_width: Tensor, secant: Tensor, next_secant: Tensor) -> Tensor:
    """Three-point estimate of the end slope, limited as in SciPy so that the curve stays monotone.

    The slope is ≥ 0. Next to a flat piece it is at most three times the secant.
    """
    slope = torch.relu(((2 * width + next_width) * secant - width * next_secant) / (width + next_width))
    slope = torch.where(secant > 0, slope, 0)
    return torch.where(next_secant > 0, slope, torch.minimum(slope, 3 * secant))


def normal_quantile(p: Tensor) -> Tensor:
    """Φ⁻¹(p) to about seven digits: PPND7 of algorithm AS 241 (Wichura 1988). ONNX has no inverse error function."""
    q = p - 0.5
    r = 0.180625 - q * q
    middle = q * _polynomial(r, 3.3871327179, 50.434271938, 159.29113202, 59.109374720)
    middle = middle / _polynomial(r, 1.0, 17.895169469, 78.757757664, 67.187563600)
    root = torch.sqrt(-torch.log(torch.minimum(p, 1 - p)))
    r = root - 1.6
    near = _polynomial(r, 1.4234372777, 2.7568153900, 1.3067284816, 0.17023821103)
    near = near / _polynomial(r, 1.0, 0.73700164250, 0.12021132975)
    r = root - 5
    far = _polynomial(r, 6.6579051150, 3.0812263860, 0.42868294337, 0.017337203997)
    far = far / _polynomial(r, 1.0, 0.24197894225, 0.012258202635)
    tail = torch.where(root <= 5, near, far)
    return torch.where(q.abs() <= 0.425, middle, torch.where(q < 0, -tail, tail))


def _polynomial(x: Tensor, *coefficients: float) -> Tensor:
    """Value of a polynomial by Horner's rule. The constant term comes first."""
    value = torch.full_like(x, coefficients[-1])
    for coefficient in coefficients[-2::-1]:
        value = value * x + coefficient
    return value
