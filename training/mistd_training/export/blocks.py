"""Calibration for many rows: the best block size, and the width of the interval of several blocks together.

The network reads some statistics from the first rows only and was trained on few samples of the largest size, so the
mean of two halves can be better than the estimate from all rows. The service splits samples with more rows than the
block size found here (inference/blocks). It assigns rows to blocks in a canonical order; here the blocks are random,
which is equivalent because rows are exchangeable.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product

import numpy as np
import torch

from ..families.batch import Batch
from ..model.quantiles import LEVELS, MEDIAN, combine, coverage
from .served_model import OnnxModel, knots_of_blocks

COUNTS = (2, 4, 10)  # numbers of blocks in the data sets that calibrate the spread
DIMS = ((1, 1), (2, 2), (3, 8), (8, 8), (20, 20))  # their (dim_x, dim_y)
SPLITS = (1, 2, 4)  # candidates: numbers of blocks for the most rows that the model was trained on
LARGEST = 5_000  # rows per block at most: the nearest-neighbor search takes time quadratic in rows, in one thread
TIE = 1.02  # errors within this factor of the least count as equal, and the largest block size wins

Sampler = Callable[..., Batch]  # (batch, rows, dim_x, dim_y, generator) → data sets of the training distribution


def calibrate_blocks(
    model: OnnxModel,
    most_rows: int,
    sample: Sampler,
    dims: Sequence[tuple[int, int]] = DIMS,
    seed: int = 77,
) -> dict:
    """Find the block size and the spread exponent of a model, for the manifest's entry "blocks".

    The block size has the least error on fresh data sets with `most_rows` rows, the most the model was trained on. The
    exponent brings the coverage of `combine`, on fresh data sets of several blocks, closest to `LEVELS`.

    Returns {"rows", "spread_exponent", "coverage_90", "data_sets", "mae": {block rows: MAE of medians, nats}}.
    """
    generator = torch.Generator().manual_seed(seed)
    mae = _errors_of_splits(model, most_rows, sample, dims, generator)
    rows = max(size for size, error in mae.items() if error <= TIE * min(mae.values()))
    blocks, truth = [], []
    per_shape = min(32, max(8, 16_000 // rows))
    for count, (dim_x, dim_y) in product(COUNTS, dims):
        for _ in range(per_shape):
            batch = sample(1, count * rows, dim_x, dim_y, generator)
            blocks.append(knots_of_blocks(model.knots, batch.x.numpy(), batch.y.numpy(), count)[:, 0])
            truth += batch.mi.tolist()
    exponents = np.linspace(0, 0.5, 51)
    covered = [coverage(np.stack([combine(k, e) for k in blocks]), np.array(truth)) for e in exponents]
    best = int(np.argmin([np.abs(shares - LEVELS).sum() for shares in covered]))
    return {
        "rows": rows,
        "spread_exponent": round(float(exponents[best]), 2),
        "coverage_90": round(float(covered[best][LEVELS.index(0.9)]), 3),
        "data_sets": len(truth),
        "mae": {str(size): round(value, 4) for size, value in mae.items()},
    }


def _errors_of_splits(
    model: OnnxModel, rows: int, sample: Sampler, dims: Sequence[tuple[int, int]], generator: torch.Generator
) -> dict[int, float]:
    """MAE in nats of the mean of the blocks' medians, for each block size, on the same data sets."""
    counts = [count for count in SPLITS if rows // count <= LARGEST]
    errors: dict[int, list[float]] = {rows // count: [] for count in counts}
    per_shape = min(64, max(16, 160_000 // rows))
    for _, (dim_x, dim_y) in product(range(per_shape), dims):
        batch = sample(1, rows, dim_x, dim_y, generator)
        x, y = batch.x.numpy(), batch.y.numpy()
        for count in counts:
            median = knots_of_blocks(model.knots, x, y, count)[:, 0, MEDIAN].mean()
            errors[rows // count].append(abs(median - batch.mi.item()))
    return {size: float(np.mean(values)) for size, values in errors.items()}
