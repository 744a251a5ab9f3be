"""Random 2-D shapes on a grid of the unit square: unnormalized log densities for `atoms.py`.

Every function takes (count, generator) and returns finite float32 [count, GRID, GRID]; axis 1 is x, axis 2 is y.
The tables need not approximate a continuous density closely: an atom's MI is exact for its table. The shapes need to be
diverse.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Generator, Tensor

from .batch import randint, uniform

GRID = 64
_FLOOR = -25.0  # least log density


def ridge(count: int, generator: Generator) -> Tensor:
    """y = f(x) + noise for a random curve f. The noise is Gaussian or Laplace, its scale constant or varying with x."""
    sigma = _noise_scale(count, 0.004, generator)
    distance = _distance(curve(count, generator), generator.device) / sigma
    laplace = _coin(count, 0.3, generator)[:, None, None]
    return _given_x(torch.where(laplace, -distance, -0.5 * distance.square()), generator)


def band(count: int, generator: Generator) -> Tensor:
    """y uniform within a distance of f(x), for a random curve f, with a little mass outside."""
    width = 1.5 * _noise_scale(count, 0.6 / GRID, generator)
    inside = _distance(curve(count, generator), generator.device) < width
    outside = uniform(-9, -2, count, 1, 1, generator=generator)
    return _given_x(torch.where(inside, torch.zeros_like(outside), outside), generator)


def mixture(count: int, generator: Generator) -> Tensor:
    """One to four Gaussians with random means, widths and correlations."""
    grid = torch.linspace(-3.2, 3.2, GRID, device=generator.device)
    density = torch.full((count, GRID, GRID), math.exp(_FLOOR), device=generator.device)
    for part in range(4):
        center_x, center_y, correlation = (_draw(count, low, -low, generator) for low in (-2.2, -2.2, -0.97))
        width_x, width_y = (_draw(count, -2, 0.2, generator).exp() for _ in range(2))
        weight = _draw(count, -1.6, 0, generator).exp()
        if part:
            weight = weight * _coin(count, 0.65, generator)[:, None, None]
        rest = 1 - correlation.square()
        dx, dy = (grid[:, None] - center_x) / width_x, (grid[None, :] - center_y) / width_y
        # One [count, GRID, GRID] pass: −½ (dx² − 2 r dx dy + dy²) / (1 − r²) = −½ dy² − ½ (dx − r dy)² / (1 − r²).
        log_part = (dx - correlation * dy).square_().mul_(-0.5 / rest).sub_(0.5 * dy.square())
        density.addcmul_(log_part.exp_(), weight / (width_x * width_y * rest.sqrt()))
    return density.log_()


def ring(count: int, generator: Generator) -> Tensor:
    """An ellipse with random axes and tilt and a Gaussian rim, thick or thin; sometimes with a central blob."""
    grid = torch.linspace(-2.5, 2.5, GRID, device=generator.device)
    tilt = _draw(count, 0, math.pi, generator)
    u = grid[:, None] * tilt.cos() + grid[None, :] * tilt.sin()
    v = (grid[None, :] * tilt.cos() - grid[:, None] * tilt.sin()) * _draw(count, -0.7, 0.7, generator).exp()
    radius = (u.square() + v.square()).sqrt()
    rim = -0.5 * ((radius - _draw(count, 0.7, 2.1, generator)) / _draw(count, -3.3, -0.3, generator).exp()).square()
    blob = torch.where(_coin(count, 0.3, generator)[:, None, None], -0.5 * (radius / 0.4).square() - 1, _FLOOR)
    return torch.logaddexp(rim, blob).clamp_min(_FLOOR)


def gaussian_copula(count: int, generator: Generator) -> Tensor:
    """Gaussian copula with correlation up to .9995: log density at the cell centers."""
    return gaussian_copula_log(_draw(count, 0, 4.2, generator).tanh())


def student_copula(count: int, generator: Generator) -> Tensor:
    """Student copula with df 1 to 20 and correlation up to .995, often 0, on cells of equal mass for df = 2."""
    correlation = torch.where(_coin(count, 0.25, generator)[:, None, None], 0.0, _draw(count, 0, 3, generator).tanh())
    return student_copula_log(correlation, _draw(count, 0, 3, generator).exp())


def clayton(count: int, generator: Generator) -> Tensor:
    """Clayton copula with theta .05 to 30."""
    return archimedean_log(clayton_cdf, _draw(count, -3, 3.4, generator).exp())


def gumbel(count: int, generator: Generator) -> Tensor:
    """Gumbel copula with theta 1.05 to 25."""
    return archimedean_log(gumbel_cdf, 1 + _draw(count, -3, 3.2, generator).exp())


def frank(count: int, generator: Generator) -> Tensor:
    """Frank copula with theta .3 to 60."""
    return archimedean_log(frank_cdf, _draw(count, -1.2, 4.1, generator).exp())


def field(count: int, generator: Generator) -> Tensor:
    """exp of a random smooth function: a sum of cosines up to frequency 4 on either axis."""
    frequency = torch.arange(9, device=generator.device)
    basis = (math.pi * frequency[:, None] * centers(generator.device)).cos()
    normal = torch.randn(count, 9, 9, generator=generator, device=generator.device)
    decay = _draw(count, 0, 2, generator)
    normal = normal * (1 + frequency[:, None] + frequency[None, :]).log().mul(-decay).exp()
    log_density = basis.T @ normal @ basis * _draw(count, 0, 3.2, generator).exp()
    return (log_density - log_density.amax((1, 2), keepdim=True)).clamp_min(_FLOOR)


def checker(count: int, generator: Generator) -> Tensor:
    """Blocks of constant density: random masses in a table of 2 to 8 by 2 to 8."""
    normal = torch.randn(count, 8, 8, generator=generator, device=generator.device)
    normal = normal * _draw(count, -1, 2, generator).exp()
    x_block, y_block = (
        (centers(generator.device) * randint(2, 8, count, 1, generator=generator)).long() for _ in range(2)
    )
    rows = normal.gather(1, x_block[:, :, None].expand(-1, -1, 8))
    return rows.gather(2, y_block[:, None, :].expand(-1, GRID, -1)).clamp_min(_FLOOR)


def curve(count: int, generator: Generator) -> Tensor:
    """Random curves at the cell centers: periodic, quadratic, saturating, piecewise linear or steps. [count, GRID]."""
    x = centers(generator.device)[None]

    def draw(low: float, high: float) -> Tensor:
        return uniform(low, high, count, 1, generator=generator)

    periodic = (2 * math.pi * draw(-1.2, 1.4).exp() * x + draw(0, 2 * math.pi)).sin()
    quadratic = (x - draw(-0.1, 1.1)).square()
    saturating = (draw(0, 3.2).exp() * (x - draw(0, 1))).tanh()
    knots = torch.linspace(0, 1, 7, device=generator.device)[:, None]
    heights = torch.rand(count, 7, generator=generator, device=generator.device)
    linear = heights @ (1 - 6 * (x - knots).abs()).clamp_min(0)
    steps = heights @ ((6 * (x - knots)).abs() <= 0.5).float()
    shapes = torch.stack([periodic, quadratic, saturating, linear, steps])
    kind = torch.randint(0, len(shapes), (1, count, 1), generator=generator, device=generator.device)
    shape = shapes.gather(0, kind.expand(1, count, GRID))[0]
    low, high = shape.amin(1, keepdim=True), shape.amax(1, keepdim=True)
    unit = (shape - low) / (high - low).clamp_min(1e-6)
    bottom = draw(0, 0.25)
    return bottom + unit * (draw(0.75, 1) - bottom)


def centers(device: torch.device) -> Tensor:
    """Centers of the cells of the unit interval. Returns [GRID]."""
    return (torch.arange(GRID, device=device) + 0.5) / GRID


def gaussian_copula_log(correlation: Tensor) -> Tensor:
    """Log density of the Gaussian copula at the cell centers. correlation: [count, 1, 1]."""
    z = torch.special.ndtri(centers(correlation.device))
    x, y = z[:, None], z[None, :]
    square = correlation.square()
    quadratic = square * (x.square() + y.square()) - 2 * correlation * x * y
    return (-0.5 * quadratic / (1 - square)).clamp_min(-60)


def student_copula_log(correlation: Tensor, df: Tensor) -> Tensor:
    """Log mass of a bivariate t on cells bounded by the quantiles of the t with df = 2.

    correlation, df: [count, 1, 1] each.
    """
    u = centers(correlation.device)
    t = (2 * u - 1) / (2 * u * (1 - u)).sqrt()
    width = (2 + t.square()).log() * 1.5
    x, y = t[:, None], t[None, :]
    quadratic = (x.square() - 2 * correlation * x * y + y.square()) / (1 - correlation.square())
    return -(0.5 * df + 1) * torch.log1p(quadratic / df) + width[:, None] + width[None, :]


def archimedean_log(cdf: Callable[[Tensor, Tensor, Tensor], Tensor], theta: Tensor) -> Tensor:
    """Exact log mass of every cell, from a copula's distribution function. theta: [count, 1, 1]."""
    edges = torch.linspace(0, 1, GRID + 1, dtype=torch.float64, device=theta.device)
    values = cdf(edges[:, None].clamp(1e-12, 1), edges[None, :].clamp(1e-12, 1), theta.double())
    values = torch.where((edges[:, None] == 0) | (edges[None, :] == 0), 0.0, values)
    return values.diff(dim=1).diff(dim=2).clamp_min(1e-12).log().float()


