"""Run ONNX models."""

from pathlib import Path

import onnxruntime
from onnxruntime.capi import onnxruntime_pybind11_state as failures

from pinhole_models.roles import ModelError

_PROVIDERS = ("TensorrtExecutionProvider", "CUDAExecutionProvider", "CPUExecutionProvider")
_ONLY_ERRORS = 3


def load(path: Path, threads: int) -> onnxruntime.InferenceSession:
    """A model that runs on the best device which this onnxruntime knows, with so many threads on the CPU.

    Raises:
        ModelError: the file is missing, cut, or no model.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = _ONLY_ERRORS
    # Waiting threads would take the processor from uploads and pages; an arena would keep the memory of the largest
    # batch.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.enable_cpu_mem_arena = False
    available = onnxruntime.get_available_providers()
    providers = [provider for provider in _PROVIDERS if provider in available]
    try:
        return onnxruntime.InferenceSession(path, options, providers=providers)
    except (
        failures.Fail,
        failures.InvalidArgument,
        failures.InvalidGraph,
        failures.InvalidProtobuf,
        failures.NoSuchFile,
        failures.NotImplemented,
        failures.RuntimeException,
    ) as error:
        raise ModelError(f"{path} is no model that onnxruntime can run: {error}") from error
