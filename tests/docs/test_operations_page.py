"""The operators' page says what the template and the code say."""

import os
import re
from pathlib import Path

import pytest
import yaml

from gpu_worker import captioner
from gpu_worker.models import loading
from gpu_worker.models.tesseract import Tesseract
from infra.local import cloudformation
from infra.local.function_pool import ROOT
from pinhole_models import model_set

PAGE = (ROOT / "docs" / "operations.md").read_text("utf-8")
SETS = re.findall(r"^```toml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
TEMPLATE = cloudformation.read(ROOT / "template.yaml")
TUNED = {
    name: entry["Default"]
    for name, entry in TEMPLATE["Parameters"].items()
    if name.endswith(("VisibilityTimeout", "MaxReceiveCount"))
}


@pytest.mark.parametrize(("name", "default"), TUNED.items())
def test_what_operators_tune_is_on_the_page_with_its_default(name: str, default: int) -> None:
    assert re.search(rf"`{name}`[^|]*\| {default} \|", PAGE)


def test_every_queue_is_on_the_page() -> None:
    variables = TEMPLATE["Resources"]["AdminFunction"]["Properties"]["Environment"]["Variables"]
    names = yaml.safe_load(variables["PINHOLE_QUEUES"]["Fn::Sub"])
    assert [name for name in names if f"`{name}`" not in PAGE] == []


def test_every_metric_is_on_the_page() -> None:
    sources = (path.read_text("utf-8") for path in (ROOT / "layers" / "core" / "pinhole").rglob("*.py"))
    measured = {name for source in sources for name in re.findall(r'\b(?:count|duration)\(f?"([A-Z][A-Za-z]+)', source)}
    assert measured >= {"Attempts", "Duplicates", "Failures", "ItemsVisible", "QueueAge", "StageSeconds"}
    assert {name for name in measured if f"`{name}`" not in PAGE} == set()


def test_every_metric_of_the_worker_is_on_the_page() -> None:
    source = (ROOT / "gpu_worker" / "metrics.py").read_text("utf-8")
    measured = re.findall(r'(Counter|Gauge|Histogram)\("(\w+)"', source)
    assert measured
    told = [f"{name}_total" if kind == "Counter" else name for kind, name in measured]
    assert [name for name in told if f"`{name}`" not in PAGE] == []


def test_the_read_me_leads_to_the_page() -> None:
    assert "(docs/operations.md)" in Path(ROOT / "README.md").read_text("utf-8")


def set_on_the_page(role: str, file: Path) -> Path:
    """The file with the set that the page shows for a role."""
    [content] = [text for text in SETS if f"[roles.{role}]" in text]
    file.write_text(content, "utf-8")
    return file


def test_the_model_set_for_captions_on_the_page_is_one(tmp_path: Path) -> None:
    file = set_on_the_page("caption", tmp_path / "captions.toml")
    assert captioner.of(model_set.read(str(file), tmp_path), "").options.questions_a_day == 2000


def test_the_model_set_with_another_engine_for_text_on_the_page_loads_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    models = model_set.read(str(set_on_the_page("ocr", tmp_path / "own.toml")), tmp_path)
    program = tmp_path / "tesseract"
    program.write_text("#!/bin/sh\nprintf '%s\\n' eng ell rus osd\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    assert isinstance(loading.load(models, "ocr"), Tesseract)
    others = model_set.read("embedded", tmp_path).parts
    assert {role for role, part in models.parts.items() if part != others[role]} == {"ocr"}


def test_every_set_is_on_the_page() -> None:
    assert [path.stem for path in model_set.SETS.glob("*.toml") if f"`{path.stem}`" not in PAGE] == []
