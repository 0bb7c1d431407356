"""What a worker does with its model set, measured: each model, decoding, and all of it together."""

import os
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import dlib
import onnxruntime

from gpu_worker import bench_pictures
from gpu_worker.bench import Measured, a_second, measuring
from gpu_worker.decoding import decode
from gpu_worker.looking import Looker, Picture
from gpu_worker.models import loading
from pinhole.seen import Role
from pinhole_models.model_set import TEXT_EMBEDDING, File, ModelSet
from pinhole_models.roles import Pixels
from pinhole_models.text_encoder import SentenceEncoder

_METHODS = {
    Role.TAGS: "tag",
    Role.OBJECTS: "detect",
    Role.FACES: "find",
    Role.OCR: "read",
    Role.COLOURS: "measure",
    Role.QUALITY: "measure",
}
_BATCHES_IN_A_ROW = 4


class Networks:
    """How long the networks of a set took, and nothing around them: what other people's code does.

    seconds: on the clock; own: of the clock that overhead is measured by. That is CPU time where all is done by the
    CPU, which others that are busy there don't lengthen.
    """

    def __init__(self) -> None:
        self.seconds = self.own = 0.0
        providers = onnxruntime.get_available_providers()
        self.now = time.perf_counter if "CUDAExecutionProvider" in providers else time.process_time

    def clock(self, model: Any) -> None:
        """Have this model, and what it is made of, tell."""
        for name, value in list(vars(model).items()):
            if isinstance(value, onnxruntime.InferenceSession | dlib.face_recognition_model_v1 | SentenceEncoder):
                setattr(model, name, _Clocked(value, self))
            elif type(value).__module__.startswith("gpu_worker."):
                self.clock(value)


class _Clocked:
    def __init__(self, network: Any, networks: Networks) -> None:
        self._network = network
        self._networks = networks

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._network, name)

        def called(*arguments: Any) -> Any:
            began, own = time.perf_counter(), self._networks.now()
            try:
                return method(*arguments)
            finally:
                self._networks.seconds += time.perf_counter() - began
                self._networks.own += self._networks.now() - own

        return called


def with_random_weights(models: ModelSet, scratch: Path) -> ModelSet:
    """The set, with random weights in `scratch` for a CLIP that is not there, and without other roles whose files are
    not."""
    parts, files = {}, dict(models.files)
    for role, part in models.parts.items():
        if role == TEXT_EMBEDDING:
            continue
        missing = [path for path in part.files.values() if not (models.directory / path).is_file()]
        if not missing:
            parts[role] = part
        elif part.runtime == "clip":
            from gpu_worker import random_vit

            assert part.dimension is not None
            made = random_vit.write(scratch, part.dimension)
            parts[role] = replace(part, name=f"{part.name}, random", files=made)
            files |= {path: File(path) for path in made.values()}
    return replace(models, parts=parts, files=files)


def measure(models: ModelSet, contents: Sequence[bytes], batches: Sequence[int], seconds: float) -> Iterator[Measured]:
    """Rows of each role, of decoding, of whole looks, and of a worker that is never out of work.

    Raises:
        ModelError: a model can't be loaded.
    """
    networks, loaded = Networks(), _loaded(models)
    looker = clocked(models, loaded, networks)
    pixels = [decode(content) for content in contents]
    for role, method in _METHODS.items():
        if role in loaded:
            name = f"{role}: {models.parts[role].name}"
            for batch in batches:
                taken = list(islice(cycle(pixels), batch))
                answer = getattr(loaded[role], method)
                measuring(name, batch)
                yield Measured(name, batch, a_second(partial(answer, taken), batch, seconds), "images a second")
    yield from _embedding(models, loaded, pixels, batches, seconds)
    yield from bench_pictures.decoding(contents, seconds)
    pictures = [Picture(own, own.shape[1], own.shape[0]) for own in pixels]
    for batch in batches:
        yield from _whole(looker, networks, list(islice(cycle(pictures), batch)), seconds)
    yield from _never_idle(looker, networks, contents, max(batches), seconds)


def clocked(models: ModelSet, loaded: dict[Role, Any], networks: Networks) -> Looker:
    """A looker with these models, whose networks tell how long they take."""
    for model in loaded.values():
        networks.clock(model)
    return Looker(models, loaded)


def _loaded(models: ModelSet) -> dict[Role, Any]:
    return {Role(role): loading.load(models, role) for role in models.parts}


def _embedding(
    models: ModelSet, loaded: dict[Role, Any], pixels: Sequence[Pixels], batches: Sequence[int], seconds: float
) -> Iterator[Measured]:
    part = models.parts.get(Role.IMAGE_EMBEDDING)
    if part is None or part.runtime != "clip":  # others look at what was seen, and not at pictures
        return
    for batch in batches:
        taken = list(islice(cycle(pixels), batch))
        measuring(f"{Role.IMAGE_EMBEDDING}: {part.name}", batch)
        speed = a_second(partial(loaded[Role.IMAGE_EMBEDDING].embed, taken, ()), batch, seconds)
        yield Measured(f"{Role.IMAGE_EMBEDDING}: {part.name}", batch, speed, "images a second")


def overhead(looker: Looker, networks: Networks, pictures: Sequence[Picture], seconds: float) -> tuple[float, float]:
    """Seconds a photo of whole looks at these pictures at once, and those of the networks alone, by `Networks.now`."""
    looker.look(pictures)
    networks.own, looks, began, own = 0.0, 0, time.perf_counter(), networks.now()
    while not looks or time.perf_counter() - began < seconds:
        looker.look(pictures)
        looks += len(pictures)
    return (networks.now() - own) / looks, networks.own / looks


def _whole(looker: Looker, networks: Networks, pictures: Sequence[Picture], seconds: float) -> Iterator[Measured]:
    batch = len(pictures)
    measuring("a whole look", batch)
    yield Measured("a whole look", batch, a_second(lambda: looker.look(pictures), batch, seconds), "images a second")
    whole, bare = overhead(looker, networks, pictures, seconds)
    unit = "ms a photo" if networks.now is time.perf_counter else "ms of CPU a photo"
    yield Measured("a whole look", batch, 1000 * whole, unit)
    yield Measured("  of that the bare networks", batch, 1000 * bare, unit)
    if bare:
        yield Measured("  our overhead above them", batch, 100 * (whole / bare - 1), "%")


def _never_idle(
    looker: Looker, networks: Networks, contents: Sequence[bytes], batch: int, seconds: float
) -> Iterator[Measured]:
    """As the process of the models does it: the next batch is decoded while the models look at one."""
    cores = os.cpu_count() or 1
    measuring(f"decoding, {cores} threads, and looking", batch)
    networks.seconds, looks, began = 0.0, 0, time.perf_counter()
    source = cycle(contents)
    with ThreadPoolExecutor(cores) as pool:
        ahead = [pool.submit(decode, content) for content in islice(source, batch)]
        while looks < _BATCHES_IN_A_ROW * batch or time.perf_counter() - began < seconds:
            ready = [future.result() for future in ahead]
            ahead = [pool.submit(decode, content) for content in islice(source, batch)]
            looker.look([Picture(own, own.shape[1], own.shape[0]) for own in ready])
            looks += batch
        took = time.perf_counter() - began
    yield Measured(f"decoding, {cores} threads, and looking", batch, 60 * looks / took, "photos a minute")
    yield Measured("  the networks' device idles", batch, 100 * (1 - networks.seconds / took), "% of the time")
