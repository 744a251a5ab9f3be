"""Operations on data sets that keep MI known.

The MI of independent pieces side by side is the sum of their MI. Columns of noise, or of the side's own columns plus
noise, do not change MI. Invertible maps within a side do not change MI either.
"""

from __future__ import annotations

from itertools import accumulate

import torch
from torch import Generator, Tensor

from .batch import Batch, randint, uniform

# Share of groups for each way to mix a side.
MIXING = {"none": 0.45, "rotation": 0.14, "sparse": 0.09, "dense": 0.05, "monotone": 0.08, "coupling": 0.19}


def stack(pieces: list[Batch]) -> Batch:
    """Put independent data sets side by side. MI is the sum."""
    mi = torch.stack([piece.mi for piece in pieces]).sum(0)
    return Batch(torch.cat([piece.x for piece in pieces], 2), torch.cat([piece.y for piece in pieces], 2), mi)


def pad(side: Tensor, dim: int, generator: Generator) -> Tensor:
    """Append columns that carry no information on the other side. [batch, rows, columns] → [batch, rows, dim].

    All data sets get the same kind of columns: independent normal ones; normal ones, some of them rounded; columns
    correlated among themselves; or noisy copies of the side's own columns.
    """
    batch, rows, columns = side.shape
    extra = dim - columns
    if extra <= 0:
        return side
    device = generator.device
    noise = torch.randn(batch, rows, extra, generator=generator, device=device)
    kind = randint(0, 3, 1, generator=generator).item()
    if kind == 1:
        level = uniform(0.3, 3, batch, 1, extra, generator=generator)
        leveled = uniform(0, 1, batch, 1, extra, generator=generator) < uniform(0, 1, batch, 1, 1, generator=generator)
        noise = torch.where(leveled, (noise * level).round(), noise)
    elif kind == 2:
        noise = noise + torch.randn(batch, rows, 1, generator=generator, device=device) * uniform(
            0, 2, batch, 1, extra, generator=generator
        )
    elif kind == 3 and columns:
        source = randint(0, columns - 1, batch, 1, extra, generator=generator).expand(-1, rows, -1)
        copied = uniform(0, 1, batch, 1, extra, generator=generator) < 0.5
        loudness = uniform(-2, 1, batch, 1, extra, generator=generator).exp()
        noise = torch.where(copied, side.gather(2, source) + loudness * noise, noise)
    return torch.cat([side, noise], 2)


def shuffle(side: Tensor, generator: Generator) -> Tensor:
    """Shuffle the columns, independently for each data set."""
    batch, rows, columns = side.shape
    order = torch.rand(batch, 1, columns, generator=generator, device=side.device).argsort(2)
    return side.gather(2, order.expand(-1, rows, -1))


def mix(side: Tensor, generator: Generator, kind: str | None = None) -> Tensor:
    """Map one side invertibly, with random parameters for each data set. kind: default drawn by `MIXING`."""
    if side.shape[2] == 1:
        return side
    if kind is None:
        coin = uniform(0, 1, 1, generator=generator).item()
        kind = next((name for name, bound in zip(MIXING, accumulate(MIXING.values())) if coin < bound), "none")
    return side if kind == "none" else _MAPS[kind](side, generator)


def rotation(side: Tensor, generator: Generator) -> Tensor:
    """Rotate by a random rotation, or by one near the identity."""
    batch, _, columns = side.shape
    matrix = torch.randn(batch, columns, columns, generator=generator, device=side.device)
    near = uniform(-1, 3, batch, 1, 1, generator=generator).exp() * columns**0.5
    near = torch.where(uniform(0, 1, batch, 1, 1, generator=generator) < 0.5, near, 0.0)
    return side @ torch.linalg.qr(matrix + near * torch.eye(columns, device=side.device))[0]


def sparse(side: Tensor, generator: Generator) -> Tensor:
    """Apply a sparse unit lower triangular map to the columns in random order."""
    batch, _, columns = side.shape
    side = shuffle(side, generator)
    entries = torch.randn(batch, columns, columns, generator=generator, device=side.device)
    filled = uniform(0, 1, batch, columns, columns, generator=generator) < 1.5 / columns
    return side @ (torch.tril(entries * filled, -1) + torch.eye(columns, device=side.device))


def dense(side: Tensor, generator: Generator) -> Tensor:
    """Rotate, scale by factors between e^-1 and e, and rotate again: condition numbers up to e²."""
    scale = uniform(-1, 1, side.shape[0], 1, side.shape[2], generator=generator).exp()
    return rotation(rotation(side, generator) * scale, generator)


def monotone(side: Tensor, generator: Generator) -> Tensor:
    """Apply once or twice: a strictly increasing map of every column, then a rotation."""
    for _ in range(randint(1, 2, 1, generator=generator).item()):
        batch, _, columns = side.shape
        rate = uniform(-1, 1.5, batch, 1, columns, generator=generator).exp()
        wiggle = uniform(0, 0.9, batch, 1, columns, generator=generator)
        bent = torch.where(rate > 1, (rate * side).asinh() / rate.sqrt(), side + wiggle * (rate * side).sin() / rate)
        side = rotation(bent, generator)
    return side


def coupling(side: Tensor, generator: Generator) -> Tensor:
    """Apply two or three coupling layers (Dinh, Sohl-Dickstein and Bengio 2017).

    In each layer a random network reads some of the columns. Its bounded outputs scale and shift the other columns, or
    rotate two of them.
    """
    batch, _, columns = side.shape
    hidden, device = 8, side.device
    for _ in range(randint(2, 3, 1, generator=generator).item()):
        side = shuffle(side, generator)
        count = randint(1, columns - 1, 1, generator=generator).item()
        given, moved = side[:, :, :count], side[:, :, count:]
        gain = uniform(-0.7, 0.7, batch, 1, 1, generator=generator).exp()
        first = torch.randn(batch, count, hidden, generator=generator, device=device) * gain / count**0.5
        inner = (given @ first + torch.randn(batch, 1, hidden, generator=generator, device=device)).tanh()
        turns = columns - count > 1 and uniform(0, 1, 1, generator=generator).item() < 0.35
        outputs = 1 if turns else 2 * (columns - count)
        second = torch.randn(batch, hidden, outputs, generator=generator, device=device) / hidden**0.5
        if turns:
            angle = 2 * gain * (inner @ second)
            one, other = moved[:, :, :1], moved[:, :, 1:2]
            turned = [one * angle.cos() - other * angle.sin(), one * angle.sin() + other * angle.cos()]
            side = torch.cat([given, *turned, moved[:, :, 2:]], 2)
        else:
            log_scale, shift = (inner @ second).chunk(2, 2)
            side = torch.cat([given, moved * (0.7 * log_scale.tanh()).exp() + gain * shift], 2)
    return side


_MAPS = {f.__name__: f for f in (rotation, sparse, dense, monotone, coupling)}
