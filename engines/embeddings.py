"""Remembers what segmenters have seen of pictures, within a budget."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable

import numpy as np

from engines.core.engine import Embedding
from engines.core.types import Pixels

DEFAULT_BUDGET = 192 << 20
"""Bytes: about ten pictures, as Segment Anything 2 sees them."""


class EmbeddingCache:
    """By the pixels themselves: a picture that was changed is another picture. The one longest unused goes first."""

    def __init__(self, budget: int = DEFAULT_BUDGET) -> None:
        self._budget = budget
        self._held: OrderedDict[tuple[str, str], Embedding] = OrderedDict()

    def __len__(self) -> int:
        return len(self._held)

    def get(self, maker: str, image: Pixels, make: Callable[[], Embedding]) -> Embedding:
        """The embedding of ``image`` by ``maker`` (an engine on a device), made where it is not known."""
        key = maker, _digest(image)
        if key not in self._held:
            made = make()
            self._make_room(made.cost)
            self._held[key] = made
        self._held.move_to_end(key)
        return self._held[key]

    def clear(self) -> None:
        """Forget all of them."""
        self._held.clear()

    def _make_room(self, cost: int) -> None:
        while self._held and cost + sum(held.cost for held in self._held.values()) > self._budget:
            self._held.popitem(last=False)


def _digest(image: Pixels) -> str:
    made = hashlib.blake2b(repr((image.shape, image.dtype.str)).encode(), digest_size=16)
    made.update(np.ascontiguousarray(image).view(np.uint8).data)
    return made.hexdigest()
