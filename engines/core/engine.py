"""Roles that an engine can play, and the card that describes it without importing it."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TypeAlias

import numpy as np

from engines.core.context import Context
from engines.core.faults import EngineError, Fault
from engines.core.types import Alpha, Box, FloatImage, Mask, Pixels

OptionValue: TypeAlias = bool | int | float | str
CHECKPOINT = "checkpoint"
"""An option of this name says which of the card's weights are used: the name of some, or auto."""

Options: TypeAlias = Mapping[str, OptionValue]


class Task(Enum):
    """What a person wants done; an engine's card names the one it is best at."""

    TEXT = "text"
    OBJECT = "object"
    VIDEO = "video"
    FIND_TEXT = "find-text"
    TRACK = "track"
    SELECT = "select"


class Role(Enum):
    """Which abstract class of this module an engine implements."""

    IMAGE_ERASER = "image-eraser"
    TEXT_DETECTOR = "text-detector"
    VIDEO_ERASER = "video-eraser"
    TRACKER = "tracker"
    SEGMENTER = "segmenter"


class Backend(Enum):
    """What runs the network."""

    TORCH = "torch"
    ONNX = "onnx"


@dataclass(frozen=True, slots=True)
class Weight:
    """One file of weights. ``sha256`` and ``size`` (bytes) are empty and 0 where nobody has published them.

    What is not ``commercial`` is never bundled, and is used only after the person has agreed to its licence.
    It can be had from ``url``, as ``npm`` (``package@version:path``) out of a package of Node's registry, or from
    the Hugging Face ``hub`` (``owner/name``). ``folder``: it is a model of one's own choice: one file, or a folder.
    """

    file: str
    source: str
    licence: str
    commercial: bool = True
    url: str = ""
    sha256: str = ""
    size: int = 0
    bundled: bool = False
    npm: str = ""
    hub: str = ""
    folder: bool = False

    @property
    def downloadable(self) -> bool:
        return bool(self.url or self.npm or self.hub)

    @property
    def is_onnx(self) -> bool:
        """Whether the file is itself an ONNX model: it runs as it is, and nothing has to be exported."""
        return self.file.endswith(".onnx")


@dataclass(frozen=True, slots=True)
class Option:
    """One setting of an engine, as the CLI and the editor show it. The type is that of ``default``.

    ``object_default``: another default where an object is to go, not text.
    """

    name: str
    label: str
    help: str
    default: OptionValue
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()
    object_default: OptionValue | None = None

    def default_for(self, task: Task) -> OptionValue:
        if task is Task.OBJECT and self.object_default is not None:
            return self.object_default
        return self.default

    def check(self, value: OptionValue) -> OptionValue:
        """``value`` as this option's type, or an ``EngineError`` that names what is allowed."""
        allowed_int_as_float = isinstance(self.default, float) and isinstance(value, int)
        if type(value) is not type(self.default) and not (allowed_int_as_float and not isinstance(value, bool)):
            raise self._refusal(value)
        if self.choices and value not in self.choices:
            raise self._refusal(value)
        if isinstance(value, int | float) and not isinstance(value, bool):
            below = self.minimum is not None and value < self.minimum
            above = self.maximum is not None and value > self.maximum
            if below or above or math.isnan(value):  # a NaN passes every comparison
                raise self._refusal(value)
        return float(value) if allowed_int_as_float else value

    def parse(self, text: str) -> OptionValue:
        """The value that ``text`` (from a command line) stands for."""
        try:
            if isinstance(self.default, bool):
                return {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}[text.lower()]
            return self.check(type(self.default)(text))
        except (KeyError, ValueError) as error:
            raise self._refusal(text) from error

    def _refusal(self, value: OptionValue) -> EngineError:
        if self.choices:
            allowed = "one of " + ", ".join(self.choices)
        elif self.minimum is not None and self.maximum is not None:
            allowed = f"from {self.minimum:g} to {self.maximum:g}"
        else:
            allowed = {bool: "true or false", str: "a text"}.get(type(self.default), "a number")
        return EngineError(Fault.BAD_INPUT, f"Option {self.name} cannot be {value!r}.", f"It must be {allowed}.")


