"""Exercises: hand out the starts, grade the answers.

`exercises/exNN.py` holds a START (the questions, and the file of answers to fill in), `numbers(rng)` (what varies from
student to student), and one `check_NAME(answer, numbers)` for each NAME in the start. A check returns whether the answer is
right, or raises `Wrong` with a hint. Each answer is graded in a process of its own, so that one endless loop costs one point.
"""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
import subprocess
import sys
import tempfile
import zlib
from pathlib import Path
from types import ModuleType

import numpy as np

HERE = Path(__file__).resolve().parent


class Wrong(Exception):
    """A wrong answer that deserves a hint."""


def load(path: Path, name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec and spec.loader, path
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def exercises(number: str) -> ModuleType:
    path = HERE / "exercises" / f"ex{number}.py"
    if not path.exists():
        known = ", ".join(sorted(file.stem[2:] for file in path.parent.glob("ex*.py")))
        raise SystemExit(f"lesson {number} has no exercises to check; these have: {known}")
    return load(path, f"exercises_{number}")


def numbers_for(module: ModuleType, student: str) -> dict:
    """The numbers in this student's questions; the same for the same student, whatever the machine."""
    return module.numbers(np.random.default_rng(zlib.crc32(student.encode())))


def start(number: str, student: str) -> str:
    """The file of answers to fill in, with this student's numbers."""
    module = exercises(number)
    text = module.START.strip("\n")
    for name, value in numbers_for(module, student).items():
        text = text.replace(f"<{name}>", str(value))
    return f'"""Exercises of lesson {number}: put your answers in the place of None and of pass."""\n\n{text}\n'


def questions(module: ModuleType) -> list[str]:
    return [name.removeprefix("check_") for name in vars(module) if name.startswith("check_")]


def grade_one(number: str, name: str, answers: Path, student: str) -> dict:
    """Import the answers, look at one of them: {question, points, passed, hint}."""
    module = exercises(number)
    result = {"question": name, "points": 0, "passed": False, "hint": ""}
    try:
        answer = getattr(load(answers, "answers"), name, None)
        if answer is None:
            raise Wrong("not answered yet")
        if not getattr(module, f"check_{name}")(answer, numbers_for(module, student)):
            raise Wrong("not so; read the paragraph above the exercise again")
        result |= {"points": 1, "passed": True}
    except Wrong as hint:
        result["hint"] = str(hint)
    except Exception as error:  # noqa: BLE001  (whatever a student's code raises is an answer, not an accident)
        result["hint"] = f"your code raised {type(error).__name__}: {error}"
    return result


def grade(number: str, answers: Path, student: str = "0", limit: float = 30.0) -> list[dict]:
    """Grade every question, each in its own process with a time limit, against this folder's own checks."""
    results = []
    for name in questions(exercises(number)):
        with tempfile.TemporaryDirectory() as folder:
            verdict = Path(folder) / "verdict.json"
            command = [sys.executable, __file__, number, name, str(answers.resolve()), student, str(verdict)]
            hint = "your code stopped the grader"
            try:
                subprocess.run(command, timeout=limit, capture_output=True, check=False, cwd=folder)
            except subprocess.TimeoutExpired:
                hint = f"your code did not end within {limit:g} s"
            failed = {"question": name, "points": 0, "passed": False, "hint": hint}
            results.append(json.loads(verdict.read_text(encoding="utf-8")) if verdict.exists() else failed)
    return results


def export(folder: Path, student: str = "0") -> list[Path]:
    """Write the lessons and the files of answers to fill in, without checks and without solutions."""
    folder.mkdir(parents=True, exist_ok=True)
    written = [folder / file.name for file in [*HERE.glob("[0-9X]*_*.py"), *map(HERE.joinpath, ("_kit.py", "matplotlibrc", "README.md", "source_lstm.npz"))]]
    for target in written:
        shutil.copyfile(HERE / target.name, target)
    for file in sorted((HERE / "exercises").glob("ex*.py")):
        number = re.sub(r"^ex", "", file.stem)
        written.append(folder / f"answers_{number}.py")
        written[-1].write_text(start(number, student), encoding="utf-8")
    return written


if __name__ == "__main__":
    number, name, answers, student, verdict = sys.argv[1:]
    sys.path.append(str(HERE.parent))
    sys.modules["lessons.grading"] = sys.modules["__main__"]  # so that the checks raise the Wrong that is caught here
    Path(verdict).write_text(json.dumps(grade_one(number, name, Path(answers), student)), encoding="utf-8")
