"""The wide meta-distribution against SciPy's integrals, closed forms and classical estimators on the samples."""

import math

import numpy as np
import pytest
import torch
from scipy import integrate, spatial, special, stats

from mistd_training.families import compose, densities, joint, joint_validation, mixtures, wide
from mistd_training.families.atoms import (
    Atoms,
    discretise,
    draw_atoms,
    even_channel,
    sample_atoms,
    sample_channel,
    table_mi,
)
from mistd_training.families.batch import Batch
from mistd_training.families.blocks import MAX_MI, STRUCTURES, random_correlation, sample_block, spread_mi
from mistd_training.families.elliptical import gaussian_mi, student_correction
from mistd_training.families.tables import INDEPENDENT, MOST_LEVELS, draw_tables, sample_tables
from mistd_training.model.encoding import normal_scores

torch.set_num_threads(1)


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def ksg(x, y, k=4) -> float:
    """Kraskov, Stögbauer and Grassberger's first estimator on normal scores of the columns, nats."""
    sides = [np.asarray(side, dtype=float).reshape(len(x), -1) for side in (x, y)]
    sides = [special.ndtri((stats.rankdata(side, axis=0) - 0.5) / len(side)) for side in sides]
    radius = spatial.cKDTree(np.hstack(sides)).query(np.hstack(sides), k + 1, p=np.inf)[0][:, -1]
    counts = [
        spatial.cKDTree(side).query_ball_point(side, radius - 1e-12, p=np.inf, return_length=True) for side in sides
    ]
    return special.digamma(k) + special.digamma(len(x)) - sum(special.digamma(count).mean() for count in counts)


def plug_in(x, y) -> float:
    """MI of the empirical table, nats."""
    table = np.unique(x, return_inverse=True)[1], np.unique(y, return_inverse=True)[1]
    counts = np.zeros((table[0].max() + 1, table[1].max() + 1))
    np.add.at(counts, table, 1)
    p = counts / counts.sum()
    return float(special.rel_entr(p, p.sum(1, keepdims=True) * p.sum(0, keepdims=True)).sum())


def tables(log_density) -> torch.Tensor:
    flat = log_density.double().flatten(1).softmax(1)
    return flat.view(log_density.shape)


# Atoms


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


# Blocks


@pytest.mark.parametrize("structure", STRUCTURES)
@pytest.mark.parametrize("sizes", [(1, 1), (3, 2), (9, 16), (64, 64)])
def test_correlations_are_positive_definite_with_unit_diagonal(structure, sizes):
    correlation = STRUCTURES[structure](12, *sizes, seeded(1)).numpy()
    np.testing.assert_allclose(np.diagonal(correlation, axis1=1, axis2=2), 1, atol=1e-9)
    np.testing.assert_allclose(correlation, correlation.transpose(0, 2, 1), atol=1e-12)
    assert np.linalg.eigvalsh(correlation).min() > 1e-6


def test_lkj_correlations_have_their_beta_marginals():
    correlation = STRUCTURES["lkj"](4_000, 1, 1, seeded(2))[:, 0, 1] / 0.99
    eta = torch.exp(wide.uniform(math.log(0.7), 3, 4_000, 1, generator=seeded(2)))[:, 0]
    uniform = stats.beta(eta, eta).cdf((correlation + 1) / 2)
    assert stats.kstest(uniform, "uniform").pvalue > 1e-3
    wider = STRUCTURES["lkj"](4_000, 2, 2, seeded(3)) / 0.99
    eta = torch.exp(wide.uniform(math.log(0.7), 3, 4_000, 1, generator=seeded(3)))[:, 0] + 1
    for i, j in ((1, 0), (3, 2)):
        assert stats.kstest(stats.beta(eta, eta).cdf((wider[:, i, j] + 1) / 2), "uniform").pvalue > 1e-3


@pytest.mark.parametrize("sizes", [(2, 2), (8, 3), (32, 32)])
def test_spread_mi_stays_within_bounds_and_changes_only_the_cross_covariance(sizes):
    correlation = random_correlation(300, *sizes, seeded(4))
    spread = spread_mi(correlation, sizes[0], seeded(5))
    mi = gaussian_mi(spread, sizes[0])
    assert mi.max() <= MAX_MI + 1e-3 and mi.min() > -1e-9 and mi.quantile(0.9) > 1.5 and mi.quantile(0.1) < 1
    d = sizes[0]
    assert torch.equal(spread[:, :d, :d], correlation[:, :d, :d])
    assert torch.equal(spread[:, d:, d:], correlation[:, d:, d:])
    assert np.linalg.eigvalsh(spread.numpy()).min() > 0


