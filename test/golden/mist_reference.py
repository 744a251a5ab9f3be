"""Makes two checkpoints of the reference package (PyPI mist-statinf) with random weights, imports them as the models of
test/fixtures/reference-models, and writes mist_reference.json: samples and the package's own predictions on them.

PYTHONPATH=training python test/golden/mist_reference.py
"""

import json
import logging
import tempfile
from pathlib import Path

import numpy as np
import pytorch_lightning as lightning
import torch
from mist_statinf.quickstart import MISTQuickEstimator
from mist_statinf.train.lit_module import MISTModelLit
from omegaconf import OmegaConf

from mistd_training.export.reference_import import import_reference

TEST = Path(__file__).parents[1]
MODELS = TEST / "fixtures" / "reference-models"
TAUS = [0.05, 0.25, 0.5, 0.75, 0.95]
SHAPES = [(12, 1, 3), (60, 4, 4), (150, 2, 1)]
CONFIGURATION = {
    "architecture": {
        "max_input_dim": 64, "n_phi_layers": 1, "n_dec_layers": 1, "phi_hidden_dim": 16, "n_phi_heads": 4,
        "phi_dim_forward": 32, "phi_activation_fun": "gelu", "n_rho_layers": 2, "rho_hidden_dim": 16, "n_inds": 4,
        "phi_model": "set_transformer", "sab_stack_layers": 1, "n_seeds": 2,
    },
    "optimizer": {"lr": 1e-4, "eps": 1e-8, "weight_decay": 0.0},
    "trainer": {"max_epochs": 1},
}  # fmt: skip


def make(model: str, loss: str, scratch: Path) -> list[list[float]]:
    """Imports a random checkpoint and returns the package's predictions for each of SHAPES."""
    lightning.seed_everything(11, verbose=False)
    configuration = OmegaConf.create({**CONFIGURATION, "loss_type": loss})
    configuration.architecture.quantile_conditioned = loss == "QCQR"
    module = MISTModelLit(configuration)
    with torch.no_grad():
        module.msm.rho[-1].bias.fill_(1.0)  # positive answers, as those of trained weights are
    trainer = lightning.Trainer(logger=False, enable_checkpointing=False, accelerator="cpu", devices=1)
    trainer.strategy.connect(module)
    checkpoint, yaml = scratch / f"{model}.ckpt", scratch / "quickstart.yaml"
    trainer.save_checkpoint(checkpoint)
    import_reference(checkpoint, MODELS / model, "0.0.0")

    OmegaConf.save(OmegaConf.create(CONFIGURATION), yaml)
    package = MISTQuickEstimator("qr" if loss == "QCQR" else "mse", str(checkpoint), "cpu", str(yaml))
    if loss == "MSE":
        return [[package.estimate_point(x, y)] for x, y in samples()]
    return [
        [float(v) for v in package._forward_many_taus(package._prepare_source(x, y), TAUS).values()]
        for x, y in samples()
    ]


def samples() -> list[tuple[np.ndarray, np.ndarray]]:
    rng = np.random.default_rng(2)
    return [(rng.normal(size=(n, dx)).round(4), rng.normal(size=(n, dy)).round(4)) for n, dx, dy in SHAPES]


logging.disable(logging.INFO)
with tempfile.TemporaryDirectory() as scratch:
    predictions = {
        model: make(model, loss, Path(scratch)) for model, loss in (("mist-qr-random", "QCQR"), ("mist-random", "MSE"))
    }
golden = {
    "taus": TAUS,
    "cases": [
        {"x": x.tolist(), "y": y.tolist(), **{model: values[i] for model, values in predictions.items()}}
        for i, (x, y) in enumerate(samples())
    ],
}
(TEST / "golden" / "mist_reference.json").write_text(json.dumps(golden) + "\n")
