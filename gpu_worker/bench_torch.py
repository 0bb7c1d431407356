"""What a GPU does with models of the usual sizes, in plain torch with random weights: nothing has to be fetched.

A vision transformer of CLIP's sizes (Radford et al., "Learning Transferable Visual Models from Natural Language
Supervision", 2021), a detector on a ResNet-50 (He et al., 2015) and a face network as ArcFace's r100 (Deng et al.,
2018). Half precision on CUDA, single on a CPU.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from gpu_worker.bench import Measured, a_second

_BATCHES_IN_A_ROW = 20


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
    """Rows of each model and batch, run as it is and, on CUDA, as a graph; of copies to the device; of its idle time
    where decoded pictures come to it one batch ahead."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    precision = torch.float16 if device.type == "cuda" else torch.float32
    name = torch.cuda.get_device_name() if device.type == "cuda" else "CPU"
    with torch.inference_mode():
        for what, (make, side) in _MODELS.items():
            model = make().to(device, precision).eval()
            for batch in batches:
                pictures = torch.rand(batch, 3, side, side, device=device, dtype=precision)
                speed = a_second(_waited(lambda m=model, p=pictures: m(p), device), batch, seconds)
                yield Measured(f"{what}, {name}", batch, speed, "images a second")
                if device.type == "cuda":
                    replay = _graph(model, pictures)
                    yield Measured(
                        f"{what}, {name}, graph", batch, a_second(_waited(replay, device), batch, seconds),
                        "images a second",
                    )  # fmt: skip
            del model
        yield from _idle(device, precision, max(batches), name)
    yield from _decoding(seconds)


def _waited(work: Callable[[], object], device: torch.device) -> Callable[[], None]:
    def waited() -> None:
        work()
        if device.type == "cuda":
            torch.cuda.synchronize()

    return waited


def _graph(model: nn.Module, pictures: Tensor) -> Callable[[], None]:
    """The model's kernels for these pictures, started as one."""
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(3):
            model(pictures)
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        model(pictures)
    return graph.replay


def _idle(device: torch.device, precision: torch.dtype, batch: int, name: str) -> Iterator[Measured]:
    """CLIP, detector and two faces for each photo, from pixels that lie decoded in pinned memory."""
    clip, detector, faces = (
        _MODELS[what][0]().to(device, precision).eval() for what in ("CLIP ViT-B/32", "detector r50", "faces r100")
    )
    pixels = torch.randint(0, 255, (batch, 3, 640, 640), dtype=torch.uint8)
    if device.type == "cuda":
        pixels = pixels.pin_memory()
    chips = torch.rand(2 * batch, 3, 112, 112, device=device, dtype=precision)
    busy: list[tuple[Any, Any]] = []

    def look() -> None:
        if device.type == "cuda":
            busy.append((torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)))
            busy[-1][0].record()
        pictures = pixels.to(device, non_blocking=True).to(precision) / 255
        small = nn.functional.interpolate(pictures, size=(224, 224), mode="bilinear")
        answers = clip(small), detector(pictures), faces(chips)
        if device.type == "cuda":
            busy[-1][1].record()
        for answer in answers:
            answer.cpu()

    look()
    busy.clear()
    began = time.perf_counter()
    for _ in range(_BATCHES_IN_A_ROW if device.type == "cuda" else 1):
        look()
    took = time.perf_counter() - began
    looks = batch * (_BATCHES_IN_A_ROW if device.type == "cuda" else 1)
    yield Measured(f"ViT-B/32, detector, two faces, {name}", batch, looks / took, "photos a second")
    if device.type == "cuda":
        on_device = sum(begin.elapsed_time(end) for begin, end in busy) / 1000
        yield Measured("  the device idles", batch, 100 * (1 - on_device / took), "% of the time")


def _decoding(seconds: float) -> Iterator[Measured]:
    """Only where OpenCV is."""
    try:
        from gpu_worker import bench_pictures
    except ImportError:
        return
    yield from bench_pictures.decoding(bench_pictures.contents(None), seconds)
