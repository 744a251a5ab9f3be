"""What the architecture guarantees for any weights, checked with random ones."""

import pytest
import torch
from small_models import scores

from mistd_training.model.encoding import normal_scores
from mistd_training.model.mist import Mist, ModelConfig
from mistd_training.model.quantiles import TAUS
from mistd_training.model.statistics import NeighborEstimates

SHAPES = [(10, 1, 1), (12, 3, 2), (40, 5, 7), (9, 16, 4)]


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    model = Mist(ModelConfig(entry_layers=2, neighbors=(1, 3, 10), triples=2**14, unbiased=True, overhang=0.3)).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.05 * torch.randn_like(parameter))
    return model


@torch.no_grad()
def close(model, got, expected):
    torch.testing.assert_close(model(*got), model(*expected), rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("shape", SHAPES)
def test_quantiles_never_cross_and_are_never_negative(model, shape):
    for seed in range(5):
        quantiles = model(*scores(*shape, seed=seed))
        assert quantiles.shape == (3, len(TAUS))
        assert (quantiles.diff(dim=1) >= 0).all() and (quantiles >= 0).all()


@pytest.mark.parametrize("shape", SHAPES)
def test_order_of_rows_and_columns_and_the_swap_of_sides_change_nothing(model, shape):
    x, y = scores(*shape)
    order = torch.randperm(x.shape[1])
    close(model, (x[:, order], y[:, order]), (x, y))
    close(model, (x[:, :, torch.randperm(x.shape[2])], y), (x, y))
    close(model, (x, y[:, :, torch.randperm(y.shape[2])]), (x, y))
    close(model, (y, x), (x, y))


@pytest.mark.parametrize("shape", SHAPES)
def test_decreasing_maps_of_any_columns_change_nothing(model, shape):
    x, y = scores(*shape)
    for seed in range(4):
        flips = torch.randint(0, 2, (x.shape[2] + y.shape[2],), generator=torch.Generator().manual_seed(seed)) * 2.0 - 1
        close(model, (x * flips[: x.shape[2]], y * flips[x.shape[2] :]), (x, y))


def test_balanced_binary_columns_keep_the_invariance_to_flips(model):
    """Every odd moment is exactly zero here, so no column has a sign of its own."""
    x = torch.tensor([[-1.0, -1, -1, 1, 1, 1, 1, -1]])[:, :, None]
    y = torch.tensor([[-1.0, -1, -1, 1, 1, 1, -1, 1]])[:, :, None]
    close(model, (-normal_scores(x), normal_scores(y)), (normal_scores(x), normal_scores(y)))


def test_a_column_that_mirrors_another_keeps_the_invariances(model):
    """Scores without ties have third moment 0, so rounding decides the common sign, which must not matter."""
    x = scores(31, 1, 1, batch=1)[0]
    for seed in range(5):
        order = torch.randperm(31, generator=torch.Generator().manual_seed(seed))
        close(model, (x[:, order], -x[:, order]), (x, -x))
        close(model, (x[:, order], x[:, order]), (x, -x))


def test_the_boundary_between_x_and_y_matters(model):
    x, y = scores(30, 2, 2)
    joint = torch.cat([x, y], 2)
    assert not torch.allclose(model(joint[:, :, :1], joint[:, :, 1:]), model(x, y), rtol=1e-2)


def test_constant_columns_stay_finite(model):
    x, y = scores(20, 2, 2)
    assert model(torch.cat([x, torch.zeros_like(x[:, :, :1])], 2), y).isfinite().all()
    assert model(torch.zeros_like(x), torch.zeros_like(y)).isfinite().all()


def test_the_entries_stream_reaches_the_output(model):
    x, y = scores(30, 3, 3)
    entries, *others = model.read(x, y, 1000)
    assert not torch.allclose(model.network(entries, *others, 3), model.network(0 * entries, *others, 3), rtol=1e-3)


def test_a_lower_quantile_can_be_exactly_0(model):
    x, y = scores(30, 2, 2)
    lowest, highest = model(x, y)[:, 0], model(x, y)[:, -1]
    assert (lowest > 0).all()
    last = model.network.head.mlp[-1]
    with torch.no_grad():
        kept = last.bias.clone()
        last.bias += 100 * torch.nn.functional.one_hot(
            torch.tensor(sum(model.network.head.outputs[:3])), len(kept)
        )  # the first step below the median
        low, median = model(x, y)[:, 0], model(x, y)[:, TAUS.index(0.5)]
        last.bias.copy_(kept)
    assert (low == 0).all() and (median > 0).all() and (highest > 0).all()


def test_neighbors_are_looked_for_in_the_columns_that_matter():
    """Eight noise columns per side hide a strong dependence of two columns from plain nearest neighbors."""
    generator = torch.Generator().manual_seed(10)
    model = Mist(ModelConfig(neighbors=(3,), triples=2**18))
    x, y = torch.randn(2, 8, 1000, 9, generator=generator)
    y[:, :, 0] = x[:, :, 0].square() + 0.1 * y[:, :, 0]
    plain, scaled = model.read(normal_scores(x), normal_scores(y), 1000)[2][:, -2:].mean(0)
    alone = NeighborEstimates((3,))(normal_scores(x[..., :1]), normal_scores(y[..., :1]), 256)[0].mean()
    assert plain < 0.3 * alone < 0.8 * scaled


def test_two_columns_have_the_same_neighbors_at_any_scale():
    x, noise = torch.randn(2, 4, 300, 2, generator=torch.Generator().manual_seed(11))
    y = x + 0.3 * noise
    model = Mist(ModelConfig(neighbors=(1, 3), triples=2**14))
    for dim_x, alike in ((1, True), (2, False)):
        read = model.read(normal_scores(x[..., :dim_x]), normal_scores(y[..., :1]), 1000)[2]
        assert torch.equal(read[:, -4:-2], read[:, -2:]) == alike
