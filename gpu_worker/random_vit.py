"""A vision transformer as CLIP's ViT-B/32 is, in the layout of the sets, with random weights: it is as fast, and sees
nothing. (Dosovitskiy et al., "An Image is Worth 16x16 Words", 2020.)"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

_OPSET, _IR_VERSION = 17, 8
_SIDE, _PATCH, _WIDTH, _DEPTH, _HEADS = 224, 32, 768, 12, 12
_PREPARED = {
    "size": _SIDE,
    "mean": [0.48145466, 0.4578275, 0.40821073],
    "std": [0.26862954, 0.26130258, 0.27577711],
    "interpolation": "bicubic",
    "resize_mode": "shortest",
}


def write(directory: Path, dimension: int, width: int = _WIDTH, depth: int = _DEPTH) -> dict[str, str]:
    """Write the files of the runtime `clip`: paths by what they are for. dimension: of its vectors; width: of its
    layers, a multiple of 12."""
    model, preprocessing = directory / "model.onnx", directory / "preprocess_cfg.json"
    model.write_bytes(_Graph(width).encoded(dimension, depth))
    preprocessing.write_text(json.dumps(_PREPARED), encoding="utf-8")
    return {"model": str(model), "preprocessing": str(preprocessing)}


class _Graph:
    def __init__(self, width: int) -> None:
        self._random = np.random.default_rng(8)
        self._nodes: list[onnx.NodeProto] = []
        self._constants: list[onnx.TensorProto] = []
        self._width = width

    def encoded(self, dimension: int, depth: int) -> bytes:
        width, places = self._width, (_SIDE // _PATCH) ** 2
        kernels = self._weights(width, 3, _PATCH, _PATCH)
        patches = self._add("Conv", ["image", kernels], strides=[_PATCH, _PATCH])
        rows = self._add("Reshape", [patches, self._integers(0, width, places)])
        value = self._add("Add", [self._add("Transpose", [rows], perm=[0, 2, 1]), self._weights(1, places, width)])
        for _ in range(depth):
            value = self._add("Add", [value, self._attention(self._normalised(value))])
            value = self._add("Add", [value, self._perceptron(self._normalised(value))])
        pooled = self._add("ReduceMean", [value], axes=[1], keepdims=0)
        self._nodes.append(helper.make_node("MatMul", [pooled, self._weights(width, dimension)], ["vectors"]))
        graph = helper.make_graph(
            self._nodes,
            "vit",
            [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["batch", 3, _SIDE, _SIDE])],
            [helper.make_tensor_value_info("vectors", TensorProto.FLOAT, ["batch", dimension])],
            self._constants,
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", _OPSET)], ir_version=_IR_VERSION)
        return bytes(model.SerializeToString())

    def _attention(self, value: str) -> str:
        width = self._width // _HEADS
        query, key, content = (
            self._add("Reshape", [self._dense(value, self._width, self._width), self._integers(0, 0, _HEADS, width)])
            for _ in range(3)
        )
        query, content = (self._add("Transpose", [own], perm=[0, 2, 1, 3]) for own in (query, content))
        key = self._add("Transpose", [key], perm=[0, 2, 3, 1])
        scores = self._add("Mul", [self._add("MatMul", [query, key]), self._constant(np.float32(width**-0.5))])
        heads = self._add("MatMul", [self._add("Softmax", [scores], axis=-1), content])
        together = self._add("Transpose", [heads], perm=[0, 2, 1, 3])
        return self._dense(
            self._add("Reshape", [together, self._integers(0, 0, self._width)]), self._width, self._width
        )

    def _perceptron(self, value: str) -> str:
        """With QuickGELU, as OpenAI's CLIP."""
        inner = self._dense(value, self._width, 4 * self._width)
        gate = self._add("Sigmoid", [self._add("Mul", [inner, self._constant(np.float32(1.702))])])
        return self._dense(self._add("Mul", [inner, gate]), 4 * self._width, self._width)

    def _normalised(self, value: str) -> str:
        ones, zeros = np.ones(self._width, np.float32), np.zeros(self._width, np.float32)
        return self._add("LayerNormalization", [value, self._constant(ones), self._constant(zeros)])

    def _dense(self, value: str, inputs: int, outputs: int) -> str:
        product = self._add("MatMul", [value, self._weights(inputs, outputs)])
        return self._add("Add", [product, self._constant(np.zeros(outputs, np.float32))])

    def _weights(self, *shape: int) -> str:
        return self._constant(self._random.normal(0, 0.02, shape).astype(np.float32))

    def _integers(self, *numbers: int) -> str:
        return self._constant(np.array(numbers, np.int64))

    def _constant(self, value: Any) -> str:
        name = f"constant_{len(self._constants)}"
        self._constants.append(numpy_helper.from_array(np.asarray(value), name))
        return name

    def _add(self, operator: str, inputs: list[str], **attributes: Any) -> str:
        output = f"value_{len(self._nodes)}"
        self._nodes.append(helper.make_node(operator, inputs, [output], **attributes))
        return output
