"""What the lessons measure, over several random seeds, kept in the repository.

    python -m lessons record [01 17] [--seeds 0 1 2 3 4]

runs each lesson in its normal mode once for each seed, and keeps every checked number in `expected.json`; `record.md`
is the table made from it. A run that is there already, of the same code, is not repeated: a lesson's prose may change,
and what it prints, but not what it computes.
"""

from __future__ import annotations

import argparse
import ast
import hashlib
import io
import json
import os
import platform
import re
import statistics
import subprocess
import sys
import tempfile
import tokenize
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).resolve().parent
KEPT, TABLE = HERE / "expected.json", HERE / "record.md"
SEEDS = (0, 1, 2, 3, 4)

# ------------------------------------------------------------------------- which code a run was of


def fingerprint(text: str) -> str:
    """What a lesson computes, as a short hash: its text without comments, docstrings and what it only prints."""
    lines = text.splitlines(keepends=True)
    for (row, column), (last_row, last_column) in sorted(prose(text), reverse=True):
        cut = (lines[row - 1].encode()[:column] + b'""' + lines[last_row - 1].encode()[last_column:]).decode()
        lines[row - 1 : last_row] = [cut]
    bare = "".join(lines)
    comments = [t.start for t in tokenize.generate_tokens(io.StringIO(bare).readline) if t.type == tokenize.COMMENT]
    lines = bare.splitlines()
    for row, column in comments:
        lines[row - 1] = lines[row - 1][:column]
    code = "\n".join(line.rstrip() for line in lines if line.strip())
    return hashlib.sha256(code.encode()).hexdigest()[:12]


def prose(text: str) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    """Where docstrings, printed texts, questions and captions begin and end, as (row, byte in the row)."""
    found: list[ast.expr] = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.Module)) and ast.get_docstring(node) is not None:
            found.append(node.body[0].value)  # type: ignore[attr-defined]
        elif isinstance(node, ast.Call):
            name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
            texts = node.args if name == "print" else node.args[:1] if name == "predict" else []
            texts = texts + [k.value for k in node.keywords if k.arg in ("title", "xlabel", "ylabel", "suptitle")]
            found += [
                a
                for a in texts
                if isinstance(a, ast.JoinedStr) or (isinstance(a, ast.Constant) and isinstance(a.value, str))
            ]
    return [((a.lineno, a.col_offset), (a.end_lineno or 0, a.end_col_offset or 0)) for a in found]


# ------------------------------------------------------------------------- the record


def here() -> str:
    """What the numbers may depend on beside the seed."""
    blas = np.show_config(mode="dicts")["Build Dependencies"]["blas"]  # type: ignore[call-overload]
    return (
        f"Python {platform.python_version()}, NumPy {np.__version__} with {blas['name']} {blas['version']}, "
        f"{platform.system()} {platform.machine()}"
    )


def load() -> dict[str, Any]:
    return json.loads(KEPT.read_text(encoding="utf-8")) if KEPT.exists() else {}


def save(record: dict[str, Any]) -> None:
    """Both files; expected.json has a line for each run and for each check, so that a change can be read."""
    line = lambda x: json.dumps(x, ensure_ascii=False)
    parts = []
    for number, kept in sorted(record.items()):
        runs = ",\n   ".join(f"{line(seed)}: {line(kept['runs'][seed])}" for seed in sorted(kept["runs"]))
        checks = ",\n   ".join(line(check) for check in kept["checks"])
        parts.append(
            f' {line(number)}: {{\n  "title": {line(kept["title"])},\n  "code": {line(kept["code"])},\n'
            f'  "runs": {{\n   {runs}\n  }},\n  "checks": [\n   {checks}\n  ]\n }}'
        )
    whole = KEPT.with_suffix(".new")
    whole.write_text("{\n" + ",\n".join(parts) + "\n}\n", encoding="utf-8")
    os.replace(whole, KEPT)
    TABLE.write_text(table(record), encoding="utf-8")


