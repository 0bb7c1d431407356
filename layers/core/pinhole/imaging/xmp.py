"""XMP packets (ISO 16684-1), flattened to the first value and all values of each property.

Read with defusedxml: a packet that declares entities is not XMP and counts as none.
"""

from dataclasses import dataclass
from itertools import islice
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from pinhole.imaging.tiff import decimal_or_rational

MAX_BYTES = 1 << 20
MAX_VALUES = 1000
MAX_CHARACTERS = 10_000

_RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
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


def parse(packet: bytes) -> Xmp:
    """Empty for what is too large or not well-formed: the photo is none the worse for it."""
    packet = packet.strip(b"\0 \r\n\t")
    if not packet or len(packet) > MAX_BYTES:
        return EMPTY
    try:
        root = fromstring(packet, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError):  # LookupError: an unknown encoding
        return EMPTY
    values: dict[str, list[str]] = {}
    items: list[ContainerItem] = []
    # Those at the top: what lies deeper is a part of a value.
    for description in next(root.iter(f"{_RDF}RDF"), root).findall(f"{_RDF}Description"):
        for name, text in description.attrib.items():
            _add(values, name, text)
        for child in description:
            for text in _texts(child):
                _add(values, child.tag, text)
            if _name(child.tag) == "Container:Directory":
                items.extend(_items(child))
    return Xmp(values, tuple(items))


def _name(tag: str) -> str | None:
    namespace, _, local = tag.removeprefix("{").partition("}")
    prefix = _PREFIXES.get(namespace)
    return f"{prefix}:{local}" if prefix else None


def _add(values: dict[str, list[str]], tag: str, text: str) -> None:
    name = _name(tag)
    text = text.strip()[:MAX_CHARACTERS]
    if name and text and len(values.setdefault(name, [])) < MAX_VALUES:
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
