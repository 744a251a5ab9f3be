"""Gaussian and Student distributions with a given correlation (dispersion) matrix."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from .batch import Batch


def gaussian_mi(correlation: Tensor, dim_x: int) -> Tensor:
    """MI of a Gaussian vector split after `dim_x` columns: ½ log(|C_x| |C_y| / |C|).

    correlation: [batch, dim, dim], positive definite. Returns [batch] float64, nats.
    """
    correlation = correlation.double()
    return 0.5 * (
        _log_det(correlation[:, :dim_x, :dim_x]) + _log_det(correlation[:, dim_x:, dim_x:]) - _log_det(correlation)
    )


def student_correction(df: Tensor, dim_x: int, dim_y: int) -> Tensor:
    """MI of a Student vector minus that of a Gaussian of equal dispersion: h(dim_x) + h(dim_y) − h(dim_x + dim_y).

    h(k) is the differential entropy of a k-dimensional standard Student vector (Arellano-Valle, Contreras-Reyes and
    Genton 2013, eq. 7). df: [batch]; infinite df (Gaussian) gives 0. Returns [batch] float64, nats.
    """
    df = df.double()
    finite = torch.where(df.isinf(), torch.ones_like(df), df)

    def entropy(dim: int) -> Tensor:
        half = 0.5 * (finite + dim)
        return (
            half * (torch.digamma(half) - torch.digamma(0.5 * finite))
            - torch.lgamma(half)
            + torch.lgamma(0.5 * finite)
            + 0.5 * dim * torch.log(finite * math.pi)
        )

    correction = entropy(dim_x) + entropy(dim_y) - entropy(dim_x + dim_y)
    return torch.where(df.isinf(), torch.zeros_like(df), correction)


def sample_elliptical(correlation: Tensor, df: Tensor, rows: int, dim_x: int, generator: torch.Generator) -> Batch:
    """Draw rows of Gaussian (df = inf) or Student vectors. Each data set has its own correlation and df; MI is exact.

    correlation: [batch, dim, dim]; df: [batch].
    """
    batch, dim, _ = correlation.shape
    factor = torch.linalg.cholesky(correlation.double()).float()
    normal = torch.randn(batch, rows, dim, generator=generator, device=generator.device)
    samples = normal @ factor.transpose(1, 2)
    if not df.isinf().all():
        shape = torch.where(df.isinf(), torch.ones_like(df), df) / 2
        chi2 = 2 * torch._standard_gamma(shape.float()[:, None].expand(batch, rows).contiguous(), generator=generator)
        scale = torch.where(df.isinf()[:, None], torch.ones_like(chi2), (df.float()[:, None] / chi2).sqrt())
        samples = samples * scale[:, :, None]
    mi = gaussian_mi(correlation, dim_x) + student_correction(df, dim_x, dim - dim_x)
    return Batch(samples[:, :, :dim_x], samples[:, :, dim_x:], mi.float())


def _log_det(matrix: Tensor) -> Tensor:
    return 2 * torch.linalg.cholesky(matrix).diagonal(dim1=1, dim2=2).log().sum(1)
