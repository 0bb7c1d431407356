"""Models that are fetched from a bucket are the ones that their set names, or none."""

import hashlib
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from botocore.exceptions import ResponseStreamingError
from botocore.response import StreamingBody

from pinhole_models import fetching, model_set
from pinhole_models.model_set import File, ModelSet
from pinhole_models.roles import ModelError
from tests.fixtures.cloud import Cloud
from tests.fixtures.worker import IMPORT_ROOTS

CONTENT = b"weights" * 400_000
SOURCE = "s3://originals/models/v1/"


@pytest.fixture
def models(tmp_path: Path, cloud: Cloud) -> ModelSet:
    """A set of one file, which is in the bucket."""
    cloud.s3.put_object(Bucket="originals", Key="models/v1/tiny/tags/model.onnx", Body=CONTENT)
    file = File("tiny/tags/model.onnx", hashlib.sha256(CONTENT).hexdigest())
    return replace(model_set.read("embedded", tmp_path), files={file.path: file})


def lying(models: ModelSet) -> list[Path]:
    return [path for path in models.directory.rglob("*") if path.is_file()]


def test_what_is_missing_is_fetched_once(models: ModelSet, cloud: Cloud) -> None:
    fetching.fetch(models, SOURCE)
    [path] = lying(models)
    assert path == models.directory / "tiny/tags/model.onnx"
    assert path.read_bytes() == CONTENT
    cloud.s3.delete_object(Bucket="originals", Key="models/v1/tiny/tags/model.onnx")
    fetching.fetch(models, SOURCE)


def test_what_is_broken_here_is_fetched_again(models: ModelSet) -> None:
    path = models.directory / "tiny/tags/model.onnx"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"cut off")
    fetching.fetch(models, SOURCE)
    assert path.read_bytes() == CONTENT


def test_another_file_than_the_set_names_is_refused_and_left_nowhere(models: ModelSet, cloud: Cloud) -> None:
    cloud.s3.put_object(Bucket="originals", Key="models/v1/tiny/tags/model.onnx", Body=b"other weights")
    with pytest.raises(ModelError, match=r"model\.onnx of originals is not what the model set names"):
        fetching.fetch(models, SOURCE)
    assert lying(models) == []


def test_a_transfer_that_breaks_off_begins_again(models: ModelSet, monkeypatch: pytest.MonkeyPatch) -> None:
    read = StreamingBody.read
    breaks = [True]

    def broken_once(body: StreamingBody, amount: int | None = None) -> bytes:
        if breaks:
            breaks.clear()
            raise ResponseStreamingError(error="the function was frozen")
        return read(body, amount)

    monkeypatch.setattr(StreamingBody, "read", broken_once)
    fetching.fetch(models, SOURCE)
    [path] = lying(models)
    assert path.read_bytes() == CONTENT


def test_a_transfer_that_always_breaks_off_ends(models: ModelSet, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(body: StreamingBody, amount: int | None = None) -> bytes:
        raise ResponseStreamingError(error="the cable is out")

    monkeypatch.setattr(StreamingBody, "read", broken)
    with pytest.raises(ModelError, match="can't be fetched"):
        fetching.fetch(models, SOURCE)
    assert lying(models) == []


def test_what_is_killed_while_it_fetches_leaves_no_part_of_a_model(models: ModelSet) -> None:
    code = (
        "import sys, time\n"
        "from dataclasses import replace\n"
        "from pathlib import Path\n"
        "from botocore.response import StreamingBody\n"
        "from pinhole_models import fetching, model_set\n"
        "from pinhole_models.model_set import File\n"
        "path, digest, source, directory = sys.argv[1:]\n"
        "read = StreamingBody.read\n"
        "def slowly(body, amount=None):\n"
        "    if body.tell() > 0:\n"
        "        print('half', flush=True)\n"
        "        time.sleep(1000)\n"
        "    return read(body, amount)\n"
        "StreamingBody.read = slowly\n"
        "models = model_set.read('embedded', Path(directory))\n"
        "fetching.fetch(replace(models, files={path: File(path, digest)}), source)\n"
    )
    [file] = models.files.values()
    command = [sys.executable, "-c", code, file.path, str(file.sha256), SOURCE, str(models.directory)]
    with subprocess.Popen(command, env={**os.environ, "PYTHONPATH": IMPORT_ROOTS}, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"half\n"
        process.kill()
    assert not (models.directory / file.path).exists()
    fetching.fetch(models, SOURCE)
    assert (models.directory / file.path).read_bytes() == CONTENT


def test_a_file_that_is_not_in_the_bucket_is_named(models: ModelSet) -> None:
    with pytest.raises(ModelError, match=r"tiny/tags/model\.onnx can't be fetched from s3://originals/elsewhere"):
        fetching.fetch(models, "s3://originals/elsewhere")


def test_a_bucket_that_is_not_there_is_told(models: ModelSet) -> None:
    with pytest.raises(ModelError, match="can't be fetched from s3://nowhere"):
        fetching.fetch(models, "s3://nowhere/models")
