"""The way through the lessons: list them, run some or all, go on where you stopped, see all pictures on one page."""

from __future__ import annotations

import argparse
import html
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).resolve().parent
sys.path.append(str(HERE.parent))

from lessons import grading
from minigrad.console import forgiving_console, seed


class Entry(NamedTuple):
    """What the list says of a lesson, read from its own first lines."""

    number: str
    title: str
    needs: str
    file: Path


def lessons() -> list[Entry]:
    entries = []
    for file in sorted(HERE.glob("[0-9X]*_*.py")):
        text = file.read_text(encoding="utf-8")
        title = re.search(r"^# # (\w+)\. (.+)$", text, re.MULTILINE)
        needs = re.search(r"^# (You need .+)$", text, re.MULTILINE)
        number = file.stem.split("_")[0]
        entries.append(Entry(number, title[2] if title else file.stem, needs[1] if needs else "", file))
    return entries


def run(entry: Entry, flags: list[str], out: Path) -> bool:
    """Run one lesson in a process of its own; whether it held."""
    began = time.perf_counter()
    print(f"\n{'=' * 20} {entry.number}. {entry.title}", flush=True)
    with subprocess.Popen([sys.executable, entry.file, *flags, "--out", out / entry.file.stem]) as process:
        try:
            status = process.wait()
        except KeyboardInterrupt:  # Ctrl-C reaches the lesson too: let it keep what it has
            process.wait()
            sys.exit(130)
    verdict = "held" if status == 0 else "stopped" if status == 130 else f"FAILED (status {status})"
    if status == 0 and (why := kept(entry, out).get("skipped")):
        verdict = f"SKIPPED in part ({why.split(':')[0]})"
    print(f"{'=' * 20} {entry.number} {verdict}, {time.perf_counter() - began:.1f} s with imports", flush=True)
    return status == 0


def kept(entry: Entry, out: Path) -> dict:
    """The record that the last run of this lesson left of itself, if there is one."""
    record = out / entry.file.stem / "record.json"
    return json.loads(record.read_text(encoding="utf-8")) if record.exists() else {}


def passed(entry: Entry, out: Path) -> bool:
    """Whether in the last run of this lesson every check held, and no part was skipped."""
    return bool(kept(entry, out).get("passed"))


def state(entry: Entry, out: Path) -> str:
    """What the list says of it."""
    return "   (passed)" if passed(entry, out) else "   (skipped in part)" if kept(entry, out).get("skipped") else ""


def contact_sheet(out: Path) -> Path:
    """One page with every picture that the lessons drew."""
    parts = []
    for entry in lessons():
        pictures = sorted(p for p in (out / entry.file.stem).glob("*") if p.suffix in (".png", ".svg"))
        shown = "".join(
            f'<figure><a href="{p.parent.name}/{p.name}"><img src="{p.parent.name}/{p.name}" alt="{p.stem}"></a>'
            f"<figcaption>{p.name}</figcaption></figure>"
            for p in pictures
        )
        parts.append(f"<h2>{entry.number}. {html.escape(entry.title)}</h2><div>{shown or 'not run yet'}</div>")
    style = "body{font:16px sans-serif;margin:2em}div{display:flex;flex-wrap:wrap;gap:1em}"
    style += "img{max-width:420px;max-height:320px}"
    head = f'<!doctype html><meta charset="utf-8"><title>minigrad: all pictures</title><style>{style}</style>'
    out.mkdir(parents=True, exist_ok=True)
    (out / "index.html").write_text(head + "".join(parts), encoding="utf-8")
    return out / "index.html"


def spelled(number: str) -> str:
    """1 is 01, and x1 is X1."""
    return number.upper().zfill(2)


def chosen(arguments: argparse.Namespace, out: Path) -> list[Entry]:
    entries = lessons()
    if arguments.go_on:
        return [entry for entry in entries if not passed(entry, out)]
    if arguments.all:
        return entries
    arguments.numbers = [spelled(number) for number in arguments.numbers]
    unknown = set(arguments.numbers) - {entry.number for entry in entries}
    if unknown:
        sys.exit(f"no lesson {', '.join(sorted(unknown))}; there are {' '.join(entry.number for entry in entries)}")
    return [entry for entry in entries if entry.number in arguments.numbers]


