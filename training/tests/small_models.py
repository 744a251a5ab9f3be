"""Small models and their inputs, for tests."""

from dataclasses import replace

import torch

from mistd_training.model.encoding import normal_scores
from mistd_training.model.mist import Mist, ModelConfig
from mistd_training.training.config import PRESETS

# Without nearest neighbors and triple correlations: fast to export, and finite differences see no jumps of counts.
TINY = ModelConfig(
    pair_width=8, pair_layers=1, triangle_width=4, entry_width=8, entry_layers=1, outer_width=2, head_width=16
)
TINY_RUN = replace(PRESETS["smoke"], steps=20, model=TINY)


def random_model(seed: int = 0) -> Mist:
    """A model of the sizes `TINY` with random weights."""
    torch.manual_seed(seed)
    model = Mist(TINY).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    return model


def scores(rows: int, dim_x: int, dim_y: int, seed: int = 0, batch: int = 3) -> tuple[torch.Tensor, torch.Tensor]:
    """Scores of data sets whose columns share a component: [batch, rows, dim_x], [batch, rows, dim_y]."""
    generator = torch.Generator().manual_seed(seed)
    shared = torch.randn(batch, rows, 1, generator=generator)
    return tuple(normal_scores(shared + torch.randn(batch, rows, d, generator=generator)) for d in (dim_x, dim_y))
