"""Read tensors that torch saved before 1.6 (not yet a zip), without torch and without running what the file names.

The format is a row of pickles: a magic number, a version, facts of the machine, the state, the keys of the storages.
The bytes of the storages follow, in the order of the keys.
"""

import io
import pickle
import struct
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

_MAGIC, _VERSION = 0x1950A86A20F9469CFC6C, 1001
_TYPES = {"FloatStorage": np.dtype("<f4"), "LongStorage": np.dtype("<i8")}


@dataclass(frozen=True)
class _Tensor:
    """A tensor whose storage follows later in the file. offset and stride count elements."""

    storage: str
    offset: int
    shape: tuple[int, ...]
    stride: tuple[int, ...]


class _Unpickler(pickle.Unpickler):
    def __init__(self, file: BinaryIO) -> None:
        super().__init__(file)
        self.types: dict[str, np.dtype[Any]] = {}

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if module == "torch" and name in _TYPES:
            return _TYPES[name]
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return lambda storage, offset, shape, stride, *_: _Tensor(storage, offset, shape, stride)
        raise pickle.UnpicklingError(f"{module}.{name} has no business in a file of tensors")

    def persistent_load(self, pid: Any) -> str:
        _, kind, key, *_ = pid
        self.types[key] = kind
        return str(key)


def read(content: bytes) -> dict[str, npt.NDArray[Any]]:
    """The tensors by name.

    Raises:
        pickle.UnpicklingError: it is another format, or names code that is not of tensors.
    """
    file = io.BytesIO(content)
    if [_plain(file), _plain(file)] != [_MAGIC, _VERSION]:
        raise pickle.UnpicklingError("This is no file that torch saved before 1.6")
    _plain(file)
    unpickler = _Unpickler(file)
    tensors: dict[str, _Tensor] = unpickler.load()
    storages = {}
    for key in _plain(file):
        (count,) = struct.unpack("<q", file.read(8))
        dtype = unpickler.types[key]
        storages[key] = np.frombuffer(file.read(count * dtype.itemsize), dtype)
    return {name: _view(storages[tensor.storage], tensor) for name, tensor in tensors.items()}


def _plain(file: BinaryIO) -> Any:
    return _Unpickler(file).load()


def _view(storage: npt.NDArray[Any], tensor: _Tensor) -> npt.NDArray[Any]:
    strides = [step * storage.itemsize for step in tensor.stride]
    view = np.lib.stride_tricks.as_strided(storage[tensor.offset :], tensor.shape, strides)
    return np.ascontiguousarray(view).reshape(tensor.shape)
