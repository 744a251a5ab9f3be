"""Statistics that the network reads, compared with their definitions."""

import math

import pytest
import torch

from mistd_training.model.encoding import normal_scores
from mistd_training.model.statistics import (
    NeighborEstimates,
    _log_det_by_elimination,
    cross_moments,
    gaussian_plug_ins,
    log_det,
    standardized,
    triple_correlations,
)


def test_triple_correlations_show_what_no_pair_does():
    """y_1 has the sign of x_1 x_2; x_3 and y_2 are noise."""
    x = torch.randn(4, 2000, 3, generator=torch.Generator().manual_seed(8))
    y = torch.randn(4, 2000, 2, generator=torch.Generator().manual_seed(9))
    y[:, :, 0] = y[:, :, 0].abs() * (x[:, :, 0] * x[:, :, 1]).sign()
    sizes, root = triple_correlations(normal_scores(x), normal_scores(y), 2000 * 25)
    assert root == 2000**0.5
    strongest = sizes.amax(3)
    told = torch.zeros(5, 5, dtype=torch.bool)
    for i, j in ((0, 1), (0, 3), (1, 3)):
        told[i, j] = told[j, i] = True
    assert (strongest[:, told] > 0.5).all()
    assert (strongest[:, ~told] < 0.12).all()
    flipped = triple_correlations(normal_scores(-x), normal_scores(y), 2000 * 25)[0]
    torch.testing.assert_close(sizes, flipped, rtol=1e-4, atol=1e-5)
    fewer, root = triple_correlations(normal_scores(x), normal_scores(y), 500 * 25)
    assert root == 500**0.5 and not torch.equal(fewer, sizes)


def test_elimination_is_the_log_determinant():
    a = torch.randn(6, 20, 20)
    matrix = a @ a.transpose(1, 2) / 20 + 0.1 * torch.eye(20)
    torch.testing.assert_close(_log_det_by_elimination(matrix), log_det(matrix), rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(log_det(matrix), torch.logdet(matrix), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(("rows", "side", "tolerance"), [(100, 8, 0.08), (400, 16, 0.05), (2000, 3, 0.01)])
def test_the_last_gaussian_plug_in_has_no_bias_of_few_rows(rows, side, tolerance):
    """Any fixed shrinkage is biased here: column i of y is column i of x plus noise, with ρ² = ½."""
    x, noise = torch.randn(2, 64, rows, side, generator=torch.Generator().manual_seed(rows))
    scores = torch.cat([normal_scores(x), normal_scores(x + noise)], 2)
    correlation = cross_moments(standardized(scores[..., None]))[..., 0, 0]
    errors = gaussian_plug_ins(correlation, side, rows, True).mean(0) - side * math.log(2) / 2
    assert errors[-1].abs() < tolerance < errors[:-1].abs().min()


def test_the_last_gaussian_plug_in_is_nothing_where_there_are_hardly_rows():
    x = torch.randn(4, 5, 60, generator=torch.Generator().manual_seed(2))
    correlation = cross_moments(standardized(normal_scores(x)[..., None]))[..., 0, 0]
    estimates = gaussian_plug_ins(correlation, 30, 5, True)
    assert (estimates[:, -1] < 0.05 * estimates[:, 0]).all()


def test_neighbor_estimates_come_near_the_mutual_information_of_a_gaussian():
    x = torch.randn(16, 1000, 1, generator=torch.Generator().manual_seed(5))
    noise = torch.randn(16, 1000, 1, generator=torch.Generator().manual_seed(6))
    estimates, spreads = NeighborEstimates((3, 10))(normal_scores(x), normal_scores(x + noise), 256)
    assert (estimates.mean(0) - math.log(2) / 2).abs().max() < 0.06
    assert (spreads > 0).all()


def test_neighbor_estimates_are_a_sum_over_rows_of_counted_neighbors():
    """The estimates equal the definition, row by row, with ties and with fewer rows than neighbors."""
    generator = torch.Generator().manual_seed(4)
    for rows, k in ((40, 3), (6, 10)):
        x = normal_scores(torch.randint(0, 4, (1, rows, 2), generator=generator).float())
        y = normal_scores(torch.randint(0, 3, (1, rows, 1), generator=generator).float())
        apart_x, apart_y = (((s[0, :, None] - s[0, None]) ** 2).mean(2) for s in (x, y))
        terms = []
        for row in range(rows):
            apart = torch.maximum(apart_x[row], apart_y[row])
            reach = apart.sort().values[k] + 1e-6 if k < rows else math.inf
            joint, only_x, only_y = ((d <= reach).sum().item() for d in (apart, apart_x[row], apart_y[row]))
            terms.append(math.log(joint - 1.5) + math.log(rows) - math.log(only_x - 0.5) - math.log(only_y - 0.5))
        estimate = NeighborEstimates((k,))(x, y, 256)[0]
        assert estimate.item() == pytest.approx(sum(terms) / rows, abs=1e-4)
