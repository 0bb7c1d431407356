"""Lists of objects in S3's order, from a store that lists by folders.

S3 orders keys by their bytes. SeaweedFS walks a tree: it lists all of `b/` where `b` comes among its siblings, so
before `b-1`, which S3 has first, since `-` is less than `/`. Who compares a list with files of their own in S3's order,
as `aws s3 sync` does, finds everything changed after such a place.

Here a page begins wherever the last one ended, and is put together from pages of the store. Only a few of them are held
at a time, however large a folder is: from one are taken only the keys that no later one can precede.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import quote, unquote_plus
from xml.etree import ElementTree

from infra.local.object_store import ObjectStore

SPACE = "http://s3.amazonaws.com/doc/2006-03-01/"
MAX_KEYS = 1000
LAST = "\U0010ffff"  # no name begins with it: after a prefix it stands for the end of all that begins so
ORDERED = {"Contents": "Key", "CommonPrefixes": "Prefix"}

ElementTree.register_namespace("", SPACE)


class NotListed(Exception):
    """The store did not list."""


@dataclass(frozen=True, slots=True)
class Entry:
    """An object, or with a delimiter a folder, whose key ends in a slash."""

    key: str
    element: ElementTree.Element


@dataclass(frozen=True, slots=True)
class Stretch:
    """Keys that begin with `prefix` and come after `cursor` in the store's order.

    siblings: of these only such as continue the prefix by what is less than a slash.
    folder: the prefix is a folder, which a list with a delimiter has as one entry.
    """

    prefix: str
    cursor: str = ""
    siblings: bool = False
    folder: bool = False

    def has(self, key: str) -> bool:
        return not self.siblings or key[len(self.prefix) :] < "/"


class Listing:
    """One client's list. `query` is that of its request, which the store has answered: it may list."""

    def __init__(self, store: ObjectStore, bucket: str, query: Mapping[str, str]) -> None:
        self._store = store
        self._bucket = bucket
        self._query = query
        self._prefix = query.get("prefix", "")
        self._delimited = query.get("delimiter") == "/"

    async def answer(self, answered: bytes) -> bytes:
        """The store's answer to the client, with what it should list. Raises NotListed, aiohttp.ClientError."""
        if not answered:  # some names, such as `status`, are of the store itself and no bucket's
            return answered
        root = ElementTree.fromstring(answered)  # noqa: S314 - by our own store
        limit = min(int(root.findtext(f"{{{SPACE}}}MaxKeys") or 0), MAX_KEYS)
        names = ("continuation-token", "start-after") if "list-type" in self._query else ("marker",)
        after = next((self._query[name] for name in names if self._query.get(name)), "")
        whole = not after and root.findtext(f"{{{SPACE}}}IsTruncated") == "false"
        entries = sorted(_entries(root), key=_order) if whole else await self._after(after, limit + 1)
        _rewrite(root, entries[:limit], more=len(entries) > limit, query=self._query)
        return bytes(ElementTree.tostring(root, encoding="UTF-8", xml_declaration=True))

    async def _after(self, after: str, limit: int) -> list[Entry]:
        """The first entries after a key."""
        entries: list[Entry] = []
        while len(entries) < limit and (found := await self._next(after)):
            entries += found
            after = found[-1].key
        return entries[:limit]

    async def _next(self, after: str) -> list[Entry]:
        """Some entries, the first after this key; none at the end."""
        for stretch in self._stretches(after):
            if found := await self._beginning(stretch, after):
                return found
        return []

    def _stretches(self, after: str) -> Iterator[Stretch]:
        """All that comes after a key, in order, as stretches of the store's list."""
        if not after.startswith(self._prefix):
            if after < self._prefix:
                yield Stretch(self._prefix)
            return
        base = self._prefix[: self._prefix.rfind("/") + 1]
        names = after[len(base) :].split("/")
        deepest = len(names) - 1
        for level in range(0 if self._delimited else deepest, -1, -1):
            folder, name = base + "".join(f"{above}/" for above in names[:level]), names[level]
            # What is in the folder of this name is at the level below; what precedes its slash precedes the key.
            cursor = f"{folder}{name}" if level == deepest else f"{folder}{name}.{LAST}"
            inner = [len(name)] if level == deepest and name else []
            for end in inner + [end for end in range(len(name) - 1, 0, -1) if name[end] < "/"]:
                sibling = folder + name[:end]
                if sibling.startswith(self._prefix):
                    yield Stretch(sibling, cursor, siblings=True)
                    yield Stretch(f"{sibling}/", folder=True)
                    cursor = f"{sibling}.{LAST}"
            yield Stretch(self._prefix if level == 0 else folder, cursor)

    async def _beginning(self, stretch: Stretch, after: str) -> list[Entry]:
        """Entries at the beginning of a stretch, in order, that nothing else of it precedes; none if it is empty."""
        if stretch.folder and self._delimited:
            return [_folder(stretch.prefix)] if (await self._page(Stretch(stretch.prefix), 1))[0] else []
        page, truncated = await self._page(stretch, MAX_KEYS)
        entries = [entry for entry in page if stretch.has(entry.key)]
        if not truncated or not entries or len(entries) < len(page):
            return sorted(entries, key=_order)
        last = entries[-1].key
        for end in range(max(len(stretch.prefix), 1), len(last)):
            opened = f"{last[:end]}/"
            if last[end] == "/" and not after.startswith(opened):
                siblings = Stretch(last[:end], opened + LAST, siblings=True)
                if found := await self._beginning(siblings, after):
                    before = [entry for entry in entries if entry.key < opened]
                    return sorted(before, key=_order) or found
            elif last[end] < "/":
                entries = [entry for entry in entries if entry.key < opened]
        return sorted(entries, key=_order)

    async def _page(self, stretch: Stretch, limit: int) -> tuple[list[Entry], bool]:
        """A page of the store's list, and whether there is more."""
        asked = {"list-type": "2", "encoding-type": "url", "max-keys": str(limit), "prefix": stretch.prefix}
        if stretch.cursor:
            asked["start-after"] = stretch.cursor
        if self._delimited:
            asked["delimiter"] = "/"
        if self._query.get("fetch-owner") == "true" or "list-type" not in self._query:
            asked["fetch-owner"] = "true"
        query = "&".join(f"{name}={quote(value, safe='')}" for name, value in sorted(asked.items()))
        async with await self._store.request("GET", self._bucket, "", headers={}, query=query) as stored:
            if stored.status != HTTPStatus.OK:
                raise NotListed(f"status {stored.status}")
            root = ElementTree.fromstring(await stored.read())  # noqa: S314 - by our own store
        entries = sorted(_entries(root), key=lambda entry: entry.key.split("/"))
        return entries, root.findtext(f"{{{SPACE}}}IsTruncated") == "true"


