"""Every picture of the gallery: the few lines that make it, in a function whose docstring is what one sees in it.

A function returns what `mg.draw` is asked to draw and with which options; the gallery draws it light and dark, and shows the
function's own source beside the picture. The toy net is that of the lessons and of README.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

import minigrad as mg
from minigrad.decoding import sample

Recipe = Callable[[], tuple[Any, dict[str, Any]]]
PICTURES: list[tuple[str, Recipe]] = []


def picture(title: str) -> Callable[[Recipe], Recipe]:
    """Puts a recipe into the gallery, under that title."""

    def add(recipe: Recipe) -> Recipe:
        PICTURES.append((title, recipe))
        return recipe

    return add


# ------------------------------------------------------------------------------------------------ nets

def number(value: float, name: str) -> mg.Tensor:
    """A weight of one number."""
    return mg.Tensor(value, requires_grad=True, name=name, dtype="float64")


def toy(backward: bool = True) -> mg.Trace:
    """The toy net: one unit, five steps, in plain loops."""
    W_xh, W_hh, b, W_hy = number(0.5, "W_xh"), number(0.9, "W_hh"), number(-0.1, "b"), number(0.8, "W_hy")
    h, y_star = mg.Tensor(0.4, dtype="float64"), mg.Tensor(-1.0, dtype="float64")
    with mg.Trace() as trace:
        for t, x in enumerate([0.3, -0.9, 0.8, 0.9, -0.9], 1):
            with mg.scope(t=t):
                x = mg.Tensor(x, dtype="float64")
                z = x * W_xh + h * W_hh + b
                h = mg.tanh(z)
        y = h * W_hy
        L = 0.5 * (y - y_star) ** 2
    if backward:
        L.backward()
    return trace


def layered(kind: str, steps: int = 5, units: int = 16, batch: int = 4) -> mg.Trace:
    """A recurrent layer, a Dense layer and a loss at the end."""
    mg.set_random_seed(0)
    rnn, dense = getattr(mg.layers, kind)(units, name=kind.lower()), mg.layers.Dense(2, name="dense")
    x = mg.Tensor(np.random.default_rng(0).normal(size=(batch, steps, 4)))
    with mg.Trace() as trace:
        y = dense(rnn(x))
        loss = mg.mean(mg.cross_entropy(y, np.arange(batch) % 2))
    loss.backward()
    return trace


def spelled(steps: int = 8, detach: int = 0, units: int = 6) -> mg.Trace:
    """A net with a loss at every step; `detach` cuts the state every so many steps."""
    random = np.random.default_rng(2)
    W_xh, W_hh, W_hy = (mg.Tensor(random.normal(size=shape) * 0.7, requires_grad=True, name=name)
                        for name, shape in (("W_xh", (3, units)), ("W_hh", (units, units)), ("W_hy", (units, 3))))  # fmt: skip
    h, loss = mg.Tensor(np.ones((1, units))), 0.0
    with mg.Trace() as trace:
        for t in range(steps):
            if detach and t and t % detach == 0:
                h = h.detach()
            with mg.scope(t=t):
                x = mg.Tensor(random.normal(size=(1, 3)))
                h = mg.tanh(x @ W_xh + h @ W_hh)
                y = h @ W_hy
                loss = loss + mg.sum(mg.cross_entropy(y, np.array([t % 3])))
    loss.backward()
    return trace


# ------------------------------------------------------------------------------------------------ the graph, forward and backward

@picture("A calculation, with values, gradients and local derivatives")
def expression() -> tuple[Any, dict[str, Any]]:
    """b is used twice, so its gradient is a sum: 2 + 3 = 5. On the edges, what the chain rule multiplies."""
    a, b = number(2.0, "a"), number(1.0, "b")
    with mg.Trace() as trace:
        c = a + b
        d = b + 1
        e = c * d
    e.backward()
    return trace, {}


@picture("Unrolled, forward")
def forward() -> tuple[Any, dict[str, Any]]:
    """One column per step; the weights lie once under the columns, with a line up for every use."""
    return toy(), {"direction": "forward", "labels": "hello"}


@picture("One weight, five uses, one gradient: the sum")
def one_weight() -> tuple[Any, dict[str, Any]]:
    """Each use adds its part; the waterfall ends at W_hh.grad. The dashed ghost is what = instead of += would have left."""
    return toy(), {"size": "slide"}


@picture("Several weights at once")
def several() -> tuple[Any, dict[str, Any]]:
    """Each weight in its own colour, with its own pills and its own sum. What comes down to all three is the same dz."""
    return toy(), {"weight": ["W_hh", "W_xh", "b"]}


@picture("Before backward()")
def before() -> tuple[Any, dict[str, Any]]:
    """A gradient that nobody computed is not zero: it is not computed. In which order the parts will arrive is known."""
    return toy(backward=False), {"size": "slide"}


@picture("The tape")
def tape() -> tuple[Any, dict[str, Any]]:
    """Forward writes downwards, backward reads upwards. Every arc points up: both parts of b's gradient arrive before the end."""
    return expression()[0], {"view": "tape"}


