"""A checkpoint of the reference (PyPI `mist-statinf`) → a model folder of kind `mist-reference`.

The network is the package's own, except that the head computes all taus in one call. The network reads a row as
[x, y, 0 …], padded to its width, in the units of the samples. So it does not know where x ends, and it cannot
distinguish columns of zeros from padding.
"""

from __future__ import annotations

import collections
import typing
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from torch import Tensor, nn

from ..model.quantiles import TAUS
from . import onnx_file
from .manifest import file_entry, write_manifest

PARITY_TOLERANCE = 1e-4
# (rows, dim_x, dim_y)
PARITY_SHAPES = ((2, 1, 1), (10, 2, 2), (17, 1, 5), (50, 3, 4), (100, 8, 8), (333, 2, 7), (500, 5, 5), (700, 2, 1))
# The ranges of `mist_statinf/configs/data_generation/train.yaml`.
TRAINED = {"rows": [10, 500], "dim_x": [2, 32], "dim_y": [2, 32]}
# A point model has one value and no quantiles. The service expects quantiles, so the value fills three.
POINT_TAUS = (0.05, 0.5, 0.95)


class Reference(nn.Module):
    """The package's network, evaluated at all taus in one call.

    source: [B, N, width], rows [x, y] padded with zeros; tau: [T] in (0, 1), for quantile-conditioned networks only.
    Returns [B, T] nats, or [B, 1] without tau. As in the package, quantiles may cross or be negative.
    """

    def __init__(self, core: nn.Module):
        super().__init__()
        self.core = core

    def forward(self, source: Tensor, tau: Tensor | None = None) -> Tensor:
        summary = self.core.phi({"source": source})  # [B, H]
        if tau is None:
            return self.core.rho(summary)
        batch, count = summary.shape[0], tau.shape[0]
        conditioned = torch.cat(
            [summary[:, None].expand(batch, count, -1), tau[None, :, None].expand(batch, count, 1)], 2
        )
        return self.core.rho(conditioned)[..., 0]


def import_reference(checkpoint: Path, folder: Path, version: str, architecture: Path | None = None) -> dict:
    """Write `model.onnx` and `manifest.json` into the folder, check parity with the package, and return the manifest.

    The folder's name is the model's id. architecture: YAML file with the network's configuration, for checkpoints that
    hold only weights; default: the package's quickstart configuration. Raises ValueError if the weights do not fit the
    architecture, RuntimeError if ONNX Runtime and the package differ.
    """
    core = load_reference(checkpoint, architecture)
    folder.mkdir(parents=True, exist_ok=True)
    onnx = folder / "model.onnx"
    write_reference_onnx(core, onnx)
    worst = check_reference_parity(core, onnx)
    conditioned = core.quantile_conditioned
    manifest = {
        "id": folder.resolve().name,
        "version": version,
        "kind": "mist-reference",
        "description": f"{'MIST-QR' if conditioned else 'MIST'} of arXiv 2511.18945: "
        "a checkpoint of the PyPI package mist-statinf.",
        "files": {"model.onnx": file_entry(onnx)},
        "encoding": "zero-padding",
        "columns": core.phi.embedding_mlp[0].in_features,
        "inputs": ["source", "tau"] if conditioned else ["source"],
        "output": "quantiles",
        "taus": list(TAUS if conditioned else POINT_TAUS),
        "trained": TRAINED,
        "blocks": {"rows": TRAINED["rows"][1], "spread_exponent": 0},
        "meta_distribution": {"name": "reference"},
        "metrics": {},
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "training": {
            "command": f"mistd-train import-reference {checkpoint.name}",
            "checkpoint": file_entry(checkpoint),
            "parameters": sum(p.numel() for p in core.parameters()),
            "parity": {"shapes": len(PARITY_SHAPES), "worst": worst},
        },
    }
    write_manifest(folder, manifest)
    return manifest


def load_reference(checkpoint: Path, architecture: Path | None = None) -> nn.Module:
    """The package's `MISTModel` with a checkpoint's weights, in eval mode on the CPU.

    Reads the package's formats: Lightning checkpoints (weights under `msm.`, and hyperparameters) and plain state
    dicts. Unpickles only tensors and the configuration types, so a checkpoint cannot run code. Raises ValueError if the
    weights do not fit the architecture.
    """
    from mist_statinf.model.estimator import MISTModel

    with torch.serialization.safe_globals(_configuration_types()):
        content = torch.load(checkpoint, map_location="cpu", weights_only=True)
    weights = _bare(content.get("state_dict", content))
    given = _architecture(content, architecture)
    try:
        # The weights show whether the head takes tau; the packaged configuration does not.
        given["quantile_conditioned"] = (
            weights["rho.0.weight"].shape[1] == weights["phi.output_layer.weight"].shape[0] + 1
        )
        core = MISTModel(**given)
        core.load_state_dict(weights)
    except (KeyError, RuntimeError, TypeError) as error:
        raise ValueError(f"{checkpoint} does not hold weights of this architecture: {error}") from error
    return core.eval()


