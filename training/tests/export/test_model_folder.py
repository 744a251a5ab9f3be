import json

import onnx
import onnxruntime
import pytest
import torch

from mistd_training.export import onnx_file
from mistd_training.export.manifest import sha256
from mistd_training.export.model_onnx import PARITY_SHAPES, check_parity, write_onnx
from mistd_training.model.mist import Mist, ModelConfig
from mistd_training.model.quantiles import TAUS
from mistd_training.training.train import load_checkpoint


def test_onnx_runtime_agrees_with_pytorch_on_every_shape(exported):
    folder, manifest = exported
    assert len(PARITY_SHAPES) >= 30
    assert manifest["training"]["parity"]["worst"] <= 1e-4
    assert manifest["training"]["gradient_parity"]["worst"] <= 1e-3


def test_parity_notices_another_model(exported):
    folder, _ = exported
    model, _, _ = load_checkpoint(folder / "run" / "checkpoint.pt")
    with torch.no_grad():
        model.network.head.mlp[-1].bias.add_(0.01)
    with pytest.raises(RuntimeError, match="differs"):
        check_parity(model, folder / "smoke" / "model.onnx")


def test_the_manifest_describes_the_file(exported):
    folder, manifest = exported
    assert json.loads((folder / "smoke" / "manifest.json").read_text()) == manifest
    assert set(manifest["files"]) == {"model.onnx", "gradient.onnx"}
    for name, file in manifest["files"].items():
        path = folder / "smoke" / name
        assert file == {"sha256": sha256(path), "bytes": path.stat().st_size}
    assert manifest["id"] == "smoke"
    assert manifest["taus"] == list(TAUS) and manifest["trained"]["rows"] == [10, 40]


def test_all_four_sizes_are_dynamic_and_inputs_are_named(exported):
    folder, _ = exported
    graph = onnx.load(folder / "smoke" / "model.onnx").graph
    sizes = {i.name: [d.dim_param for d in i.type.tensor_type.shape.dim] for i in graph.input}
    assert set(sizes) == {"scores_x", "scores_y"} and [o.name for o in graph.output] == ["quantiles"]
    assert all(all(names) for names in sizes.values())
    assert sizes["scores_x"][:2] == sizes["scores_y"][:2] and sizes["scores_x"][2] != sizes["scores_y"][2]


def test_the_full_size_network_exports_with_the_same_answers(tmp_path):
    torch.manual_seed(3)
    model = Mist(ModelConfig(entry_layers=1)).eval()
    write_onnx(model, tmp_path / "model.onnx")
    assert check_parity(model, tmp_path / "model.onnx") <= 1e-4


class _Margins(torch.nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return (x * (1 + 5e-6) + 1e-10).log()


def test_small_margins_are_kept(tmp_path):
    path = tmp_path / "margins.onnx"
    count = torch.export.Dim("count", min=1)
    onnx_file.write(
        _Margins(), (torch.ones(3),), path, input_names=["x"], output_names=["y"], dynamic_shapes=({0: count},)
    )
    x = torch.tensor([0.0, 1.0])
    (got,) = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"]).run(None, {"x": x.numpy()})
    assert got == pytest.approx(_Margins()(x).numpy(), rel=1e-6, abs=1e-7) and got[1] > 4e-6
