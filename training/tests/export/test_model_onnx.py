"""`model.onnx`, compared with PyTorch."""

import numpy as np
import onnxruntime
import pytest
import torch
from small_models import scores
from torch import Tensor, nn

from mistd_training.export import onnx_file
from mistd_training.export.model_onnx import check_parity, write_onnx
from mistd_training.model import mist
from mistd_training.model.mist import Mist, ModelConfig
from mistd_training.model.statistics import cross_moments, standardized


def few_statistics(scores_x: Tensor, scores_y: Tensor, _unbiased: bool) -> tuple[Tensor, ...]:
    """A small replacement of `statistics`, which the tests of a tiny model export: correlations as pairs."""
    scores = torch.cat([scores_x, scores_y], 2)
    little = scores.square().mean((1, 2))[:, None]
    return scores[..., None], cross_moments(standardized(scores[..., None]))[..., 0], little, little


class Inputs(nn.Module):
    """The inputs of the network that a tiny model leaves out: triple correlations and neighbor estimates.

    scores_x: [B, N, dim_x], scores_y: [B, N, dim_y] → means of the triple correlations, and the estimates: [B, ·].
    """

    def __init__(self):
        super().__init__()
        self.model = Mist(ModelConfig(neighbors=(1, 3), anchors=32, triples=2**12))

    def forward(self, scores_x: Tensor, scores_y: Tensor) -> Tensor:
        _, pairs, plug_ins, whole = self.model.read(scores_x, scores_y, 100)
        return torch.cat([pairs.mean((1, 2)), plug_ins, whole], 1)


def test_the_inputs_of_the_network_export_with_the_same_values(tmp_path, monkeypatch):
    monkeypatch.setattr(mist, "statistics", few_statistics)
    path, example = tmp_path / "inputs.onnx", (torch.randn(3, 40, 5), torch.randn(3, 40, 4))
    batch, rows, dim_x, dim_y = onnx_file.dynamic_sizes()
    shapes = ({0: batch, 1: rows, 2: dim_x}, {0: batch, 1: rows, 2: dim_y})
    with torch.fx.experimental._config.patch(backed_size_oblivious=True):
        program = torch.export.export(
            Inputs(), example, dynamic_shapes=shapes, prefer_deferred_runtime_asserts_over_guards=True
        )
    onnx_file.write(program, example, path, input_names=["x", "y"], output_names=["z"], dynamic_shapes=shapes)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    for shape in ((10, 1, 1), (5, 3, 2), (40, 5, 7), (300, 2, 1), (64, 1, 20)):
        x, y = scores(*shape)
        (got,) = session.run(None, {"x": x.numpy(), "y": y.numpy()})
        np.testing.assert_allclose(got, Inputs()(x, y).numpy(), rtol=1e-3, atol=1e-4)


class Margins(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return (x * (1 + 5e-6) + 1e-10).log()


def test_small_margins_are_kept(tmp_path):
    path = tmp_path / "margins.onnx"
    count = torch.export.Dim("count", min=1)
    onnx_file.write(
        Margins(), (torch.ones(3),), path, input_names=["x"], output_names=["y"], dynamic_shapes=({0: count},)
    )
    x = torch.tensor([0.0, 1.0])
    (got,) = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"]).run(None, {"x": x.numpy()})
    assert got == pytest.approx(Margins()(x).numpy(), rel=1e-6, abs=1e-7) and got[1] > 4e-6


@pytest.mark.slow
def test_the_full_size_network_exports_with_the_same_answers(tmp_path):
    torch.manual_seed(3)
    model = Mist(ModelConfig(entry_layers=1)).eval()
    write_onnx(model, tmp_path / "model.onnx")
    assert check_parity(model, tmp_path / "model.onnx") <= 1e-4
