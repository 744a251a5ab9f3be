"""The wide meta-distribution: many kinds of dependence with known MI, for data sets of any shape.

`sample_wide` splits a batch into groups. A group shares one recipe (which pieces stand side by side, how sides are
mixed); every data set has its own parameters. Columns may have ties.

Left out, because they are test cases: the 40 tasks of the BMI benchmark and the newer ones of its repository, spirals
and Swiss rolls (no map here rotates columns by an angle that depends on their length, or rolls up one column into two),
and the joint structures of `joint_validation.py`. Random parameters coincide with a benchmark's fixed ones with
probability 0.

    python -m mistd_training.families.wide    prints generation times and the spread of MI
"""

from __future__ import annotations

import math
import time

import torch
from torch import Generator

from . import compose
from .atoms import discretise, draw_stack, sample_atoms
from .batch import Batch, normal, randint, sample_groups, uniform
from .blocks import sample_block
from .joint import sample_joint
from .mixtures import sample_classes, sample_mixture
from .paper import sample_paper
from .tables import sample_tables

# Shares of groups. If a recipe does not fit the shape (joint structures need three columns), "atoms" replaces it.
SHARES = {
    "elliptical": 0.14,  # Gaussian and Student, random correlation over all columns
    "paper": 0.09,  # MIST's sixteen families
    "atoms": 0.16,  # stacked 2-D atoms, noise columns, sides mixed
    "discrete": 0.08,  # atoms with rounded, categorical, two-valued or censored columns
    "tables": 0.06,  # categorical columns on both sides
    "joint": 0.17,  # dependence in three or more columns together, with noise columns
    "mixture": 0.05,  # Gaussian mixture in up to four columns per side, noise columns, sides mixed
    "classes": 0.04,  # a class label on one side, its features on the other
    "composite": 0.06,  # elliptical block, atoms and joint structures side by side
    "independent": 0.15,  # x and y of one of the above, from independent rows: MI 0
}
MAX_ATOMS = 8  # largest number of atoms in a data set
MAX_MI = 25.0  # nats; a data set above it is replaced by independent columns


def sample_wide(batch: int, rows: int, dim_x: int, dim_y: int, generator: Generator) -> Batch:
    """Draw one data set from each of `batch` fresh distributions, for dim_x, dim_y in 1..64 and 5 rows or more.

    x: [batch, rows, dim_x]; y: [batch, rows, dim_y]; mi: [batch] nats.
    """
    return sample_groups(
        SHARES, lambda name, size: sample_recipe(name, size, rows, dim_x, dim_y, generator), batch, generator
    )


def sample_recipe(name: str, batch: int, rows: int, dim_x: int, dim_y: int, generator: Generator) -> Batch:
    """Draw a group with one recipe of `SHARES`."""
    if name == "independent":
        dependent = [n for n in SHARES if n != name]
        chosen = dependent[randint(0, len(dependent) - 1, 1, generator=generator).item()]
        twice = sample_recipe(chosen, batch, 2 * rows, dim_x, dim_y, generator)
        return Batch(twice.x[:, :rows], twice.y[:, rows:], torch.zeros_like(twice.mi))
    swap = name in ("joint", "classes", "composite", "discrete") and _coin(generator) < 0.5
    if swap:
        dim_x, dim_y = dim_y, dim_x
    result = _bounded(_RECIPES[name](batch, rows, dim_x, dim_y, generator), generator)
    return Batch(result.y, result.x, result.mi) if swap else result


def _elliptical(batch: int, rows: int, dim_x: int, dim_y: int, generator: Generator) -> Batch:
    piece = sample_block(batch, rows, dim_x, dim_y, generator)
    return _mixed(piece, generator) if _coin(generator) < 0.3 else piece


def _atoms(batch: int, rows: int, dim_x: int, dim_y: int, generator: Generator) -> Batch:
    piece = _atom_columns(batch, rows, some_atoms(min(dim_x, dim_y), generator), generator)
    return _finish(piece, dim_x, dim_y, generator)


