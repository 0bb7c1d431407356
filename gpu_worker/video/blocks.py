"""An original in the object store, read where a decoder wants it: in blocks, of which the latest are kept."""

from collections import OrderedDict

from pinhole import objects

BLOCK = 4 << 20  # bytes
KEPT = 8  # blocks: sound and pictures of a file may lie far apart


class Blocks:
    """`size` bytes of an original from `offset` on. version: the store's."""

    def __init__(self, key: str, version: str | None, offset: int, size: int) -> None:
        self._key, self._version, self._offset, self._size = key, version, offset, size
        self._kept: OrderedDict[int, bytes] = OrderedDict()

    def read(self, at: int, length: int) -> bytes:
        """At most `length` bytes from `at`, at least one before the end. Raises NotFound, Unavailable."""
        if not 0 <= at < self._size:
            return b""
        number, begin = divmod(at, BLOCK)
        return self._block(number)[begin : begin + length]

    def _block(self, number: int) -> bytes:
        found = self._kept.pop(number, None)
        if found is None:
            start = number * BLOCK
            length = min(BLOCK, self._size - start)
            found = objects.read_part(self._key, self._offset + start, length, version=self._version)
        self._kept[number] = found
        if len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return found
