"""Gaussian and Student data sets with random correlation matrices whose MI spreads over 0 to 6 nats.

The matrices come from loadings W Wᵀ + D (factors, blocks of columns, one common factor, sparse pairs across the sides)
or from the LKJ distribution. With many columns, their MI would be close to 0 or reach tens of nats. Therefore half of
the matrices, and all above 6 nats, have their cross-covariance multiplied by the scalar that gives a drawn MI.
"""

from __future__ import annotations

import math

import torch
from torch import Generator, Tensor

from .batch import Batch, randint, uniform
from .elliptical import sample_elliptical

STUDENT = 0.4  # share of Student data sets, with log-uniform df in 1..30; the others are Gaussian
RESCALED = 0.5  # share of matrices rescaled to a drawn MI; all above MAX_MI are rescaled
MAX_MI = 6.0  # largest MI of the Gaussian part, nats


def sample_block(batch: int, rows: int, dim_x: int, dim_y: int, generator: Generator) -> Batch:
    """Draw Gaussian or Student data sets, each with its own random correlation matrix."""
    correlation = spread_mi(random_correlation(batch, dim_x, dim_y, generator), dim_x, generator)
    df = uniform(0, math.log(30), batch, generator=generator).exp()
    df = torch.where(uniform(0, 1, batch, generator=generator) < STUDENT, df, torch.inf)
    return sample_elliptical(correlation, df, rows, dim_x, generator)


def random_correlation(batch: int, dim_x: int, dim_y: int, generator: Generator) -> Tensor:
    """Draw correlation matrices, with each of `STRUCTURES` equally likely. Returns [batch, dim, dim] float64."""
    drawn = torch.randint(0, len(STRUCTURES), (batch,), generator=generator, device=generator.device)
    sizes = torch.bincount(drawn, minlength=len(STRUCTURES)).tolist()
    parts = [make(size, dim_x, dim_y, generator) for make, size in zip(STRUCTURES.values(), sizes) if size]
    order = torch.rand(batch, generator=generator, device=generator.device).argsort()
    return torch.cat(parts)[order]


def spread_mi(correlation: Tensor, dim_x: int, generator: Generator) -> Tensor:
    """Scale the cross-covariance of some matrices to a drawn MI in 0 to `MAX_MI`, denser near 0.

    With canonical correlations ρ_i, a cross-covariance scaled by t has MI −½ Σ log(1 − t² ρ_i²). This rises with t to
    infinity at t = 1 / max ρ. So every MI can be reached, and the matrix stays positive definite.
    """
    batch, dim, _ = correlation.shape
    factor_x = torch.linalg.cholesky(correlation[:, :dim_x, :dim_x])
    factor_y = torch.linalg.cholesky(correlation[:, dim_x:, dim_x:])
    cross = torch.linalg.solve_triangular(factor_x, correlation[:, :dim_x, dim_x:], upper=False)
    cross = torch.linalg.solve_triangular(factor_y, cross.transpose(1, 2), upper=False)
    gram = cross @ cross.transpose(1, 2) if dim_x > dim - dim_x else cross.transpose(1, 2) @ cross
    squares = torch.linalg.eigvalsh(gram).clamp(0, 1 - 1e-9)
    top = squares.amax(1)

    def mi(scale: Tensor) -> Tensor:
        return -0.5 * torch.log1p(-scale[:, None] * squares).sum(1)

    target = MAX_MI * uniform(0, 1, batch, generator=generator).double() ** 1.5
    low, high = torch.zeros_like(top), (1 - 1e-7) / top.clamp_min(1e-6)
    for _ in range(40):
        middle = (low + high) / 2
        below = mi(middle) < target
        low, high = torch.where(below, middle, low), torch.where(below, high, middle)
    rescale = (uniform(0, 1, batch, generator=generator) < RESCALED) | (mi(torch.ones_like(top)) > MAX_MI)
    scale = torch.where(rescale & (top > 1e-6), low, 1.0).sqrt()
    across = torch.zeros(dim, dim, dtype=torch.bool, device=correlation.device)
    across[:dim_x, dim_x:] = across[dim_x:, :dim_x] = True
    return torch.where(across, correlation * scale[:, None, None], correlation)


