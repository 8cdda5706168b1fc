"""Answers requests: loads engines when they are first needed, keeps them within a budget, runs the pipeline."""

from __future__ import annotations

import importlib
from collections import OrderedDict
from dataclasses import dataclass, replace
from pathlib import Path
from typing import assert_never

from engines.catalog import Catalog, load_catalog
from engines.core.context import Context
from engines.core.engine import (
    CHECKPOINT,
    Backend,
    Card,
    Embedding,
    Engine,
    Fill,
    ImageEraser,
    Options,
    Role,
    Segmenter,
    Setup,
    Task,
    TextDetector,
    Tracker,
    VideoEraser,
)
from engines.core.faults import EngineError, Fault
from engines.core.measure import Stopwatch, peak_memory
from engines.core.types import Alpha, Box, FloatImage, Mask, Patch
from engines.embeddings import EmbeddingCache
from engines.loading import load_engine
from engines.model_files import size_of
from engines.pipeline import region, windows
from engines.pipeline.hole_shape import hole_shape
from engines.pipeline.job import Job
from engines.pipeline.windows import FilmJob
from engines.planner import AUTO, PLAIN_PAINTER, Need, best_painter, choose, ready_erasers
from engines.requests import (
    Detected,
    DetectText,
    Erased,
    ErasedFrames,
    EraseFrames,
    EraseImage,
    FilmEngine,
    MaskTracked,
    Request,
    Result,
    Segment,
    Segmented,
    TrackMask,
)
from engines.store import Store

DEFAULT_BUDGET = 2 << 30
"""Bytes that idle engines may hold together; estimated from the size of their weights."""

_WORKING_SPACE = 4
"""An engine holds about this many times its weights' size: the weights, repacked copies, buffers."""


@dataclass(frozen=True, slots=True)
class _Key:
    engine: str
    device: str
    backend: Backend
    weights: str = ""


