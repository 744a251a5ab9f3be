"""Writes ONNX files that are small and quick to run.

Equal nodes are shared and unused ones removed. The source locations of nodes, most of a file's size, are left out.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import onnx_ir as ir
import torch
from onnx_ir.passes.common import CommonSubexpressionEliminationPass, DeduplicateInitializersPass
from onnxscript.optimizer import fold_constants, remove_unused_nodes

OPSET = 18


def dynamic_sizes() -> tuple[torch.export.Dim, ...]:
    """Fresh dynamic sizes of a model's inputs: batch, rows, dim_x, dim_y."""
    sizes = (("batch", 1), ("rows", 2), ("dim_x", 1), ("dim_y", 1))
    return tuple(torch.export.Dim(name, min=least) for name, least in sizes)


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

    The exporter's own optimizer stays off. It replaces constants within 1e-8 of 0 by 0 and constants within 1e-5 of 1
    by 1, which removes the small margins that keep a model finite. For a gradient it also takes minutes.
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
    """Fold constants, share equal nodes and remove unused ones, in place."""
    fold_constants(program.model)
    DeduplicateInitializersPass()(program.model)
    CommonSubexpressionEliminationPass()(program.model)
    _settle_shapes(program.model.graph)
    remove_unused_nodes(program.model)


def _settle_shapes(graph: ir.Graph) -> None:
    """Replace computed target shapes of Reshape nodes by constants where possible, in place.

    In a constant shape, 0 keeps a size of the input and one -1 stands for the size that follows from the others. The
    nodes that computed the shape become unused; in small runs every node costs about the same time.
    """
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
