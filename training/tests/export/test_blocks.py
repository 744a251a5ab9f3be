import numpy as np
import pytest
import torch

from mistd_training.export import blocks
from mistd_training.export.served_model import OnnxModel
from mistd_training.families.batch import Batch
from mistd_training.model.quantiles import MEDIAN, TAUS, combine


class MeanOfX:
    """A served model whose median is the mean of x plus `bias(rows)`, with standard deviation `spread`."""

    def __init__(self, bias, spread=0.01):
        self.bias, self.spread = bias, spread

    def knots(self, x, y):
        z = torch.special.ndtri(torch.tensor(TAUS, dtype=torch.float64)).numpy()
        return x.mean((1, 2))[:, None] + self.bias(x.shape[1]) + self.spread * z


def sample(batch, rows, dim_x, dim_y, generator):
    mi = torch.rand(batch, generator=generator) + 0.5
    noise = torch.randn(batch, rows, dim_x, generator=generator)
    return Batch(mi[:, None, None] + 0.1 * noise, torch.zeros(batch, rows, dim_y), mi)


def test_combined_blocks_keep_the_mean_median_and_narrow_as_the_exponent_says():
    knots = np.sort(np.random.default_rng(0).random((4, 3, len(TAUS))), -1)
    whole = combine(knots, 0.5)
    assert whole[:, MEDIAN] == pytest.approx(knots[..., MEDIAN].mean(0))
    width = (knots[..., -1] - knots[..., 0]).mean(0)
    assert whole[:, -1] - whole[:, MEDIAN] == pytest.approx((knots[..., -1] - knots[..., MEDIAN]).mean(0) / 2)
    assert combine(knots, 0)[:, -1] - combine(knots, 0)[:, 0] == pytest.approx(width)


def test_combined_blocks_keep_at_0_what_is_0_in_most():
    knots = np.linspace(0.1, 1, len(TAUS)) * np.ones((3, 1))
    knots[:2, :4] = knots[0, 4:8] = 0
    whole = combine(knots, 0.2)
    assert (whole[:4] == 0).all()
    assert (whole[4:] > 0).all()
    assert (np.diff(whole[4:]) > 0).all()


@pytest.mark.parametrize("rows", [50, 100, 200])
def test_blocks_have_the_rows_of_the_least_error(rows):
    model = MeanOfX(lambda n: abs(n - rows) / 1000)
    found = blocks.calibrate_blocks(model, 200, sample, dims=((1, 1),))
    assert found["rows"] == rows
    assert found["mae"][str(rows)] == min(found["mae"].values())
    assert set(found["mae"]) == {"200", "100", "50"}


def test_the_exponent_makes_intervals_cover():
    # The error of a block is that of its mean, 0.1 / √50. Blocks are independent, so the right exponent is ½.
    model = MeanOfX(lambda n: 0.2 * (n > 60), spread=0.1 / np.sqrt(50))
    found = blocks.calibrate_blocks(model, 200, sample, dims=((1, 1), (1, 2), (1, 3)))
    assert found["spread_exponent"] == pytest.approx(0.5, abs=0.12)
    assert found["coverage_90"] == pytest.approx(0.9, abs=0.03)


def test_a_served_model_splits_rows_beyond_its_blocks(monkeypatch):
    seen = []

    def run(self, x, y):
        seen.append(x.shape[1])
        return MeanOfX(lambda n: 0).knots(x, y)

    monkeypatch.setattr(OnnxModel, "__init__", lambda self, blocks: setattr(self, "_blocks", blocks))
    monkeypatch.setattr(OnnxModel, "_run", run)
    x = np.random.default_rng(3).random((2, 25, 1))
    whole = OnnxModel({"rows": 10, "spread_exponent": 0.0}).knots(x, x)
    assert seen == [9, 8, 8]
    assert whole[:, MEDIAN] == pytest.approx(x.mean((1, 2)), abs=0.02)
    OnnxModel({"rows": 25, "spread_exponent": 0.0}).knots(x, x)
    assert seen[3:] == [25]
