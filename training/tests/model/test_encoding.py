import numpy as np
import torch
from scipy import stats

from mistd_training.model.encoding import normal_scores


def test_scores_are_those_of_scipys_mid_ranks():
    values = np.random.default_rng(0).integers(0, 9, (40, 3)).astype(np.float32)
    expected = stats.norm.ppf((stats.rankdata(values, axis=0) - 0.5) / 40)
    got = normal_scores(torch.tensor(values)[None])[0].numpy()
    np.testing.assert_allclose(got, expected, atol=2e-6)


def test_decreasing_maps_negate_scores_to_the_last_bit_and_increasing_ones_change_nothing():
    values = torch.randn(2, 101, 4).round(decimals=1)
    assert torch.equal(normal_scores(-values.exp()), -normal_scores(values))
    assert torch.equal(normal_scores(values**3), normal_scores(values))


def test_a_constant_column_scores_zero():
    assert (normal_scores(torch.full((1, 7, 1), 3.0)) == 0).all()
