"""Signed URLs, without a store: what they lead to and bind."""

import hashlib
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest

from pinhole import objects
from pinhole.settings import settings


@pytest.fixture
def cloud_settings(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """A function in AWS, in Frankfurt."""
    monkeypatch.delenv("AWS_ENDPOINT_URL_S3", raising=False)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "tests")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "tests")
    monkeypatch.setenv("PINHOLE_DATABASE_URL", "postgresql:///nowhere")
    monkeypatch.setenv("PINHOLE_ORIGINALS_BUCKET", "our-originals")
    monkeypatch.setenv("PINHOLE_RENDITIONS_BUCKET", "our-renditions")
    settings.cache_clear()
    objects.client.s3.cache_clear()
    yield monkeypatch
    settings.cache_clear()
    objects.client.s3.cache_clear()


def sign() -> objects.SignedRequest:
    sha256 = hashlib.sha256(b"photo").digest()
    return objects.presign_put(
        "ann/uploads/0/a.jpg", size_bytes=5, sha256=sha256, content_type="image/jpeg", expires_seconds=60
    )


@pytest.mark.usefixtures("cloud_settings")
def test_in_the_cloud_a_url_names_the_host_of_the_bucket_in_its_region() -> None:
    assert urlsplit(sign().url).netloc == "our-originals.s3.eu-central-1.amazonaws.com"


def test_another_store_is_asked_by_path(cloud_settings: pytest.MonkeyPatch) -> None:
    cloud_settings.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9475")
    settings.cache_clear()
    url = urlsplit(sign().url)
    assert (url.netloc, url.path) == ("127.0.0.1:9475", "/our-originals/ann/uploads/0/a.jpg")


@pytest.mark.usefixtures("cloud_settings")
def test_a_put_binds_every_header_that_is_to_be_sent() -> None:
    request = sign()
    bound = parse_qs(urlsplit(request.url).query)["X-Amz-SignedHeaders"][0].split(";")
    assert set(bound) == {"host", "content-length"} | {name.lower() for name in request.headers}


@pytest.mark.parametrize(
    ("filename", "header"),
    [
        ("a.jpg", "attachment; filename=\"a.jpg\"; filename*=UTF-8''a.jpg"),
        ('50% "x"\\.jpg', "attachment; filename=\"50_ _x__.jpg\"; filename*=UTF-8''50%25%20%22x%22%5C.jpg"),
        ("ü\r\nX: y.jpg", "attachment; filename=\"___X: y.jpg\"; filename*=UTF-8''%C3%BC%0D%0AX%3A%20y.jpg"),
    ],
)
def test_any_file_name_fits_into_the_header(filename: str, header: str) -> None:
    assert objects.attachment(filename) == header


@pytest.mark.usefixtures("cloud_settings")
def test_an_original_is_saved_whatever_its_uploader_said_that_it_is() -> None:
    bound = parse_qs(urlsplit(objects.presign_get("ann/a.svg", filename="a.svg")).query)
    assert bound["response-content-disposition"] == [objects.attachment("a.svg")]
    assert bound["response-content-disposition"][0].startswith("attachment;")


@pytest.mark.usefixtures("cloud_settings")
def test_an_original_that_plays_has_the_type_that_it_was_found_to_be() -> None:
    bound = parse_qs(urlsplit(objects.presign_inline_get("ann/a.svg", content_type="video/mp4")).query)
    assert bound["response-content-type"] == ["video/mp4"]
