"""Nets as people write them: whatever they do with time, the picture can be read and says what happened."""

from __future__ import annotations

import numpy as np
import pytest

import minigrad as mg
from tests.drawing.seen import look_at, words


def weight(name, *shape, seed=0):
    return mg.Tensor(np.random.default_rng(seed).normal(size=shape) * 0.5, requires_grad=True, name=name)


def data(*shape, seed=1):
    return mg.Tensor(np.random.default_rng(seed).normal(size=shape))


def layer_net(layer, **call):
    with mg.Trace() as trace:
        loss = mg.mean(layer(data(2, 4, 3), **call) ** 2)
    loss.backward()
    return trace


def independent_steps():
    """Nothing goes from one step to the next but the sum of the losses."""
    W, L = weight("W", 3, 3), 0.0
    with mg.Trace() as trace:
        for t in range(4):
            with mg.scope(t=t):
                L = L + mg.sum(mg.tanh(data(1, 3, seed=t) @ W))
    L.backward()
    return trace


def the_same_loop_twice():
    W, h = weight("W", 3, 3), data(1, 3)
    with mg.Trace() as trace:
        for _ in range(2):
            for t in range(3):
                with mg.scope(t=t):
                    h = mg.tanh(h @ W)
        L = mg.sum(h)
    L.backward()
    return trace


def time_backwards():
    W, h = weight("W", 3, 3), data(1, 3)
    with mg.Trace() as trace:
        for t in reversed(range(5)):
            with mg.scope(t=t):
                h = mg.tanh(h @ W + 1)
        L = mg.sum(h)
    L.backward()
    return trace


def two_steps_back():
    W, hs = weight("W", 3, 3), [data(1, 3), data(1, 3, seed=2)]
    with mg.Trace() as trace:
        for t in range(5):
            with mg.scope(t=t):
                hs.append(mg.tanh(hs[-1] @ W + hs[-2]))
        L = mg.sum(hs[-1])
    L.backward()
    return trace


def attention():
    W, U, V, h = weight("W", 3, 3), weight("U", 3, 3), weight("V", 6, 3), mg.Tensor(np.zeros((1, 3)))
    hs, L = [], 0.0
    with mg.Trace() as trace:
        for t in range(4):
            with mg.scope("reader", t=t):
                h = mg.tanh(data(1, 3, seed=t) @ W + h @ U)
                hs.append(h)
        H = mg.concatenate(hs, axis=0)
        s = h
        for t in range(3):
            with mg.scope("writer", t=t):
                a = mg.softmax(s @ H.T)
                s = mg.tanh(mg.concatenate([a @ H, s], axis=1) @ V)
                L = L + mg.sum(s * s)
    L.backward()
    return trace


def a_weight_cut_before_the_loop():
    W, h = weight("W", 3, 6), data(1, 3)
    with mg.Trace() as trace:
        A, B = mg.split(W, 2, axis=1)
        for t in range(4):
            with mg.scope(t=t):
                h = mg.tanh(h @ A) * mg.sigmoid(h @ B)
        L = mg.sum(h)
    L.backward()
    return trace


def a_first_state_that_learns():
    W, h = weight("W", 3, 3), weight("h0", 1, 3)
    with mg.Trace() as trace:
        for t in range(3):
            with mg.scope(t=t):
                h = mg.tanh(h @ W)
        L = mg.sum(h)
    L.backward()
    return trace


def stacked_by_hand():
    W, U, xs = weight("W", 3, 3), weight("U", 3, 3), [data(1, 3, seed=t) for t in range(3)]
    with mg.Trace() as trace:
        for m in (W, U):
            h, ys = mg.Tensor(np.zeros((1, 3))), []
            for t, x in enumerate(xs):
                with mg.scope(t=t):
                    h = mg.tanh(x + h @ m)
                    ys.append(h)
            xs = ys
        L = mg.sum(h)
    L.backward()
    return trace


NETS = {
    "independent steps": independent_steps, "the same loop twice": the_same_loop_twice, "time backwards": time_backwards,
    "two steps back": two_steps_back, "attention": attention, "a weight cut before": a_weight_cut_before_the_loop,
    "a first state that learns": a_first_state_that_learns, "stacked by hand": stacked_by_hand,
    "peephole": lambda: layer_net(mg.layers.LSTM(3, peephole=True)), "coupled": lambda: layer_net(mg.layers.LSTM(3, coupled=True)),
    "reset after": lambda: layer_net(mg.layers.GRU(3, reset_after=True)),
    "stacked cells": lambda: layer_net(mg.layers.RNN([mg.layers.GRUCell(3), mg.layers.LSTMCell(2)])),
    "dropout": lambda: layer_net(mg.layers.LSTM(3, recurrent_dropout=0.3, dropout=0.2), training=True),
    "no bias": lambda: layer_net(mg.layers.RNN(3, use_bias=False)), "backwards": lambda: layer_net(mg.layers.LSTM(3, go_backwards=True)),
}  # fmt: skip


@pytest.mark.parametrize("net", NETS)
def test_any_net_can_be_drawn_in_every_view(net):
    mg.set_random_seed(0)
    trace = NETS[net]()
    for options in ({}, {"size": "slide"}, {"direction": "forward"}, {"view": "rolled"}, {"view": "cell"}):
        figure = mg.draw(trace, **options)
        look_at(figure, numbered_once=False)
        assert figure.svg and figure.dot and figure.text


def test_two_loops_of_one_name_are_two():
    assert [w for w in words(mg.draw(the_same_loop_twice()).scene) if w.startswith("t = ")] == ["t = 1", "t = 2", "t = 3"] * 2
    scene = mg.draw(stacked_by_hand()).scene
    assert [w for w in words(scene) if w.startswith("t = ")] == ["t = 1", "t = 2", "t = 3"]
    assert any("h⁽²⁾₃" in w for w in words(scene))


def test_what_skips_a_step_is_drawn_over_it():
    scene = mg.draw(two_steps_back()).scene
    far = [e for e in scene.edges if e.tail and (a := scene.box(e.tail).step) and (b := scene.box(e.head).step) and b - a == 2]
    assert len(far) == 3


def test_kernels_are_one_box_and_a_bare_tensor_is_drawn_too():
    rnn = mg.layers.LSTM(4)
    with mg.Trace(kernels=True) as trace:
        L = mg.mean(rnn(data(2, 5, 3)) ** 2)
    L.backward()
    figure = mg.draw(trace)
    look_at(figure)
    assert any("lstm(" in box.title for box in figure.scene.boxes)
    unrolled = mg.layers.LSTM(4, unroll=True)
    L = mg.mean(unrolled(data(2, 5, 3)) ** 2)
    look_at(mg.draw(L))
