"""Checkpoint → model folder: `model.onnx` and `manifest.json`, with proof that ONNX Runtime says what PyTorch says."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import onnxruntime
import torch

from .blocks import calibrate_blocks
from .encoding import normal_scores
from .families.paper import KINDS, sample_paper
from .families.wide import SHARES, sample_wide
from .model import Mist
from .quantiles import TAUS
from .scoring import OnnxModel
from .train import load_checkpoint

OPSET = 18
PARITY_TOLERANCE = 1e-4
# (batch, rows, dim_x, dim_y): small and large, odd and even, one column and the widest, unequal sides.
PARITY_SHAPES = (
    (1, 5, 1, 1), (8, 5, 3, 2), (2, 6, 1, 64), (1, 7, 64, 1), (4, 10, 2, 2), (1, 10, 32, 32), (8, 10, 32, 32),
    (3, 11, 5, 9), (1, 16, 64, 64), (8, 20, 1, 1), (2, 33, 7, 7), (1, 50, 17, 4), (5, 50, 2, 31), (1, 64, 16, 16),
    (1, 100, 1, 1), (8, 100, 1, 3), (2, 100, 10, 10), (1, 100, 48, 16), (1, 128, 33, 33), (1, 200, 5, 5),
    (4, 255, 3, 8), (1, 300, 20, 20), (1, 442, 10, 1), (1, 500, 1, 1), (1, 500, 5, 5), (1, 500, 32, 32),
    (2, 500, 12, 24), (1, 777, 4, 4), (1, 1000, 1, 2), (8, 1000, 2, 2), (1, 1000, 16, 8), (1, 2000, 3, 3),
    (2, 3001, 2, 5), (1, 5000, 1, 1), (1, 5000, 2, 2), (1, 5000, 8, 8),
)  # fmt: skip


def export_model(checkpoint: Path, folder: Path, version: str, command: str, hardware: str, notes: str = "") -> dict:
    """Write `folder/model.onnx` and `folder/manifest.json`, prove parity, and return the manifest.

    The folder's name is the model's id; notes: what the command alone does not say of the run. Raises RuntimeError when
    any of `PARITY_SHAPES` differs by more than `PARITY_TOLERANCE` (relative to max(1, value)).
    """
    model, config, state = load_checkpoint(checkpoint)
    if config.paper_share >= 0.5:
        sample = sample_paper
        description = "MIST trained on its paper's families (arXiv 2511.18945), on normal scores."
        meta_distribution = {"name": "paper", "families": list(KINDS)}
    else:
        sample = sample_wide
        description = "MIST (arXiv 2511.18945) trained on a wide meta-distribution, for any kind of dependence."
        meta_distribution = {"name": "wide", "families": list(SHARES)}
    folder.mkdir(parents=True, exist_ok=True)
    onnx = folder / "model.onnx"
    write_onnx(model, onnx)
    worst = check_parity(model, onnx)
    manifest = {
        "id": folder.resolve().name,
        "version": version,
        "kind": "mistd",
        "description": description,
        "files": {"model.onnx": {"sha256": sha256(onnx), "bytes": onnx.stat().st_size}},
        "encoding": "normal-scores",
        "inputs": ["scores_x", "scores_y"],
        "output": "quantiles",
        "taus": list(TAUS),
        "trained": {"rows": list(config.rows), "dim_x": list(config.dims), "dim_y": list(config.dims)},
        "reads_first": model.reads_first(2 * config.dims[1]),
        "blocks": calibrate_blocks(OnnxModel(folder), config.rows[1], sample),
        "meta_distribution": meta_distribution,
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
            "parity": {"shapes": len(PARITY_SHAPES), "worst": worst},
        },
    }
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n")
    return manifest


def write_onnx(model: Mist, path: Path) -> None:
    """Trace with every size dynamic and write one self-contained file."""
    batch, rows, dim_x, dim_y = (torch.export.Dim(name, min=low) for name, low in _SIZES)
    example = (torch.randn(3, 40, 5), torch.randn(3, 40, 4))
    program = torch.onnx.export(
        model,
        example,
        dynamo=True,
        input_names=["scores_x", "scores_y"],
        output_names=["quantiles"],
        dynamic_shapes=({0: batch, 1: rows, 2: dim_x}, {0: batch, 1: rows, 2: dim_y}),
        opset_version=OPSET,
        verbose=False,
    )
    program.save(path, external_data=False)


_SIZES = (("batch", 1), ("rows", 2), ("dim_x", 1), ("dim_y", 1))


def check_parity(model: Mist, path: Path) -> float:
    """Largest difference between PyTorch and ONNX Runtime over `PARITY_SHAPES`, relative to max(1, value)."""
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    generator = torch.Generator().manual_seed(1)
    worst = 0.0
    for batch, rows, dim_x, dim_y in PARITY_SHAPES:
        shared = torch.randn(batch, rows, 1, generator=generator)
        x = shared + torch.randn(batch, rows, dim_x, generator=generator)
        y = shared + torch.randn(batch, rows, dim_y, generator=generator)
        scores_x, scores_y = normal_scores(x), normal_scores(y)
        with torch.no_grad():
            expected = model(scores_x, scores_y).numpy()
        (got,) = session.run(["quantiles"], {"scores_x": scores_x.numpy(), "scores_y": scores_y.numpy()})
        difference = float((np.abs(got - expected) / np.maximum(1, expected)).max())
        if not difference <= PARITY_TOLERANCE:
            raise RuntimeError(
                f"ONNX Runtime differs from PyTorch by {difference:.2e} at {(batch, rows, dim_x, dim_y)}"
            )
        worst = max(worst, difference)
    return worst


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
