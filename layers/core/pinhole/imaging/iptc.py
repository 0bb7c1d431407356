"""IPTC-IIM records (IPTC Information Interchange Model 4.2), the part that people write: title, caption,
keywords.
"""

from dataclasses import dataclass

from pinhole.imaging.tiff import decoded
from pinhole.imaging.written_time import NO_TIME, ExifTime

MAX_BYTES = 1 << 18
XMP_RESOURCE, _RESOURCE = 0x0424, 0x0404

_TITLE, _KEYWORD, _CAPTION = (2, 5), (2, 25), (2, 120)
_DATE_CREATED, _TIME_CREATED = (2, 55), (2, 60)


@dataclass(frozen=True, slots=True)
class Iptc:
    title: str | None = None
    caption: str | None = None
    keywords: tuple[str, ...] = ()
    created: ExifTime = NO_TIME


EMPTY = Iptc()


def parse(block: bytes) -> Iptc:
    """Bare data sets, or within Photoshop's image resources. Where a TIFF says that they are numbers, some writers have
    turned the bytes of each.
    """
    if block.startswith(b"8BIM"):
        block = resource(block, _RESOURCE)
    elif block[:1] != b"\x1c" and block[3:4] == b"\x1c":
        block = b"".join(block[at : at + 4][::-1] for at in range(0, len(block), 4))
    return _data_sets(block)


def resource(block: bytes, number: int) -> bytes:
    """One of Photoshop's image resources: `8BIM`, number, name, length, data; name and data padded to an even length.

    Empty where there is none.
    """
    at = block.find(b"8BIM")
    while at >= 0 and at + 12 <= len(block):
        found = int.from_bytes(block[at + 4 : at + 6], "big")
        at += 6 + (1 + block[at + 6] + 1) // 2 * 2
        length = int.from_bytes(block[at : at + 4], "big")
        if found == number:
            return block[at + 4 : at + 4 + length]
        at = block.find(b"8BIM", at + 4 + length + length % 2)
    return b""


def _data_sets(block: bytes) -> Iptc:
    """Data sets are: 0x1C, record, number, 16 bit length, value. Stops at the first that isn't one.

    The declared character set (1:90) says no more than the bytes do: those who declare UTF-8 don't always write it.
    """
    records: dict[tuple[int, int], list[bytes]] = {}
    at, block = 0, block[:MAX_BYTES]
    while at + 5 <= len(block) and block[at] == 0x1C:
        length = int.from_bytes(block[at + 3 : at + 5], "big")
        if length & 0x8000:  # extended: values of more than 32 KiB, which no title has
            break
        records.setdefault((block[at + 1], block[at + 2]), []).append(block[at + 5 : at + 5 + length])
        at += 5 + length

    def texts(key: tuple[int, int]) -> list[str]:
        return [text for value in records.get(key, []) if (text := decoded(value.replace(b"\0", b"")).strip())]

    return Iptc(
        title=next(iter(texts(_TITLE)), None),
        caption=next(iter(texts(_CAPTION)), None),
        keywords=tuple(texts(_KEYWORD)),
        created=ExifTime(_created(next(iter(texts(_DATE_CREATED)), ""), next(iter(texts(_TIME_CREATED)), ""))),
    )


def _created(date: str, time: str) -> str:
    """CCYYMMDD, in which 00 is what nobody knows, and HHMMSS±HHMM."""
    if len(date) == 8 and date.isdecimal():
        date = "-".join(part if part.strip("0") else "01" for part in (date[:4], date[4:6], date[6:]))
    return f"{date} {time}".strip()
