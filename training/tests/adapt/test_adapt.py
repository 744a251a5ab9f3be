"""The command `mistd-train adapt` and its training data."""

import contextlib
import io
import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from user_samples import bent, write_csv

from mistd_training import cli
from mistd_training.adapt import flows
from mistd_training.adapt.adapt import AdaptDraws, Look
from mistd_training.adapt.flows import Side, fit_side
from mistd_training.export import model_folder
from mistd_training.export.manifest import sha256
from mistd_training.training.config import PRESETS
from mistd_training.training.train import Trainer, load_checkpoint

ROOT = Path(__file__).parents[3]
SMOKE = replace(PRESETS["smoke"], steps=4)


def run_command(monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", ["mistd-train", "adapt", *map(str, arguments)])
    cli.main()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"--samples": "missing.csv"}, "cannot read missing.csv"),
        ({"--id": "My Model"}, "--id 'My Model'"),
        ({"--id": "base"}, "did not write"),
        ({"--base": "missing.pt"}, "no checkpoint missing.pt"),
        ({"--base": "own.csv"}, "not a checkpoint of mistd-train"),
        ({"--rows": "5000 20000"}, "the 10 to 40 rows that the base model was trained on"),
        ({"--x": "a,b,d,e"}, "--x names 4 columns; the base model was trained on at most 3"),
        ({"--steps": "0"}, "--steps 0"),
    ],
)
def test_wrong_input_ends_with_exit_code_2_and_the_reason(tmp_path, monkeypatch, capsys, checkpoint, change, says):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "base").mkdir()
    (tmp_path / "base" / "manifest.json").write_text('{"meta_distribution": {"name": "wide"}}')
    rng = np.random.default_rng(9)
    write_csv(Path("own.csv"), d=rng.standard_normal(60), e=rng.standard_normal(60))
    given = {
        "--samples": "own.csv", "--x": "a,b", "--y": "c", "--id": "mine",
        "--base": checkpoint, "--models": tmp_path, **change,
    }  # fmt: skip
    rows = given.pop("--rows", "").split()
    with pytest.raises(SystemExit) as ended:
        run_command(
            monkeypatch, *[part for pair in given.items() for part in pair], *(["--rows", *rows] if rows else [])
        )
    assert ended.value.code == 2
    assert says in capsys.readouterr().err
    assert not (tmp_path / "mine").exists()


def adapt(checkpoint, folder):
    """Adapt a model in a few steps below the folder. Returns the output of the command."""
    samples = write_csv(folder / "own.csv", 70)
    command = [
        "--samples", samples, "--x", "a,b", "--y", "c", "--id", "my-model", "--models", folder / "models",
        "--runs", folder / "runs", "--base", checkpoint, "--steps", "4", "--workers", "1",
        "--no-gradient", "--device", "cpu",
    ]  # fmt: skip
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(io.StringIO()) as printed:
        patch.setattr(flows, "MEMBERS", 1)
        run_command(patch, *command)
    return printed.getvalue()


@pytest.fixture(scope="module")
def adapted(checkpoint, tmp_path_factory):
    """A folder with an adapted model, and the output of the command. The default model's file replaces the export."""
    folder = tmp_path_factory.mktemp("adapt")
    with pytest.MonkeyPatch.context() as patch:
        served = ROOT / "models" / "mist" / "model.onnx"
        patch.setattr(model_folder, "write_onnx", lambda model, path: shutil.copy(served, path))
        patch.setattr(model_folder, "check_parity", lambda model, path: 0.0)
        return folder, adapt(checkpoint, folder)


