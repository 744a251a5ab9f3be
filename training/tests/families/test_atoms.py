"""Atoms and their densities, compared with SciPy's integrals, closed forms and estimates from samples."""

import math

import numpy as np
import pytest
import torch
from estimators import ksg, plug_in, seeded
from scipy import integrate, special

from mistd_training.families import densities
from mistd_training.families.atoms import (
    discretise,
    draw_atoms,
    even_channel,
    sample_atoms,
    sample_channel,
    table_mi,
)
from mistd_training.families.elliptical import student_correction


def tables(log_density) -> torch.Tensor:
    flat = log_density.double().flatten(1).softmax(1)
    return flat.view(log_density.shape)


def frank_density(u, v, t):
    return t * -np.expm1(-t) * np.exp(-t * (u + v)) / (-np.expm1(-t) - np.expm1(-t * u) * np.expm1(-t * v)) ** 2


def clayton_density(u, v, t):
    return (1 + t) * (u * v) ** (-1 - t) * (u**-t + v**-t - 1) ** (-2 - 1 / t)


def gumbel_density(u, v, t):
    a, b = -np.log(u), -np.log(v)
    s = (a**t + b**t) ** (1 / t)
    return np.exp(-s) * (a * b) ** (t - 1) / (u * v) * s ** (1 - 2 * t) * (s + t - 1)


@pytest.mark.parametrize(
    ("cdf", "density", "theta"),
    [("frank_cdf", frank_density, 5.0), ("clayton_cdf", clayton_density, 1.2), ("gumbel_cdf", gumbel_density, 1.7)],
)
def test_archimedean_tables_have_the_mi_of_the_integrated_density(cdf, density, theta):
    table = tables(densities.archimedean_log(getattr(densities, cdf), torch.tensor([[[theta]]])))
    inner = lambda u: integrate.fixed_quad(lambda v: special.xlogy(*2 * [density(u, v, theta)]), 0, 1, n=300)[0]
    exact = integrate.fixed_quad(lambda us: np.array([inner(u) for u in us]), 0, 1, n=300)[0]
    assert table_mi(table).item() == pytest.approx(exact, abs=0.012)
    np.testing.assert_allclose(table.sum(1).numpy(), 1 / 64, rtol=1e-3)


@pytest.mark.parametrize("theta", [0.05, 3.0, 30.0, 60.0])
def test_archimedean_distribution_functions_are_finite_within_the_frechet_bounds(theta):
    u = torch.linspace(1e-12, 1, 65, dtype=torch.float64)
    for cdf in (densities.frank_cdf, densities.clayton_cdf, densities.gumbel_cdf):
        values = cdf(
            u[:, None], u[None, :], torch.tensor([[max(theta, 1.0) if "gumbel" in cdf.__name__ else theta]]).double()
        )
        assert values.isfinite().all()
        assert (values <= torch.minimum(u[:, None], u[None, :]) + 1e-9).all()
        assert (values >= (u[:, None] + u[None, :] - 1).clamp_min(0) - 1e-9).all()


@pytest.mark.parametrize("rho", [0.0, 0.4, 0.8, 0.9])
def test_gaussian_and_student_tables_have_their_closed_form(rho):
    gaussian = table_mi(tables(densities.gaussian_copula_log(torch.tensor([[[rho]]])))).item()
    exact = -0.5 * math.log(1 - rho**2)
    assert gaussian == pytest.approx(exact, abs=0.03)
    student = table_mi(tables(densities.student_copula_log(torch.tensor([[[rho]]]), torch.tensor([[[3.0]]])))).item()
    assert student == pytest.approx(exact + student_correction(torch.tensor([3.0]), 1, 1).item(), abs=0.06)


