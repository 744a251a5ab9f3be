"""Training data: for every step, a fresh batch of data sets of one shape from the meta-distribution."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch.utils.data import Dataset

from ..families.batch import Batch
from ..families.paper import sample_paper
from ..families.wide import sample_wide
from .config import TrainConfig


class Draws(Dataset):
    """A worker's training data: item `step` is the batch of this step, of one random shape.

    A batch depends only on seed, rank and step. So a resumed run continues as the unbroken run would, and several
    processes can prefetch batches.
    """

    def __init__(self, config: TrainConfig, device: torch.device, rank: int = 0):
        self.config, self.device, self.rank = config, device, rank

    def __getitem__(self, step: int) -> Batch:
        words = np.random.SeedSequence((self.config.seed, self.rank, step)).generate_state(2).tolist()
        shapes = torch.Generator().manual_seed(words[0])
        return self.draw(shapes, torch.Generator(self.device).manual_seed(words[1]))

    def draw(self, shapes: torch.Generator, values: torch.Generator) -> Batch:
        """Draw one batch. shapes: generator of the shape, on the CPU; values: generator of the data, on the device."""
        config = self.config
        coin = torch.rand(7, generator=shapes).tolist()
        paper = coin[3] < config.paper_share
        rows_range = config.paper_rows if paper else config.rows
        if coin[0] < config.even_rows:
            rows = _between(rows_range, coin[1], even=True)
        else:
            usual = not paper and coin[2] < config.usual_share
            rows = _between(config.usual_rows if usual else rows_range, coin[1], even=False)
        if paper:
            sample = sample_paper
            dim_x = dim_y = _between(config.paper_dims, coin[5], even=True)
        else:
            sample = {"wide": sample_wide, "paper": sample_paper}[config.others]
            dim_x, dim_y = (_between(config.dims, c**config.dims_power, even=False) for c in coin[5:])
            dim_y = dim_x if coin[4] < 1 / 3 else dim_y
        return sample(self.batch_size(rows, dim_x + dim_y), rows, dim_x, dim_y, values)

    def batch_size(self, rows: int, columns: int) -> int:
        """Number of data sets in a batch of this shape."""
        least, most = self.config.batch
        return int(min(most, max(least, self.config.batch_cost / self._cost(rows, columns))))

    def _cost(self, rows: int, columns: int) -> float:
        """Relative cost of one data set; the unit is the cost of one pair of columns in the pair stream."""
        model = self.config.model
        around = 1.6 * rows * model.anchors_of(rows) / model.anchors if model.neighbors else 0.0
        return columns**2 + 100 + rows * columns / 32 + around + self.entries(rows, columns) / 4

    def entries(self, rows: int, columns: int) -> int:
        """Number of entries (rows × columns) of a data set that the entries stream reads in most steps."""
        return columns * min(rows, max(self.config.entry_rows, self.config.entries // columns))


def _between(bounds: tuple[int, int], coin: float, even: bool) -> int:
    """Map a uniform coin in [0, 1) to an integer in [low, high], uniformly or log-uniformly."""
    low, high = bounds
    if even:
        return min(high, low + int(coin * (high - low + 1)))
    return min(high, int(math.exp(math.log(low) + coin * (math.log(high + 1) - math.log(low)))))
