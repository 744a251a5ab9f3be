"""`gradient.onnx`: d quantile / d scores of a model, for the service.

ONNX has no backward pass, so the exported graph must contain it. The forward pass is exported, its derivative is traced
with symbolic sizes, and the traced graph is exported again. So everything that `Mist.forward` computes is included.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from torch import Tensor, nn
from torch.fx import GraphModule, Interpreter
from torch.fx.experimental.proxy_tensor import make_fx

from ..model import statistics
from ..model.encoding import normal_scores
from ..model.gradient import quantile_gradient
from ..model.mist import Mist
from . import onnx_file

INPUTS = ("scores_x", "scores_y", "tau")
OUTPUTS = ("quantile", "gradient_x", "gradient_y")
_EXAMPLE_SHAPE = (3, 40, 5, 4)


def write_gradient_onnx(model: Mist, path: Path) -> None:
    """Write `quantile_gradient` of the model as one self-contained file. All sizes are dynamic."""
    onnx_file.write(
        _ForOnnx(_trace(model)),
        _example(),
        path,
        input_names=list(INPUTS),
        output_names=list(OUTPUTS),
        dynamic_shapes={"inputs": _dynamic_shapes()},
    )


def _trace(model: Mist) -> GraphModule:
    """The graph of `quantile_gradient` with its backward operators, in symbolic sizes."""
    x, y, tau = _example()
    frozen = [(parameter, parameter.requires_grad) for parameter in model.parameters()]
    model.requires_grad_(False)
    try:
        with _log_det_of_known_derivative(), torch.fx.experimental._config.patch(backed_size_oblivious=True):
            program = torch.export.export(
                model,
                (x, y),
                dynamic_shapes=_dynamic_shapes()[:2],
                prefer_deferred_runtime_asserts_over_guards=True,
            )
            forward = _without_asserts(program.module(check_guards=False))
            return make_fx(
                lambda x, y, tau: quantile_gradient(forward, x, y, tau),
                tracing_mode="symbolic",
                _allow_non_fake_inputs=True,  # the weights
            )(x, y, tau)
    finally:
        for parameter, required in frozen:
            parameter.requires_grad_(required)


def _without_asserts(module: GraphModule) -> GraphModule:
    """Remove the exporter's assertions on the example's sizes: other sizes violate them, and no result needs them."""
    for node in list(module.graph.nodes):
        if node.target in (torch.ops.aten._assert_scalar.default, torch.ops.aten._assert_tensor_metadata.default):
            module.graph.erase_node(node)
    module.recompile()
    return module


def _example() -> tuple[Tensor, Tensor, Tensor]:
    batch, rows, dim_x, dim_y = _EXAMPLE_SHAPE
    tau = torch.linspace(0.2, 0.8, batch)
    return torch.randn(batch, rows, dim_x), torch.randn(batch, rows, dim_y), tau


def _dynamic_shapes() -> tuple[dict, dict, dict]:
    batch, rows, dim_x, dim_y = onnx_file.dynamic_sizes()
    return {0: batch, 1: rows, 2: dim_x}, {0: batch, 1: rows, 2: dim_y}, {0: batch}


@torch.library.custom_op("mistd::log_det_inverse", mutates_args=())
def _log_det_inverse(matrix: Tensor) -> tuple[Tensor, Tensor]:
    """log |A| [M] and A⁻¹ [M, D, D] of positive definite A [M, D, D]. Tracing keeps a custom operator whole."""
    return torch.logdet(matrix), torch.linalg.inv(matrix)


@_log_det_inverse.register_fake
def _(matrix: Tensor) -> tuple[Tensor, Tensor]:
    return matrix.new_empty(matrix.shape[0]), torch.empty_like(matrix)


def _save_inverse(ctx, inputs, output) -> None:
    ctx.save_for_backward(output[1])


def _log_det_backward(ctx, grad: Tensor, _grad_inverse: Tensor) -> Tensor:
    return grad[:, None, None] * ctx.saved_tensors[0]  # d log |A| = tr(A⁻¹ dA), A symmetric


_log_det_inverse.register_autograd(_log_det_backward, setup_context=_save_inverse)


@contextmanager
def _log_det_of_known_derivative() -> Iterator[None]:
    """Replace the model's log-determinant (Cholesky, or a loop), whose derivative ONNX cannot express."""
    original = statistics.log_det
    statistics.log_det = lambda matrix: _log_det_inverse(matrix)[0]
    try:
        yield
    finally:
        statistics.log_det = original