def clayton_cdf(u: Tensor, v: Tensor, theta: Tensor) -> Tensor:
    """(u^-θ + v^-θ − 1)^(-1/θ) (Nelsen 2006, 4.2.1), computed in logarithms so that no power overflows."""
    a, b = -theta * u.log(), -theta * v.log()
    top = torch.maximum(a, b)
    return (-(top + ((a - top).exp() + (b - top).exp() - (-top).exp()).log()) / theta).exp()


def gumbel_cdf(u: Tensor, v: Tensor, theta: Tensor) -> Tensor:
    """exp(−((−ln u)^θ + (−ln v)^θ)^(1/θ)) (Nelsen 2006, 4.2.4)."""
    a, b = theta * (-u.log()).clamp_min(1e-300).log(), theta * (-v.log()).clamp_min(1e-300).log()
    return (-(torch.logaddexp(a, b) / theta).exp()).exp()


def frank_cdf(u: Tensor, v: Tensor, theta: Tensor) -> Tensor:
    """−ln(1 + (e^-θu − 1)(e^-θv − 1) / (e^-θ − 1)) / θ (Nelsen 2006, 4.2.5), without cancellation."""
    a, b, end = (-theta * u).exp(), (-theta * v).exp(), (-theta).exp()
    return -((a + b - a * b - end).log() - torch.log1p(-end)) / theta


