"""Many rows: how large a block the model estimates best at once, and how sure equal blocks are together.

The network reads some statistics of the first rows alone and has seen few samples as large as the largest, so two
halves can say more than the whole. The service splits rows (inference/blocks) beyond the size found here. There blocks
are dealt in canonical order; here they are random, as rows are exchangeable.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product

import numpy as np
import torch

from .families.batch import Batch
from .quantiles import LEVELS, MEDIAN, combine, coverage
from .scoring import OnnxModel, knots_of_blocks

# Blocks, and dim_x and dim_y, of the calibration's data sets.
COUNTS = (2, 4, 10)
DIMS = ((1, 1), (2, 2), (3, 8), (8, 8), (20, 20))
# Into how many blocks the most rows that the model was trained on may be split.
SPLITS = (1, 2, 4)
# Rows of a block at most: the nearest neighbors of more take the square of them, in one thread.
LARGEST = 5_000
# Of block sizes whose errors are alike, the largest is taken: a factor of the least error.
TIE = 1.02

Sampler = Callable[..., Batch]  # batch, rows, dim_x, dim_y, generator → data sets of what the model was trained on


def calibrate_blocks(
    model: OnnxModel,
    most_rows: int,
    sample: Sampler,
    dims: Sequence[tuple[int, int]] = DIMS,
    seed: int = 77,
) -> dict:
    """The most rows of a block, by the error on fresh data sets of the most rows trained on; and the exponent with
    which the intervals of several such blocks cover fresh data sets beyond as often as their `LEVELS` say.

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
    """MAE of the mean median of the blocks, by their rows, on the same data sets."""
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
