import sys
from dataclasses import replace

import pytest
import torch
from small_models import TINY_RUN

from mistd_training.training.train import train

# The models of the tests are tiny: several threads would only wait for each other, above all on a busy machine.
torch.set_num_threads(1)

# This file compares with the reference's own simulators. Their JAX 0.4.26 has no wheels for Python 3.13 and later
# (requirements-reference.txt), so that pip leaves them out there and the file cannot be imported.
collect_ignore = ["families/test_paper.py"] if sys.version_info >= (3, 13) else []


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory):
    """Checkpoint of a tiny model after a few steps."""
    folder = tmp_path_factory.mktemp("run")
    train(replace(TINY_RUN, steps=20), folder, torch.device("cpu"))
    return folder / "checkpoint.pt"
