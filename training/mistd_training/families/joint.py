"""Joint structures: dependence that lives in three or more columns together and that no pair of columns shows.

A lift spreads one column s of an atom over k columns X, by an invertible map of s and noise that is independent of the
atom. s can be computed from X, so I(X; Y) = I(s; Y), exactly. A function works the other way: X is drawn, s = g(X), and
y follows the atom's conditional distribution given the 64-quantile cell of s. The quantiles come from `REFERENCE_ROWS`
quasi-random points of X (an additive recurrence with a random shift). So the cells have equal mass up to a small error,
which changes MI by less than .01 nats.

The structures for training: modular sums, products, products of signs, radius, direction, gate by a sign, maximum,
quadratic forms, random networks, waves of sums. `joint_validation.py` has others, which must not be used here.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Generator, Tensor

from .atoms import GRID, Atoms, discretise, draw_atoms, even_channel, sample_atoms, sample_channel
from .batch import Batch, normal, randint, uniform

REFERENCE_ROWS = 128 * GRID
BOTH_SIDES = 0.25  # share of lifted groups in which y is lifted too, if it has two columns
DISCRETE_Y = 0.25  # share of groups with a discrete y

Function = Callable[[Tensor], Tensor]  # X [batch, rows, columns] → s [batch, rows]


def sample_joint(batch: int, rows: int, columns_x: int, columns_y: int, generator: Generator) -> Batch:
    """Draw one structure for the group and one atom for each data set.

    columns_x: 2 or more; columns_y: 1 or more. Unless y is lifted too, all columns of y but one are noise.
    """
    coin = uniform(0, 1, 3, generator=generator).tolist()
    atoms = draw_atoms(batch, generator)
    if coin[0] < 0.4:
        name = list(FUNCTIONS)[randint(0, len(FUNCTIONS) - 1, 1, generator=generator).item()]
        x, y, mi = from_function(name, atoms, rows, columns_x, coin[1] < DISCRETE_Y, generator)
    else:
        discrete = coin[1] < DISCRETE_Y
        atoms = discretise_y(atoms, discrete, generator)
        x, y, mi = from_lift(_pick(columns_x, generator), atoms, rows, columns_x, generator)
        if columns_y > 1 and coin[2] < BOTH_SIDES and not discrete:
            return Batch(x, LIFTS[_pick(columns_y, generator)](y, columns_y, generator), mi.float())
    noise = torch.randn(batch, rows, columns_y - 1, generator=generator, device=generator.device)
    return Batch(x, torch.cat([y[:, :, None], noise], 2), mi.float())


def discretise_y(atoms: Atoms, discrete: bool, generator: Generator) -> Atoms:
    """The atoms, with a discrete y if `discrete` is set."""
    return discretise(atoms, "y", generator) if discrete else atoms


def from_lift(name: str, atoms: Atoms, rows: int, columns: int, generator: Generator) -> tuple[Tensor, Tensor, Tensor]:
    """Lift the atoms' x. Returns X [batch, rows, columns], the atoms' y [batch, rows] and MI [batch] float64."""
    s, y = sample_atoms(atoms, rows, generator)
    return LIFTS[name](s, columns, generator), y, atoms.mi


def from_function(
    name: str, atoms: Atoms, rows: int, columns: int, discrete: bool, generator: Generator
) -> tuple[Tensor, Tensor, Tensor]:
    """Draw X, and y by the atoms' conditional distribution given the 64-quantile cell of s = g(X).

    Returns the same shapes as `from_lift`.
    """
    batch = atoms.mi.shape[0]
    g = FUNCTIONS[name](batch, columns, generator)
    correlated = torch.randn(batch, columns, columns, generator=generator, device=generator.device)
    correlated = torch.where(
        uniform(0, 1, batch, 1, 1, generator=generator) < 0.3,
        torch.eye(columns, device=generator.device) + 0.5 * correlated,
        torch.eye(columns, device=generator.device),
    )

    x = torch.randn(batch, rows, columns, generator=generator, device=generator.device) @ correlated
    reference = g(_even_normals(batch, columns, generator) @ correlated).sort(1).values
    edges = reference[:, REFERENCE_ROWS // GRID :: REFERENCE_ROWS // GRID].contiguous()
    cell = torch.searchsorted(edges, g(x).contiguous(), right=True)
    channel = discretise_y(even_channel(atoms), discrete, generator)
    return x, sample_channel(channel, cell, generator), channel.mi


def modular(s: Tensor, columns: int, generator: Generator) -> Tensor:
    """s = Σ a_j x_j mod 1 with a_j = ±1, ±2 and a_k = 1. Every column is uniform; any k − 1 are independent of s."""
    batch, rows = s.shape
    free = uniform(0, 1, batch, rows, columns - 1, generator=generator)
    factors = randint(1, 2, batch, 1, columns - 1, generator=generator)
    factors = factors * (1 - 2 * randint(0, 1, batch, 1, columns - 1, generator=generator))
    return torch.cat([free, (s - (factors * free).sum(2)).remainder(1)[:, :, None]], 2)


def product(s: Tensor, columns: int, generator: Generator) -> Tensor:
    """Φ⁻¹(s) = x_1 ⋯ x_k, where x_1 … x_{k−1} have random signs and log-normal sizes."""
    free = _signed(s, columns, uniform(0.1, 0.8, s.shape[0], 1, 1, generator=generator), generator)
    return torch.cat([free, (normal(s) / free.prod(2))[:, :, None]], 2)


def signs(s: Tensor, columns: int, generator: Generator) -> Tensor:
    """Φ⁻¹(s) = x_k sign(x_1) ⋯ sign(x_{k−1}). The sizes of x_1 … x_{k−1} are noise."""
    free = torch.randn(*s.shape, columns - 1, generator=generator, device=s.device)
    return torch.cat([free, (normal(s) * free.sign().prod(2))[:, :, None]], 2)


def radius(s: Tensor, columns: int, generator: Generator) -> Tensor:
    """s determines the length of X, as of a normal vector or on a shell. The direction of X is uniform."""
    direction = torch.randn(*s.shape, columns, generator=generator, device=s.device)
    direction = direction / direction.square().sum(2, keepdim=True).sqrt().clamp_min(1e-12)
    inner = uniform(0, 1.5, s.shape[0], 1, generator=generator)
    length = inner + (-2 * torch.log1p(-s.clamp(0, 1 - 1e-6))).sqrt()
    return direction * length[:, :, None]


def direction(s: Tensor, columns: int, generator: Generator) -> Tensor:
    """s determines the angle of (x_1, x_2). Their length and the other columns are noise."""
    other = torch.randn(*s.shape, columns, generator=generator, device=s.device)
    length = 0.2 + (other[:, :, 0].square() + other[:, :, 1].square()).sqrt()
    angle = 2 * math.pi * s
    return torch.cat([(length * angle.cos())[:, :, None], (length * angle.sin())[:, :, None], other[:, :, 2:]], 2)


def gate(s: Tensor, columns: int, generator: Generator) -> Tensor:
    """The sign of x_1 selects which of x_2 and x_3 is Φ⁻¹(s). With two columns: `signs`."""
    if columns < 3:
        return signs(s, columns, generator)
    other = torch.randn(*s.shape, columns - 1, generator=generator, device=s.device)
    switch = other[:, :, 0] > 0
    z = normal(s)
    pair = [torch.where(switch, z, other[:, :, 1]), torch.where(switch, other[:, :, 1], z)]
    return torch.cat([other[:, :, :1], torch.stack(pair, 2), other[:, :, 2:]], 2)


def maximum(s: Tensor, columns: int, generator: Generator) -> Tensor:
    """s is the largest column of X, at a uniformly random position. The others are uniform below it."""
    smaller = s[:, :, None] * torch.rand(*s.shape, columns, generator=generator, device=s.device)
    place = torch.rand(*s.shape, columns, generator=generator, device=s.device).argmax(2, keepdim=True)
    return smaller.scatter(2, place, s[:, :, None])


LIFTS = {f.__name__: f for f in (modular, product, signs, radius, direction, gate, maximum)}


def quadratic(batch: int, columns: int, generator: Generator) -> Function:
    """g(X) = Xᵀ A X for a random matrix A, whose diagonal is 0 in half of the data sets, plus a small linear part."""
    a = torch.randn(batch, columns, columns, generator=generator, device=generator.device)
    crossed = 1 - torch.eye(columns, device=generator.device)
    a = torch.where(uniform(0, 1, batch, 1, 1, generator=generator) < 0.5, a * crossed, a)
    linear = 0.3 * torch.randn(batch, 1, columns, generator=generator, device=generator.device)
    return lambda x: ((x @ a + linear) * x).sum(2)


def interaction(batch: int, columns: int, generator: Generator) -> Function:
    """g(X) = the product of all columns plus a linear part."""
    linear = uniform(0, 0.7, batch, 1, 1, generator=generator)
    linear = linear * torch.randn(batch, 1, columns, generator=generator, device=generator.device)
    return lambda x: x.prod(2) + (linear * x).sum(2)


def network(batch: int, columns: int, generator: Generator) -> Function:
    """g is a random network with one hidden layer of 16 units, from nearly linear to strongly nonlinear."""
    device = generator.device
    gain = uniform(-0.5, 1.2, batch, 1, 1, generator=generator).exp()
    first = torch.randn(batch, columns, 16, generator=generator, device=device) * gain
    bias = torch.randn(batch, 1, 16, generator=generator, device=device) * gain
    second = torch.randn(batch, 16, 1, generator=generator, device=device)
    return lambda x: ((x @ first + bias).tanh() @ second)[:, :, 0]


def wave(batch: int, columns: int, generator: Generator) -> Function:
    """g(X) = the sine of a weighted sum, with about one to three periods, plus a small part of one column."""
    weight = torch.randn(batch, columns, 1, generator=generator, device=generator.device)
    weight = weight / weight.square().sum(1, keepdim=True).sqrt() * uniform(1, 5, batch, 1, 1, generator=generator)
    phase = uniform(0, 2 * math.pi, batch, 1, generator=generator)
    return lambda x: ((x @ weight)[:, :, 0] + phase).sin() + 0.05 * x[:, :, 0]


FUNCTIONS = {f.__name__: f for f in (quadratic, interaction, network, wave)}


def _even_normals(batch: int, columns: int, generator: Generator) -> Tensor:
    """Quasi-random normal points [batch, REFERENCE_ROWS, columns], which cover space more evenly than random points.

    Point i is frac(shift + i (1/φ, 1/φ², …)), mapped by the normal quantile. φ is the real root of φ^(k+1) = φ + 1 (the
    generalized golden ratio; Roberts 2018). Each data set has its own random shift.
    """
    root = 2.0
    for _ in range(40):
        root = (1 + root) ** (1 / (columns + 1))
    device = generator.device
    step = root ** -torch.arange(1, columns + 1, dtype=torch.float64, device=device)
    point = torch.arange(REFERENCE_ROWS, dtype=torch.float64, device=device)[:, None] * step
    return normal((point.remainder(1).float() + uniform(0, 1, batch, 1, columns, generator=generator)).remainder(1))


def _pick(columns: int, generator: Generator) -> str:
    if columns < 2:
        raise ValueError(f"a lift needs at least 2 columns; this side has {columns}")
    return list(LIFTS)[randint(0, len(LIFTS) - 1, 1, generator=generator).item()]


def _signed(s: Tensor, columns: int, spread: Tensor, generator: Generator) -> Tensor:
    size = (spread * torch.randn(*s.shape, columns - 1, generator=generator, device=s.device)).exp()
    return size * (1 - 2 * randint(0, 1, *s.shape, columns - 1, generator=generator))
