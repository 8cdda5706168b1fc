"""From a file of weights to an answer of the engine process, by the ways that a person has."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engines.core.context import Context
from engines.core.engine import Hint
from engines.core.faults import EngineError, Fault
from engines.requests import Segment, Segmented
from engines.session import open_session
from engines.worker.client import EngineClient
from tests.cli.run import cleanplate
from tests.tiny_sam2 import tiny_folder

IMAGE = np.random.default_rng(2).integers(0, 255, (100, 160, 3), np.uint8)


def test_imported_weights_answer_in_the_engine_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLEANPLATE_DATA", str(tmp_path / "data"))
    asked = Segment(IMAGE, (Hint(50, 40),))
    with EngineClient() as client:
        with pytest.raises(EngineError) as caught:
            client.run(asked, Context())
        assert caught.value.fault is Fault.WEIGHTS_MISSING
        assert "cleanplate models download sam2" in caught.value.hint

        told = cleanplate("models", "import", "sam2", str(tiny_folder(tmp_path / "model")))
        assert told.returncode == 0, told.stderr
        assert "sha256" in told.stderr
        assert "sam2" in cleanplate("models", "list").stdout

        answers = [client.run(asked, Context()) for _ in range(2)]
    session = open_session()
    here = session.run(asked, Context())
    session.close()
    for answer in (*answers, here):
        assert isinstance(answer, Segmented)
        assert answer.selection.likelihood.shape == IMAGE.shape[:2]
        assert np.array_equal(answer.selection.likelihood, answers[0].selection.likelihood)  # type: ignore[union-attr]
    assert "embed" in answers[0].seconds
    assert "embed" not in answers[1].seconds


def test_what_is_no_model_is_not_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLEANPLATE_DATA", str(tmp_path / "data"))
    path = tmp_path / "model.safetensors"
    path.write_bytes(b"nothing of the kind")
    told = cleanplate("models", "import", "sam2", str(path))
    assert told.returncode == 1
    assert "Traceback" not in told.stderr
    assert "model.safetensors" in told.stderr
