"""Samples: exact truth, equal damage, masks that cover, seeds that repeat."""

from __future__ import annotations

import pickle
from enum import IntEnum

import numpy as np
import pytest

from engines.core.types import Box
from engines.training.synthesis import Backgrounds, FontLibrary, Settings, Synthesiser, damage, masks
from engines.training.synthesis.layers import Layer
from engines.training.synthesis.sample import Sample
from engines.training.synthesis.style import (
    ATTRIBUTES,
    NUMBER,
    SPANS,
    TOTAL,
    Damage,
    Effect,
    Fill,
    Geometry,
    Opacity,
    Outline,
    Rim,
    Scene,
    Strength,
    Style,
    draw_style,
    prior,
)
from tests.conftest import background
from tests.engines.training.conftest import forced

PLAIN = Settings(blank=0, empty=0, keep=0, cut=0)


def drawn(synthesiser: Synthesiser, seed: int, *values: IntEnum, side: int = 96) -> Sample:
    return synthesiser.sample(np.random.default_rng(seed), side, forced(*values))


@pytest.fixture(scope="session")
def plain(backgrounds: Backgrounds, fonts: FontLibrary) -> Synthesiser:
    return Synthesiser(backgrounds, fonts, PLAIN)


@pytest.mark.parametrize("side", [64, 75, 128])
def test_a_sample_has_the_promised_shapes_and_ranges(synthesiser: Synthesiser, side: int) -> None:
    for seed in range(12):
        sample = synthesiser.sample(np.random.default_rng(seed), side)
        for picture in (sample.image, sample.truth):
            assert picture.shape == (side, side, 3)
            assert picture.dtype == np.float32
            assert 0 <= picture.min() <= picture.max() <= 1
        for plane in (sample.mask, sample.stroke):
            assert plane.shape == (side, side)
            assert plane.dtype == np.uint8
            assert set(np.unique(plane)) <= {0, 255}
        assert sample.choices.shape == (len(ATTRIBUTES),)


@pytest.mark.parametrize("kind", [Damage.NONE, Damage.BLUR, Damage.NOISE])
def test_outside_the_mask_image_and_truth_are_equal_to_the_bit(synthesiser: Synthesiser, kind: Damage) -> None:
    for seed in range(25):
        sample = drawn(synthesiser, seed, kind, side=80)
        outside = sample.mask == 0
        assert np.array_equal(sample.image[outside], sample.truth[outside])


def test_inside_the_mask_only_the_stroke_differs(plain: Synthesiser) -> None:
    seen = 0
    for seed in range(30):
        sample = drawn(plain, seed, Damage.NONE)
        gap = np.abs(sample.image - sample.truth).max(axis=2)
        assert gap[sample.stroke == 0].max() <= 2 / 255 + 1e-6
        assert (gap[sample.stroke > 0] > 1.9 / 255).all()
        seen += bool(sample.stroke.any())
    assert seen > 26, "nearly every sample must carry text"


def test_a_layer_changes_nothing_where_its_alpha_is_zero(rng: np.random.Generator) -> None:
    picture = rng.random((20, 20, 3), np.float32)
    alpha = np.zeros((10, 10), np.float32)
    alpha[3:6, 3:6] = 0.5
    paint = np.full((10, 10, 3), 0.8, np.float32) * alpha[:, :, None]
    after = picture.copy()
    Layer(Box(4, 5, 10, 10), alpha, paint, np.zeros((1, 4, 2), np.float32), 8).draw(after)
    changed = (after != picture).any(axis=2)
    assert changed[8:11, 7:10].all()
    changed[8:11, 7:10] = False
    assert not changed.any()


def test_jpeg_is_applied_to_both_and_the_mask_reaches_its_ringing(plain: Synthesiser) -> None:
    for seed in range(15):
        sample = drawn(plain, seed, Damage.JPEG, Opacity.SOLID)
        outside = sample.mask == 0
        if not outside.any():
            continue
        gap = np.abs(sample.image - sample.truth)[outside]
        assert np.median(gap) == 0
        assert gap.mean() < 2 / 255