def check(arguments: list[str]) -> None:
    """python -m lessons check 02 DIR/answers_02.py [--json] [--seed ID] [--limit SECONDS]"""
    parser = argparse.ArgumentParser(prog="python -m lessons check")
    parser.add_argument("number", metavar="NN", help="the lesson, such as 02")
    parser.add_argument("answers", type=Path, metavar="DIR/answers_NN.py", help="the answers, as export wrote the file")
    parser.add_argument("--json", action="store_true", help="for an autograder")
    parser.add_argument("--seed", default="0", metavar="ID", help="the student whose numbers these are")
    parser.add_argument("--limit", type=float, default=30.0, metavar="SECONDS")
    asked = parser.parse_args(arguments)
    if not asked.answers.is_file():
        writes = f"`python -m lessons export --student DIR` writes DIR/answers_{spelled(asked.number)}.py to fill in"
        sys.exit(f"{asked.answers}: there is no such file of answers; {writes}")
    results = grading.grade(spelled(asked.number), asked.answers, asked.seed, asked.limit)
    if asked.json:
        print(json.dumps(results, indent=1))
    else:
        for row in results:
            print(f"  {'✓' if row['passed'] else '✗'} {row['question']}{': ' + row['hint'] if row['hint'] else ''}")
    sys.exit(0 if all(row["passed"] for row in results) else 1)


def export(arguments: list[str]) -> None:
    """python -m lessons export --student DIR [--seed ID]"""
    parser = argparse.ArgumentParser(prog="python -m lessons export")
    parser.add_argument("--student", type=Path, required=True, metavar="DIR")
    parser.add_argument("--seed", default="0", metavar="ID")
    asked = parser.parse_args(arguments)
    print(f"{len(grading.export(asked.student, asked.seed))} files in {asked.student}, none of them a solution")


def main() -> None:
    forgiving_console()
    if sys.argv[1:2] in (["check"], ["export"]):
        return {"check": check, "export": export}[sys.argv[1]](sys.argv[2:])
    if sys.argv[1:2] in (["notebooks"], ["site"]):
        from lessons import pages

        return pages.main(sys.argv[1], sys.argv[2:], lessons())
    if sys.argv[1:2] == ["record"]:
        from lessons import record

        return record.main(sys.argv[2:], lessons())
    others = "Further commands, each with a --help of its own: check, export, notebooks, site, record."
    parser = argparse.ArgumentParser("python -m lessons", description=__doc__, epilog=others, allow_abbrev=False)
    parser.add_argument("numbers", nargs="*", metavar="NN", help="lessons to run, such as 01 07; none: list them")
    parser.add_argument("--all", action="store_true", help="run every lesson")
    parser.add_argument("--continue", dest="go_on", action="store_true", help="run those that have not passed yet")
    parser.add_argument("--sheet", action="store_true", help="write the page with all pictures")
    parser.add_argument("--out", type=Path, default=HERE / "out", help="folder for pictures and records")
    for flag in ("--fast", "--long", "--quiz"):
        parser.add_argument(flag, action="store_true")
    parser.add_argument("--seed", type=seed, default=0)
    arguments, own = parser.parse_known_args()  # `own`: options of the one lesson asked for, such as --text of 17
    if own and len(arguments.numbers) != 1:
        parser.error(f"not understood: {' '.join(own)} (a lesson's own options need exactly one lesson before them)")
    out = Path(os.path.abspath(arguments.out))
    flags = [f"--{flag}" for flag in ("fast", "long", "quiz") if getattr(arguments, flag)]
    flags += ["--seed", str(arguments.seed), *own]
    entries = chosen(arguments, out)
    if not entries and not arguments.sheet and not arguments.go_on:
        for entry in lessons():
            print(f"{entry.number}  {entry.title}{state(entry, out)}\n      {entry.needs}")
        print("\npython -m lessons 01 runs one, --all all, --continue those not passed yet, --sheet shows all pictures")
        return
    failed = [entry.number for entry in entries if not run(entry, flags, out)]
    print(f"\npictures of all lessons: {contact_sheet(out)}")
    if failed:
        sys.exit(f"failed: {' '.join(failed)}")


if __name__ == "__main__":
    main()
