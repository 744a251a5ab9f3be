"""Families compared with BMI (PyPI `benchmark-mi`), the reference's own simulators, at equal parameters."""

import numpy as np
import pytest
import torch
from bmi.benchmark.tasks.multinormal import (
    task_multinormal_2pair,
    task_multinormal_dense,
    task_multinormal_lvm,
    task_multinormal_sparse,
)
from bmi.benchmark.tasks.student import task_student_2pair, task_student_dense, task_student_sparse
from mist_statinf.data.multiadditive_noise import task_multi_additive_noise
from omegaconf import OmegaConf
from scipy import stats

from mistd_training.families.elliptical import gaussian_mi, sample_elliptical, student_correction
from mistd_training.families.paper import (
    FAMILIES,
    LatentVariables,
    additive_noise_mi,
    dense_correlation,
    latent_correlation,
    sample_additive_noise,
    sample_families,
    sample_paper,
)

SIZES = [(2, 2), (5, 5), (32, 32), (3, 7), (6, 2)]


def latent(interacting, alpha, lambd, beta, eta):
    return LatentVariables(
        *(torch.tensor([float(v)], dtype=torch.float64) for v in (interacting, alpha, lambd, beta, eta))
    )


def our_correlation(kind, parameters, dim_x, dim_y):
    if kind == "dense":
        return dense_correlation(torch.tensor([parameters["off_diag"]], dtype=torch.float64), dim_x + dim_y)
    if kind == "lvm":
        return latent_correlation(
            latent(*(parameters[k] for k in ("n_interacting", "alpha", "lambd", "beta", "eta"))), dim_x, dim_y
        )
    strength = parameters["strength"]
    return latent_correlation(latent(parameters.get("n_interacting", 2), 0, strength, 0, strength), dim_x, dim_y)


def parameters_of(kind, rng, pairs):
    if kind == "dense":
        return {"off_diag": rng.uniform(0, 0.5)}
    if kind == "lvm":
        return {
            "n_interacting": int(rng.integers(1, pairs + 1)), "alpha": rng.uniform(0, 1), "lambd": rng.uniform(0.1, 3),
            "beta": rng.uniform(0, 1.5), "eta": rng.uniform(0.1, 5),
        }  # fmt: skip
    if kind == "sparse":
        return {"n_interacting": int(rng.integers(1, pairs + 1)), "strength": rng.uniform(0.1, 5)}
    return {"strength": rng.uniform(0.1, 5)}


NORMAL = {
    "dense": task_multinormal_dense,
    "lvm": task_multinormal_lvm,
    "sparse": task_multinormal_sparse,
    "2pair": task_multinormal_2pair,
}
STUDENT = {"dense": task_student_dense, "sparse": task_student_sparse, "2pair": task_student_2pair}