def test_the_truth_carries_the_same_noise(fonts: FontLibrary) -> None:
    grey = Backgrounds.of([np.full((128, 128, 3), 128, np.uint8)])
    flat = Synthesiser(grey, fonts, Settings(procedural=0, blank=0, empty=0, keep=0))
    for seed in range(5):
        sample = drawn(flat, seed, Damage.NOISE, Scene.SCATTERED)
        steps = np.abs(np.diff(sample.truth, axis=1)).max(axis=2)
        hole = sample.mask[:, 1:] > 0
        under, around = float(np.median(steps[hole])), float(np.median(steps[~hole]))
        assert under > 0.5 / 255, "the truth under the text must be as noisy as its surroundings"
        assert under == pytest.approx(around, rel=0.3)


def test_damage_depends_on_the_recipe_alone(rng: np.random.Generator) -> None:
    recipe = damage.draw_recipe(Damage.ALL, rng)
    picture = rng.random((32, 32, 3), np.float32)
    noise = damage.grain(recipe, 32, np.random.default_rng(3))
    first = damage.finish(recipe, damage.soften(recipe, picture), noise)
    second = damage.finish(recipe, damage.soften(recipe, picture.copy()), noise)
    assert np.array_equal(first, second)


def test_the_same_seed_draws_the_same_bytes(synthesiser: Synthesiser) -> None:
    copy = pickle.loads(pickle.dumps(synthesiser))
    for seed in range(8):
        first = synthesiser.sample(np.random.default_rng(seed), 80)
        again = copy.sample(np.random.default_rng(seed), 80)
        for name in ("image", "truth", "mask", "stroke", "choices"):
            assert np.array_equal(getattr(first, name), getattr(again, name))


def test_other_seeds_draw_other_pictures(synthesiser: Synthesiser) -> None:
    pictures = [synthesiser.sample(np.random.default_rng(seed), 64).image.tobytes() for seed in range(10)]
    assert len(set(pictures)) == len(pictures)


@pytest.mark.parametrize("scene", list(Scene))
@pytest.mark.parametrize("side", [48, 97])
def test_every_scene_draws_text(plain: Synthesiser, scene: Scene, side: int) -> None:
    found = [drawn(plain, seed, scene, Opacity.SOLID, side=side).stroke.any() for seed in range(8)]
    assert sum(found) >= 5
    samples = [drawn(plain, seed, scene) for seed in range(8)]
    assert all(sample.choices[NUMBER[Scene]] == scene for sample in samples)


@pytest.mark.parametrize("value", [value for attribute in ATTRIBUTES for value in attribute.values], ids=repr)
def test_every_style_value_can_be_drawn(plain: Synthesiser, value: IntEnum) -> None:
    samples = [drawn(plain, seed, value, side=64) for seed in range(3)]
    assert all(sample.choices[NUMBER[type(value)]] in {value, -1} for sample in samples)
    assert any(sample.stroke.any() for sample in samples)


def test_values_without_effect_are_marked(plain: Synthesiser) -> None:
    sample = drawn(plain, 1, Scene.SCATTERED, Outline.NONE, Effect.NONE, Fill.SOLID)
    assert sample.choices[NUMBER[Rim]] == -1
    assert sample.choices[NUMBER[Strength]] == -1
    assert sample.choices[NUMBER[Geometry]] >= 0
    assert drawn(plain, 1, Scene.DOCUMENT).choices[NUMBER[Geometry]] == -1


def test_the_style_fields_follow_the_order_of_the_attributes(rng: np.random.Generator) -> None:
    style = draw_style(rng, prior(1.0))
    kinds = [type(getattr(style, name)) for name in Style.__dataclass_fields__]
    assert kinds == [attribute.values for attribute in ATTRIBUTES]


def test_probabilities_of_another_shape_are_refused(rng: np.random.Generator) -> None:
    with pytest.raises(ValueError, match="probabilities"):
        draw_style(rng, np.ones(TOTAL - 1))


@pytest.mark.parametrize("difficulty", [0.0, 0.3, 1.0])
def test_the_prior_is_a_distribution_per_attribute(difficulty: float) -> None:
    shares = prior(difficulty)
    assert all(shares[span].sum() == pytest.approx(1) for span in SPANS)
    assert (shares >= 0).all()


