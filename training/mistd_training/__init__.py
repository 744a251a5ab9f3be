"""Offline training pipeline of mistd: families with known mutual information, the MIST model, export to ONNX."""

from .soft_ranks import MutualInformation

__all__ = ["MutualInformation"]
