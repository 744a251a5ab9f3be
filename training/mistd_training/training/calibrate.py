"""Calibration after training: stretch the intervals until their coverage is right.

A trained network's intervals are a little too narrow or too wide. Four factors at each of `STRETCH_ROWS` stretch them
(`stretched`). They are fitted on fresh data sets of the model's meta-distribution, from seeds that training does not
use, until the share of data sets whose MI lies below each end of the central intervals of `LEVELS` is nominal near each
number of rows. The median stays.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from ..families.batch import Batch
from ..model.encoding import normal_scores
from ..model.mist import Mist
from ..model.quantiles import LEVELS, TAUS, below_knots, ends
from ..model.stretch import STRETCH_PARTS, STRETCH_ROWS, at_rows, stretched
from .config import TrainConfig
from .draws import Draws
from .train import load_checkpoint

STREAMS = 2  # processes that draw data sets, each with its own seed
# Data sets in each band of rows. Small samples are fast, and their answers depend most on the distribution.
DATA_SETS = {(5, 30): 12_000, (30, 100): 12_000, (100, 500): 8_000, (500, 2_000): 4_000, (2_000, 10_000): 3_000}
STEPS = 150
STEP = 2.0  # step size in log factors: a factor e times as large moves about 0.2 of the data sets past a knot
SMOOTHNESS = 0.01  # penalty on differences between the log factors of neighboring numbers of rows
_QUARTILES, _TAILS = (list(zip(*map(ends, levels))) for levels in (LEVELS[:1], LEVELS[1:]))
_KNOTS_OF_PART = [_TAILS[0], _QUARTILES[0], _QUARTILES[1], _TAILS[1]]  # the knots that each of `STRETCH_PARTS` fits
_OUTWARDS = torch.tensor([1.0, 1.0, -1.0, -1.0])  # sign that moves a knot outwards if too many MI lie beyond it


def calibrate(path: Path, share: float = 1.0, seed: int = 4_001) -> dict:
    """Fit `stretch` on a share of `DATA_SETS` and write it into the checkpoint's configuration.

    Returns {"stretch", "off_before", "off_after"}: the factors, and for each of `STRETCH_PARTS` the largest difference
    between actual and nominal share of data sets near one of `STRETCH_ROWS`, without and with the factors. Raises
    ValueError if the model predicts quantiles that are not finite.
    """
    model, config, state = load_checkpoint(path)
    knots, mi, log_rows = _predictions(model, config, share, seed)
    if not knots.isfinite().all():
        raise ValueError(f"the model in {path} predicts quantiles that are not finite; train it again")

    near = at_rows(torch.eye(len(STRETCH_ROWS)), log_rows)  # [M, rows]
    near = near / near.sum(0).clamp_min(1e-9)

    def off(stretch: Tensor) -> Tensor:
        below = below_knots(stretched(knots, log_rows, stretch).clamp_min(0).numpy(), mi.numpy()) - TAUS
        means = np.stack([below[:, part].mean(1) for part in _KNOTS_OF_PART])
        return torch.from_numpy(means).float() @ near  # [parts, rows]

    logs = torch.zeros(len(STRETCH_PARTS), len(STRETCH_ROWS))
    for step in range(STEPS):
        rougher = F.pad(logs.diff(dim=1), (1, 1)).diff(dim=1)
        logs = logs + STEP * (1 - step / STEPS) * (_OUTWARDS[:, None] * off(logs.exp()) + SMOOTHNESS * rougher)
    stretch = logs.exp()
    state["config"]["model"]["stretch"] = tuple(tuple(round(v, 3) for v in part) for part in stretch.tolist())
    torch.save(state, path)
    return {
        "stretch": state["config"]["model"]["stretch"],
        "off_before": off(torch.ones_like(stretch)).abs().amax(1).tolist(),
        "off_after": off(stretch).abs().amax(1).tolist(),
    }


def judged_on(config: TrainConfig, rows: tuple[int, int]) -> TrainConfig:
    """The distribution to judge a model on, within a range of rows: its own, log-uniform in rows and columns."""
    only = float(config.mostly_paper)
    return replace(config, rows=rows, paper_rows=rows, even_rows=0.0, usual_share=0.0, paper_share=only, dims_power=1.0)


def mixture_batches(config: TrainConfig, data_sets: int, seed: int, batch: int = 1) -> Iterator[Batch]:
    """Fresh draws of a run's training distribution, `batch` data sets at a time.

    The data sets of a batch share a shape and a recipe, so their errors are correlated. For an evaluation, data sets
    drawn one by one are more informative.
    """
    source = Draws(replace(config, batch=(batch, batch), seed=seed), torch.device("cpu"))
    yield from (source[step] for step in range(math.ceil(data_sets / batch)))


def _predictions(model: Mist, config: TrainConfig, share: float, seed: int) -> tuple[Tensor, Tensor, Tensor]:
    """Predictions for fresh data sets: knots [M, T] before the cut at 0, true MI [M], log rows [M, 1]."""
    low, high = config.paper_rows if config.mostly_paper else config.rows
    streams = [
        (judged_on(config, (max(low, fewest), min(high, most))), math.ceil(share * data_sets / STREAMS))
        for (fewest, most), data_sets in DATA_SETS.items()
        if fewest < high and low < most
        for _ in range(STREAMS)
    ]
    context = get_context("spawn")
    with ProcessPoolExecutor(STREAMS, context, initializer=torch.set_num_threads, initargs=(1,)) as processes:
        tasks = [processes.submit(_stream, model, *stream, seed + i) for i, stream in enumerate(streams)]
        return tuple(torch.cat(parts) for parts in zip(*(task.result() for task in tasks)))


@torch.no_grad()
def _stream(model: Mist, config: TrainConfig, data_sets: int, seed: int) -> tuple[Tensor, Tensor, Tensor]:
    knots, mi, log_rows = [], [], []
    for batch in mixture_batches(config, data_sets, seed):
        rows, dim_x = batch.x.shape[1:]
        read = model.read(normal_scores(batch.x), normal_scores(batch.y), config.model.entries)
        knots.append(model.network(*read, dim_x))
        mi.append(batch.mi)
        log_rows.append(torch.full((len(batch.mi), 1), float(rows)).log())
    return torch.cat(knots), torch.cat(mi), torch.cat(log_rows)