def test_the_command_writes_a_model_folder_with_both_models_figures(adapted):
    folder, printed = adapted
    model = folder / "models" / "my-model"
    assert {file.name for file in model.iterdir()} == {"model.onnx", "manifest.json", "card.md", "evaluation.json"}
    evaluation = json.loads((model / "evaluation.json").read_text())
    assert evaluation["samples"]["x"] == ["a", "b"] and evaluation["samples"]["rows"] == 70
    (size,) = evaluation["held_out"]["rows"]
    for name, mae in ((name, evaluation["held_out"]["rows"][size][name]["mae"]) for name in ("base", "adapted")):
        assert f"{mae:.3f}" in printed and f"{mae:.3f}" in (model / "card.md").read_text(), name
    assert evaluation["held_out"]["rows"][size]["base"] != evaluation["held_out"]["rows"][size]["adapted"]
    (tuned,) = folder.glob("runs/my-model-*/checkpoint.pt")
    assert load_checkpoint(tuned)[2]["step"] == 4


def test_the_manifest_is_what_the_services_loader_needs(adapted):
    manifest = json.loads((adapted[0] / "models" / "my-model" / "manifest.json").read_text())
    default = json.loads((ROOT / "models" / "mist" / "manifest.json").read_text())
    assert set(manifest) == set(default)
    for key in ("kind", "encoding", "inputs", "output", "taus"):
        assert manifest[key] == default[key], key
    assert manifest["id"] == "my-model" and manifest["meta_distribution"]["name"] == "adapted"
    assert manifest["trained"] == {"rows": [30, 40], "dim_x": [1, 2], "dim_y": [1, 2]}
    assert manifest["blocks"]["rows"] == 40 and 0 <= manifest["blocks"]["spread_exponent"] <= 0.5
    for name, file in manifest["files"].items():
        path = adapted[0] / "models" / "my-model" / name
        assert file == {"sha256": sha256(path), "bytes": path.stat().st_size}


def test_the_service_loads_it_beside_the_others(adapted):
    registry, node = ROOT / "dist" / "src" / "inference" / "registry.js", shutil.which("node")
    if not registry.exists() or not node:
        pytest.skip("the service is not built: npm run build")
    shutil.copytree(ROOT / "models" / "mist", adapted[0] / "models" / "mist", dirs_exist_ok=True)
    script = f"""
      const {{ loadModels }} = await import({json.dumps(registry.as_uri())});
      const {{ models, failures }} = await loadModels(process.argv[1]);
      console.log(JSON.stringify({{ ids: models.map((m) => m.manifest.id), failures }}));
    """
    done = subprocess.run(
        [node, "--input-type=module", "-e", script, str(adapted[0] / "models")],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    assert json.loads(done.stdout) == {"ids": ["mist", "my-model"], "failures": []}


def test_other_commands_leave_an_adapted_model_alone(adapted, monkeypatch):
    model = adapted[0] / "models" / "my-model"
    for command in ("evaluate", "card"):
        monkeypatch.setattr(sys, "argv", ["mistd-train", command, "--model", str(model)])
        with pytest.raises(SystemExit, match="was adapted to samples"):
            cli.main()


def test_a_run_draws_mostly_from_the_look_and_replays_the_rest():
    look = Look(fit_side(bent(60, 1), 1), Side(1, []))
    draws = AdaptDraws(SMOKE, torch.device("cpu"), 0, look, (15, 25))
    shapes = [(batch.x.shape[1:], batch.y.shape[2]) for batch in (draws[step] for step in range(80))]
    own = [rows for (rows, dim_x), dim_y in shapes if (dim_x, dim_y) == (2, 1) and 15 <= rows <= 25]
    assert 55 <= len(own) <= 76 and min(own) < 18 and max(own) > 22
    trainer = Trainer(SMOKE, torch.device("cpu"), draws=draws)
    assert np.isfinite([trainer.train_step() for _ in range(3)]).all()


@pytest.mark.slow
def test_the_command_exports_the_tuned_weights(checkpoint, tmp_path):
    adapt(checkpoint, tmp_path)
    manifest = json.loads((tmp_path / "models" / "my-model" / "manifest.json").read_text())
    assert manifest["training"]["parity"]["worst"] <= 1e-4
    default = json.loads((ROOT / "models" / "mist" / "manifest.json").read_text())
    assert manifest["files"]["model.onnx"] != default["files"]["model.onnx"]
