"""IPTC-IIM records (IPTC Information Interchange Model 4.2), the part that people write: title, caption,
keywords.
"""

from dataclasses import dataclass

from pinhole.imaging.tiff import decoded
from pinhole.imaging.written_time import NO_TIME, ExifTime

MAX_BYTES = 1 << 18

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