class _ForOnnx(nn.Module):
    """Runs a traced graph and replaces the operators that the exporter does not know (`_TRANSLATIONS`)."""

    def __init__(self, traced: GraphModule):
        super().__init__()
        self.traced = traced

    def forward(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        return _Translator(self.traced).run(*inputs)


class _Translator(Interpreter):
    def call_function(self, target, args, kwargs):
        return super().call_function(_TRANSLATIONS.get(target, target), args, kwargs)


def _diagonal_backward(grad: Tensor, _sizes: list[int], offset: int, dim1: int, dim2: int) -> Tensor:
    """Backward of the diagonal of square matrices. PyTorch's own copies into a view."""
    return torch.diag_embed(grad, offset, dim1, dim2)


def sweep(matrix: Tensor) -> tuple[Tensor, Tensor]:
    """log |A| [M] and A⁻¹ [M, D, D] by the sweep operator (Goodnight 1979), one rank-one update per column.

    matrix: [M, D, D], positive definite. Sweeping column k subtracts v vᵀ / p, where p is the pivot and v is column k
    minus eₖ. The result is 2 I − A⁻¹. It is computed in double precision, because A is nearly singular when there are
    fewer rows than columns.
    """
    precise = matrix.double()

    def more(step: Tensor, total: Tensor, rest: Tensor) -> Tensor:
        return step < rest.shape[1]

    def eliminate(step: Tensor, total: Tensor, rest: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        column = rest.index_select(2, step[None])  # [M, D, 1]
        pivot = column.index_select(1, step[None])  # [M, 1, 1]
        here = (torch.arange(rest.shape[1], device=rest.device) == step).to(rest.dtype)
        v = column - here[:, None]
        return step + 1, total + pivot[:, 0, 0].log(), rest - v * v.transpose(1, 2) / pivot

    start = (torch.zeros((), dtype=torch.int64), torch.zeros_like(precise[:, 0, 0]), precise.clone())
    _, total, swept = torch.while_loop(more, eliminate, start)
    inverse = 2 * torch.eye(matrix.shape[1], dtype=precise.dtype, device=matrix.device) - swept
    return total.to(matrix.dtype), inverse.to(matrix.dtype)


_TRANSLATIONS = {
    torch.ops.mistd.log_det_inverse.default: sweep,
    torch.ops.aten.diagonal_backward.default: _diagonal_backward,
    # A tensor that is contiguous at the example's sizes may not be at others.
    torch.ops.aten.view.default: torch.ops.aten.reshape.default,
}


# --- Proof ------------------------------------------------------------------------------------------------------------

GRADIENT_TOLERANCE = 1e-3
# (batch, rows, dim_x, dim_y)
GRADIENT_SHAPES = (
    (1, 5, 1, 1), (2, 6, 1, 9), (1, 7, 9, 1), (4, 10, 2, 2), (1, 16, 32, 32), (3, 11, 5, 9), (1, 50, 17, 4),
    (2, 100, 1, 1), (1, 200, 5, 5), (1, 442, 10, 1), (2, 500, 2, 3), (1, 1000, 8, 8),
)  # fmt: skip


def check_gradient_parity(model: Mist, path: Path) -> float:
    """Largest difference between PyTorch's autograd and ONNX Runtime over `GRADIENT_SHAPES`.

    The difference is relative to the largest derivative of each data set. Raises RuntimeError above
    `GRADIENT_TOLERANCE`. The scores are shifted a little: several rows with exact scores can share the largest radius,
    where the model has a kink and rounding decides between the slopes on either side.
    """
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    generator = torch.Generator().manual_seed(2)
    worst = 0.0
    for shape in GRADIENT_SHAPES:
        batch, rows, dim_x, dim_y = shape
        shared = torch.randn(batch, rows, 1, generator=generator)
        x, y = (
            normal_scores(shared + torch.randn(batch, rows, columns, generator=generator))
            + 0.01 * torch.randn(batch, rows, columns, generator=generator)
            for columns in (dim_x, dim_y)
        )
        tau = torch.rand(batch, generator=generator) * 0.98 + 0.01
        expected = [tensor.numpy() for tensor in quantile_gradient(model, x, y, tau)]
        got = session.run(list(OUTPUTS), dict(zip(INPUTS, (x.numpy(), y.numpy(), tau.numpy()))))
        scale = np.maximum(*(np.abs(gradient).max((1, 2)) for gradient in expected[1:])) + 1e-6
        differences = [np.abs(got[0] - expected[0]) / np.maximum(1, expected[0])]
        differences += [np.abs(a - b).max((1, 2)) / scale for a, b in zip(got[1:], expected[1:])]
        difference = float(np.max(differences))
        if not difference <= GRADIENT_TOLERANCE:
            raise RuntimeError(f"gradient.onnx differs from autograd by {difference:.2e} at {shape}")
        worst = max(worst, difference)
    return worst
