"""Signed addresses of renditions: `/media/{itemKey}/{version}/{name}?e={expiry}&k={keyId}&s={signature}`.

A signature covers one of two texts, which no other can be taken for, since neither a key nor a path has a `|`:

    item|{itemKey}|{expiry}   serves every rendition of the item
    file|{path}|{expiry}      serves the one file at this path, `/media/…` and no more

`infra/edge/media.js` is the same rule for a CDN; the local gateway, and the API where there is no CDN, ask `verify`.
"""

import hmac
import re
from base64 import urlsafe_b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from pinhole.settings import settings

WEEK = 7 * 24 * 60 * 60
LONGEST_LIFE = 2 * WEEK  # of a signature, in seconds
SIGNATURE_BYTES = 16
REMEMBERED = 20_000  # signatures of one owner; each takes about 300 bytes

PATH = re.compile(
    r"/media/(?P<item_key>[0-9A-Za-z]{24})/(?P<version>[1-9][0-9]{0,8})"
    r"/(?P<name>[0-9a-z][0-9a-z_-]{0,31}\.[0-9a-z]{2,5})"
)
EXPIRY = re.compile(r"[1-9][0-9]{0,11}")
SIGNATURE = re.compile(r"[0-9A-Za-z_-]{22}")


@dataclass(frozen=True, slots=True)
class MediaPath:
    """What a verified address points to."""

    item_key: str
    version: int
    name: str
    expires: int

    @property
    def object_key(self) -> str:
        """Key in the renditions bucket."""
        return f"{self.item_key}/{self.version}/{self.name}"


def key_id() -> str:
    """Id of the key that new signatures are made with."""
    return settings().media_key_id


def sign(item_key: str, expires: int) -> str:
    """Sign all of an item's renditions until `expires`, Unix seconds: 128 bits of HMAC-SHA256, unpadded base64url."""
    return sign_all([item_key], expires)[0]


def sign_all(item_keys: Iterable[str], expires: int) -> list[str]:
    """Sign the renditions of many items, in order."""
    return list(map(_of_items(_secret(), expires).__getitem__, item_keys))


def sign_file(path: str, expires: int) -> str:
    """Sign one file alone, by the path that is asked for: `/media/{itemKey}/{version}/{name}`.

    Raises ValueError for a path that is not of that form.
    """
    if not PATH.fullmatch(path):
        raise ValueError(f"{path!r} is no path of a rendition")
    return _signature(_secret(), f"file|{path}|{expires}")


def rendition_url(item_key: str, version: int, name: str, expires: int) -> str:
    """Address of one rendition file, such as `240.webp`, valid until `expires` (Unix seconds)."""
    query = f"e={expires}&k={key_id()}&s={sign(item_key, expires)}"
    return f"{settings().media_base_url}/media/{item_key}/{version}/{name}?{query}"


def verify(path: str, query: str, now: float) -> MediaPath | None:
    """Check a request for a rendition. `path` and `query` are taken as sent, neither decoded nor normalised.

    None when anything is not as `rendition_url` writes it: an escape or a dot segment in the path, a missing,
    repeated or unknown parameter, a retired key, a signature that is neither the item's nor the file's or ran out.
    """
    location = PATH.fullmatch(path)
    pairs = [pair.partition("=")[::2] for pair in query.split("&")]
    parameters = dict(pairs)
    if location is None or len(pairs) != 3 or parameters.keys() != {"e", "k", "s"}:
        return None
    secret = settings().media_keys.get(parameters["k"])
    if secret is None or not EXPIRY.fullmatch(parameters["e"]) or not SIGNATURE.fullmatch(parameters["s"]):
        return None
    expires, key = int(parameters["e"]), secret.get_secret_value()
    # Text is compared, not decoded bytes: the last character of base64 has spare bits that decoding ignores.
    if not (
        hmac.compare_digest(_signature(key, _item_text(location["item_key"], expires)), parameters["s"])
        or hmac.compare_digest(_signature(key, f"file|{path}|{expires}"), parameters["s"])
    ):
        return None
    if expires <= now:
        return None
    return MediaPath(location["item_key"], int(location["version"]), location["name"], expires)


def thumb_expiry(owner_id: int, now: float) -> int:
    """When signatures handed out now run out: more than 7 and at most 14 days ahead, Unix seconds.

    It stays the same for a week, so that browsers and the CDN keep what they fetched. The week begins at
    another moment for each owner, so that a server's libraries are not all fetched anew at once.
    """
    shift = owner_id * 2_654_435_761 % WEEK
    return (int(now) - shift) // WEEK * WEEK + LONGEST_LIFE + shift


def _secret() -> str:
    return settings().media_keys[key_id()].get_secret_value()


def _item_text(item_key: str, expires: int) -> str:
    return f"item|{item_key}|{expires}"


@lru_cache(maxsize=16)
def _keyed(secret: str) -> hmac.HMAC:
    return hmac.new(secret.encode(), digestmod="sha256")


def _signature(secret: str, text: str) -> str:
    own = _keyed(secret).copy()
    own.update(text.encode())
    return urlsafe_b64encode(own.digest()[:SIGNATURE_BYTES]).rstrip(b"=").decode()


class _OfItems(dict[str, str]):
    """Signatures by item key, made when asked for and remembered.

    A month is read again whenever a few items come into it. Signing anew would take longer than everything else about a
    large one.
    """

    def __init__(self, secret: str, expires: int) -> None:
        super().__init__()
        self._secret, self._expires = secret, expires

    def __missing__(self, item_key: str) -> str:
        if len(self) >= REMEMBERED:
            self.clear()
        made = self[item_key] = _signature(self._secret, _item_text(item_key, self._expires))
        return made


@lru_cache(maxsize=4)
def _of_items(secret: str, expires: int) -> _OfItems:
    return _OfItems(secret, expires)
