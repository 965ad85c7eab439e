"""Optimisers: the papers' rules by hand, PyTorch step by step, clipping, and that nothing recorded is written into."""
from __future__ import annotations

import math

import numpy as np
import pytest

import minigrad as mg
from minigrad import optimizers

ALL = ["SGD", "Adagrad", "Adadelta", "RMSprop", "Adam", "AdamW", "Nadam"]


def run(optimizer, steps=5, dtype=np.float64):
    """A parameter of a fixed start after a few steps on a fixed sequence of gradients."""
    rng = np.random.default_rng(1)
    p = mg.Parameter(rng.normal(size=(3, 2)).astype(dtype))
    path = []
    for _ in range(steps):
        p.grad = rng.normal(size=(3, 2)).astype(dtype)
        optimizer.step([p])
        path.append(p.numpy().copy())
    return np.array(path)


def run_torch(make, steps=5):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    rng = np.random.default_rng(1)
    p = torch.nn.Parameter(torch.tensor(rng.normal(size=(3, 2))))
    optimizer, path = make(torch.optim, [p]), []
    for _ in range(steps):
        p.grad = torch.tensor(rng.normal(size=(3, 2)))
        optimizer.step()
        path.append(p.detach().numpy().copy())
    return np.array(path)


TINY = 1e-30
PAIRS = {
    "sgd": (optimizers.SGD(0.1), lambda o, p: o.SGD(p, 0.1)),
    "momentum": (optimizers.SGD(0.1, momentum=0.9), lambda o, p: o.SGD(p, 0.1, momentum=0.9)),
    "nesterov": (optimizers.SGD(0.1, momentum=0.9, nesterov=True), lambda o, p: o.SGD(p, 0.1, momentum=0.9, nesterov=True)),
    "adagrad": (optimizers.Adagrad(0.1, 0.2, epsilon=TINY), lambda o, p: o.Adagrad(p, 0.1, initial_accumulator_value=0.2, eps=TINY)),
    "adadelta": (optimizers.Adadelta(0.5, epsilon=1e-6), lambda o, p: o.Adadelta(p, 0.5, rho=0.95, eps=1e-6)),
    "rmsprop": (optimizers.RMSprop(0.01, epsilon=TINY), lambda o, p: o.RMSprop(p, 0.01, alpha=0.9, eps=TINY)),
    "rmsprop centered": (optimizers.RMSprop(0.01, momentum=0.8, centered=True, epsilon=TINY),
                         lambda o, p: o.RMSprop(p, 0.01, alpha=0.9, momentum=0.8, centered=True, eps=TINY)),
    "adam": (optimizers.Adam(0.01, epsilon=TINY), lambda o, p: o.Adam(p, 0.01, eps=TINY)),
    "amsgrad": (optimizers.Adam(0.01, beta_2=0.5, amsgrad=True, epsilon=TINY), None),
    "adamw": (optimizers.AdamW(0.01, weight_decay=0.1, epsilon=TINY), lambda o, p: o.AdamW(p, 0.01, weight_decay=0.1, eps=TINY)),
    "nadam": (optimizers.Nadam(0.01, epsilon=TINY), lambda o, p: o.NAdam(p, 0.01, momentum_decay=1.0, eps=TINY)),
}


@pytest.mark.torch
@pytest.mark.parametrize("name", [name for name, pair in PAIRS.items() if pair[1] is not None])
def test_pytorch_makes_the_same_steps(name):
    ours, theirs = PAIRS[name]
    assert np.allclose(run(ours), run_torch(theirs), rtol=1e-7, atol=1e-9)