def _bare(weights: dict) -> dict:
    """Weights without the prefix of the network's wrapper: `msm.` in Lightning, `core.` on the Hub."""
    for prefix in ("msm.", "core."):
        if any(name.startswith(prefix) for name in weights):
            return {name.removeprefix(prefix): value for name, value in weights.items() if name.startswith(prefix)}
    return weights


def _architecture(content: dict, path: Path | None) -> dict:
    from mist_statinf.utils.io import load_quickstart_cfg
    from omegaconf import OmegaConf

    arguments = content.get("hyper_parameters", {}).get("args")
    if path is None and arguments is not None:
        configuration = OmegaConf.to_container(OmegaConf.create(arguments), resolve=True)
    else:
        configuration = load_quickstart_cfg(None if path is None else str(path))
    return dict(configuration["architecture"])


def _configuration_types() -> list:
    from omegaconf import DictConfig, ListConfig
    from omegaconf.base import ContainerMetadata, Metadata
    from omegaconf.nodes import AnyNode

    containers = [collections.defaultdict, dict, list, int]
    return [DictConfig, ListConfig, AnyNode, ContainerMetadata, Metadata, typing.Any, *containers]


def write_reference_onnx(core: nn.Module, path: Path) -> None:
    """Write one self-contained file. Batch, rows and the number of taus are dynamic."""
    batch, rows, count = (torch.export.Dim(name, min=low) for name, low in (("batch", 1), ("rows", 2), ("taus", 1)))
    source = torch.randn(3, 40, core.phi.embedding_mlp[0].in_features)
    inputs, shapes, names = (source,), [{0: batch, 1: rows}], ["source"]
    if core.quantile_conditioned:
        inputs, shapes, names = (source, torch.linspace(0.1, 0.9, 5)), [*shapes, {0: count}], ["source", "tau"]
    with _plain_attention():
        onnx_file.write(
            Reference(core).eval(),
            inputs,
            path,
            input_names=names,
            output_names=["quantiles"],
            dynamic_shapes=tuple(shapes),
        )


@contextmanager
def _plain_attention() -> Iterator[None]:
    """Disable PyTorch's fused attention, which ONNX cannot express."""
    enabled = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        yield
    finally:
        torch.backends.mha.set_fastpath_enabled(enabled)


def check_reference_parity(core: nn.Module, path: Path) -> float:
    """Largest difference between the package's own prediction and ONNX Runtime over `PARITY_SHAPES`.

    The difference is relative to max(1, |value|). Raises RuntimeError above `PARITY_TOLERANCE`.
    """
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    rng = np.random.default_rng(3)
    width = core.phi.embedding_mlp[0].in_features
    taus = np.array([0.05, 0.5, 0.95], dtype=np.float32)
    worst = 0.0
    for rows, dim_x, dim_y in PARITY_SHAPES:
        x, y = rng.standard_normal((rows, dim_x)), rng.standard_normal((rows, dim_y))
        inputs = {"source": pad(x, y, width)[None]}
        if core.quantile_conditioned:
            inputs["tau"] = taus
        (got,) = session.run(["quantiles"], inputs)
        expected = [package_prediction(core, x, y, tau) for tau in (taus if core.quantile_conditioned else [None])]
        difference = float((np.abs(got[0] - expected) / np.maximum(1, np.abs(expected))).max())
        if not difference <= PARITY_TOLERANCE:
            at = f"at shape {(rows, dim_x, dim_y)}"
            raise RuntimeError(f"ONNX Runtime differs from the package by {difference:.2e} {at}")
        worst = max(worst, difference)
    return worst


def pad(x: np.ndarray, y: np.ndarray, width: int) -> np.ndarray:
    """x [rows, dim_x] and y [rows, dim_y] → float32 [rows, width], padded with zeros on the right.

    Raises ValueError if the columns exceed the width.
    """
    rows, columns = x.shape[0], x.shape[1] + y.shape[1]
    if columns > width:
        raise ValueError(f"x and y have {columns} columns together; the network takes at most {width}")
    return np.concatenate([x, y, np.zeros((rows, width - columns))], 1).astype(np.float32)


@torch.no_grad()
def package_prediction(core: nn.Module, x: np.ndarray, y: np.ndarray, tau: float | None = None) -> float:
    """The package's own answer in nats: its padding and its network, for one tau."""
    from mist_statinf.utils.format import as_2col, pad_truncate

    source = pad_truncate(torch.tensor(as_2col(x, y), dtype=torch.float32)[None], core.phi.embedding_mlp[0].in_features)
    batch = {"source": source}
    if tau is not None:
        batch["tau"] = torch.full((1, 1), float(tau))
    return float(core(batch))
