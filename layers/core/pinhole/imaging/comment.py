"""EXIF's UserComment (CIPA DC-008, 4.6.6): its first eight bytes name its character set, if writers keep to that."""

import re
import unicodedata
from collections import Counter

from pinhole.imaging.tiff import decoded

_CODES = {b"ASCII": "ascii", b"UNICODE": "unicode", b"JIS": "jis", b"": "undefined"}
_JAPANESE = ("iso2022_jp", "shift_jis", "euc_jp")
_IDEOGRAPHS_IN_USE = ("gb2312", "shift_jis", "big5", "euc_kr")
_EAST_ASIAN = frozenset({"CJK", "HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA", "HANGUL", "BOPOMOFO", "IDEOGRAPHIC"})
_UNPRINTABLE = frozenset({"Cc", "Cn", "Co", "Cs"})
_BREAKS = frozenset("\n\r\t")
_PLAIN = re.compile(r"[\x20-\x7e\n\r\t\xa0-\xbf\u2010-\u2027\u3000-\u3020\uff00-\uff65\ufe0f\U0001f000-\U0001faff]")
_LONG = 5  # characters of UTF-16: of so many ideographs hardly ever all have letters for bytes
_WORD = r"(?:[^\W\d_]+\d*|\d+(?:st|nd|rd|th|[a-z]{1,2})?)"
_WORDS = re.compile(
    rf"[\"'(#@]?{_WORD}(?:(?:[ ]|[,.:;!?)&+-] |[-'_.&/])[\"'(#@]?{_WORD}|(?<=\d)[:.,/-]\d+)*[.:;!?'\")]*"
)
_LOOKED_AT = 200  # characters
_DECLARED = re.compile(r'charset="?(?:ascii|unicode|jis|undefined)"?\s*', re.IGNORECASE)


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
    return _DECLARED.sub("", text.split("\0", 1)[0], count=1).strip() or None


def _unicode(content: bytes, order: str) -> str:
    """UTF-16 in the order of the EXIF; in the other one, or since EXIF 3.0, and by some before, UTF-8, where that makes
    a likelier text.
    """
    for mark, encoding in ((b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"), (b"\xef\xbb\xbf", "utf-8")):
        if content.startswith(mark):
            return content[len(mark) :].decode(encoding, "ignore")
    wide, other = (
        content[: len(content) // 2 * 2].decode(f"utf-16-{each}", "replace").split("\0", 1)[0].rstrip()
        for each in (("be", "le") if order == ">" else ("le", "be"))
    )
    if (other and other.isascii() and other.isprintable()) or _likelihood(other) > _likelihood(wide):
        wide = other
    try:
        narrow = content.rstrip(b"\0 ").decode("utf-8")
    except UnicodeDecodeError:
        return wide
    if any(unicodedata.category(each) in _UNPRINTABLE and each not in _BREAKS for each in narrow):
        return wide  # the zeros of UTF-16, mostly
    share, is_of_alphabet = _likelihood(wide)
    if len(content) % 2 or share < 1:
        return narrow if narrow.isascii() or _likelihood(narrow)[0] >= share else wide
    # The bytes of some ideographs are letters, too. Those of an alphabet are not, but some are breaks of lines.
    return narrow if not is_of_alphabet and (len(wide) >= _LONG or _reads_as_words(narrow)) else wide


def _likelihood(text: str) -> tuple[float, bool]:
    """How much of the beginning of a text is of one script, or of what stands beside any; whether that is an alphabet,
    which a text in the wrong order hardly ever is.
    """
    text = text[:_LOOKED_AT]
    scripts = _scripts(text)
    east_asian = sum(count for script, count in scripts.items() if script in _EAST_ASIAN)
    of_alphabet = max((count for script, count in scripts.items() if script not in _EAST_ASIAN), default=0)
    share = (len(_PLAIN.findall(text)) + max(east_asian, of_alphabet)) / len(text) if text else 0.0
    return share, east_asian == 0 and sum(each.isalpha() for each in text) > 1


def _reads_as_words(text: str) -> bool:
    """Small, capital or capitalised, as people write them, not `NaXb`."""
    words = re.findall(r"[^\W\d_]+", text)
    return bool(_WORDS.fullmatch(text)) and all(
        word in (word.lower(), word.upper(), word.capitalize()) for word in words
    )


def _scripts(text: str) -> Counter[str]:
    """How many letters, with their marks, a text has of each script, but for ASCII's and ideographs that few people
    know.
    """
    letters = (each for each in text[:_LOOKED_AT] if unicodedata.category(each)[0] in "LM" and not _PLAIN.match(each))
    scripts = ((each, unicodedata.name(each, "").split(" ", 1)[0]) for each in letters)
    return Counter(script for each, script in scripts if script not in _EAST_ASIAN or _is_in_use(each))


def _is_in_use(character: str) -> bool:
    return any(0 < len(character.encode(encoding, "ignore")) < 3 for encoding in _IDEOGRAPHS_IN_USE)


def _first_that_decodes(content: bytes, encodings: tuple[str, ...]) -> str | None:
    for encoding in encodings:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    return None
