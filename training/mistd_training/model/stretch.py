"""Calibration of the intervals: factors that stretch the steps between knots.

`training.calibrate` finds the factors. Each of `STRETCH_PARTS` of the quantile function has its own factor at each of
`STRETCH_ROWS` rows.
"""

from __future__ import annotations

import torch
from torch import Tensor

from .quantiles import MEDIAN, TAUS

STRETCH_ROWS = (5.0, 15.0, 50.0, 150.0, 500.0, 1_500.0, 5_000.0)
STRETCH_PARTS = ("below the lower quartile", "up to the median", "up to the upper quartile", "above it")


def stretched(knots: Tensor, log_rows: Tensor, stretch: Tensor) -> Tensor:
    """Knots whose steps away from the median are multiplied by the factors of their part.

    The median stays, and knots never cross. knots: [B, T]; log_rows: scalar or [B, 1]; stretch: [len(STRETCH_PARTS),
    len(STRETCH_ROWS)]. Returns [B, T].
    """
    steps = knots.diff(dim=1) * at_rows(stretch, log_rows)[..., _PART_OF_STEP]
    median = knots[:, MEDIAN : MEDIAN + 1]
    below = median - steps[:, :MEDIAN].flip(1).cumsum(1).flip(1)
    return torch.cat([below, median, median + steps[:, MEDIAN:].cumsum(1)], 1)


def at_rows(factors: Tensor, log_rows: Tensor) -> Tensor:
    """Factors at a number of rows: linear in log rows between `STRETCH_ROWS` and constant beyond.

    factors: [F, len(STRETCH_ROWS)]; log_rows: [...]. Returns [..., F].
    """
    at = torch.tensor(STRETCH_ROWS, device=factors.device).log()
    inside = torch.minimum(torch.maximum(log_rows, at[0]), at[-1])
    passed = ((inside - at[:-1]) / at.diff()).clamp(0, 1)  # how far rows lie within each interval
    return factors[:, 0] + (passed[..., None, :] * factors.diff(dim=1)).sum(-1)


_PARTS_END = (TAUS.index(0.25), MEDIAN, TAUS.index(0.75), len(TAUS) - 1)
_PART_OF_STEP = [sum(step >= end for end in _PARTS_END) for step in range(len(TAUS) - 1)]
