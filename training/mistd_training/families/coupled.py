"""Couplings: dependence between two sides that are each exactly standard normal.

x and y depend on each other, but x alone is N(0, I), and so is y. A normalizing flow takes such columns as latents. So
a flow fitted to samples of one side gives this side of every data set the distribution of the samples. The flow is
invertible, so MI does not change.

Three constructions keep the sides standard normal: rotations; atoms with uniform margins (`atoms.even_margins`), mapped
to normal columns; and lifts, which spread one column over several independent normal ones.
"""

from __future__ import annotations

import math

import torch
from torch import Generator, Tensor

from .atoms import draw_stack, even_margins, sample_atoms
from .batch import Batch, normal, randint, sample_groups, uniform
from .compose import mix, shuffle
from .joint import modular, signs
from .wide import some_atoms

# Shares of groups. A lift needs a side with two columns; without one, "atoms" replaces it.
SHARES = {
    "canonical": 0.35,  # Gaussian: canonical correlations between some of the columns
    "atoms": 0.35,  # stacked 2-D atoms of any shape
    "lifted": 0.2,  # an atom that only several columns together show
    "independent": 0.1,
}
MAX_MI = 4.0  # largest MI of "canonical", nats
ROTATED = 0.7  # share of groups in which both sides are rotated


def sample_coupled(batch: int, rows: int, dim_x: int, dim_y: int, generator: Generator) -> Batch:
    """Draw data sets from fresh couplings. Each side is standard normal.

    x: [batch, rows, dim_x]; y: [batch, rows, dim_y]; mi: [batch] nats, exact.
    """
    return sample_groups(
        SHARES, lambda name, size: sample_coupling(name, size, rows, dim_x, dim_y, generator), batch, generator
    )


def sample_coupling(name: str, batch: int, rows: int, dim_x: int, dim_y: int, generator: Generator) -> Batch:
    """Draw a group with one recipe of `SHARES`."""
    x, y, mi = _RECIPES[name](batch, rows, dim_x, dim_y, generator)
    kind = "rotation" if uniform(0, 1, 1, generator=generator).item() < ROTATED else "none"
    x, y = (
        shuffle(mix(_with_noise(side, dim, generator), generator, kind), generator)
        for side, dim in ((x, dim_x), (y, dim_y))
    )
    return Batch(x, y, mi.float())


_Columns = tuple[Tensor, Tensor, Tensor]  # x, y [batch, rows, some columns]; mi [batch]


def _canonical(batch: int, rows: int, dim_x: int, dim_y: int, generator: Generator) -> _Columns:
    """Some or all pairs of columns with correlations ρ_i. MI −½ Σ log(1 − ρ_i²) is drawn, then its split into pairs."""
    pairs, device = min(dim_x, dim_y), generator.device
    mi = MAX_MI * uniform(0, 1, batch, generator=generator).square()
    used = torch.arange(pairs, device=device) < randint(1, pairs, batch, 1, generator=generator)
    spread = torch.randn(batch, pairs, generator=generator, device=device)
    share = torch.where(used, spread, -torch.inf).softmax(1)
    square = -torch.expm1(-2 * mi[:, None] * share)[:, None]  # ρ², [batch, 1, pairs]
    x, noise = (torch.randn(batch, rows, pairs, generator=generator, device=device) for _ in range(2))
    return x, square.sqrt() * x + (1 - square).sqrt() * noise, mi


def _atoms(batch: int, rows: int, dim_x: int, dim_y: int, generator: Generator) -> _Columns:
    count = some_atoms(min(dim_x, dim_y), generator)
    x, y, mi = _even_columns(batch, rows, count, generator)
    return normal(x), normal(y), mi


def _lifted(batch: int, rows: int, dim_x: int, dim_y: int, generator: Generator) -> _Columns:
    """An atom with one side lifted, or both."""
    if max(dim_x, dim_y) < 2:
        return _atoms(batch, rows, dim_x, dim_y, generator)
    coins = uniform(0, 1, 2, generator=generator).tolist()
    wide = [dim > 1 for dim in (dim_x, dim_y)]
    both = all(wide) and coins[0] < 0.25
    first = wide[0] and (not wide[1] or coins[1] < 0.5)
    x, y, mi = _even_columns(batch, rows, 1, generator)
    x, y = (
        _lift(s[:, :, 0], min(dim, 3), generator) if both or lifted else normal(s)
        for s, dim, lifted in ((x, dim_x, first), (y, dim_y, not first))
    )
    return x, y, mi


def _independent(batch: int, rows: int, dim_x: int, dim_y: int, generator: Generator) -> _Columns:
    nothing = torch.empty(batch, rows, 0, device=generator.device)
    return nothing, nothing, torch.zeros(batch, device=generator.device)


_RECIPES = {"canonical": _canonical, "atoms": _atoms, "lifted": _lifted, "independent": _independent}


def _even_columns(batch: int, rows: int, count: int, generator: Generator) -> _Columns:
    """Atoms side by side, with exactly uniform columns: x and y [batch, rows, count], mi [batch]."""
    atoms = even_margins(draw_stack(batch, count, generator, weakened=0.5))
    x, y = (side.view(batch, count, rows).transpose(1, 2) for side in sample_atoms(atoms, rows, generator))
    return x, y, atoms.mi.view(batch, count).sum(1)


def _lift(s: Tensor, most: int, generator: Generator) -> Tensor:
    """Spread a uniform s [batch, rows] over 2 to `most` columns, each standard normal and independent of the others.

    Together they determine s, by one of four maps: `signs` and `modular` of `joint.py`, or s as the length or the angle
    of two columns. Returns [batch, rows, columns].
    """
    kind, columns = randint(0, 3, 1, generator=generator).item(), randint(2, most, 1, generator=generator).item()
    if kind == 0:
        return signs(s, columns, generator)
    if kind == 1:
        return normal(modular(s, columns, generator))
    other = torch.rand(s.shape, generator=generator, device=s.device)
    quantile, turn = (s, other) if kind == 2 else (other, s)
    length = (-2 * torch.log1p(-quantile.clamp_max(1 - 1e-6))).sqrt()  # Rayleigh, the length of a 2-D normal vector
    angle = 2 * math.pi * turn
    return torch.stack([length * angle.cos(), length * angle.sin()], 2)


def _with_noise(side: Tensor, dim: int, generator: Generator) -> Tensor:
    batch, rows, columns = side.shape
    noise = torch.randn(batch, rows, dim - columns, generator=generator, device=side.device)
    return torch.cat([side, noise], 2)