def test_first_steps_by_hand():
    def first(optimizer):
        p = mg.Parameter(np.array([1.0, -2.0]))
        p.grad = np.array([0.5, -0.25])
        optimizer.step([p])
        return p.numpy()

    theta, g = np.array([1.0, -2.0]), np.array([0.5, -0.25])
    assert np.allclose(first(optimizers.SGD()), theta - 0.01 * g)
    assert np.allclose(first(optimizers.Adagrad()), theta - 0.001 * g / np.sqrt(0.1 + g * g + 1e-7))
    assert np.allclose(first(optimizers.RMSprop()), theta - 0.001 * g / np.sqrt(0.1 * g * g + 1e-7))
    assert np.allclose(first(optimizers.Adam()), theta - 0.001 * g / (abs(g) + 1e-7 / math.sqrt(1e-3)))
    assert np.allclose(first(optimizers.AdamW()), 0.999996 * theta - 0.001 * np.sign(g), atol=1e-8)


def test_the_lectures_adagrad_is_one_setting_of_ours():
    """param += −lr · d / sqrt(mem + 1e-8), with mem starting at 0"""
    rng, mem = np.random.default_rng(1), np.zeros((3, 2))
    theta, path = rng.normal(size=(3, 2)), []
    for _ in range(5):
        g = rng.normal(size=(3, 2))
        mem += g * g
        theta = theta - 0.1 * g / np.sqrt(mem + 1e-8)
        path.append(theta)
    assert np.allclose(run(optimizers.Adagrad(0.1, 0.0, epsilon=1e-8)), path, rtol=1e-12)


@pytest.mark.parametrize("name", ALL)
def test_every_optimizer_finds_the_bottom_of_a_bowl(name):
    mg.set_floatx("float64")
    p = mg.Parameter(np.array([3.0, -2.0]))
    optimizer = optimizers.get(name)
    optimizer.learning_rate = {"Adadelta": 30.0, "Adagrad": 1.0}.get(name, 0.1)
    for _ in range(300):
        p.zero_grad()
        (p * p).sum().backward()
        optimizer.step([p])
    assert np.abs(p.numpy()).max() < 0.2


@pytest.mark.parametrize("name", ALL)
def test_float32_stays_float32_and_old_graphs_keep_their_array(name):
    p = mg.Parameter(np.ones(3, dtype=np.float32))
    loss, before = (p * p).sum(), p.array
    loss.backward()
    optimizer = optimizers.get(name)
    optimizer.step([p])
    assert p.dtype == np.float32 and p.array is not before and np.array_equal(before, np.ones(3))
    assert not p.array.flags.writeable
    assert all(np.asarray(value).dtype == np.float32 for value in optimizer.slots[p].values() if np.ndim(value))


def test_parameters_without_a_gradient_and_frozen_ones_stay():
    p, q = mg.Parameter(np.ones(2)), mg.Parameter(np.ones(2))
    q.grad, q.requires_grad = np.ones(2), False
    optimizers.Adam().step([p, q])
    assert np.array_equal(p.numpy(), np.ones(2)) and np.array_equal(q.numpy(), np.ones(2))


# ------------------------------------------------------------------------------- clipping

def three(scale=1.0):
    parameters = [mg.Parameter(np.zeros(2)), mg.Parameter(np.zeros(3)), mg.Parameter(np.zeros(1))]
    for p, g in zip(parameters, ([3.0, 0.0], [0.0, 4.0, 0.0], None)):
        p.grad = None if g is None else scale * np.array(g)
    return parameters


def test_clip_by_global_norm_returns_the_norm_before_and_keeps_the_direction():
    parameters = three()
    assert mg.clip_by_global_norm(parameters, 10.0) == pytest.approx(5.0)
    assert np.array_equal(parameters[0].grad, [3.0, 0.0])
    assert mg.clip_by_global_norm(parameters, 1.0) == pytest.approx(5.0)
    assert np.allclose(parameters[0].grad, [0.6, 0.0]) and np.allclose(parameters[1].grad, [0.0, 0.8, 0.0])
    assert mg.clip_by_global_norm(parameters, 1.0) == pytest.approx(1.0)


