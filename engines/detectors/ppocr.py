"""The two PP-OCRv6 networks, small: where text is (DB, arXiv:1911.08947) and what it says (CTC).

Their ONNX files lie in the wheel of ``rapidocr``; they are read from there without importing that package,
which would load configuration, set up logging and look for files on the network.
"""

from __future__ import annotations

import importlib.metadata
import math
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np
import onnx
from numpy.typing import NDArray

from engines.core.faults import EngineError, Fault
from engines.core.types import Alpha, Pixels
from engines.runtime.onnx import OnnxModel

INSTALL = "pip install --no-deps rapidocr==3.10.0"
SIDE = 32
"""The detector wants sides that are multiples of this."""

_DETECTOR = "PP-OCRv6_det_small.onnx"
_READER = "PP-OCRv6_rec_small.onnx"
_READER_HEIGHT = 48
_READER_MIN_WIDTH = 320
_READER_MAX_WIDTH = 2400
_STRIDE = 160
"""Widths are rounded up to this: where every batch is a little wider than the last, freed memory is never reused."""


def model_file(name: str) -> Path:
    """The path of an ONNX file inside the installed ``rapidocr``, or an ``EngineError`` that says how to get it."""
    try:
        path = Path(str(importlib.metadata.distribution("rapidocr").locate_file(f"rapidocr/models/{name}")))
    except importlib.metadata.PackageNotFoundError as error:
        raise _missing("The text detector's models are not installed.") from error
    if not path.is_file():
        raise _missing(f"The installed rapidocr does not carry {name}.")
    return path


def _missing(message: str) -> EngineError:
    return EngineError(Fault.WEIGHTS_MISSING, message, f"Run: {INSTALL}")


def _feed(picture: Pixels) -> NDArray[np.float32]:
    """RGB uint8 ``(h, w, 3)`` as BGR float32 ``(3, h, w)`` in -1..1, as both networks were trained."""
    planes = picture[:, :, ::-1].transpose(2, 0, 1).astype(np.float32)
    planes *= 1 / 127.5
    planes -= 1
    return planes


class Detector:
    """Where text is."""

    def __init__(self, device: str, tell: Callable[[str], None]) -> None:
        self._model = OnnxModel(model_file(_DETECTOR), device, tell)

    def probability(self, picture: Pixels) -> Alpha:
        """Per pixel of an ``(h, w, 3)`` uint8 RGB picture of any size: 0..255, the core of a text line."""
        h, w = picture.shape[:2]
        padded = cv2.copyMakeBorder(picture, 0, -h % SIDE, 0, -w % SIDE, cv2.BORDER_REPLICATE)
        (maps,) = self._model.run({"x": _feed(padded)[None]})
        probability: Alpha = np.rint(maps[0, 0, :h, :w] * 255).astype(np.uint8)
        return probability


class Reader:
    """What lines say."""

    def __init__(self, device: str, tell: Callable[[str], None]) -> None:
        path = model_file(_READER)
        self._model = OnnxModel(path, device, tell)
        self._letters = _alphabet(path)

    def read(self, strips: Sequence[Pixels]) -> list[tuple[str, float]]:
        """The words and the mean certainty (0..1) of upright single lines, ``(h, w, 3)`` uint8 RGB each.

        One call is one batch; strips of like proportions make it cheap. A strip more than fifty times as long
        as high is squeezed.
        """
        ready = [_strip(strip) for strip in strips]
        width = max(_READER_MIN_WIDTH, *(_STRIDE * math.ceil(strip.shape[1] / _STRIDE) for strip in ready))
        batch = np.zeros((len(ready), 3, _READER_HEIGHT, width), np.float32)
        for row, strip in zip(batch, ready, strict=True):
            row[:, :, : strip.shape[1]] = _feed(strip)
        (scores,) = self._model.run({"x": batch})
        return [self._decode(best, sure) for best, sure in zip(scores.argmax(2), scores.max(2), strict=True)]

    def _decode(self, best: NDArray[np.int64], sure: NDArray[np.float32]) -> tuple[str, float]:
        """Greedy CTC: repeated symbols merge, symbol 0 is the blank."""
        taken = best > 0
        taken[1:] &= best[1:] != best[:-1]
        text = "".join(self._letters[i] for i in best[taken]).strip()
        return text, float(sure[taken].mean()) if text else 0.0


def strip_width(h: float, w: float) -> int:
    """How wide a strip of ``h`` × ``w`` pixels is for the reader: what it costs."""
    return max(8, min(_READER_MAX_WIDTH, round(_READER_HEIGHT * w / max(h, 1))))


def _strip(strip: Pixels) -> Pixels:
    h, w = strip.shape[:2]
    shrinks = h > _READER_HEIGHT
    size = (strip_width(h, w), _READER_HEIGHT)
    resized: Pixels = cv2.resize(strip, size, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
    return resized


def _alphabet(path: Path) -> list[str]:
    """The reader's symbols: the blank, those listed in the file's metadata, and the space."""
    properties = onnx.load(path, load_external_data=False).metadata_props
    listed = next((entry.value for entry in properties if entry.key == "character"), "")
    if not listed:
        message = f"{path.name} does not carry its alphabet."
        raise EngineError(Fault.WEIGHTS_INVALID, message, f"Run: {INSTALL} --force-reinstall")
    return ["", *listed.split("\n"), " "]
