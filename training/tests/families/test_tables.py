"""Categorical columns joined by random tables."""

import pytest
from estimators import seeded
from scipy import stats

from mistd_training.families.atoms import (
    table_mi,
)
from mistd_training.families.tables import INDEPENDENT, MOST_LEVELS, draw_tables, sample_tables


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
