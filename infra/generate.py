"""`python -m infra generate`: every file that is made from others. Tests check that they are current."""

import tempfile
from collections.abc import Iterable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

from grpc_tools import protoc
from pydantic import SecretStr
from pydantic.fields import FieldInfo

from api.openapi import document
from infra import bootstrap, client_types, openapi
from infra.bootstrap import REPOSITORY
from infra.local import cloudformation
from pinhole.imaging import capture_time
from pinhole.imaging.sizes import HEIGHTS
from pinhole.settings import Settings
from pinhole_client.upload import finding

README = REPOSITORY / "README.md"
CLOUD_README = REPOSITORY / "infra" / "cloud" / "README.md"
TEMPLATE = REPOSITORY / "template.yaml"
CLIENT_TYPES = bootstrap.WEB / "src" / "api" / "schema.ts"
CLIENT_CONSTANTS = bootstrap.WEB / "src" / "api" / "constants.ts"
PYTHON_CLIENT_TYPES = REPOSITORY / "clients" / "python" / "pinhole_client" / "wire.py"


def files() -> dict[Path, str]:
    """What each file should hold now; the web client's types are checked by its own tools."""
    return {
        **openapi.generate(),
        **_protobuf(),
        CLIENT_CONSTANTS: _constants(),
        PYTHON_CLIENT_TYPES: client_types.module(document(openapi.ROUTES)["components"]["schemas"]),
        README: _with_table(README, "settings", _settings()),
        CLOUD_README: _with_table(CLOUD_README, "parameters", _parameters()),
    }


def write() -> list[Path]:
    """Write the files that are not current, and say which.

    Raises:
        CannotStart: Node or npm is missing, or the types can't be made.
    """
    before = _read(CLIENT_TYPES)
    stale = {path: text for path, text in files().items() if _read(path) != text}
    for path, text in stale.items():
        path.write_text(text, "utf-8", newline="\n")
    bootstrap.run_npm(bootstrap.WEB, "run", "types", "--silent")
    return [*stale, *([CLIENT_TYPES] if _read(CLIENT_TYPES) != before else [])]


def _read(path: Path) -> str | None:
    return path.read_text("utf-8") if path.exists() else None


def _protobuf() -> dict[Path, str]:
    with tempfile.TemporaryDirectory() as made:
        status = protoc.main(
            ["protoc", f"-I{REPOSITORY / 'proto'}", f"--python_out={made}", f"--pyi_out={made}", "timeline.proto"]
        )
        assert status == 0, "protoc said why"
        return {
            REPOSITORY / "functions" / "api" / name: (Path(made) / name).read_text("utf-8")
            for name in ("timeline_pb2.py", "timeline_pb2.pyi")
        }


