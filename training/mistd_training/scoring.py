"""The served model and the rivals that it is measured beside, all from samples to nats."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnxruntime
import torch

from .encoding import normal_scores
from .quantiles import combine


class OnnxModel:
    """A model folder's `model.onnx` on one thread.

    blocks: of the manifest, to split more rows than it says into blocks as the service does, in the order they come;
    None for all rows at once.
    """

    def __init__(self, folder: Path, blocks: dict | None = None):
        self._blocks = blocks
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(folder / "model.onnx", options, providers=["CPUExecutionProvider"])

    def knots(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """[batch, rows, dim_x], [batch, rows, dim_y] samples → [batch, len(TAUS)] nats."""
        if self._blocks and x.shape[1] > self._blocks["rows"]:
            count = math.ceil(x.shape[1] / self._blocks["rows"])
            return combine(knots_of_blocks(self._run, x, y, count), self._blocks["spread_exponent"])
        return self._run(x, y)

    def _run(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        inputs = {"scores_x": _scores(x), "scores_y": _scores(y)}
        return self._session.run(["quantiles"], inputs)[0]


def knots_of_blocks(
    knots: Callable[[np.ndarray, np.ndarray], np.ndarray], x: np.ndarray, y: np.ndarray, count: int
) -> np.ndarray:
    """Rows dealt into so many blocks, and the knots of each: [count, batch, len(TAUS)] nats."""
    return np.stack([knots(x[:, b::count], y[:, b::count]) for b in range(count)])


def ksg(x: np.ndarray, y: np.ndarray) -> float:
    """BMI's own KSG estimate (k = 5) of [rows, dim_x] and [rows, dim_y]."""
    from bmi.estimators import KSGEnsembleFirstEstimator

    return float(KSGEnsembleFirstEstimator(neighborhoods=(5,)).estimate(x, y))


def cca(x: np.ndarray, y: np.ndarray) -> float:
    """BMI's own CCA estimate. It has no answer with more columns than rows: that counts as 0."""
    from bmi.estimators import CCAMutualInformationEstimator

    if x.shape[1] >= len(x):
        return 0.0
    value = CCAMutualInformationEstimator().estimate(x, y)
    return float(value) if np.isfinite(value) else 0.0


def _scores(samples: np.ndarray) -> np.ndarray:
    return normal_scores(torch.from_numpy(np.ascontiguousarray(samples))).numpy()
