"""What `python -m infra` says when something is missing on this machine."""

import hashlib
import io
import os
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from infra import __main__ as command_line
from infra import bootstrap
from infra.admin import command
from infra.bootstrap import CannotStart

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture
def web(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A web client that was never built, and a PATH with nothing on it."""
    folder = tmp_path / "web"
    folder.mkdir()
    (folder / "package.json").write_text("{}")
    headers = tmp_path / bootstrap.SECURITY_HEADERS
    headers.parent.mkdir(parents=True)
    headers.touch()
    monkeypatch.setattr(bootstrap, "WEB", folder)
    monkeypatch.setattr(bootstrap, "REPOSITORY", tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    (tmp_path / "bin").mkdir()
    return folder


def program(folder: Path, name: str, says: str) -> None:
    path = folder / name
    path.write_text(f"#!{sys.executable}\nprint({says!r})\n")
    path.chmod(0o755)


def test_no_code_of_a_package_runs_while_it_is_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ran = tmp_path / "ran"
    files = {
        "PKG-INFO": "Metadata-Version: 2.1\nName: hostile\nVersion: 1.0\n",
        "pyproject.toml": '[build-system]\nrequires = []\nbuild-backend = "hostile"\nbackend-path = ["."]\n',
        "hostile.py": f"open({str(ran)!r}, 'w').close()\n",
    }
    with tarfile.open(tmp_path / "hostile-1.0.tar.gz", "w:gz") as package:
        for name, text in files.items():
            member = tarfile.TarInfo(f"hostile-1.0/{name}")
            member.size = len(text)
            package.addfile(member, io.BytesIO(text.encode()))
    digest = hashlib.sha256((tmp_path / "hostile-1.0.tar.gz").read_bytes()).hexdigest()
    pinned = f"--no-index\n--find-links {tmp_path}\nhostile==1.0 --hash=sha256:{digest}\n"
    (tmp_path / "requirements.txt").write_text(pinned)
    monkeypatch.setattr(bootstrap, "REPOSITORY", tmp_path)
    monkeypatch.setattr(bootstrap, "_python", lambda _: sys.executable)
    with pytest.raises(CannotStart, match="pip can't install requirements"):
        bootstrap.install("requirements.txt", tmp_path)
    assert not ran.exists()


def test_what_is_installed_to_run_is_all_built_already() -> None:
    pinned = (REPOSITORY / "infra" / "requirements.txt").read_text()
    assert not [name for name in bootstrap.ONLY_AS_SOURCE if f"\n{name}==" in pinned]


def test_a_missing_node_is_named_in_one_line(web: Path) -> None:
    with pytest.raises(CannotStart, match=r"^Node is missing: install Node 20.*$"):
        bootstrap.check_web_client()


@pytest.mark.skipif(os.name != "posix", reason="makes a program of a script")
@pytest.mark.parametrize("version", ["v18.19.1", "v20.9.0"])
def test_an_old_node_is_named_with_its_version(web: Path, version: str) -> None:
    program(web.parent / "bin", "node", version)
    program(web.parent / "bin", "npm", "")
    with pytest.raises(CannotStart, match=rf"^Node {version} is too old: install Node 20\.19 or newer"):
        bootstrap.check_web_client()


@pytest.mark.skipif(os.name != "posix", reason="makes a program of a script")
def test_that_npm_says_nothing_for_long_is_told_before(web: Path, capsys: pytest.CaptureFixture[str]) -> None:
    program(web.parent / "bin", "node", "v22.13.0")
    program(web.parent / "bin", "npm", "")
    (web / "package-lock.json").write_text("{}")
    (web / "node_modules").mkdir()
    bootstrap.install_node_packages(web)
    assert "Installing the packages of web, a minute or two without a word\n" in capsys.readouterr().out


@pytest.mark.parametrize("changed", ["web/package.json", bootstrap.SECURITY_HEADERS])
def test_a_built_web_client_needs_no_node(web: Path, changed: str) -> None:
    (web / "dist").mkdir()
    (web / "dist" / ".sources").write_text(bootstrap._sources())
    bootstrap.check_web_client()
    (bootstrap.REPOSITORY / changed).write_text('{"name": "changed"}')
    with pytest.raises(CannotStart):
        bootstrap.check_web_client()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["up", "--port", "70000"], "70000 is no port"),
        (["up", "--endpoint", "localhost:4566"], "no address like http://127.0.0.1:4566"),
        (["up", "--endpoint", "http://:4566"], "no address like http://127.0.0.1:4566"),
        (["up", "--endpoint", "http://127.0.0.1:99999"], "no address like http://127.0.0.1:4566"),
    ],
)
def test_a_wrong_argument_is_named(arguments: list[str], says: str) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "infra", *arguments], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    assert run.returncode == 2
    assert says in run.stderr
    assert "Traceback" not in run.stderr


def test_libraries_that_do_not_share_their_objects_do_not_share_a_directory() -> None:
    ways: list[list[str]] = [[], ["--demo"], ["--endpoint", "http://127.0.0.1:4566"]]
    ways.append(ways[1] + ways[2])
    directories = {command_line._directory(command_line._parser().parse_args(["up", *way])) for way in ways}
    ignored = (REPOSITORY / ".gitignore").read_text().splitlines()
    assert len(directories) == 4
    assert {f"{name}/" for name in directories} <= set(ignored)


def test_what_installs_before_an_answer_does_not_get_into_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["infra", "admin", "queues", "--json"])
    monkeypatch.setattr(bootstrap, "enter_environment", bootstrap.say)
    monkeypatch.setattr(command, "run", lambda arguments: print("[]"))

    command_line.main()

    told = capsys.readouterr()
    assert told.out == "[]\n"
    assert "infra/requirements.txt" in told.err
