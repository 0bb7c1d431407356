"""What a start of a function loads: its layers and code, built as `sam build` does it, and the time of the imports."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from infra.bench.rows import Aim, Row, medians, progress
from infra.bootstrap import REPOSITORY, CannotStart
from infra.local.template import Template

REPEATS = 7
# What is built, where its Makefile is, its target there, and where in it packages lie.
PARTS = (
    ("core layer", "layers/core", "build-CoreLayer", "python"),
    ("imaging layer", "layers/imaging", "build-ImagingLayer", "python"),
    ("models layer", "layers/models", "build-ModelsLayer", "python"),
    ("onnx layer", "layers/onnx", "build-OnnxLayer", "python"),
    ("code of the functions", "functions", "build-IngestFunction", "."),
)
# Of these functions, beside the core layer and the code. The last layer of search is left out for its default models.
LAYERS = {"ingest": ("imaging layer",), "search": ("models layer", "onnx layer")}
# What every function can't do without: to read its settings, to log, to reach the database.
LIBRARIES = """
import psycopg
from aws_lambda_powertools import Logger
from pydantic import BaseModel, Json, SecretStr
class Settings(BaseModel):
    secret: SecretStr
    keys: Json[dict[str, str]]
"""
LIBRARIES_ARE = "psycopg, pydantic, powertools"


def measure() -> Iterator[Row]:
    """Rows of sizes and imports. Raises CannotStart when the layers can't be built."""
    with tempfile.TemporaryDirectory() as name:
        roots = []
        sizes = {}
        for part, sources, target, packages in PARTS:
            progress(f"Building {part}")
            built = Path(name) / target
            _build(REPOSITORY / sources, target, built)
            roots.append(built / packages)
            sizes[part] = sum(path.stat().st_size for path in built.rglob("*") if path.is_file()) / 1e6
            yield Row(f"{part}, unzipped", "MB", sizes[part])
        for function, layers in LAYERS.items():
            loaded = sum(sizes[part] for part in ("core layer", *layers, "code of the functions"))
            yield Row(f"all that {function} loads, unzipped", "MB", loaded, aim=Aim("ours", 250))
        yield from _imports(roots)


def _imports(roots: list[Path]) -> Iterator[Row]:
    """Time on the clock that the import of each handler takes in a fresh process, above that of bare Python."""
    template = Template(
        REPOSITORY / "template.yaml",
        parameters={
            **dict.fromkeys(("DatabaseUrl", "IngestDatabaseUrl", "TokenSecret", "MediaKeys", "SetupToken"), "-"),
            "WithApiLogRole": "false",
        },
        queue_endpoint="http://-",
    )
    modules = sorted({function.handler.rpartition(".")[0] for function in template.functions.values()})
    progress(f"Importing {len(modules)} handlers, {REPEATS} times each")
    imports = {module: partial(_python, f"import {module}", roots) for module in modules}
    bare = {"nothing": partial(_python, "", roots), "libraries": partial(_python, LIBRARIES, roots)}
    took = medians({**bare, **imports}, REPEATS)
    floor = took["libraries"] - took["nothing"]
    for module in modules:
        name = f"import of {module}"
        yield Row(name, "ms", took[module] - took["nothing"], floor, LIBRARIES_ARE, Aim("ours", 250))


def _python(code: str, roots: list[Path]) -> float:
    """Milliseconds from start to end of a process that has these packages and no others."""
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(map(str, roots))}
    began = time.perf_counter()
    subprocess.run([sys.executable, "-S", "-c", code], env=environment, check=True)
    return (time.perf_counter() - began) * 1000


def _build(sources: Path, target: str, built: Path) -> None:
    built.mkdir()
    # For this interpreter, which is to import it, and not for Lambda's.
    command = ["make", "--silent", target, f"ARTIFACTS_DIR={built}", f"PYTHON={sys.executable}", "LAMBDA_PYTHON="]
    try:
        subprocess.run(command, cwd=sources, check=True, stdout=sys.stderr)
    except (FileNotFoundError, subprocess.CalledProcessError) as error:
        raise CannotStart(f"{sources} can't be built ({error}): install make, and check the network") from error
