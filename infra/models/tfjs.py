"""Graph models of TensorFlow.js as ONNX: the operators that nanodet has, and no others.

The format: https://www.tensorflow.org/js/tutorials/conversion/import_saved_model. What can be computed from constants
alone is computed here. The first dimension of everything is the batch.
"""

import base64
import json
from typing import Any

import numpy as np
import numpy.typing as npt

from infra.models.graph import Graph

_Array = npt.NDArray[Any]
_TO_CHANNELS_FIRST, _TO_CHANNELS_LAST = [0, 3, 1, 2], [0, 2, 3, 1]
_SAME_IN_ONNX = {"Add": "Add", "AddV2": "Add", "Identity": "Identity", "Sigmoid": "Sigmoid"}


class Unsupported(Exception):
    """The graph has an operator that no model here needed."""


def convert(description: bytes, weights: bytes) -> bytes:
    """A model as ONNX, its inputs and outputs named as in the file. Of any batch, whatever batch it was saved with.

    Raises:
        Unsupported: it has an operator that nanodet has not.
    """
    model = json.loads(description)
    conversion = _Conversion(_constants(model["weightsManifest"], weights))
    nodes = {node["name"]: node for node in model["modelTopology"]["node"]}
    for name in _in_order(nodes):
        conversion.take(nodes[name])
    inputs = {name: ["N", *shape[1:]] for name, shape in conversion.inputs.items()}
    outputs = {
        output["name"].partition(":")[0]: ["N", *(int(part["size"]) for part in output["tensorShape"]["dim"][1:])]
        for output in model["signature"]["outputs"].values()
    }
    named = {name: (conversion.values[name], shape) for name, shape in sorted(outputs.items())}
    return conversion.graph.encode("tfjs", inputs, named)


def _constants(manifest: list[dict[str, Any]], content: bytes) -> dict[str, _Array]:
    """Weights by name: float16 in the file, or int32."""
    constants, offset = {}, 0
    for entry in (entry for group in manifest for entry in group["weights"]):
        dtype = np.dtype(entry.get("quantization", entry)["dtype"]).newbyteorder("<")
        count = int(np.prod(entry["shape"], dtype=np.int64))
        value = np.frombuffer(content, dtype, count, offset).reshape(entry["shape"])
        constants[entry["name"]] = value.astype(np.float32 if dtype.kind == "f" else np.int64)
        offset += count * dtype.itemsize
    return constants


def _in_order(nodes: dict[str, dict[str, Any]]) -> list[str]:
    """Names so that each comes after what it reads."""
    order: dict[str, None] = {}
    waiting = list(reversed(nodes))
    while waiting:
        name = waiting[-1]
        missing = [source for source in map(_node, nodes[name].get("input", ())) if source not in order]
        if missing:
            waiting += missing
        else:
            order.setdefault(waiting.pop())
    return list(order)


def _node(reference: str) -> str:
    """`name:1` is the second output of `name`."""
    return reference.partition(":")[0]