@pytest.mark.parametrize("kind", densities.KINDS)
def test_atoms_of_every_kind_report_the_mi_of_their_table_and_samples(kind):
    generator = seeded(len(kind))
    atoms = draw_atoms(40, generator, kinds=kind)
    p = atoms.table.numpy()
    np.testing.assert_allclose(p.sum((1, 2)), 1, atol=1e-9)
    independent = p.sum(2, keepdims=True) * p.sum(1, keepdims=True)
    np.testing.assert_allclose(atoms.mi.numpy(), special.rel_entr(p, independent).sum((1, 2)), atol=1e-9)
    assert atoms.mi.unique().numel() > 35 and (atoms.mi <= math.log(64)).all()
    x, y = sample_atoms(atoms, 2_000, generator)
    assert (x >= 0).all() and (x <= 1).all() and (y >= 0).all() and (y <= 1).all()
    errors = [ksg(x[i], y[i]) - atoms.mi[i].item() for i in range(10)]
    assert np.abs(errors).max() < 0.25 and abs(np.mean(errors)) < 0.08


def test_samples_fall_into_cells_by_their_mass():
    generator = seeded(2)
    atoms = draw_atoms(3, generator)
    x, y = sample_atoms(atoms, 400_000, generator)
    cells = (x * 8).long().clamp_max(7) * 8 + (y * 8).long().clamp_max(7)
    coarse = atoms.table.view(3, 8, 8, 8, 8).sum((2, 4)).flatten(1)
    for i in range(3):
        frequency = torch.bincount(cells[i], minlength=64) / 400_000
        assert (frequency - coarse[i]).abs().max() < 0.004


def test_atoms_run_from_independent_to_near_deterministic_and_blend_out():
    mi = draw_atoms(600, seeded(3)).mi
    assert mi.quantile(0.05) < 0.02 and 0.2 < mi.median() < 1 and mi.quantile(0.97) > 2.3 and mi.max() > 3
    assert draw_atoms(50, seeded(3), blend=torch.ones(50)).mi.max() < 1e-9


@pytest.mark.parametrize("sides", ["x", "y", "xy"])
def test_discretised_atoms_have_the_mi_of_their_samples(sides):
    generator = seeded(5)
    atoms = whole = draw_atoms(15, generator)
    for side in sides:
        atoms = discretise(atoms, side, generator)
    assert (atoms.mi <= whole.mi + 1e-12).all() and (atoms.mi < whole.mi - 1e-3).any()
    x, y = sample_atoms(atoms, 60_000, generator)
    # Continuous columns in their cells lose nothing, so the plug-in estimate of the whole is right, less its bias.
    codes = [(values * 64 + 1e-4).floor().long().clamp_max(63) for values in (x, y)]
    for i in range(15):
        levels = [len(code[i].unique()) for code in codes]
        bias = (levels[0] - 1) * (levels[1] - 1) / 2 / 60_000
        assert plug_in(codes[0][i], codes[1][i]) - bias == pytest.approx(atoms.mi[i].item(), abs=0.02)


def test_discretised_columns_are_tied_and_some_have_two_values():
    generator = seeded(6)
    x, _ = sample_atoms(discretise(draw_atoms(80, generator), "x", generator), 500, generator)
    distinct = np.array([len(column.unique()) for column in x])
    # A censored column may hold few of its rows at the edge.
    assert (distinct < 400).mean() > 0.9 and (distinct == 2).sum() > 10 and (distinct > 30).any()


def test_channels_draw_y_by_the_conditional_law():
    generator = seeded(7)
    channel = even_channel(draw_atoms(4, generator))
    np.testing.assert_allclose(channel.table.sum(2).numpy(), 1 / 64, rtol=1e-9)
    cell = torch.randint(0, 64, (4, 200_000), generator=generator)
    y = sample_channel(channel, cell, generator)
    for i in range(4):
        for low in (0, 32):
            inside = (cell[i] >= low) & (cell[i] < low + 32)
            frequency = torch.bincount((y[i][inside] * 8).long().clamp_max(7), minlength=8) / inside.sum()
            expected = 2 * channel.table[i, low : low + 32].sum(0).view(8, 8).sum(1)
            assert (frequency - expected).abs().max() < 0.006
