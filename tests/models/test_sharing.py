"""One layer in several models, and numbers in formulas: saved as they are, loaded as one layer and the same numbers."""
from __future__ import annotations

import json
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg
from minigrad import layers as L
from minigrad.models import files
from minigrad.structure import leaves
from tests.models.gallery import Block, line, numbers, shown_in_files
from tests.models.test_saving import resigned

SHARED = {}


def sharing(make):
    SHARED[make.__name__] = make
    return make


def inner_of(layer, *shape):
    a = mg.Input(shape)
    return mg.Model(a, layer(a))


@sharing
def inside_and_outside():
    dense, b = L.Dense(4), mg.Input((4,))
    return mg.Model(b, dense(inner_of(dense, 4)(b))), numbers(3, 4)


@sharing
def outside_and_inside():
    dense, b = L.Dense(4), mg.Input((4,))
    return mg.Model(b, inner_of(dense, 4)(dense(b))), numbers(3, 4)


@sharing
def in_two_nested_models():
    dense, b = L.Dense(4, "tanh", name="common"), mg.Input((4,))
    return mg.Model(b, inner_of(dense, 4)(b) * line(dense, L.Dense(4))(b)), numbers(3, 4)


@sharing
def in_a_model_in_a_model_in_a_sequential():
    dense = L.Dense(4, "tanh")
    b, c = mg.Input((4,)), mg.Input((4,))
    middle = mg.Model(b, dense(inner_of(dense, 4)(b)))
    outer = mg.Model(c, middle(dense(c)) + middle(c))
    return line(outer, dense, L.Dense(2)), numbers(3, 4)


@sharing
def a_whole_model_twice():
    dense, b = L.Dense(4, "tanh"), mg.Input((4,))
    inner = inner_of(dense, 4)
    return mg.Model(b, inner_of(inner, 4)(inner(b))), numbers(3, 4)


@sharing
def under_every_step():
    dense, t, b = L.Dense(3, "tanh"), mg.Input((5, 3)), mg.Input((3,))
    return mg.Model([t, b], L.TimeDistributed(dense)(t)[:, 0] + dense(b)), [numbers(2, 5, 3), numbers(2, 3)]


@sharing
def under_every_step_of_a_shared_model():
    dense = L.Dense(3, "tanh")
    inner, t, b = inner_of(dense, 3), mg.Input((5, 3)), mg.Input((3,))
    return mg.Model([t, b], L.TimeDistributed(inner)(t)[:, 0] + inner(b) + dense(b)), [numbers(2, 5, 3), numbers(2, 3)]


@sharing
def as_one_of_two_directions():
    back, t = L.GRU(3, go_backwards=True), mg.Input((5, 2))
    both = L.Bidirectional(L.GRU(3), backward_layer=back, merge_mode="sum")
    return mg.Model(t, both(t) * back(t)), numbers(2, 5, 2)


@sharing
def one_cell_in_two_layers():
    cell, t, u = L.LSTMCell(3), mg.Input((5, 2)), mg.Input((4, 2))
    encoder, decoder = L.RNN(cell, return_state=True), L.RNN([cell, L.GRUCell(2)])
    _, h, c = encoder(t)
    return mg.Model([t, u], L.Concatenate()([h, c, decoder(u)])), [numbers(2, 5, 2), numbers(2, 4, 2)]


@sharing
def two_heads_cut_from_one_trunk():
    a = mg.Input((4,))
    trunk = mg.Model(a, L.Dense(3, name="top")(L.Dense(5, "tanh", name="neck")(a)), name="trunk")
    cut = mg.Model(trunk.input, trunk.get_layer("neck").output, name="cut")
    b = mg.Input((4,))
    return mg.Model(b, [trunk(b), L.Dense(2)(cut(b))]), numbers(3, 4)


@sharing
def what_a_class_made_by_itself():
    block, b = Block(4), mg.Input((4,))
    return mg.Model(b, block.parts["first"](block(b))), numbers(3, 4)


@sharing
def what_a_class_made_by_itself_used_before_it():
    block, b = Block(4), mg.Input((4,))
    block(b)
    return mg.Model(b, block(block.parts["first"](b))), numbers(3, 4)


@sharing
def a_weight_of_a_layer_in_a_formula():
    words, t = L.Embedding(9, 4, name="words"), mg.Input((6,), dtype="int64")
    return mg.Model(t, mg.einsum("nd,vd->nv", L.GRU(4)(words(t)), words.W)), np.arange(12).reshape(2, 6) % 9


@sharing
def weights_of_their_own():
    a, scale, shift = mg.Input((3,)), mg.Parameter(np.ones(3, "float32"), name="scale"), mg.Parameter(np.zeros((1, 3), "float32"))
    return mg.Model(a, (a * scale + shift) * scale), numbers(2, 3)