class Session:
    """One per process: the CLI, a cluster worker and the engine process each own one. Not thread-safe."""

    def __init__(self, catalog: Catalog, store: Store, budget: int = DEFAULT_BUDGET) -> None:
        self.catalog = catalog
        self.store = store
        self._budget = budget
        self._loaded: OrderedDict[_Key, tuple[Engine, int]] = OrderedDict()
        self._embeddings = EmbeddingCache()

    def run(self, request: Request, ctx: Context) -> Result:
        """The result of ``request``; raises ``EngineError`` or ``Cancelled``."""
        match request:
            case EraseImage():
                return self._erase(request, ctx)
            case DetectText():
                return self._detect(request, ctx)
            case EraseFrames():
                return self._erase_frames(request, ctx)
            case TrackMask():
                return self._track(request, ctx)
            case Segment():
                return self._segment(request, ctx)
            case _:
                assert_never(request)

    def warm(self) -> None:
        """Load what is slow to load, before the first request needs it."""
        importlib.import_module("torch")

    def close(self) -> None:
        """Free all engines."""
        while self._loaded:
            self._drop()

    def _erase(self, request: EraseImage, ctx: Context) -> Erased:
        card = self._chosen(request, ctx)
        device, backend = resolve_device(card, request.device, request.backend), card.backend(request.backend)
        key = _Key(card.id, device, backend, _weights_named(card, request))
        try:
            return self._erase_on(request, key, ctx)
        except EngineError as error:
            if error.fault is not Fault.OUT_OF_MEMORY or device == "cpu" or not request.allow_cpu:
                raise
            ctx.tell(f"{device} ran out of memory even with the smallest tiles; the CPU did the work instead.")
        self._forget(card.id)
        return self._erase_on(request, replace(key, device="cpu"), ctx)

    def _chosen(self, request: EraseImage, ctx: Context) -> Card:
        """The card that the request names, or for ``auto`` the one that suits its mask best."""
        if request.engine != AUTO:
            return self.catalog.card(request.engine, Role.IMAGE_ERASER)
        size = (request.image.shape[0], request.image.shape[1])
        insisted = request.device != "auto"
        kind = request.device.partition(":")[0] if insisted else self._best_device()
        thing = request.task is Task.OBJECT and not request.mask.empty
        shape = hole_shape(request.image, request.mask) if thing else None
        need = Need(request.mask, size, kind, insisted, request.backend, request.task, shape)
        choice = choose(self.catalog, self.store, need)
        if choice.note:
            ctx.tell(choice.note)
        return choice.card

    def _best_device(self) -> str:
        """The kind of device that ``auto`` stands for, among those that the engines at hand can use."""
        if all(card.devices == ("cpu",) for card in ready_erasers(self.catalog, self.store)):
            return "cpu"
        return _torch_device("auto").partition(":")[0]

    def _erase_on(self, request: EraseImage, key: _Key, ctx: Context) -> Erased:
        watch, card = Stopwatch(), self.catalog[key.engine]
        options = card.resolve(_options_for(card, request), request.task)
        patches: tuple[Patch, ...] = ()
        if not request.mask.empty:
            with watch.stage("load"):
                engine = self._engine(key, card, ctx)
            if not isinstance(engine, ImageEraser):
                raise _wrong_role(card)
            with watch.stage("erase"):
                patches = region.erase(Job(engine, card, options, request.avoid), request.image, request.mask, ctx)
        seconds, notes = watch.seconds, tuple(ctx.notes)
        return Erased(patches, card.id, key.device, key.backend, len(patches), seconds, peak_memory(), notes)

    def _detect(self, request: DetectText, ctx: Context) -> Detected:
        card = self.catalog.card(request.engine, Role.TEXT_DETECTOR)
        device = resolve_device(card, request.device, Backend.ONNX)
        watch = Stopwatch()
        with watch.stage("load"):
            engine = self._engine(_Key(card.id, device, Backend.ONNX), card, ctx)
        if not isinstance(engine, TextDetector):
            raise _wrong_role(card)
        with watch.stage("find"):
            found = engine.detect(request.image, card.resolve(request.options), ctx)
        return Detected(found, device, watch.seconds, tuple(ctx.notes))

    def _segment(self, request: Segment, ctx: Context) -> Segmented:
        _check_hints(request)
        card = self.catalog.card(request.engine, Role.SEGMENTER)
        device = resolve_device(card, request.device, Backend.TORCH)
        watch = Stopwatch()
        with watch.stage("load"):
            engine = self._engine(_Key(card.id, device, Backend.TORCH), card, ctx)
        if not isinstance(engine, Segmenter):
            raise _wrong_role(card)

        def look() -> Embedding:
            with watch.stage("embed"):
                return engine.embed(request.image, ctx)

        embedding = self._embeddings.get(f"{card.id} {device}", request.image, look)
        with watch.stage("select"):
            selection = engine.select(embedding, request.points, request.box)
        return Segmented(selection, device, watch.seconds, tuple(ctx.notes))

    def film_job(self, how: FilmEngine, ctx: Context) -> FilmJob:
        """The loaded video engine that ``how`` names, ready for ``engines.pipeline.windows``."""
        card = self.catalog.card(how.engine, Role.VIDEO_ERASER)
        device = resolve_device(card, _device_for(card, how.device), how.backend)
        engine = self._engine(_Key(card.id, device, card.backend(how.backend)), card, ctx)
        if not isinstance(engine, VideoEraser):
            raise _wrong_role(card)
        return FilmJob(engine, card, card.resolve(how.options), self._fill(how))

    def _fill(self, how: FilmEngine) -> Fill:
        """An image engine as a video engine sees it; it is loaded when it is first needed."""

        def fill(image: FloatImage, alpha: Alpha, ctx: Context) -> FloatImage:
            if not alpha.any():
                return image
            card, options = self._painter(how)
            device = resolve_device(card, _device_for(card, how.device), how.backend)
            engine = self._engine(_Key(card.id, device, card.backend(how.backend)), card, ctx)
            if not isinstance(engine, ImageEraser):
                raise _wrong_role(card)
            out = image.copy()
            for patch in region.erase(Job(engine, card, options), image, Mask.of(alpha), ctx):
                patch.paint(out)
            return out

        return fill

    def _painter(self, how: FilmEngine) -> tuple[Card, Options]:
        """What paints the places that no frame shows, and its options, resolved."""
        if how.fill != AUTO:
            card = self.catalog.card(how.fill, Role.IMAGE_ERASER)
            return card, card.resolve(how.fill_options)
        card = best_painter(self.catalog, self.store)
        quick: Options = {"method": "telea"} if card.id == PLAIN_PAINTER else {}
        return card, card.resolve({**quick, **_known(card, how.fill_options)}, Task.OBJECT)

    def _erase_frames(self, request: EraseFrames, ctx: Context) -> ErasedFrames:
        if len(request.frames) != len(request.masks):
            raise EngineError(Fault.BAD_INPUT, "There must be one mask for each frame.")
        watch = Stopwatch()
        with watch.stage("load"):
            job = self.film_job(request.how, ctx)
        nothing = Mask.union(())
        with watch.stage("erase"):
            masks = request.masks
            made = windows.erase(job, request.frames, lambda i: masks[i] if i < len(masks) else nothing, ctx)
            patches = tuple(made)
        device = resolve_device(job.card, _device_for(job.card, request.how.device), request.how.backend)
        return ErasedFrames(patches, job.card.id, device, watch.seconds, peak_memory(), tuple(ctx.notes))

    def tracker(self, engine: str, device: str, ctx: Context) -> tuple[Tracker, Card]:
        """The loaded tracker of that name, and its card."""
        card = self.catalog.card(engine, Role.TRACKER)
        found = self._engine(_Key(card.id, resolve_device(card, device, Backend.TORCH), Backend.TORCH), card, ctx)
        if not isinstance(found, Tracker):
            raise _wrong_role(card)
        return found, card

    def _track(self, request: TrackMask, ctx: Context) -> MaskTracked:
        watch = Stopwatch()
        with watch.stage("load"):
            engine, card = self.tracker(request.engine, request.device, ctx)
        with watch.stage("track"):
            found = tuple(engine.track(request.frames, request.start, card.resolve(request.options), ctx))
        device = resolve_device(card, request.device, Backend.TORCH)
        return MaskTracked(found, device, watch.seconds, tuple(ctx.notes))

    def _engine(self, key: _Key, card: Card, ctx: Context) -> Engine:
        if key in self._loaded:
            self._loaded.move_to_end(key)
            return self._loaded[key][0]
        ctx.step(0.0, f"loading {card.name}")
        setup = self._setup(key, card)
        cost = _WORKING_SPACE * sum(size_of(path) for path in setup.weights.values())
        while self._loaded and cost + sum(held for _, held in self._loaded.values()) > self._budget:
            self._drop()
        engine = load_engine(card, setup)
        self._loaded[key] = (engine, cost)
        return engine

    def _setup(self, key: _Key, card: Card) -> Setup:
        if not card.weights:
            return Setup(card, {}, key.device, key.backend)
        files = self.store.files(card, key.weights)
        onnx = None
        if key.backend is Backend.ONNX and not card.weights_together:
            (path,) = files.values()
            onnx = self.store.onnx_path(card, path)
            if not onnx.is_file():
                raise EngineError(
                    Fault.NO_BACKEND,
                    f"{card.name} has not been exported to ONNX on this machine.",
                    f"Run: cleanplate models export-onnx {card.id} {card.id}.onnx",
                )
        return Setup(card, files, key.device, key.backend, onnx)

    def _drop(self) -> None:
        """Free the engine that has been idle longest."""
        _, (engine, _) = self._loaded.popitem(last=False)
        if isinstance(engine, Segmenter):
            self._embeddings.clear()  # they may hold the graphics memory that is wanted back
        engine.close()

    def _forget(self, engine: str) -> None:
        for key in [key for key in self._loaded if key.engine == engine]:
            self._loaded.pop(key)[0].close()


