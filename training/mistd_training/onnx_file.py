"""ONNX files as they are served: nothing computed twice or in vain, and no traces of where in the source each node came
from, which are most of a file's size."""

from __future__ import annotations

from pathlib import Path

import torch
from onnx_ir.passes.common import CommonSubexpressionEliminationPass
from onnxscript.optimizer import fold_constants, remove_unused_nodes


def simplify(program: torch.onnx.ONNXProgram) -> None:
    """Fold constants, share equal nodes and drop unused ones, in place."""
    fold_constants(program.model)
    CommonSubexpressionEliminationPass()(program.model)
    remove_unused_nodes(program.model)


def save(program: torch.onnx.ONNXProgram, path: Path) -> None:
    """Write one self-contained file."""
    graph = program.model.graph
    for node in [*graph.all_nodes(), *(node for f in program.model.functions.values() for node in f.all_nodes())]:
        node.metadata_props.clear()
        node.doc_string = None
        for value in node.outputs:
            value.metadata_props.clear()
    program.save(path, external_data=False)
