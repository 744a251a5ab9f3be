import numpy as np
import pytest
import torch

from mistd_training.evaluation import benchmarks
from mistd_training.evaluation.benchmarks_card import benchmark_tables
from mistd_training.model.quantiles import MEDIAN, TAUS


class Gaussian:
    """A served model that answers the same normal quantiles for all samples."""

    def __init__(self, center: float, spread: float):
        z = torch.special.ndtri(torch.tensor(TAUS, dtype=torch.float64)).numpy()
        self.answer = center + spread * z

    def knots(self, x, y):
        assert x.shape[:2] == y.shape[:2]
        return np.tile(self.answer, (len(x), 1))


def test_interval_score_is_width_plus_penalty():
    assert benchmarks.interval_score(1, 3, 2) == 2
    assert benchmarks.interval_score(1, 3, 0.5) == pytest.approx(2 + 20 * 0.5)
    assert benchmarks.interval_score(1, 3, 4, level=0.5) == pytest.approx(2 + 4 * 1)


def test_coverage_of_a_calibrated_forecast_is_its_level():
    mi = np.random.default_rng(0).normal(3, 0.5, 20_000)
    knots = Gaussian(3, 0.5).knots(np.zeros((len(mi), 1)), np.zeros((len(mi), 1)))
    assert benchmarks._coverages(knots, mi)["coverage"] == pytest.approx(benchmarks.LEVELS, abs=0.01)
    assert benchmarks._coverages(knots, mi)["counting_zeros"] == pytest.approx(benchmarks.LEVELS, abs=0.01)
    assert benchmarks.scores_of(knots, mi)["coverage_90"] == pytest.approx(0.9, abs=0.01)
    assert benchmarks.scores_of(knots, mi)["mae"] == pytest.approx(0.5 * np.sqrt(2 / np.pi), abs=0.01)


def test_coverage_of_a_forecast_with_a_part_at_zero_is_its_level_too():
    generator = np.random.default_rng(1)
    mi = np.where(generator.random(40_000) < 0.4, 0, generator.random(40_000))
    knots = np.tile(np.maximum(0, (np.array(TAUS) - 0.4) / 0.6), (len(mi), 1))
    result = benchmarks._coverages(knots, mi)
    assert result["coverage"] == pytest.approx(benchmarks.LEVELS, abs=0.01)
    # If every 0 counts in full, an interval that begins at 0 covers more than its level.
    assert result["counting_zeros"][0] == pytest.approx(0.75, abs=0.01)


def test_each_own_benchmark_judges_against_the_true_mutual_information(monkeypatch):
    monkeypatch.setattr(benchmarks, "ksg", lambda x, y: 0.25)
    sure = Gaussian(0.5, 0.001)
    joint = benchmarks.joint_structures(sure, seed=1, data_sets=4)
    for values in joint["rows"][200]["families"].values():
        assert values["estimate"] == pytest.approx(0.5)
        assert abs(values["mean_mi"] - 0.5) <= values["mae"] + 1e-3
    assert joint["rows"][1000]["mae"] > 0.1 and joint["rows"][1000]["coverage_90"] < 0.2

    calibration = benchmarks.mixture_calibration(Gaussian(1, 1000), seed=1, data_sets=32)
    assert all(band["counting_zeros"][-1] == 1 for band in calibration["bands"].values())

    independent = benchmarks.independent_data(sure, seed=1, rows=20, data_sets=20)
    assert independent["columns"][1] == {
        "median": 0.5, "least": 0.5, "largest": 0.5, "ksg_least": 0.25, "ksg_largest": 0.25,
    }  # fmt: skip

    few = benchmarks.few_values(sure, seed=1, data_sets=4)
    for values in few["rows"][200].values():
        assert values["estimate"] == pytest.approx(0.5)
        assert abs(values["mean_mi"] - 0.5) <= values["mae"] + 1e-3

    text = benchmark_tables({"joint": joint, "calibration": calibration, "independent": independent, "few_values": few})
    assert "| parity + 2 noise |" in text and "| 30-100 |" in text and "0.5000 to 0.5000" in text
    assert f"| 5 | {few['rows'][200][5]['mean_mi']:.2f} | " in text


def test_plug_in_estimates_come_to_the_mutual_information_of_the_tables():
    table = np.array([[0.4, 0.1], [0.05, 0.45]])
    mi = sum(p * np.log(p / (table[i].sum() * table[:, j].sum())) for (i, j), p in np.ndenumerate(table))
    cells = np.random.default_rng(2).choice(4, (100_000, 2), p=table.ravel())
    assert benchmarks._plug_in(cells // 2, cells % 2) == pytest.approx(2 * mi, abs=0.01)


def test_the_bmi_tasks_are_averaged_by_size_and_compared_with_their_truth(monkeypatch):
    def samples(seed, rows, cache):
        x = np.zeros((rows, 2))
        return {"one": (x, x, 1.0), "two": (x, x[:, :1], 2.0)}

    monkeypatch.setattr(benchmarks, "_bmi_samples", samples)
    monkeypatch.setattr(benchmarks, "ksg", lambda x, y: 1.0)
    monkeypatch.setattr(benchmarks, "cca", lambda x, y: 4.0)
    result = benchmarks.bmi_tasks(Gaussian(1.0, 0.1), [1, 2], cache=None)
    assert result["rows"][200]["mae"] == pytest.approx(0.5)
    assert result["rows"][200]["coverage_90"] == pytest.approx(0.5)
    assert result["rows"][200]["baselines"]["KSG (k = 5)"]["mae"] == 0.5
    assert result["rows"][1000]["baselines"]["CCA"]["mae"] == 2.5
    assert "baselines" not in result["rows"][5000]

    bootstrap = benchmarks.interval_against_bootstrap(Gaussian(1.0, 0.1), 1, cache=None, rows=30, resamples=5)
    low, high = (Gaussian(1.0, 0.1).answer[TAUS.index(tau)] for tau in (0.05, 0.95))
    misses = [0, 2 - high]
    assert bootstrap["model"] == pytest.approx(np.mean([high - low + 20 * miss for miss in misses]), rel=1e-3)
    assert bootstrap["bootstrap"] == pytest.approx(10, rel=1e-3)
    assert TAUS[MEDIAN] == 0.5