class _Conversion:
    def __init__(self, constants: dict[str, _Array]) -> None:
        self.graph = Graph()
        self.constants = constants
        self.inputs: dict[str, list[int]] = {}
        self.values: dict[str, str] = {}

    def take(self, node: dict[str, Any]) -> None:
        name, operator = node["name"], node["op"]
        sources = node.get("input", [])
        attributes = {key: _plain(value) for key, value in node.get("attr", {}).items()}
        if operator == "Const":
            return
        if operator == "Placeholder":
            self.inputs[name] = [int(part["size"]) for part in node["attr"]["shape"]["shape"]["dim"]]
            self.values[name] = name
        elif all(source in self.constants for source in sources):
            self.constants[name] = _computed(operator, [self.constants[source] for source in sources])
        elif operator == "SplitV":
            sizes = self.constants[sources[1]]
            inputs = [self._value(sources[0]), self.graph.constant(sizes)]
            axis = int(self.constants[sources[2]])
            parts = self.graph.add_split("Split", inputs, len(sizes), axis=axis)
            self.values.update({f"{name}:{number}" if number else name: part for number, part in enumerate(parts)})
        else:
            self.values[name] = self._converted(operator, sources, attributes)

    def _converted(self, operator: str, sources: list[str], attributes: dict[str, Any]) -> str:
        first = self._value(sources[0])
        if same := _SAME_IN_ONNX.get(operator):
            return self.graph.add(same, [self._value(source) for source in sources])
        match operator:
            case "LeakyRelu":
                return self.graph.add("LeakyRelu", [first], alpha=attributes["alpha"])
            case "Transpose":
                return self.graph.add("Transpose", [first], perm=self.constants[sources[1]].tolist())
            case "Reshape":
                shape = self.constants[sources[1]].copy()
                shape[0] = 0  # which in ONNX is the batch that came in
                return self.graph.add("Reshape", [first, self.graph.constant(shape)])
            case "ConcatV2":
                *parts, axis = sources
                return self.graph.add("Concat", list(map(self._value, parts)), axis=int(self.constants[axis]))
            case "Pad" | "PadV2":
                widths = self.graph.constant(self.constants[sources[1]].T.reshape(-1))
                fill = [self.graph.constant(self.constants[source].reshape(())) for source in sources[2:]]
                return self.graph.add("Pad", [first, widths, *fill])
            case "Conv2D":
                kernel = self.constants[sources[1]].transpose(3, 2, 0, 1)
                weights, options = self.graph.constant(kernel), _window(attributes, kernel.shape[2:])
                return self._channels_first("Conv", first, [weights], **options)
            case "MaxPool":
                return self._channels_first("MaxPool", first, [], **_window(attributes, attributes["ksize"][1:3]))
            case "ResizeBilinear" if attributes["half_pixel_centers"]:
                return self._resized(first, self.constants[sources[1]])
        raise Unsupported(f"{operator} with {attributes}")

    def _value(self, source: str) -> str:
        """A value or constant by the name that TensorFlow gave it."""
        if source in self.constants:
            return self.graph.constant(self.constants[source])
        return self.values[source]

    def _channels_first(self, operator: str, value: str, others: list[str], **options: Any) -> str:
        """TensorFlow has channels last here, ONNX has them first. What is turned twice, the runtime does not turn."""
        turned = self.graph.add("Transpose", [value], perm=_TO_CHANNELS_FIRST)
        result = self.graph.add(operator, [turned, *others], **options)
        return self.graph.add("Transpose", [result], perm=_TO_CHANNELS_LAST)

    def _resized(self, value: str, size: _Array) -> str:
        channels_first = self.graph.add("Transpose", [value], perm=_TO_CHANNELS_FIRST)
        shape = self.graph.add("Shape", [channels_first], start=0, end=2)
        sizes = self.graph.add("Concat", [shape, self.graph.constant(size)], axis=0)
        result = self.graph.add("Resize", [channels_first, "", "", sizes], mode="linear")
        return self.graph.add("Transpose", [result], perm=_TO_CHANNELS_LAST)


def _computed(operator: str, values: list[_Array]) -> _Array:
    match operator:
        case "AddV2":
            return np.asarray(values[0] + values[1])
        case "SparseToDense":
            indices, shape, sparse, default = values
            dense = np.full(shape, default)
            dense[tuple(indices.T)] = sparse
            return dense
        case "Reshape":
            return values[0].reshape(values[1])
        case "Transpose":
            return values[0].transpose(values[1])
    raise Unsupported(f"{operator} of constants")


def _window(attributes: dict[str, Any], size: Any) -> dict[str, Any]:
    if (attributes["data_format"], attributes["padding"]) != ("NHWC", "VALID"):
        raise Unsupported(f"a window of {attributes}")
    return {"kernel_shape": list(size), "strides": attributes["strides"][1:3], "auto_pad": "VALID"}


def _plain(attribute: dict[str, Any]) -> Any:
    """The value of an attribute, such as {"f": 0.1}, {"s": "TkhXQw=="} or {"list": {"i": ["1", "2"]}}."""
    ((kind, value),) = attribute.items()
    if kind == "list":
        return [int(number) for number in value.get("i", ())]
    return base64.b64decode(value).decode() if kind == "s" else value
