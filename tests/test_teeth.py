"""Lessons have teeth: with a fault planted in the engine or in the kernels, the lessons that are about it must fail.

A check that holds whatever the engine does proves nothing. `sabotage.TEETH` says which lesson must catch which fault on
which of the two paths; lesson 10 compares both with a backward written by hand, so it must catch every wrong gradient.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests import sabotage

ROOT = Path(__file__).resolve().parent.parent
CASES = [(plant, lesson) for plant, lessons in sabotage.TEETH.items() for lesson in lessons.split()]


def run(lesson: str, out: Path, plant: str | None = None) -> subprocess.CompletedProcess[str]:
    file = next((ROOT / "lessons").glob(f"{lesson}_*.py"))
    how = ["-m", "tests.sabotage", plant] if plant else []
    return subprocess.run([sys.executable, *how, str(file), "--fast", "--out", str(out)], cwd=ROOT, capture_output=True, text=True,
                          encoding="utf-8", errors="replace", check=False, timeout=180,
                          env=os.environ | {"MPLBACKEND": "Agg", "PYTHONIOENCODING": "utf-8"})


def test_every_fault_has_a_lesson_on_every_path_that_it_can_take():
    assert sorted({plant for plant, _ in CASES}) == sorted(sabotage.PLANTS)
    assert {plant.split(",")[0] for plant in sabotage.PLANTS} == set(sabotage.FAULTS)


def test_the_teaching_page_has_this_table():
    page = (ROOT / "docs" / "teaching.md").read_text(encoding="utf-8")
    assert f"\n{sabotage.table()}\n" in page, "python -m tests.sabotage --table"


@pytest.mark.slow
@pytest.mark.parametrize(("plant", "lesson"), CASES, ids=[f"{plant}: {lesson}" for plant, lesson in CASES])
def test_a_lesson_fails_on_a_planted_fault(plant, lesson, tmp_path):
    done = run(lesson, tmp_path, plant)
    assert done.returncode != 0, f"lesson {lesson} holds although there is a fault: {plant}"
    assert "WRONG" in done.stdout, f"lesson {lesson} fell over instead of failing a check:\n{done.stderr[-2000:]}"


@pytest.mark.slow
@pytest.mark.parametrize("lesson", sorted({lesson for _, lesson in CASES}))
def test_the_same_lesson_holds_without_the_fault(lesson, tmp_path):
    done = run(lesson, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
