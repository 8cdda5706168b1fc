"""The engine that ``auto`` takes: the best measured one for the mask at hand, ready, allowed and quick enough."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engines.catalog import Catalog, load_catalog
from engines.core.context import Context
from engines.core.engine import Backend, Task
from engines.core.faults import EngineError, Fault
from engines.core.types import Box, Mask
from engines.pipeline.hole_shape import HoleShape, Surface
from engines.pipeline.mask_shape import MaskKind, SizeClass
from engines.planner import AUTO, PATIENCE, Choice, Need, best_painter, choose, ready_erasers
from engines.ranking import Figures, RankedCase, load_ranking, nearest
from engines.requests import Erased, EraseImage
from engines.session import Session
from engines.store import Store
from tests.fakes import write_card

SIZE = (400, 600)


def box(height: int = 20, width: int = 200) -> Mask:
    return Mask(Box(40, 40, width, height), np.full((height, width), 255, np.uint8))


def strokes() -> Mask:
    alpha = np.zeros((20, 200), np.uint8)
    alpha[:, ::8], alpha[:, 1::8], alpha[10] = 255, 255, 255
    return Mask(Box(40, 40, 200, 20), alpha)


def case(order: str, mask: str = "boxes", size: str = "small", device: str = "cpu", pictures: int = 9) -> RankedCase:
    """``order``: ids; ``id:seconds`` for one that needs so many per megapixel."""
    engines = []
    for word in order.split():
        name, _, seconds = word.partition(":")
        engines.append(Figures(name, 30.0, 3.0, 0.02, float(seconds or 1)))
    return RankedCase(Task.TEXT, device, MaskKind(mask), SizeClass(size), pictures, "tests", tuple(engines))


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    write_card(tmp_path, "plain", "tests.fakes:FakeEraser")
    write_card(tmp_path, "clever", "tests.fakes:FakeEraser", 'devices = ["cpu", "cuda"]\nbackends = ["torch"]')
    write_card(tmp_path, "other", "tests.fakes:FakeEraser")
    weights = '[[weights]]\nfile = "absent.safetensors"\nsource = "x"\nlicence = "MIT"'
    write_card(tmp_path, "absent", "tests.fakes:FakeEraser", weights)
    return load_catalog(tmp_path)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "bundled", tmp_path / "user")


def chosen(catalog: Catalog, store: Store, ranking: list[RankedCase], need: Need | None = None) -> str:
    return choose(catalog, store, need or Need(box(), SIZE), ranking).card.id


def test_only_engines_that_can_run_are_ready(catalog: Catalog, store: Store) -> None:
    assert [card.id for card in ready_erasers(catalog, store)] == ["clever", "other", "plain"]


def test_the_first_ready_engine_of_the_case_is_taken(catalog: Catalog, store: Store) -> None:
    assert chosen(catalog, store, [case("absent clever plain")]) == "clever"
    assert chosen(catalog, store, [case("plain clever")]) == "plain"


def test_kind_size_and_device_of_the_mask_decide(catalog: Catalog, store: Store) -> None:
    ranking = [case("plain"), case("clever", "strokes"), case("other", size="large")]
    assert chosen(catalog, store, ranking) == "plain"
    assert chosen(catalog, store, ranking, Need(strokes(), SIZE)) == "clever"
    assert chosen(catalog, store, ranking, Need(box(100), SIZE)) == "other"
    assert chosen(catalog, store, [*ranking, case("clever", device="cuda")], Need(box(), SIZE, "cuda")) == "clever"


def test_the_nearest_case_stands_in_for_one_that_was_not_measured() -> None:
    far, near, crowd = case("a", "strokes"), case("b", size="large", pictures=3), case("c", size="large")
    order = nearest([far, near, crowd], Task.TEXT, "cpu", MaskKind.BOXES, SizeClass.SMALL)
    assert order == [crowd, near, far]
    assert nearest([far], Task.OBJECT, "cpu", MaskKind.BOXES, SizeClass.SMALL) == []


def test_objects_go_by_surface_and_size_of_the_hole(catalog: Catalog, store: Store) -> None:
    def measured(engine: str, surface: Surface, size: SizeClass) -> RankedCase:
        return RankedCase(Task.OBJECT, "cpu", surface, size, 9, "tests", (Figures(engine, 30.0, 3.0, 0.0, 1.0, 0.1),))

    ranking = [
        case("plain"),
        measured("clever", Surface.ROUGH, SizeClass.MEDIUM),
        measured("other", Surface.SMOOTH, SizeClass.LARGE),
    ]
    for shape, engine in (
        (HoleShape(100, 30.0), "clever"),
        (HoleShape(900, 30.0), "clever"),  # the surface weighs more
        (HoleShape(100, 1.0), "other"),
        (None, "other"),
    ):
        assert chosen(catalog, store, ranking, Need(box(), SIZE, task=Task.OBJECT, shape=shape)) == engine
    assert chosen(catalog, store, ranking) == "plain"


def test_a_session_looks_at_the_surface_around_an_object(catalog: Catalog, store: Store) -> None:
    session, seen = Session(catalog, store), list[HoleShape | None]()
    noise = np.random.default_rng(0).integers(0, 256, (*SIZE, 3)).astype(np.uint8)

    def spying(catalog: Catalog, store: Store, need: Need) -> Choice:
        seen.append(need.shape)
        return Choice(catalog["plain"])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("engines.session.choose", spying)
        for task in (Task.TEXT, Task.OBJECT):
            session.run(EraseImage(AUTO, noise, box(), device="cpu", task=task), Context())
    assert [shape and shape.surface for shape in seen] == [None, Surface.ROUGH]


def test_a_case_without_a_ready_engine_is_passed_over(catalog: Catalog, store: Store) -> None:
    assert chosen(catalog, store, [case("absent"), case("other", "strokes")]) == "other"


def test_an_unmeasured_engine_is_taken_only_where_there_is_no_other(catalog: Catalog, store: Store) -> None:
    assert chosen(catalog, store, [case("absent")]) == "clever"
    assert chosen(catalog, store, [case("absent plain")]) == "plain"


def test_a_slow_engine_is_passed_over_and_that_is_told(catalog: Catalog, store: Store) -> None:
    slow = PATIENCE / ((20 + 64) * (200 + 64) / 1e6)  # the default card has 32 pixels of context
    choice = choose(catalog, store, Need(box(), SIZE), [case(f"clever:{slow * 1.1} plain")])
    assert choice.card.id == "plain"
    assert "about 3 minutes" in choice.note
    choice = choose(catalog, store, Need(box(), SIZE), [case(f"clever:{slow * 0.9} plain")])
    assert (choice.card.id, choice.note) == ("clever", "")


def test_where_all_are_slow_the_quickest_is_taken(catalog: Catalog, store: Store) -> None:
    assert chosen(catalog, store, [case("clever:1e7 plain:1e6 other:1e8")]) == "plain"


def test_a_device_or_backend_that_was_asked_for_is_kept(catalog: Catalog, store: Store) -> None:
    ranking = [case("plain clever")]
    assert chosen(catalog, store, ranking, Need(box(), SIZE, "cuda")) == "plain"
    assert chosen(catalog, store, ranking, Need(box(), SIZE, "cuda", insisted=True)) == "clever"
    assert chosen(catalog, store, [case("clever plain")], Need(box(), SIZE, backend=Backend.ONNX)) == "plain"
    with pytest.raises(EngineError) as error:
        chosen(catalog, store, ranking, Need(box(), SIZE, "mps", insisted=True))
    assert error.value.fault is Fault.WEIGHTS_MISSING


def test_a_session_resolves_auto_and_says_what_it_took(catalog: Catalog, store: Store) -> None:
    session = Session(catalog, store)
    for mask in (box(), Mask.of(np.zeros(SIZE, np.uint8))):
        request = EraseImage(AUTO, np.zeros((*SIZE, 3), np.uint8), mask, {"seed": 3}, device="cpu")
        erased = session.run(request, Context())
        assert isinstance(erased, Erased)
        assert erased.engine in catalog


def test_the_program_own_table_is_sound() -> None:
    ranking = load_ranking()
    catalog = load_catalog()
    for each in ranking:
        assert each.pictures > 0
        for figures in each.engines:
            assert figures.id in catalog
            assert 0 <= figures.recall <= 1
            assert figures.psnr > 0
    cases = [(each.task, each.device, each.mask, each.size) for each in ranking]
    assert len(cases) == len(set(cases))


def test_what_no_frame_shows_is_painted_by_the_best_of_the_ready(catalog: Catalog, store: Store) -> None:
    few, many = (
        RankedCase(Task.OBJECT, "cpu", Surface(surface), SizeClass.MEDIUM, pictures, "tests", figures)
        for surface, pictures, figures in (
            ("rough", 4, (Figures("other", 30.0, 3.0, 0.02, 1.0),)),
            ("smooth", 40, tuple(Figures(name, 30.0, 3.0, 0.02, 1.0) for name in ("absent", "clever", "other"))),
        )
    )
    assert best_painter(catalog, store, [few, many]).id == "clever"
    assert best_painter(load_catalog(), Store(), [case("strokefill")]).id == "classical"


@pytest.mark.parametrize("text", ["case = 3", "[[case]]\ntask = 'text'", "nonsense", "[[case]]\nengines = []"])
def test_a_damaged_table_is_told(tmp_path: Path, text: str) -> None:
    path = tmp_path / "ranking.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(EngineError, match=r"ranking\.toml"):
        load_ranking(path)
