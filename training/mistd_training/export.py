"""Checkpoint → model folder: `model.onnx`, `gradient.onnx` and `manifest.json`, with proof that ONNX Runtime says what
PyTorch says."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from . import onnx_file
from .batch_invariance import batch_invariant
from .blocks import DIMS, calibrate_blocks
from .encoding import normal_scores
from .families.batch import Batch
from .families.paper import KINDS, sample_paper
from .families.wide import SHARES, sample_wide
from .gradient import GRADIENT_SHAPES, check_gradient_parity, write_gradient_onnx
from .model import Mist
from .quantiles import TAUS
from .scoring import OnnxModel
from .train import load_checkpoint
from .train_config import TrainConfig

PARITY_TOLERANCE = 1e-4
# Rounding may count a row that is just as far as a neighbor as nearer or not: two terms of a mean, by log 3 at most.
TIES_TOLERANCE = 1e-2
# (batch, rows, dim_x, dim_y): small and large, odd and even, one column and the widest, unequal sides.
PARITY_SHAPES = (
    (1, 5, 1, 1), (8, 5, 3, 2), (2, 6, 1, 64), (1, 7, 64, 1), (4, 10, 2, 2), (1, 10, 32, 32), (8, 10, 32, 32),
    (3, 11, 5, 9), (1, 16, 64, 64), (8, 20, 1, 1), (2, 33, 7, 7), (1, 50, 17, 4), (5, 50, 2, 31), (1, 64, 16, 16),
    (1, 100, 1, 1), (8, 100, 1, 3), (2, 100, 10, 10), (1, 100, 48, 16), (1, 128, 33, 33), (1, 200, 5, 5),
    (4, 255, 3, 8), (1, 300, 20, 20), (1, 442, 10, 1), (1, 500, 1, 1), (1, 500, 5, 5), (1, 500, 32, 32),
    (2, 500, 12, 24), (1, 777, 4, 4), (1, 1000, 1, 2), (8, 1000, 2, 2), (1, 1000, 16, 8), (1, 2000, 3, 3),
    (2, 3001, 2, 5), (1, 5000, 1, 1), (1, 5000, 2, 2), (1, 5000, 8, 8),
)  # fmt: skip


@dataclass(frozen=True)
class MetaDistribution:
    """What a model was trained on, as its manifest says it.

    manifest: name, families and what else there is to say; sample: as `calibrate_blocks` takes it, at the sizes `dims`;
    rows, dim_x, dim_y: inclusive ranges.
    """

    description: str
    manifest: dict
    sample: Callable[..., Batch]
    rows: tuple[int, int]
    dim_x: tuple[int, int]
    dim_y: tuple[int, int]
    dims: Sequence[tuple[int, int]] = DIMS


def trained_on(config: TrainConfig) -> MetaDistribution:
    """The meta-distribution of a run from scratch."""
    if config.mostly_paper:
        description = "MIST trained on its paper's families (arXiv 2511.18945), on normal scores."
        families = [kind for kinds in KINDS.values() for kind in kinds]
        manifest, sample = {"name": "paper", "families": families}, sample_paper
    else:
        description = "MIST (arXiv 2511.18945) trained on a wide meta-distribution, for any kind of dependence."
        manifest, sample = {"name": "wide", "families": list(SHARES)}, sample_wide
    return MetaDistribution(description, manifest, sample, config.rows, config.dims, config.dims)


def export_model(
    checkpoint: Path,
    folder: Path,
    version: str,
    command: str,
    hardware: str,
    notes: str = "",
    *,
    gradient: bool = True,
    meta: MetaDistribution | None = None,
) -> dict:
    """Write `model.onnx`, `gradient.onnx` and `manifest.json` into the folder, prove parity, and return the manifest.

    The folder's name is the model's id; notes: what the command alone does not say of the run; gradient: whether to
    write `gradient.onnx`, which takes minutes; meta: `trained_on` the checkpoint's config, unless given. Raises
    RuntimeError as `check_parity` does, or when the gradient differs by more than its own tolerance.
    """
    model, config, state = load_checkpoint(checkpoint)
    meta = meta or trained_on(config)
    folder.mkdir(parents=True, exist_ok=True)
    onnx = folder / "model.onnx"
    write_onnx(model, onnx)
    worst = check_parity(model, onnx)
    files, parities = [onnx], {"parity": {"shapes": len(PARITY_SHAPES), "worst": worst}}
    if gradient:
        files.append(folder / "gradient.onnx")
        write_gradient_onnx(model, files[1])
        parities["gradient_parity"] = {
            "shapes": len(GRADIENT_SHAPES), "worst": check_gradient_parity(model, files[1])
        }  # fmt: skip
    manifest = {
        "id": folder.resolve().name,
        "version": version,
        "kind": "mistd",
        "description": meta.description,
        "files": {file.name: {"sha256": sha256(file), "bytes": file.stat().st_size} for file in files},
        "encoding": "normal-scores",
        "inputs": ["scores_x", "scores_y"],
        "output": "quantiles",
        "taus": list(TAUS),
        "trained": {"rows": list(meta.rows), "dim_x": list(meta.dim_x), "dim_y": list(meta.dim_y)},
        "reads_first": model.reads_first(2 * config.dims[1]),
        "batch_invariant": True,
        "blocks": calibrate_blocks(OnnxModel(folder), meta.rows[1], meta.sample, meta.dims),
        "meta_distribution": meta.manifest,
        "metrics": {},
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "training": {
            "command": command,
            "hardware": hardware,
            "notes": notes,
            "steps": state["step"],
            "distributions": state["distributions"],
            "minutes": round(state["seconds"] / 60, 1),
            "parameters": sum(p.numel() for p in model.parameters()),
            **parities,
        },
    }
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n")
    return manifest


def write_onnx(model: Mist, path: Path) -> None:
    """Trace with every size dynamic and write one self-contained file, whose answers do not depend on the batch."""
    batch, rows, dim_x, dim_y = (torch.export.Dim(name, min=low) for name, low in _SIZES)
    dynamic_shapes = ({0: batch, 1: rows, 2: dim_x}, {0: batch, 1: rows, 2: dim_y})
    example = (torch.randn(3, 40, 5), torch.randn(3, 40, 4))
    with torch.fx.experimental._config.patch(backed_size_oblivious=True):  # sizes of 1, too
        program = torch.export.export(
            model, example, dynamic_shapes=dynamic_shapes, prefer_deferred_runtime_asserts_over_guards=True
        )
        program = batch_invariant(program)
    onnx_file.write(
        program,
        example,
        path,
        input_names=["scores_x", "scores_y"],
        output_names=["quantiles"],
        dynamic_shapes=dynamic_shapes,
    )


_SIZES = (("batch", 1), ("rows", 2), ("dim_x", 1), ("dim_y", 1))


def check_parity(model: Mist, path: Path) -> float:
    """Largest difference between PyTorch and ONNX Runtime over `PARITY_SHAPES`, relative to max(1, value), of data
    without ties. Raises RuntimeError where it, or that of the same data rounded, is beyond its tolerance, and where a
    data set's answer is not the same to the bit alone and in its batch."""
    served = OnnxModel(path.parent)  # on one thread: several would divide a tensor at places of their own
    generator = torch.Generator().manual_seed(1)
    worst = 0.0
    for batch, rows, dim_x, dim_y in PARITY_SHAPES:
        shared = torch.randn(batch, rows, 1, generator=generator)
        x = shared + torch.randn(batch, rows, dim_x, generator=generator)
        y = shared + torch.randn(batch, rows, dim_y, generator=generator)
        difference = _difference(model, served, x, y)
        of_ties = _difference(model, served, x.round(), y.round())
        if not (difference <= PARITY_TOLERANCE and of_ties <= TIES_TOLERANCE):
            raise RuntimeError(
                f"ONNX Runtime differs from PyTorch by {difference:.2e} at {(batch, rows, dim_x, dim_y)}, "
                f"and by {of_ties:.2e} once rounded"
            )
        if not _same_alone(served, x, y):
            raise RuntimeError(f"an answer depends on the batch at {(batch, rows, dim_x, dim_y)}")
        worst = max(worst, difference)
    return worst


@torch.no_grad()
def _difference(model: Mist, served: OnnxModel, x: Tensor, y: Tensor) -> float:
    expected = model(normal_scores(x), normal_scores(y)).numpy()
    return float((np.abs(served.knots(x.numpy(), y.numpy()) - expected) / np.maximum(1, expected)).max())


def _same_alone(served: OnnxModel, x: Tensor, y: Tensor) -> bool:
    samples = x.numpy(), y.numpy()
    alone = [served.knots(*(side[b : b + 1] for side in samples)) for b in range(len(x))]
    return np.array_equal(served.knots(*samples), np.concatenate(alone))


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