CONSTANTS = {
    "array": lambda a: a * np.arange(5), "float64": lambda a: a * np.ones(5), "float16": lambda a: np.ones((1, 5), "float16") * a,
    "scalar": lambda a: a * np.float32(0.1), "double scalar": lambda a: a * np.float64(0.1), "list": lambda a: a * [1.0, 2.0, 3.0, 4.0, 5.0],
    "whole": lambda a: a * np.int64(3), "tensor": lambda a: a + mg.Tensor(np.full((1, 5), 1 / 3)), "function": lambda a: mg.maximum(a, np.zeros(5)),
    "nan": lambda a: mg.minimum(a, np.array([np.nan, np.inf, -np.inf, -0.0, 0.5])), "einsum": lambda a: mg.einsum("nd,dk->nk", a, np.ones((5, 2))),
    "condition": lambda a: mg.where(np.arange(5) > 1, a, -a), "index": lambda a: a[:, np.array([4, 0])], "setting": lambda a: mg.clip(a, np.float64(-0.1), 0.1),
    "large": lambda a: a @ np.random.default_rng(0).normal(size=(5, 70)).astype("float32"),
    "argument": lambda a: L.Lambda(shown_in_files, arguments={"by": np.array([1, 2, 3, 4, 5.5])})(a),
    "initial": lambda a: L.Dense(2, kernel_initializer=mg.initializers.Constant(np.arange(10.0).reshape(5, 2)))(a),
}


def loaded(model, folder):
    model.save(folder / "model.minigrad")
    return mg.load_model(folder / "model.minigrad")


def assert_same_outputs(model, twin, x):
    for one, other in zip(leaves(model.predict(x)), leaves(twin.predict(x)), strict=True):
        assert one.dtype == other.dtype and one.tobytes() == other.tobytes()


@pytest.mark.parametrize("name", SHARED)
def test_what_is_shared_comes_back_as_one(name, tmp_path):
    model, x = SHARED[name]()
    twin = loaded(model, tmp_path)
    assert list(twin.named_weights()) == list(model.named_weights()) and twin.count_params() == model.count_params()
    assert [one.name for one in twin.layers_inside()] == [one.name for one in model.layers_inside()]
    assert_same_outputs(model, twin, x)


@pytest.mark.parametrize("name", SHARED)
def test_what_is_shared_is_still_shared_in_training(name, tmp_path):
    model, x = SHARED[name]()
    model.compile(mg.optimizers.SGD(0.1), "mse")
    twin = loaded(model, tmp_path)
    y = [np.ones_like(part) for part in leaves(model.predict(x))]
    for one in (model, twin):
        one.fit(x, y if len(y) > 1 else y[0], epochs=2, verbose=0, shuffle=False)
    assert_same_outputs(model, twin, x)


@pytest.mark.parametrize("name", SHARED)
def test_saving_what_was_loaded_gives_the_same_description(name, tmp_path):
    loaded(SHARED[name]()[0], tmp_path).save(tmp_path / "again")
    assert (tmp_path / "again").read_bytes() == (tmp_path / "model.minigrad").read_bytes()


@pytest.mark.parametrize("name", CONSTANTS)
def test_numbers_in_formulas_come_back_bit_for_bit(name, tmp_path):
    a = mg.Input((5,))
    model = mg.Model(a, CONSTANTS[name](a))
    assert_same_outputs(model, loaded(model, tmp_path), numbers(3, 5))


def test_large_constants_are_no_text(tmp_path):
    a = mg.Input((50,))
    loaded(mg.Model(a, a @ np.ones((50, 100))), tmp_path)
    arrays, words = files.read_safetensors(tmp_path / "model.minigrad")
    assert arrays["constants/0"].shape == (50, 100) and len(words["architecture"]) < 1000


def test_a_tensor_computed_from_weights_is_refused_in_a_graph():
    a, dense = mg.Input((4,)), L.Dense(3, input_dim=4)
    h = dense(a)
    with pytest.raises(ValueError, match=r"transpose of weights, of shape \(3, 4\).*detach"):
        mg.Model(a, h @ dense.W.T)
    assert mg.Model(a, h @ dense.W.T.detach()).output_shape == (None, 4)


@pytest.mark.parametrize("frozen", [["layers/0"], ["layers/0/layers/0"], ["layers/0", "layers/0/layers/0"], ["layers/1"], [""], []], ids=str)
def test_what_is_frozen_stays_frozen_and_nothing_else(frozen, tmp_path):
    model = line(line(L.Dense(3, input_dim=3), L.Dense(3)), Block(3))
    things = {path: layer for layer, path in L.layer.gather(model, "", {}).items() if isinstance(layer, L.Layer)}
    for path in frozen:
        things[path].trainable = False
    if len(frozen) == 2:
        things[frozen[1]].trainable = True                        # thawed for fine-tuning
    twin = loaded(model, tmp_path)
    assert [one.trainable for one in twin.layers_inside()] == [one.trainable for one in model.layers_inside()]
    assert [list(one.named_weights()) for one in (twin, model)] == [list(model.named_weights())] * 2
    assert [one.requires_grad for one in twin.weights] == [one.requires_grad for one in model.weights]