@picture("The tape of a net")
def tape_of_a_net() -> tuple[Any, dict[str, Any]]:
    """The number on a box: when backward visits it. Under every step what was recorded there, and what arrived."""
    return toy(), {"view": "tape"}


@picture("The tape of an LSTM")
def tape_of_an_lstm() -> tuple[Any, dict[str, Any]]:
    """Fifty steps, 854 operations. Σ: c's gradient comes in two parts, from h and from the next c; both before its visit."""
    return layered("LSTM", steps=50), {"view": "tape"}


@picture("Shares that add to 100 %")
def shares() -> tuple[Any, dict[str, Any]]:
    """The parts of a matrix' gradient have norms that do not add; their signed shares do. The c path is the thick line."""
    return layered("LSTM"), {"size": "slide"}


@picture("One entry of a matrix")
def entry() -> tuple[Any, dict[str, Any]]:
    """Row 0, column 3 of W_hh: a number per use again."""
    return layered("GRU"), {"entry": (0, 3), "size": "slide"}


@picture("Who taught whom")
def who_taught_whom() -> tuple[Any, dict[str, Any]]:
    """Row: the loss at step k. Column: the use at step t. What fades to the left vanishes; beside it, what truncation keeps."""
    return spelled(8), {"view": "triangle"}


@picture("A net of one's own, with its own letters")
def own_net() -> tuple[Any, dict[str, Any]]:
    """Names are those of the variables, time is `scope(t=t)`: any loop over steps is drawn in columns."""
    random = np.random.default_rng(0)
    U, V, W = (mg.Tensor(random.normal(size=(3, 3)), requires_grad=True, name=name) for name in "UVW")
    p, q = mg.Tensor(random.normal(size=(1, 3))), mg.Tensor(random.normal(size=(1, 3)))
    total: Any = 0.0
    with mg.Trace() as trace:
        for t in range(4):
            with mg.scope("mine", t=t):
                s = mg.tanh(p @ U + q @ V)
                k = mg.sigmoid(s @ W)
                p, q = k * p + (1 - k) * s, mg.tanh(s @ U) * q
                total = total + mg.sum(p * q)
    total.backward()
    return trace, {"weight": U}


# ------------------------------------------------------------------------------------------------ folded and opened

@picture("Rolled up")
def rolled() -> tuple[Any, dict[str, Any]]:
    """The same net with a loop: the same names, colours and gradient, and how many steps it stands for."""
    return toy(), {"view": "rolled"}


@picture("An LSTM's step")
def lstm_cell() -> tuple[Any, dict[str, Any]]:
    """Gates in the code's order, i f g o, each as full as it is open. Between one c and the next there is one factor only."""
    return layered("LSTM", steps=3, units=4, batch=1), {"view": "cell"}


@picture("A GRU's step")
def gru_cell() -> tuple[Any, dict[str, Any]]:
    """z keeps, r uses: the new state is a mixture of the old one and of a candidate h̃. W[zr]: the columns of W for z and for r."""
    return layered("GRU", steps=3, units=4, batch=1), {"view": "cell"}


@picture("The toy net's step, in letters and in numbers")
def rnn_cell() -> tuple[Any, dict[str, Any]]:
    """Every equation checks from the printed numbers."""
    return toy(), {"view": "cell"}


# ------------------------------------------------------------------------------------------------ wider nets

@picture("Storeys")
def stacked() -> tuple[Any, dict[str, Any]]:
    """A recurrent layer on a recurrent layer: the same columns, one floor higher."""
    mg.set_random_seed(0)
    below, above = mg.layers.GRU(4, return_sequences=True, name="below"), mg.layers.GRU(4, name="above")
    with mg.Trace() as trace:
        loss = mg.mean(above(below(mg.Tensor(np.random.default_rng(0).normal(size=(2, 4, 3))))) ** 2)
    loss.backward()
    return trace, {}


