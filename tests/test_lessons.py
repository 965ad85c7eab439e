"""Every lesson holds what it says, with no network and a poor console; exercises accept what is right and hint at what is wrong."""

import ast
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path.append(str(ROOT))

from lessons import grading
from minigrad import backend

LESSONS = sorted((ROOT / "lessons").glob("[0-9X]*_*.py"))
EXERCISES = sorted(file.stem[2:] for file in (ROOT / "lessons" / "exercises").glob("ex*.py"))
NO_NETWORK = "import socket\ndef refuse(*_, **__): raise OSError('no network here')\nsocket.socket.connect = refuse\n"


def each_lesson():
    """The first ones, and those of README's main command, run with every test; the others are for CI."""
    for lesson in LESSONS:
        first = lesson.stem.split("_")[0] in ("01", "02", "07", "17")
        yield pytest.param(lesson, id=lesson.stem, marks=() if first else pytest.mark.slow)


@pytest.mark.parametrize("lesson", each_lesson())
def test_a_lesson_holds_in_fast_mode(lesson, tmp_path):
    (tmp_path / "sitecustomize.py").write_text(NO_NETWORK, encoding="utf-8")
    machine = {name: value for name, value in os.environ.items() if name not in ("MPLBACKEND", "MATPLOTLIBRC", "DISPLAY")}
    environment = machine | {
        "PYTHONPATH": str(tmp_path), "PYTHONIOENCODING": "cp1252", "PYTHONUTF8": "0",
        "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "PYTHONWARNINGS": "error::RuntimeWarning",
    }  # fmt: skip
    out = tmp_path / "Bilder für Ömer"
    command = [sys.executable, str(lesson), "--fast", "--out", str(out)]
    done = subprocess.run(command, capture_output=True, cwd=tmp_path, env=environment, timeout=120, check=False)
    printed = done.stdout.decode("cp1252") + done.stderr.decode("cp1252", "replace")
    assert done.returncode == 0, printed
    record = json.loads((out / "record.json").read_text(encoding="utf-8"))
    assert len(record["checks"]) >= 2 and (record["passed"] or record["skipped"].startswith("no GPU"))
    assert record["cpu"] < 15, "a fast run is meant to take less than five seconds on an idle machine"
    promised = re.search(r"pictures=\[(.*?)\]", lesson.read_text(encoding="utf-8"), re.DOTALL)
    assert promised and all(list(out.glob(f"{name}.*")) for name in re.findall(r'"(\w+)"', promised[1]))


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.stem.split("_")[0])
def test_the_kit_comes_first_and_brings_matplotlib_with_its_settings(lesson):
    """One BLAS thread and a backend without windows are asked for by the kit, before NumPy and Matplotlib are there."""
    imports = [node for node in ast.walk(ast.parse(lesson.read_text(encoding="utf-8"))) if isinstance(node, (ast.Import, ast.ImportFrom))]
    names = [node.module if isinstance(node, ast.ImportFrom) else node.names[0].name for node in imports]
    foreign = [name.split(".")[0] for name in names if name.split(".")[0] not in sys.stdlib_module_names]
    assert foreign[0] == "_kit" and not {"matplotlib", "numpy"} & set(foreign)


def test_a_lesson_fits_its_page_and_the_kit_is_short():
    lines = {file.name: len(file.read_text(encoding="utf-8").splitlines()) for file in [*LESSONS, ROOT / "lessons" / "_kit.py"]}
    assert not {name: count for name, count in lines.items() if count > (300 if name == "_kit.py" else 140)}