def factor(batch: int, dim_x: int, dim_y: int, generator: Generator) -> Tensor:
    """Correlation from one to eight common factors with sparse or dense normal loadings."""
    dim, factors = dim_x + dim_y, 8
    normal = torch.randn(batch, dim, factors, generator=generator, device=generator.device)
    used = torch.arange(factors, device=generator.device) < randint(1, factors, batch, 1, 1, generator=generator)
    filled = uniform(0, 1, batch, dim, factors, generator=generator) < uniform(
        0.1, 1.2, batch, 1, 1, generator=generator
    )
    return _from_loadings(normal * used * filled * _strength(batch, generator), generator)


def blocks(batch: int, dim_x: int, dim_y: int, generator: Generator) -> Tensor:
    """Correlation from groups of columns; each group shares one factor."""
    groups = randint(1, 6, batch, 1, generator=generator)
    member = (uniform(0, 1, batch, dim_x + dim_y, generator=generator) * groups).long()
    sign = 1 - 2 * randint(0, 1, batch, dim_x + dim_y, 1, generator=generator)
    return _from_loadings(sign * torch.nn.functional.one_hot(member, 6) * _strength(batch, generator), generator)


def equicorrelated(batch: int, dim_x: int, dim_y: int, generator: Generator) -> Tensor:
    """The same correlation, 0 to .95, for every two columns."""
    dim = dim_x + dim_y
    level = uniform(0, 0.95, batch, 1, 1, generator=generator).double()
    return level + (1 - level) * torch.eye(dim, dtype=torch.float64, device=generator.device)


def sparse(batch: int, dim_x: int, dim_y: int, generator: Generator) -> Tensor:
    """Correlation of pairs: some columns of x share a factor with one column of y each. The others are independent."""
    pairs, device = min(dim_x, dim_y), generator.device
    used = torch.arange(pairs, device=device) < randint(1, pairs, batch, 1, 1, generator=generator)
    sides = [
        torch.rand(batch, dim, generator=generator, device=device).argsort(1)[:, :, None]
        == torch.arange(pairs, device=device)
        for dim in (dim_x, dim_y)
    ]
    loadings = torch.cat(sides, 1) * used * _strength(batch, generator)
    return _from_loadings(loadings * torch.randn(loadings.shape, generator=generator, device=device).sign(), generator)


def lkj(batch: int, dim_x: int, dim_y: int, generator: Generator) -> Tensor:
    """LKJ(η) with log-uniform η in .7..20, by canonical partial correlations (Lewandowski, Kurowicka and Joe 2009)."""
    dim, device = dim_x + dim_y, generator.device
    eta = uniform(math.log(0.7), 3, batch, 1, generator=generator).exp()
    shape = eta + 0.5 * (dim - 2 - torch.arange(dim, device=device).clamp_max(dim - 2))
    shape = shape[:, None, :].expand(batch, dim, dim).contiguous()
    a, b = (torch._standard_gamma(shape, generator=generator).double() for _ in range(2))
    partial = torch.tril((a - b) / (a + b).clamp_min(1e-30), -1)
    left = torch.cat([torch.ones_like(partial[:, :, :1]), (1 - partial.square()).sqrt().cumprod(2)[:, :, :-1]], 2)
    cholesky = (partial + torch.eye(dim, dtype=torch.float64, device=device)) * torch.tril(left)
    correlation = cholesky @ cholesky.transpose(1, 2)
    return 0.99 * correlation + 0.01 * torch.eye(dim, dtype=torch.float64, device=device)


STRUCTURES = {f.__name__: f for f in (factor, blocks, equicorrelated, sparse, lkj)}


def _strength(batch: int, generator: Generator) -> Tensor:
    return uniform(-1.5, 1.5, batch, 1, 1, generator=generator).exp()


def _from_loadings(loadings: Tensor, generator: Generator) -> Tensor:
    """Correlation of W Wᵀ + D, with random private variances D around 1. loadings W: [batch, dim, factors]."""
    loadings = loadings.double()
    private = (0.4 * torch.randn(loadings.shape[:2], generator=generator, device=generator.device)).exp()
    covariance = loadings @ loadings.transpose(1, 2) + torch.diag_embed(private.double())
    scale = covariance.diagonal(dim1=1, dim2=2).rsqrt()
    return covariance * scale[:, :, None] * scale[:, None, :]
