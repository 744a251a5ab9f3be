"""Samples → normal scores: what the model sees of a column is the order of its values, nothing else."""

from __future__ import annotations

import torch
from torch import Tensor


def normal_scores(samples: Tensor) -> Tensor:
    """Φ⁻¹((r − ½) / rows) of the mid-ranks r (1-based, ties averaged) of every column.

    Unchanged by strictly increasing maps of a column, negated exactly by strictly decreasing ones.
    samples: [batch, rows, columns], finite. Returns the same shape, float32.
    """
    rows = samples.shape[1]
    values = samples.transpose(1, 2).contiguous()
    order_values = values.sort(-1).values
    below = torch.searchsorted(order_values, values, side="left")
    through = torch.searchsorted(order_values, values, side="right")
    return _score_table(rows, samples.device)[below + through].transpose(1, 2).contiguous()


def _score_table(rows: int, device: torch.device) -> Tensor:
    """Scores by (values below + values below or equal), 0..2·rows: mid-rank r has index 2r − 1.

    The upper half mirrors the lower, so that reversing a column negates its scores to the last bit.
    """
    lower = torch.special.ndtri(torch.arange(rows, dtype=torch.float64) / (2 * rows))
    return torch.cat([lower, torch.zeros(1, dtype=torch.float64), -lower.flip(0)]).float().to(device)
