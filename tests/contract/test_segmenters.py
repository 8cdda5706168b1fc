"""What every segmenter promises, tried on every card of the catalogue with random weights."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from engines.catalog import load_catalog
from engines.core.context import Context
from engines.core.engine import Hint, Role, Segmenter, Setup
from engines.core.faults import Cancelled
from engines.core.types import Box, Pixels
from engines.loading import load_engine
from tests.contract.random_weights import random_weights

CATALOG = load_catalog()
SIZES = [(1, 1), (1, 37), (64, 64), (75, 131), (700, 300)]


@pytest.fixture(scope="module", params=CATALOG.ids(Role.SEGMENTER))
def segmenter(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Segmenter]:
    card = CATALOG[request.param]
    folder = tmp_path_factory.mktemp("weights")
    weights = {weight.file: random_weights(card, folder / weight.file) for weight in card.weights[:1]}
    made = load_engine(card, Setup(card, weights))
    assert isinstance(made, Segmenter)
    yield made
    made.close()


def photo(size: tuple[int, int]) -> Pixels:
    image = np.random.default_rng(3).integers(0, 255, (*size, 3), np.uint8)
    image.flags.writeable = False
    return image


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_the_answer_has_the_picture_s_size(segmenter: Segmenter, size: tuple[int, int]) -> None:
    seen = segmenter.embed(photo(size), Context())
    assert seen.size == size
    assert seen.cost > 0
    middle = Hint(size[1] / 2, size[0] / 2)
    for points, box in (([middle], None), ([], Box(0, 0, size[1], size[0])), ([middle, Hint(0, 0, on=False)], None)):
        selection = segmenter.select(seen, points, box)
        assert selection.likelihood.shape == size
        assert selection.likelihood.dtype == np.uint8
        assert 0 <= selection.confidence <= 1


def test_the_same_question_has_the_same_answer(segmenter: Segmenter) -> None:
    first, second = (segmenter.embed(photo((64, 64)), Context()) for _ in range(2))
    answers = [segmenter.select(seen, [Hint(30, 20)], None).likelihood for seen in (first, first, second)]
    assert np.array_equal(answers[0], answers[1])
    assert np.array_equal(answers[0], answers[2])


def test_cancel_is_heard_within_one_step(segmenter: Segmenter) -> None:
    with pytest.raises(Cancelled):
        segmenter.embed(photo((64, 64)), Context(cancelled=lambda: True))
