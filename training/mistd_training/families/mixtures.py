"""Gaussian mixtures in several columns, and class labels of mixtures. MI by Monte Carlo, standard error < .01 nats.

The estimate is the mean of log p(x, y) − log p(x) − log p(y) over draws. The control variate is the same quantity for
the Gaussian with equal mean and covariance; its mean is known exactly. A first round of draws measures the standard
deviation, which determines how many more draws are needed (up to `MAX_DRAWS`). Mixtures that would need more are
replaced by the Gaussian with their mean and covariance, whose MI is exact.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from .batch import Batch, randint, uniform
from .elliptical import gaussian_mi

STANDARD_ERROR = 0.009  # nats; the margin to .01 covers the error of the estimated standard deviation
FIRST_DRAWS = 1_000
MAX_DRAWS = 16_000
MAX_COMPONENTS = 6


@dataclass
class Mixture:
    """Gaussian mixtures with K components.

    log_weight: [batch, K]; mean: [batch, K, dim]; factor: [batch, K, dim, dim], Cholesky factors of the covariances.
    """

    log_weight: Tensor
    mean: Tensor
    factor: Tensor


def sample_mixture(batch: int, rows: int, dim_x: int, dim_y: int, generator: Generator) -> Batch:
    """Draw each data set from its own mixture of 2 to `MAX_COMPONENTS` Gaussians with full covariances."""
    mixture, mi = settled(random_mixture(batch, dim_x + dim_y, generator), dim_x, generator)
    rows_drawn, _ = draw(mixture, rows, generator)
    return Batch(rows_drawn[:, :, :dim_x], rows_drawn[:, :, dim_x:], mi.float())


def sample_classes(batch: int, rows: int, dim_y: int, generator: Generator) -> Batch:
    """Draw class labels x (one column, 2 to `MAX_COMPONENTS` classes in random order) and features y of each class.

    y has dim_y columns and is Gaussian within each class. MI is the mean of log p(y | class) − log p(y) over 6,000
    draws. Its standard deviation is below .75 nats, and so its standard error is below .01 nats.
    """
    mixture = random_mixture(batch, dim_y, generator)
    y, component = draw(mixture, 6_000, generator)
    (density,) = _component_logs(mixture, y, (dim_y,))
    given = density.gather(2, component[:, :, None])[:, :, 0]
    mi = (given - (density + mixture.log_weight[:, None]).logsumexp(2)).double().mean(1).clamp_min(0)
    y, component = draw(mixture, rows, generator)
    codes = torch.rand(batch, MAX_COMPONENTS, generator=generator, device=generator.device).argsort(1)
    return Batch(codes.gather(1, component)[:, :, None].float(), y, mi.float())


def random_mixture(batch: int, dim: int, generator: Generator) -> Mixture:
    """Draw mixtures: means close together or far apart, in all or some columns; covariances from round to narrow."""
    device, count = generator.device, MAX_COMPONENTS

    def normal(*shape: int) -> Tensor:
        return torch.randn(shape, generator=generator, device=device)

    used = torch.arange(count, device=device) < randint(2, count, batch, 1, generator=generator)
    log_weight = torch.where(used, 0.7 * normal(batch, count), -torch.inf).log_softmax(1)
    filled = uniform(0, 1, batch, 1, dim, generator=generator) < uniform(0.4, 1.4, batch, 1, 1, generator=generator)
    mean = normal(batch, count, dim) * filled * uniform(-1, 1.3, batch, 1, 1, generator=generator).exp()
    scale = (0.4 * normal(batch, count, dim) + 0.4 * normal(batch, count, 1)).exp()
    scale = scale * uniform(-1, 0, batch, 1, 1, generator=generator).exp()
    lower = torch.tril(normal(batch, count, dim, dim), -1) * uniform(0, 1, batch, 1, 1, 1, generator=generator)
    factor = torch.eye(dim, device=device) + lower / dim**0.5
    factor = factor / factor.square().sum(3, keepdim=True).sqrt()
    return Mixture(log_weight, mean, factor * scale[:, :, :, None])


def settled(mixture: Mixture, dim_x: int, generator: Generator) -> tuple[Mixture, Tensor]:
    """The mixtures and their MI [batch] float64, nats. Those with too large an error are replaced by a Gaussian."""
    gaussian = _moments(mixture)
    exact = gaussian_mi(gaussian.factor[:, 0] @ gaussian.factor[:, 0].transpose(1, 2), dim_x)
    values = _information(mixture, gaussian, exact, dim_x, FIRST_DRAWS, generator)
    deviation = _controlled(values, exact)[1]
    needed = (deviation / STANDARD_ERROR).square()
    hopeless = needed > MAX_DRAWS
    if not hopeless.all():
        more = int(needed[~hopeless].max().item()) - FIRST_DRAWS
        if more > 0:
            values = torch.cat([values, _information(mixture, gaussian, exact, dim_x, more, generator)], 1)
    mean, deviation = _controlled(values, exact)
    hopeless |= deviation / values.shape[1] ** 0.5 > 0.01
    kept = Mixture(
        mixture.log_weight,
        torch.where(hopeless[:, None, None], gaussian.mean, mixture.mean),
        torch.where(hopeless[:, None, None, None], gaussian.factor, mixture.factor),
    )
    return kept, torch.where(hopeless, exact, mean).clamp_min(0)


def draw(mixture: Mixture, rows: int, generator: Generator) -> tuple[Tensor, Tensor]:
    """Draw rows [batch, rows, dim] and their components [batch, rows]."""
    batch, _, dim = mixture.mean.shape
    component = torch.multinomial(mixture.log_weight.exp(), rows, replacement=True, generator=generator)
    normal = torch.randn(batch, rows, dim, generator=generator, device=generator.device)
    result = torch.zeros_like(normal)
    for k in range(mixture.mean.shape[1]):
        values = torch.baddbmm(mixture.mean[:, k : k + 1], normal, mixture.factor[:, k].transpose(1, 2))
        result = torch.where((component == k)[:, :, None], values, result)
    return result, component


def _information(
    mixture: Mixture, gaussian: Mixture, exact: Tensor, dim_x: int, draws: int, generator: Generator
) -> Tensor:
    """Pointwise information of fresh draws, under the mixture and under the Gaussian. [batch, draws, 2] float64."""
    rows, _ = draw(mixture, draws, generator)
    dim = rows.shape[2]

    def pointwise(law: Mixture) -> Tensor:
        below = law.factor[:, :, dim_x:]
        law_y = Mixture(law.log_weight, law.mean[:, :, dim_x:], torch.linalg.cholesky(below @ below.transpose(2, 3)))
        parts = *_component_logs(law, rows, (dim, dim_x)), *_component_logs(law_y, rows[:, :, dim_x:], (dim - dim_x,))
        joint, x, y = ((part + law.log_weight[:, None]).logsumexp(2) for part in parts)
        return joint - x - y

    one = Mixture(torch.zeros_like(gaussian.log_weight[:, :1]), gaussian.mean[:, :1], gaussian.factor[:, :1])
    return torch.stack([pointwise(mixture), pointwise(one)], 2).double()


def _controlled(values: Tensor, exact: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation of column 0, with column 1 as control variate, whose mean is `exact`."""
    centered = values - values.mean(1, keepdim=True)
    slope = (centered[:, :, 0] * centered[:, :, 1]).sum(1) / centered[:, :, 1].square().sum(1).clamp_min(1e-12)
    adjusted = values[:, :, 0] - slope[:, None] * (values[:, :, 1] - exact[:, None])
    return adjusted.mean(1), adjusted.std(1)


