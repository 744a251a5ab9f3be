"""`gradient.onnx`, compared with PyTorch's autograd."""

import onnx
import pytest
import torch

from mistd_training.export.gradient_onnx import (
    GRADIENT_SHAPES,
    INPUTS,
    OUTPUTS,
    _log_det_inverse,
    check_gradient_parity,
    sweep,
)
from mistd_training.training.train import load_checkpoint


def test_sweeping_gives_log_determinant_and_inverse():
    a = torch.randn(5, 12, 12)
    matrix = a @ a.transpose(1, 2) / 12 + 0.1 * torch.eye(12)
    total, inverse = sweep(matrix)
    torch.testing.assert_close(total, torch.logdet(matrix), rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(inverse, torch.linalg.inv(matrix), rtol=2e-3, atol=2e-3)


def test_the_derivative_of_the_log_determinant_is_the_inverse():
    a = torch.randn(3, 6, 6)
    matrix = (a @ a.transpose(1, 2) / 6 + 0.1 * torch.eye(6)).requires_grad_()
    (ours,) = torch.autograd.grad(_log_det_inverse(matrix)[0].sum(), matrix)
    (theirs,) = torch.autograd.grad(torch.logdet(matrix).sum(), matrix)
    torch.testing.assert_close(ours, theirs, rtol=1e-3, atol=1e-3)


def test_onnx_runtime_agrees_with_autograd_on_every_shape(exported):
    _, manifest = exported
    assert len(GRADIENT_SHAPES) >= 10
    assert manifest["training"]["gradient_parity"]["worst"] <= 1e-3


def test_parity_notices_another_model(exported):
    folder, _ = exported
    model, _, _ = load_checkpoint(folder / "run" / "checkpoint.pt")
    with torch.no_grad():
        model.network.head.mlp[-1].bias.add_(0.1)
    with pytest.raises(RuntimeError, match="differs"):
        check_gradient_parity(model, folder / "smoke" / "gradient.onnx")


def test_the_file_stands_alone_with_the_inputs_of_the_contract(exported):
    path = exported[0] / "smoke" / "gradient.onnx"
    assert path.stat().st_size < 16 * 2**20
    graph = onnx.load(path, load_external_data=False).graph
    sizes = {i.name: [d.dim_param for d in i.type.tensor_type.shape.dim] for i in graph.input}
    assert tuple(sizes) == INPUTS and tuple(o.name for o in graph.output) == OUTPUTS
    assert all(all(names) for names in sizes.values())
