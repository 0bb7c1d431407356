"""IPTC-IIM records (IPTC Information Interchange Model 4.2), the part that people write: title, caption,
keywords.
"""

from dataclasses import dataclass

MAX_BYTES = 1 << 18

_UTF8 = b"\x1b%G"
_CODED_CHARACTER_SET, _TITLE, _KEYWORD, _CAPTION = (1, 90), (2, 5), (2, 25), (2, 120)


@dataclass(frozen=True, slots=True)
class Iptc:
    title: str | None = None
    caption: str | None = None
    keywords: tuple[str, ...] = ()


EMPTY = Iptc()


def parse(block: bytes) -> Iptc:
    """Data sets are: 0x1C, record, number, 16 bit length, value. Stops at the first that isn't one."""
    records: dict[tuple[int, int], list[bytes]] = {}
    at, block = 0, block[:MAX_BYTES]
    while at + 5 <= len(block) and block[at] == 0x1C:
        length = int.from_bytes(block[at + 3 : at + 5], "big")
        if length & 0x8000:  # extended: values of more than 32 KiB, which no title has
            break
        records.setdefault((block[at + 1], block[at + 2]), []).append(block[at + 5 : at + 5 + length])
        at += 5 + length
    utf8 = _UTF8 in records.get(_CODED_CHARACTER_SET, [])

    def texts(key: tuple[int, int]) -> list[str]:
        return [text for value in records.get(key, []) if (text := _decode(value, utf8=utf8))]

    return Iptc(
        title=next(iter(texts(_TITLE)), None),
        caption=next(iter(texts(_CAPTION)), None),
        keywords=tuple(texts(_KEYWORD)),
    )


def _decode(value: bytes, *, utf8: bool) -> str:
    """Without a declared character set it is what the writer's machine used: mostly UTF-8, else Latin-1."""
    value = value.replace(b"\0", b"").strip()
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("utf-8", "replace") if utf8 else value.decode("latin-1")
