"""Checkpoint → model folder: `model.onnx`, `gradient.onnx` and `manifest.json`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ..families.batch import Batch
from ..families.paper import KINDS, sample_paper
from ..families.wide import SHARES, sample_wide
from ..model.quantiles import TAUS
from ..training.config import TrainConfig
from ..training.train import load_checkpoint
from .blocks import DIMS, calibrate_blocks
from .gradient_onnx import GRADIENT_SHAPES, check_gradient_parity, write_gradient_onnx
from .manifest import file_entry, write_manifest
from .model_onnx import PARITY_SHAPES, check_parity, write_onnx
from .served_model import OnnxModel


@dataclass(frozen=True)
class MetaDistribution:
    """The meta-distribution that a model was trained on, for its manifest and for `calibrate_blocks`.

    manifest: its entry "meta_distribution", with name and families; sample: draws data sets; dims: pairs (dim_x, dim_y)
    at which the blocks are calibrated; rows, dim_x, dim_y: inclusive ranges.
    """

    description: str
    manifest: dict
    sample: Callable[..., Batch]
    rows: tuple[int, int]
    dim_x: tuple[int, int]
    dim_y: tuple[int, int]
    dims: Sequence[tuple[int, int]] = DIMS


def trained_on(config: TrainConfig) -> MetaDistribution:
    """The meta-distribution of a run of `mistd-train train`."""
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
    """Write `model.onnx`, `gradient.onnx` and `manifest.json` into the folder, check them, and return the manifest.

    The folder's name is the model's id. command, hardware, notes: how the model was trained, for its card; gradient:
    whether to write `gradient.onnx`, which takes minutes; meta: default `trained_on` the checkpoint's config. Raises
    RuntimeError if ONNX Runtime differs from PyTorch (`check_parity`, `check_gradient_parity`).
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
        "files": {file.name: file_entry(file) for file in files},
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
    write_manifest(folder, manifest)
    return manifest
