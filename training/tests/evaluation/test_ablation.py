import json
from dataclasses import replace

import pytest
import torch

from mistd_training.evaluation.ablation import ablate
from mistd_training.training.config import PRESETS
from mistd_training.training.train import train

CPU = torch.device("cpu")


def test_ablation_measures_every_variant_on_the_same_data_and_once(tmp_path, monkeypatch):
    train(replace(PRESETS["smoke"], steps=4, paper_rows=(10, 40)), tmp_path, CPU)
    (tmp_path / "evaluation.json").write_text('{"reference": {}}')
    (tmp_path / "manifest.json").write_text('{"version": "0.1.0", "files": {"model.onnx": {"sha256": "0"}}}')
    result = ablate(tmp_path / "checkpoint.pt", tmp_path, data_sets=8, of_each=1)
    monkeypatch.setattr("mistd_training.evaluation.ablation._errors", lambda *_: pytest.fail("measured again"))
    assert ablate(tmp_path / "checkpoint.pt", tmp_path, data_sets=8, of_each=1) == result
    evaluation = json.loads((tmp_path / "evaluation.json").read_text())
    variants = evaluation["ablation"]["variants"]
    assert evaluation["reference"] == {} and evaluation["ablation"]["data_sets"] == 8
    assert evaluation["ablation"]["version"] == "0.1.0"
    assert variants["all inputs"] != variants["without nearest neighbors"] != variants["without Gaussian plug-ins"]
    assert variants["1,024 anchors"]["pinball"] == variants["all inputs"]["pinball"]  # at most 40 rows there
    assert all(value > 0 for values in variants.values() for value in values.values())
