"""What SAM builds of the template: layers and functions, as they would be shipped."""

import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import cache_from_source
from pathlib import Path
from typing import Any

import pytest

from infra.local import cloudformation
from infra.localstack import sam

pytestmark = pytest.mark.timeout(3600)  # the first test waits for installation and build

# Whose layers bring all that a package may need.
WHOLE = {"IngestFunction": "pinhole", "SearchFunction": "pinhole_models"}
LIMIT_BYTES = 250 * 1024 * 1024  # of a function's code and layers, unzipped: AWS Lambda quotas
HASH_NEVER_CHECKED = (1).to_bytes(4, "little")  # flags in the head of a .pyc: PEP 552

IMPORT = """
import importlib, pkgutil, sys, zoneinfo
*sys.path[:0], handler, whole = sys.argv[1:]
import psycopg
assert psycopg.pq.__impl__ == "binary"  # Lambda has no libpq
zoneinfo.reset_tzpath([])  # nor time zones
zoneinfo.ZoneInfo("Europe/Vienna")
module, _, name = handler.rpartition(".")
assert callable(getattr(importlib.import_module(module), name))
if whole:
    package = importlib.import_module(whole)
    for found in pkgutil.walk_packages(package.__path__, f"{whole}."):
        importlib.import_module(found.name)
"""


@dataclass(frozen=True, slots=True)
class Built:
    """A function: its code, and its layers as they are unpacked."""

    name: str
    handler: str
    code: Path
    layers: tuple[Path, ...]


@pytest.fixture(scope="session")
def functions(built: Path) -> list[Built]:
    document = cloudformation.read(built)
    common = document["Globals"]["Function"]["Layers"]
    return [
        Built(
            name,
            resource["Properties"]["Handler"],
            built.parent / name,
            tuple(built.parent / name_of(layer) for layer in common + resource["Properties"].get("Layers", [])),
        )
        for name, resource in document["Resources"].items()
        if resource["Type"] == "AWS::Serverless::Function"
    ]


def test_sam_and_cfn_lint_find_nothing_wrong_with_the_template(tools: None, tmp_path: Path) -> None:
    sam.validate(tmp_path)


def test_layers_and_code_of_each_function_stay_under_the_limit(
    functions: list[Built], show: Callable[[str], None]
) -> None:
    sizes = {each.name: sum(map(size_of, (each.code, *each.layers))) for each in functions}
    for name, size in sizes.items():
        show(f"{name}: {size / 1024 / 1024:.0f} MiB of {LIMIT_BYTES // 1024 // 1024}")
    assert len(sizes) > 5
    assert {name: size for name, size in sizes.items() if size >= LIMIT_BYTES} == {}


def test_each_function_needs_nothing_but_its_layers(functions: list[Built]) -> None:
    for function in functions:
        path = [str(function.code), *(str(layer / "python") for layer in function.layers)]
        # Isolated, and without the packages of the interpreter that runs it.
        ended = subprocess.run(
            [
                sys.executable,
                "-I",
                "-S",
                "-W",
                "error",
                "-c",
                IMPORT,
                *path,
                function.handler,
                WHOLE.get(function.name, ""),
            ],
            capture_output=True,
            text=True,
            check=False,
        )
        assert ended.returncode == 0, f"{function.name}: {ended.stderr}"


def test_everything_is_compiled_for_good(functions: list[Built]) -> None:
    sources = {source for each in functions for root in (each.code, *each.layers) for source in root.rglob("*.py")}
    compiled = [Path(cache_from_source(str(source))) for source in sources]
    assert len(compiled) > 500
    assert [path for path in compiled if not path.exists()] == []
    assert [path for path in compiled if path.read_bytes()[4:8] != HASH_NEVER_CHECKED] == []


def name_of(layer: dict[str, Any]) -> str:
    """The logical name of a layer, also of one that a condition may leave out."""
    match layer:
        case {"Fn::If": [_, {"Ref": str(name)}, _]} | {"Ref": str(name)}:
            return name
    raise AssertionError(layer)


def size_of(directory: Path) -> int:
    """Bytes of all files in a directory."""
    return sum(path.stat().st_size for path in directory.rglob("*") if path.is_file())
