"""Mutual information inside a training loop: a PyTorch module with a derivative with respect to the samples."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn

from .gradient import quantile_at
from .mist import Mist, ModelConfig
from .soft_ranks import soft_normal_scores


class MutualInformation(nn.Module):
    """Q(tau) of the mutual information of x and y in nats, differentiable with respect to both.

    model: a trained model; its weights are frozen. tau: 0.5 gives the estimate, a smaller tau a cautious estimate.
    Raises ValueError if tau is not in (0, 1).

    >>> information = MutualInformation.from_checkpoint("checkpoints/mist-paper.pt")
    >>> loss = -information(encoder(inputs), targets)  # both [rows, columns]
    """

    def __init__(self, model: Mist, tau: float = 0.5):
        super().__init__()
        if not 0 < tau < 1:
            raise ValueError(f"tau is {tau}; it must be in (0, 1)")
        self.model = model.eval().requires_grad_(False)
        self.tau = tau

    @classmethod
    def from_checkpoint(cls, path: str | Path, tau: float = 0.5) -> MutualInformation:
        """Load the averaged weights of a checkpoint of `mistd-train`."""
        state = torch.load(path, map_location="cpu", weights_only=True)
        model = Mist(ModelConfig(**state["config"]["model"]))
        model.load_state_dict(state["average"])
        return cls(model, tau)

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        """Estimate from finite samples: x [rows, dim_x] and y [rows, dim_y], or both with a batch axis in front.

        Returns a scalar, or [batch], in nats. Raises ValueError if the shapes do not fit each other.
        """
        if x.ndim != y.ndim or x.ndim not in (2, 3) or x.shape[:-1] != y.shape[:-1]:
            shapes = f"x has shape {tuple(x.shape)} and y {tuple(y.shape)}"
            raise ValueError(f"{shapes}; both must be [rows, columns] or [batch, rows, columns] with the same rows")
        batched = x.ndim == 3
        if not batched:
            x, y = x[None], y[None]
        knots = self.model(soft_normal_scores(x), soft_normal_scores(y))
        value = quantile_at(knots, torch.full_like(knots[:, 0], self.tau))
        return value if batched else value[0]

    def train(self, mode: bool = True) -> MutualInformation:
        """Set the mode of this module as PyTorch does; the model inside stays in eval mode."""
        super().train(mode)
        self.model.eval()
        return self
