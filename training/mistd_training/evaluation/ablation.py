"""Ablation: how much a trained model relies on each of its inputs.

Measures the error on fresh draws of the training mixture after one change each: an input is set to 0, a part that reads
some of the rows reads more or fewer, the answer is averaged over orders or parts of the rows, or the weights are
rounded to eight bits. A network trained without an input might do better than this network does without it.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor, nn

from ..export.manifest import read_manifest
from ..families.batch import Batch
from ..families.joint_validation import HELD_OUT, sample_validation
from ..model.encoding import normal_scores
from ..model.mist import Mist, ModelConfig
from ..model.quantiles import MEDIAN
from ..model.statistics import PAIR_FEATURES, SET_FEATURES, SHRINKAGES
from ..training.calibrate import mixture_batches
from ..training.train import load_checkpoint, pinball

Predict = Callable[[Tensor, Tensor], Tensor]  # scores of x and of y → knots


def ablate(checkpoint: Path, folder: Path, data_sets: int = 1_500, of_each: int = 24, seed: int = 4_101) -> dict:
    """Measure all variants of a model and write them into "ablation" of the model folder's `evaluation.json`.

    Each variant has the mean pinball loss and the MAE of the median on the training mixture, and the MAE on the
    held-out joint structures at 1,000 rows, in nats. data_sets: number from the mixture; of_each: data sets per joint
    structure. The file is written after each variant; variants already measured for the same model file and data are
    kept.
    """
    model, config, _ = load_checkpoint(checkpoint)
    mixture = list(mixture_batches(config, data_sets, seed, batch=8))
    draws = torch.Generator().manual_seed(seed + 1)
    joint = [sample_validation(name, of_each, 1_000, draws, extra) for name in HELD_OUT for extra in (0, 2)]
    path = folder / "evaluation.json"
    manifest = read_manifest(folder)
    result = {
        "version": manifest["version"],
        "seed": seed,
        "data_sets": sum(len(batch.mi) for batch in mixture),
        "joint_sets": sum(len(batch.mi) for batch in joint),
        "model": manifest["files"]["model.onnx"]["sha256"],
        "variants": {},
    }
    before = json.loads(path.read_text()).get("ablation", {})
    if before | {"variants": {}} == result:
        result = before
    for name, predict in _variants(model).items():
        if name in result["variants"]:
            continue
        scored = [_errors(predict, batch) for batch in mixture]
        measured = {
            "pinball": round(torch.cat([loss for loss, _ in scored]).mean().item(), 4),
            "mae": round(torch.cat([error for _, error in scored]).mean().item(), 4),
            "joint_mae": round(torch.cat([_errors(predict, batch)[1] for batch in joint]).mean().item(), 4),
        }
        result["variants"][name] = measured
        path.write_text(json.dumps(json.loads(path.read_text()) | {"ablation": result}, indent=1) + "\n")
        print(f"{name:40s}" + "".join(f"{value:9.4f}" for value in measured.values()), flush=True)
    return result


def _variants(model: Mist) -> dict[str, Predict]:
    config, both, count = model.config, 2 * len(model.config.neighbors), len(SHRINKAGES)

    def without(*inputs: tuple[int, slice]) -> Predict:
        """The model with inputs set to 0. inputs: index into the result of `Mist.read`, and its features."""

        def predict(x: Tensor, y: Tensor) -> Tensor:
            read = list(model.read(x, y, config.entries))
            for place, features in inputs:
                read[place] = read[place].clone()
                read[place][..., features] = 0
            return model.finish(model.network(*read, x.shape[2]), x.shape[1])

        return predict

    def neighbors(start: int) -> Predict:
        return without((2, slice(config.gaussian_count + start, None)), (3, slice(SET_FEATURES + 2 * start, None)))

    return {
        "all inputs": model,
        "without the entries": without((0, slice(None))),
        "without correlations of three columns": without((1, slice(PAIR_FEATURES, None))),
        "without nearest neighbors": neighbors(0),
        "without those in scaled columns": neighbors(both // 2),
        "without Gaussian plug-ins": without((2, slice(0, config.gaussian_count))),
        "without the unbiased ones": without((2, slice(count, count + 1)), (2, slice(2 * count + 1, 2 * count + 2))),
        "128 anchors": _with(model, replace(config, anchors=128)),
        "1,024 anchors": _with(model, replace(config, anchors=1_024)),
        "4,096 entries": _with(model, replace(config, entries=4_096)),
        "65,536 entries": _with(model, replace(config, entries=65_536)),
        "mean of four orders of the rows": _mean_of_orders(model, 4),
        "mean of two halves of the rows": _mean_of_halves(model),
        "weights of 8 bits": _of_eight_bits(model),
    }


def _with(model: Mist, config: ModelConfig) -> Mist:
    other = Mist(config)
    other.load_state_dict(model.state_dict())
    return other.eval()


def _mean_of_orders(model: Mist, orders: int) -> Predict:
    """Mean over rotations of the rows, so that other rows come first; some parts read only the first rows."""

    def predict(x: Tensor, y: Tensor) -> Tensor:
        rows = x.shape[1]
        shifts = [rows * order // orders for order in range(orders)]
        return torch.stack([model(x.roll(shift, 1), y.roll(shift, 1)) for shift in shifts]).mean(0)

    return predict


def _mean_of_halves(model: Mist) -> Predict:
    def predict(x: Tensor, y: Tensor) -> Tensor:
        half = x.shape[1] // 2
        parts = [(x[:, :half], y[:, :half]), (x[:, half:], y[:, half:])]
        return torch.stack([model(*map(normal_scores, part)) for part in parts]).mean(0)

    return predict


def _of_eight_bits(model: Mist) -> Mist:
    """The model with the weights of linear layers rounded to 255 levels per row."""
    rounded = copy.deepcopy(model)
    for layer in rounded.modules():
        if isinstance(layer, nn.Linear):
            level = layer.weight.data.abs().amax(1, keepdim=True).clamp_min(1e-12) / 127
            layer.weight.data = (layer.weight.data / level).round() * level
    return rounded


@torch.no_grad()
def _errors(predict: Predict, batch: Batch) -> tuple[Tensor, Tensor]:
    """Pinball loss and |median − MI| of each data set, [batch] each, in nats."""
    knots = predict(normal_scores(batch.x), normal_scores(batch.y))
    return pinball(knots, batch.mi).mean(1), (knots[:, MEDIAN] - batch.mi).abs()
