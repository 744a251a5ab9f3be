"""Adapts a model to a user's kind of data: fine-tunes it on data sets whose sides look like the user's samples.

Normalizing flows (`flows.py`) learn the distribution of each side. Flows fitted to one half of the rows generate the
training data; flows fitted to the other half generate the data for the evaluation. The dependence between the sides is
drawn (`families/coupled.py`), so MI is known: flows are invertible maps within a side and do not change it.
"""

from __future__ import annotations

import copy
import hashlib
import re
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import Generator, nn

from ..evaluation.benchmarks import scores_of
from ..export.manifest import read_manifest, sha256
from ..export.model_folder import MetaDistribution, export_model
from ..families.batch import Batch
from ..families.coupled import SHARES, sample_coupled, sample_coupling
from ..model.encoding import normal_scores
from ..model.mist import Mist
from ..model.quantiles import MEDIAN, TAUS
from ..training.config import TrainConfig
from ..training.draws import Draws
from ..training.train import load_checkpoint, train
from .card import write_adapted_card
from .flows import Side, fit_side, untied_scores
from .own_samples import InputError, OwnSamples, read_samples

ID = re.compile(r"[a-z0-9][a-z0-9._-]*")
NAME = "adapted"  # name of the meta-distribution
REPLAYED = 0.2  # share of batches from the base model's training distribution, so that the model does not forget it
BATCH_COST = 20_000  # half of the presets': more steps in the same time
EVALUATION_ROWS = (100, 1_000)  # in addition to the number of rows of the samples
EVALUATION_DATA_SETS = 320  # at each number of rows


@dataclass(frozen=True)
class Adaptation:
    """Settings of an adaptation.

    samples: CSV file; x, y: its columns; id: name of the new model and of its folder in `models`; base: checkpoint to
    start from; runs: folder of training runs; rows: range of the data sets' sizes (default: 30 to 1,000, or to the
    number of rows of the samples if that is more); steps, learning_rate, seed, compile: settings of the fine-tuning.
    """

    samples: Path
    x: str
    y: str
    id: str
    base: Path = Path("checkpoints/mist.pt")
    models: Path = Path("../models")
    runs: Path = Path("runs")
    rows: tuple[int, int] | None = None
    steps: int = 1_000
    learning_rate: float = 1e-3
    seed: int = 1
    compile: bool = False


class Look(nn.Module):
    """The look of the samples: a distribution of each side. Gives data sets with known MI the look of the samples."""

    def __init__(self, x: Side, y: Side):
        super().__init__()
        self.x, self.y = x, y

    def forward(self, coupled: Batch, generator: Generator) -> Batch:
        """Turn data sets with standard normal sides into data sets that look like the samples, with the same MI."""
        return Batch(self.x(coupled.x, generator), self.y(coupled.y, generator), coupled.mi)

    def sample(self, batch: int, rows: int, dim_x: int, dim_y: int, generator: Generator) -> Batch:
        """Draw data sets that look like the samples. x: [batch, rows, dim_x]; y: [batch, rows, dim_y]."""
        return self(sample_coupled(batch, rows, dim_x, dim_y, generator), generator)


class AdaptDraws(Draws):
    """Training data of an adaptation: a share `REPLAYED` is as in `Draws`, the rest has the look of the samples."""

    def __init__(self, config: TrainConfig, device: torch.device, rank: int, look: Look, rows: tuple[int, int]):
        super().__init__(config, device, rank)
        self.look, self.rows = copy.deepcopy(look).to(device), rows

    def draw(self, shapes: Generator, values: Generator) -> Batch:
        coins = torch.rand(2, generator=shapes).tolist()
        if coins[0] < REPLAYED:
            return super().draw(shapes, values)
        low, high = self.rows
        rows = min(high, int(low * ((high + 1) / low) ** coins[1]))
        dim_x, dim_y = self.look.x.dim, self.look.y.dim
        return self.look.sample(self.batch_size(rows, dim_x + dim_y), rows, dim_x, dim_y, values)


