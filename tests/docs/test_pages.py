"""What the pages name is there: commands, options, parameters, other pages."""

import re
import shlex
from pathlib import Path

import pytest

from gpu_worker import __main__ as worker
from infra.bootstrap import REPOSITORY
from infra.local import cloudformation
from tests.docs.command_line import options_of, parse

PAGES = [
    *(REPOSITORY / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "infra/cloud/README.md")),
    REPOSITORY / "clients" / "python" / "README.md",
    *sorted((REPOSITORY / "docs").rglob("*.md")),
]
TEXT = {page.relative_to(REPOSITORY).as_posix(): page.read_text("utf-8") for page in PAGES}
TEMPLATE = cloudformation.read(REPOSITORY / "template.yaml")


def _commands() -> set[str]:
    """Those in blocks without their comments, those in sentences as they stand; `admin …` is short for one."""
    found: set[str] = set()
    for text in TEXT.values():
        blocks = re.findall(r"^python -m infra (.*?)(?: +# .*)?$", text, re.MULTILINE)
        sentences = re.findall(r"`(?:python -m infra (?=\w)|(?=admin \w))([^`]+)`", text)
        found.update(command.strip() for command in [*blocks, *sentences])
    return found - {"admin", "migrate"}  # only named, they want more words


@pytest.mark.parametrize("command", sorted(_commands()))
def test_each_command_that_a_page_names_is_one(command: str) -> None:
    parse(shlex.split(command))


def _commands_of_the_worker() -> set[str]:
    """Those in blocks without their comments, of a checkout and of the container, and those in sentences."""
    found: set[str] = set()
    for text in TEXT.values():
        joined = text.replace("\\\n", " ")
        found.update(re.findall(r"^[\w./-]*python -m gpu_worker(.*?)(?: +# .*)?$", joined, re.MULTILINE))
        found.update(re.findall(r"^docker run .*? pinhole-worker\b(.*)$", joined, re.MULTILINE))
        found.update(re.findall(r"`\S*python -m gpu_worker([^`]*)`", text))
    return {command.strip() for command in found} - {"--help"}


def test_the_worker_is_on_the_pages() -> None:
    assert {"bench", "bench --runtime torch", "--queues captions"} <= _commands_of_the_worker()


@pytest.mark.parametrize("command", sorted(_commands_of_the_worker()))
def test_each_command_of_the_worker_that_a_page_names_is_one(command: str) -> None:
    worker._parser().parse_args(shlex.split(command))


def test_the_read_me_tells_each_option_of_up() -> None:
    assert set(re.findall(r"^\| `(--[\w-]+)", TEXT["README.md"], re.MULTILINE)) == options_of("up")


@pytest.mark.parametrize("page", TEXT)
def test_parameters_that_a_page_sets_are_those_of_the_template(page: str) -> None:
    set_there = re.findall(r"--parameter(?:-overrides)?((?: [A-Z]\w+=[^\s`]*)+)", TEXT[page])
    names = {name for some in set_there for name in re.findall(r" (\w+)=", some)}
    assert names - {"NAME", *TEMPLATE["Parameters"]} == set()


@pytest.mark.parametrize("page", TEXT)
def test_outputs_that_a_page_names_are_those_of_the_template(page: str) -> None:
    assert set(re.findall(r"\boutput\s+`(\w+)`", TEXT[page])) - set(TEMPLATE["Outputs"]) == set()


@pytest.mark.parametrize("page", TEXT)
def test_links_between_pages_lead_somewhere(page: str) -> None:
    links = re.findall(r"\]\((?!https?:)([^)\s]+)\)", TEXT[page])
    assert [link for link in links if not _leads_somewhere(REPOSITORY / page, link)] == []


def _leads_somewhere(page: Path, link: str) -> bool:
    path, _, heading = link.partition("#")
    target = page.parent / path if path else page
    if not target.exists():
        return False
    headings = re.findall(r"^#+ (.*)$", target.read_text("utf-8"), re.MULTILINE) if heading else []
    return not heading or heading in {re.sub(r"[^\w -]", "", one).lower().replace(" ", "-") for one in headings}
