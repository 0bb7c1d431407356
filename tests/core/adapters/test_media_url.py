"""Signed addresses of renditions: what is accepted, and that nothing else is."""

import base64
import hmac
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pinhole import media_url
from pinhole.media_url import MediaPath
from pinhole.settings import settings

ITEM_KEY = "Zk3Zk3Zk3Zk3Zk3Zk3Zk3Zk3"
NOW = 1_800_000_000
WEEK = 7 * 24 * 60 * 60


@pytest.fixture(scope="module", autouse=True)
def _keys() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("PINHOLE_DATABASE_URL", "postgresql:///unused")
        environment.setenv("PINHOLE_ORIGINALS_BUCKET", "originals")
        environment.setenv("PINHOLE_RENDITIONS_BUCKET", "renditions")
        environment.setenv("PINHOLE_MEDIA_KEYS", '{"new": "the key of today", "old": "the key of yesterday"}')
        environment.setenv("PINHOLE_MEDIA_KEY_ID", "new")
        settings.cache_clear()
        yield
    settings.cache_clear()


def _signed(name: str = "240.webp", expires: int = NOW + 60) -> tuple[str, str]:
    path, _, query = media_url.rendition_url(ITEM_KEY, 3, name, expires).partition("?")
    return path, query


def test_a_signed_address_says_what_it_points_to() -> None:
    verified = media_url.verify(*_signed(), NOW)
    assert verified == MediaPath(ITEM_KEY, 3, "240.webp", NOW + 60)
    assert verified.object_key == f"{ITEM_KEY}/3/240.webp"


def test_the_signature_is_the_one_that_other_checkers_compute() -> None:
    # printf 'item|Zk3Zk3Zk3Zk3Zk3Zk3Zk3Zk3|1800000060' | openssl dgst -sha256 -hmac 'the key of today' -binary
    #   | head -c 16 | basenc --base64url
    assert media_url.sign(ITEM_KEY, NOW + 60) == "gn00qS9nlB6hIVIDkllbgA"
    # printf 'file|/media/Zk3Zk3Zk3Zk3Zk3Zk3Zk3Zk3/3/240.webp|1800000060' | …
    assert media_url.sign_file(f"/media/{ITEM_KEY}/3/240.webp", NOW + 60) == "CX9eCK6KzHu8JcUQXHC4vg"


def test_one_signature_serves_every_rendition_and_version_of_an_item() -> None:
    _, query = _signed("240.webp")
    assert media_url.verify(f"/media/{ITEM_KEY}/4/1440.webp", query, NOW) is not None


def _signed_file(path: str = f"/media/{ITEM_KEY}/3/240.webp", expires: int = NOW + 60) -> tuple[str, str]:
    return path, f"e={expires}&k=new&s={media_url.sign_file(path, expires)}"


def test_a_signature_for_a_file_opens_that_file() -> None:
    assert media_url.verify(*_signed_file(), NOW) == MediaPath(ITEM_KEY, 3, "240.webp", NOW + 60)


@pytest.mark.parametrize(
    "other",
    [
        f"/media/{ITEM_KEY}/3/480.webp",
        f"/media/{ITEM_KEY}/4/240.webp",
        f"/media/{ITEM_KEY}/33/240.webp",
        f"/media/{ITEM_KEY[::-1]}/3/240.webp",
        f"/media/{ITEM_KEY}/3/240.web",
        f"/media/{ITEM_KEY}/3/240.webps",
        f"/media/{ITEM_KEY}/3/1240.webp",
        f"/media/{ITEM_KEY}/3/240.webp/480.webp",
        f"/media/{ITEM_KEY}/3/240.webp/../480.webp",
        f"/media/{ITEM_KEY}/3/./240.webp",
        f"/media/{ITEM_KEY}/3%2f240.webp",
        f"/media/{ITEM_KEY}%2F3%2F240.webp",
        f"/media/{ITEM_KEY}/3/240%2ewebp",
        f"/media/{ITEM_KEY}/3/240.webp|1800000061",
        f"/api/media/{ITEM_KEY}/3/240.webp",
        f"/media/{ITEM_KEY}",
    ],
)
def test_a_signature_for_a_file_opens_nothing_else(other: str) -> None:
    _, query = _signed_file()
    assert media_url.verify(other, query, NOW) is None


