import sys
from dataclasses import replace

import pytest
import torch

from mistd_training.export.model_folder import export_model
from mistd_training.training.config import PRESETS
from mistd_training.training.train import train

# The tests' networks are tiny: threads would only wait for each other, above all on a busy machine.
torch.set_num_threads(1)

# These compare with the reference's own simulators, whose JAX 0.4.26 has no wheels for Python 3.13 and later
# (requirements-reference.txt): there, pip leaves it out and these tests cannot be imported.
collect_ignore = ["families/test_paper.py"] if sys.version_info >= (3, 13) else []


@pytest.fixture(scope="session")
def exported(tmp_path_factory):
    """A folder with a small model, from training to its files, and the manifest: exporting takes minutes, once."""
    folder = tmp_path_factory.mktemp("export")
    train(replace(PRESETS["smoke"], steps=20), folder / "run", torch.device("cpu"))
    manifest = export_model(
        folder / "run" / "checkpoint.pt", folder / "smoke", "0.1.0", "mistd-train train --preset smoke", "a test"
    )
    return folder, manifest
