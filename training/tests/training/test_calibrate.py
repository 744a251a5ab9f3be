from dataclasses import replace

import torch

from mistd_training.model.mist import Mist
from mistd_training.model.quantiles import MEDIAN, TAUS
from mistd_training.model.stretch import STRETCH_ROWS, stretched
from mistd_training.training import calibrate as calibration
from mistd_training.training.calibrate import calibrate
from mistd_training.training.config import PRESETS
from mistd_training.training.train import load_checkpoint, train

CPU = torch.device("cpu")


def test_factors_are_linear_in_log_rows_and_apply_to_each_part():
    taus = torch.tensor(TAUS)
    knots = (2 * taus)[None]
    stretch = torch.tensor([[1.0, 2.0] + [3.0] * 5, [1.0] * 7, [1.0] * 6 + [5.0], [0.5] * 7])
    for rows, tail, upper in ((2, 1, 1), (5, 1, 1), (15, 2, 1), (75**0.5, 1.5, 1), (5_000, 3, 5), (1e6, 3, 5)):
        got = stretched(knots, torch.tensor(rows).log(), stretch)
        below = taus.clamp(0.25, 0.5) + tail * (taus - 0.25).clamp_max(0) - 0.5
        above = upper * (taus.clamp(0.5, 0.75) - 0.5) + 0.5 * (taus - 0.75).clamp_min(0)
        torch.testing.assert_close(got, (1 + 2 * (below + above))[None])
        many = stretched(knots.expand(3, -1), torch.full((3, 1), rows).log(), stretch)
        torch.testing.assert_close(many, got.expand(3, -1))


def test_intervals_that_are_too_narrow_are_stretched_until_they_cover(tmp_path, monkeypatch):
    train(replace(PRESETS["smoke"], steps=2), tmp_path, CPU)
    z = torch.special.ndtri(torch.tensor(TAUS))
    draws = torch.Generator().manual_seed(3)
    median = 5 + torch.rand(40_000, 1, generator=draws)
    mi = (median + 0.3 * torch.randn(40_000, 1, generator=draws))[:, 0]
    few = torch.arange(40_000)[:, None] % 2 == 0
    log_rows = torch.where(few, STRETCH_ROWS[0], STRETCH_ROWS[-1]).log()
    knots = median + torch.where(few, 0.15, 0.6) * z  # half as wide as it should be, and twice
    monkeypatch.setattr(calibration, "_predictions", lambda *_: (knots, mi, log_rows))
    result = calibrate(tmp_path / "checkpoint.pt")
    assert all(before > 0.05 for before in result["off_before"])
    assert all(after < 0.005 for after in result["off_after"])
    for part in result["stretch"]:
        assert abs(part[0] - 2) < 0.15 and abs(part[-1] - 0.5) < 0.05
    model, config, state = load_checkpoint(tmp_path / "checkpoint.pt")
    assert model.config.stretch == config.model.stretch == result["stretch"]
    assert torch.equal(model.state_dict()["network.head.norm.weight"], state["average"]["network.head.norm.weight"])


def test_quantiles_with_a_part_at_zero_are_right_as_they_are(tmp_path, monkeypatch):
    train(replace(PRESETS["smoke"], steps=2), tmp_path, CPU)
    draws = torch.Generator().manual_seed(5)
    independent = torch.rand(40_000, 1, generator=draws) < 0.3
    least = torch.rand(40_000, 1, generator=draws)
    mi = torch.where(independent, 0, least + torch.rand(40_000, 1, generator=draws))[:, 0]
    taus = torch.tensor(TAUS)
    knots = torch.where(taus <= 0.3, taus - 0.3, least + (taus - 0.3) / 0.7)
    log_rows = torch.full((40_000, 1), STRETCH_ROWS[2]).log()
    monkeypatch.setattr(calibration, "_predictions", lambda *_: (knots, mi, log_rows))
    result = calibrate(tmp_path / "checkpoint.pt")
    assert all(abs(part[2] - 1) < 0.03 for part in result["stretch"])


def test_a_calibrated_run_keeps_its_median_and_never_crosses(tmp_path):
    train(replace(PRESETS["smoke"], steps=4), tmp_path, CPU)
    x, y = torch.randn(2, 3, 30, 2, generator=torch.Generator().manual_seed(4))
    before = load_checkpoint(tmp_path / "checkpoint.pt")[0](x, y)
    calibrate(tmp_path / "checkpoint.pt", share=0.002)
    after = load_checkpoint(tmp_path / "checkpoint.pt")[0](x, y)
    torch.testing.assert_close(after[:, MEDIAN], before[:, MEDIAN])
    assert not torch.allclose(after, before) and (after.diff(dim=1) >= 0).all() and (after >= 0).all()


def test_each_band_of_rows_gets_its_data_sets(monkeypatch):
    monkeypatch.setattr(calibration, "DATA_SETS", {(5, 20): 32, (20, 30): 16, (30, 100): 8, (100, 500): 800})
    for smoke in (replace(PRESETS["smoke"], paper_share=0.0), replace(PRESETS["smoke"], paper_share=1.0)):
        knots, mi, log_rows = calibration._predictions(
            Mist(smoke.model), replace(smoke, paper_rows=(10, 40)), 0.5, seed=1
        )
        assert len(knots) == len(mi) == len(log_rows) == 16 + 8 + 4
        rows = log_rows.exp().round()
        assert rows.min() >= 10 and rows.max() <= 40
        assert 16 <= (rows <= 20).sum() <= 24 and 4 <= (rows >= 30).sum() <= 12
