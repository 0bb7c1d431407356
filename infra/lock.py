"""`python -m infra lock`: compile every `requirements.in` into hash-pinned requirements that name no registry."""

import subprocess
import sysconfig
from pathlib import Path

from infra.bootstrap import REPOSITORY, say

OPTIONS = ("--quiet", "--universal", "--python-version", "3.11", "--generate-hashes", "--no-header")
# What packages ask for, and nothing here needs.
OVERRIDES = Path("gpu_worker/overrides.txt")
# All that the tests install fits together; what a part of it is pinned to must be the same.
WHOLE = Path("tests/requirements.in")
PARTS = (
    *(Path("infra/requirements.in"), Path("infra/models/requirements.in")),
    *(Path(f"layers/{layer}/requirements.in") for layer in ("core", "imaging", "models", "onnx")),
    Path("gpu_worker/requirements.in"),
)
# What a layer lies over brings these: it is nowhere without that.
BROUGHT = {Path("layers/onnx/requirements.in"): ("numpy", "protobuf")}
# The worker's second runtime. torch is locked apart (infra/torch_tests.py says why), and what both need is the same.
SENTENCE_TRANSFORMERS = Path("gpu_worker/requirements-sentence-transformers.in")
TORCH = Path("gpu_worker/requirements-torch.in")
WITHOUT_TORCH = Path("gpu_worker/overrides-torch.txt")
# These run in environments of their own.
APART = (Path("infra/localstack/requirements.in"), Path("infra/localstack/sam-requirements.in"))
# Packages that only carry pictures: what their code would need stays away.
CARRIERS = Path("infra/demo-requirements.in")
# Chalice's command line needs them; at run time nothing does.
ONLY_FOR_CHALICE_CLI = (
    *("blessed", "click", "colorama", "editor", "inquirer", "jinxed", "ansicon", "markdown-it-py", "mdurl"),
    *("pip", "pygments", "pyyaml", "readchar", "rich", "runs", "setuptools", "wcwidth", "wheel", "xmod"),
)


def run() -> int:
    """Compile them all; what is pinned already stays as it is while it fits. Returns the exit code."""
    _compile(WHOLE)
    for part in PARTS:
        names = (*(ONLY_FOR_CHALICE_CLI if part.parts[0] == "layers" else ()), *BROUGHT.get(part, ()))
        left_out = [word for name in names for word in ("--no-emit-package", name)]
        _compile(part, "--constraints", str(WHOLE.with_suffix(".txt")), *left_out)
    constraints = ["--constraints", str(WHOLE.with_suffix(".txt"))]
    _compile(SENTENCE_TRANSFORMERS, *constraints, overrides=WITHOUT_TORCH)
    constraints += ["--constraints", str(SENTENCE_TRANSFORMERS.with_suffix(".txt"))]
    _compile(TORCH, *constraints)
    for apart in APART:
        _compile(apart)
    _compile(CARRIERS, "--no-deps")
    return 0


def _compile(source: Path, *options: str, overrides: Path = OVERRIDES) -> None:
    target = source.with_suffix(".txt")
    say(f"{source} → {target}")
    uv = str(Path(sysconfig.get_path("scripts")) / "uv")
    options = (*OPTIONS, "--overrides", str(overrides), *options)
    command = [uv, "pip", "compile", *options, str(source), "--output-file", str(target)]
    subprocess.run(command, cwd=REPOSITORY, check=True)
