"""Checkpoint → model folder: ONNX files, manifest, block size, and the checks against PyTorch."""