@picture("Both ways")
def both_ways() -> tuple[Any, dict[str, Any]]:
    """A Bidirectional layer: one row reads to the right, the other to the left."""
    mg.set_random_seed(0)
    both, dense = mg.layers.Bidirectional(mg.layers.RNN(4, return_sequences=True), name="both"), mg.layers.Dense(2)
    with mg.Trace() as trace:
        y = dense(both(mg.Tensor(np.random.default_rng(0).normal(size=(2, 4, 3)))))
        loss = mg.mean(mg.cross_entropy(y, np.zeros((2, 4), dtype=int)))
    loss.backward()
    return trace, {}


@picture("Reading, then writing")
def encoder_decoder() -> tuple[Any, dict[str, Any]]:
    """An encoder's steps, then a decoder's: the decoder begins where the encoder ended."""
    W_xh, W_hh, W_hy = number(0.5, "W_xh"), number(0.9, "W_hh"), number(0.8, "W_hy")
    h, loss = mg.Tensor(0.0, dtype="float64"), 0.0
    with mg.Trace() as trace:
        for t, x in enumerate((0.3, -0.9, 0.8)):
            with mg.scope("reader", t=t):
                h = mg.tanh(x * W_xh + h * W_hh)
        for t in range(2):
            with mg.scope("writer", t=t):
                h = mg.tanh(h * W_hh)
                y = h * W_hy
                loss = loss + (y - 1.0) ** 2
    loss.backward()
    return trace, {}


LETTERS = "ehlo"


def writer(forced: bool) -> tuple[mg.Trace, str]:
    """A net that shall write "ello" after "h": each step reads the symbol before, from the data or as chosen; and what was read."""
    random, one_hot = np.random.default_rng(0), np.eye(len(LETTERS))
    W_xh, W_hh, W_hy = (mg.Tensor(random.normal(size=shape) * 0.8, requires_grad=True, name=name)
                        for name, shape in (("W_xh", (4, 6)), ("W_hh", (6, 6)), ("W_hy", (6, 4))))  # fmt: skip
    h, loss, symbol, read = mg.Tensor(np.zeros((1, 6))), 0.0, LETTERS.index("h"), ""
    mg.set_random_seed(3)
    with mg.Trace() as trace:
        for t, wanted in enumerate("ello"):
            with mg.scope(t=t):
                x, target = mg.Tensor(one_hot[[symbol]]), mg.Tensor(one_hot[[LETTERS.index(wanted)]])
                h = mg.tanh(x @ W_xh + h @ W_hh)
                y = h @ W_hy
                loss = loss - mg.sum(target * mg.log_softmax(y))
            read += LETTERS[symbol]
            symbol = LETTERS.index(wanted) if forced else int(sample(y)[0])
    loss.backward()
    return trace, read


@picture("Teacher forcing")
def teacher_forcing() -> tuple[Any, dict[str, Any]]:
    """What each step reads comes from the data, whatever the step before has said: x at t + 1 is the target of t."""
    trace, read = writer(forced=True)
    return trace, {"feeds": {"target": "x"}, "labels": read}


@picture("Sampling")
def sampling() -> tuple[Any, dict[str, Any]]:
    """The same net reads what it has chosen itself. A chosen symbol is no function of y that has a slope: no gradient passes."""
    trace, read = writer(forced=False)
    return trace, {"feeds": {"y": "x"}, "labels": read}


@picture("Padding")
def masked() -> tuple[Any, dict[str, Any]]:
    """A sequence that is shorter than the others: its padded steps are grey, and nothing is learned from them."""
    mg.set_random_seed(0)
    embedding, rnn, dense = mg.layers.Embedding(6, 3, mask_zero=True), mg.layers.LSTM(4), mg.layers.Dense(2)
    with mg.Trace() as trace:
        loss = mg.mean(mg.cross_entropy(dense(rnn(embedding(np.array([[1, 2, 3, 0], [4, 5, 0, 0]])))), np.zeros(2, dtype=int)))
    loss.backward()
    return trace, {}


@picture("Truncated: the cut")
def cut() -> tuple[Any, dict[str, Any]]:
    """h.detach() every three steps: the value goes on, and no gradient comes back across the cut."""
    return spelled(6, detach=3), {}


@picture("What a cut leaves of who taught whom")
def cut_triangle() -> tuple[Any, dict[str, Any]]:
    """The same net: small triangles."""
    return spelled(6, detach=3), {"view": "triangle", "truncate": 0}


