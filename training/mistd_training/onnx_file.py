"""ONNX files as they are served: nothing computed twice or in vain, and no traces of where in the source each node came
from, which are most of a file's size."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from onnx_ir.passes.common import CommonSubexpressionEliminationPass
from onnxscript.optimizer import fold_constants, remove_unused_nodes

OPSET = 18


def write(
    module: torch.nn.Module | torch.export.ExportedProgram,
    inputs: tuple[torch.Tensor, ...],
    path: Path,
    *,
    input_names: list[str],
    output_names: list[str],
    dynamic_shapes: Any,
) -> None:
    """Trace a module at these inputs, with the given sizes dynamic, and write one self-contained file.

    The exporter's own optimizer stays off: it takes what is within 1e-8 of 0 for 0 and within 1e-5 of 1 for 1, and so
    leaves out the small margins that keep a model finite. Over the nodes of a gradient, it takes minutes too.
    """
    program = torch.onnx.export(
        module,
        inputs,
        dynamo=True,
        input_names=input_names,
        output_names=output_names,
        dynamic_shapes=dynamic_shapes,
        opset_version=OPSET,
        verbose=False,
        optimize=False,
    )
    _simplify(program)
    _save(program, path)


def _simplify(program: torch.onnx.ONNXProgram) -> None:
    """Fold constants, share equal nodes and drop unused ones, in place."""
    fold_constants(program.model)
    CommonSubexpressionEliminationPass()(program.model)
    remove_unused_nodes(program.model)


def _save(program: torch.onnx.ONNXProgram, path: Path) -> None:
    graph = program.model.graph
    for node in [*graph.all_nodes(), *(node for f in program.model.functions.values() for node in f.all_nodes())]:
        node.metadata_props.clear()
        node.doc_string = None
        for value in node.outputs:
            value.metadata_props.clear()
    program.save(path, external_data=False)
