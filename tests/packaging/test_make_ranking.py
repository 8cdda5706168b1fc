"""The script that makes the table for ``auto``: what it writes is read back."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from engines.core.engine import Task
from engines.pipeline.hole_shape import Surface
from engines.pipeline.mask_shape import MaskKind, SizeClass
from engines.ranking import RankedCase, load_ranking

ROOT = Path(__file__).resolve().parents[2]

Shot = dict[str, object]


def shot(engine: str, psnr: float | None, recalled: float = 0.0, device: str = "cpu") -> Shot:
    return {
        "engine": engine,
        "device": device,
        "scores": {"inside": {"psnr": psnr, "age": 3.0}},
        "legibility": {"lines": 10, "recalled": recalled},
        "seconds": 1.0,
        "megapixels": 0.5,
    }


def report(engines: list[Shot], pictures: int = 3, size: str = "small") -> dict[str, object]:
    candidates = {"input": shot("", 10.0, 10.0, ""), **{str(each["engine"]): each for each in engines}}
    row = {"mask": {"kind": "boxes", "size": size}, "candidates": candidates}
    return {"dataset": "drawn", "mask": "boxes", "pictures": [{**row, "name": f"p{i}"} for i in range(pictures)]}


def table(tmp_path: Path, *reports: dict[str, object]) -> tuple[RankedCase, ...]:
    files = [tmp_path / f"{number}.json" for number in range(len(reports))]
    for file, each in zip(files, reports, strict=True):
        file.write_text(json.dumps(each), encoding="utf-8")
    target = tmp_path / "ranking.toml"
    command: list[str | Path] = [sys.executable, ROOT / "packaging" / "make_ranking.py", target, *files]
    subprocess.run(command, check=True, capture_output=True)
    return load_ranking(target)


def test_psnr_decides_among_engines_that_leave_nothing_legible(tmp_path: Path) -> None:
    (case,) = table(tmp_path, report([shot("a", 20.0), shot("b", 25.0, 0.4), shot("c", 30.0, 4.0)]))
    assert [figures.id for figures in case.engines] == ["b", "a", "c"]
    assert (case.task, case.device, case.mask, case.size) == (Task.TEXT, "cpu", MaskKind.BOXES, SizeClass.SMALL)
    assert (case.pictures, case.data) == (3, "drawn")
    assert case.engines[0].recall == pytest.approx(0.04)
    assert case.engines[0].seconds == pytest.approx(2.0)


def test_an_engine_of_the_cpu_stands_beside_those_of_the_graphics_card(tmp_path: Path) -> None:
    (case,) = table(tmp_path, report([shot("classical", 20.0), shot("net", 30.0, device="cuda:0")]))
    assert case.device == "cuda"
    assert [figures.id for figures in case.engines] == ["net", "classical"]


def test_only_pictures_that_all_engines_saw_count(tmp_path: Path) -> None:
    (case,) = table(tmp_path, report([shot("a", 20.0)], pictures=5), report([shot("b", 25.0)], pictures=4))
    assert case.pictures == 4
    assert {figures.id for figures in case.engines} == {"a", "b"}


def test_few_pictures_are_no_case_and_exact_ones_have_no_psnr(tmp_path: Path) -> None:
    exact = report([shot("a", None)], pictures=1, size="large")
    assert [case.size for case in table(tmp_path, report([shot("a", 20.0)]), exact)] == [SizeClass.SMALL]


def thing(engine: str, psnr: float, texture: float) -> Shot:
    return {**shot(engine, psnr), "legibility": None, "texture": texture}


def objects(engines: list[Shot], surface: str = "smooth") -> dict[str, object]:
    whole = report(engines)
    pictures = [{**row, "hole": {"surface": surface, "size": "large"}} for row in whole["pictures"]]  # type: ignore[attr-defined]
    return {**whole, "task": "object", "pictures": pictures}


def test_the_texture_decides_among_fills_that_are_not_far_astray(tmp_path: Path) -> None:
    (case,) = table(tmp_path, objects([thing("flat", 24.0, 0.4), thing("net", 22.0, 0.1), thing("wild", 20.0, 0.05)]))
    assert [figures.id for figures in case.engines] == ["net", "flat", "wild"]
    assert (case.task, case.mask, case.size) == (Task.OBJECT, Surface.SMOOTH, SizeClass.LARGE)
    assert case.engines[0].texture == pytest.approx(0.1)


def test_textures_that_are_nearly_alike_leave_it_to_psnr(tmp_path: Path) -> None:
    (case,) = table(tmp_path, objects([thing("patches", 17.0, 0.137), thing("net", 19.0, 0.139)]))
    assert [figures.id for figures in case.engines] == ["net", "patches"]


def test_what_is_measured_replaces_its_task_only(tmp_path: Path) -> None:
    table(tmp_path, report([shot("a", 20.0)]))
    text, thing_case = table(tmp_path, objects([thing("net", 22.0, 0.1)], "rough"))
    assert (text.task, text.engines[0].id, thing_case.task) == (Task.TEXT, "a", Task.OBJECT)
    text, thing_case = table(tmp_path, report([shot("b", 30.0)]))
    assert (text.engines[0].id, thing_case.engines[0].id, thing_case.mask) == ("b", "net", Surface.ROUGH)
