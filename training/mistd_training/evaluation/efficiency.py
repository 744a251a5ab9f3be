"""A lower bound for the mean squared error of MI estimates on the reference's test sets.

MI is the mean of the information density i(x, y) = log p(x, y) / (p(x) p(y)), and i − MI is its influence function. So
an estimator that knows nothing about the distribution has, for many rows, a mean squared error of at least
Var[i] / rows (Levit 1978, "Asymptotically efficient estimation of nonlinear functionals"; Kandasamy et al. 2015,
"Nonparametric von Mises estimators for entropies, divergences and mutual informations"). An estimator that knows the
family, such as a model trained on it, can be better. With few rows, no estimator comes close to the bound.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

from ..families.batch import Batch, randint
from ..families.paper import Parameters, draw_parameters, sample_distributions

# The families of the reference's sets and their counts, without maps of columns, which do not change i(x, y).
_FAMILIES = {
    "imd": {"normal-dense": 2, "normal-lvm": 1, "student-dense": 1, "student-sparse": 2},
    "oomd": {"additive-noise": 2, "normal-dense": 1, "normal-sparse": 2, "student-dense": 1, "student-sparse": 1},
}
_ROWS = np.linspace(10, 500, 20).round()  # sizes of the reference's data sets
_DIMS = (2, 32)  # range of dim_x = dim_y


def information_density(parameters: Parameters, batch: Batch) -> Tensor:
    """log p(x, y) / (p(x) p(y)) of every row, under these distributions. Returns [batch, rows], float64, nats."""
    x, y = batch.x.double(), batch.y.double()
    dim_x = x.shape[2]
    correlation = parameters.correlation.double()
    df = parameters.df.double()[:, None]
    sides = (
        (torch.cat([x, y], 2), correlation, 1),
        (x, correlation[:, :dim_x, :dim_x], -1),
        (y, correlation[:, dim_x:, dim_x:], -1),
    )
    elliptical = sum(sign * _log_density(values, matrix, df) for values, matrix, sign in sides)

    # For y = x + U(−ε, ε): p(y | x) = 1 / 2ε, and p(y) is this times the length of [y − ε, y + ε] within [0, 1].
    epsilon = parameters.epsilon.double()[:, None]
    paired = y[:, :, : epsilon.shape[2]]
    overlap = torch.minimum(paired + epsilon, torch.tensor(1.0)) - torch.maximum(paired - epsilon, torch.tensor(0.0))
    additive = -overlap.clamp_min(1e-12).log().sum(2)
    return torch.where(parameters.additive[:, None], additive, elliptical)


def efficient_errors(seed: int, low: int, high: int, draws: int = 300, rows: int = 4_000) -> dict:
    """The bound Var[i] / rows in nats², averaged over each of the reference's sets at its sizes in [low, high).

    draws: distributions per family; Var[i] is estimated from `rows` samples of each. "error" is the standard error of
    the mean over draws.
    """
    generator = torch.Generator().manual_seed(seed)
    per_row = float(np.mean([1 / r for r in _ROWS if low <= r < high]))
    least, error = {}, {}
    for name in {name: None for counts in _FAMILIES.values() for name in counts}:
        values = per_row * np.array([_variance(name, rows, generator) for _ in range(draws)])
        least[name], error[name] = values.mean(), values.std() / draws**0.5
    result: dict = {"seed": seed, "rows": [low, high], "draws": draws, "sets": {}}
    for name, counts in _FAMILIES.items():
        shares = {family: count / sum(counts.values()) for family, count in counts.items()}
        result["sets"][name] = {
            "mse": round(sum(share * least[family] for family, share in shares.items()), 5),
            "error": round(math.hypot(*(share * error[family] for family, share in shares.items())), 5),
            "families": {family: round(least[family], 5) for family in shares},
        }
    return result


def _variance(family: str, rows: int, generator: torch.Generator) -> float:
    dim = int(randint(*_DIMS, 1, generator=generator))
    parameters = draw_parameters([family], dim, dim, generator)
    batch = sample_distributions(parameters, rows, dim, dim, generator)
    return information_density(parameters, batch).var().item()


def _log_density(values: Tensor, dispersion: Tensor, df: Tensor) -> Tensor:
    """Log density of Student vectors [batch, rows, dim], or Gaussian ones where df is infinite. Returns [batch, rows].

    The constants ½ dim · log π and ½ dim · log 2π are left out: they cancel in the information density.
    """
    dim = values.shape[2]
    factor = torch.linalg.cholesky(dispersion)
    log_det = factor.diagonal(dim1=1, dim2=2).log().sum(1)[:, None]
    squares = torch.linalg.solve_triangular(factor, values.mT, upper=False).square().sum(1)
    finite = torch.where(df.isinf(), torch.ones_like(df), df)
    student = (
        torch.lgamma((finite + dim) / 2)
        - torch.lgamma(finite / 2)
        - dim / 2 * finite.log()
        - (finite + dim) / 2 * torch.log1p(squares / finite)
    )
    return torch.where(df.isinf(), -squares / 2, student) - log_det