def test_blocks_have_the_mi_of_their_samples():
    batch = sample_block(12, 4_000, 1, 1, seeded(6))
    for x, y, mi in zip(batch.x, batch.y, batch.mi):
        assert ksg(x, y) == pytest.approx(mi.item(), abs=0.12 + 0.05 * mi.item())


# Mixtures


def two_components(separation: float, dim: int) -> mixtures.Mixture:
    mean = torch.zeros(1, 2, dim)
    mean[0, 1] = separation
    factor = torch.eye(dim).expand(1, 2, dim, dim)
    return mixtures.Mixture(torch.tensor([[0.4, 0.6]]).log(), mean, factor)


@pytest.mark.parametrize("separation", [0.0, 2.0, 5.0])
def test_mixtures_settle_on_the_integrated_mi(separation):
    grid = np.linspace(-7, 7 + separation, 1_500)
    normal = stats.norm.pdf(grid), stats.norm.pdf(grid - separation)
    joint_density = 0.4 * np.outer(normal[0], normal[0]) + 0.6 * np.outer(normal[1], normal[1])
    marginal = 0.4 * normal[0] + 0.6 * normal[1]
    information = special.rel_entr(joint_density, np.outer(marginal, marginal))
    exact = integrate.trapezoid(integrate.trapezoid(information, grid), grid)
    assert mixtures.settled(two_components(separation, 2), 1, seeded(1))[1].item() == pytest.approx(exact, abs=0.03)


def test_mixtures_are_settled_to_a_hundredth_of_a_nat_or_replaced_by_a_gaussian():
    mixture, mi = mixtures.settled(mixtures.random_mixture(10, 7, seeded(2)), 3, seeded(3))
    gaussian = (mixture.factor - mixture.factor[:, :1]).abs().amax((1, 2, 3)) == 0
    _, again = mixtures.settled(mixture, 3, seeded(4))
    errors = (again - mi).abs()
    assert (errors[gaussian] < 1e-4).all() and (errors < 4 * 0.01 * 2**0.5).all()
    assert errors.square().mean().sqrt() < 0.01 * 2**0.5


def test_class_labels_have_the_mi_of_the_integrated_mixture():
    generator = seeded(8)
    batch = mixtures.sample_classes(4, 30_000, 1, generator)
    assert all(2 <= len(x.unique()) <= mixtures.MAX_COMPONENTS for x in batch.x)
    for x, y, mi in zip(batch.x[:, :, 0].numpy(), batch.y[:, :, 0].numpy(), batch.mi):
        edges = np.quantile(y, np.linspace(0, 1, 129)[1:-1])
        bias = (len(np.unique(x)) - 1) * 127 / 2 / 30_000
        assert plug_in(x, np.searchsorted(edges, y)) - bias == pytest.approx(mi.item(), abs=0.05)


# Joint structures


def recovered(name: str, x: torch.Tensor) -> torch.Tensor:
    """An increasing function of s (or s itself) from the columns of a lift."""
    if name == "product":
        return x.prod(2)
    if name == "signs" or (name == "gate" and x.shape[2] == 2):
        return x[:, :, -1] * x[:, :, :-1].sign().prod(2)
    if name == "gate":
        return torch.where(x[:, :, 0] > 0, x[:, :, 1], x[:, :, 2])
    if name == "radius":
        return x.square().sum(2)
    if name == "direction":
        return torch.atan2(x[:, :, 1], x[:, :, 0]).remainder(2 * math.pi)
    return x.amax(2)


@pytest.mark.parametrize("columns", [2, 3, 4])
@pytest.mark.parametrize("name", [n for n in joint.LIFTS if n != "modular"])
def test_lifts_keep_the_hidden_column_whole(name, columns):
    s = torch.rand(3, 500, generator=seeded(1)) * 0.98 + 0.01
    x = joint.LIFTS[name](s, columns, seeded(2))
    assert x.shape == (3, 500, columns) and x.isfinite().all()
    for hidden, found in zip(s, recovered(name, x)):
        assert stats.spearmanr(hidden, found).statistic > 0.9999