def adapt(
    wanted: Adaptation, version: str, command: str, hardware: str, device: torch.device, workers: int, gradient: bool
) -> dict:
    """Fine-tune the base model, evaluate base and adapted model, write the model folder and return the evaluation.

    The evaluation uses flows that training has not seen. Called again with the same samples and settings, the run
    resumes. Raises InputError if the samples or settings cannot be used.
    """
    folder = _free_folder(wanted)
    samples = read_samples(wanted.samples, wanted.x, wanted.y)
    base, config = _load_base(wanted.base, samples)
    rows = _rows(wanted.rows, len(samples.x), config.rows)
    half = np.random.default_rng(wanted.seed).permutation(len(samples.x)) < len(samples.x) / 2
    look, judge = (_fit_look(samples, rows_of, wanted.seed + k) for k, rows_of in enumerate((half, ~half)))

    run = wanted.runs / _run_name(wanted, rows)
    tuned = replace(
        config, steps=wanted.steps, learning_rate=wanted.learning_rate, warmup=min(100, wanted.steps // 5 + 1),
        ema=0.995, seed=wanted.seed, compile=wanted.compile, batch_cost=BATCH_COST, only="",
        model=replace(config.model, stretch=()),  # the factors were fitted to the base model's intervals
    )  # fmt: skip
    draws = partial(AdaptDraws, look=look, rows=rows)
    train(tuned, run, device, workers, start=wanted.base, draws=draws)
    checkpoint = run / "checkpoint.pt"
    models = {"base": base, "adapted": load_checkpoint(checkpoint)[0]}

    evaluation = {
        "samples": {
            "file": wanted.samples.name, "rows": len(samples.x), "dropped": samples.dropped,
            "x": samples.names_x, "y": samples.names_y, "tied": samples.tied,
        },
        "flows": {"x": _flow_fit(look.x, samples.x[~half]), "y": _flow_fit(look.y, samples.y[~half])},
        "trained_rows": rows,
        "held_out": _judge(models, judge, rows, len(samples.x), wanted.seed),
        "own": {name: _own_estimate(model, samples, rows[1], wanted.seed) for name, model in models.items()},
    }  # fmt: skip
    manifest = export_model(
        checkpoint, folder, version, command, hardware, gradient=gradient, meta=_meta(wanted, samples, look, rows)
    )
    write_adapted_card(folder, manifest, evaluation)
    return evaluation


def _free_folder(wanted: Adaptation) -> Path:
    """Folder of the new model. It may contain an earlier adapted model, which is replaced, but no other model."""
    if not ID.fullmatch(wanted.id):
        raise InputError(
            f"--id {wanted.id!r} is not a model id: use small letters, digits, '.', '_' and '-', and begin with a"
            " letter or a digit"
        )
    if wanted.steps < 1:
        raise InputError(f"--steps {wanted.steps} is too few: give at least 1")
    folder = wanted.models / wanted.id
    if (folder / "manifest.json").exists() and read_manifest(folder)["meta_distribution"].get("name") != NAME:
        raise InputError(f"{folder} contains a model that `mistd-train adapt` did not write: choose another --id")
    return folder


def _load_base(path: Path, samples: OwnSamples) -> tuple[Mist, TrainConfig]:
    if not path.is_file():
        raise InputError(f"there is no checkpoint {path}: give the base model's checkpoint with --base")
    try:
        model, config, _ = load_checkpoint(path)
    except Exception as error:
        raise InputError(f"{path} is not a checkpoint of mistd-train: {error}") from error
    for option, names in (("--x", samples.names_x), ("--y", samples.names_y)):
        if len(names) > config.dims[1]:
            raise InputError(
                f"{option} names {len(names)} columns; the base model was trained on at most {config.dims[1]}"
            )
    return model, config


def _rows(wanted: tuple[int, int] | None, own: int, trained: tuple[int, int]) -> tuple[int, int]:
    if wanted is None:
        return max(30, trained[0]), min(max(1_000, own), trained[1])
    low, high = wanted
    if not trained[0] <= low <= high <= trained[1]:
        raise InputError(
            f"--rows {low} {high} is not a range within the {trained[0]} to {trained[1]} rows that the base model was"
            " trained on"
        )
    return low, high


def _fit_look(samples: OwnSamples, rows: np.ndarray, seed: int) -> Look:
    look = Look(fit_side(samples.x[rows], 2 * seed), fit_side(samples.y[rows], 2 * seed + 1))
    print(f"fitted flows to {rows.sum()} rows of x ({look.x.dim} columns) and y ({look.y.dim})", flush=True)
    return look


def _run_name(wanted: Adaptation, rows: tuple[int, int]) -> str:
    """Name of the run's folder. It depends on all settings and inputs of the run, so that only the same run resumes."""
    identity = (
        sha256(wanted.samples), wanted.x, wanted.y, sha256(wanted.base), rows, wanted.steps, wanted.learning_rate,
        wanted.seed,
    )  # fmt: skip
    return f"{wanted.id}-{hashlib.sha256(repr(identity).encode()).hexdigest()[:8]}"


def _meta(wanted: Adaptation, samples: OwnSamples, look: Look, rows: tuple[int, int]) -> MetaDistribution:
    dims = look.x.dim, look.y.dim
    return MetaDistribution(
        "MIST (arXiv 2511.18945) adapted to data whose sides look like a user's samples.",
        {
            "name": NAME, "families": list(SHARES), "x": samples.names_x, "y": samples.names_y,
            "base": {"checkpoint": wanted.base.name, "sha256": sha256(wanted.base)}, "replayed": REPLAYED,
        },
        look.sample,
        rows,
        # The model is symmetric in x and y, so both ranges cover both sides.
        (min(dims), max(dims)),
        (min(dims), max(dims)),
        [dims],
    )  # fmt: skip


# --- Evaluation -------------------------------------------------------------------------------------------------------


def _judge(models: dict[str, Mist], judge: Look, rows: tuple[int, int], own: int, seed: int) -> dict:
    """Errors of both models on the same data sets, whose sides come from flows that training has not seen."""
    sizes = sorted({size for size in (*EVALUATION_ROWS, own) if rows[0] <= size <= rows[1]} or {rows[1]})
    generator = Generator().manual_seed(seed * 1_000 + 7)
    result: dict = {"data_sets": 0, "rows": {}}
    for size in sizes:
        drawn = {kind: _draw(judge, kind, share, size, generator) for kind, share in SHARES.items()}
        kinds = np.repeat(list(drawn), [sum(len(b.mi) for b in batches) for batches in drawn.values()])
        mi = np.concatenate([b.mi.double().numpy() for batches in drawn.values() for b in batches])
        result["rows"][size] = {}
        for name, model in models.items():
            knots = np.concatenate([_knots(model, b) for batches in drawn.values() for b in batches])
            result["rows"][size][name] = {
                **scores_of(knots, mi),
                "kinds": {kind: scores_of(knots[kinds == kind], mi[kinds == kind]) for kind in SHARES},
            }
        result["data_sets"] = len(mi)
    return result


def _draw(judge: Look, kind: str, share: float, rows: int, generator: Generator) -> list[Batch]:
    groups = round(share * EVALUATION_DATA_SETS / 8)
    dims = judge.x.dim, judge.y.dim
    return [judge(sample_coupling(kind, 8, rows, *dims, generator), generator) for _ in range(groups)]


@torch.no_grad()
def _knots(model: Mist, batch: Batch) -> np.ndarray:
    return model(normal_scores(batch.x), normal_scores(batch.y)).double().numpy()


def _flow_fit(side: Side, unseen: np.ndarray) -> dict:
    """Mean log density of unseen rows in nats per row, under the flows and under independent columns.

    The difference shows how much of the side's dependence structure the flows have learned.
    """
    scores = untied_scores(unseen, np.random.default_rng(0))
    flows = {"log_density": side, "independent": Side(side.dim, [])}
    return {name: round(flow.log_prob(scores), 3) for name, flow in flows.items()}


def _own_estimate(model: Mist, samples: OwnSamples, most: int, seed: int) -> dict:
    """A model's estimate and 90 % interval in nats for the samples themselves (at most `most` rows)."""
    order = np.random.default_rng(seed).permutation(len(samples.x))[:most]
    x, y = (torch.from_numpy(side[order])[None] for side in (samples.x, samples.y))
    knots = _knots(model, Batch(x, y, torch.zeros(1)))[0]
    return {
        "estimate": round(float(knots[MEDIAN]), 4),
        "interval_90": [round(float(knots[TAUS.index(tau)]), 4) for tau in (0.05, 0.95)],
    }
