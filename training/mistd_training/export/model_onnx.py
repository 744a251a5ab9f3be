"""`model.onnx`, and the check that ONNX Runtime gives the answers of PyTorch."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ..model.encoding import normal_scores
from ..model.mist import Mist
from . import onnx_file
from .batch_invariance import batch_invariant
from .served_model import OnnxModel

PARITY_TOLERANCE = 1e-4
# For data with ties. Rounding may or may not count a row at equal distance as a neighbor, which changes two terms of a
# mean by at most log 3.
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


def write_onnx(model: Mist, path: Path) -> None:
    """Write the model as one self-contained file. All sizes are dynamic, and answers do not depend on the batch."""
    batch, rows, dim_x, dim_y = onnx_file.dynamic_sizes()
    dynamic_shapes = ({0: batch, 1: rows, 2: dim_x}, {0: batch, 1: rows, 2: dim_y})
    example = (torch.randn(3, 40, 5), torch.randn(3, 40, 4))
    with torch.fx.experimental._config.patch(backed_size_oblivious=True):  # the graph also holds for sizes of 1
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


def check_parity(model: Mist, path: Path) -> float:
    """Largest difference between PyTorch and ONNX Runtime over `PARITY_SHAPES`, relative to max(1, value).

    path: a `model.onnx`. The result is for data without ties; the same data are also checked rounded. Raises
    RuntimeError if a difference exceeds its tolerance, or if a data set's answer alone differs from its answer in the
    batch by a single bit.
    """
    served = OnnxModel(path.parent)
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
                f"ONNX Runtime differs from PyTorch at shape {(batch, rows, dim_x, dim_y)}: "
                f"by {difference:.2e}, with tied values by {of_ties:.2e}"
            )
        if not _same_alone(served, x, y):
            raise RuntimeError(f"an answer depends on its batch at shape {(batch, rows, dim_x, dim_y)}")
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
