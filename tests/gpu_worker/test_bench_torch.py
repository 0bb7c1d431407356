"""What `python -m gpu_worker bench` measures with torch alone."""

from itertools import cycle

import numpy as np
import pytest


def test_torch_models_answer_in_the_shapes_they_say() -> None:
    torch = pytest.importorskip("torch", reason="it needs torch: python -m infra test --torch")
    from gpu_worker import bench_torch

    assert bench_torch.Transformer(32, 128, 1, 64)(torch.rand(2, 3, 224, 224)).shape == (2, 64)
    assert bench_torch.Detector()(torch.rand(1, 3, 640, 640)).shape == (1, 84, 80**2 + 40**2 + 20**2)
    assert bench_torch.Faces().eval()(torch.rand(2, 3, 112, 112)).shape == (2, 512)


def test_all_together_are_fed_from_memory_and_from_webps(monkeypatch: pytest.MonkeyPatch) -> None:
    torch = pytest.importorskip("torch", reason="it needs torch: python -m infra test --torch")
    from gpu_worker import bench_torch

    small = {what: (lambda: torch.nn.Conv2d(3, 2, 7, 16), side) for what, (_, side) in bench_torch._MODELS.items()}
    monkeypatch.setattr(bench_torch, "_MODELS", small)
    monkeypatch.setattr(bench_torch, "_BATCHES_IN_A_ROW", 2)

    speeds = [row for row in bench_torch.measure([2], 0) if row.unit == "photos a second"]

    assert [source in row.what for row, source in zip(speeds, ("from memory", "from WebP"), strict=True)] == [True] * 2
    assert all(row.value > 0 for row in speeds)


def test_batches_of_decoded_pictures_come_whole_and_in_their_order() -> None:
    torch = pytest.importorskip("torch", reason="it needs torch: python -m infra test --torch")
    from gpu_worker import bench_pictures, bench_torch
    from gpu_worker.decoding import decode
    from gpu_worker.models.pixels import scaled

    [(_, batches)] = bench_torch._decoded(3, 6, torch.device("cpu"))

    pictures = cycle([scaled(decode(content), 640, 640) for content in bench_pictures.contents(None)])
    places = []
    for pixels in batches:
        places.append(pixels.data_ptr())
        assert np.array_equal(pixels.numpy(), np.stack([next(pictures) for _ in range(3)]))
    # One is looked at, one is copied, and two are decoded into.
    assert len(set(places[:4])) == 4
    assert places[4:] == places[:2]
