"""The grammar of object keys."""

import pytest

from pinhole import keys


def test_an_uploads_key_lies_in_its_owners_folder_and_names_the_upload() -> None:
    key = keys.upload_key("family/ann", "abcdefghij01", "IMG_1.jpg")
    assert key == "family/ann/uploads/abcdefghij01/IMG_1.jpg"
    assert key.startswith(keys.upload_prefix("family/ann"))
    assert keys.upload_of(key) == "abcdefghij01"


@pytest.mark.parametrize(
    "key", ["ann/2024/IMG_1.jpg", "ann/uploads/short/IMG_1.jpg", "ann/uploads/abcdefghij01/more/IMG_1.jpg", ""]
)
def test_a_key_that_something_else_made_is_of_no_upload(key: str) -> None:
    assert keys.upload_of(key) is None


@pytest.mark.parametrize(
    ("key", "folders"),
    [
        ("IMG_1.jpg", []),
        ("ann/IMG_1.jpg", ["ann"]),
        ("family/ann/2024/IMG_1.jpg", ["family", "family/ann", "family/ann/2024"]),
        ("/IMG_1.jpg", [""]),
    ],
)
def test_the_folders_of_a_key_end_at_path_boundaries(key: str, folders: list[str]) -> None:
    assert keys.folders_of(key) == folders


def test_a_rendition_lies_under_its_items_key_and_version() -> None:
    assert keys.rendition_key("k" * 24, 3, "240.webp") == f"{'k' * 24}/3/240.webp"
