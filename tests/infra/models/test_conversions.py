"""Converting what is not in ONNX, against what it computes elsewhere."""

import base64
import json
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from infra.models import tfjs, torch_file
from pinhole_models import session


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., list[Any]]:
    """Runs a model."""

    def run(model: bytes, **inputs: Any) -> list[Any]:
        (tmp_path / "model.onnx").write_bytes(model)
        return list(session.load(tmp_path / "model.onnx", 1).run(None, inputs))

    return run


def _graph(*nodes: dict[str, Any], shape: tuple[int, ...], output: tuple[str, tuple[int, ...]]) -> dict[str, Any]:
    name, answer = output
    placeholder = {
        "name": "x",
        "op": "Placeholder",
        "attr": {"shape": {"shape": {"dim": [{"size": str(side)} for side in shape]}}},
    }
    dimensions = {"dim": [{"size": str(side)} for side in answer]}
    outputs = {name: {"name": f"{name}:0", "tensorShape": dimensions}}
    return {"modelTopology": {"node": [*nodes, placeholder]}, "signature": {"outputs": outputs}}


def _with(graph: dict[str, Any], **constants: Any) -> tuple[bytes, bytes]:
    """A model as two files: floats are kept as float16."""
    entries, content = [], b""
    for name, value in constants.items():
        array = np.asarray(value)
        entry: dict[str, Any] = {"name": name, "shape": list(array.shape), "dtype": "int32"}
        if array.dtype.kind == "f":
            entry |= {"dtype": "float32", "quantization": {"dtype": "float16"}}
        content += array.astype("<f2" if array.dtype.kind == "f" else "<i4").tobytes()
        entries.append(entry)
    nodes = [{"name": name, "op": "Const"} for name in constants]
    graph["modelTopology"]["node"] += nodes
    return json.dumps({**graph, "weightsManifest": [{"weights": entries}]}).encode(), content


def _string(text: str) -> dict[str, str]:
    return {"s": base64.b64encode(text.encode()).decode()}


def test_a_convolution_computes_what_tensorflow_computes(run: Callable[..., list[Any]]) -> None:
    kernel = np.random.default_rng(1).normal(size=(2, 2, 3, 4)).astype(np.float16)
    attributes = {"data_format": _string("NHWC"), "padding": _string("VALID")}
    attributes |= {"strides": {"list": {"i": ["1", "2", "2", "1"]}}}  # type: ignore[dict-item]
    node = {"name": "y", "op": "Conv2D", "input": ["x", "kernel"], "attr": attributes}
    graph = _graph(node, shape=(1, 4, 6, 3), output=("y", (1, 2, 3, 4)))
    pictures = np.random.default_rng(2).normal(size=(5, 4, 6, 3)).astype(np.float32)

    (answer,) = run(tfjs.convert(*_with(graph, kernel=kernel)), x=pictures)

    windows = pictures.reshape(5, 2, 2, 3, 2, 3)
    expected = np.einsum("nhawbc,abco->nhwo", windows, kernel.astype(np.float32))
    assert answer == pytest.approx(expected, abs=1e-4)


def test_reshapes_keep_the_batch_and_splits_have_several_outputs(run: Callable[..., list[Any]]) -> None:
    split = {"name": "s", "op": "SplitV", "input": ["x", "sizes", "axis"], "attr": {}}
    reshape = {"name": "y", "op": "Reshape", "input": ["s:1", "shape"], "attr": {}}
    graph = _graph(reshape, split, shape=(1, 6), output=("y", (1, 2, 2)))
    values = np.arange(18, dtype=np.float32).reshape(3, 6)

    (answer,) = run(tfjs.convert(*_with(graph, sizes=[2, 4], axis=1, shape=[1, 2, -1])), x=values)

    assert answer.tolist() == values[:, 2:].reshape(3, 2, 2).tolist()


def test_an_operator_that_no_model_has_is_refused() -> None:
    graph = _graph({"name": "y", "op": "Erf", "input": ["x"]}, shape=(1, 2), output=("y", (1, 2)))

    with pytest.raises(tfjs.Unsupported, match="Erf"):
        tfjs.convert(*_with(graph))


def test_a_file_of_tensors_that_names_other_code_is_refused_and_not_run() -> None:
    header = pickle.dumps(0x1950A86A20F9469CFC6C, 2) + pickle.dumps(1001, 2) + pickle.dumps({}, 2)

    with pytest.raises(pickle.UnpicklingError, match=r"system has no business"):
        torch_file.read(header + b"cposix\nsystem\n(S'false'\ntR.")


def test_a_file_of_another_format_is_refused() -> None:
    with pytest.raises(pickle.UnpicklingError, match="no file that torch saved"):
        torch_file.read(pickle.dumps(1) + pickle.dumps(2))
