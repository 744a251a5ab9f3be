import pytest
import torch

from mistd_training.evaluation.efficiency import efficient_errors, information_density
from mistd_training.families.paper import FAMILIES, draw_parameters, sample_distributions


@pytest.mark.parametrize("family", ["normal-sparse", "student-dense", "student-sparse", "normal-lvm", "additive-noise"])
def test_information_density_has_mi_as_its_mean(family):
    generator = torch.Generator().manual_seed(3)
    parameters = draw_parameters([family] * 4, 3, 5, generator)
    batch = sample_distributions(parameters, 60_000, 3, 5, generator)
    density = information_density(parameters, batch)
    error = density.std(1) / 60_000**0.5
    assert ((density.mean(1) - batch.mi).abs() < 4 * error + 1e-3).all()


def test_variance_of_a_gaussian_is_that_of_its_canonical_correlations():
    generator = torch.Generator().manual_seed(4)
    parameters = draw_parameters(["normal-sparse"], 4, 4, generator)
    batch = sample_distributions(parameters, 200_000, 4, 4, generator)
    correlations = parameters.correlation[0, :4, 4:].diagonal()  # each column has one partner and no other
    assert information_density(parameters, batch).var().item() == pytest.approx(
        correlations.square().sum().item(), rel=0.03
    )


def test_errors_of_a_set_are_the_mean_of_its_families():
    found = efficient_errors(1, 300, 501, draws=4, rows=500)["sets"]
    assert {name.rsplit("-", 1)[0] for name in FAMILIES} >= {f for s in found.values() for f in s["families"]}
    imd = found["imd"]["families"]
    weights = {"normal-dense": 2, "normal-lvm": 1, "student-dense": 1, "student-sparse": 2}
    expected = sum(weight * imd[name] for name, weight in weights.items()) / 6
    assert found["imd"]["mse"] == pytest.approx(expected, abs=1e-4)
