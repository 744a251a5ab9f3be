"""Samples → normal scores. The model sees only the order of a column's values."""

from __future__ import annotations

import torch
from torch import Tensor


def normal_scores(samples: Tensor) -> Tensor:
    """Φ⁻¹((r − ½) / rows), where r is the mid-rank of a value in its column (1-based, ties averaged).

    Strictly increasing maps of a column do not change its scores; strictly decreasing maps negate them exactly.
    samples: [batch, rows, columns], finite. Returns the same shape, float32.
    """
    rows = samples.shape[1]
    values = samples.transpose(1, 2).contiguous()
    order_values = values.sort(-1).values
    below = torch.searchsorted(order_values, values, side="left")
    through = torch.searchsorted(order_values, values, side="right")
    return _score_table(rows, samples.device)[below + through].transpose(1, 2).contiguous()


def _score_table(rows: int, device: torch.device) -> Tensor:
    """Table of scores, indexed by the number of values below plus the number of values below or equal.

    Mid-rank r has index 2r − 1. The upper half mirrors the lower half, so that reversing a column negates its scores
    to the last bit. Returns [2 · rows + 1].
    """
    lower = torch.special.ndtri(torch.arange(rows, dtype=torch.float64) / (2 * rows))
    return torch.cat([lower, torch.zeros(1, dtype=torch.float64), -lower.flip(0)]).float().to(device)
