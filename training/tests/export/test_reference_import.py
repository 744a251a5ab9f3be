"""Import of checkpoints that the reference package saves, with random weights."""

import sys

import numpy as np
import pytest
import torch

if sys.version_info >= (3, 13):
    pytest.skip("the reference needs Python 3.11 or 3.12", allow_module_level=True)

import onnxruntime
import pytorch_lightning as lightning
from mist_statinf.model.estimator import save_estimator
from mist_statinf.quickstart import MISTQuickEstimator
from mist_statinf.train.lit_module import MISTModelLit
from omegaconf import OmegaConf

from mistd_training.export.reference_import import import_reference, load_reference, pad

ARCHITECTURE = {
    "max_input_dim": 64, "n_phi_layers": 2, "n_dec_layers": 1, "phi_hidden_dim": 16, "n_phi_heads": 4,
    "phi_dim_forward": 32, "phi_activation_fun": "gelu", "n_rho_layers": 3, "rho_hidden_dim": 16, "n_inds": 8,
    "phi_model": "set_transformer", "sab_stack_layers": 1, "n_seeds": 3,
}  # fmt: skip
OPTIMIZER = {"lr": 1e-4, "eps": 1e-8, "weight_decay": 0.0}


def checkpoint_of(loss, path):
    """Save a random checkpoint as `mist-statinf train` does. Returns the module."""
    lightning.seed_everything(7, verbose=False)
    architecture = {**ARCHITECTURE, "quantile_conditioned": loss == "QCQR"}
    configuration = {
        "loss_type": loss, "architecture": architecture, "optimizer": OPTIMIZER, "trainer": {"max_epochs": 1}
    }  # fmt: skip
    module = MISTModelLit(OmegaConf.create(configuration))
    trainer = lightning.Trainer(logger=False, enable_checkpointing=False, accelerator="cpu", devices=1)
    trainer.strategy.connect(module)
    trainer.save_checkpoint(path)
    return module.eval()


@pytest.fixture(scope="module", params=["QCQR", "MSE"])
def imported(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp(request.param)
    module = checkpoint_of(request.param, folder / "weights.ckpt")
    return request.param, module, folder, import_reference(folder / "weights.ckpt", folder / "reference", "1.0.0")


def test_the_file_says_what_the_packages_own_estimator_says(imported):
    loss, _, folder, manifest = imported
    configuration = folder / "quickstart.yaml"
    OmegaConf.save({"architecture": ARCHITECTURE, "optimizer": OPTIMIZER}, configuration)
    kind = "qr" if loss == "QCQR" else "mse"
    package = MISTQuickEstimator(kind, str(folder / "weights.ckpt"), device="cpu", config_path=str(configuration))
    session = onnxruntime.InferenceSession(folder / "reference" / "model.onnx", providers=["CPUExecutionProvider"])
    rng = np.random.default_rng(1)
    for rows, dim_x, dim_y in ((12, 1, 3), (80, 4, 4), (300, 32, 32)):
        x, y = rng.normal(size=(rows, dim_x)), rng.normal(size=(rows, dim_y))
        inputs = {"source": pad(x, y, 64)[None]}
        if loss == "QCQR":
            inputs["tau"] = np.array([0.1, 0.5, 0.9], dtype=np.float32)
            answer = package.estimate_interval_qr(x, y, lower=0.1, upper=0.9)
            expected = [answer["lower"], answer["median"], answer["upper"]]
        else:
            expected = [package.estimate_point(x, y)]
        np.testing.assert_allclose(session.run(None, inputs)[0][0], expected, rtol=1e-4, atol=1e-4)
    assert manifest["training"]["parity"]["worst"] <= 1e-4


def test_the_manifest_describes_its_kind(imported):
    loss, _, folder, manifest = imported
    assert manifest["id"] == "reference" and manifest["kind"] == "mist-reference"
    assert manifest["encoding"] == "zero-padding" and manifest["columns"] == 64
    assert manifest["inputs"] == (["source", "tau"] if loss == "QCQR" else ["source"])
    assert (folder / "reference" / "manifest.json").exists()


def test_plain_weights_load_by_an_architecture_file(imported, tmp_path):
    _, module, _, _ = imported
    save_estimator(module.msm, str(tmp_path / "weights.pt"))
    OmegaConf.save({"architecture": ARCHITECTURE}, tmp_path / "architecture.yaml")
    core = load_reference(tmp_path / "weights.pt", tmp_path / "architecture.yaml")
    for got, expected in zip(core.parameters(), module.msm.parameters(), strict=True):
        assert torch.equal(got, expected)


def test_another_architecture_is_refused(imported, tmp_path):
    _, _, folder, _ = imported
    OmegaConf.save({"architecture": {**ARCHITECTURE, "n_inds": 9}}, tmp_path / "architecture.yaml")
    with pytest.raises(ValueError, match="does not hold weights"):
        load_reference(folder / "weights.ckpt", tmp_path / "architecture.yaml")


def test_a_file_that_would_run_code_is_refused(tmp_path):
    class Evil:
        def __reduce__(self):
            return (print, ("ran",))

    torch.save({"state_dict": {}, "hyper_parameters": Evil()}, tmp_path / "evil.ckpt")
    with pytest.raises(Exception, match=r"[Ww]eights.only"):
        load_reference(tmp_path / "evil.ckpt")