def _constants() -> str:
    """What the web client must know of the server beside the types."""
    schemas = document(openapi.ROUTES)["components"]["schemas"]
    password = schemas["Registration"]["properties"]["password"]
    completed = schemas["CompleteUploads"]["properties"]["ids"]["maxItems"]
    originals = schemas["WantedOriginals"]["properties"]["ids"]["maxItems"]
    values = schemas["ItemValues"]["properties"]
    title, description = (values[name]["anyOf"][0]["maxLength"] for name in ("title", "description"))
    return f"""\
// Written by `python -m infra generate` from the API and the product. Do not edit.

/** In characters. */
export const SHORTEST_PASSWORD = {password["minLength"]}
export const LONGEST_PASSWORD = {password["maxLength"]}

/** Of so many uploads at most one request asks whether they have arrived. */
export const MOST_COMPLETED = {completed}

/** Of so many items at most one request signs the addresses of the originals. */
export const MOST_ORIGINALS = {originals}

/** Of what is said of photos, in characters; of keywords, each and how many. */
export const LONGEST_TITLE = {title}
export const LONGEST_DESCRIPTION = {description}
export const LONGEST_KEYWORD = {values["addKeywords"]["items"]["maxLength"]}
export const MOST_KEYWORDS = {values["addKeywords"]["maxItems"]}

/** Of these years on photos may be, and so many milliseconds ahead of UTC at most, by the clock on the wall. */
export const FIRST_YEAR = {capture_time.EARLIEST_YEAR}
export const MOST_AHEAD_MS = {capture_time.MOST_AHEAD // timedelta(milliseconds=1)}
export const LONGEST_SHIFT_SECONDS = {values["shiftSeconds"]["maximum"]}

/** Of the renditions, in pixels, the smallest first. A photo that is smaller has none larger than itself. */
export const RENDITION_HEIGHTS = {sorted(HEIGHTS)} as const

// How names of files end, as pinhole-upload has them too.
export const PHOTO_NAMES = {_names(finding.PHOTOS)}
export const VIDEO_NAMES = {_names(finding.VIDEOS)}
/** What programs and services write beside photos: edits, ratings, dates. Nothing reads them yet. */
export const SIDECAR_NAMES = {_names(finding.SIDECARS)}
/** Known to be of neither photos nor videos. */
export const OTHER_NAMES = {_names(finding.NO_MEDIA)}
"""


def _names(extensions: Iterable[str]) -> str:
    return f"'{' '.join(extensions)}'.split(' ')"


def _with_table(page: Path, name: str, rows: Iterable[tuple[str, ...]]) -> str:
    """The page with these rows between its two marks of this name."""
    begins, ends = f"<!-- {name}: written by `python -m infra generate` -->\n", f"<!-- end of {name} -->\n"
    before, _, rest = page.read_text("utf-8").partition(begins)
    _, _, after = rest.partition(ends)
    table = "".join(f"| {' | '.join(row)} |\n" for row in rows)
    return f"{before}{begins}{table}{ends}{after}"


def _settings() -> Iterator[tuple[str, ...]]:
    """The rows of the table, heading first."""
    yield "setting", "default", "in the cloud", "what it is"
    yield ("---",) * 4
    given = _given_by_template()
    for name, field in Settings.model_fields.items():
        variable = str(field.validation_alias or f"PINHOLE_{name.upper()}")
        yield f"`{variable}`", _default(field), given.get(variable, "default"), field.description or ""


def _parameters() -> Iterator[tuple[str, ...]]:
    """The rows of the table, heading first."""
    yield "parameter", "default", "what it is"
    yield ("---",) * 3
    for name, entry in cloudformation.read(TEMPLATE)["Parameters"].items():
        default = f"`{entry['Default']}`" if "Default" in entry else "required"
        yield f"`{name}`", default, entry["Description"]


def _default(field: FieldInfo) -> str:
    value = field.get_default(call_default_factory=True)
    if isinstance(value, SecretStr):
        value = value.get_secret_value()
    if isinstance(value, tuple):
        value = ",".join(value)
    return "required" if field.is_required() else f"`{value}`" if value else ""


def _given_by_template() -> dict[str, str]:
    """Variable → what the template sets it to, for whoever deploys."""
    document = cloudformation.read(TEMPLATE)
    functions = [document["Globals"]["Function"], *(each["Properties"] for each in document["Resources"].values())]
    sources: dict[str, dict[str, None]] = {}  # each once, in order
    for function in functions:
        for variable, value in function.get("Environment", {}).get("Variables", {}).items():
            sources.setdefault(variable, {})[_source(value, document["Parameters"])] = None
    return {variable: " or ".join(found) for variable, found in sources.items()}


def _source(value: Any, parameters: dict[str, Any]) -> str:
    match value:
        case {"Ref": name} if name in parameters:
            return f"parameter `{name}`"
        case {"Fn::Sub": str(text)} if text.startswith("{{resolve:secretsmanager:"):
            return f"secret `{text.partition('${')[2].partition('}')[0]}`"
    return "made by the stack"