def _distance(f: Tensor, device: torch.device) -> Tensor:
    return (centers(device)[None, None, :] - f[:, :, None]).abs()


def _noise_scale(count: int, low: float, generator: Generator) -> Tensor:
    """Noise scales, log-uniform from `low` to .8. In half of the shapes they vary along x. [count, GRID, 1]."""
    slope = torch.where(_coin(count, 0.5, generator)[:, None, None], _draw(count, -3, 3, generator), 0.0)
    scale = _draw(count, math.log(low), math.log(0.8), generator).exp()
    return (scale * (slope * (centers(generator.device)[None, :, None] - 0.5)).exp()).clamp_min(low)


def _given_x(log_density: Tensor, generator: Generator) -> Tensor:
    """Normalize over y, and multiply by a density of x that is uniform or tilted."""
    count = log_density.shape[0]
    tilt = torch.where(_coin(count, 0.3, generator)[:, None, None], _draw(count, -2, 2, generator), 0.0)
    log_x = tilt * centers(generator.device)[None, :, None]
    return (log_density - log_density.logsumexp(2, keepdim=True) + log_x).clamp_min(_FLOOR - 5)


def _draw(count: int, low: float, high: float, generator: Generator) -> Tensor:
    return uniform(low, high, count, 1, 1, generator=generator)


def _coin(count: int, probability: float, generator: Generator) -> Tensor:
    return torch.rand(count, generator=generator, device=generator.device) < probability


KINDS = {
    f.__name__: f
    for f in (ridge, band, mixture, ring, gaussian_copula, student_copula, clayton, gumbel, frank, field, checker)
}
