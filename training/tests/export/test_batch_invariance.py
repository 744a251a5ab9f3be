import numpy as np
import onnxruntime
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mistd_training.export import onnx_file
from mistd_training.export.batch_invariance import batch_invariant


class Operators(nn.Module):
    """All operators that are replaced, over first, middle and last axes: [B, N, D, 3] → [B, ·]."""

    def forward(self, x: Tensor) -> Tensor:
        parts = [
            x.sum(1),
            x.mean(1, keepdim=True),
            x.sum(2, keepdim=True),
            x.mean(3),
            x.mean((1, 2)),
            x.sum((2, 3), keepdim=True),
            x.flatten(1).mean(1),
            x.double().sum(1).float(),
            (x > 0).sum(1).float(),
            x.abs().log(),
            torch.log1p(x.square()),
            x.cos(),
            F.softplus(8 * x),
        ]
        return torch.cat([part.reshape(x.shape[0], -1) for part in parts], 1)


@pytest.fixture(scope="module")
def sessions(tmp_path_factory) -> dict[str, onnxruntime.InferenceSession]:
    """Sessions of the operators: plain, and batch-invariant."""
    x = torch.randn(3, 6, 4, 3)
    sizes = {0: torch.export.Dim("batch", min=1), 1: torch.export.Dim("rows", min=2), 2: torch.export.Dim("d", min=1)}
    with torch.fx.experimental._config.patch(backed_size_oblivious=True):
        program = torch.export.export(Operators(), (x,), dynamic_shapes=(sizes,))
        programs = {"plain": program, "invariant": batch_invariant(program)}
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    opened = {}
    for name, each in programs.items():
        path = tmp_path_factory.mktemp("operators") / f"{name}.onnx"
        onnx_file.write(each, (x,), path, input_names=["x"], output_names=["y"], dynamic_shapes=(sizes,))
        opened[name] = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    return opened


def _same_alone(session: onnxruntime.InferenceSession, x: np.ndarray) -> bool:
    together = session.run(None, {"x": x})[0]
    return all(np.array_equal(session.run(None, {"x": x[b : b + 1]})[0][0], together[b]) for b in range(len(x)))


SHAPES = [(1, 2, 1), (2, 5, 1), (5, 7, 1), (3, 37, 2), (2, 100, 5), (8, 33, 11), (4, 501, 3), (2, 1000, 17)]


@pytest.mark.parametrize("shape", SHAPES)
def test_operators_give_what_pytorch_gives(sessions, shape):
    x = torch.randn(*shape, 3, generator=torch.Generator().manual_seed(5))
    (got,) = sessions["invariant"].run(None, {"x": x.numpy()})
    np.testing.assert_allclose(got, Operators()(x).numpy(), rtol=2e-5, atol=2e-5)


@pytest.mark.parametrize("shape", SHAPES)
def test_a_data_set_has_one_answer_alone_and_in_any_batch(sessions, shape):
    x = torch.randn(*shape, 3, generator=torch.Generator().manual_seed(6)).numpy()
    assert _same_alone(sessions["invariant"], x)


def test_the_operators_as_they_are_depend_on_the_batch(sessions):
    x = torch.randn(3, 37, 2, 3, generator=torch.Generator().manual_seed(6)).numpy()
    assert not _same_alone(sessions["plain"], x)
