"""Parts of a file that read as if there were nothing else in it: a decoder is given its pixels and no more."""

import io
from bisect import bisect_right
from itertools import accumulate
from mmap import mmap


class Excerpt(io.RawIOBase):
    """`parts` are offsets in `data`: from, up to. Those of no length are left out. `ending` comes after them."""

    def __init__(self, data: bytes | mmap, parts: list[tuple[int, int]], ending: bytes = b"") -> None:
        self._pieces = [(data, start, end) for start, end in parts if start < end]
        if ending:
            self._pieces.append((ending, 0, len(ending)))
        self._starts = [0, *accumulate(end - start for _, start, end in self._pieces)]
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        origin = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._starts[-1]}[whence]
        if origin + offset < 0:
            raise ValueError("before the start")
        self._at = origin + offset
        return self._at

    def tell(self) -> int:
        return self._at

    def read(self, size: int | None = -1, /) -> bytes:
        size = self._starts[-1] if size is None or size < 0 else size
        read = []
        index = bisect_right(self._starts, self._at) - 1
        while size > 0 and index < len(self._pieces):
            data, start, end = self._pieces[index]
            start += self._at - self._starts[index]
            piece = data[start : min(end, start + size)]
            read.append(piece)
            self._at += len(piece)
            size -= len(piece)
            index += 1
        return b"".join(read)
