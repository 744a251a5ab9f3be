"""ONNX files without the traces of where in the source each node came from, which are most of their size."""

from __future__ import annotations

from pathlib import Path

import torch


def save(program: torch.onnx.ONNXProgram, path: Path) -> None:
    """Write one self-contained file."""
    graph = program.model.graph
    for node in [*graph.all_nodes(), *(node for f in program.model.functions.values() for node in f.all_nodes())]:
        node.metadata_props.clear()
        node.doc_string = None
        for value in node.outputs:
            value.metadata_props.clear()
    program.save(path, external_data=False)
