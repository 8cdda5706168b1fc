"""Tiny checkpoints, saved once for all tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tiny_checkpoints import save_folder


@pytest.fixture(scope="session")
def sd_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_folder(tmp_path_factory.mktemp("checkpoints") / "tiny-sd")


@pytest.fixture(scope="session")
def sdxl_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_folder(tmp_path_factory.mktemp("checkpoints") / "tiny-sdxl", "sdxl")
