"""The wide meta-distribution: recipes of every shape."""

import numpy as np
import pytest
import torch
from estimators import ksg, seeded

from mistd_training.families import compose, wide
from mistd_training.model.encoding import normal_scores


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
    """The default device is another one here: a tensor made on it would fail next to the others."""
    torch.set_default_device("meta")
    try:
        for seed in range(6):
            wide.sample_recipe(recipe, 3, 12, 4, 5, torch.Generator("cpu").manual_seed(seed))
    finally:
        torch.set_default_device("cpu")


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
    # Nearest neighbors miss much of the dependence in joint structures, but they do not overestimate.
    assert errors.max() < 0.15 and (recipe == "joint" or np.median(np.abs(errors)) < 0.12)
