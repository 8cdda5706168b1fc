"""Which engine to use where the person has not said: the best measured one that is ready and quick enough."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from engines.catalog import Catalog
from engines.core.engine import Backend, Card, Role, Task
from engines.core.faults import EngineError, Fault
from engines.core.types import Mask
from engines.pipeline.hole_shape import HoleShape, Surface, hole_side
from engines.pipeline.mask_shape import MaskKind, SizeClass, mask_shape
from engines.pipeline.region import crop_boxes
from engines.ranking import Figures, RankedCase, load_ranking, nearest
from engines.store import Store

AUTO = "auto"
"""In place of an engine's id: choose one."""

_FLOW_TRACKER, _BOX_TRACKER = "flow", "nanotrack"
"""Optical flow needs no weights and follows the mask's form; the other holds on to fast things that flow loses."""

PATIENCE = 180.0
"""Seconds that a picture may take before a quicker engine is chosen, as estimated from the measured ones."""


@dataclass(frozen=True, slots=True, eq=False)
class Need:
    """What is to be erased, from a picture of ``size`` = (height, width).

    ``device``: the kind that the work would run on (``cpu``, ``cuda``, ``mps``); ``insisted``: the person has asked
    for it, so that engines that cannot use it are no choice. ``shape``: of an object's hole, where its picture is at
    hand; without, a smooth surface is assumed.
    """

    mask: Mask
    size: tuple[int, int]
    device: str = "cpu"
    insisted: bool = False
    backend: Backend | None = None
    task: Task = Task.TEXT
    shape: HoleShape | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """``note``: what the person should know of it; empty where it is the best there is."""

    card: Card
    note: str = ""


def choose(catalog: Catalog, store: Store, need: Need, ranking: Sequence[RankedCase] | None = None) -> Choice:
    """The engine for ``need``: of those that are ready the one that is first in the most similar measured case.

    One that would take longer than ``PATIENCE`` is passed over, and the choice says so. Engines that nobody has
    measured are chosen only where there is no other. Raises ``EngineError`` where none is ready.
    """
    cards = {card.id: card for card in ready_erasers(catalog, store) if _runs(card, need)}
    if not cards:
        through = f" through {need.backend.value}" if need.backend else ""
        raise EngineError(
            Fault.WEIGHTS_MISSING, f"No engine is ready that runs on {need.device}{through}.", "See: cleanplate engines"
        )
    if need.mask.empty:
        usual = _usually_best(ranking or load_ranking(), need.task, cards)
        return Choice(usual or _unmeasured(list(cards.values()), need.task))
    for case in nearest(ranking or load_ranking(), need.task, need.device, *_kind(need)):
        measured = [figures for figures in case.engines if figures.id in cards]
        if measured:
            return _quick_enough(measured, case, cards, need)
    return Choice(_unmeasured(list(cards.values()), need.task))


def _kind(need: Need) -> tuple[MaskKind | Surface, SizeClass]:
    if need.task is Task.OBJECT:
        hole = need.shape or HoleShape(hole_side(need.mask), 0.0)
        return hole.surface, hole.size
    shape = mask_shape(need.mask.alpha)
    return shape.kind, shape.size


def ready_erasers(catalog: Catalog, store: Store) -> list[Card]:
    """The image erasers that need no weights or have them on this machine."""
    cards = [catalog.card(engine, Role.IMAGE_ERASER) for engine in catalog.ids(Role.IMAGE_ERASER)]
    return [card for card in cards if store.ready(card)]


PLAIN_PAINTER = "classical"
"""What paints a hole whole where there is no engine for objects."""


def best_painter(catalog: Catalog, store: Store, ranking: Sequence[RankedCase] | None = None) -> Card:
    """The engine for the places of a film that no frame shows: the one that measured best on objects, of those ready.

    What was measured on most pictures counts; engines that nobody has measured, the slow ones among them, do not.
    """
    cards = {card.id: card for card in ready_erasers(catalog, store)}
    usual = _usually_best(ranking or load_ranking(), Task.OBJECT, cards)
    return usual or catalog.card(PLAIN_PAINTER, Role.IMAGE_ERASER)


def _usually_best(ranking: Sequence[RankedCase], task: Task, cards: Mapping[str, Card]) -> Card | None:
    """The first of ``cards`` in the case of ``task`` with most pictures; None where none of them was measured."""
    cases = sorted((case for case in ranking if case.task is task), key=lambda case: -case.pictures)
    measured = (figures.id for case in cases for figures in case.engines if figures.id in cards)
    first = next(measured, None)
    return None if first is None else cards[first]


def _runs(card: Card, need: Need) -> bool:
    on_device = need.device in card.devices or not need.insisted
    return on_device and (not card.backends or need.backend in (None, *card.backends))


def _quick_enough(measured: Sequence[Figures], case: RankedCase, cards: dict[str, Card], need: Need) -> Choice:
    best = cards[measured[0].id]
    if case.device != need.device:
        return Choice(best)
    seconds = {figures.id: figures.seconds * _megapixels(cards[figures.id], need) for figures in measured}
    quickest = min(seconds, key=seconds.__getitem__)
    quick = next((engine for engine, needed in seconds.items() if needed <= PATIENCE), quickest)
    if quick == best.id:
        return Choice(best)
    minutes = max(round(seconds[best.id] / 60), 1)
    note = f"{best.name} would take about {minutes} minutes for this mask; {cards[quick].name} was chosen instead."
    return Choice(cards[quick], note)


def _megapixels(card: Card, need: Need) -> float:
    """Of the crops that the engine would be given."""
    return sum(crop.area for crop in crop_boxes(need.mask, need.size, card)) / 1e6


def _unmeasured(cards: Sequence[Card], task: Task) -> Card:
    return next((card for card in cards if card.task is task), cards[0])


def fallback_tracker(catalog: Catalog, store: Store, tracker: str) -> str:
    """Which tracker goes on where ``tracker`` is no longer sure; empty where none that could is ready."""
    card = catalog.get(_BOX_TRACKER)
    return _BOX_TRACKER if tracker == _FLOW_TRACKER and card is not None and store.ready(card) else ""