@dataclass(frozen=True, slots=True)
class Card:
    """One ``models/<id>.toml``: all that may be said of an engine without importing it.

    ``multiple_of``: sides given to the engine are padded to it. ``min_side``, ``best_side``, ``max_side``:
    the crop sizes it likes, in pixels; longer crops are tiled. ``context``: pixels of surroundings that a
    crop takes on every side of the hole; ``context_share``: or this share of the hole's side, where that is more.
    ``whole``: it scales crops of any size by itself, which are never tiled. ``packages``: what it needs of the
    optional packages. ``weights_of``: the engine whose weights it uses, where they are not its own.
    ``weights_together``: it needs all of its weights at once; else any one of them will do. ``window``: how many
    frames a video eraser is given at once; 0 for other roles. ``overlap``: how many of them neighbouring windows
    share.
    """

    id: str
    name: str
    role: Role
    task: Task
    summary: str
    entry: str
    licence: str
    commercial: bool
    source: str
    weights: tuple[Weight, ...] = ()
    devices: tuple[str, ...] = ("cpu",)
    backends: tuple[Backend, ...] = ()
    multiple_of: int = 1
    min_side: int = 1
    best_side: int = 512
    max_side: int = 1024
    context: int = 32
    window: int = 0
    overlap: int = 0
    context_share: float = 0.0
    whole: bool = False
    packages: tuple[str, ...] = ()
    weights_of: str = ""
    weights_together: bool = False
    options: tuple[Option, ...] = ()

    def resolve(self, given: Options, task: Task = Task.TEXT) -> dict[str, OptionValue]:
        """Every option's value: the given ones checked, the others at their defaults for ``task``."""
        known = {option.name: option for option in self.options}
        for name in given:
            if name not in known:
                names = ", ".join(known) or "none"
                raise EngineError(Fault.BAD_INPUT, f"Engine {self.id} has no option {name!r}.", f"It has: {names}.")
        return {name: option.check(given.get(name, option.default_for(task))) for name, option in known.items()}

    def backend(self, wanted: Backend | None) -> Backend:
        """What runs the network where ``wanted`` is asked for (None: whatever the engine likes best).

        An engine without a network runs through anything. Raises ``EngineError`` where it cannot be.
        """
        liked = self.backends or tuple(Backend)
        if wanted is not None and wanted not in liked:
            names = ", ".join(member.value for member in liked)
            raise EngineError(
                Fault.NO_BACKEND, f"{self.name} does not run through {wanted.value}.", f"It runs: {names}."
            )
        return wanted or liked[0]


@dataclass(frozen=True, slots=True)
class Setup:
    """What an engine is built from. ``weights``: verified files, by the name in the card.

    ``device`` is a torch device string that exists (``cpu``, ``cuda:0``, ``mps``). ``onnx``: the exported
    model where ``backend`` is ONNX, else None.
    """

    card: Card
    weights: Mapping[str, Path]
    device: str = "cpu"
    backend: Backend = Backend.TORCH
    onnx: Path | None = None


class Engine(ABC):
    """Constructing loads; ``close`` frees. Not thread-safe."""

    @abstractmethod
    def __init__(self, setup: Setup) -> None:
        """Load what ``setup`` names, or raise an ``EngineError``."""

    @classmethod
    def recognise(cls, path: Path) -> str:
        """Which of the card's weights the model in ``path`` is, for cards that name several kinds of models.

        Raises ``EngineError(WEIGHTS_INVALID)`` where it is none.
        """
        del path
        return ""

    @classmethod
    def check(cls, setup: Setup) -> None:
        """Raise ``EngineError`` where the weights of ``setup`` do not fit.

        They may be some of those that an engine needs together: such engines look at each file by itself.
        """
        cls(setup).close()

    def close(self) -> None:  # noqa: B027 - most engines hold nothing that needs freeing by hand
        """Free memory; the engine is not used afterwards."""


class ImageEraser(Engine):
    """Fills the hole of a crop."""

    @abstractmethod
    def erase(self, image: FloatImage, alpha: Alpha, options: Options, ctx: Context) -> FloatImage:
        """The crop with its hole filled.

        ``image``: ``(h, w, 3)`` in 0..1, sides at least ``min_side`` and multiples of ``multiple_of``.
        ``alpha``: ``(h, w)`` uint8, more than 0 = erase. ``options``: every option of the card, resolved.
        Returns the same shape and range; what it does outside the hole is thrown away by the pipeline.
        """

    def erase_avoiding(
        self, image: FloatImage, alpha: Alpha, avoid: Alpha, options: Options, ctx: Context
    ) -> FloatImage:
        """As ``erase``, where nothing may be copied from what ``avoid`` (as ``alpha``) covers.

        Unless an engine knows better, it is shown as part of the hole: what is not seen cannot be copied.
        """
        return self.erase(image, np.maximum(alpha, avoid), options, ctx)

    def for_tiles(self, image: FloatImage, alpha: Alpha, options: Options, ctx: Context) -> ImageEraser:
        """An eraser for the tiles of ``image``, which is too large to be erased at once.

        Engines whose result depends on statistics of what they are shown take them here, once, and return
        an eraser that replays them, so that no seam shows. Others return themselves.
        """
        del image, alpha, options, ctx
        return self


