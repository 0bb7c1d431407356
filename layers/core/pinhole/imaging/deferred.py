"""Pictures that Pillow has no decoder for, which come as others do: of known size, decoded when they are loaded."""

from collections.abc import Callable
from typing import Any

from PIL import Image


class Deferred(Image.Image):
    """`decode` makes the picture, of `mode` and `size`."""

    def __init__(self, mode: str, size: tuple[int, int], decode: Callable[[], Image.Image]) -> None:
        super().__init__()
        self._mode, self._size = mode, size
        self._decode: Callable[[], Image.Image] | None = decode

    def load(self) -> Any:
        if self._decode is not None:
            decode, self._decode = self._decode, None
            self.im = decode().im
        return super().load()
