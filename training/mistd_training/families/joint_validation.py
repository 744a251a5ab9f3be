"""Joint structures for validation only: training (`joint.py`, `wide.py`) never draws them.

The dependence lives in three or more columns together, MI is exact, and none of them is a BMI task:

    middle          the second largest of three columns
    parity          whether the order of three columns is an even permutation
    between         the angle between two planar vectors
    torus           the distance of two points on a torus, each of two columns
    duel            x_3 if x_1 < x_2, else −x_3
    powers          the product modulo 7 of the digits 1 to 6 of two columns
    switch          the sign of x is the sign of the correlation of y_1 and y_2

In parity, between, torus, powers and switch, no two columns depend on each other. In duel, x_3 and y share their size;
in middle, every column shows a little. If s = g(X) has a known distribution function F, then
y = ρ Φ⁻¹(F(s)) + √(1 − ρ²) ε has MI −½ log(1 − ρ²).
"""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Generator, Tensor

from .batch import Batch, normal, randint, uniform


def sample_validation(name: str, batch: int, rows: int, generator: Generator, extra: int = 0) -> Batch:
    """Draw data sets of one family of `HELD_OUT`, with random strengths and `extra` noise columns on each side."""
    piece = HELD_OUT[name](batch, rows, generator)
    sides = [
        torch.cat([side, torch.randn(batch, rows, extra, generator=generator, device=side.device)], 2)
        for side in (piece.x, piece.y)
    ]
    return Batch(*sides, piece.mi)


def middle(batch: int, rows: int, generator: Generator) -> Batch:
    """3 + 1 columns."""
    x = uniform(0, 1, batch, rows, 3, generator=generator)
    s = x.median(2).values
    return _continuous(x, s * s * (3 - 2 * s), generator)


def parity(batch: int, rows: int, generator: Generator) -> Batch:
    """3 + 1 columns; no two columns of x and no column with y are dependent."""
    x = uniform(0, 1, batch, rows, 3, generator=generator)
    below = [x[:, :, i] < x[:, :, j] for i, j in ((0, 1), (1, 2), (0, 2))]
    return _binary(x, below[0] ^ below[1] ^ below[2], generator)


def between(batch: int, rows: int, generator: Generator) -> Batch:
    """4 + 1 columns."""
    x = torch.randn(batch, rows, 4, generator=generator, device=generator.device)
    angle = torch.atan2(x[:, :, 1], x[:, :, 0]) - torch.atan2(x[:, :, 3], x[:, :, 2])
    return _continuous(x, (angle / (2 * math.pi)).remainder(1), generator)


def torus(batch: int, rows: int, generator: Generator) -> Batch:
    """4 + 1 columns."""
    x = uniform(0, 1, batch, rows, 4, generator=generator)
    apart = (x[:, :, :2] - x[:, :, 2:]).abs()
    return _continuous(x, _torus_cdf(torch.minimum(apart, 1 - apart).square().sum(2).sqrt()), generator)


def duel(batch: int, rows: int, generator: Generator) -> Batch:
    """3 + 1 columns."""
    x = torch.randn(batch, rows, 3, generator=generator, device=generator.device)
    s = torch.where(x[:, :, 0] < x[:, :, 1], x[:, :, 2], -x[:, :, 2])
    return _continuous(x, torch.special.ndtr(s), generator)


def powers(batch: int, rows: int, generator: Generator) -> Batch:
    """2 + 1 columns, continuous within a digit. y has the product's digit with some probability, else a random one."""
    digits = randint(1, 6, batch, rows, 2, generator=generator)
    kept = uniform(0.3, 1, batch, 1, generator=generator)
    keep = uniform(0, 1, batch, rows, generator=generator) < kept
    y = torch.where(keep, digits.prod(2) % 7, randint(1, 6, batch, rows, generator=generator))
    right = (kept[:, 0] + (1 - kept[:, 0]) / 6).double()
    wrong = (1 - right) / 5
    mi = math.log(6) + torch.xlogy(right, right) + 5 * torch.xlogy(wrong, wrong)

    def spread(digit: Tensor) -> Tensor:
        return digit + torch.rand(digit.shape, generator=generator, device=digit.device)

    return Batch(spread(digits), spread(y)[:, :, None], mi.float())


def switch(batch: int, rows: int, generator: Generator) -> Batch:
    """1 + 2 columns."""
    r = uniform(0.4, 0.98, batch, generator=generator)
    x, y, other = torch.randn(3, batch, rows, generator=generator, device=generator.device).unbind()
    signed = torch.where(x > 0, 1.0, -1.0) * r[:, None]
    second = signed * y + (1 - r.square()).sqrt()[:, None] * other
    return Batch(x[:, :, None], torch.stack([y, second], 2), switch_mi(r).float())


HELD_OUT = {f.__name__: f for f in (middle, parity, between, torus, duel, powers, switch)}


def switch_mi(r: Tensor) -> Tensor:
    """MI of a random sign and two normals with correlation ± r: ln 2 − E log(1 + e^−L), L the log likelihood ratio.

    Let a and b be the sum and the difference of y_1 and y_2, divided by √2, with variances 1 ± r. Then
    L = (a² − b²) r / (1 − r²). The expectation is computed by Gauss-Legendre quadrature. r: [batch]. Returns [batch]
    float64, nats.
    """
    nodes, weights = np.polynomial.legendre.leggauss(200)
    node = torch.tensor(8 * nodes, device=r.device)
    weight = torch.tensor(8 * weights, device=r.device) * (-0.5 * node.square()).exp() / math.sqrt(2 * math.pi)
    r = r.double()[:, None, None]
    ratio = ((1 + r) * node[:, None].square() - (1 - r) * node.square()) * r / (1 - r.square())
    return math.log(2) - (torch.nn.functional.softplus(-ratio) * weight[:, None] * weight).sum((1, 2))


def _continuous(x: Tensor, probability: Tensor, generator: Generator) -> Batch:
    """y from F(s) in [0, 1]; MI even in .05 to 1.5."""
    mi = uniform(0.05, 1.5, x.shape[0], generator=generator)
    rho = (-torch.expm1(-2 * mi)).sqrt()[:, None]
    noise = torch.randn(probability.shape, generator=generator, device=x.device)
    y = rho * normal(probability) + (1 - rho.square()).sqrt() * noise
    return Batch(x, y[:, :, None], mi)


def _binary(x: Tensor, bit: Tensor, generator: Generator) -> Batch:
    """y has the sign of the bit, flipped with a probability up to .3, and an independent size. MI is ln 2 − h(flip)."""
    flip = uniform(0, 0.3, x.shape[0], generator=generator)
    bit = bit ^ (uniform(0, 1, *bit.shape, generator=generator) < flip[:, None])
    size = torch.randn(bit.shape, generator=generator, device=x.device).abs()
    mi = math.log(2) + torch.xlogy(flip, flip) + torch.xlogy(1 - flip, 1 - flip)
    return Batch(x, torch.where(bit, size, -size)[:, :, None], mi)


def _torus_cdf(distance: Tensor) -> Tensor:
    """P(distance of two uniform points on the unit torus ≤ d): a disc's area, cut by the unit square from d = ½."""
    beyond = distance.clamp_min(0.5)
    cut = 2 * (beyond.square() - 0.25).clamp_min(0).sqrt() + beyond.square() * (math.pi - 4 * (0.5 / beyond).acos())
    return torch.where(distance <= 0.5, math.pi * distance.square(), cut).clamp(0, 1)