def _component_logs(mixture: Mixture, rows: Tensor, leading: tuple[int, ...]) -> list[Tensor]:
    """Log densities of the first d columns of every row in every component, for each d of `leading`.

    A triangular factor whitens the leading columns on their own. The constant −½ d log 2π is left out: it cancels.
    Returns a list of [batch, rows, K].
    """
    eye = torch.eye(rows.shape[2], device=rows.device).expand_as(mixture.factor)
    inverse = torch.linalg.solve_triangular(mixture.factor, eye, upper=False)
    log_scale = mixture.factor.diagonal(dim1=2, dim2=3).log()
    parts = [[] for _ in leading]
    for k in range(mixture.mean.shape[1]):
        squares = ((rows - mixture.mean[:, k : k + 1]) @ inverse[:, k].transpose(1, 2)).square_()
        for part, d in zip(parts, leading):
            part.append(-0.5 * squares[:, :, :d].sum(2) - log_scale[:, k, None, :d].sum(2))
    return [torch.stack(part, 2) for part in parts]


def _moments(mixture: Mixture) -> Mixture:
    """The mixture with every component replaced by the Gaussian with the mixture's mean and covariance."""
    weight = mixture.log_weight.exp()
    center = (weight[:, :, None] * mixture.mean).sum(1, keepdim=True)
    offset = mixture.mean - center
    within = mixture.factor @ mixture.factor.transpose(2, 3)
    covariance = (weight[:, :, None, None] * (within + offset[:, :, :, None] * offset[:, :, None, :])).sum(1)
    factor = torch.linalg.cholesky(covariance)[:, None].expand_as(mixture.factor)
    return Mixture(mixture.log_weight, center.expand_as(mixture.mean), factor)