def add(record: dict[str, Any], entry: Any, seed: int, run: dict[str, Any]) -> None:
    """One run into the record. Runs of another code of the same lesson are dropped."""
    code, seed_name = fingerprint(entry.file.read_text(encoding="utf-8")), str(seed)
    kept = record.get(entry.number)
    if kept is None or kept["code"] != code:
        kept = record[entry.number] = {"title": entry.title, "code": code, "runs": {}, "checks": []}
    kept["title"] = entry.title
    kept["runs"][seed_name] = {
        "held": all(check["held"] for check in run["checks"]),
        "seconds": round(run["seconds"], 1),
        "cpu": round(run["cpu"], 1),
        "on": here(),
    } | ({"skipped": run["skipped"]} if run.get("skipped") else {})
    for check in run["checks"]:
        same = [
            c
            for c in kept["checks"]
            if (c["what"], c["op"]) == (check["what"], check["op"]) and seed_name not in c["got"]
        ]
        if not same:
            same = [{"what": check["what"], "op": check["op"], "got": {}, "want": {}}]
            kept["checks"] += same
        same[0]["got"][seed_name], same[0]["want"][seed_name] = check["got"], check["want"]


def missing(record: dict[str, Any], entry: Any, seeds: Any) -> list[int]:
    """The seeds whose run is not in the record, or was of other code."""
    kept = record.get(entry.number)
    current = kept is not None and kept["code"] == fingerprint(entry.file.read_text(encoding="utf-8"))
    return [seed for seed in seeds if not (current and str(seed) in kept["runs"])]


def run(entry: Any, seed: int) -> dict[str, Any] | None:
    """The lesson in a process and a folder of its own: what it kept of itself, or None where it fell over."""
    with tempfile.TemporaryDirectory() as out:
        command = [sys.executable, str(entry.file), "--seed", str(seed), "--out", out]
        done = subprocess.run(
            command,
            env=os.environ | {"MINIGRAD_LESSON_MODE": "normal", "PYTHONIOENCODING": "utf-8"},
            check=False,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="replace",
        )
        kept = Path(out) / "record.json"
        if kept.exists():
            return json.loads(kept.read_text(encoding="utf-8"))
    print(done.stderr[-2000:])
    return None


# ------------------------------------------------------------------------- the table


def spread(values: list[str]) -> str:
    """`least | middle | most` of numbers; for anything else what it was, if it was always that."""
    try:
        numbers = sorted((float(value), value) for value in values)
    except ValueError:
        different = sorted(set(values))
        return f"{shown(different[0])} | | " if len(different) == 1 else f"{len(different)} different | | "
    middle = statistics.median_low(numbers)
    return " | ".join(shown(value) for value in (numbers[0][1], middle[1], numbers[-1][1]))


def shown(text: str) -> str:
    """A number with four digits, a text with at most forty characters, neither with what a table would misread."""
    try:
        number = float(text)
        return text if number.is_integer() and abs(number) < 1e6 else f"{number:.4g}"
    except ValueError:
        short = text if len(text) <= 40 else f"{text[:39]}…"
        return short.replace("|", "\\|")


def seconds(kept: dict[str, Any], which: str) -> list[float]:
    return sorted(one[which] for one in kept["runs"].values())


def rounded_up(value: float) -> int:
    """A time as it is told to somebody who plans: the next of 1, 2, 5, 10, 15, 20, 30, 45, 60, 90 seconds."""
    return next((s for s in (1, 2, 5, 10, 15, 20, 30, 45, 60, 90) if value <= s), 120)


def outcome(kept: dict[str, Any]) -> str:
    held = sum(one["held"] for one in kept["runs"].values())
    skipped = any("skipped" in one for one in kept["runs"].values())
    return f"{held} of {len(kept['runs'])}" + (", in part skipped" if skipped else "")


