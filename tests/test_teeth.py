"""Lessons have teeth: with a fault planted in the engine or in the kernels, the lessons that are about it must fail.

A check that holds whatever the engine does proves nothing. The table says which lesson must catch which fault on which of the
two paths; lesson 10 compares both with a backward written by hand, so it must catch every wrong gradient.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests import sabotage

ROOT = Path(__file__).resolve().parent.parent
TEETH = {  #                       operation by operation   as a kernel
    "overwrite":     {"engine": ["02", "06", "10", "12"], "kernel": ["10"]},
    "average":       {"engine": ["02", "06", "10"], "kernel": ["10"]},
    "no transpose":  {"engine": ["10"], "kernel": ["10"]},
    "squared norm":  {"": ["13"]},
    "no detach":     {"": ["11"]},
}  # fmt: skip
CASES = [(f"{fault}, {path}" if path else fault, lesson)
         for fault, paths in TEETH.items() for path, lessons in paths.items() for lesson in lessons]


def run(lesson: str, out: Path, plant: str | None = None) -> subprocess.CompletedProcess[str]:
    file = next((ROOT / "lessons").glob(f"{lesson}_*.py"))
    how = ["-m", "tests.sabotage", plant] if plant else []
    return subprocess.run([sys.executable, *how, str(file), "--fast", "--out", str(out)], cwd=ROOT, capture_output=True, text=True,
                          encoding="utf-8", errors="replace", check=False, timeout=180,
                          env=os.environ | {"MPLBACKEND": "Agg", "PYTHONIOENCODING": "utf-8"})


def test_every_fault_has_a_lesson_on_every_path_that_it_can_take():
    assert sorted({plant for plant, _ in CASES}) == sorted(sabotage.PLANTS)


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
