"""Write an ONNX graph, node by node."""

from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

_OPSET, _IR_VERSION = 17, 8


class Graph:
    """Nodes and constants, and the names of what flows between them."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def constant(self, value: npt.ArrayLike) -> str:
        """Keep an array. Returns its name."""
        name = f"constant_{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def add(self, operator: str, inputs: list[str], **attributes: Any) -> str:
        """Add a node with one output. Returns the name of that."""
        return self.add_split(operator, inputs, 1, **attributes)[0]

    def add_split(self, operator: str, inputs: list[str], count: int, **attributes: Any) -> list[str]:
        """Add a node with several outputs. Returns their names."""
        outputs = [f"value_{len(self.nodes)}_{number}" for number in range(count)]
        self.nodes.append(helper.make_node(operator, inputs, outputs, **attributes))
        return outputs

    def encode(self, name: str, inputs: dict[str, list[Any]], outputs: dict[str, tuple[str, list[Any]]]) -> bytes:
        """The model as a file.

        inputs: shapes by name; outputs: of each name, which value it is and its shape. A string in a shape stands for
        any number. All are float32.
        """
        named = [helper.make_node("Identity", [value], [output]) for output, (value, _) in outputs.items()]
        graph = helper.make_graph(
            [*self.nodes, *named],
            name,
            [helper.make_tensor_value_info(key, TensorProto.FLOAT, shape) for key, shape in inputs.items()],
            [helper.make_tensor_value_info(key, TensorProto.FLOAT, shape) for key, (_, shape) in outputs.items()],
            self.constants,
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", _OPSET)], ir_version=_IR_VERSION)
        onnx.checker.check_model(model)
        return model.SerializeToString(deterministic=True)
