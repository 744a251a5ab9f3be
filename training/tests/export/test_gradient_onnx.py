"""`gradient.onnx`, compared with PyTorch's autograd."""

import onnx
import pytest
import torch
from small_models import random_model
from torch import Tensor, nn

from mistd_training.export.gradient_onnx import (
    GRADIENT_SHAPES,
    GRADIENT_TOLERANCE,
    INPUTS,
    OUTPUTS,
    _log_det_inverse,
    check_gradient_parity,
    sweep,
    write_gradient_onnx,
)
from mistd_training.model.quantiles import TAUS
from mistd_training.model.statistics import cross_moments, gaussian_plug_ins, standardized


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


class Pieces(nn.Module):
    """Knots from the parts of a model whose derivative needs special care, at a fraction of its operators.

    They are the log-determinants of the Gaussian plug-ins, the diagonal and the quantile.
    """

    def __init__(self, scale: float = 1.0):
        super().__init__()
        self.scale = scale

    def forward(self, scores_x: Tensor, scores_y: Tensor) -> Tensor:
        scores = torch.cat([scores_x, scores_y], 2)
        correlation = cross_moments(standardized(scores[..., None]))[..., 0, 0]
        plug_ins = gaussian_plug_ins(correlation, scores_x.shape[2], scores.shape[1], unbiased=False).sum(1)
        diagonal = correlation.square().diagonal(dim1=1, dim2=2).mean(1)
        size = self.scale * (plug_ins + diagonal)
        return size[:, None] * torch.linspace(0.5, 1.5, len(TAUS))


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """The `gradient.onnx` of `Pieces`, and its largest difference from autograd."""
    path = tmp_path_factory.mktemp("gradient") / "gradient.onnx"
    write_gradient_onnx(Pieces(), path)
    return path, check_gradient_parity(Pieces(), path)


def test_onnx_runtime_agrees_with_autograd_on_every_shape(exported):
    assert len(GRADIENT_SHAPES) >= 10
    assert exported[1] <= GRADIENT_TOLERANCE


def test_parity_notices_another_model(exported):
    with pytest.raises(RuntimeError, match="differs"):
        check_gradient_parity(Pieces(1.1), exported[0])


def test_the_file_stands_alone_with_the_inputs_of_the_contract(exported):
    graph = onnx.load(exported[0], load_external_data=False).graph
    sizes = {i.name: [d.dim_param for d in i.type.tensor_type.shape.dim] for i in graph.input}
    assert tuple(sizes) == INPUTS and tuple(o.name for o in graph.output) == OUTPUTS
    assert all(all(names) for names in sizes.values())


@pytest.mark.slow
def test_the_gradient_of_a_network_is_that_of_autograd(tmp_path):
    write_gradient_onnx(random_model(), tmp_path / "gradient.onnx")
    assert check_gradient_parity(random_model(), tmp_path / "gradient.onnx") <= GRADIENT_TOLERANCE
