"""What each input is worth to a trained model: its error on fresh draws of the training mixture with that input taken
away (set to 0), and with more or fewer rows read by the parts that read some.

It says what this network leans on, not how well another would do that was trained without.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor

from .calibrate import mixture_batches
from .encoding import normal_scores
from .families.batch import Batch
from .families.joint_validation import HELD_OUT, sample_validation
from .model import PAIR_FEATURES, PLUG_INS, SET_FEATURES, Mist, ModelConfig
from .quantiles import MEDIAN
from .train import load_checkpoint, pinball

Read = tuple[Tensor, Tensor, Tensor, Tensor]


def ablate(checkpoint: Path, folder: Path, data_sets: int = 1_500, seed: int = 4_101) -> dict:
    """Write "ablation" into a model folder's evaluation.json: for each variant the mean pinball loss and the MAE of the
    median on the training mixture, and the MAE on the held-out joint structures at 1,000 rows, in nats."""
    model, config, _ = load_checkpoint(checkpoint)
    mixture = list(mixture_batches(config, data_sets, seed))
    draws = torch.Generator().manual_seed(seed + 1)
    joint = [sample_validation(name, 24, 1_000, draws, extra) for name in HELD_OUT for extra in (0, 2)]
    rows = {}
    for name, (variant, change) in _variants(model).items():
        scored = [_errors(variant, batch, change) for batch in mixture]
        rows[name] = {
            "pinball": round(torch.cat([loss for loss, _ in scored]).mean().item(), 4),
            "mae": round(torch.cat([error for _, error in scored]).mean().item(), 4),
            "joint_mae": round(torch.cat([_errors(variant, batch, change)[1] for batch in joint]).mean().item(), 4),
        }
        print(f"{name:40s}" + "".join(f"{value:9.4f}" for value in rows[name].values()), flush=True)
    result = {"seed": seed, "data_sets": sum(len(batch.mi) for batch in mixture), "variants": rows}
    path = folder / "evaluation.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"ablation": result}, indent=1) + "\n")
    return result


def _variants(model: Mist) -> dict[str, tuple[Mist, Callable[[Read], Read]]]:
    config, both = model.config, 2 * len(model.config.neighbors)

    def without(index: int, part: slice) -> tuple[Mist, Callable[[Read], Read]]:
        def change(read: Read) -> Read:
            changed = list(read)
            changed[index] = read[index].clone()
            changed[index][..., part] = 0
            return tuple(changed)

        return model, change

    def neighbors(start: int) -> tuple[Mist, Callable[[Read], Read]]:
        _, plug_ins = without(2, slice(PLUG_INS + start, None))
        _, whole = without(3, slice(SET_FEATURES + 2 * start, None))
        return model, lambda read: whole(plug_ins(read))

    def resized(**changes: int) -> tuple[Mist, Callable[[Read], Read]]:
        return _copy(model, replace(config, **changes)), lambda read: read

    return {
        "all inputs": (model, lambda read: read),
        "without the entries": without(0, slice(None)),
        "without correlations of three columns": without(1, slice(PAIR_FEATURES, None)),
        "without nearest neighbors": neighbors(0),
        "without those in scaled columns": neighbors(both // 2),
        "without Gaussian plug-ins": without(2, slice(0, PLUG_INS)),
        "128 anchors": resized(anchors=128),
        "1,024 anchors": resized(anchors=1_024),
        "4,096 entries": resized(entries=4_096),
        "65,536 entries": resized(entries=65_536),
    }


def _copy(model: Mist, config: ModelConfig) -> Mist:
    other = Mist(config)
    other.load_state_dict(model.state_dict())
    return other.eval()


@torch.no_grad()
def _errors(model: Mist, batch: Batch, change: Callable[[Read], Read]) -> tuple[Tensor, Tensor]:
    """Pinball loss and |median − MI| of each data set."""
    read = model.read(normal_scores(batch.x), normal_scores(batch.y), model.config.entries)
    knots = model.finish(model.network(*change(read), batch.x.shape[2]), batch.x.shape[1])
    return pinball(knots, batch.mi).mean(1), (knots[:, MEDIAN] - batch.mi).abs()
