"""What every lesson needs, and nothing clever: its options, checks that count, questions to answer first, pictures.

Import it before NumPy: it asks for one BLAS thread, unless you said otherwise (small products are slower on two).
"""

import argparse
import json
import operator
import os
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
for library in ("OPENBLAS", "OMP", "MKL", "VECLIB_MAXIMUM"):
    os.environ.setdefault(f"{library}_NUM_THREADS", "1")
os.environ.setdefault("MATPLOTLIBRC", str(HERE / "matplotlibrc"))
sys.path.append(str(HERE.parent))  # a clone works without being installed

import numpy as np

import minigrad as mg
from minigrad.console import forgiving_console, seed

COMPARE = {"<": operator.lt, "<=": operator.le, "==": operator.eq, ">=": operator.ge, ">": operator.gt}
COMPARE["~"] = lambda got, want: abs(got - want[0]) <= want[1]  # want = (value, tolerance)


def __getattr__(name):
    """`from _kit import plt`: Matplotlib, where a lesson asks for it, after the settings above and not before."""
    if name != "plt":
        raise AttributeError(f"the kit has no {name!r}")
    import matplotlib.pyplot as plt

    return plt


def _text(value):
    return f"{value:.6g}" if isinstance(value, (float, np.floating)) else str(value)


class Lesson:
    """One run of a lesson: `pictures` are those it promises to draw, `options` are what it takes beside the usual."""

    def __init__(self, file, pictures=(), options=()):
        parser = argparse.ArgumentParser(description=f"lesson {Path(file).stem} of minigrad")
        for flag in ("--fast", "--long", "--quiz"):
            parser.add_argument(flag, action="store_true")
        parser.add_argument("--seed", type=seed, default=0)
        parser.add_argument("--out", type=Path, default=HERE / "out" / Path(file).stem)
        for flag, settings in options:
            parser.add_argument(flag, **settings)
        self.options = parser.parse_args([] if "ipykernel" in sys.modules else None)
        asked = "fast" if self.options.fast else "long" if self.options.long else ""
        self.mode = asked or os.environ.get("MINIGRAD_LESSON_MODE") or "normal"
        if self.mode not in (modes := ("fast", "normal", "long")):
            parser.error(f"MINIGRAD_LESSON_MODE is {self.mode!r}; it may be {', '.join(modes)}")
        self.seed, self.out, self.missing = self.options.seed, self.options.out, set(pictures)
        self.checks, self.skipped, self.began = [], "", time.perf_counter()
        self.out.mkdir(parents=True, exist_ok=True)
        forgiving_console()
        mg.set_random_seed(self.seed)

    def pick(self, fast, normal, long=None):
        return {"fast": fast, "normal": normal, "long": normal if long is None else long}[self.mode]

    def check(self, what, got, op, want):
        held = bool(COMPARE[op](got, want))
        wanted = f"{_text(want[0])} ± {want[1]:.0e}" if op == "~" else _text(want)
        print(f"  {'✓' if held else '✗ WRONG'} {what}: {_text(got)} {op} {wanted}")
        self.checks.append({"what": what, "held": held, "got": _text(got), "op": op, "want": wanted})

    def skip(self, reason):
        """A part cannot be run on this machine: say why. The lesson ends well, as skipped and not as passed."""
        self.skipped = reason
        print(f"  SKIPPED: {reason}")

    def predict(self, question, answer, tolerance=0.0):
        """A question before its answer: on paper, or with --quiz typed and graded."""
        print(f"\n  Predict: {question}")
        if self.options.quiz:
            try:
                given = input("  your answer: ").strip().lower()
            except EOFError:  # nobody there, or Ctrl-D: no answer
                given = ""
            try:
                right = abs(float(given) - answer) <= tolerance
            except (TypeError, ValueError):
                right = given == str(answer).lower()
            print("  right" if right else "  not so")
        print(f"  Answer: {_text(answer)}\n")

    def figure(self, name, figure, **arrays):
        """Keep Matplotlib's figure as name.png, with the arrays that it shows; or minigrad's as name.svg and name.dot."""
        ours = hasattr(figure, "dot")
        for suffix in ("svg", "dot") if ours else ("png",):
            (figure.save if ours else figure.savefig)(str(self.out / f"{name}.{suffix}"))
        if arrays:
            np.savez(self.out / f"{name}.npz", **arrays)
        self.missing.discard(name)
        if "ipykernel" not in sys.modules:
            return print(f"  picture: {self.out / name}.{'svg' if ours else 'png'}")
        from IPython.display import display  # in a notebook the picture is shown, once

        display(figure, metadata={"picture": name})
        ours or __getattr__("plt").close(figure)

    def done(self):
        """Exit status 0 only if there were checks, all held, and every promised picture was drawn."""
        seconds, held = time.perf_counter() - self.began, sum(check["held"] for check in self.checks)
        passed = held == len(self.checks) > 0 and not self.missing
        record = {"passed": passed and not self.skipped, "skipped": self.skipped, "mode": self.mode, "seed": self.seed,
                  "seconds": seconds, "cpu": time.process_time(), "checks": self.checks}
        (self.out / "record.json").write_text(json.dumps(record, indent=1), encoding="utf-8")
        part = "; a part was SKIPPED" if self.skipped else ""
        print(f"\n{held} of {len(self.checks)} checks held, {seconds:.1f} s; kept in {self.out}{part}")
        if not passed:
            sys.exit(f"not drawn: {sorted(self.missing)}" if self.missing else 1)
