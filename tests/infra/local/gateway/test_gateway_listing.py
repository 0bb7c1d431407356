"""Lists of objects through the gateway are in S3's order, page by page."""

import random
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import pytest

from infra.local import s3_listing
from tests.infra.local.gateway.conftest import Site

NAMES = ["b", "b-1", "b.jpg", "b!", "b0", "é", "Über 100%", "日本", "\uff5e", "\U0001f600", "a+b", "a b"]
KEYS = [
    *NAMES,
    *(f"{folder}/{name}" for folder in NAMES for name in ("b", "b-1", "é")),
    *("b/b/1", "b/b-/1", "b-1/b/c/d/e", "é/é/é"),
]


@pytest.fixture(autouse=True)
def small_pages_of_the_store(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(s3_listing, "MAX_KEYS", 3)


def put(site: Site, prefix: str, keys: Iterable[str]) -> list[str]:
    """Store these keys under a prefix of their own. All of them, in S3's order."""
    stored = [f"{prefix}/{key}" for key in keys]
    for depth in range(6):  # a key that is a folder too has to be there before what is in the folder
        with ThreadPoolExecutor(8) as threads:
            list(threads.map(lambda key: site.s3.put_object(Bucket=site.renditions, Key=key), at_depth(stored, depth)))
    return sorted(stored, key=str.encode)


@pytest.fixture(scope="module")
def keys(site: Site) -> list[str]:
    """What lies under `ordered/`, in S3's order."""
    return put(site, "ordered", KEYS)


def at_depth(keys: Iterable[str], depth: int) -> list[str]:
    return [key for key in keys if key.count("/") == depth]


def pages(site: Site, operation: str, **asked: str) -> Iterator[tuple[list[str], list[str]]]:
    """Keys and folders of each page, two on one."""
    paginator = site.s3.get_paginator(operation)  # type: ignore[call-overload]
    for page in paginator.paginate(Bucket=site.renditions, PaginationConfig={"PageSize": 2}, **asked):
        found = [entry["Key"] for entry in page.get("Contents", [])]
        folders = [entry["Prefix"] for entry in page.get("CommonPrefixes", [])]
        assert len(found) + len(folders) <= 2
        yield found, folders


def listed(site: Site, operation: str, **asked: str) -> list[str]:
    """What is on all pages, in the order in which it came; folders after the keys of their page."""
    return [key for found, folders in pages(site, operation, **asked) for key in [*found, *folders]]


@pytest.mark.parametrize("operation", ["list_objects", "list_objects_v2"])
def test_a_list_is_in_the_order_of_bytes(site: Site, keys: list[str], operation: str) -> None:
    assert listed(site, operation, Prefix="ordered/") == keys
    for prefix in ("ordered/b", "ordered/b/", "ordered/b-", "ordered/é", "ordered/b/b", "ordered/nothing"):
        assert listed(site, operation, Prefix=prefix) == [key for key in keys if key.startswith(prefix)]


def test_a_short_list_is_in_order_too(site: Site, keys: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    answer = site.s3.list_objects_v2(Bucket=site.renditions, Prefix="ordered/")
    assert [entry["Key"] for entry in answer["Contents"]] == keys
    assert (answer["IsTruncated"], answer["KeyCount"], answer["Contents"][0]["Size"]) == (False, len(keys), 0)


@pytest.mark.parametrize("operation", ["list_objects", "list_objects_v2"])
def test_folders_are_in_order_among_files(site: Site, keys: list[str], operation: str) -> None:
    for prefix in ("ordered/", "ordered/b", "ordered/b/"):
        below = {key[len(prefix) :] for key in keys if key.startswith(prefix)}
        expected = {prefix + name.partition("/")[0] + ("/" if "/" in name else "") for name in below}
        found = listed(site, operation, Prefix=prefix, Delimiter="/")
        assert sorted(found, key=str.encode) == sorted(expected, key=str.encode)
        each = [found + folders for found, folders in pages(site, operation, Prefix=prefix, Delimiter="/")]
        assert all(max(page) < min(later) for page, later in pairwise(each))


@pytest.mark.parametrize("after", ["b", "b/", "b/b-1", "b-1", "b.jpg", "nothing", "a", "zzz", "Z", "é/b", "b-1/b/c"])
def test_a_list_begins_after_any_key(site: Site, keys: list[str], after: str) -> None:
    after = f"ordered/{after}"
    assert listed(site, "list_objects_v2", Prefix="ordered/", StartAfter=after) == [key for key in keys if key > after]


@pytest.mark.parametrize("seed", range(3))
def test_random_trees_are_in_the_order_of_bytes(site: Site, seed: int) -> None:
    chance = random.Random(seed)
    names = ["".join(chance.choices("ab-.!0", k=chance.randint(1, 3))) + "x" * chance.randint(0, 1) for _ in range(12)]
    names = [name for name in names if name not in {".", ".."}]
    tree = {"/".join(chance.choices(names, k=chance.randint(1, 4))) for _ in range(40)}
    keys = put(site, f"random{seed}", tree)
    assert listed(site, "list_objects_v2", Prefix=f"random{seed}/") == keys


def test_a_list_needs_a_signature_and_a_right_to_it(site: Site) -> None:
    assert site.request("GET", f"/{site.renditions}?list-type=2&prefix=ordered").status == 403
