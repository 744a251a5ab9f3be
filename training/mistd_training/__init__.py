"""Offline training pipeline of mistd: families with known mutual information, the MIST model, export to ONNX.

The wings, each importing only from those before it: families, model, training, export, evaluation, adapt. `cli` is on
top. training/README.md describes them.
"""

from .model.mutual_information import MutualInformation

__all__ = ["MutualInformation"]