@pytest.mark.parametrize("columns", [2, 3])
def test_modular_sums_hide_from_single_columns_and_show_in_their_sum(columns):
    atoms = draw_atoms(6, seeded(3), kinds="gaussian_copula")
    x, y, mi = joint.from_lift("modular", atoms, 3_000, columns, seeded(4))
    strong = mi.argmax()
    assert all(abs(ksg(x[strong, :, i], y[strong])) < 0.06 for i in range(columns))
    combinations = np.array(np.meshgrid(*[[-2, -1, 1, 2]] * (columns - 1), [1])).reshape(columns, -1).T
    best = max(ksg((x[strong].numpy() @ c) % 1, y[strong]) for c in combinations)
    assert best == pytest.approx(mi[strong].item(), abs=0.25)


def test_a_lifted_pair_has_the_mi_of_its_atom():
    for name in ("radius", "direction", "product", "maximum"):
        atoms = draw_atoms(3, seeded(5), kinds="ridge")
        x, y, mi = joint.from_lift(name, atoms, 4_000, 2, seeded(6))
        for i in range(3):
            assert ksg(x[i], y[i]) == pytest.approx(mi[i].item(), abs=0.12 + 0.3 * mi[i].item())


@pytest.mark.parametrize("name", joint.FUNCTIONS)
def test_functions_of_columns_have_the_mi_of_their_value(name, monkeypatch):
    """With the cells' true masses, counted on many rows, MI moves by less than .01 nats (one standard error)."""
    seen = []
    monkeypatch.setattr(joint, "sample_channel", lambda channel, cell, generator: seen.append(cell) or cell.float())
    atoms = draw_atoms(6, seeded(9))
    _, _, mi = joint.from_function(name, atoms, 200_000, 3, False, seeded(10))
    mass = torch.stack([torch.bincount(cell, minlength=64) for cell in seen[0]]).double() / 200_000
    table = even_channel(atoms).table * 64 * mass[:, :, None]
    assert (table_mi(table) - mi).square().mean().sqrt() < 0.01


def test_joint_structures_come_in_every_size_and_in_classes():
    for columns_x, columns_y in [(2, 1), (3, 2), (4, 1), (2, 3)]:
        for seed in range(6):
            batch = joint.sample_joint(5, 40, columns_x, columns_y, seeded(seed))
            assert batch.x.shape == (5, 40, columns_x) and batch.y.shape == (5, 40, columns_y)
            assert batch.x.isfinite().all() and batch.y.isfinite().all() and (batch.mi >= 0).all()


# Composition


@pytest.mark.parametrize("kind", [k for k in compose.MIXING if k != "none"])
def test_mixing_within_a_side_keeps_the_information(kind):
    generator = seeded(11)
    piece = sample_block(6, 3_000, 3, 1, generator)
    mixed = compose.mix(piece.x, generator, kind)
    assert mixed.shape == piece.x.shape and mixed.isfinite().all() and not torch.equal(mixed, piece.x)
    before = np.array([ksg(x, y) for x, y in zip(piece.x, piece.y)])
    after = np.array([ksg(x, y) for x, y in zip(mixed, piece.y)])
    assert np.abs(after - before).max() < 0.15 + 0.25 * before.max()
    jacobian = torch.autograd.functional.jacobian(
        lambda row: compose.mix(row[None], seeded(12), kind)[0, 0], torch.randn(1, 3, generator=generator)
    )
    assert jacobian[:, 0].det().abs() > 1e-3


def test_padding_adds_columns_that_say_nothing():
    for seed in range(8):
        generator = seeded(seed)
        piece = sample_block(1, 3_000, 1, 1, generator)
        side = compose.pad(piece.x, 4, generator)
        assert side.shape[2] == 4 and torch.equal(side[:, :, :1], piece.x)
        # Given its own column, what was added is independent of y: beyond x itself nothing is found.
        assert ksg(side[0, :, [0, 2]], piece.y[0]) < ksg(piece.x[0], piece.y[0]) + 0.08


def test_stacking_adds():
    pieces = [sample_block(5, 30, 2, 3, seeded(1)), sample_block(5, 30, 1, 2, seeded(2))]
    stacked = compose.stack(pieces)
    assert stacked.x.shape == (5, 30, 3) and stacked.y.shape == (5, 30, 5)
    torch.testing.assert_close(stacked.mi, pieces[0].mi + pieces[1].mi)


