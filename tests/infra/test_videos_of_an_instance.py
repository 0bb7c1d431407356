"""`python -m infra up` has a worker of videos, which is given all that it needs."""

from pathlib import Path
from urllib.request import Request, urlopen

from pinhole_models.model_set import ModelSet
from tests.fixtures.clips import Clip, made
from tests.fixtures.instance import Instance, eventually


def test_a_video_that_is_uploaded_gets_a_poster_and_plays(begun: Path, embedded: ModelSet) -> None:
    with Instance(begun, analyses=True) as instance:
        instance.register()
        video = instance.item_of(instance.upload(made(Clip("mkv", pixels=(160, 90), seconds=1))))
        shown = eventually(lambda: instance.call("GET", f"/items/{video['id']}"), lambda item: item["state"] == "ready")
        assert {made["name"] for made in shown["renditions"]} == {"240.webp", "480.webp", "1440.webp"}
        told = eventually(
            lambda: instance.call("GET", f"/items/{video['id']}/playback"), lambda told: told["state"] == "ready"
        )
        request = Request(f"{instance.origin}{told['source']['url']}", headers={"Range": "bytes=4-7"})
        with urlopen(request) as answer:
            assert (answer.status, answer.read()) == (206, b"ftyp")
        analysed = eventually(
            lambda: instance.call("GET", f"/items/{video['id']}"), lambda item: item["analysis"] is not None
        )
        assert analysed["video"]["codec"] == "AVC"
