"""From checkpoint to model folder."""

import json
from dataclasses import replace

import onnx
import pytest
import torch
from small_models import TINY_RUN

from mistd_training.export import model_folder
from mistd_training.export.gradient_onnx import GRADIENT_SHAPES
from mistd_training.export.manifest import sha256
from mistd_training.export.model_folder import export_model, trained_on
from mistd_training.export.model_onnx import PARITY_SHAPES, check_parity
from mistd_training.model.quantiles import TAUS
from mistd_training.training.config import PRESETS
from mistd_training.training.train import load_checkpoint, train


@pytest.fixture(scope="module")
def exported(checkpoint, tmp_path_factory):
    """Folder and manifest of an exported tiny model. `gradient.onnx` is a stand-in: its own tests export one."""
    folder = tmp_path_factory.mktemp("export") / "smoke"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(model_folder, "write_gradient_onnx", lambda model, path: path.write_bytes(b"gradient"))
        patch.setattr(model_folder, "check_gradient_parity", lambda model, path: 2e-4)
        meta = replace(trained_on(TINY_RUN), dims=[(2, 1)])
        return folder, export_model(checkpoint, folder, "0.1.0", "mistd-train train", "a test", meta=meta)


def test_onnx_runtime_agrees_with_pytorch_on_every_shape(exported):
    _, manifest = exported
    assert len(PARITY_SHAPES) >= 30 and manifest["training"]["parity"]["shapes"] == len(PARITY_SHAPES)
    assert manifest["training"]["parity"]["worst"] <= 1e-4
    assert manifest["training"]["gradient_parity"] == {"shapes": len(GRADIENT_SHAPES), "worst": 2e-4}


def test_parity_notices_another_model(exported, checkpoint):
    folder, _ = exported
    model, _, _ = load_checkpoint(checkpoint)
    with torch.no_grad():
        model.network.head.mlp[-1].bias.add_(0.01)
    with pytest.raises(RuntimeError, match="differs"):
        check_parity(model, folder / "model.onnx")


def test_the_manifest_describes_the_files(exported):
    folder, manifest = exported
    assert json.loads((folder / "manifest.json").read_text()) == manifest
    assert set(manifest["files"]) == {"model.onnx", "gradient.onnx"}
    for name, file in manifest["files"].items():
        assert file == {"sha256": sha256(folder / name), "bytes": (folder / name).stat().st_size}
    assert manifest["id"] == "smoke"
    assert manifest["taus"] == list(TAUS) and manifest["trained"]["rows"] == [10, 40]


def test_all_four_sizes_are_dynamic_and_inputs_are_named(exported):
    graph = onnx.load(exported[0] / "model.onnx").graph
    sizes = {i.name: [d.dim_param for d in i.type.tensor_type.shape.dim] for i in graph.input}
    assert set(sizes) == {"scores_x", "scores_y"} and [o.name for o in graph.output] == ["quantiles"]
    assert all(all(names) for names in sizes.values())
    assert sizes["scores_x"][:2] == sizes["scores_y"][:2] and sizes["scores_x"][2] != sizes["scores_y"][2]


@pytest.mark.slow
def test_a_model_with_all_its_inputs_exports_with_its_gradient(tmp_path):
    train(PRESETS["smoke"], tmp_path / "run", torch.device("cpu"))
    manifest = export_model(tmp_path / "run" / "checkpoint.pt", tmp_path / "smoke", "0.1.0", "a command", "a test")
    assert manifest["training"]["parity"]["worst"] <= 1e-4
    assert manifest["training"]["gradient_parity"]["worst"] <= 1e-3
    assert (tmp_path / "smoke" / "gradient.onnx").stat().st_size < 16 * 2**20
