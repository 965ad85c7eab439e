"""The first minute: `python -m minigrad Anna` trains a small recurrent net until it spells the word, and draws it.

The picture is the net unrolled over the word, with the share that each letter has in the gradient of W_hh, the one
weight matrix that all steps use. `python -m minigrad doctor` says what this installation has and lacks.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
import tempfile
import time
import webbrowser
from pathlib import Path
from typing import Any

import numpy as np

import minigrad as mg

from . import doctor
from .console import forgiving_console, seed
from .datasets import Vocabulary
from .decoding import greedy
from .drawing.notation import rounded_to_sum, shares

EDGE = "·"  # stands before the first letter and after the last
LONGEST = 40


class Speller(mg.Model):
    """h' = tanh(x W_xh + h W_hh + b), scores = h W_hy + b_y: reads a letter, says the next."""

    def __init__(self, word: str, units: int = 24) -> None:
        super().__init__(name="speller")
        self.vocabulary = Vocabulary(EDGE + word)
        self.letters = self.vocabulary.encode(f"{EDGE}{word}{EDGE}")[None]
        self.rnn = mg.layers.RNN(units, input_dim=len(self.vocabulary), return_sequences=True, name="rnn")
        self.readout = mg.layers.Dense(len(self.vocabulary), name="readout")

    def call(self, x: Any) -> Any:
        return self.readout(self.rnn(x))

    def loss(self) -> mg.Tensor:
        """E = −mean log p(next letter), over the word and its end."""
        return mg.cross_entropy(self(self.letters[:, :-1]), self.letters[:, 1:]).mean()

    def spell(self) -> str:
        """What it says if it hears its own most probable letter, from edge to edge."""
        said = [self.letters[0, 0]]
        with mg.no_grad():
            while len(said) < self.letters.size + 3:
                said.append(greedy(self(np.array([said])).data[0, -1]))
                if said[-1] == said[0]:
                    break
        return self.vocabulary.decode(said[1:]).removesuffix(EDGE)


def train(net: Speller, word: str, seconds: float = 5.0) -> int:
    """Update until it spells the word and is sure of it; tells what it says on the way. Returns the number of updates."""
    optimizer, began, update = mg.optimizers.Adam(learning_rate=0.01, global_clipnorm=1.0), time.perf_counter(), 0
    print(f"  before training   {net.spell()!r}")
    while time.perf_counter() - began < seconds:
        loss = net.loss()
        net.zero_grad()
        loss.backward()
        optimizer.step(net.parameters())
        update += 1
        if update & (update - 1) == 0 or loss.item() < 0.05:
            said = net.spell()
            print(f"  after {update:>4} updates {said!r}")
            if said == word and loss.item() < 0.05:
                break
    return update


def first_lesson(net: Speller) -> tuple[mg.Trace, list[float]]:
    """The net's first walk back, watched: the trace, and each letter's share ⟨∂L/∂W at t, G⟩ / ‖G‖² of W_hh's gradient G.

    The shares, rounded to hundredths, add to 1; a negative one pulls against the others. Step 0 reads the edge: no state
    stands before it, so its share is 0.
    """
    with mg.Trace() as trace:
        net.loss().backward()
    parts = [part.array for part in trace.contributions(net.rnn.W_hh)]
    return trace, rounded_to_sum(shares(parts, net.rnn.W_hh.grad), 2)[1:]


def ask(word: str, share: list[float]) -> None:
    """The question before the picture: for somebody at a terminal; otherwise the answer alone."""
    most = int(np.argmax(np.abs(share)))
    if sys.stdin.isatty() and sys.stdout.isatty() and len(word) > 1:
        print("\nIn the first update all letters moved one matrix, W_hh.")
        try:
            guess = input(f"Which letter moved it most, 1 to {len(word)}? ").strip()
        except EOFError:  # Ctrl-D: no guess
            guess = ""
        right = guess == str(most + 1) or (guess == word[most] and word.count(guess) == 1)
        print("Right!" if right else "Not that one.")
    print("\nEach letter's share in the first gradient of W_hh, the matrix that they all use:")
    for k, (letter, part) in enumerate(zip(word, share, strict=True)):
        bar = ("█" if part > 0 else "░") * round(30 * abs(part))
        print(f"  {k + 1:>3} {letter}  {part:>5.0%} {bar}{'  <- the most' if k == most else ''}")


