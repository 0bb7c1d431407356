"""EXIF's UserComment (CIPA DC-008, 4.6.6): its first eight bytes name its character set, if writers keep to that."""

import re

from pinhole.imaging.tiff import decoded

_CODES = {b"ASCII": "ascii", b"UNICODE": "unicode", b"JIS": "jis", b"": "undefined"}
_JAPANESE = ("iso2022_jp", "shift_jis", "euc_jp")
_EAST_ASIAN = ("gb2312", "shift_jis", "big5", "euc_kr")
_IN_USE = (*_EAST_ASIAN, "cp1250", "cp1251", "cp1252", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "cp874")
_LOOKED_AT = 200  # characters
_WORD = re.compile(r'charset="?(?:ascii|unicode|jis|undefined)"?\s*', re.IGNORECASE)


def comment(raw: bytes, order: str) -> str | None:
    """`raw`: the whole value. `order` of bytes of the EXIF: `<` or `>`. None where it is blank."""
    code = _CODES.get(raw[:8].rstrip(b"\0 ").upper()) if len(raw) >= 8 else None
    content = raw if code is None else raw[8:]
    if code == "unicode":
        text = _unicode(content, order)
    elif code == "jis":
        text = _first_that_decodes(content.rstrip(b"\0"), _JAPANESE) or decoded(content)
    else:
        text = decoded(content.lstrip(b"\0").split(b"\0", 1)[0])
    return _WORD.sub("", text.split("\0", 1)[0], count=1).strip() or None


def _unicode(content: bytes, order: str) -> str:
    """UTF-16 in the order of the EXIF, or in the other one; since EXIF 3.0, and by some before, UTF-8."""
    for mark, encoding in ((b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"), (b"\xef\xbb\xbf", "utf-8")):
        if content.startswith(mark):
            return content[len(mark) :].decode(encoding, "ignore")
    wide, other = (
        content[: len(content) // 2 * 2].decode(f"utf-16-{each}", "ignore").rstrip("\0 ")
        for each in (("be", "le") if order == ">" else ("le", "be"))
    )
    if _in_use(other) > _in_use(wide):
        wide = other
    try:
        narrow = content.rstrip(b"\0 ").decode("utf-8")
    except UnicodeDecodeError:
        return wide
    if not narrow.replace("\n", "").replace("\r", "").replace("\t", "").isprintable():
        return wide  # the zeros of UTF-16, mostly
    if narrow.isascii() and len(content) % 2 == 0 and any(_writes(encoding, wide) for encoding in _EAST_ASIAN):
        return wide  # a few ideographs have letters for bytes, but letters hardly make words of ideographs in use
    return narrow


def _in_use(text: str) -> int:
    """How many of the first characters of a text belong to an alphabet, or to the ideographs that people know."""
    return sum(any(_writes(encoding, character) for encoding in _IN_USE) for character in text[:_LOOKED_AT])


def _writes(encoding: str, text: str) -> bool:
    return text.encode(encoding, "ignore").decode(encoding, "ignore") == text


def _first_that_decodes(content: bytes, encodings: tuple[str, ...]) -> str | None:
    for encoding in encodings:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    return None