@pytest.mark.parametrize("kind", NORMAL)
@pytest.mark.parametrize("sizes", SIZES)
def test_normal_families_have_the_mi_and_correlation_of_bmi(kind, sizes):
    rng = np.random.default_rng(sum(sizes))
    parameters = parameters_of(kind, rng, min(sizes))
    task = NORMAL[kind](*sizes, **parameters)
    correlation = our_correlation(kind, parameters, *sizes)
    np.testing.assert_allclose(correlation[0].numpy(), task.sampler._covariance, atol=1e-6)
    assert gaussian_mi(correlation, sizes[0]).item() == pytest.approx(task.mutual_information, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("kind", STUDENT)
@pytest.mark.parametrize("sizes", SIZES)
def test_student_families_have_the_mi_of_bmi(kind, sizes):
    rng = np.random.default_rng(sum(sizes) + 1)
    parameters, df = parameters_of(kind, rng, min(sizes)), rng.uniform(1, 10)
    task = STUDENT[kind](*sizes, df=df, **parameters)
    mi = gaussian_mi(our_correlation(kind, parameters, *sizes), sizes[0]) + student_correction(
        torch.tensor([df]).double(), *sizes
    )
    assert mi.item() == pytest.approx(task.mutual_information, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("dim", [1, 2, 17, 32])
def test_additive_noise_has_the_mi_of_the_reference(dim):
    epsilon = np.random.default_rng(dim).uniform(0.1, 2, dim)
    task = task_multi_additive_noise(epsilon=epsilon.tolist(), dim=dim)
    assert additive_noise_mi(torch.tensor(epsilon)).item() == pytest.approx(
        float(task.mutual_information), rel=1e-6, abs=1e-6
    )


def test_sample_moments_agree_with_bmi():
    """Student rows agree in dispersion and radius, additive noise in marginals and correlation."""
    rows, generator = 60_000, torch.Generator().manual_seed(4)
    parameters = {"n_interacting": 2, "alpha": 0.7, "lambd": 1.5, "beta": 0.8, "eta": 2.0}
    ours = sample_elliptical(our_correlation("lvm", parameters, 3, 2), torch.tensor([torch.inf]), rows, 3, generator)
    x, y = NORMAL["lvm"](3, 2, **parameters).sample(rows, seed=1)
    ours_xy = torch.cat([ours.x, ours.y], 2)[0].numpy()
    np.testing.assert_allclose(np.corrcoef(ours_xy.T), np.corrcoef(np.hstack([x, y]).T), atol=0.025)

    correlation = our_correlation("sparse", {"n_interacting": 1, "strength": 2.0}, 2, 2)
    ours = sample_elliptical(correlation, torch.tensor([3.0]), rows, 2, generator)
    x, y = STUDENT["sparse"](2, 2, df=3, n_interacting=1, strength=2.0).sample(rows, seed=2)
    for column in range(2):
        assert stats.ks_2samp(ours.x[0, :, column].numpy(), np.asarray(x)[:, column]).statistic < 0.012
    radius = lambda values: np.sqrt((np.asarray(values) ** 2).sum(1))
    joint = torch.cat([ours.x, ours.y], 2)[0].numpy()
    assert stats.ks_2samp(radius(joint), radius(np.hstack([x, y]))).statistic < 0.012

    ours = sample_additive_noise(torch.tensor([[0.3, 1.5]]), rows, 2, 2, generator)
    x, y = task_multi_additive_noise(epsilon=[0.3, 1.5], dim=2).sample(rows, seed=3)
    for column in range(2):
        assert stats.ks_2samp(ours.y[0, :, column].numpy(), np.asarray(y)[:, column]).statistic < 0.012
    ours_xy = torch.cat([ours.x, ours.y], 2)[0].numpy()
    np.testing.assert_allclose(np.corrcoef(ours_xy.T), np.corrcoef(np.hstack([x, y]).T), atol=0.025)


def test_families_are_those_of_the_reference_configuration():
    from importlib.resources import files

    config = OmegaConf.load(str(files("mist_statinf") / "configs/data_generation/train.yaml"))
    assert sorted(FAMILIES) == sorted(
        name.removeprefix("multi_").replace("_", "-") for name in config.meta_distribution
    )


def test_every_family_gives_finite_samples_of_its_shape_and_fresh_distributions():
    generator = torch.Generator().manual_seed(0)
    for dim_x, dim_y in [(1, 1), (2, 2), (32, 32), (1, 9), (7, 3)]:
        batch = sample_families(list(FAMILIES), 20, dim_x, dim_y, generator)
        assert batch.x.shape == (16, 20, dim_x) and batch.y.shape == (16, 20, dim_y) and batch.mi.shape == (16,)
        assert batch.x.isfinite().all() and batch.y.isfinite().all() and (batch.mi >= 0).all()
    assert sample_paper(64, 10, 4, 4, generator).mi.unique().numel() == 64


def test_columns_beyond_the_pairs_of_additive_noise_are_independent():
    batch = sample_additive_noise(torch.tensor([[0.2]]), 40_000, 3, 1, torch.Generator().manual_seed(0))
    correlation = np.corrcoef(torch.cat([batch.x, batch.y], 2)[0].numpy().T)
    assert abs(correlation[1:3, 3]).max() < 0.02 and correlation[0, 3] > 0.8
