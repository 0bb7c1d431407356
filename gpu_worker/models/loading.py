"""Load the model of a role as its set says."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gpu_worker.models import sentence_transformers_runtime
from gpu_worker.models.colours import MeasuredColours
from gpu_worker.models.conse import Conse
from gpu_worker.models.efficientnet import EfficientNet
from gpu_worker.models.faces import MtcnnWithDlib
from gpu_worker.models.mtcnn import Mtcnn
from gpu_worker.models.nanodet import NanoDet
from gpu_worker.models.paddle_ocr import PaddleOcr
from gpu_worker.models.quality import Measured
from gpu_worker.models.tesseract import Tesseract
from pinhole_models import loading
from pinhole_models.model_set import TEXT_EMBEDDING, ModelSet, Part
from pinhole_models.text_encoder import SentenceEncoder


def load(models: ModelSet, role: str) -> Any:
    """The model of a role: what `pinhole_models.roles` says of that.

    Raises:
        ModelError: a file is missing or broken, or no runtime has the name that the set gives.
    """
    return loading.load(models, role, _model)


def _model(role: str, part: Part, files: Mapping[str, Path], threads: int) -> Any:
    match part.runtime:
        case "efficientnet":
            return EfficientNet(files["model"], threads)
        case "nanodet":
            return NanoDet(files["model"], threads)
        case "mtcnn+dlib":
            finder = Mtcnn(files["proposing"], files["refining"], files["deciding"], threads)
            return MtcnnWithDlib(finder, files["vectors"])
        case "paddle_ocr":
            return PaddleOcr(files["finding"], files["turning"], files["reading"], threads)
        case "tesseract":
            return Tesseract(part.options["languages"], threads)
        case "conse":
            return Conse(SentenceEncoder(files["weights"], files["pieces"]))
        case "sentence_transformers" if part.dimension and role == TEXT_EMBEDDING:
            return sentence_transformers_runtime.Texts(files["modules"], part.dimension, threads)
        case "sentence_transformers" if part.dimension:
            return sentence_transformers_runtime.Images(files["modules"], part.dimension, threads)
        case "colours":
            return MeasuredColours()
        case "quality":
            return Measured()
    return loading.embedder(role, part, files, threads)