# The whole


@pytest.mark.parametrize("recipe", wide.SHARES)
@pytest.mark.parametrize("shape", [(5, 1, 1), (10, 1, 7), (40, 3, 2), (25, 9, 1), (12, 30, 41)])
def test_every_recipe_fits_every_shape(recipe, shape):
    rows, dim_x, dim_y = shape
    for seed in range(2):
        batch = wide.sample_recipe(recipe, 6, rows, dim_x, dim_y, seeded(seed))
        assert batch.x.shape == (6, rows, dim_x) and batch.y.shape == (6, rows, dim_y) and batch.mi.shape == (6,)
        assert batch.x.isfinite().all() and batch.y.isfinite().all()
        assert (batch.mi >= 0).all() and (batch.mi < 30).all()


def test_wide_batches_are_finite_distinct_and_repeatable():
    for rows, dim_x, dim_y in [(5, 64, 64), (2_000, 2, 1), (60, 5, 5), (20, 1, 33)]:
        batch = wide.sample_wide(24, rows, dim_x, dim_y, seeded(rows))
        again = wide.sample_wide(24, rows, dim_x, dim_y, seeded(rows))
        assert torch.equal(batch.x, again.x) and torch.equal(batch.y, again.y) and torch.equal(batch.mi, again.mi)
        assert batch.x.shape == (24, rows, dim_x) and batch.x.dtype == batch.y.dtype == batch.mi.dtype == torch.float32
        assert batch.x.isfinite().all() and batch.y.isfinite().all() and (batch.mi >= 0).all()
        dependent = batch.mi[batch.mi > 0]
        assert dependent.unique().numel() == dependent.numel()
    assert wide.sample_wide(1, 5, 1, 1, seeded(0)).x.shape == (1, 5, 1)


@pytest.mark.parametrize("recipe", wide.SHARES)
def test_every_tensor_is_made_on_the_device_of_the_generator(recipe):
    """With another default device, a tensor made without naming the generator's would not mix with the others."""
    torch.set_default_device("meta")
    try:
        for seed in range(6):
            wide.sample_recipe(recipe, 3, 12, 4, 5, torch.Generator("cpu").manual_seed(seed))
    finally:
        torch.set_default_device("cpu")


def test_tables_have_the_mi_of_their_samples():
    batch = sample_tables(40, 50_000, 2, seeded(21))
    for x, y, mi in zip(batch.x.numpy(), batch.y.numpy(), batch.mi.tolist()):
        plug_in = bias = 0.0
        for a, b in zip(x.T, y.T):
            counts = stats.contingency.crosstab(a, b).count
            plug_in += stats.entropy(counts.sum(0)) + stats.entropy(counts.sum(1)) - stats.entropy(counts.ravel())
            bias += counts.size / (2 * len(x))
        assert plug_in == pytest.approx(mi, abs=0.02 + bias)


def test_tables_differ_in_their_levels_and_some_say_nothing():
    drawn = draw_tables(2_000, seeded(22))
    assert drawn.sum((1, 2)) == pytest.approx(1, abs=1e-12)
    for side in (1, 2):
        levels = (drawn.sum(side) > 0).sum(1)
        assert levels.unique().tolist() == list(range(2, MOST_LEVELS + 1))
    mi = table_mi(drawn)
    assert (mi < 1e-9).float().mean() == pytest.approx(INDEPENDENT, abs=0.03) and mi.quantile(0.95) > 0.4


def test_scores_of_wide_batches_with_ties_are_finite():
    batch = wide.sample_recipe("discrete", 8, 50, 3, 2, seeded(3))
    assert any(len(column.unique()) < 50 for column in batch.y.transpose(1, 2).flatten(0, 1))
    assert normal_scores(batch.x).isfinite().all() and normal_scores(batch.y).isfinite().all()


def test_mi_spreads_over_the_range_and_some_data_sets_are_independent():
    generator = seeded(13)
    mi = torch.cat([wide.sample_wide(48, 10, 4, 6, generator).mi for _ in range(40)])
    assert 0.02 < (mi < 1e-6).float().mean() < 0.2
    assert 0.15 < mi.median() < 1.5 and mi.quantile(0.95) > 3
    assert sum(wide.SHARES.values()) == pytest.approx(1) and sum(compose.MIXING.values()) == pytest.approx(1)


