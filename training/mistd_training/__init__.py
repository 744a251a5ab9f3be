"""Offline training pipeline of mistd: families with known mutual information, the MIST model, export to ONNX."""