def test_an_easy_start_is_solid_plain_and_undamaged(synthesiser: Synthesiser) -> None:
    easy = synthesiser.at(0.0)
    for seed in range(10):
        choices = easy.sample(np.random.default_rng(seed), 64).choices
        assert choices[NUMBER[Damage]] == Damage.NONE
        assert choices[NUMBER[Opacity]] == Opacity.SOLID
        assert choices[NUMBER[Scene]] in {Scene.SCATTERED, Scene.SIGN, Scene.SUBTITLE}


@pytest.mark.parametrize("kind", list(masks.Kind))
def test_masks_cover_nearly_all_of_a_layer(kind: masks.Kind) -> None:
    """Brushes may miss a little; every other kind reaches every pixel that is seen."""
    rng = np.random.default_rng(0)
    for _ in range(30):
        alpha = np.zeros((14, 50), np.float32)
        alpha[2:12, 3:47] = rng.random((10, 44)) > 0.5
        quad = np.array([[[33, 42], [77, 42], [77, 52], [33, 52]]], np.float32)
        layer = Layer(Box(30, 40, 50, 14), alpha, alpha[:, :, None] * np.ones(3, np.float32), quad, 10)
        mask = masks.mask_for(kind, [layer], 100, 0, rng)
        seen = masks.support(layer, 100) > 0
        share = (mask[seen] > 0).mean()
        assert share > 0.93 if kind is masks.Kind.BRUSH else share == 1
        assert (mask > 0).mean() < 0.4


def test_blank_samples_ask_for_what_is_already_there(backgrounds: Backgrounds, fonts: FontLibrary) -> None:
    always = Synthesiser(backgrounds, fonts, Settings(blank=1, empty=0))
    for seed in range(10):
        sample = always.sample(np.random.default_rng(seed), 64)
        assert sample.mask.any()
        assert not sample.stroke.any()
        assert np.array_equal(sample.image, sample.truth)


def test_empty_samples_ask_for_nothing(backgrounds: Backgrounds, fonts: FontLibrary) -> None:
    never = Synthesiser(backgrounds, fonts, Settings(blank=0, empty=1))
    for seed in range(5):
        sample = never.sample(np.random.default_rng(seed), 64)
        assert not sample.mask.any()
        assert np.array_equal(sample.image, sample.truth)


def test_text_that_is_not_asked_for_stays_in_the_truth(fonts: FontLibrary) -> None:
    grey = Backgrounds.of([np.full((128, 128, 3), 128, np.uint8)])
    keeps = Synthesiser(grey, fonts, Settings(procedural=0, blank=0, empty=0, keep=1, cut=0))
    both = 0
    for seed in range(20):
        sample = drawn(keeps, seed, Scene.SCATTERED, Damage.NONE, Opacity.SOLID)
        stays = (np.abs(sample.truth - np.median(sample.truth, axis=(0, 1))).max(axis=2) > 0.1) & (sample.mask == 0)
        both += bool(stays.any() and sample.stroke.any())
    assert both >= 8


def test_a_cut_mask_leaves_the_rest_of_the_word_in_the_truth(fonts: FontLibrary) -> None:
    grey = Backgrounds.of([np.full((128, 128, 3), 128, np.uint8)])
    cuts = Synthesiser(grey, fonts, Settings(procedural=0, blank=0, empty=0, keep=0, cut=1))
    left = 0
    for seed in range(10):
        sample = drawn(cuts, seed, Scene.SCATTERED, Damage.NONE)
        outside = sample.mask == 0
        assert np.array_equal(sample.image[outside], sample.truth[outside])
        left += bool((sample.truth[outside].std(axis=0) > 0.01).any())
    assert left >= 5


def test_backgrounds_are_drawn_from_every_photo(fonts: FontLibrary) -> None:
    store = Backgrounds.of([np.full((64, 64, 3), level, np.uint8) for level in (20, 120, 220)])
    levels = {round(float(store.crop(np.random.default_rng(seed), 32).mean()) * 255) for seed in range(40)}
    assert levels == {20, 120, 220}


def test_a_crop_may_be_larger_than_the_photo() -> None:
    store = Backgrounds.of([background(40, 60)])
    assert store.crop(np.random.default_rng(0), 96).shape == (96, 96, 3)