def test_a_signature_for_a_file_ends_at_its_expiry_and_at_no_other() -> None:
    path, query = _signed_file()
    assert media_url.verify(path, query, NOW + 60) is None
    assert media_url.verify(path, query.replace(f"e={NOW + 60}", f"e={NOW + 61}"), NOW) is None


def test_a_signature_for_an_item_is_not_one_for_a_file_of_that_name_and_the_other_way_round() -> None:
    path, _ = _signed_file()
    assert media_url.sign_file(path, NOW + 60) != media_url.sign(ITEM_KEY, NOW + 60)
    for text in (path, path.removeprefix("/media/"), f"{ITEM_KEY}|{NOW + 60}", f"file|{path}", ""):
        assert media_url.sign(text, NOW + 60) != media_url.sign_file(path, NOW + 60)


@pytest.mark.parametrize(
    "path", [ITEM_KEY, f"/media/{ITEM_KEY}/", f"/media/{ITEM_KEY}/3/..", f"/media/{ITEM_KEY}/3/a.webp|1", "/media/*"]
)
def test_what_is_no_path_of_a_file_is_not_signed_as_one(path: str) -> None:
    with pytest.raises(ValueError, match="no path of a rendition"):
        media_url.sign_file(path, NOW)


@pytest.mark.parametrize("unmarked", [f"{ITEM_KEY}\n{NOW + 60}", f"{ITEM_KEY}|{NOW + 60}", f"|{ITEM_KEY}|{NOW + 60}"])
def test_a_signature_of_neither_kind_opens_nothing(unmarked: str) -> None:
    digest = hmac.digest(b"the key of today", unmarked.encode(), "sha256")[:16]
    signature = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    path, _ = _signed()
    assert media_url.verify(path, f"e={NOW + 60}&k=new&s={signature}", NOW) is None


def test_signing_many_is_signing_each() -> None:
    keys = [f"{number:024}" for number in range(5)]
    assert media_url.sign_all(keys, NOW) == [media_url.sign(key, NOW) for key in keys]


def test_an_address_ends_at_its_expiry() -> None:
    path, query = _signed(expires=NOW)
    assert media_url.verify(path, query, NOW - 0.1) is not None
    assert media_url.verify(path, query, NOW) is None


def test_another_items_key_does_not_pass() -> None:
    path, query = _signed()
    assert media_url.verify(path.replace(ITEM_KEY, ITEM_KEY[::-1]), query, NOW) is None


def test_a_later_expiry_than_the_signed_one_does_not_pass() -> None:
    path, query = _signed()
    assert media_url.verify(path, query.replace(f"e={NOW + 60}", f"e={NOW + 61}"), NOW) is None


def test_an_older_key_still_verifies_until_it_is_removed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PINHOLE_MEDIA_KEY_ID", "old")
    settings.cache_clear()
    path, query = _signed()
    monkeypatch.setenv("PINHOLE_MEDIA_KEY_ID", "new")
    settings.cache_clear()
    assert media_url.verify(path, query, NOW) is not None
    assert media_url.verify(path, query.replace("k=old", "k=new"), NOW) is None
    monkeypatch.setenv("PINHOLE_MEDIA_KEYS", '{"new": "the key of today"}')
    settings.cache_clear()
    assert media_url.verify(path, query, NOW) is None


