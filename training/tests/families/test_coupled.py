"""Couplings: dependence between two standard normal sides."""

import numpy as np
import pytest
import torch
from estimators import seeded
from scipy import stats
from sklearn.feature_selection import mutual_info_regression

from mistd_training.families.atoms import draw_atoms, even_margins, sample_atoms
from mistd_training.families.batch import normal
from mistd_training.families.coupled import SHARES, _lift, sample_coupled, sample_coupling


@pytest.mark.parametrize("name", SHARES)
@pytest.mark.parametrize("dims", [(1, 1), (4, 1), (2, 3)])
def test_both_sides_of_a_coupling_are_standard_normal(name, dims):
    batch = sample_coupling(name, 200, 60, *dims, seeded(1))
    assert batch.x.shape == (200, 60, dims[0]) and batch.y.shape == (200, 60, dims[1])
    assert (batch.mi >= 0).all() and (batch.mi == 0).all() == (name == "independent")
    for side in (batch.x, batch.y):
        rows = side.reshape(-1, side.shape[2]).double().numpy()
        directions = np.random.default_rng(2).standard_normal((3, rows.shape[1]))
        for direction in directions / np.linalg.norm(directions, axis=1, keepdims=True):
            assert stats.kstest(rows @ direction, "norm").statistic < 0.018
        assert stats.kstest((rows**2).sum(1), "chi2", (rows.shape[1],)).statistic < 0.018


def test_canonical_correlations_have_the_mi_of_their_covariance():
    batch = sample_coupling("canonical", 6, 40_000, 3, 2, seeded(3))
    for x, y, mi in zip(batch.x, batch.y, batch.mi):
        correlation = torch.corrcoef(torch.cat([x, y], 1).double().T)
        determinants = [correlation[part, part].det().log() for part in (slice(0, 3), slice(3, 5), slice(0, 5))]
        assert float((determinants[0] + determinants[1] - determinants[2]) / 2) == pytest.approx(float(mi), abs=0.03)


def test_atoms_keep_their_mi_when_their_margins_are_made_even():
    atoms = draw_atoms(12, seeded(4))
    even = even_margins(atoms)
    x, y = sample_atoms(even, 4_000, seeded(5))
    for a, b, mi in zip(x, y, even.mi):
        assert stats.kstest(a, "uniform").statistic < 0.035 and stats.kstest(b, "uniform").statistic < 0.035
        estimate = mutual_info_regression(normal(a)[:, None].numpy(), normal(b).numpy(), random_state=0)[0]
        assert estimate == pytest.approx(float(mi), abs=0.15 + 0.1 * float(mi))


def test_a_lift_tells_what_it_hides():
    s = torch.rand(3, 200, generator=seeded(6))
    generator, seen = seeded(7), set()
    for _ in range(40):
        side = _lift(s, 3, generator)
        cdf = torch.special.ndtr(side)
        free = [cdf[:, :, 0], *([cdf[:, :, 1]] if side.shape[2] == 3 else [])]
        angle = torch.atan2(side[:, :, 1], side[:, :, 0]) / (2 * torch.pi)
        found = {
            "length": 1 - (-side.square().sum(2) / 2).exp(),
            "angle": angle.remainder(1),
            "signs": torch.special.ndtr(side[:, :, -1] * side[:, :, :-1].sign().prod(2)),
        }
        kinds = [kind for kind, value in found.items() if torch.allclose(value, s, atol=2e-4)]
        # A modular sum has drawn factors ±1, ±2 of its free columns, each data set its own.
        factors = torch.cartesian_prod(*[torch.tensor([-2.0, -1.0, 1.0, 2.0])] * len(free)).view(-1, len(free))
        sums = [(cdf[:, :, -1] + sum(f * u for f, u in zip(row, free))).remainder(1) for row in factors]
        apart = torch.stack([((total - s + 0.5).remainder(1) - 0.5).abs().amax(1) for total in sums])
        seen.add(kinds[0] if kinds else "modular")
        assert kinds or (apart.amin(0) < 2e-4).all()
    assert seen == {"length", "angle", "signs", "modular"}


def test_a_batch_mixes_kinds_and_the_same_seed_draws_the_same():
    first, again = (sample_coupled(48, 20, 3, 2, seeded(8)) for _ in range(2))
    assert torch.equal(first.x, again.x) and torch.equal(first.mi, again.mi)
    assert first.mi.shape == (48,) and first.mi.unique().numel() > 20
