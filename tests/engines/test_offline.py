"""Nothing is fetched while packages are imported, and nothing stays switched off afterwards."""

from __future__ import annotations

import os

import pytest

from engines.runtime.offline import off_the_network


@pytest.mark.parametrize("before", [None, "0", "1"])
def test_the_switch_is_as_it_was(monkeypatch: pytest.MonkeyPatch, before: str | None) -> None:
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    if before is not None:
        monkeypatch.setenv("HF_HUB_OFFLINE", before)
    with off_the_network():
        assert os.environ["HF_HUB_OFFLINE"] == "1"
    assert os.environ.get("HF_HUB_OFFLINE") == before
