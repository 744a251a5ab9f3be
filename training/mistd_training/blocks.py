"""Rows beyond the trained range: estimate equal blocks, average their knots, narrow the spread.

The service splits rows the same way (inference/blocks); here random blocks do, as rows are exchangeable.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product

import numpy as np
import torch

from .families.batch import Batch
from .quantiles import MEDIAN, TAUS
from .scoring import OnnxModel

# Blocks, and dim_x and dim_y, of the calibration's data sets.
COUNTS = (2, 4, 10)
DIMS = ((1, 1), (2, 2), (3, 8), (8, 8), (20, 20))


def combine(knots: np.ndarray, spread_exponent: float) -> np.ndarray:
    """Knots of K blocks [K, T] → knots of all rows [T]: their mean, its distance from the median times
    K^−spread_exponent. 0 keeps the width of one block (fully shared error), ½ treats blocks as independent."""
    average = knots.mean(0)
    return np.maximum(0, average[MEDIAN] + (average - average[MEDIAN]) * len(knots) ** -spread_exponent)


def calibrate_blocks(
    model: OnnxModel,
    block_rows: int,
    sample: Callable[..., Batch],
    dims: Sequence[tuple[int, int]] = DIMS,
    seed: int = 77,
) -> dict:
    """The exponent whose 90 % intervals cover 90 % of fresh data sets beyond the range, drawn by `sample(batch, rows,
    dim_x, dim_y, generator)` from what the model was trained on.

    Returns {"rows", "spread_exponent", "coverage_90", "data_sets"}.
    """
    generator = torch.Generator().manual_seed(seed)
    blocks, truth = [], []
    per_shape = min(32, max(3, 16_000 // block_rows))
    for count, (dim_x, dim_y) in product(COUNTS, dims):
        for _ in range(per_shape):
            batch = sample(1, count * block_rows, dim_x, dim_y, generator)
            x, y = (side[0].numpy().reshape(count, block_rows, -1) for side in (batch.x, batch.y))
            blocks.append(np.concatenate([model.knots(a[None], b[None]) for a, b in zip(x, y)]))
            truth += batch.mi.tolist()
    exponents = np.linspace(0, 0.5, 51)
    coverage = [_coverage([combine(k, exponent) for k in blocks], truth) for exponent in exponents]
    best = int(np.argmin(np.abs(np.array(coverage) - 0.9)))
    return {
        "rows": block_rows,
        "spread_exponent": round(float(exponents[best]), 2),
        "coverage_90": round(coverage[best], 3),
        "data_sets": len(truth),
    }


def _coverage(knots: list[np.ndarray], truth: list[float]) -> float:
    low, high = TAUS.index(0.05), TAUS.index(0.95)
    return float(np.mean([k[low] <= mi <= k[high] for k, mi in zip(knots, truth)]))
