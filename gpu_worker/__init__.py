"""The worker: models look at every photo that its queues ask for."""

import os

# onnxruntime sends Microsoft what it runs on, unless this is said before it is imported.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
