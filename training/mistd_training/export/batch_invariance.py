"""Makes exported programs batch-invariant: a data set has the same answer, to the last bit, alone and in any batch.

So requests may share a run, and a pair of columns has one answer, alone and in a screening. Two kinds of operators in
ONNX Runtime round differently depending on the batch. Sums over an axis add in an order that depends on it. Logarithms
and cosines process the last elements of a tensor, which do not fill a vector of the processor, by another routine.
Here, sums become matrix products, one for each data set, and the tensors of logarithms and cosines are padded.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.export import ExportedProgram

_LARGEST_VECTOR = 16  # float32 of AVX-512


def batch_invariant(program: ExportedProgram) -> ExportedProgram:
    """The same program with batch-invariant operators. Sums of integers stay: they are exact in any order."""
    return program.run_decompositions(_OPERATORS)


def _sum(x: Tensor, dims: list[int] | None, keepdim: bool = False, *, dtype: torch.dtype | None = None) -> Tensor:
    if not dims or not x.dtype.is_floating_point:
        return NotImplemented
    first, last = min(d % x.ndim for d in dims), max(d % x.ndim for d in dims)
    if last - first + 1 != len(dims):
        return NotImplemented
    before, summed, after = x.shape[:first], x.shape[first : last + 1], x.shape[last + 1 :]
    x = x.flatten(first, last)
    count = x.shape[first]
    if len(after) > 1:
        x = x.flatten(first + 1)
    if not after:
        x = x.unsqueeze(-1) if x.ndim == 2 else x.transpose(-1, -2)
    total = torch.ones(1, count, dtype=x.dtype) @ x  # a product for each data set
    if keepdim and len(after) == len(summed) == 1:
        return total
    if not keepdim and len(after) == 1:
        return total.squeeze(-2)
    return total.reshape(*before, *([1] * len(summed) if keepdim else []), *after)


def _mean(x: Tensor, dims: list[int] | None, keepdim: bool = False, *, dtype: torch.dtype | None = None) -> Tensor:
    total = _sum(x, dims, keepdim)
    if total is NotImplemented:
        return NotImplemented
    return total / math.prod(x.shape[d] for d in dims or [])


def _of_whole_vectors(function: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
    """The same function, applied to a padded tensor, so that all elements of the original lie in whole vectors."""

    def apply(x: Tensor) -> Tensor:
        if x.ndim == 0:
            return NotImplemented
        longer = F.pad(x.flatten(), (0, _LARGEST_VECTOR - 1), value=1.0)
        return function(longer)[: 1 - _LARGEST_VECTOR].view(x.shape)

    return apply


_log = _of_whole_vectors(torch.ops.prims.log.default)
_cos = _of_whole_vectors(torch.ops.prims.cos.default)


def _log1p(x: Tensor) -> Tensor:
    return _log(1 + x)


def _softplus(x: Tensor, beta: float = 1, threshold: float = 20) -> Tensor:
    return x.clamp_min(0) + _log(1 + (-x.abs()).exp())


_OPERATORS: dict[Any, Callable] = {
    torch.ops.aten.sum.dim_IntList: _sum,
    torch.ops.aten.mean.dim: _mean,
    torch.ops.aten.log.default: _log,
    torch.ops.aten.log1p.default: _log1p,
    torch.ops.aten.softplus.default: _softplus,
    torch.ops.aten.cos.default: _cos,
}
