"""MIST's sixteen training families (arXiv 2511.18945, its reference configuration), without monotone marginal maps.

The reference composes a joint distribution with a strictly monotone map of every column (half-cube, asinh, wiggly,
normal CDF). Such a map changes neither MI nor normal scores, so the families here omit it. Their names still contain
it, so that they match the names of the reference.

The reference has dim_x = dim_y in 2..32. Here all families are defined for any two sizes. The interacting pairs are the
first columns of each side. The columns beyond them are independent noise (additive noise) or follow the family's own
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
# The distinct families without the marginal maps, by structure ("2pair" counts as sparse). Structures are equally
# likely, and so are the families within a structure, however many variants the reference has of each.
_STRUCTURES = {"dense": "dense", "sparse": "sparse", "2pair": "sparse", "lvm": "lvm", "noise": "noise"}
KINDS: dict[str, tuple[str, ...]] = {
    structure: tuple(sorted({f.rsplit("-", 1)[0] for f in FAMILIES if _STRUCTURES[f.split("-")[1]] == structure}))
    for structure in ("dense", "sparse", "lvm", "noise")
}


@dataclass
class LatentVariables:
    """Parameters of the Gaussian latent-variable covariance, [batch] each (BMI's `GaussianLVMParametrization`).

    alpha: weight of a latent variable shared by all columns; beta: of one shared within a side; lambd: of one shared by
    the i-th columns of both sides, for i < interacting; eta: of a private one of each other column. Every column also
    has private noise with variance 1.
    """

    interacting: Tensor
    alpha: Tensor
    lambd: Tensor
    beta: Tensor
    eta: Tensor


def dense_correlation(off_diagonal: Tensor, dim: int) -> Tensor:
    """Correlation matrices in which every two columns have correlation `off_diagonal` [batch]. [batch, dim, dim]."""
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
    """MI of x ~ U(0, 1) and x + U(−ε, ε) in nats, summed over the last axis (BMI's `AdditiveUniformSampler`)."""
    epsilon = epsilon.double()
    return torch.where(epsilon > 0.5, 0.25 / epsilon, epsilon - torch.log(2 * epsilon)).sum(-1)


def sample_additive_noise(epsilon: Tensor, rows: int, dim_x: int, dim_y: int, generator: torch.Generator) -> Batch:
    """Draw x_j ~ U(0, 1), and y_j = x_j + U(−ε_j, ε_j) in the first min(dim_x, dim_y) columns; the others are noise.

    epsilon: [batch, min(dim_x, dim_y)].
    """
    batch, pairs = epsilon.shape
    x = uniform(0, 1, batch, rows, dim_x, generator=generator)
    y = uniform(0, 1, batch, rows, dim_y, generator=generator)
    noise = (2 * y[:, :, :pairs] - 1) * epsilon[:, None]
    y = torch.cat([x[:, :, :pairs] + noise, y[:, :, pairs:]], 2)
    return Batch(x, y, additive_noise_mi(epsilon).float())


def sample_paper(batch: int, rows: int, dim_x: int, dim_y: int, generator: torch.Generator) -> Batch:
    """Draw one data set from each of `batch` fresh distributions.

    First the structure is drawn uniformly from `KINDS`, then the family within it.
    """
    names = []
    for structure in randint(0, len(KINDS) - 1, batch, generator=generator).tolist():
        kinds = list(KINDS.values())[structure]
        names.append(kinds[int(randint(0, len(kinds) - 1, 1, generator=generator))])
    return sample_families(names, rows, dim_x, dim_y, generator)


@dataclass
class Parameters:
    """Parameters of `batch` distributions: additive-noise ones where `additive` [batch] is true, else elliptical.

    correlation: [batch, dim_x + dim_y, dim_x + dim_y]; df: [batch], infinite for Gaussian distributions; epsilon:
    [batch, min(dim_x, dim_y)], 1 for elliptical distributions.
    """

    additive: Tensor
    correlation: Tensor
    df: Tensor
    epsilon: Tensor


def draw_parameters(names: list[str], dim_x: int, dim_y: int, generator: torch.Generator) -> Parameters:
    """Draw the parameters of each named family from the reference's ranges."""
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
    """Draw one data set from each distribution."""
    result = sample_elliptical(parameters.correlation, parameters.df, rows, dim_x, generator)
    additive = parameters.additive
    if additive.any():
        noisy = sample_additive_noise(parameters.epsilon[additive], rows, dim_x, dim_y, generator)
        result.x[additive], result.y[additive], result.mi[additive] = noisy.x, noisy.y, noisy.mi
    return result


def sample_families(names: list[str], rows: int, dim_x: int, dim_y: int, generator: torch.Generator) -> Batch:
    """Draw one data set from each named family, with parameters from the reference's ranges."""
    return sample_distributions(draw_parameters(names, dim_x, dim_y, generator), rows, dim_x, dim_y, generator)
