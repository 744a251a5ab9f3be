"""MIST's sixteen training families (arXiv 2511.18945, its reference configuration), up to monotone marginals.

The reference composes a joint distribution with a strictly monotone map of every column (half-cube, asinh, wiggly,
normal CDF). MI and normal scores are the same before and after such a map, so the families here are sampled without
it; their names keep it, so that the mixture is the reference's.

The reference has dim_x = dim_y in 2..32. All families are defined here for any two sizes: interacting pairs are the
first columns of each side, columns beyond them are independent noise (additive noise) or follow the family's own
pattern.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from .batch import Batch, randint, uniform
from .elliptical import sample_elliptical

FAMILIES = (
    "normal-dense-base",
    "normal-dense-halfcube",
    "normal-dense-asinh",
    "normal-sparse-wigglify",
    "normal-sparse-base",
    "normal-lvm-wigglify",
    "normal-lvm-base",
    "normal-2pair-base",
    "student-dense-base",
    "student-dense-wigglify",
    "student-sparse-halfcube",
    "student-sparse-base",
    "student-sparse-asinh",
    "student-2pair-asinh",
    "student-2pair-halfcube",
    "additive-noise-wigglify",
)
# What is left of them without the marginal maps, by structure (two pairs are a sparse one). A family does not count
# more for having been given more maps, nor a structure for having been given more distributions.
_STRUCTURES = {"dense": "dense", "sparse": "sparse", "2pair": "sparse", "lvm": "lvm", "noise": "noise"}
KINDS: dict[str, tuple[str, ...]] = {
    structure: tuple(sorted({f.rsplit("-", 1)[0] for f in FAMILIES if _STRUCTURES[f.split("-")[1]] == structure}))
    for structure in ("dense", "sparse", "lvm", "noise")
}


@dataclass
class LatentVariables:
    """Parameters of the Gaussian latent-variable covariance, each [batch] (BMI's `GaussianLVMParametrization`).

    alpha: weight of a variable shared by all columns; beta: of one shared within a side; lambd: of one shared by the
    i-th columns of both sides, i < interacting; eta: of a private one for the other columns. Unit private noise.
    """

    interacting: Tensor
    alpha: Tensor
    lambd: Tensor
    beta: Tensor
    eta: Tensor


def dense_correlation(off_diagonal: Tensor, dim: int) -> Tensor:
    """Every two columns correlated by `off_diagonal` [batch]. Returns [batch, dim, dim]."""
    eye = torch.eye(dim, device=off_diagonal.device)
    return eye + off_diagonal[:, None, None] * (1 - eye)


def latent_correlation(parameters: LatentVariables, dim_x: int, dim_y: int) -> Tensor:
    """Correlation matrix of the latent-variable model. Returns [batch, dim_x + dim_y, dim_x + dim_y]."""
    device = parameters.alpha.device
    index = torch.cat([torch.arange(dim_x, device=device), torch.arange(dim_y, device=device)])
    side = torch.arange(dim_x + dim_y, device=device) < dim_x
    interacts = index[None] < parameters.interacting[:, None]
    same_side = (side[:, None] == side[None]).float()
    paired = (index[:, None] == index[None]) & (side[:, None] != side[None])
    alpha2, beta2, lambd2, eta2 = (
        p.square()[:, None, None] for p in (parameters.alpha, parameters.beta, parameters.lambd, parameters.eta)
    )
    covariance = alpha2 + beta2 * same_side + lambd2 * (paired[None] & interacts[:, :, None])
    private = 1 + torch.where(interacts, lambd2[:, 0], eta2[:, 0])
    covariance = covariance + torch.diag_embed(private)
    scale = covariance.diagonal(dim1=1, dim2=2).rsqrt()
    return covariance * scale[:, :, None] * scale[:, None, :]


def additive_noise_mi(epsilon: Tensor) -> Tensor:
    """MI of U(0, 1) and itself plus U(−ε, ε), summed over the last axis, nats (BMI's `AdditiveUniformSampler`)."""
    epsilon = epsilon.double()
    return torch.where(epsilon > 0.5, 0.25 / epsilon, epsilon - torch.log(2 * epsilon)).sum(-1)


def sample_additive_noise(epsilon: Tensor, rows: int, dim_x: int, dim_y: int, generator: torch.Generator) -> Batch:
    """y_j = x_j + U(−ε_j, ε_j) for the first min(dim_x, dim_y) columns, x_j ~ U(0, 1); further columns are noise.

    epsilon: [batch, min(dim_x, dim_y)].
    """
    batch, pairs = epsilon.shape
    x = uniform(0, 1, batch, rows, dim_x, generator=generator)
    y = uniform(0, 1, batch, rows, dim_y, generator=generator)
    noise = (2 * y[:, :, :pairs] - 1) * epsilon[:, None]
    y = torch.cat([x[:, :, :pairs] + noise, y[:, :, pairs:]], 2)
    return Batch(x, y, additive_noise_mi(epsilon).float())


def sample_paper(batch: int, rows: int, dim_x: int, dim_y: int, generator: torch.Generator) -> Batch:
    """One data set each from `batch` fresh distributions: first its structure drawn evenly from `KINDS`, then its
    kind."""
    names = []
    for structure in randint(0, len(KINDS) - 1, batch, generator=generator).tolist():
        kinds = list(KINDS.values())[structure]
        names.append(kinds[int(randint(0, len(kinds) - 1, 1, generator=generator))])
    return sample_families(names, rows, dim_x, dim_y, generator)


@dataclass
class Parameters:
    """Of one distribution each: of an elliptical one, or of an additive-noise one where `additive` [batch] says so.

    correlation: [batch, dim_x + dim_y, dim_x + dim_y]; df: [batch], infinite for a Gaussian one; epsilon: [batch,
    min(dim_x, dim_y)], 1 where it is of no use.
    """

    additive: Tensor
    correlation: Tensor
    df: Tensor
    epsilon: Tensor


def draw_parameters(names: list[str], dim_x: int, dim_y: int, generator: torch.Generator) -> Parameters:
    """Of each named family, from the reference's ranges."""
    batch, device = len(names), generator.device

    def named(part: str) -> Tensor:
        return torch.tensor([part in name for name in names], device=device)

    def draw(low: float, high: float) -> Tensor:
        return uniform(low, high, batch, generator=generator)

    lvm = named("lvm")
    strength = draw(0.1, 5)
    pairs = min(dim_x, dim_y)
    interacting = randint(1, pairs, batch, generator=generator)
    zero = torch.zeros(batch, device=device)
    latent = LatentVariables(
        interacting=torch.where(named("2pair"), min(2, pairs), interacting),
        alpha=torch.where(lvm, draw(0, 1), zero),
        lambd=torch.where(lvm, draw(0.1, 3), strength),
        beta=torch.where(lvm, draw(0, 1.5), zero),
        eta=torch.where(lvm, draw(0.1, 5), strength),
    )
    correlation = torch.where(
        named("dense")[:, None, None],
        dense_correlation(draw(0, 0.5), dim_x + dim_y),
        latent_correlation(latent, dim_x, dim_y),
    )
    df = torch.where(named("student"), draw(1, 10), torch.inf)
    additive = named("additive")
    epsilon = torch.ones(batch, pairs, device=device)
    if additive.any():
        epsilon[additive] = uniform(0.1, 2, int(additive.sum()), pairs, generator=generator)
    return Parameters(additive, correlation, df, epsilon)


def sample_distributions(
    parameters: Parameters, rows: int, dim_x: int, dim_y: int, generator: torch.Generator
) -> Batch:
    """One data set from each distribution."""
    result = sample_elliptical(parameters.correlation, parameters.df, rows, dim_x, generator)
    additive = parameters.additive
    if additive.any():
        noisy = sample_additive_noise(parameters.epsilon[additive], rows, dim_x, dim_y, generator)
        result.x[additive], result.y[additive], result.mi[additive] = noisy.x, noisy.y, noisy.mi
    return result


def sample_families(names: list[str], rows: int, dim_x: int, dim_y: int, generator: torch.Generator) -> Batch:
    """One data set from each named family, its parameters drawn from the reference's ranges."""
    return sample_distributions(draw_parameters(names, dim_x, dim_y, generator), rows, dim_x, dim_y, generator)
