"""Operations on data sets that keep MI known."""

import numpy as np
import pytest
import torch
from estimators import ksg, seeded

from mistd_training.families import compose
from mistd_training.families.blocks import sample_block


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