def picture(trace: mg.Trace, net: Speller, word: str) -> Any:
    """The net unrolled over the word's letters, and its first gradient of W_hh added up."""
    letters = dict(enumerate(["start" if len(word) < 8 else EDGE, *word], 1))
    title = f"A net learns to spell “{word}”: its first gradient"
    return mg.draw(trace, weight=net.rnn.W_hh, labels=letters, steps=len(letters), title=title)


def show(figure: Any, word: str, folder: Path | None) -> None:
    """Save the picture, and open it in a browser where there is a display."""
    name = (re.sub(r'[\\/:*?"<>|\s.]+', "_", word).strip("_") or "word") + ".html"
    name = os.fsdecode(name.encode("utf-8"))  # also where LC_ALL=C has Python believe that files have ASCII names
    problems = []
    for place in [folder] if folder else [Path("minigrad_pictures"), Path(tempfile.mkdtemp(prefix="minigrad_"))]:
        try:
            place.mkdir(parents=True, exist_ok=True)
            path = figure.save(place / name).resolve()
            break
        except OSError as problem:  # a folder that cannot be written to
            problems.append(f"{place} is a file, not a folder" if place.is_file() else f"cannot write there: {problem}")
    else:
        sys.exit("; ".join([*problems, "name another folder with --out"]))
    print(f"\nThe net unrolled, with the gradient of W_hh added up step by step: {path}")
    display = sys.platform in ("win32", "darwin") or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    if display and sys.stdout.isatty():
        webbrowser.open(path.as_uri())


def learn(net: Speller, word: str) -> None:
    """Train, and say how it went; exit if the word was not learned."""
    print(f"Learning to spell {word!r}, one letter after another:")
    began = time.perf_counter()
    updates = train(net, word)
    seconds = time.perf_counter() - began
    if net.spell() != word:
        sys.exit(f"not learned after {updates} updates in {seconds:.1f} s: another --seed may do it")
    print(f"It spells {net.spell()!r} after {updates} updates in {seconds:.1f} s.")


def spell_a_word(word: str, start: int, folder: Path | None) -> int:
    """Train, ask, show. The picture is of the first update, so Ctrl-C (status 130) stops the rest and still shows it."""
    mg.set_random_seed(start)
    net = Speller(word)
    trace, share = first_lesson(net)
    figure, status = picture(trace, net, word), 0
    try:
        learn(net, word)
        ask(word, share)
    except KeyboardInterrupt:
        print("\nstopped")
        status = 130
    show(figure, word, folder)
    return status


def main() -> int:
    """python -m minigrad WORD | doctor | --version"""
    forgiving_console()
    parser = argparse.ArgumentParser(prog="python -m minigrad", description=__doc__.split("\n\n")[0] if __doc__ else "")
    parser.add_argument("word", nargs="*", help="a word to learn (up to 40 letters), or: doctor")
    parser.add_argument("--version", action="store_true", help="which minigrad this is, and where")
    parser.add_argument("--seed", type=seed, default=0, help="another start: 0, 1, 2 …")
    parser.add_argument("--out", type=Path, help="folder for the picture (minigrad_pictures)")
    arguments = parser.parse_args()
    if arguments.version:
        print(doctor.version())
        return 0
    typed = os.fsencode(" ".join(arguments.word)).decode("utf-8", "replace")  # LC_ALL=C hands over bytes in disguise
    word = typed.replace(EDGE, "").strip()
    if word == "doctor":
        return doctor.main()
    if not word:
        parser.error("say a word: python -m minigrad Anna")
    if len(word) > LONGEST:
        parser.error(f"a word of at most {LONGEST} letters, this has {len(word)}")
    return spell_a_word(word, arguments.seed, arguments.out)


if __name__ == "__main__":
    sys.exit(main())
