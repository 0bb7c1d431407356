"""XMP packets (ISO 16684-1), flattened to the first value and all values of each property.

Read with defusedxml: a packet that declares entities is not XMP and counts as none.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from itertools import islice
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from pinhole.imaging.tiff import decimal_or_rational

SEGMENT = b"http://ns.adobe.com/xap/1.0/\0"  # what a packet in a JPEG begins with
MAX_BYTES = 1 << 20
MAX_VALUES = 1000
MAX_CHARACTERS = 10_000

_RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_SEPARATOR = b"<?xpacket?>"
_BLANKS = "\0\r\n\t \ufffd"
_MAX_PACKETS = 10
_MAX_DEPTH = 100
_PACKET_MARK = re.compile(r"<\?x(?:packet|ml)\b[^<>]*\?>")
_ENCODINGS = ("utf-32-le", "utf-32-be", "utf-16-le", "utf-16-be", "utf-8")
# What XML 1.0 forbids, also where it is written as a number, and `&` where it stands for itself.
_IMPOSSIBLE = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NUMBERED = re.compile(r"&#(?:(\d{1,9})|[xX]([0-9a-fA-F]{1,8}));")
_BARE_AMPERSAND = re.compile(r"&(?!(?:amp|lt|gt|quot|apos|#\d+|#x[0-9a-fA-F]+);)")
_TAG = re.compile(r"""<(/?)([\w:.-]+)((?:"[^"]*"|'[^']*'|[^<>"']++)*+)>""")
_PREFIX = re.compile(r"(?:<|\s)(?!xmlns:|xml:)([A-Za-z_][\w.-]*):[\w.-]+(?=[\s=/>])")
_DECLARED = re.compile(r"\sxmlns:([\w.-]+)\s*=")
_LISTS = {f"{_RDF}{kind}" for kind in ("Seq", "Bag", "Alt")}
_PREFIXES = {
    "http://purl.org/dc/elements/1.1/": "dc",
    "http://ns.adobe.com/xap/1.0/": "xmp",
    "http://ns.adobe.com/photoshop/1.0/": "photoshop",
    "http://ns.adobe.com/exif/1.0/": "exif",
    "http://ns.adobe.com/exif/1.0/aux/": "aux",
    "http://cipa.jp/exif/1.0/": "exifEX",
    "http://ns.adobe.com/tiff/1.0/": "tiff",
    "http://ns.google.com/photos/1.0/panorama/": "GPano",
    "http://ns.google.com/photos/1.0/camera/": "GCamera",
    "http://ns.google.com/photos/1.0/container/": "Container",
    "http://ns.google.com/photos/1.0/container/item/": "Item",
    "http://ns.adobe.com/hdr-gain-map/1.0/": "hdrgm",
    "http://ns.apple.com/HDRGainMap/1.0/": "HDRGainMap",
    "http://ns.adobe.com/lightroom/1.0/": "lr",
    "http://www.digikam.org/ns/1.0/": "digiKam",
    "http://ns.acdsee.com/iptc/1.0/": "acdsee",
    "http://ns.iview-multimedia.com/mediapro/1.0/": "mediapro",
    "http://www.metadataworkinggroup.com/schemas/keywords/": "mwg-kw",
    "http://ns.microsoft.com/photo/1.0": "MicrosoftPhoto",
    "http://ns.microsoft.com/photo/1.0/": "MicrosoftPhoto",
}


@dataclass(frozen=True, slots=True)
class ContainerItem:
    """One entry of Google's container directory: what lies behind the primary image, in order."""

    semantic: str
    mime: str
    length: int
    padding: int


@dataclass(frozen=True, slots=True)
class Xmp:
    """Values by `prefix:Name`, prefixes as above."""

    values: dict[str, list[str]]
    items: tuple[ContainerItem, ...] = ()

    def text(self, *names: str) -> str | None:
        """The first value of the first of `names` that has one."""
        return next((self.values[name][0] for name in names if self.values.get(name)), None)

    def texts(self, name: str) -> list[str]:
        return self.values.get(name, [])

    def number(self, name: str) -> float | None:
        """A decimal, or a rational as EXIF properties are written."""
        return decimal_or_rational(self.text(name) or "")

    def integer(self, name: str) -> int | None:
        number = self.number(name)
        return int(number) if number is not None and abs(number) < 1 << 53 else None


EMPTY = Xmp({})


def parse(block: bytes) -> Xmp:
    """One or more packets: what the first doesn't say, another may. Nothing of what is too large or not well-formed:
    the photo is none the worse. A value with a character that no text can have is left out.
    """
    values: dict[str, list[str]] = {}
    items: list[ContainerItem] = []
    for packet in _packets(block):
        found, listed = _parse_packet(packet)
        values = found | values
        items = items or listed
    return Xmp(values, tuple(items))


def joined(packets: Iterable[bytes]) -> bytes:
    """As one block for `parse`, without those that are too many or too large for it."""
    fitting, left = [], MAX_BYTES
    for packet in islice(packets, _MAX_PACKETS):
        text = _text(packet).encode() if len(packet) <= MAX_BYTES else b""
        if 0 < len(text) + len(_SEPARATOR) <= left:
            fitting.append(text)
            left -= len(text) + len(_SEPARATOR)
    return _SEPARATOR.join(fitting)


def _packets(block: bytes) -> list[str]:
    if len(block) > MAX_BYTES:
        return []
    parts = (part.strip(_BLANKS) for part in _PACKET_MARK.split(_text(block)))
    return [part for part in parts if part][:_MAX_PACKETS]


def _text(packet: bytes) -> str:
    """XMP may be in UTF-8, UTF-16 and UTF-32, with or without a mark; the first character is always `<`."""
    for encoding in _ENCODINGS:
        for start in ("<", "\ufeff"):
            if packet.lstrip(b"\n\r\t ").startswith(start.encode(encoding)):
                return packet.decode(encoding, "replace").replace("\ufeff", "")
    return packet.decode("utf-8", "replace").replace("\ufeff", "")


def _parse_packet(packet: str) -> tuple[dict[str, list[str]], list[ContainerItem]]:
    values: dict[str, list[str]] = {}
    items: list[ContainerItem] = []
    root = _root(packet)
    # Those at the top: what lies deeper is a part of a value.
    for description in next(root.iter(f"{_RDF}RDF"), root).findall(f"{_RDF}Description") if root is not None else []:
        for name, text in description.attrib.items():
            _add(values, name, text)
        for child in description:
            for text in _texts(child):
                _add(values, child.tag, text)
            if _name(child.tag) == "Container:Directory":
                items.extend(_items(child))
            if _name(child.tag) == "mwg-kw:Keywords":
                for text in _leaves(child):
                    _add(values, child.tag, text)
    return values, items


def _root(packet: str) -> Element | None:
    packet = _NUMBERED.sub(_possible, _IMPOSSIBLE.sub("\ufffd", packet))
    for repaired in (str, partial(_BARE_AMPERSAND.sub, "&amp;"), _with_declarations, _closed):
        before, packet = packet, repaired(packet)
        if packet == before and repaired is not str:
            continue
        try:
            root: Element = fromstring(packet, forbid_dtd=True)
        except ParseError:
            continue
        except (DefusedXmlException, ValueError):
            return None
        return root
    return None


def _with_declarations(packet: str) -> str:
    """Declares, at the top, the prefixes that are used without it: as what they are known for, or nothing known."""
    known = {prefix: uri for uri, prefix in _PREFIXES.items()} | {"rdf": _RDF[1:-1]}
    missing = set(_PREFIX.findall(packet)) - set(_DECLARED.findall(packet)) if _TAG.search(packet) else set()
    declared = "".join(f' xmlns:{prefix}="{known.get(prefix, "unknown:")}"' for prefix in sorted(missing))
    return _TAG.sub(lambda tag: f"<{tag[1]}{tag[2]}{declared}{tag[3]}>", packet, count=1)


def _closed(packet: str) -> str:
    """A packet that lacks its end: as far as its last tag, and what is open there closed."""
    is_open: list[str] = []
    end = 0
    for tag in _TAG.finditer(packet):
        end = tag.end()
        if not tag[1]:
            is_open += [] if tag[3].endswith("/") else [tag[2]]
            if len(is_open) > _MAX_DEPTH:
                return ""
        elif is_open and is_open[-1] == tag[2]:
            is_open.pop()
    return packet[:end] + "".join(f"</{name}>" for name in reversed(is_open))


def _possible(numbered: re.Match[str]) -> str:
    code = int(numbered[1]) if numbered[1] else int(numbered[2], 16)
    return numbered[0] if code < 0x110000 and not _IMPOSSIBLE.match(chr(code)) else "\ufffd"


def _name(tag: str) -> str | None:
    namespace, _, local = tag.removeprefix("{").partition("}")
    prefix = _PREFIXES.get(namespace)
    return f"{prefix}:{local}" if prefix else None


def _add(values: dict[str, list[str]], tag: str, text: str) -> None:
    name = _name(tag)
    text = text.strip()[:MAX_CHARACTERS]
    if name and text and "\ufffd" not in text and len(values.setdefault(name, [])) < MAX_VALUES:
        values[name].append(text)


def _texts(element: Element) -> list[str]:
    """The values of one property: plain text, or the entries of its Seq, Bag or Alt (x-default first)."""
    lists = (child for child in element if child.tag in _LISTS)
    entries = list(islice((entry for found in lists for entry in found.findall(f"{_RDF}li")), MAX_VALUES))
    if not entries:
        return [element.text or ""]
    language = "{http://www.w3.org/XML/1998/namespace}lang"
    entries.sort(key=lambda entry: entry.get(language, "x-default") != "x-default")
    return [entry.text or "" for entry in entries]


def _leaves(hierarchy: Element) -> list[str]:
    """Of MWG's hierarchical keywords: those that have no others below them."""
    keyword, children = (
        f"{{http://www.metadataworkinggroup.com/schemas/keywords/}}{x}" for x in ("Keyword", "Children")
    )
    return [
        found.get(keyword) or found.findtext(keyword) or ""
        for found in islice(hierarchy.iter(), MAX_VALUES)
        if found.find(children) is None
    ]


def _items(directory: Element) -> list[ContainerItem]:
    items = []
    for entry in directory.iter():
        found = {name: text for tag, text in entry.attrib.items() if (name := _name(tag))}
        if "Item:Semantic" not in found:
            found |= {name: (child.text or "").strip() for child in entry if (name := _name(child.tag))}
        if "Item:Semantic" in found:
            length, padding = found.get("Item:Length", "0"), found.get("Item:Padding", "0")
            items.append(
                ContainerItem(
                    found["Item:Semantic"],
                    found.get("Item:Mime", ""),
                    int(length[:18]) if length.isdecimal() else 0,
                    int(padding[:18]) if padding.isdecimal() else 0,
                )
            )
    return items[:MAX_VALUES]