@picture("A model, its layers and its weights")
def model() -> tuple[Any, dict[str, Any]]:
    """Two branches share one embedding: drawn once, its two calls told apart."""
    question, answer = mg.Input((20,), dtype="int32", name="question"), mg.Input((20,), dtype="int32", name="answer")
    embedding = mg.layers.Embedding(1000, 64, name="embedding")
    q, a = mg.layers.LSTM(32, name="encoder_q")(embedding(question)), mg.layers.LSTM(32, name="encoder_a")(embedding(answer))
    both = mg.layers.Concatenate(name="concat")([q, a])
    match, topic = mg.layers.Dense(1, activation="sigmoid", name="match")(both), mg.layers.Dense(10, name="topic")(both)
    return mg.Model([question, answer], [match, topic], name="pairs"), {}


# ------------------------------------------------------------------------------------------------ far, large, wrong

@picture("How far a gradient reaches, before and after training")
def reach() -> tuple[Any, dict[str, Any]]:
    """Was the first number of 30 above 0? ‖∂L/∂xₜ‖ for every step, relative to the last, on one log scale."""
    return {kind: trained(kind) for kind in ("RNN", "LSTM", "GRU")}, {"view": "flow"}


def trained(kind: str, steps: int = 30, epochs: int = 60) -> tuple[mg.Trace, mg.Trace]:
    """The same net looked at twice: as it was made, and after it was trained to remember the first number."""
    mg.set_random_seed(1)
    x = np.random.default_rng(1).normal(size=(256, steps, 1)).astype("float32")
    y = (x[:, 0, 0] > 0).astype("int32")
    net = mg.Sequential([mg.Input((steps, 1)), getattr(mg.layers, kind)(16, name=kind.lower()), mg.layers.Dense(2)])
    net.compile(mg.optimizers.Adam(0.01, clipnorm=1.0), mg.losses.SparseCategoricalCrossentropy(from_logits=True))
    looks = []
    for epochs_now in (0, epochs):
        if epochs_now:
            net.fit(x, y, batch_size=32, epochs=epochs_now, verbose=0)
        with mg.Trace() as trace:
            loss = net.compute_loss(y[:8], net(mg.Tensor(x[:8])))
        loss.backward()
        for p in net.parameters():
            p.zero_grad()
        looks.append(trace)
    return looks[0], looks[1]


@picture("Fifty steps")
def fifty() -> tuple[Any, dict[str, Any]]:
    """1, 2, 3, …, 49, 50: the steps between are drawn as one, and the sum still counts them all."""
    return layered("LSTM", steps=50), {"size": "slide"}


@picture("Ten thousand operations")
def ten_thousand() -> tuple[Any, dict[str, Any]]:
    """The first and the last, in bands from left to right; what is left out is said, and `steps=100` opens so many of them."""
    x = number(0.5, "x")
    with mg.Trace() as trace:
        y = x
        for _ in range(5000):
            y = mg.tanh(y) + 0.1
    y.backward()
    return trace, {}


@picture("Not a number")
def not_a_number() -> tuple[Any, dict[str, Any]]:
    """What went wrong is dashed and red: the root of −0.36 forward, and all that it sends back."""
    W, h = number(1.0, "W"), mg.Tensor(3.0, dtype="float64")
    with quiet(), mg.Trace() as trace:
        for t in range(3):
            with mg.scope(t=t):
                z = h * W - 1
                h = mg.sqrt(z)
        loss = h**2
        loss.backward()
    return trace, {}


@contextmanager
def quiet() -> Iterator[None]:
    """NumPy says nothing about the logarithm of a negative number."""
    with np.errstate(all="ignore"):
        yield


@picture("In another language")
def other_words() -> tuple[Any, dict[str, Any]]:
    """The words inside a picture are yours: words={...}."""
    own = {"value": "Wert", "gradient": "Gradient", "weight": "Gewicht", "no gradient": "Konstante oder Daten: kein Gradient",
           "uses": "× {uses} benutzt", "the sum": "die Summe", "first": "kommt zuerst an", "last": "zuletzt", "order": "Reihenfolge",
           "so far": "bisher", "ordinal": "{number}.", "overwrite": "= statt +=", "would leave": "ließe {number} übrig",
           "each adds": "Jede Benutzung addiert:",
           "then": "dann {title}, …", "begins": "Hier beginnt backward();|bis jetzt ist|{weight} nicht berechnet."}  # fmt: skip
    return toy(), {"size": "slide", "words": own, "title": "Ein Gewicht, fünfmal benutzt, ein Gradient: die Summe"}
