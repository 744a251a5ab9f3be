"""After training: stretch the intervals until they cover, on fresh draws of the meta-distribution that a model is for.

A network is a little too sure of itself, or not sure enough. The factors of `stretched`, one for each part of the knots
at each of `STRETCH_ROWS`, minimise the pinball loss of each knot in proportion to its distance from the median: so each
data set counts alike, and the loss is least where as many lie beyond a knot as it says. Factors that jump between
neighboring numbers of rows cost a little. The data sets are of a seed that training did not draw; the median stays.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor

from .encoding import normal_scores
from .families.batch import Batch
from .model import STRETCH_PARTS, STRETCH_ROWS, Mist, stretched
from .quantiles import MEDIAN, TAUS
from .train import TrainConfig, Trainer, load_checkpoint, pinball

ROUGHNESS = 1e-4  # what a factor that is e times that at the rows beside it costs


def calibrate(path: Path, data_sets: int = 4_000, seed: int = 4_001) -> dict:
    """Write `stretch` into the config of a checkpoint. Returns it, and the mean pinball loss without and with it."""
    model, config, state = load_checkpoint(path)
    only = float(config.paper_share >= 0.5)  # the paper's families, or the wide ones at even log rows and columns
    meta = replace(config, paper_share=only, usual_share=0.0, dims_power=1.0)
    knots, mi, log_rows = _predictions(model, meta, data_sets, seed)
    if not knots.isfinite().all():
        raise ValueError(f"{path} does not predict finite quantiles")

    apart = (knots - knots[:, MEDIAN : MEDIAN + 1]).abs() + 1e-4

    def loss(stretch: Tensor) -> Tensor:
        losses = pinball(stretched(knots, log_rows, stretch).clamp_min(0), mi) / apart
        return losses[:, [k for k in range(len(TAUS)) if k != MEDIAN]].mean()

    none = torch.ones(len(STRETCH_PARTS), len(STRETCH_ROWS))
    logs = torch.zeros(len(STRETCH_PARTS), len(STRETCH_ROWS), requires_grad=True)
    optimizer = torch.optim.Adam([logs], lr=0.02)
    for _ in range(400):
        optimizer.zero_grad()
        (loss(logs.exp()) + ROUGHNESS * logs.diff(dim=1).square().sum()).backward()
        optimizer.step()
    stretch = logs.detach().exp()
    state["config"]["model"]["stretch"] = tuple(tuple(round(v, 3) for v in part) for part in stretch.tolist())
    torch.save(state, path)
    return {
        "stretch": state["config"]["model"]["stretch"],
        "loss_before": loss(none).item(),
        "loss_after": loss(stretch).item(),
    }


def mixture_batches(config: TrainConfig, data_sets: int, seed: int) -> Iterator[Batch]:
    """Fresh draws of what a run trains on, eight data sets at a time."""
    source = Trainer(replace(config, compile=False, batch=(8, 8), seed=seed), torch.device("cpu"))
    for _ in range(math.ceil(data_sets / 8)):
        yield source.draw_batch()


@torch.no_grad()
def _predictions(model: Mist, config: TrainConfig, data_sets: int, seed: int) -> tuple[Tensor, Tensor, Tensor]:
    """Knots [M, T] before the cut at 0, MI [M] and log rows [M, 1]."""
    knots, mi, log_rows = [], [], []
    for batch in mixture_batches(config, data_sets, seed):
        rows, dim_x = batch.x.shape[1:]
        read = model.read(normal_scores(batch.x), normal_scores(batch.y), config.model.entries)
        knots.append(model.network(*read, dim_x))
        mi.append(batch.mi)
        log_rows.append(torch.full((len(batch.mi), 1), float(rows)).log())
    return torch.cat(knots), torch.cat(mi), torch.cat(log_rows)