# ------------------------------------------------------------------------------------------------ files that lie


def changed(path, change):
    def edit(header, data):
        description = json.loads(header["__metadata__"]["architecture"])
        change(description)
        header["__metadata__"]["architecture"] = json.dumps(description)
    resigned(path, edit)


LIES = {
    "unknown": lambda d: d["graph"]["layers"].__setitem__(1, {"shared": 7}),
    "no number": lambda d: d["graph"]["layers"].__setitem__(1, {"shared": "Dense"}),
    "not yet": lambda d: d["graph"]["layers"].reverse(),
    "a circle": lambda d: (d.update(number=3), d["graph"]["layers"].__setitem__(1, {"shared": 3})),
    "itself": lambda d: d["graph"]["layers"].__setitem__(1, {"shared": 3, "number": 3}),
    "twice": lambda d: d["graph"]["layers"].append({**d["graph"]["layers"][0]["graph"]["layers"][0]}),
    "inside what is not there": lambda d: d["graph"]["layers"].__setitem__(1, {"inside": {"shared": 0}, "path": "nowhere"}),
    "inside, a weight": lambda d: d["graph"]["layers"].__setitem__(1, {"inside": {"shared": 0}, "path": "W"}),
    "inside without a path": lambda d: d["graph"]["layers"].__setitem__(1, {"inside": {"shared": 0}}),
    "frozen nothing": lambda d: d.update(frozen=["layers/9"]),
    "frozen lists": lambda d: d.update(frozen=[[]]),
    "constant": lambda d: d["graph"]["calls"][0].update(inputs={"tuple": [{"symbol": 0}, {"tensor": 0}]}),
    "weight": lambda d: d["graph"]["calls"][0].update(inputs={"tuple": [{"symbol": 0}, {"weight": {"shape": [10**6, 10**6], "dtype": "<f4", "name": None}}]}),
    "weight that is a layer": lambda d: d["graph"]["calls"][1].update(inputs={"tuple": [{"symbol": 0}, {"weight": {"shared": 0}}]}),
}


@pytest.mark.parametrize("what", LIES)
def test_a_file_that_lies_about_its_parts_is_refused(what, tmp_path):
    loaded(inside_and_outside()[0], tmp_path)
    changed(tmp_path / "model.minigrad", LIES[what])
    with pytest.raises(mg.ModelFileError):
        mg.load_model(tmp_path / "model.minigrad")


def test_files_of_the_first_version_can_be_read():
    """tests/models/version_1.minigrad was written before there were numbers for shared layers; what it held then is below."""
    model = mg.load_model(Path(__file__).parent / "version_1.minigrad")
    steps = np.arange(24).reshape(3, 4, 2) / 24
    x, y = {"a": steps, "b": -steps}, np.ones((3, 1))
    assert model.predict(x).ravel() == pytest.approx([0.28897321, 0.44462165, 0.5490365], abs=1e-6)
    assert not model.get_layer("inner").trainable and model.get_layer("shared").trainable
    assert model.fit(x, y, verbose=0, shuffle=False, epochs=2).history["loss"] == pytest.approx([0.33912408, 0.1782761], abs=1e-6)


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=7), st.data())
def test_any_nest_of_shared_parts_comes_back(plan, data):
    """Layers, Models, Sequentials and TimeDistributed, each made of two of those before it, whichever they are."""
    pool = [L.Dense(4, "tanh"), L.LSTM(4, return_sequences=True), L.LayerNormalization(), Block(4)]
    for kind, first, second in plan:
        f, g, a = pool[first % len(pool)], pool[second % len(pool)], mg.Input((3, 4))
        if kind == 0 and f is not g:
            pool.append(line(f, g))
        elif kind == 1:
            pool.append(L.TimeDistributed(pool[0]))
        else:
            pool.append(mg.Model(a, [f(g(a)), f(a) * np.arange(4, dtype="float32") + g(a), mg.concatenate([g(a), f(f(a))], axis=-1)[..., 2:6]][kind - 2]))
    model, x = mg.Sequential([pool[-1], L.Dense(2)]), numbers(2, 3, 4)
    model.predict(x)
    for layer in data.draw(st.lists(st.sampled_from(pool), max_size=2)):
        layer.trainable = not layer.trainable
    with tempfile.TemporaryDirectory() as folder:
        twin = loaded(model, Path(folder))
        assert list(twin.named_weights()) == list(model.named_weights())
        assert [one.requires_grad for one in twin.weights] == [one.requires_grad for one in model.weights]
        assert_same_outputs(model, twin, x)
