"""Renditions where no CDN serves them: the API redirects a signed address to the object store."""

import time
import urllib.request

import pytest
from werkzeug.test import Client

from pinhole import media_url
from tests.fixtures.cloud import Cloud

ITEM_KEY = "0123456789abcdefghijABCD"
CONTENT = b"a rendition"


@pytest.fixture
def stored(cloud: Cloud) -> None:
    """A rendition of an item."""
    cloud.s3.put_object(Bucket="renditions", Key=f"{ITEM_KEY}/1/240.webp", Body=CONTENT, ContentType="image/webp")


def address(expires_in: int) -> str:
    return media_url.rendition_url(ITEM_KEY, 1, "240.webp", int(time.time()) + expires_in)


def test_a_signed_address_leads_to_the_rendition(api: Client, stored: None) -> None:
    answer = api.get(address(3600))
    assert answer.status_code == 302
    with urllib.request.urlopen(answer.headers["Location"]) as rendition:
        assert (rendition.read(), rendition.headers["Content-Type"]) == (CONTENT, "image/webp")


def test_a_redirect_is_kept_by_the_browser_alone_and_no_longer_than_the_address_is_valid(
    api: Client, stored: None
) -> None:
    assert api.get(address(3600)).headers["Cache-Control"] == "private, max-age=900"
    directives = api.get(address(100)).headers["Cache-Control"]
    assert 0 < int(directives.removeprefix("private, max-age=")) <= 100


@pytest.mark.parametrize(
    ("old", "new"),
    [(ITEM_KEY, ITEM_KEY.swapcase()), ("240.webp", "240.WEBP"), ("&k=", "&k=another"), ("e=", "e=9"), ("&s=", "&s=A")],
)
def test_an_address_that_was_changed_leads_nowhere(api: Client, stored: None, old: str, new: str) -> None:
    answer = api.get(address(3600).replace(old, new, 1))
    assert answer.status_code == 403
    assert answer.get_json(force=True)["code"] == "bad_signature"


def test_an_address_leads_nowhere_once_it_ran_out(api: Client, stored: None) -> None:
    assert api.get(address(-1)).status_code == 403


@pytest.mark.parametrize("extra", ["&x=1", "&e=1", "&k="])
def test_an_address_takes_no_other_parameter_and_none_twice(api: Client, stored: None, extra: str) -> None:
    assert api.get(address(3600) + extra).status_code == 422
