"""Masks over pieces of text, also over those that nobody sees."""

from __future__ import annotations

import numpy as np
import pytest

from engines.core.types import Box
from engines.training.synthesis.layers import Layer
from engines.training.synthesis.masks import Kind, mask_for

OUTLINE = np.array([[[10, 10], [40, 10], [40, 22], [10, 22]]], np.float32)


def piece(opacity: float) -> Layer:
    alpha = np.full((12, 30), opacity, np.float32)
    return Layer(Box(10, 10, 30, 12), alpha, np.zeros((12, 30, 3), np.float32), OUTLINE, 12.0)


@pytest.mark.parametrize("kind", Kind)
def test_text_too_faint_to_be_seen_needs_no_mask(kind: Kind) -> None:
    rng = np.random.default_rng(3)
    assert not mask_for(kind, [piece(0.001)], 64, 0, rng)[:5].any()


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_of_mask_covers_the_text(kind: Kind) -> None:
    mask = mask_for(kind, [piece(1.0)], 64, 0, np.random.default_rng(3))
    assert mask[10:22, 10:40].mean() > 0.9 * 255
