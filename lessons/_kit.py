"""What every lesson needs, and nothing clever: its options, checks that count, questions to answer first, pictures.

Import it before NumPy: it asks for one BLAS thread, unless you said otherwise (small products are slower on two).
"""

import argparse
import json
import operator
import os
import sys
import time
import zlib
from collections import Counter
from pathlib import Path

HERE = Path(__file__).resolve().parent
for library in ("OPENBLAS", "OMP", "MKL", "VECLIB_MAXIMUM"):
    os.environ.setdefault(f"{library}_NUM_THREADS", "1")
os.environ.setdefault("MATPLOTLIBRC", str(HERE / "matplotlibrc"))
sys.path.append(str(HERE.parent))  # a clone works without being installed

import numpy as np

import minigrad as mg
from minigrad import datasets
from minigrad.console import forgiving_console, seed
from minigrad.training.callbacks import BackupAndRestore

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
        """Keep Matplotlib's figure as name.png, with the arrays that it shows; minigrad's as name.svg and name.dot."""
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


# ------------------------------------------------------------------------- a text: yours, learned, painted

TEXT_OPTIONS = [
    ("--corpus", {"choices": ["english", "python"], "default": "english", "help": "prose or source, both Python's"}),
    ("--text", {"metavar": "FILE", "help": "a text of your own, instead of Python's reference"}),
    ("--encoding", {"help": "how FILE is encoded, if it is not UTF-8"}),
    ("--anew", {"action": "store_true", "help": "forget what an earlier run has learned"}),
]


def read_text(lesson, needed):
    """What --text or --corpus names. A mistake in it is answered in a sentence that says what to do."""
    asked = lesson.options
    if not asked.text:
        return datasets.english_prose() if asked.corpus == "english" else datasets.python_source()
    try:
        text = datasets.read_text(asked.text, asked.encoding)
    except (OSError, ValueError) as problem:
        sys.exit(str(problem).replace("encoding='cp1252'", "--encoding cp1252"))
    if len(text) < needed:
        sys.exit(f"{asked.text}: {len(text):,} characters are too few to learn from; about {needed:,} are needed")
    if lesson.mode != "fast" or (short := shortened(text)) == text:
        return text
    print("  a fast run takes the first 250,000 characters at most, and writes rare ones as □")
    return short


def shortened(text, characters=250_000, symbols=300):
    """Not more than so many characters, and all but the most frequent ones written as □."""
    text = text[:characters]
    common = {symbol for symbol, _ in Counter(text).most_common(symbols)}
    return text if common.issuperset(text) else "".join(symbol if symbol in common else "□" for symbol in text)


def kept_on_interrupt(lesson, text):
    """The callback that keeps what is learned when Ctrl-C comes: the same lesson on the same text goes on there."""
    which = zlib.crc32(f"{lesson.mode} {lesson.seed} {text}".encode("utf-8", "surrogatepass"))
    backup = BackupAndRestore(lesson.out / f"unfinished_{which:08x}")
    if lesson.options.anew:
        backup.path.unlink(missing_ok=True)
    if backup.path.exists():
        print(f"  going on from {backup.path}")
    return backup


def fit(model, data, backup, callbacks, **options):
    """model.fit; where Ctrl-C stops it, what is learned is kept and the lesson ends."""
    if (work := options["epochs"] * len(data) * model.count_params() / 5e8) > 5:
        print(f"  this takes about {work:.0f} times as long as Python's reference; Ctrl-C keeps what is learned")
    try:
        history = model.fit(data, callbacks=[*callbacks, backup], **options).history
    except KeyboardInterrupt:  # a second Ctrl-C, while the first one's file was being written: the one before it stands
        backup.interrupted = True
    if backup.interrupted:
        print(f"\n  stopped; what is learned is kept in {backup.path}: run this again to go on")
        sys.exit(130)
    backup.path.parent.rmdir()  # finished: nothing is left to go on with
    return history


def painted(axes, text, values, lines, title, width=88):
    """The first lines of a text, every character on its value: purple for 1, orange for -1."""
    colours, at = __getattr__("plt").cm.PuOr, 0
    for row, line in enumerate(text.split("\n")[:lines]):
        for column, character in enumerate(line[:width]):
            axes.text(column, -row, character, family="monospace", ha="center", va="center", fontsize=8,
                      backgroundcolor=colours(0.5 + 0.5 * values[at + column]))  # fmt: skip
        at += len(line) + 1
    axes.set(xlim=(-1, width), ylim=(-lines, 1), title=title)
    axes.axis("off")


def fastest(do, times=3):
    """The milliseconds of the fastest of some runs, and what the last one gave."""
    seconds = []
    for _ in range(times):
        began, result = time.perf_counter(), do()
        seconds.append(time.perf_counter() - began)
    return 1000 * min(seconds), result


# ------------------------------------------------------------------------- pictures that many lessons draw


