"""Files of a model set from a bucket, where `python -m infra models` once laid them, as they lie in its directory."""

import hashlib
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

from botocore.exceptions import ClientError

from pinhole.errors import NotFound, Unavailable
from pinhole.objects import client
from pinhole.telemetry import logger
from pinhole_models.model_set import File, ModelSet
from pinhole_models.roles import ModelError

CHUNK_BYTES = 1 << 20
# A function is frozen between requests, for longer than a connection may last.
ATTEMPTS = 3


def fetch(models: ModelSet, source: str) -> None:
    """Fetch what is missing in the set's directory. A file is whole or not there, whenever this ends.

    source: s3://bucket/prefix.

    Raises:
        ModelError: a file is not there, is not the one that the set names, or can't be read.
    """
    parts = urlsplit(source)
    for file in models.missing():
        path = models.directory / file.path
        key = "/".join(filter(None, (parts.path.strip("/"), file.path)))
        try:
            _fetch_patiently(parts.netloc, key, path, file)
        except (NotFound, Unavailable, ClientError) as error:
            raise ModelError(f"{file.path} can't be fetched from {source}: {error}") from error
        logger.info("model_fetched", extra={"file": file.path})


def _fetch_patiently(bucket: str, key: str, path: Path, file: File) -> None:
    for attempt in range(1, ATTEMPTS + 1):
        try:
            with client.answers(key):
                _fetch(bucket, key, path, file)
            break
        except Unavailable:
            if attempt == ATTEMPTS:
                raise


def _fetch(bucket: str, key: str, path: Path, file: File) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    body = client.s3().get_object(Bucket=bucket, Key=key)["Body"]
    read = hashlib.sha256()
    # Beside its place first: another process may fetch the same, and any may be killed.
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as unfinished:
        beside = Path(unfinished.name)
        try:
            while chunk := body.read(CHUNK_BYTES):
                read.update(chunk)
                unfinished.write(chunk)
            unfinished.flush()
            if file.sha256 not in (None, read.hexdigest()):
                raise ModelError(f"{key} of {bucket} is not what the model set names: its sha256 is {read.hexdigest()}")
            beside.replace(path)
        finally:
            beside.unlink(missing_ok=True)
