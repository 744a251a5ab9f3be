"""Joint structures: lifts and functions of several columns."""

import math

import numpy as np
import pytest
import torch
from estimators import ksg, seeded
from scipy import stats

from mistd_training.families import joint
from mistd_training.families.atoms import (
    draw_atoms,
    even_channel,
    table_mi,
)


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
    """The true masses of the cells, counted on many rows, change MI by less than .01 nats (one standard error)."""
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