def curves(lesson, name, lines, x=None, log=False, marker="", **settings):
    """Named curves over x (or 0, 1, 2, …) in one picture, kept with their numbers; `settings` are the axes'."""
    figure, axes = __getattr__("plt").subplots()
    for label, y in lines.items():
        axes.plot(np.arange(len(y)) if x is None else np.asarray(x)[: len(y)], y, marker=marker, label=label)
    axes.set(yscale="log" if log else "linear", **settings)
    if log:
        axes.yaxis.set_major_formatter(__getattr__("plt").LogFormatter())  # 100, not 10²
        axes.yaxis.set_minor_formatter(__getattr__("plt").LogFormatter())
    if settings.get("xscale") == "log":
        axes.set_xticks(x, [f"{value:g}" for value in x])
        axes.xaxis.set_minor_locator(__getattr__("plt").NullLocator())
    axes.legend()
    lesson.figure(name, figure, **{label.replace(" ", "_"): np.array(y) for label, y in lines.items()})


def grid(lesson, name, rows, titles=(), cmap="gray_r", **show):
    """Rows of small pictures: `rows` says what stands at the left of each and which it has, `titles` what above."""
    across = max(map(len, rows.values()))
    height, width = np.shape(next(iter(rows.values()))[0])
    size = (1.2 * across * width / height + 0.5, 1.3 * len(rows) + 0.3)
    figure, panels = __getattr__("plt").subplots(len(rows), across, figsize=size, squeeze=False)
    for line, (label, pictures) in zip(panels, rows.items(), strict=True):
        line[0].set_ylabel(label)
        for panel, picture in zip(line, pictures, strict=False):
            panel.imshow(picture, cmap=cmap, **show)
        for panel in line:
            panel.set(xticks=[], yticks=[])
    for line, said in zip(panels, titles, strict=False):
        for panel, title in zip(line, said, strict=False):
            panel.set_title(title, fontsize=9)
    lesson.figure(name, figure, **{label.replace(" ", "_"): np.array(pictures) for label, pictures in rows.items()})


def looks(lesson, name, look, texts, answers):
    """Heat maps of attention: across the letters read, down what is being written."""
    figure, panels = __getattr__("plt").subplots(2, 2, figsize=(11, 7))
    for panel, text, answer, weights in zip(panels.flat, texts, answers, look, strict=False):
        panel.imshow(weights[:, : len(text)], cmap="Oranges", vmin=0, vmax=1, aspect="auto")
        panel.set(xticks=range(len(text)), xticklabels=text, yticks=range(len(answer)), yticklabels=answer)
        panel.grid(False)
    figure.suptitle("Across: the letters read. Down: what is being written.")
    lesson.figure(name, figure, look=look)


def dates_in_numbers(count):
    """datasets.dates, and as whole numbers: texts, answers, both vocabularies, x, y. 0 is padding, or begin."""
    texts, answers = datasets.dates(count)
    source, target = (datasets.Vocabulary("\0" + "".join(all_of_them)) for all_of_them in (texts, answers))
    x = np.array([source.encode(text.ljust(max(map(len, texts)), "\0")) for text in texts])
    return texts, answers, source, target, x, np.array([target.encode("\0" + answer) for answer in answers])


def search_tree(lesson, name, kept, label, symbols, title):
    """The continuations that a beam looked at, `kept` being those (tuples of symbols) that it went on with."""
    figure, axes = __getattr__("plt").subplots(figsize=(9, 5))
    place = lambda text: (len(text), sum((1 - s) * symbols ** (2 - t) for t, s in enumerate(text)))  # leaves one apart
    for text in [(*begun, s) for begun in sorted(kept) if len(begun) < 3 for s in range(symbols)]:
        (x0, y0), (x1, y1), shade = place(text[:-1]), place(text), "C0" if text in kept else "0.55"
        axes.plot([x0, x1], [y0, y1], color=shade, linewidth=2 if text in kept else 1)
        white = {"facecolor": "white", "edgecolor": "none", "pad": 1}
        axes.annotate(f" {label(text)}", (x1, y1), color=shade, va="center", zorder=3, bbox=white)
    axes.grid(False)
    axes.set(xticks=range(4), xlabel="step", title=title, xlim=(-0.1, 3.6), yticks=[])
    lesson.figure(name, figure, kept=np.array([label(text) for text in sorted(kept)]))


class DateTranslator(mg.Model):
    """Lesson 20's net in library layers, reading and writing apart, for lesson 21 reads once and writes often."""

    def __init__(self, source, target, attention, units=64):
        super().__init__()
        layers, pairs = mg.layers, {"return_sequences": True, "return_state": True}
        self.reader = layers.Bidirectional(layers.GRU(units, input_dim=source, **pairs))
        self.writer = layers.GRU(units, input_dim=target, **pairs)
        self.summary, self.readout = layers.Dense(units, "tanh"), layers.Dense(target)
        self.question = layers.Dense(2 * units, use_bias=False) if attention else None
        self.look, self.scale = layers.Attention(), (2 * units) ** -0.5

    def read(self, x):
        notes, end, begin = self.reader(x, mask=x != 0)
        return notes, x != 0, self.summary(mg.concatenate([end, begin], axis=-1))

    def write(self, before, state):
        notes, mask, h = state
        hs, h = self.writer(before, initial_state=h)
        if self.question is not None:
            hs = mg.concatenate([hs, self.look([self.question(hs) * self.scale, notes], mask=[None, mask])], axis=-1)
        return self.readout(hs), (notes, mask, h)

    def call(self, inputs):
        return self.write(inputs[1], self.read(inputs[0]))[0]
