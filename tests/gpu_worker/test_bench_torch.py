"""What `python -m gpu_worker bench` measures with torch alone."""

import pytest


def test_torch_models_answer_in_the_shapes_they_say() -> None:
    torch = pytest.importorskip("torch", reason="it needs torch: python -m infra test --torch")
    from gpu_worker import bench_torch

    assert bench_torch.Transformer(32, 128, 1, 64)(torch.rand(2, 3, 224, 224)).shape == (2, 64)
    assert bench_torch.Detector()(torch.rand(1, 3, 640, 640)).shape == (1, 84, 80**2 + 40**2 + 20**2)
    assert bench_torch.Faces().eval()(torch.rand(2, 3, 112, 112)).shape == (2, 512)
