"""A model folder as it is served: through ONNX Runtime, from samples to knots."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnxruntime
import torch

from ..model.encoding import normal_scores
from ..model.quantiles import combine


class OnnxModel:
    """A model folder's `model.onnx` on one thread; with several threads, answers would depend on the batch.

    blocks: the manifest's entry "blocks". More rows than it allows are split into blocks, as in the service, except
    that the split follows the order of the rows. None runs all rows at once.
    """

    def __init__(self, folder: Path, blocks: dict | None = None):
        self._blocks = blocks
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(folder / "model.onnx", options, providers=["CPUExecutionProvider"])

    def knots(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Samples x [batch, rows, dim_x] and y [batch, rows, dim_y] → knots [batch, len(TAUS)], nats."""
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
    """Split the rows into `count` blocks of about equal size. Returns the knots [count, batch, len(TAUS)], nats."""
    return np.stack([knots(x[:, b::count], y[:, b::count]) for b in range(count)])


def _scores(samples: np.ndarray) -> np.ndarray:
    return normal_scores(torch.from_numpy(np.ascontiguousarray(samples))).numpy()