def test_a_norm_whose_square_overflows_float32_is_still_a_number():
    p = mg.Parameter(np.zeros(2, dtype=np.float32))
    p.grad = np.array([3e30, 4e30], dtype=np.float32)
    assert mg.clip_by_global_norm([p], 5.0) == pytest.approx(5e30, rel=1e-6)
    assert np.allclose(p.grad, [3.0, 4.0])


def test_clip_by_value_is_elementwise():
    parameters = three()
    mg.clip_by_value(parameters, 1.0)
    assert np.array_equal(parameters[0].grad, [1.0, 0.0]) and np.array_equal(parameters[1].grad, [0.0, 1.0, 0.0])


@pytest.mark.parametrize("option, expected", [({"clipnorm": 1.0}, ([1.0, 0.0], [0.0, 1.0, 0.0])),
                                              ({"global_clipnorm": 1.0}, ([0.6, 0.0], [0.0, 0.8, 0.0])),
                                              ({"clipvalue": 2.0}, ([2.0, 0.0], [0.0, 2.0, 0.0]))])
def test_optimizers_clip_and_leave_the_gradient_as_it_was(option, expected):
    parameters = three()
    optimizers.SGD(1.0, **option).step(parameters)
    assert np.allclose(parameters[0].numpy(), -np.array(expected[0]))
    assert np.allclose(parameters[1].numpy(), -np.array(expected[1]))
    assert np.array_equal(parameters[0].grad, [3.0, 0.0])


def test_one_kind_of_clipping_at_a_time():
    with pytest.raises(ValueError, match="one of clipnorm"):
        optimizers.SGD(clipnorm=1.0, clipvalue=1.0)


# ------------------------------------------------------------------------------- schedules and states

def test_a_schedule_is_asked_with_the_updates_made_so_far():
    asked = []
    optimizer = optimizers.SGD(lambda t: asked.append(t) or 0.5)
    p = mg.Parameter(np.zeros(1))
    for _ in range(3):
        p.grad = np.ones(1)
        optimizer.step([p])
    assert asked == [0, 1, 2] and np.allclose(p.numpy(), -1.5)


@pytest.mark.parametrize("name", ALL)
def test_state_goes_on_where_it_stopped(name):
    rng = np.random.default_rng(0)
    gradients = rng.normal(size=(6, 4))

    def steps(optimizer, p, part):
        for g in part:
            p.grad = g
            optimizer.step([p])

    whole, p = optimizers.get(name), mg.Parameter(np.ones(4))
    steps(whole, p, gradients)
    first, q = optimizers.get(name), mg.Parameter(np.ones(4))
    steps(first, q, gradients[:3])
    second, r = optimizers.get(name), mg.Parameter(q.numpy())
    second.set_state({"w": r}, first.state({"w": q}))
    steps(second, r, gradients[3:])
    assert np.array_equal(p.numpy(), r.numpy())


def test_minimize_forgets_walks_back_and_steps():
    w, unused = mg.Parameter(np.array([2.0, -1.0])), mg.Parameter(np.ones(1))
    w.grad = np.array([100.0, 100.0])  # left over from another loss
    optimizer = optimizers.SGD(0.1)
    optimizer.minimize((w * w).sum(), [w, unused])
    assert np.allclose(w.numpy(), [1.6, -0.8]) and np.allclose(w.grad, [4.0, -2.0])
    assert unused.grad is None and optimizer.iterations == 1


def test_reprs_show_what_differs_from_the_default():
    assert repr(optimizers.Adam(0.01, clipnorm=1.0)) == "Adam(learning_rate=0.01, clipnorm=1.0)"


@pytest.mark.parametrize("name", ["sgd", "adagrad", "adadelta", "rmsprop", "adam", "adamw", "nadam", "RMSprop", "AdamW"])
def test_keras_names_are_found(name):
    assert type(optimizers.get(name)).__name__.lower() == name.lower()


def test_compile_has_a_default_that_exists():
    model = mg.Sequential([mg.layers.Dense(1, input_dim=2)])
    model.compile(loss="mse")
    model.fit(np.ones((4, 2)), np.ones((4, 1)), verbose=0)