def table(record: dict[str, Any]) -> str:
    """record.md: every lesson's outcome and time, then every checked number's least, middle and largest value."""
    machines = "; ".join(sorted({one["on"] for kept in record.values() for one in kept["runs"].values()}))
    total = sum(statistics.median(seconds(kept, "cpu")) for kept in record.values())
    rows = "".join(summary(number, kept) for number, kept in sorted(record.items()))
    parts = "".join(details(number, kept) for number, kept in sorted(record.items()))
    return f"""# What the lessons measured

Every lesson in its normal mode with the random seeds {", ".join(map(str, SEEDS))}, none left out. Made by
`python -m lessons record`; [expected.json](expected.json) holds each single value.

Measured with {machines}, one BLAS thread. *Held* counts the seeds with which every check held; the middle of the CPU
seconds, and the most seconds by the clock, without imports. All lessons once: {total:.0f} CPU seconds.

| lesson | | held | checks | CPU s | at most s |
|---|---|---|---|---|---|
{rows}{parts}"""


def summary(number: str, kept: dict[str, Any]) -> str:
    """A lesson's row in the first table."""
    anchor = re.sub(r"[^\w -]", "", f"{number}. {kept['title']}".lower()).replace(" ", "-")
    times = f"{statistics.median(seconds(kept, 'cpu')):.1f} | {seconds(kept, 'seconds')[-1]:.1f}"
    return f"| [{number}](#{anchor}) | {kept['title']} | {outcome(kept)} | {len(kept['checks'])} | {times} |\n"


def details(number: str, kept: dict[str, Any]) -> str:
    """A lesson's own table, a row for each check."""
    why = sorted({one["skipped"] for one in kept["runs"].values() if "skipped" in one})
    said = "".join(f"Skipped in part: {reason}.\n\n" for reason in why)
    rows = []
    for check in kept["checks"]:
        what, got, want = check["what"].replace("|", "\\|"), list(check["got"].values()), list(check["want"].values())
        rows.append(f"| {what} | {spread(got)} | {check['op']} | {asked(want)} |\n")
    head = "| what is checked | least | middle | most | | asked |\n|---|---|---|---|---|---|\n"
    return f"\n## {number}. {kept['title']}\n\n{said}{head}{''.join(rows)}"


def asked(values: list[str]) -> str:
    """The threshold; its least and largest value where it is a number of the same run (a control, a baseline)."""
    if len(set(values)) == 1:
        return shown(values[0])
    try:
        numbers = sorted(values, key=float)
    except ValueError:
        return f"{shown(values[0])}, …"
    return f"{shown(numbers[0])} … {shown(numbers[-1])}"


# ------------------------------------------------------------------------- the command


def main(arguments: list[str], entries: list) -> None:
    """python -m lessons record [NN …] [--seeds 0 1 2 3 4]"""
    parser = argparse.ArgumentParser(
        prog="python -m lessons record", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("numbers", nargs="*", metavar="NN", help="only these lessons")
    parser.add_argument("--seeds", nargs="+", type=int, default=SEEDS, metavar="N")
    chosen = parser.parse_args(arguments)
    if unknown := set(chosen.numbers) - {entry.number for entry in entries}:
        sys.exit(f"no lesson {', '.join(sorted(unknown))}")
    asked_for = [entry for entry in entries if not chosen.numbers or entry.number in chosen.numbers]
    bad = [wrong for entry in asked_for for seed in missing(load(), entry, chosen.seeds) for wrong in keep(entry, seed)]
    record = load()
    for entry in entries:
        if entry.number in record:
            record[entry.number]["title"] = entry.title
    save(record)
    print("\n".join([*bad, f"\nthe record: {KEPT}\nthe table:  {TABLE}"]))
    sys.exit(1 if bad else 0)


def keep(entry: Any, seed: int) -> list[str]:
    """Run a lesson and put it into the record; what did not hold."""
    kept = run(entry, seed)
    if kept is None:
        return [f"{entry.number}, seed {seed}: fell over"]
    record = load()
    add(record, entry, seed, kept)
    save(record)
    wrong = [check for check in kept["checks"] if not check["held"]]
    held = f"{len(kept['checks']) - len(wrong)} of {len(kept['checks'])} held"
    print(f"  {entry.number} seed {seed}: {held}, {kept['seconds']:.1f} s", flush=True)
    return [f"{entry.number}, seed {seed}: {c['what']}: {c['got']} {c['op']} {c['want']}" for c in wrong]