def _discrete(batch: int, rows: int, dim_x: int, dim_y: int, generator: Generator) -> Batch:
    """Atoms with a discrete y and a continuous x, which may be mixed, or with both sides discrete."""
    both = _coin(generator) < 0.35
    piece = _atom_columns(batch, rows, some_atoms(min(dim_x, dim_y), generator), generator, "xy" if both else "y")
    x, y = (compose.pad(side, dim, generator) for side, dim in ((piece.x, dim_x), (piece.y, dim_y)))
    x = x if both else compose.mix(x, generator)
    return Batch(compose.shuffle(x, generator), compose.shuffle(y, generator), piece.mi)


def _tables(batch: int, rows: int, dim_x: int, dim_y: int, generator: Generator) -> Batch:
    limit = min(dim_x, dim_y)
    count = min(limit, MAX_ATOMS) if _coin(generator) < 0.5 else some_atoms(limit, generator)
    piece = sample_tables(batch, rows, count, generator)
    x, y = compose.pad(piece.x, dim_x, generator), compose.pad(piece.y, dim_y, generator)
    return _shuffled(Batch(x, y, piece.mi), generator)


def _joint(batch: int, rows: int, dim_x: int, dim_y: int, generator: Generator) -> Batch:
    if max(dim_x, dim_y) < 2:
        return _atoms(batch, rows, dim_x, dim_y, generator)
    if dim_x < 2:
        piece = _joint(batch, rows, dim_y, dim_x, generator)
        return Batch(piece.y, piece.x, piece.mi)
    coin = _coin(generator)
    columns_x = min(dim_x, 2 + (coin > 0.5) + (coin > 0.9))
    columns_y = 1 + int(_coin(generator) * min(dim_y, 2))
    piece = sample_joint(batch, rows, columns_x, columns_y, generator)
    # A few noise columns hide the structure further but keep it learnable.
    few_x, few_y = (
        min(dim, side.shape[2] + int(_coin(generator) * 4))
        for dim, side in ((dim_x, piece.x), (dim_y, piece.y))
    )  # fmt: skip
    piece = Batch(compose.pad(piece.x, few_x, generator), compose.pad(piece.y, few_y, generator), piece.mi)
    if few_x < dim_x and few_y < dim_y and _coin(generator) < 0.5:
        rest = sample_block(batch, rows, dim_x - few_x, dim_y - few_y, generator)
        piece = compose.stack([piece, rest])
    piece = Batch(compose.pad(piece.x, dim_x, generator), compose.pad(piece.y, dim_y, generator), piece.mi)
    return _mixed(piece, generator) if _coin(generator) < 0.1 else _shuffled(piece, generator)


def _mixture(batch: int, rows: int, dim_x: int, dim_y: int, generator: Generator) -> Batch:
    core_x, core_y = (1 + int(_coin(generator) * min(dim, 4)) for dim in (dim_x, dim_y))
    return _finish(sample_mixture(batch, rows, core_x, core_y, generator), dim_x, dim_y, generator)


def _classes(batch: int, rows: int, dim_x: int, dim_y: int, generator: Generator) -> Batch:
    piece = sample_classes(batch, rows, 1 + int(_coin(generator) * min(dim_y, 8)), generator)
    x, y = compose.pad(piece.x, dim_x, generator), compose.pad(piece.y, dim_y, generator)
    return _shuffled(Batch(x, compose.mix(y, generator), piece.mi), generator)


def _composite(batch: int, rows: int, dim_x: int, dim_y: int, generator: Generator) -> Batch:
    if min(dim_x, dim_y) < 2:
        return _joint(batch, rows, dim_x, dim_y, generator)
    part_x, part_y = (1 + int(_coin(generator) * (dim - 1)) for dim in (dim_x, dim_y))
    block = sample_block(batch, rows, part_x, part_y, generator)
    rest = _joint if _coin(generator) < 0.5 else _atoms
    other = rest(batch, rows, dim_x - part_x, dim_y - part_y, generator)
    return _mixed(compose.stack([block, other]), generator)


_RECIPES = {
    "elliptical": _elliptical, "paper": sample_paper, "atoms": _atoms, "discrete": _discrete,
    "tables": _tables, "joint": _joint, "mixture": _mixture, "classes": _classes, "composite": _composite,
}  # fmt: skip


