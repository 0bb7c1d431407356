"""Model sets, and the models that search and worker both run: what turns texts and pictures into vectors."""

import os

# onnxruntime sends Microsoft what it runs on, unless this is said before it is imported.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
