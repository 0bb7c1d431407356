"""What a GPU does with models of the usual sizes, in plain torch with random weights: nothing has to be fetched.

A vision transformer of CLIP's sizes (Radford et al., "Learning Transferable Visual Models from Natural Language
Supervision", 2021), a detector on a ResNet-50 (He et al., 2015) and a face network as ArcFace's r100 (Deng et al.,
2018). Half precision on CUDA, single on a CPU.
"""

# Without torch, which few have installed, its classes are Any; with it, some of its functions have no types.
# mypy: disable-error-code="call-overload, misc, no-any-return, no-untyped-call, unused-ignore"

import os
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import cycle, repeat
from typing import Any

import torch
from torch import Tensor, nn

from gpu_worker.bench import Measured, a_second, measuring

_BATCHES_IN_A_ROW, _BATCHES_BEFORE, _SIDE = 20, 3, 640


class _Block(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.before, self.after = nn.LayerNorm(width), nn.LayerNorm(width)
        self.mixed, self.projected = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.perceptron = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))
        self.heads = heads

    def forward(self, value: Tensor) -> Tensor:
        count, places, width = value.shape
        parts = self.mixed(self.before(value)).view(count, places, 3, self.heads, width // self.heads)
        query, key, content = parts.permute(2, 0, 3, 1, 4)
        seen = nn.functional.scaled_dot_product_attention(query, key, content)
        value = value + self.projected(seen.transpose(1, 2).reshape(count, places, width))
        return value + self.perceptron(self.after(value))


class Transformer(nn.Module):
    """The image half of a CLIP, for 224 pixels."""

    def __init__(self, patch: int, width: int, depth: int, dimension: int) -> None:
        super().__init__()
        self.patches = nn.Conv2d(3, width, patch, patch, bias=False)
        self.places = nn.Parameter(torch.randn(1, (224 // patch) ** 2, width) / 50)
        self.blocks = nn.Sequential(*(_Block(width, width // 64) for _ in range(depth)))
        self.projected = nn.Linear(width, dimension, bias=False)

    def forward(self, pictures: Tensor) -> Tensor:
        """(pictures, 3, 224, 224) to (pictures, dimension), of unit length."""
        value = self.blocks(self.patches(pictures).flatten(2).transpose(1, 2) + self.places)
        return nn.functional.normalize(self.projected(value.mean(1)), dim=1)


def _convolution(inputs: int, outputs: int, side: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, side, stride, side // 2, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()
    )


class _Residual(nn.Module):
    def __init__(self, body: nn.Module, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.body = body
        same = inputs == outputs and stride == 1
        self.beside = nn.Identity() if same else nn.Conv2d(inputs, outputs, 1, stride, bias=False)

    def forward(self, value: Tensor) -> Tensor:
        return torch.relu(self.body(value) + self.beside(value))


def _stage(inputs: int, outputs: int, depth: int, stride: int, *, narrow: bool) -> nn.Sequential:
    blocks = []
    for number in range(depth):
        first, step = (inputs if number == 0 else outputs), (stride if number == 0 else 1)
        inner = outputs // 4 if narrow else outputs
        body = (
            [_convolution(first, inner, 1), _convolution(inner, inner, 3, step), _convolution(inner, outputs, 1)]
            if narrow
            else [_convolution(first, inner, 3), _convolution(inner, outputs, 3, step)]
        )
        blocks.append(_Residual(nn.Sequential(*body), first, outputs, step))
    return nn.Sequential(*blocks)


class Detector(nn.Module):
    """A ResNet-50 with a pyramid of 256 channels and heads for 80 kinds, for 640 pixels."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(_convolution(3, 64, 7, 2), nn.MaxPool2d(3, 2, 1))
        sizes = ((64, 256, 3, 1), (256, 512, 4, 2), (512, 1024, 6, 2), (1024, 2048, 3, 2))
        self.stages = nn.ModuleList(_stage(*size, narrow=True) for size in sizes)
        self.across = nn.ModuleList(nn.Conv2d(outputs, 256, 1) for _, outputs, _, _ in sizes[1:])
        self.head = nn.Sequential(_convolution(256, 256, 3), _convolution(256, 256, 3), nn.Conv2d(256, 84, 3, 1, 1))

    def forward(self, pictures: Tensor) -> Tensor:
        """(pictures, 3, 640, 640) to (pictures, 84, cells)."""
        value, levels = self.stem(pictures), []
        for number, stage in enumerate(self.stages):
            value = stage(value)
            if number:
                levels.append(self.across[number - 1](value))
        for number in (1, 0):
            levels[number] = levels[number] + nn.functional.interpolate(levels[number + 1], scale_factor=2.0)
        return torch.cat([self.head(level).flatten(2) for level in levels], 2)


class Faces(nn.Module):
    """A hundred layers as ArcFace has them, for chips of 112 pixels."""

    def __init__(self) -> None:
        super().__init__()
        sizes = ((64, 64, 3, 2), (64, 128, 13, 2), (128, 256, 30, 2), (256, 512, 3, 2))
        self.body = nn.Sequential(_convolution(3, 64, 3), *(_stage(*size, narrow=False) for size in sizes))
        self.projected = nn.Linear(512 * 7 * 7, 512)

    def forward(self, chips: Tensor) -> Tensor:
        """(faces, 3, 112, 112) to (faces, 512), of unit length."""
        return nn.functional.normalize(self.projected(self.body(chips).flatten(1)), dim=1)


_MODELS: dict[str, tuple[Callable[[], nn.Module], int]] = {
    "CLIP ViT-B/32": (lambda: Transformer(32, 768, 12, 512), 224),
    "CLIP ViT-L/14": (lambda: Transformer(14, 1024, 24, 768), 224),
    "detector r50": (Detector, 640),
    "faces r100": (Faces, 112),
}


def measure(batches: Sequence[int], seconds: float) -> Iterator[Measured]:
    """Rows of each model and batch, run as it is and, on CUDA, as a graph; of all together for photos, and how long the
    device idles then."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    precision = torch.float16 if device.type == "cuda" else torch.float32
    name = torch.cuda.get_device_name() if device.type == "cuda" else "CPU"
    with torch.inference_mode():
        for what, (_, side) in _MODELS.items():
            model = _made(what, device, precision)
            for batch in batches:
                measuring(f"{what}, {name}", batch)
                pictures = _random(batch, side, device, precision)
                speed = a_second(_waited(lambda m=model, p=pictures: m(p), device), batch, seconds)
                yield Measured(f"{what}, {name}", batch, speed, "images a second")
                if device.type == "cuda":
                    replay = _captured(lambda m=model, p=pictures: m(p))
                    yield Measured(
                        f"{what}, {name}, graph", batch, a_second(_waited(replay, device), batch, seconds),
                        "images a second",
                    )  # fmt: skip
            del model
        yield from _never_idle(device, precision, max(batches), name)
    yield from _decoding(seconds)


def _made(what: str, device: torch.device, precision: torch.dtype) -> nn.Module:
    """The model with channels last: on CUDA, half precision is then quicker by a quarter to a half."""
    return _MODELS[what][0]().to(device, precision).to(memory_format=torch.channels_last).eval()


def _random(count: int, side: int, device: torch.device, precision: torch.dtype) -> Tensor:
    """(count, 3, side, side), channels last."""
    return torch.rand(count, side, side, 3, device=device, dtype=precision).permute(0, 3, 1, 2)


def _waited(work: Callable[[], object], device: torch.device) -> Callable[[], None]:
    def waited() -> None:
        work()
        if device.type == "cuda":
            torch.cuda.synchronize()

    return waited


def _captured(work: Callable[[], object]) -> Callable[[], None]:
    """The kernels of some work on CUDA, started as one."""
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(3):
            work()
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        work()
    return graph.replay


def _never_idle(device: torch.device, precision: torch.dtype, batch: int, name: str) -> Iterator[Measured]:
    """CLIP, detector and two faces for each photo: from pixels that lie there, and where OpenCV is, out of the pool
    that decodes WebPs. Results are fetched one batch late, so that the device always has something to do."""
    clip, detector, faces = (_made(what, device, precision) for what in ("CLIP ViT-B/32", "detector r50", "faces r100"))
    chips = _random(2 * batch, 112, device, precision)

    def look(pixels: Tensor) -> tuple[Tensor, ...]:
        pictures = pixels.permute(0, 3, 1, 2).to(precision) / 255
        small = nn.functional.interpolate(pictures, size=(224, 224), mode="bilinear")
        return clip(small), detector(pictures), faces(chips)

    there = torch.randint(0, 255, (batch, _SIDE, _SIDE, 3), dtype=torch.uint8)
    if device.type == "cuda":
        there = there.pin_memory()
    on_device = there.to(device)
    work = (lambda: look(on_device)) if device.type == "cpu" else _captured(lambda: look(on_device))
    busy = batch / a_second(_waited(work, device), batch, 1)  # seconds of a batch, without a gap between kernels
    count = _BATCHES_BEFORE + _BATCHES_IN_A_ROW
    for what, batches in (("from memory", repeat(there, count)), *_decoded(batch, count, device)):
        measuring(f"ViT-B/32, detector, two faces, {what}, {name}", batch)
        begin, begun, ends = _beginning(look, device), deque[Callable[[], None]](), list[float]()
        for pixels in batches:
            begun.append(begin(pixels))
            if len(begun) > 1:
                begun.popleft()()
                ends.append(time.perf_counter())
        begun.popleft()()
        took = time.perf_counter() - ends[_BATCHES_BEFORE - 1]
        speed = batch * _BATCHES_IN_A_ROW / took
        yield Measured(f"ViT-B/32, detector, two faces, {what}, {name}", batch, speed, "photos a second")
        idle = max(0.0, 1 - busy * _BATCHES_IN_A_ROW / took)
        yield Measured("  the device idles", batch, 100 * idle, "% of the time")


def _beginning(
    look: Callable[[Tensor], tuple[Tensor, ...]], device: torch.device
) -> Callable[[Tensor], Callable[[], None]]:
    """What begins to look at a batch, and answers what waits until the results are fetched.

    On CUDA copies have streams of their own, so that they wait for no kernels of other batches, nor these for them.
    """
    if device.type == "cpu":

        def at_once(pixels: Tensor) -> Callable[[], None]:
            look(pixels)
            return lambda: None

        return at_once
    to_device, kernels, from_device = torch.cuda.Stream(), torch.cuda.current_stream(), torch.cuda.Stream()

    def begin(pixels: Tensor) -> Callable[[], None]:
        with torch.cuda.stream(to_device):
            copied = pixels.to(device, non_blocking=True)
        kernels.wait_stream(to_device)
        copied.record_stream(kernels)
        answers = look(copied)
        from_device.wait_stream(kernels)
        with torch.cuda.stream(from_device):
            for answer in answers:
                answer.to("cpu", non_blocking=True)
                answer.record_stream(from_device)
            fetched = torch.cuda.Event()
            fetched.record()
        return fetched.synchronize

    return begin


def _decoded(batch: int, count: int, device: torch.device) -> Iterator[tuple[str, Iterator[Tensor]]]:
    """So many batches of decoded WebPs, two ahead; none where OpenCV is not. Each is overwritten by the fourth after
    it: threads write into memory that CUDA copies from, since to gather it first takes longer than to decode."""
    try:
        from gpu_worker import bench_pictures
        from gpu_worker.decoding import decode
        from gpu_worker.models.pixels import scaled
    except ImportError:
        return
    cores = os.cpu_count() or 1
    contents = cycle(bench_pictures.contents(None))
    pool = ThreadPoolExecutor(cores)
    size = (batch, _SIDE, _SIDE, 3)
    memory = cycle([torch.empty(size, dtype=torch.uint8, pin_memory=device.type == "cuda") for _ in range(4)])

    def fill(place: Any, content: bytes) -> None:
        place[:] = scaled(decode(content), _SIDE, _SIDE)

    def begun() -> tuple[Tensor, list[Future[None]]]:
        pixels = next(memory)
        return pixels, [pool.submit(fill, place, next(contents)) for place in pixels.numpy()]

    def batches() -> Iterator[Tensor]:
        ahead = deque(begun() for _ in range(2))
        for _ in range(count):
            pixels, filled = ahead.popleft()
            for future in filled:
                future.result()
            ahead.append(begun())
            yield pixels
        pool.shutdown(cancel_futures=True)

    yield f"from WebP by {cores} threads", batches()


def _decoding(seconds: float) -> Iterator[Measured]:
    """Only where OpenCV is."""
    try:
        from gpu_worker import bench_pictures
    except ImportError:
        return
    yield from bench_pictures.decoding(bench_pictures.contents(None), seconds)