@pytest.mark.parametrize(
    "path",
    [
        f"/media/{ITEM_KEY}/3/../3/240.webp",
        f"/media/{ITEM_KEY}/3/..%2f240.webp",
        f"/media/{ITEM_KEY}/3/%3240.webp",
        f"/media/{ITEM_KEY}/3//240.webp",
        f"/media//{ITEM_KEY}/3/240.webp",
        f"/media/{ITEM_KEY}/03/240.webp",
        f"/media/{ITEM_KEY}/0/240.webp",
        f"/media/{ITEM_KEY}/٣/240.webp",
        f"/media/{ITEM_KEY}/3/240.webp/",
        f"/media/{ITEM_KEY}/3/240.webp\n",
        f"/media/{ITEM_KEY}/3/240.webp\0",
        f"/media/{ITEM_KEY}/3/240",
        f"/media/{ITEM_KEY}/3/.webp",
        f"/media/{ITEM_KEY}/3",
        f"/media/{ITEM_KEY}",
        f"/Media/{ITEM_KEY}/3/240.webp",
        f"media/{ITEM_KEY}/3/240.webp",
        f"//media/{ITEM_KEY}/3/240.webp",
        "",
    ],
)
def test_a_path_that_is_not_exactly_of_the_form_does_not_pass(path: str) -> None:
    _, query = _signed()
    assert media_url.verify(path, query, NOW) is None


@pytest.mark.parametrize(
    "change",
    [
        lambda e, k, s: "",
        lambda e, k, s: f"e={e}&k={k}",
        lambda e, k, s: f"e={e}&k={k}&s=",
        lambda e, k, s: f"e={e}&k={k}&s={s}&",
        lambda e, k, s: f"e={e}&k={k}&s={s}&w=9",
        lambda e, k, s: f"e={e}&k={k}&s={s}&e={e}",
        lambda e, k, s: f"e={e}&e={e}&s={s}",
        lambda e, k, s: f"e={e}&k=other&s={s}",
        lambda e, k, s: f"e={e}&K={k}&s={s}",
        lambda e, k, s: f"e=+{e}&k={k}&s={s}",
        lambda e, k, s: f"e=0{e}&k={k}&s={s}",
        lambda e, k, s: f"e={e}.0&k={k}&s={s}",
        lambda e, k, s: f"e=-1&k={k}&s={s}",
        lambda e, k, s: f"e={'9' * 4301}&k={k}&s={s}",
        lambda e, k, s: f"e={e}&k={k}&s={s}==",
        lambda e, k, s: f"e={e}&k={k}&s={s[:-1]}",
        lambda e, k, s: f"e={e}&k={k}&s={s[:-1]}{chr(ord(s[-1]) + 1)}",
        lambda e, k, s: f"e={e}&k={k}&s=%{ord(s[0]):x}{s[1:]}",
        lambda e, k, s: f"e={e};k={k};s={s}",
        lambda e, k, s: f"e={e}&k={k}&s={'ü' * 22}",
    ],
)  # fmt: skip
def test_a_query_that_is_not_exactly_of_the_form_does_not_pass(change: object) -> None:
    path, query = _signed()
    e, k, s = (pair.partition("=")[2] for pair in query.split("&"))
    assert callable(change)
    assert media_url.verify(path, change(e, k, s), NOW) is None


@given(path=st.text(max_size=60), query=st.text(max_size=80))
def test_whatever_comes_is_refused_and_nothing_is_raised(path: str, query: str) -> None:
    signed_path, signed_query = _signed()
    assert media_url.verify(path, query, NOW) is None
    assert media_url.verify(path, signed_query, NOW) is None
    assert media_url.verify(signed_path, query, NOW) is None


@given(owner_id=st.integers(1, 2**31 - 1), now=st.integers(0, 2**33))
def test_an_expiry_lies_one_to_two_weeks_ahead_and_stays_for_a_week(owner_id: int, now: int) -> None:
    expires = media_url.thumb_expiry(owner_id, now)
    assert WEEK < expires - now <= 2 * WEEK
    change = expires - WEEK
    assert media_url.thumb_expiry(owner_id, change - 1) == expires
    assert media_url.thumb_expiry(owner_id, change) == expires + WEEK


def test_libraries_do_not_all_change_their_addresses_at_once() -> None:
    expiries = [media_url.thumb_expiry(owner_id, NOW) % WEEK for owner_id in range(1, 8)]
    gaps = sorted(later - earlier for earlier, later in zip(sorted(expiries), sorted(expiries)[1:], strict=False))
    assert gaps[0] > 6 * 60 * 60
