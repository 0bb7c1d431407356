"""The generated protobuf classes are those of proto/timeline.proto."""

from pathlib import Path

from grpc_tools import protoc

ROOT = Path(__file__).parents[2]


def test_the_generated_classes_are_current(tmp_path: Path) -> None:
    arguments = ["protoc", f"-I{ROOT / 'proto'}", f"--python_out={tmp_path}", f"--pyi_out={tmp_path}"]
    assert protoc.main([*arguments, "timeline.proto"]) == 0
    for name in ("timeline_pb2.py", "timeline_pb2.pyi"):
        made, kept = (directory / name for directory in (tmp_path, ROOT / "functions" / "api"))
        assert kept.read_text("utf-8") == made.read_text("utf-8"), f"run the command in proto/timeline.proto: {name}"
