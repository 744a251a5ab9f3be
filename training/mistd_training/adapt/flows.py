"""Normalizing flows that learn how the columns of one side depend on each other, from few rows or many.

The model sees only the order of a column's values, so a flow is fitted to the columns' normal scores: it learns the
copula of the side. A flow is a neural spline flow (Durkan et al. 2019) followed by a Gaussian copula (the Cholesky
factor of a shrunk correlation matrix). The spline flow starts as the identity. Training stops when the density of
held-out rows no longer rises. So few rows give a Gaussian copula, and many rows any copula that they show.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass

import numpy as np
import torch
import zuko
from scipy.special import ndtri
from torch import Tensor, nn

KEPT_APART = 0.25  # share of held-out rows, which decide when training stops
MEMBERS = 3  # flows per side, each with different held-out rows
LAYERS, BINS, HIDDEN = 6, 6, (32,)
SHRINKAGES = (1e-4, 1e-3, 0.01, 0.05, 0.2)
STEPS, CHECK_EVERY, PATIENCE = 1_500, 10, 15
BATCH, LEARNING_RATE, WEIGHT_DECAY = 256, 6e-3, 1e-3


class SideFlow(nn.Module):
    """A flow: latents N(0, I) ↔ normal scores of one side, both [..., dim]. factor: Cholesky factor [dim, dim]."""

    def __init__(self, factor: Tensor):
        super().__init__()
        self.register_buffer("factor", factor)
        dim = factor.shape[0]
        # Coupling layers are as fast from latents to scores as back.
        self.spline = zuko.flows.NICE(
            dim,
            transforms=LAYERS,
            randmask=dim > 2,
            univariate=zuko.transforms.MonotonicRQSTransform,
            shapes=[(BINS,), (BINS,), (BINS - 1,)],
            hidden_features=HIDDEN,
        )
        for transform in self.spline.transform.transforms:
            if hasattr(transform, "hyper"):
                nn.init.zeros_(transform.hyper[-1].weight)
                nn.init.zeros_(transform.hyper[-1].bias)

    def forward(self, latents: Tensor) -> Tensor:
        """Latents [..., dim] → scores [..., dim]."""
        return self.spline().transform.inv(latents) @ self.factor.T

    def latents(self, scores: Tensor) -> Tensor:
        """Scores [..., dim] → latents [..., dim]: the inverse of `forward`."""
        return self.spline().transform(self._whitened(scores))

    def log_prob(self, scores: Tensor) -> Tensor:
        """Log density of scores [rows, dim]. Returns [rows] nats."""
        return self.spline().log_prob(self._whitened(scores)) - self.factor.diagonal().log().sum()

    def _whitened(self, scores: Tensor) -> Tensor:
        return torch.linalg.solve_triangular(self.factor, scores.mT, upper=False).mT


class Side(nn.Module):
    """The distribution of one side, represented by several flows.

    A side with one column has no flows: the model sees only the order of its values, which no increasing map changes.
    """

    def __init__(self, dim: int, flows: list[SideFlow]):
        super().__init__()
        self.dim = dim
        self.flows = nn.ModuleList(flows)

    @torch.no_grad()
    def forward(self, latents: Tensor, generator: torch.Generator) -> Tensor:
        """Latents N(0, I) [batch, rows, dim] → scores of the same shape, by one flow drawn for the whole batch."""
        if not self.flows:
            return latents
        member = torch.randint(len(self.flows), (1,), generator=generator, device=generator.device).item()
        return self.flows[member](latents)

    @torch.no_grad()
    def log_prob(self, scores: Tensor) -> float:
        """Mean log density of scores [rows, dim] under the equal mixture of the flows, in nats per row."""
        if not self.flows:
            return float(torch.distributions.Normal(0.0, 1.0).log_prob(scores).sum(1).mean())
        each = torch.stack([flow.log_prob(scores) for flow in self.flows])
        return float((each.logsumexp(0) - np.log(len(self.flows))).mean())


def fit_side(samples: np.ndarray, seed: int) -> Side:
    """Fit `MEMBERS` flows to samples [rows, dim]."""
    dim = samples.shape[1]
    if dim == 1:
        return Side(1, [])
    flows = []
    for member in range(MEMBERS):
        rng = np.random.default_rng([seed, member])
        scores = untied_scores(samples, rng)[torch.from_numpy(rng.permutation(len(samples)))]
        apart = max(2, round(KEPT_APART * len(scores)))
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(int(rng.integers(2**31)))
            flows.append(_fit(scores[apart:], scores[:apart]))
    return Side(dim, flows).requires_grad_(False)


def untied_scores(samples: np.ndarray, rng: np.random.Generator) -> Tensor:
    """Normal scores [rows, dim], float32, of samples [rows, dim], with ties broken at random: ties have no density."""
    rows = len(samples)
    order = np.lexsort((rng.random(samples.shape), samples), axis=0)
    ranks = np.empty(samples.shape)
    np.put_along_axis(ranks, order, np.arange(rows, dtype=float)[:, None], 0)
    return torch.from_numpy(ndtri((ranks + 0.5) / rows)).float()


@dataclass
class _Best:
    loss: float
    state: dict
    checks: int = 0


def _fit(scores: Tensor, apart: Tensor) -> SideFlow:
    flows = [SideFlow(_factor(scores, shrinkage)) for shrinkage in SHRINKAGES]
    flow = min(flows, key=lambda candidate: _loss(candidate, apart))
    best = _Best(_loss(flow, apart), copy.deepcopy(flow.state_dict()))
    optimizer = torch.optim.AdamW(flow.parameters(), lr=LEARNING_RATE, weight_decay=WEIGHT_DECAY)
    for step in range(1, STEPS + 1):
        part = scores if len(scores) <= BATCH else scores[torch.randint(len(scores), (BATCH,))]
        loss = -flow.log_prob(part).mean()
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(flow.parameters(), 5.0)
        optimizer.step()
        if step % CHECK_EVERY:
            continue
        now = _loss(flow, apart)
        if now < best.loss:
            best = _Best(now, copy.deepcopy(flow.state_dict()))
        elif (best := _Best(best.loss, best.state, best.checks + 1)).checks >= PATIENCE:
            break
    flow.load_state_dict(best.state)
    return flow


@torch.no_grad()
def _loss(flow: SideFlow, scores: Tensor) -> float:
    return float(-flow.log_prob(scores).mean())


def _factor(scores: Tensor, shrinkage: float) -> Tensor:
    correlation = torch.from_numpy(np.corrcoef(scores.numpy(), rowvar=False))
    shrunk = (1 - shrinkage) * correlation + shrinkage * torch.eye(scores.shape[1], dtype=torch.float64)
    return torch.linalg.cholesky(shrunk).float()
