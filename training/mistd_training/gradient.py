"""d quantile / d scores of a model, in PyTorch and as `gradient.onnx`.

ONNX has no backward pass, so the exporter is given a graph that contains it: the forward is exported, its derivative is
traced with symbolic sizes, and the outcome is exported again. Whatever `Mist.forward` computes comes along; what it
counts or sorts is piecewise constant and has derivative 0, as in PyTorch.
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

from . import model as model_module
from . import onnx_file
from .encoding import normal_scores
from .model import Mist
from .quantiles import TAUS

INPUTS = ("scores_x", "scores_y", "tau")
OUTPUTS = ("quantile", "gradient_x", "gradient_y")
_SIZES = (("batch", 1), ("rows", 2), ("dim_x", 1), ("dim_y", 1))
_EXAMPLE_SHAPE = (3, 40, 5, 4)


def quantile_gradient(model: nn.Module, scores_x: Tensor, scores_y: Tensor, tau: Tensor) -> tuple[Tensor, ...]:
    """Q(tau) of each data set and its derivative with respect to every score.

    scores_x: [B, N, dim_x], scores_y: [B, N, dim_y], tau: [B] in (0, 1).
    Returns quantile [B] in nats, gradient_x [B, N, dim_x], gradient_y [B, N, dim_y].
    """
    scores_x, scores_y = (scores.detach().requires_grad_() for scores in (scores_x, scores_y))
    value = quantile_at(model(scores_x, scores_y), tau)
    return value.detach(), *torch.autograd.grad(value.sum(), (scores_x, scores_y))


def quantile_at(knots: Tensor, tau: Tensor) -> Tensor:
    """`quantiles.quantile` in PyTorch, differentiable with respect to the knots: Q(tau) of every row.

    At a knot that is the knot itself; between knots PCHIP also follows the slopes around them, and beyond the outermost
    knots the end slope. knots: [B, T], tau: [B] in (0, 1). Returns [B].
    """
    at = normal_quantile(torch.tensor(TAUS, device=knots.device))
    w = normal_quantile(tau)[:, None]
    width, rise = at.diff(), knots[:, 1:] - knots[:, :-1]
    slopes = _pchip_slopes(width, rise / width)
    inside = torch.minimum(torch.maximum(w, at[0]), at[-1])
    t = ((inside - at[:-1]) / width).clamp(0, 1)  # [B, T - 1]
    u = 1 - t
    pieces = knots[:, :-1] + rise * (3 - 2 * t) * t * t + width * t * u * (slopes[:, :-1] * u - slopes[:, 1:] * t)
    chosen = (inside >= at[:-1]) & ((inside < at[1:]) | (at[1:] == at[-1]))
    tails = torch.clamp(w - at[0], max=0) * slopes[:, :1] + torch.clamp(w - at[-1], min=0) * slopes[:, -1:]
    return torch.relu((pieces * chosen).sum(1) + tails[:, 0])


def _pchip_slopes(width: Tensor, secant: Tensor) -> Tensor:
    """Derivatives at the knots (Fritsch and Butland 1984, with SciPy's end slopes) of non-decreasing values.

    width: [T - 1], secant: [B, T - 1], ≥ 0. Returns [B, T].
    """
    before, after = secant[:, :-1], secant[:, 1:]
    weight_before, weight_after = 2 * width[1:] + width[:-1], width[1:] + 2 * width[:-1]
    rising = (before > 0) & (after > 0)
    # A flat piece must not divide by 0, not even where the result is thrown away: its derivative would be NaN.
    inverse = weight_before / torch.where(rising, before, 1) + weight_after / torch.where(rising, after, 1)
    inner = torch.where(rising, (weight_before + weight_after) / inverse, 0)
    first = _end_slope(width[0], width[1], secant[:, :1], secant[:, 1:2])
    last = _end_slope(width[-1], width[-2], secant[:, -1:], secant[:, -2:-1])
    return torch.cat([first, inner, last], 1)


def _end_slope(width: Tensor, next_width: Tensor, secant: Tensor, next_secant: Tensor) -> Tensor:
    """Three-point estimate, cut to [0, 3 secants of a piece beside a flat one] to preserve the shape."""
    slope = torch.relu(((2 * width + next_width) * secant - width * next_secant) / (width + next_width))
    slope = torch.where(secant > 0, slope, 0)
    return torch.where(next_secant > 0, slope, torch.minimum(slope, 3 * secant))


def normal_quantile(p: Tensor) -> Tensor:
    """Φ⁻¹(p) to about seven digits: Wichura 1988, algorithm AS 241, PPND7. ONNX has no inverse error function."""
    q = p - 0.5
    r = 0.180625 - q * q
    middle = q * _polynomial(r, 3.3871327179, 50.434271938, 159.29113202, 59.109374720)
    middle = middle / _polynomial(r, 1.0, 17.895169469, 78.757757664, 67.187563600)
    root = torch.sqrt(-torch.log(torch.minimum(p, 1 - p)))
    r = root - 1.6
    near = _polynomial(r, 1.4234372777, 2.7568153900, 1.3067284816, 0.17023821103)
    near = near / _polynomial(r, 1.0, 0.73700164250, 0.12021132975)
    r = root - 5
    far = _polynomial(r, 6.6579051150, 3.0812263860, 0.42868294337, 0.017337203997)
    far = far / _polynomial(r, 1.0, 0.24197894225, 0.012258202635)
    tail = torch.where(root <= 5, near, far)
    return torch.where(q.abs() <= 0.425, middle, torch.where(q < 0, -tail, tail))


def _polynomial(x: Tensor, *coefficients: float) -> Tensor:
    """Horner's rule; the constant term comes first."""
    value = torch.full_like(x, coefficients[-1])
    for coefficient in coefficients[-2::-1]:
        value = value * x + coefficient
    return value


# --- Export -----------------------------------------------------------------------------------------------------------


def write_gradient_onnx(model: Mist, path: Path) -> None:
    """Write `quantile_gradient` of the model as one self-contained file with every size dynamic."""
    onnx_file.write(
        _ForOnnx(_trace(model)),
        _example(),
        path,
        input_names=list(INPUTS),
        output_names=list(OUTPUTS),
        dynamic_shapes={"inputs": _dynamic_shapes()},
    )


def _trace(model: Mist) -> GraphModule:
    """The graph of `quantile_gradient`, backward operators and all, with symbolic sizes."""
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
    """What the exporter assumed of the example's sizes does not hold of others, nor does the graph depend on it."""
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
    batch, rows, dim_x, dim_y = (torch.export.Dim(name, min=low) for name, low in _SIZES)
    return {0: batch, 1: rows, 2: dim_x}, {0: batch, 1: rows, 2: dim_y}, {0: batch}


@torch.library.custom_op("mistd::log_det_inverse", mutates_args=())
def _log_det_inverse(matrix: Tensor) -> tuple[Tensor, Tensor]:
    """log |A| [M] and A⁻¹ [M, D, D] of positive definite A. One operator, so that tracing keeps it in one piece."""
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
    """The model's own log-determinants have no derivative that ONNX knows: Cholesky, or a loop."""
    original = model_module.log_det
    model_module.log_det = lambda matrix: _log_det_inverse(matrix)[0]
    try:
        yield
    finally:
        model_module.log_det = original


class _ForOnnx(nn.Module):
    """Runs a traced graph with the operators that the exporter lacks put in terms of those that it has."""

    def __init__(self, traced: GraphModule):
        super().__init__()
        self.traced = traced

    def forward(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        return _Translator(self.traced).run(*inputs)


class _Translator(Interpreter):
    def call_function(self, target, args, kwargs):
        return super().call_function(_TRANSLATIONS.get(target, target), args, kwargs)


def _diagonal_backward(grad: Tensor, _sizes: list[int], offset: int, dim1: int, dim2: int) -> Tensor:
    """For square matrices, without the copy into a view by which PyTorch does it."""
    return torch.diag_embed(grad, offset, dim1, dim2)


def sweep(matrix: Tensor) -> tuple[Tensor, Tensor]:
    """log |A| and A⁻¹ by the sweep operator (Goodnight 1979), one rank-one update a column.

    Sweeping column k subtracts v vᵀ / p, where p is the pivot and v the column less eₖ; what this leaves on the
    diagonal is 2 more than −A⁻¹ has. In double precision inside: with fewer rows than columns, A is nearly singular.
    matrix: [M, D, D], positive definite. Returns [M], [M, D, D].
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
    # What was in one piece for the example need not be for other sizes.
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
    """Largest difference between PyTorch's autograd and ONNX Runtime over `GRADIENT_SHAPES`, relative to the largest
    derivative of each data set. Raises RuntimeError above `GRADIENT_TOLERANCE`.

    The scores are moved a little: among exact ones several rows can share the largest radius, where there is a kink and
    rounding decides between the slopes on either side.
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
