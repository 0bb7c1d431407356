"""Load the model of a role as its set says."""

from typing import Any, cast

from gpu_worker.models import sentence_transformers_runtime
from gpu_worker.models.clip import ClipImages, ClipTexts
from gpu_worker.models.colours import MeasuredColours
from gpu_worker.models.conse import Conse
from gpu_worker.models.efficientnet import EfficientNet
from gpu_worker.models.faces import MtcnnWithDlib
from gpu_worker.models.model_set import TEXT_EMBEDDING, ModelSet
from gpu_worker.models.mtcnn import Mtcnn
from gpu_worker.models.nanodet import NanoDet
from gpu_worker.models.paddle_ocr import PaddleOcr
from gpu_worker.models.quality import Measured
from gpu_worker.models.roles import ModelError, TextEmbedder
from gpu_worker.models.tesseract import Tesseract
from gpu_worker.models.text_encoder import SentenceEncoder


def load(models: ModelSet, role: str) -> Any:
    """The model of a role: what `gpu_worker.models.roles` says of that.

    Raises:
        ModelError: a file is missing or broken, or no runtime has the name that the set gives.
    """
    part, threads = models.parts[role], models.threads
    files = models.checked(role)
    try:
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
            case "sentence_encoder":
                return SentenceEncoder(files["weights"], files["pieces"])
            case "clip" if part.dimension and role == TEXT_EMBEDDING:
                return ClipTexts(files["model"], files["tokenizer"], part.dimension, threads)
            case "clip" if part.dimension:
                return ClipImages(files["model"], files["preprocessing"], part.dimension, threads)
            case "sentence_transformers" if part.dimension and role == TEXT_EMBEDDING:
                return sentence_transformers_runtime.Texts(files["modules"], part.dimension, threads)
            case "sentence_transformers" if part.dimension:
                return sentence_transformers_runtime.Images(files["modules"], part.dimension, threads)
            case "colours":
                return MeasuredColours()
            case "quality":
                return Measured()
    except ModelError as error:
        raise ModelError(f"{role} can't be loaded: {error}") from error
    except KeyError as error:
        raise ModelError(f"{role} of set {models.name} does not name its {error}") from error
    raise ModelError(f"{role} of set {models.name} wants a runtime {part.runtime}, which there is not")


def load_text_embedder(models: ModelSet) -> TextEmbedder:
    """What turns a query into a vector beside those of pictures. Raises ModelError, as `load` does."""
    if TEXT_EMBEDDING not in models.parts:
        raise ModelError(f"Set {models.name} has no text_embedding")
    return cast(TextEmbedder, load(models, TEXT_EMBEDDING))
