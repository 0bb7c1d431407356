"""What a function imports before its first request, which its cold start waits for."""

import subprocess
import sys

import pytest

from infra.local.function_pool import IMPORT_ROOTS

# Of those that take long or are not in its layers.
HEAVY = ("PIL", "boto3", "cryptography", "numpy", "onnxruntime", "pinhole_models", "tokenizers", "webauthn")
CODE = """
import sys
from importlib import import_module
sys.path += sys.argv[2:]
import_module(sys.argv[1])
print(*sys.modules)
"""


@pytest.mark.parametrize(("module", "wanted"), [("api.app", set()), ("api.search_app", {"numpy", "pinhole_models"})])
def test_a_start_imports_nothing_heavy_but_what_the_function_is_for(module: str, wanted: set[str]) -> None:
    command = [sys.executable, "-c", CODE, module, *map(str, IMPORT_ROOTS)]
    imported = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    assert {name for name in HEAVY if name in imported} <= wanted
    assert ("api.routes.search" in imported) == (module == "api.search_app")
