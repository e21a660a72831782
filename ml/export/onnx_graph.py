"""A graph of ONNX nodes, written down one call a node; every number in it is a double."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from ml.evaluation.metrics import Array

_ML = "ai.onnx.ml"
# What the runtimes of the last two years read.
_OPSETS = {"": 18, _ML: 5}
_IR = 10


class Graph:
    """The nodes, constants, inputs and outputs of a model in the making.

    What is made within it is named as none of its ``inputs`` begins.
    """

    def __init__(self, inputs: Sequence[str]) -> None:
        self._within = "_"
        while any(name.startswith(self._within) for name in inputs):
            self._within += "_"
        self._nodes: list[Any] = []
        self._constants: list[Any] = []
        self._inputs: list[Any] = []
        self._outputs: list[Any] = []

    def node(self, op: str, *inputs: str, domain: str = "", **attributes: Any) -> str:
        """Add a node and return the name of its one output."""
        name = f"{self._within}n{len(self._nodes)}"
        made = helper.make_node(op, list(inputs), [name], name=name, domain=domain, **attributes)
        self._nodes.append(made)
        return name

    def learned(self, op: str, *inputs: str, **attributes: Any) -> str:
        """Add a node of the set of operators for machine learning."""
        return self.node(op, *inputs, domain=_ML, **attributes)

    def constant(self, values: Any, dtype: Any = np.float64) -> str:
        """Add a constant and return its name."""
        name = f"{self._within}c{len(self._constants)}"
        self._constants.append(numpy_helper.from_array(np.asarray(values, dtype=dtype), name))
        return name

    def number(self, of: str) -> str:
        """Return ``of`` as a double."""
        return self.node("Cast", of, to=TensorProto.DOUBLE)

    def whole(self, of: str) -> str:
        """Return ``of`` as a whole number."""
        return self.node("Cast", of, to=TensorProto.INT64)

    def beside(self, columns: Sequence[str]) -> str:
        """Return columns [rows, 1] side by side."""
        return columns[0] if len(columns) == 1 else self.node("Concat", *columns, axis=1)

    def read(self, name: str, *, text: bool) -> str:
        """Add an input [rows, 1], a double or a text, and return its name."""
        type_ = TensorProto.STRING if text else TensorProto.DOUBLE
        self._inputs.append(helper.make_tensor_value_info(name, type_, ["rows", 1]))
        return name

    def tell(self, name: str, of: str, *, text: bool = False, width: int | None = None) -> None:
        """Make ``of`` the output ``name``, [rows] or [rows, width]."""
        type_ = TensorProto.STRING if text else TensorProto.DOUBLE
        shape: list[str | int] = ["rows"] if width is None else ["rows", width]
        self._nodes.append(helper.make_node("Identity", [of], [name], name=f"tell {name}"))
        self._outputs.append(helper.make_tensor_value_info(name, type_, shape))

    def trees(self, columns: str, **attributes: Any) -> str:
        """Add a TreeEnsemble; its arrays of doubles are constants of the node."""
        made = {
            name: numpy_helper.from_array(value, name) if isinstance(value, np.ndarray) else value
            for name, value in attributes.items()
        }
        return self.learned("TreeEnsemble", columns, **made)

    def content(self, facts: dict[str, str]) -> bytes:
        """Return the model, checked, with ``facts`` kept beside it."""
        graph = helper.make_graph(
            self._nodes, "goldloop", self._inputs, self._outputs, self._constants
        )
        opsets = [helper.make_opsetid(domain, number) for domain, number in _OPSETS.items()]
        model = helper.make_model(
            graph, opset_imports=opsets, ir_version=_IR, producer_name="goldloop"
        )
        helper.set_model_props(model, facts)
        onnx.checker.check_model(model)
        return bytes(model.SerializeToString())


def flattened(parts: Sequence[Array], dtype: Any = np.float64) -> Array:
    """Return the parts one after another."""
    return np.concatenate([np.asarray(part, dtype=dtype) for part in parts])