def test_independent_data_sets_are_independent():
    values = []
    for seed in range(12):
        batch = wide.sample_recipe("independent", 1, 2_000, 1, 1, seeded(seed))
        noise = 1e-6 * torch.randn(2, 2_000, generator=seeded(seed), dtype=torch.float64).numpy()
        values.append(ksg(batch.x[0, :, 0].numpy() + noise[0], batch.y[0, :, 0].numpy() + noise[1]))
    assert np.abs(values).max() < 0.1 and abs(np.mean(values)) < 0.02


@pytest.mark.parametrize("recipe", ["elliptical", "paper", "atoms", "joint", "mixture"])
def test_small_data_sets_of_every_continuous_recipe_agree_with_nearest_neighbours(recipe):
    batch = wide.sample_recipe(recipe, 10, 3_000, 2, 1, seeded(21))
    errors = np.array([ksg(x, y) for x, y in zip(batch.x, batch.y)]) - batch.mi.numpy()
    # Nearest neighbours miss much of what joint structures hold, but never find what is not there.
    assert errors.max() < 0.15 and (recipe == "joint" or np.median(np.abs(errors)) < 0.12)


# Held-out joint structures


@pytest.mark.parametrize("name", joint_validation.HELD_OUT)
def test_held_out_families_are_finite_and_hide_from_pairs(name):
    batch = joint_validation.sample_validation(name, 8, 1_500, seeded(1), extra=1)
    assert batch.x.isfinite().all() and batch.y.isfinite().all() and (batch.mi > 0).all() and (batch.mi < 1.8).all()
    if name not in ("middle", "duel"):
        strongest = batch.mi.argmax()
        x, y = batch.x[strongest], batch.y[strongest]
        assert all(abs(ksg(x[:, i], y[:, 0])) < 0.1 for i in range(x.shape[1]))
    assert name not in joint.LIFTS and name not in joint.FUNCTIONS


@pytest.mark.parametrize("name", ["middle", "between", "torus", "duel"])
def test_held_out_functions_have_the_distribution_their_mi_rests_on(name, monkeypatch):
    seen = []
    keep = joint_validation._continuous
    monkeypatch.setattr(
        joint_validation, "_continuous", lambda x, p, generator: seen.append(p) or keep(x, p, generator)
    )
    batch = joint_validation.HELD_OUT[name](2, 20_000, seeded(2))
    assert stats.kstest(seen[0].flatten().numpy(), "uniform").pvalue > 1e-3
    assert ksg(seen[0][0], batch.y[0]) == pytest.approx(batch.mi[0].item(), abs=0.05)


def test_held_out_discrete_structures_have_the_mi_of_their_tables():
    batch = joint_validation.parity(3, 100_000, seeded(3))
    order = (batch.x.argsort(2) * torch.tensor([9, 3, 1])).sum(2)
    powers = joint_validation.powers(3, 100_000, seeded(4))
    digits = powers.x.long()
    for i in range(3):
        assert plug_in(order[i], batch.y[i, :, 0] > 0) == pytest.approx(batch.mi[i].item(), abs=0.005)
        pairs = digits[i, :, 0] * 7 + digits[i, :, 1]
        assert plug_in(pairs, powers.y[i, :, 0].long()) == pytest.approx(powers.mi[i].item(), abs=0.01)


@pytest.mark.parametrize("r", [0.4, 0.8, 0.98])
def test_the_switch_has_the_mi_that_scipy_integrates(r):
    rng = np.random.default_rng(0)
    y = rng.standard_normal((400_000, 2)) @ np.linalg.cholesky([[1, r], [r, 1]]).T
    plus, minus = (stats.multivariate_normal(cov=[[1, c], [c, 1]]).logpdf(y) for c in (r, -r))
    information = plus - np.logaddexp(plus, minus) + math.log(2)
    assert joint_validation.switch_mi(torch.tensor([r])).item() == pytest.approx(information.mean(), abs=0.002)


def test_types_are_those_of_every_family():
    assert isinstance(joint_validation.sample_validation("duel", 2, 9, seeded(0)), Batch)
    assert isinstance(draw_atoms(2, seeded(0)), Atoms)
