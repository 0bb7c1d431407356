"""Texts that cameras and programs write by themselves where people would describe a photo."""

import re
import unicodedata

_MAKERS = (
    r"agfa(?:photo)?|aiptek|benq|canon|casio|concord|epson|fuji(?:film)?|ge|genius|hitachi|hp|jenoptik|jvc|kenox|kodak"
    r"|konica(?:[ ]minolta)?|kyocera|leica|lg|medion|minolta|motorola|moultrie|mustek|nikon|nokia|olympus|panasonic"
    r"|pentax|polaroid|praktica|premier|reconyx|ricoh|rollei|samsung|sanyo|sigma|sony|toshiba|traveler|vivitar|yashica"
)
# What the cameras of Huawei's, Honor's and Xiaomi's phones note of how they took the picture, in small letters.
_MODES = (
    r"sdr|hdr|rhdr|hdrpl|lhdr|cof|cuva|ptr|ptf|mde|dav|edf|fbt|rbt|btr|btf|btfmdn|mon|nor|oznor|rpt|qrf|frem|fshbty|frontbhdp"
    r"|rbp|fptbty|vivid|hpf|nhdr|burst|mfnr|aisr"
)
_CAMERAS = re.compile(
    rf"""
    (?:(?:{_MAKERS})[ ](?:digital[ ])?|digital[ ])(?:still[ ]|game[ ]|video[ ])?camera(?:[ ]pictures?)?
    | samsung | (?:(?:{_MAKERS})[ ])?dsc | dscn?\d{{1,5}} | dcim[\\/].*
    | <[^<>]*(?:samsung|kenox|digimax)[^<>]*> | digimax[ ][\w ]{{1,9}}
    | (?-i:_?(?:{_MODES}))(?:wo|wb|hdr|mdn)?(?:_[a-z0-9]{{1,12}}){{0,4}} | _?(?:oplus|oppo|realme|vivo|heytap)_\d+
    | gcm_tag.* | mtk.?\w*[:=].* | \[[ ]*(?:picture[ ]info|ricoh[ ]camera[ ]info)[ ]*\].* | scanner | scanned[ ]image
    | exif[ _]?jpe?g(?:[ _]picture)?.* | jpe?g[ _]picture | exif | ascii | unicode | jis
    | screenshot | <?untitled>? | default | \(?null\)? | undefined | image[ ]?description | user[ ]?comments?
    | type[ ]your[ ]comment[ ]here | binary[ ]comment | charset=\w*
    | applemark | iclarified | picasa | lead[ ]technologies.*
    | (?:file[ ]written|created|creator|processed|made|edited|generated)[ ]?(?:by|with|:)[ ]*(?:the[ ])?
      (?:adobe|photoshop|imlib|gimp|gd-jpeg|imagemagick|vsco|ebay|snapseed|picsart|moldiv|lightroom
      |paint\.net|accusoft)\b.*
    """,
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)
_NOTES = re.compile(r"[\w. -]{1,40}[:=][^;:=]{0,60}; ?")  # `filter: 0; module: photo; touch: (-1.0, -1.0); `
_FEWEST_NOTES = 3
_OBJECT = re.compile(r'\{\s*"[\w .-]+"\s*:.*\}', re.DOTALL)
_HEXADECIMAL = re.compile(r"(?:0x)?[0-9a-f]{24,}", re.IGNORECASE)
_LOOKED_AT = 1000  # characters
_BREAKS = frozenset("\n\r\t")
_UNREADABLE = frozenset({"Cc", "Cn", "Co", "Cs"})
_MOST_UNREADABLE = 0.1


def is_said(text: str, make: str | None, model: str | None) -> bool:
    """False for what no person wrote: words of cameras (also of this one's `make` and `model`), notes for their makers'
    programs, bytes, and what has no letter, digit or picture in it.
    """
    text = text.strip(" \0\r\n\t")
    if not _is_readable(text) or _CAMERAS.fullmatch(text):
        return False
    if text.casefold() in {name.casefold() for name in (make, model, f"{make} {model}") if name}:
        return False
    notes = _NOTES.findall(text[:_LOOKED_AT])
    is_noted = len(notes) >= _FEWEST_NOTES and "".join(notes) == text[: len("".join(notes))]
    return not (is_noted or _OBJECT.fullmatch(text) or _HEXADECIMAL.fullmatch(text))


def _is_readable(text: str) -> bool:
    kinds = [unicodedata.category(character) for character in text[:_LOOKED_AT] if character not in _BREAKS]
    unreadable = sum(kind in _UNREADABLE for kind in kinds) + text[:_LOOKED_AT].count("\ufffd")
    return unreadable <= _MOST_UNREADABLE * len(kinds) and any(kind[0] in "LN" or kind == "So" for kind in kinds)