def open_session(*card_folders: Path) -> Session:
    """A session over the cards in ``card_folders`` (the program's own when none is given) and the user's store."""
    return Session(load_catalog(*card_folders), Store())


def resolve_device(card: Card, wanted: str, backend: Backend | None) -> str:
    """The device to run ``card``'s engine on, or an ``EngineError`` that says what is possible."""
    card.backend(backend)
    kind = wanted.partition(":")[0]
    if kind not in ("auto", *card.devices):
        allowed = ", ".join(card.devices)
        raise EngineError(Fault.NO_DEVICE, f"{card.name} does not run on {wanted!r}.", f"It runs on: {allowed}.")
    if card.devices == ("cpu",) or wanted == "cpu":
        return "cpu"
    found = _torch_device(wanted)
    # the quickest device of the machine may be of a kind that this engine cannot use
    return found if found.partition(":")[0] in card.devices else "cpu"


def _device_for(card: Card, wanted: str) -> str:
    """``wanted``, or ``auto`` for an engine that cannot use it: of two engines at work one may know the CPU alone."""
    return wanted if wanted.partition(":")[0] in card.devices else "auto"


def _torch_device(wanted: str) -> str:
    # the one other dynamic import besides the card's entry: it keeps torch out of everything that imports a session
    return str(importlib.import_module("engines.runtime.device").resolve_device(wanted))


def _options_for(card: Card, request: EraseImage) -> Options:
    """The request's options; where the engine was chosen for it, those that this engine has."""
    return request.options if request.engine != AUTO else _known(card, request.options)


def _known(card: Card, options: Options) -> Options:
    """Those of ``options`` that the engine has."""
    names = {option.name for option in card.options}
    return {name: value for name, value in options.items() if name in names}


def _check_hints(request: Segment) -> None:
    """Refuse what no segmenter could answer."""
    height, width = request.image.shape[:2]
    box = request.box
    if box is None and not any(point.on for point in request.points):
        raise EngineError(Fault.BAD_INPUT, "Nothing was pointed at.", "Give a box, or a point on the thing.")
    outside = [point for point in request.points if not (0 <= point.x <= width and 0 <= point.y <= height)]
    if outside or (box is not None and (box.empty or not Box(0, 0, width, height).holds(box))):
        raise EngineError(
            Fault.BAD_INPUT, "A point or the box lies outside the picture.", f"It has {width} x {height} pixels."
        )


def _weights_named(card: Card, request: EraseImage) -> str:
    """Which of the weights the options ask for; empty where it is left to the card."""
    chosen = str(card.resolve(_options_for(card, request)).get(CHECKPOINT, AUTO))
    return "" if chosen == AUTO else chosen


def _wrong_role(card: Card) -> EngineError:
    return EngineError(Fault.INTERNAL, f"The card of {card.id} names a class of another role.")
