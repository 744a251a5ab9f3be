"""Atoms: random 2-D distributions, piecewise constant on a grid, whose MI is an exact sum.

An atom is a table of cell masses. A continuous column is uniform within its cell. A discrete column has one value for
each group of cells (rounding, categories, two classes, a censored tail), and its MI is that of the merged table, exact
as well. MI is at most ln 64 = 4.16 nats.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from .batch import randint, uniform
from .densities import GRID, KINDS

# Share of each shape of `densities.py`.
SHARES = {
    "ridge": 0.24, "band": 0.08, "mixture": 0.12, "ring": 0.06, "gaussian_copula": 0.10, "student_copula": 0.10,
    "clayton": 0.06, "gumbel": 0.06, "frank": 0.06, "field": 0.08, "checker": 0.04,
}  # fmt: skip
BLENDED = 0.3  # share of atoms blended with independence
DISCRETE = {"round": 0.4, "two": 0.3, "categories": 0.2, "censored": 0.1}


@dataclass
class Atoms:
    """A batch of atoms: their tables, and the map from cells to values.

    table: [count, GRID, GRID] float64, masses that sum to 1; value_x, value_y: [count, GRID], the lower edge of a cell,
    or the code of its group; width_x, width_y: [count, GRID], 1 / GRID for a continuous cell, 0 for a discrete one;
    mi: [count] float64, nats.
    """

    table: Tensor
    value_x: Tensor
    value_y: Tensor
    width_x: Tensor
    width_y: Tensor
    mi: Tensor


def draw_atoms(count: int, generator: Generator, blend: Tensor | None = None, kinds: str | None = None) -> Atoms:
    """Draw continuous atoms.

    blend: [count], least share of independence mixed into each atom (1 makes it independent); kinds: one shape for all
    atoms; default: shapes drawn by `SHARES`.
    """
    table = _tables(count, generator, kinds)
    share = uniform(0, 0.6, count, generator=generator)
    share = torch.where(uniform(0, 1, count, generator=generator) < BLENDED, share, 0.0)
    if blend is not None:
        share = torch.maximum(share, blend)
    share = share[:, None, None].double()
    independent = table.sum(2, keepdim=True) * table.sum(1, keepdim=True)
    table = (1 - share) * table + share * independent
    edges = (torch.arange(GRID, device=table.device) / GRID).expand(count, GRID)
    width = torch.full_like(edges, 1 / GRID)
    return Atoms(table, edges, edges, width, width, table_mi(table))


def draw_stack(batch: int, count: int, generator: Generator, weakened: float) -> Atoms:
    """Draw `count` atoms for each of `batch` data sets, in this order.

    With several atoms per data set, 30 % of them are independent. In a share `weakened` of the data sets, all atoms are
    blended with independence to the same degree.
    """
    weak = uniform(0, 1, batch, generator=generator)
    weak = torch.where(uniform(0, 1, batch, generator=generator) < weakened, weak, 0.0)
    off = uniform(0, 1, batch, count, generator=generator) < (0.3 if count > 1 else 0.0)
    return draw_atoms(batch * count, generator, torch.where(off, 1.0, weak[:, None]).flatten())


def discretise(atoms: Atoms, side: str, generator: Generator) -> Atoms:
    """Make one side ("x" or "y") of every atom discrete: rounded, categorical, two-valued or censored.

    MI is that of the merged table.
    """
    count, device = atoms.table.shape[0], atoms.table.device
    names, shares = list(DISCRETE), torch.tensor(list(DISCRETE.values()), device=device)
    kind = torch.multinomial(shares.expand(count, -1), 1, generator=generator)
    levels = 1 + torch.exp(uniform(0.7, 3, count, 1, generator=generator)).long()
    levels = torch.where(kind == names.index("two"), 2, levels)
    keys = torch.rand(count, GRID - 1, generator=generator, device=device)
    rank = keys.argsort(1).argsort(1)
    cut = torch.cat([torch.zeros(count, 1, dtype=torch.long, device=device), (rank < levels - 1).long()], 1)
    group = cut.cumsum(1)
    cell = torch.arange(GRID, device=device).expand(count, GRID)
    edge = randint(8, 48, count, 1, generator=generator)
    censored = kind == names.index("censored")
    continuous = censored & (cell >= edge)
    group = torch.where(censored, torch.where(continuous, cell, 0), group)
    codes = torch.rand(count, GRID, generator=generator, device=device).argsort(1)
    nominal = (kind == names.index("categories")).expand(-1, GRID)
    value = torch.where(nominal, codes.gather(1, group), group).float() / GRID
    width = continuous.float() / GRID

    table = atoms.table if side == "x" else atoms.table.transpose(1, 2)
    merged = torch.zeros_like(table).scatter_add_(1, group[:, :, None].expand(-1, -1, GRID), table)
    other = "y" if side == "x" else "x"
    fixed = {f"value_{other}": getattr(atoms, f"value_{other}"), f"width_{other}": getattr(atoms, f"width_{other}")}
    other_groups = _groups(fixed[f"value_{other}"])
    both = torch.zeros_like(merged).scatter_add_(2, other_groups[:, None, :].expand(-1, GRID, -1), merged)
    return Atoms(atoms.table, **{f"value_{side}": value, f"width_{side}": width}, **fixed, mi=table_mi(both))


def sample_atoms(atoms: Atoms, rows: int, generator: Generator) -> tuple[Tensor, Tensor]:
    """Draw rows of every atom. Returns x and y, [count, rows] each; continuous columns are in (0, 1)."""
    count, device = atoms.table.shape[0], atoms.table.device
    coin = torch.rand(count, rows, generator=generator, device=device)
    cell = torch.searchsorted(_cdf(atoms.table), coin, right=True).clamp_max(GRID * GRID - 1)
    return _values(atoms.value_x, atoms.width_x, cell // GRID, generator), _values(
        atoms.value_y, atoms.width_y, cell % GRID, generator
    )


def even_channel(atoms: Atoms) -> Atoms:
    """The same conditional distribution of a continuous y given x, with every cell of x equally likely."""
    table = atoms.table + 1e-9 * atoms.table.sum(1, keepdim=True)
    table = table / table.sum(2, keepdim=True) / GRID
    return Atoms(table, atoms.value_x, atoms.value_y, atoms.width_x, atoms.width_y, table_mi(table))


def sample_channel(atoms: Atoms, cell: Tensor, generator: Generator) -> Tensor:
    """Draw y given the cell of x, for atoms of `even_channel`. cell: [count, rows] int64. Returns [count, rows]."""
    coin = torch.rand(cell.shape, generator=generator, device=cell.device)
    # Row i of the table covers [i / GRID, (i + 1) / GRID) of the flattened cdf, so one search finds y within the row.
    found = torch.searchsorted(_cdf(atoms.table), ((cell + 0.999999 * coin) / GRID).clamp_max(1), right=True)
    return _values(atoms.value_y, atoms.width_y, (found - cell * GRID).clamp(0, GRID - 1), generator)


def even_margins(atoms: Atoms) -> Atoms:
    """The same continuous atoms with each side mapped through its own distribution function.

    Both columns become exactly uniform; MI stays.
    """
    sides = {}
    for name, axis in (("x", 2), ("y", 1)):
        mass = atoms.table.sum(axis)
        sides |= {f"value_{name}": (mass.cumsum(1) - mass).float(), f"width_{name}": mass.float()}
    return Atoms(atoms.table, **sides, mi=atoms.mi)


def table_mi(table: Tensor) -> Tensor:
    """Exact MI of joint tables of masses [count, a, b], float64. Returns [count] float64, nats, ≥ 0."""
    x, y = table.sum(2), table.sum(1)
    return (torch.xlogy(table, table).sum((1, 2)) - torch.xlogy(x, x).sum(1) - torch.xlogy(y, y).sum(1)).clamp_min(0)


def _tables(count: int, generator: Generator, kinds: str | None) -> Tensor:
    device = generator.device
    if kinds:
        log_density = KINDS[kinds](count, generator)
    else:
        shares = torch.tensor(list(SHARES.values()), device=device)
        drawn = torch.multinomial(shares, count, replacement=True, generator=generator)
        sizes = torch.bincount(drawn, minlength=len(SHARES)).tolist()
        parts = [KINDS[name](size, generator) for name, size in zip(SHARES, sizes) if size]
        log_density = torch.cat(parts)[torch.rand(count, generator=generator, device=device).argsort()]
    table = log_density.double().flatten(1).softmax(1).view(count, GRID, GRID)
    swap, flip_x, flip_y = (torch.rand(3, count, 1, 1, generator=generator, device=device) < 0.5).unbind()
    table = torch.where(swap, table.transpose(1, 2), table)
    table = torch.where(flip_x, table.flip(1), table)
    return torch.where(flip_y, table.flip(2), table)


def _groups(value: Tensor) -> Tensor:
    """Group numbers of cells: equal values share a number. [count, GRID] → [count, GRID] int64."""
    return (value * GRID).round().long()


def _cdf(table: Tensor) -> Tensor:
    return table.flatten(1).cumsum(1).float()


def _values(value: Tensor, width: Tensor, cell: Tensor, generator: Generator) -> Tensor:
    jitter = torch.rand(cell.shape, generator=generator, device=cell.device)
    return value.gather(1, cell) + width.gather(1, cell) * jitter
