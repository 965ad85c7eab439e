"""The committed record of the lessons' numbers: five seeds, all held, the table made from it; resumed, not repeated."""

from __future__ import annotations

import json
import re
import statistics
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path.append(str(ROOT))

from lessons import record
from lessons.__main__ import Entry, lessons

KEPT = record.load()
EACH = pytest.mark.parametrize("entry", lessons(), ids=lambda entry: entry.number)


@EACH
def test_all_five_seeds_held(entry):
    kept = KEPT[entry.number]
    seeds = [str(seed) for seed in record.SEEDS]
    assert sorted(kept["runs"]) == seeds and all(one["held"] for one in kept["runs"].values())
    assert len(kept["checks"]) >= 2
    for check in kept["checks"]:
        assert sorted(check["got"]) == sorted(check["want"]) == seeds, check["what"]
    assert all("skipped" not in one or entry.number == "X3" for one in kept["runs"].values())
    assert max(one["seconds"] for one in kept["runs"].values()) <= 90


def test_all_lessons_in_normal_mode_take_less_than_ten_minutes():
    assert sum(statistics.median(record.seconds(kept, "cpu")) for kept in KEPT.values()) < 600


def test_the_table_is_that_of_the_record():
    assert record.TABLE.read_text(encoding="utf-8") == record.table(KEPT), "python -m lessons record makes it anew"


@EACH
def test_the_way_through_tells_the_time_that_was_measured(entry):
    readme = (ROOT / "lessons" / "README.md").read_text(encoding="utf-8")
    told = re.search(rf"^\| \[{entry.number}\].*\| (\d+) s \|", readme, re.MULTILINE)
    assert told and int(told[1]) == record.rounded_up(statistics.median(record.seconds(KEPT[entry.number], "cpu")))


@pytest.mark.slow
@EACH
def test_the_record_is_of_the_lesson_as_it_is(entry):
    assert not record.missing(KEPT, entry, record.SEEDS), f"python -m lessons record {entry.number}"


# ------------------------------------------------------------------- how it is made

LESSON = '''# %% [markdown]
# # 99. A title
# %%
def f(x):
    """Twice x."""
    return 2 * x  # why


print(f"  ∂ says {f(1):.2f}")  # ∂
L.predict("what is it?", f(2))
L.check("twice", f(2), "==", 4)
figure.set(title="A picture", xlabel=names[0])
'''


@pytest.mark.parametrize("old, new", [
    ("A title", "Another"), ("# # 99", "# Words.\n#\n# # 99"),
    ('"""Twice x."""', '"""x,\n\n    twice."""'), ("  # why", ""),
    ("∂ says", "ü has"), ("what is it?", "well?"), ('"A picture"', 'f"picture {f(1)}"'),
])  # fmt: skip
def test_prose_does_not_change_what_a_lesson_computes(old, new):
    assert old in LESSON and record.fingerprint(LESSON.replace(old, new)) == record.fingerprint(LESSON)


@pytest.mark.parametrize(
    "old, new", [("2 * x", "3 * x"), ('"==", 4', '"==", 5'), ("f(2))\nL", "f(3))\nL"), ("names[0]", "names[1]")]
)
def test_code_does(old, new):
    assert old in LESSON and record.fingerprint(LESSON.replace(old, new)) != record.fingerprint(LESSON)


def checked(got, held=True):
    return {
        "seconds": 1.0,
        "cpu": 2.0,
        "skipped": "",
        "checks": [{"what": "two", "op": "<", "got": got, "want": "3", "held": held}],
    }


def test_a_run_is_kept_once_and_dropped_with_the_code_that_it_was_of(tmp_path, monkeypatch):
    for name, file in (("KEPT", "expected.json"), ("TABLE", "record.md")):
        monkeypatch.setattr(record, name, tmp_path / file)
    script = tmp_path / "99_a_title.py"
    script.write_text(LESSON, encoding="utf-8")
    entry, kept = Entry("99", "A title", "", script), {}
    for seed, got in ((0, "2"), (3, "1.5"), (1, "2.5")):
        record.add(kept, entry, seed, checked(got))
    record.save(kept)
    assert record.load() == kept and record.missing(kept, entry, record.SEEDS) == [2, 4]
    assert "| two | 1.5 | 2 | 2.5 | < | 3 |" in record.TABLE.read_text(encoding="utf-8")
    record.add(kept, entry, 2, checked("4", held=False))
    assert "3 of 4" in record.table(kept)
    script.write_text(LESSON.replace("2 * x", "x + x"), encoding="utf-8")
    assert record.missing(kept, entry, [0, 1]) == [0, 1]
    record.add(kept, entry, 0, checked("2"))
    assert list(kept["99"]["runs"]) == ["0"] and json.dumps(kept).count('"got"') == 1