def _order(entry: Entry) -> str:
    # Strings of Python compare by code point, and so do their bytes in UTF-8.
    return entry.key


def _entries(root: ElementTree.Element) -> Iterator[Entry]:
    encoded = root.findtext(f"{{{SPACE}}}EncodingType") == "url"
    for kind, name in ORDERED.items():
        for element in root.iterfind(f"{{{SPACE}}}{kind}"):
            text = element.findtext(f"{{{SPACE}}}{name}") or ""
            yield Entry(unquote_plus(text) if encoded else text, element)


def _folder(key: str) -> Entry:
    element = ElementTree.Element(f"{{{SPACE}}}CommonPrefixes")
    ElementTree.SubElement(element, f"{{{SPACE}}}Prefix")
    return Entry(key, element)


def _rewrite(root: ElementTree.Element, entries: list[Entry], *, more: bool, query: Mapping[str, str]) -> None:
    """Have the answer list these entries, in the encoding that the client asked for."""

    def text(key: str) -> str:
        return quote(key, safe="/-_.~") if query.get("encoding-type") == "url" else key

    for name in (*ORDERED, "IsTruncated", "KeyCount", "NextContinuationToken", "NextMarker"):
        for element in root.findall(f"{{{SPACE}}}{name}"):
            root.remove(element)
    told = {"IsTruncated": "true" if more else "false"}
    if "list-type" in query:
        told["KeyCount"] = str(len(entries))
    if more:
        last = entries[-1].key
        told |= {"NextContinuationToken": last} if "list-type" in query else {"NextMarker": text(last)}
    for name, value in told.items():
        ElementTree.SubElement(root, f"{{{SPACE}}}{name}").text = value
    for entry in entries:
        for name in ORDERED.values():
            for element in entry.element.iterfind(f"{{{SPACE}}}{name}"):
                element.text = text(entry.key)
        root.append(entry.element)
