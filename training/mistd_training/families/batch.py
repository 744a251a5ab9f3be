"""The batch of data sets that every family returns, and random draws that the families share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass
class Batch:
    """Data sets of one shape, each from its own joint distribution.

    x: [batch, rows, dim_x]; y: [batch, rows, dim_y]; mi: [batch], exact mutual information in nats.
    """

    x: Tensor
    y: Tensor
    mi: Tensor

    def to(self, device: torch.device) -> Batch:
        """The batch on another device."""
        return Batch(self.x.to(device), self.y.to(device), self.mi.to(device))


GROUP = 8  # least number of data sets in a group


def sample_groups(
    shares: dict[str, float], sample: Callable[[str, int], Batch], batch: int, generator: torch.Generator
) -> Batch:
    """Draw a batch in up to six groups. `shares` gives the probability of each recipe; `sample(recipe, size)` draws."""
    count = max(1, min(6, batch // GROUP))
    sizes = [batch // count + (group < batch % count) for group in range(count)]
    names, weights = list(shares), torch.tensor(list(shares.values()), device=generator.device)
    drawn = torch.multinomial(weights, count, replacement=True, generator=generator).tolist()
    parts = [sample(names[i], size) for i, size in zip(drawn, sizes)]
    return Batch(*(torch.cat([getattr(part, field) for part in parts]) for field in ("x", "y", "mi")))


def uniform(low: float, high: float, *shape: int, generator: torch.Generator) -> Tensor:
    """Uniform draws on [low, high), on the generator's device."""
    return low + (high - low) * torch.rand(*shape, generator=generator, device=generator.device)


def randint(low: int, high: int, *shape: int, generator: torch.Generator) -> Tensor:
    """Integer draws on [low, high], both ends included, on the generator's device."""
    return torch.randint(low, high + 1, shape, generator=generator, device=generator.device)


def normal(probability: Tensor) -> Tensor:
    """Standard normal quantiles of values in [0, 1], finite at both ends."""
    return torch.special.ndtri(probability.clamp(1e-6, 1 - 1e-6))
