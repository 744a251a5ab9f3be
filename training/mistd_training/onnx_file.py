"""ONNX files as they are served: nothing computed twice or in vain, and no traces of where in the source each node came
from, which are most of a file's size."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import onnx_ir as ir
import torch
from onnx_ir.passes.common import CommonSubexpressionEliminationPass, DeduplicateInitializersPass
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
    DeduplicateInitializersPass()(program.model)
    CommonSubexpressionEliminationPass()(program.model)
    _settle_shapes(program.model.graph)
    remove_unused_nodes(program.model)


def _settle_shapes(graph: ir.Graph) -> None:
    """Reshape to constants, 0 for a size as it was and -1 for the one that follows, where that says as much as sizes
    computed in nodes of their own: in small runs, a node takes as long whatever it does."""
    for node in [*graph.all_nodes()]:
        if node.op_type != "Reshape":
            continue
        before, after = node.inputs[0].shape, node.outputs[0].shape
        if before is None or after is None or node.inputs[1].const_value is not None:
            continue
        sizes = [
            size if isinstance(size, int) else 0 if at < len(before) and before[at] == size else -1
            for at, size in enumerate(after)
        ]
        if sizes.count(-1) > 1:
            continue
        constant = ir.node("Constant", [], {"value": ir.tensor(sizes, dtype=ir.DataType.INT64)})
        node.graph.insert_before(node, constant)
        node.replace_input_with(1, constant.outputs[0])
        node.attributes["allowzero"] = ir.AttrInt64("allowzero", 0)


def _save(program: torch.onnx.ONNXProgram, path: Path) -> None:
    graph = program.model.graph
    for node in [*graph.all_nodes(), *(node for f in program.model.functions.values() for node in f.all_nodes())]:
        node.metadata_props.clear()
        node.doc_string = None
        for value in node.outputs:
            value.metadata_props.clear()
    program.save(path, external_data=False)