def _atom_columns(batch: int, rows: int, count: int, generator: Generator, discrete: str = "") -> Batch:
    """Draw `count` atoms side by side (`draw_stack`).

    discrete: the discrete sides, such as "xy". Continuous columns are about uniform or about normal.
    """
    atoms = draw_stack(batch, count, generator, 0.2 if count == 1 or discrete else 0.5)
    for side in discrete:
        atoms = discretise(atoms, side, generator)
    sides = []
    for name, values in zip("xy", sample_atoms(atoms, rows, generator)):
        values = values.view(batch, count, rows).transpose(1, 2)
        if name not in discrete:
            even = uniform(0, 1, batch, 1, count, generator=generator) < 0.3
            values = torch.where(even, (values - 0.5) * math.sqrt(12), normal(values))
        sides.append(values)
    return Batch(sides[0], sides[1], atoms.mi.view(batch, count).sum(1).float())


def _finish(piece: Batch, dim_x: int, dim_y: int, generator: Generator) -> Batch:
    """Append noise columns and mix both sides."""
    x, y = compose.pad(piece.x, dim_x, generator), compose.pad(piece.y, dim_y, generator)
    return _mixed(Batch(x, y, piece.mi), generator)


def _mixed(piece: Batch, generator: Generator) -> Batch:
    mixed = Batch(compose.mix(piece.x, generator), compose.mix(piece.y, generator), piece.mi)
    return _shuffled(mixed, generator)


def _shuffled(piece: Batch, generator: Generator) -> Batch:
    return Batch(compose.shuffle(piece.x, generator), compose.shuffle(piece.y, generator), piece.mi)


def _bounded(piece: Batch, generator: Generator) -> Batch:
    """Replace data sets above `MAX_MI` by independent normal columns with MI 0."""
    if not (beyond := piece.mi > MAX_MI).any():
        return piece
    far = beyond[:, None, None]
    x, y = (torch.where(far, torch.randn(s.shape, generator=generator, device=s.device), s) for s in (piece.x, piece.y))
    return Batch(x, y, torch.where(beyond, 0.0, piece.mi))


def some_atoms(limit: int, generator: Generator) -> int:
    """Draw a number of atoms up to `limit` and `MAX_ATOMS`: often one, and rather few."""
    limit = min(limit, MAX_ATOMS)
    coin = _coin(generator)
    return 1 if coin < 0.35 else min(limit, int(math.exp((coin - 0.35) / 0.65 * math.log(limit + 1))))


def _coin(generator: Generator) -> float:
    return torch.rand(1, generator=generator, device=generator.device).item()


def _table() -> None:
    torch.set_num_threads(1)
    generator = torch.Generator().manual_seed(0)
    print("shape (data sets x rows, columns)    CPU ms per data set")
    for batch, rows, dim_x, dim_y in _SHAPES:
        sample_wide(batch, rows, dim_x, dim_y, generator)
        began, rounds = time.process_time(), 8
        for _ in range(rounds):
            sample_wide(batch, rows, dim_x, dim_y, generator)
        spent = 1000 * (time.process_time() - began) / rounds / batch
        print(f"{batch:4d} x {rows:6d}, {dim_x:2d} + {dim_y:2d}               {spent:8.2f}", flush=True)
    levels = torch.tensor([0.05, 0.25, 0.5, 0.75, 0.95, 1.0])
    print("\nMI, nats      ms    " + "".join(f"{level:8.2f}" for level in levels.tolist()))
    for name in SHARES:
        began = time.process_time()
        sizes = [(1, 1), (2, 3), (6, 5), (20, 14), (40, 40)]
        mi = torch.cat([sample_recipe(name, 32, 50, *size, generator).mi for size in sizes for _ in range(3)])
        spent = 1000 * (time.process_time() - began) / len(mi)
        print(f"{name:12s}{spent:6.2f}    " + "".join(f"{q:8.3f}" for q in mi.quantile(levels).tolist()), flush=True)


_SHAPES = (
    (96, 20, 1, 1), (96, 200, 1, 1), (96, 1000, 2, 2), (96, 200, 5, 3), (32, 500, 17, 17), (8, 200, 64, 64),
    (8, 10_000, 17, 17),
)  # fmt: skip

if __name__ == "__main__":
    _table()
