"""Categorical columns on both sides, joined by random tables of probabilities without any order of the values."""

from __future__ import annotations

import math

import torch
from torch import Generator, Tensor

from .atoms import table_mi
from .batch import Batch, randint, uniform

MOST_LEVELS = 12
SPREADS = (0.3, 6.0)  # log-uniform standard deviation of a table's log cells: from weak to nearly deterministic
INDEPENDENT = 0.15  # share of independent pairs of columns


def sample_tables(batch: int, rows: int, count: int, generator: Generator) -> Batch:
    """Draw `count` pairs of columns with 2 to `MOST_LEVELS` values, each pair from its own table. MI is the sum.

    x, y: [batch, rows, count], integers from 0 as floats.
    """
    tables = draw_tables(batch * count, generator)
    cells = torch.multinomial(tables.flatten(1).float(), rows, replacement=True, generator=generator)
    cells = cells.view(batch, count, rows).transpose(1, 2)
    x = torch.div(cells, MOST_LEVELS, rounding_mode="floor")
    return Batch(x.float(), (cells % MOST_LEVELS).float(), table_mi(tables).view(batch, count).sum(1).float())


def draw_tables(count: int, generator: Generator) -> Tensor:
    """Draw joint probabilities [count, MOST_LEVELS, MOST_LEVELS], float64; 0 beyond the levels of a side."""

    def draws(*shape: int) -> Tensor:
        return torch.randn(count, *shape, generator=generator, device=generator.device, dtype=torch.float64)

    low, high = map(math.log, SPREADS)
    spread = uniform(low, high, count, generator=generator).exp()
    spread = torch.where(uniform(0, 1, count, generator=generator) < INDEPENDENT, 0.0, spread)
    # The last two terms make the marginals uneven, also for independent pairs.
    logits = spread[:, None, None] * draws(MOST_LEVELS, MOST_LEVELS) + draws(MOST_LEVELS, 1) + draws(1, MOST_LEVELS)
    level = torch.arange(MOST_LEVELS, device=generator.device)
    in_x, in_y = (level < randint(2, MOST_LEVELS, count, 1, generator=generator) for _ in range(2))
    logits = logits.masked_fill(~(in_x[:, :, None] & in_y[:, None]), -torch.inf)
    return logits.flatten(1).softmax(1).view(count, MOST_LEVELS, MOST_LEVELS)
