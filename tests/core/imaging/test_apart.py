"""The process that decodes what is hostile: what it finds of ours, and what becomes of ours when it breaks."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

import pinhole
from pinhole.errors import FileRejected
from pinhole.imaging import apart, file_type, metadata, renditions
from tests.fixtures import photos

LIMIT = 10_000_000
SECRET = "postgresql://pinhole:hunter2@db/pinhole"

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are looked into by /proc")

# Instead of decoding, it tells what whoever takes it over would look for.
LOOK_AROUND = """
import json, os
from pathlib import Path
def read(path):
    try:
        return Path(path).read_bytes().decode(errors="replace")
    except OSError as error:
        return type(error).__name__
links = []
for number in os.listdir("/proc/self/fd"):
    try:
        links.append(os.readlink(f"/proc/self/fd/{number}"))
    except FileNotFoundError:  # that of the listing itself
        pass
found = {
    "environ": dict(os.environ),
    "own": read("/proc/self/environ"),
    "parent's": read(f"/proc/{os.getppid()}/environ"),
    "open": links,
}
print(json.dumps({"code": "corrupt", "detail": json.dumps(found)}))
"""
ASK = """
import sys
from pathlib import Path
from pinhole.errors import FileRejected
from pinhole.imaging import apart
apart._CHILD = sys.argv[1]
try:
    apart.decoded(Path("nothing"), 1, all_pixels=False)
except FileRejected as refusal:
    print(refusal.detail)
"""


def test_it_has_neither_our_environment_nor_our_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PINHOLE_DATABASE_URL", SECRET)
    monkeypatch.setattr(apart, "_CHILD", LOOK_AROUND)
    with socket.socket() as connection:
        connection.set_inheritable(True)
        with pytest.raises(FileRejected) as told:
            apart.decoded(Path("nothing"), LIMIT, all_pixels=False)
    found = json.loads(told.value.detail)
    assert set(found["environ"]) <= {"LD_LIBRARY_PATH", "LC_CTYPE"}
    assert {line.split("=")[0] for line in found["own"].split("\0") if line} <= {"LD_LIBRARY_PATH"}
    kinds = sorted(name.split(":")[0] for name in found["open"])
    assert kinds == [os.devnull, "pipe", "pipe"]  # its answer, and what it has to complain of


def test_it_can_not_look_into_the_process_that_asked() -> None:
    """As a user that isn't root, whom nothing is hidden from."""
    nobody = 65534 if os.geteuid() == 0 else None
    asked = subprocess.run(
        [sys.executable, "-c", ASK, LOOK_AROUND],
        env={"PYTHONPATH": str(Path(pinhole.__file__).parents[1]), "PINHOLE_DATABASE_URL": SECRET},
        user=nobody,
        capture_output=True,
        text=True,
        check=False,
    )
    if nobody and "Permission denied" in asked.stderr:
        pytest.skip("another user may not read this installation")
    assert asked.returncode == 0, asked.stderr
    assert json.loads(asked.stdout)["parent's"] == "PermissionError"


def test_no_raw_file_reaches_libraw_in_the_process_that_has_the_secrets(tmp_path: Path) -> None:
    path = tmp_path / "original"
    path.write_bytes(photos.dng(photos.scene()))
    read = (
        "import sys; from pathlib import Path; from pinhole.imaging import file_type, metadata, renditions\n"
        "path = Path(sys.argv[1]); kind = file_type.identify(path)\n"
        "print(metadata.read(path, kind, 10_000_000, 'x.dng').width)\n"
        "renditions.make(path, kind, 10_000_000, path.parent)\n"
        "print('rawpy' in sys.modules)"
    )
    environment = {"PYTHONPATH": str(Path(pinhole.__file__).parents[1])}
    done = subprocess.run(
        [sys.executable, "-c", read, str(path)], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["96", "False"]


def test_a_file_that_breaks_its_decoder_is_damaged_and_no_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "original"
    path.write_bytes(photos.dng(photos.scene()))
    monkeypatch.setattr(apart, "_CHILD", "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)")
    for work in (
        lambda: metadata.read(path, file_type.DNG, LIMIT, "x.dng"),
        lambda: renditions.make(path, file_type.DNG, LIMIT, tmp_path),
    ):
        with pytest.raises(FileRejected, match="its decoder breaks down over it") as refusal:
            work()
        assert refusal.value.code == "corrupt"


def test_the_size_of_a_raw_file_has_the_limits_that_its_pixels_have(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "original"
    path.write_bytes(photos.dng(photos.scene()))
    monkeypatch.setattr(apart, "_CHILD", apart._CHILD.replace("apart._main()", "apart._raw_size = spin; apart._main()"))
    monkeypatch.setattr(
        apart, "_CHILD", "def spin(*_):\n    while True: pass\nspin.__name__ = '_raw_size'\n" + apart._CHILD
    )
    monkeypatch.setattr(apart, "CPU_SECONDS", 1)
    with pytest.raises(FileRejected) as refusal:
        metadata.read(path, file_type.DNG, LIMIT, "x.dng")
    assert refusal.value.code == "too_costly"