NEARLY_A_GPU = """
import runpy, sys
from minigrad import backend
from tests import strict_array
backend.cupy = lambda: strict_array
sys.argv = sys.argv[1:]
sys.path.insert(0, "lessons")
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def test_the_lesson_for_a_gpu_runs_to_its_end_on_an_array_that_is_like_one(tmp_path):
    """The stand-in of `strict_array.py` refuses what CuPy refuses. It is not fast, so of the speed nothing is asked."""
    lesson = next((ROOT / "lessons").glob("X3_*.py"))
    command = [sys.executable, "-c", NEARLY_A_GPU, str(lesson), "--fast", "--out", str(tmp_path)]
    settings = os.environ | {"PYTHONIOENCODING": "utf-8", "MPLBACKEND": "Agg"}
    done = subprocess.run(
        command, cwd=ROOT, env=settings, capture_output=True, text=True, encoding="utf-8", check=False, timeout=120
    )
    record = json.loads((tmp_path / "record.json").read_text(encoding="utf-8"))
    losses = [check for check in record["checks"] if "the loss on the GPU" in check["what"]]
    assert len(losses) == 4 and all(check["held"] for check in losses) and not record["skipped"], done.stdout + done.stderr
    assert [check for check in record["checks"] if "costs the CPU more" in check["what"]]


def test_without_a_gpu_the_lesson_ends_well_and_is_not_called_passed(tmp_path):
    try:
        backend.cupy()
    except RuntimeError:
        done = lessons("X3", "--fast", "--out", str(tmp_path))
        assert done.returncode == 0 and "SKIPPED: no GPU" in done.stdout and "X3 SKIPPED in part" in done.stdout
        listed = lessons("--out", str(tmp_path)).stdout
        assert re.search("X3 .*skipped in part", listed) and "(passed)" not in listed
    else:
        pytest.skip("there is a GPU")


def test_a_lesson_without_checks_or_with_a_missing_picture_fails(tmp_path):
    code = f"import sys; sys.path.insert(0, {str(ROOT / 'lessons')!r}); from _kit import Lesson; L = Lesson('x', {{}}); L.done()"
    for pictures in ("[]", "['drawn']"):
        done = subprocess.run([sys.executable, "-c", code.format(pictures), "--out", str(tmp_path)], capture_output=True, check=False)
        assert done.returncode == 1


def seeded(module):
    return grading.numbers_for(module, "student 7")


@pytest.mark.parametrize("number", EXERCISES)
def test_exercises_accept_the_solution_and_refuse_the_start_and_known_mistakes(number, tmp_path):
    module = grading.exercises(number)
    solution = grading.load(ROOT / "lessons" / "solutions" / f"sol{number}.py", f"solutions_{number}")
    numbers = seeded(module)
    right = solution.right(numbers)
    assert sorted(right) == sorted(grading.questions(module)) and len(right) >= 3
    for name, answer in right.items():
        assert getattr(module, f"check_{name}")(answer, numbers), name
    for name, answer, hint in solution.wrong(numbers):
        with pytest.raises(grading.Wrong, match=re.escape(hint)):
            assert getattr(module, f"check_{name}")(answer, numbers)
            raise AssertionError(f"{name}: a known mistake passes")
    (tmp_path / "start.py").write_text(grading.start(number, "student 7"), encoding="utf-8")
    start = grading.load(tmp_path / "start.py", "start")
    for name in right:
        answer = getattr(start, name)
        if answer is not None:
            with pytest.raises((grading.Wrong, TypeError)):
                assert getattr(module, f"check_{name}")(answer, numbers) or pytest.fail(f"{name}: the empty start passes")


def test_students_get_other_numbers_and_no_solutions(tmp_path):
    for student in ("Ada", "Bob"):
        grading.export(tmp_path / student, student)
    ada, bob = ((tmp_path / s / "answers_01.py").read_text(encoding="utf-8") for s in ("Ada", "Bob"))
    assert ada != bob and "def multiply_backward(x, y, dz):\n    pass" in ada
    assert not [file for file in (tmp_path / "Ada").iterdir() if "sol" in file.name or file.name.startswith("ex")]


def test_an_autograder_gets_points_and_hints(tmp_path):
    answers = tmp_path / "answers.py"
    answers.write_text("df_dx = 1\nhand_overs = 3\ndef multiply_backward(x, y, dz):\n    while True: pass\n", encoding="utf-8")
    command = [sys.executable, "-m", "lessons", "check", "01", str(answers), "--json", "--limit", "3"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, encoding="utf-8")
    rows = {row["question"]: row for row in json.loads(done.stdout)}
    assert done.returncode == 1
    assert rows["hand_overs"] == {"question": "hand_overs", "points": 1, "passed": True, "hint": ""}
    assert not rows["df_dx"]["passed"] and "did not end within 3 s" in rows["multiply_backward"]["hint"]


def test_the_way_through_names_every_lesson_and_every_lesson_has_exercises():
    table = (ROOT / "lessons" / "README.md").read_text(encoding="utf-8")
    for lesson in LESSONS:
        number = lesson.stem.split("_")[0]
        assert f"| [{number}]({lesson.name}) |" in table, f"lessons/README.md has no row for {lesson.name}"
        assert number in EXERCISES, f"lesson {number} has no exercises"


def lesson_code(body, *arguments, **environment):
    """A lesson of one line, run as lessons are."""
    code = f"import sys; sys.path.insert(0, {str(ROOT / 'lessons')!r}); from _kit import Lesson; L = Lesson('x'); {body}"
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.run(
        command, capture_output=True, check=False, text=True, encoding="utf-8", stdin=subprocess.DEVNULL,
        env=os.environ | {"PYTHONIOENCODING": "utf-8"} | environment, timeout=60,
    )  # fmt: skip


def test_a_quiz_with_nobody_there_goes_on(tmp_path):
    done = lesson_code("L.predict('1 + 1?', 2); L.check('one', 1, '==', 1); L.done()", "--quiz", "--out", str(tmp_path))
    assert done.returncode == 0 and "not so" in done.stdout and not done.stderr


def test_a_wrong_mode_or_seed_is_said_in_a_sentence(tmp_path):
    done = lesson_code("", "--out", str(tmp_path), MINIGRAD_LESSON_MODE="quick")
    assert done.returncode == 2 and "'quick'; it may be fast, normal, long" in done.stderr
    assert "from 0 up" in lesson_code("", "--seed", "-1", "--out", str(tmp_path)).stderr


def lessons(*arguments, **environment):
    command = [sys.executable, "-m", "lessons", *arguments]
    settings = os.environ | {"PYTHONIOENCODING": "utf-8", "MPLBACKEND": "Agg"} | environment
    return subprocess.run(command, cwd=ROOT, env=settings, capture_output=True, text=True, encoding="utf-8", check=False, timeout=120)


def test_numbers_may_be_short_and_one_lesson_gets_its_own_options(tmp_path):
    done = lessons("1", "--fast", "--out", str(tmp_path))
    assert done.returncode == 0 and "01. A calculation is a graph" in done.stdout
    done = lessons("17", "--text", "nowhere.txt", "--fast", "--out", str(tmp_path))
    assert done.returncode != 0 and "nowhere.txt: there is no such file" in done.stderr
    assert "exactly one lesson" in lessons("01", "02", "--text", "nowhere.txt").stderr


def test_answers_that_are_not_there_are_said_to_be_missing(tmp_path):
    done = lessons("check", "1", str(tmp_path / "nofile.py"))
    assert done.returncode == 1 and "no such file of answers" in done.stderr and "raised" not in done.stdout


def language_model(tmp_path, *options):
    command = [sys.executable, str(ROOT / "lessons" / "17_language_model.py"), "--fast", "--out", str(tmp_path / "out"), *options]
    settings = os.environ | {"PYTHONIOENCODING": "utf-8", "MPLBACKEND": "Agg"}
    return subprocess.run(command, env=settings, capture_output=True, text=True, encoding="utf-8", check=False, timeout=120)


@pytest.mark.parametrize(
    "content, said",
    [
        (b"hello world", "11 characters are too few to learn from; about 1,228"),
        (b"The quick brown fox. " * 9, "189 characters are too few"),
        ("Ein Café. ".encode("cp1252") * 200, "--encoding cp1252"),
        (b"\x7fELF\0\xff\xfe" * 300, "it is not a text"),
    ],
)
def test_a_text_that_cannot_be_learned_is_answered_in_a_sentence(content, said, tmp_path):
    (tmp_path / "a text").write_bytes(content)
    done = language_model(tmp_path, "--text", str(tmp_path / "a text"))
    assert done.returncode == 1 and said in done.stderr and "Traceback" not in done.stderr


def test_a_short_text_and_one_of_many_symbols_are_learned_in_a_fast_run(tmp_path):
    (tmp_path / "short").write_text("The quick brown fox jumps. " * 46, encoding="utf-8")
    done = language_model(tmp_path, "--text", str(tmp_path / "short"))
    assert done.returncode == 0, done.stdout + done.stderr
    many = "".join(chr(0x4E00 + k * k % 19_997) for k in range(30_000))
    (tmp_path / "many").write_text(many, encoding="utf-8")
    done = language_model(tmp_path, "--text", str(tmp_path / "many"))
    assert done.returncode == 0 and "301 different" in done.stdout, done.stdout + done.stderr
    assert json.loads((tmp_path / "out" / "record.json").read_text(encoding="utf-8"))["cpu"] < 15


@pytest.mark.slow
def test_a_run_that_was_interrupted_and_went_on_has_all_samples(tmp_path):
    if sys.platform == "win32":
        pytest.skip("Ctrl-C cannot be sent to another process on Windows")
    (tmp_path / "text").write_text("The quick brown fox jumps over the lazy dog. " * 400, encoding="utf-8")
    command = [sys.executable, "-u", str(ROOT / "lessons" / "17_language_model.py"), "--out", str(tmp_path / "out"), "--text", str(tmp_path / "text")]
    settings = os.environ | {"PYTHONIOENCODING": "utf-8", "MPLBACKEND": "Agg"}
    with subprocess.Popen(command, env=settings, stdout=subprocess.PIPE, text=True, encoding="utf-8") as first:
        while "Epoch 2 writes" not in first.stdout.readline():
            pass
        first.send_signal(signal.SIGINT)
        assert "run this again to go on" in first.stdout.read()
    assert first.returncode == 130
    done = subprocess.run(command, env=settings, capture_output=True, text=True, encoding="utf-8", check=False, timeout=300)
    assert done.returncode == 0 and "going on from" in done.stdout, done.stdout + done.stderr
    samples = (tmp_path / "out" / "samples.txt").read_text(encoding="utf-8")
    assert re.findall(r"^(\d+): ", samples, re.MULTILINE) == ["0", "2", "4", "6", "8", "10"]


@pytest.mark.parametrize("number", EXERCISES)
def test_a_lesson_says_what_its_answers_are_called(number):
    lesson = next((ROOT / "lessons").glob(f"{number}_*.py")).read_text(encoding="utf-8").partition("# ## Exercises")[2]
    assert all(f"`{name}" in lesson for name in grading.questions(grading.exercises(number)))