@dataclass(frozen=True, slots=True, eq=False)
class TextLine:
    """One line of text: its outline, what it says, and how sure the detector is (0..1).

    ``polygon``: ``(n, 2)`` float32, pixels, clockwise from the text's top left.
    """

    polygon: np.ndarray[tuple[int, ...], np.dtype[np.float32]]
    text: str
    confidence: float


@dataclass(frozen=True, slots=True, eq=False)
class FoundText:
    """All lines of a picture, and ``coverage``: ``(h, w)`` uint8, 255 where the detector sees glyphs."""

    lines: Sequence[TextLine]
    coverage: Alpha


class TextDetector(Engine):
    """Finds text lines."""

    @abstractmethod
    def detect(self, image: Pixels, options: Options, ctx: Context) -> FoundText:
        """The text lines of an ``(h, w, 3)`` uint8 RGB picture of any size, in reading order."""


Fill: TypeAlias = Callable[[FloatImage, Alpha, Context], FloatImage]
"""An image eraser as a video eraser sees it: crop, ``(h, w)`` alpha > 0 = erase, context -> the crop, filled."""


class VideoEraser(Engine):
    """Fills a hole through time, one window of frames after the other."""

    @abstractmethod
    def erase(
        self, frames: Sequence[FloatImage], alphas: Sequence[Alpha], options: Options, fill: Fill, ctx: Context
    ) -> Sequence[FloatImage]:
        """The frames of one window with their holes filled, in order.

        ``frames``: ``(h, w, 3)`` in 0..1, all of one size, consecutive, without a scene cut; ``alphas``: ``(h, w)``
        uint8, more than 0 = erase; where one is empty its frame is clean and serves as a source. The pictures may
        be made when they are asked for, so nobody should ask twice. ``fill`` paints what no frame shows: an image
        engine, handed in so that no engine imports another. Results have the frames' shape and range; what is
        outside of the holes is thrown away by the pipeline.
        """


@dataclass(frozen=True, slots=True, eq=False)
class Tracked:
    """The mask of one frame as a tracker sees it, and how sure of it it is (0..1)."""

    mask: Mask
    confidence: float


class Tracker(Engine):
    """Follows a mask from frame to frame."""

    @abstractmethod
    def track(self, frames: Iterable[Pixels], start: Mask, options: Options, ctx: Context) -> Iterator[Tracked]:
        """The mask in each of ``frames`` after the first, in order; ``start`` is the mask in the first.

        ``frames``: ``(h, w, 3)`` uint8 RGB, all of one size; pulled one at a time. It ends early where it is no
        longer sure: the last value given out is the last that can be trusted. To track backwards, give the frames
        in reverse.
        """


@dataclass(frozen=True, slots=True)
class Hint:
    """One point of a picture, (x, y) in pixels with centres at .5, that is on the wanted thing, or is not."""

    x: float
    y: float
    on: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class Embedding:
    """What a segmenter knows of a picture of ``size`` = (height, width).

    ``content`` belongs to the engine that made it; ``cost``: bytes that it holds.
    """

    size: tuple[int, int]
    cost: int
    content: object


@dataclass(frozen=True, slots=True, eq=False)
class Selection:
    """How surely each pixel belongs to the wanted thing: ``likelihood`` is ``(h, w)`` uint8, 128 and more = it does.

    ``confidence``: how well the engine believes to have met it, 0..1.
    """

    likelihood: Alpha
    confidence: float


class Segmenter(Engine):
    """Finds the rim of a thing that was pointed at."""

    @abstractmethod
    def embed(self, image: Pixels, ctx: Context) -> Embedding:
        """Look at an ``(h, w, 3)`` uint8 RGB picture of any size: slow, once for each picture."""

    @abstractmethod
    def select(self, embedding: Embedding, points: Sequence[Hint], box: Box | None) -> Selection:
        """The thing that ``points`` lie on and ``box`` (pixels) surrounds: quick, for each click.

        At least one of the two is there: a box, or a point that is on the thing.
        """
