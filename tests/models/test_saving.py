"""Files: what is loaded is what was saved, for models of every kind; what does not fit is refused and changes nothing."""
from __future__ import annotations

import json
import os

import numpy as np
import pytest

import minigrad as mg
from minigrad import layers as L
from minigrad.layers.layer import registry
from minigrad.models import files
from minigrad.structure import leaves
from tests.models.gallery import MODELS, Scale, line, numbers


def made(name):
    model, x = MODELS[name]()
    model.compile("adam", "mse")
    return model, x


def weights_of(model):
    return {path: weight.numpy() for path, weight in model.named_weights().items()}


def assert_same(one, other):
    assert list(one) == list(other)
    assert all(a.dtype == other[key].dtype and np.array_equal(a, other[key]) for key, a in one.items())


def predictions(model, x):
    return [np.array(part) for part in leaves(model.predict(x))]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "model.minigrad"


# ------------------------------------------------------------------------------------------------ models


@pytest.mark.parametrize("name", MODELS)
def test_a_loaded_model_is_the_saved_one(name, path):
    model, x = made(name)
    model.save(path)
    twin = mg.load_model(path)
    assert type(twin) is type(model) and [type(one) for one in twin.layers_inside()] == [type(one) for one in model.layers_inside()]
    assert [one.name for one in twin.layers_inside()] == [one.name for one in model.layers_inside()]
    if name == "not_built_yet":
        return
    assert_same(weights_of(model), weights_of(twin))
    for _ in range(2):                                           # twice, because a stateful layer goes on
        assert all(np.array_equal(*pair, equal_nan=True) for pair in zip(predictions(model, x), predictions(twin, x)))
    assert [p.requires_grad for p in twin.weights] == [p.requires_grad for p in model.weights]
    assert twin.summary(None) == model.summary(None)


@pytest.mark.parametrize("name", MODELS)
def test_saving_what_was_loaded_gives_the_same_file(name, path, tmp_path):
    made(name)[0].save(path)
    mg.load_model(path).save(tmp_path / "again")
    assert path.read_bytes() == (tmp_path / "again").read_bytes()


def test_every_layer_is_in_the_gallery():
    there = {type(one) for make in MODELS.values() for one in make()[0].layers_inside()}
    there |= {L.Cell}                                            # whose step is for subclasses to define
    missing = {kind.__name__ for kind in registry.entries.values()
               if kind not in there and kind.__module__.startswith("minigrad.")}
    assert not missing, f"add to tests/models/gallery.py: {', '.join(sorted(missing))}"


def test_training_goes_on_with_the_loaded_optimiser(path):
    model, x = made("perceptron")
    y = np.eye(3)[[0, 1, 2, 0, 1]]
    model.compile(mg.optimizers.Nadam(mg.schedules.ExponentialDecay(0.1, 2, 0.5), clipnorm=1.0),
                  mg.losses.CategoricalCrossentropy(label_smoothing=0.1), metrics=["accuracy", mg.metrics.TopKCategoricalAccuracy(2)])
    model.fit(x, y, batch_size=2, epochs=2, verbose=0)
    model.save(path)
    twin = mg.load_model(path)
    histories = []
    for one in (model, twin):
        mg.set_random_seed(3)
        one.layers[2].__dict__.pop("_generator", None)             # its draws are no part of a model: a checkpoint has them
        histories.append(one.fit(x, y, batch_size=2, epochs=3, verbose=0).history)
    assert histories[0] == histories[1] and repr(twin.optimizer) == repr(model.optimizer)
    assert_same(weights_of(model), weights_of(twin))


def test_a_trained_checkpoint_is_a_model_file_too(path):
    model, x = made("language_model")
    model.predict(x)
    model.save_checkpoint(path, {"epoch": 3})
    assert_same(weights_of(mg.load_model(path)), weights_of(model))
    assert model.load_checkpoint(path) == {"epoch": 3}


def test_a_loss_without_a_name_is_left_out(path):
    model, x = made("perceptron")
    model.compile("sgd", lambda y, p: ((y - p) ** 2).mean())
    model.save(path)
    with pytest.raises(ValueError, match="without a loss"):
        mg.load_model(path).fit(x, np.ones((5, 3)), verbose=0)


def test_what_has_no_name_is_not_saved(path):
    class Unknown(L.Layer):
        def call(self, x):
            return x

    for layer in (Unknown(), L.Lambda(lambda x: x), L.Dense(2, activation=lambda x: x)):
        model = line(layer)
        model.predict(numbers(2, 3))
        with pytest.raises(TypeError, match="regist"):
            model.save(path)
    assert not path.exists()


def test_a_class_that_is_not_registered_here_is_not_run(path, monkeypatch):
    made("of_ones_own")[0].save(path)
    monkeypatch.delitem(registry.entries, "Scale")
    with pytest.raises(mg.ModelFileError, match="Scale"):
        mg.load_model(path)


def test_words_that_run_code_elsewhere_are_words_here(path, tmp_path):
    trap = tmp_path / "trap"
    model, _ = made("perceptron")
    model.layers[0].name = f"__import__('os').mkdir({str(trap)!r})"
    model.save(path)
    assert mg.load_model(path).layers[0].name.startswith("__import__") and not trap.exists()


# ------------------------------------------------------------------------------------------------ weights


@pytest.mark.parametrize("suffix", ["weights", "npz", "safetensors"])
@pytest.mark.parametrize("name", [name for name in MODELS if name != "not_built_yet"])
def test_weights_come_back(name, suffix, tmp_path):
    (model, _), (twin, _) = made(name), made(name)
    for weight in twin.weights:
        weight.data = weight.numpy() + 1
    model.save_weights(tmp_path / f"w.{suffix}")
    twin.load_weights(tmp_path / f"w.{suffix}")
    assert_same(weights_of(model), weights_of(twin))


def test_weights_are_read_out_of_a_model_file(path):
    (model, _), (twin, _) = made("perceptron"), made("perceptron")
    model.save(path)
    twin.load_weights(path)
    assert_same(weights_of(model), weights_of(twin))


@pytest.mark.parametrize("suffix", ["npz", "safetensors"])
@pytest.mark.parametrize("other", [
    lambda: line(L.Dense(4, input_dim=4), L.Dense(3)), lambda: line(L.Dense(6, input_dim=4)),
    lambda: line(L.Dense(6, input_dim=4), L.Dense(3), L.Dense(3)), lambda: line(L.Dense(6, input_dim=4), L.Dense(3, use_bias=False)),
], ids=["another shape", "a layer less", "a layer more", "no bias"])
def test_weights_that_do_not_fit_change_nothing(other, suffix, tmp_path):
    line(L.Dense(6, input_dim=4), L.Dense(3)).save_weights(tmp_path / f"w.{suffix}")
    model = other()
    before = weights_of(model)
    with pytest.raises(mg.ModelFileError, match="does not fit|has shape"):
        model.load_weights(tmp_path / f"w.{suffix}")
    assert_same(weights_of(model), before)


def test_a_model_without_weights_says_what_to_do(tmp_path):
    line(L.Dense(3, input_dim=2)).save_weights(tmp_path / "w")
    with pytest.raises(ValueError, match="no weights yet"):
        line(L.Dense(3)).load_weights(tmp_path / "w")


def test_weights_keep_their_own_dtype(tmp_path):
    line(L.Dense(3, input_dim=2, dtype="float64")).save_weights(tmp_path / "w")
    model = line(L.Dense(3, input_dim=2))
    model.load_weights(tmp_path / "w")
    assert {weight.dtype for weight in model.weights} == {np.dtype("float32")}


def test_other_programs_read_and_write_the_same_format(tmp_path):
    safetensors = pytest.importorskip("safetensors.numpy")
    model = line(L.Dense(3, input_dim=2), L.Dense(1))
    model.save_weights(tmp_path / "ours")
    assert_same(safetensors.load_file(tmp_path / "ours"), dict(sorted(weights_of(model).items())))
    changed = {path: array + 1 for path, array in weights_of(model).items()}
    safetensors.save_file(changed, tmp_path / "theirs")
    model.load_weights(tmp_path / "theirs")
    assert_same(weights_of(model), changed)


def test_a_file_of_another_program_needs_no_checksum(tmp_path):
    header = {"layers/0/W": {"dtype": "F64", "shape": [2, 1], "data_offsets": [0, 16]},
              "layers/0/b": {"dtype": "F32", "shape": [1], "data_offsets": [16, 20]}}
    text = json.dumps(header).encode()
    (tmp_path / "w").write_bytes(len(text).to_bytes(8, "little") + text + np.array([1.0, 2.0]).tobytes() + np.ones(1, "f4").tobytes())
    model = line(L.Dense(1, input_dim=2))
    model.load_weights(tmp_path / "w")
    assert model.get_weights()[0].tolist() == [[1.0], [2.0]] and model.get_weights()[1].tolist() == [1.0]


def test_numpy_reads_the_archive(tmp_path):
    model = line(L.Dense(3, input_dim=2))
    model.save_weights(tmp_path / "w.npz")
    with np.load(tmp_path / "w.npz", allow_pickle=False) as archive:
        assert_same(dict(archive), weights_of(model))


# ------------------------------------------------------------------------------------------------ the file


@pytest.mark.parametrize("array", [np.zeros((0, 3)), np.array(2.5), np.arange(6).reshape(2, 3).T, np.array([True, False]),
                                   np.arange(3, dtype=">i4"), np.array([np.nan, -np.inf, -0.0], "float16")], ids=str)
def test_every_array_comes_back(array, path):
    files.write_safetensors(path, {"before": np.ones(1, "uint8"), "a": array, "ü/\n": np.ones(2)})
    arrays, _ = files.read_safetensors(path)
    assert list(arrays) == ["before", "a", "ü/\n"] and arrays["a"].shape == array.shape
    assert np.array_equal(arrays["a"], array, equal_nan=array.dtype.kind == "f") and arrays["a"].dtype == array.dtype.newbyteorder("<")


def test_a_crash_while_writing_leaves_the_old_file(path, monkeypatch):
    model, _ = made("perceptron")
    model.save(path)
    before = path.read_bytes()

    def crash(descriptor):
        raise OSError("no space left")
    monkeypatch.setattr(os, "fsync", crash)
    with pytest.raises(OSError, match="no space"):
        model.save(path)
    assert path.read_bytes() == before and list(path.parent.iterdir()) == [path]


def test_a_file_that_is_not_there_is_not_damaged(tmp_path):
    with pytest.raises(FileNotFoundError):
        mg.load_model(tmp_path / "nowhere")


def resigned(path, change):
    """The file with `change(header, data)` made to it, and a checksum that fits."""
    content = path.read_bytes()
    length = int.from_bytes(content[:8], "little")
    header, data = json.loads(content[8:8 + length]), content[8 + length:]
    header, data = change(header, data) or (header, data)
    words = header.pop("__metadata__")
    words["checksum"] = files.checksum(words, header, [data])
    text = json.dumps({"__metadata__": words, **header}).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + data)


def edit(path, **words):
    def change(header, data):
        header["__metadata__"].update(words)
    resigned(path, change)


@pytest.mark.parametrize("version", ["0", "3", "1.0", "", "-1", "١", "9" * 5000])
def test_files_of_other_versions_are_refused_by_name(version, path):
    model, _ = made("perceptron")
    for save, load in ((model.save, mg.load_model), (model.save_weights, model.load_weights)):
        save(path)
        edit(path, version=version)
        with pytest.raises(mg.ModelFileError, match="is of version"):
            load(path)


@pytest.mark.parametrize("content", [b"", b"\x80\x04\x95", b"PK\x03\x04" + b"\0" * 40, b"\x89HDF\r\n\x1a\n" + b"\0" * 99, b"{}", b"\xff" * 64,
                                     (2).to_bytes(8, "little") + b"{}", (2**60).to_bytes(8, "little") + b"{}"], ids=lambda b: repr(b[:6]))
def test_foreign_files_are_refused(content, tmp_path):
    model, _ = made("perceptron")
    for name in ("file", "file.npz"):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(mg.ModelFileError):
            model.load_weights(tmp_path / name)
        with pytest.raises(mg.ModelFileError):
            mg.load_model(tmp_path / name)


def test_weights_are_no_model_and_a_model_is_no_checkpoint(path):
    model, _ = made("perceptron")
    model.save_weights(path)
    with pytest.raises(mg.ModelFileError, match="load_weights reads it"):
        mg.load_model(path)
    model.save(path)
    with pytest.raises(mg.ModelFileError, match="no checkpoint"):
        model.load_checkpoint(path)



HEADERS = {
    "negative": lambda h: h["weights/layers/0/W"].update(shape=[-4, -6]),
    "huge": lambda h: h["weights/layers/0/W"].update(shape=[2**61, 2**61]),
    "float": lambda h: h["weights/layers/0/W"].update(shape=[4.0, 6.0]),
    "bool": lambda h: h["weights/layers/0/b"].update(shape=[True, 6]),
    "text": lambda h: h["weights/layers/0/W"].update(shape="46"),
    "dtype": lambda h: h["weights/layers/0/W"].update(dtype="O"),
    "overlap": lambda h: h["weights/layers/0/b"].update(data_offsets=[0, 24]),
    "beyond": lambda h: h["weights/layers/0/b"].update(data_offsets=[10**9, 10**9 + 24]),
    "backward": lambda h: h["weights/layers/0/b"].update(data_offsets=[120, 96]),
    "missing": lambda h: h["weights/layers/0/b"].pop("dtype"),
    "more": lambda h: h["weights/layers/0/b"].update(note="?"),
    "no entry": lambda h: h.pop("weights/layers/0/b"),
    "list": lambda h: h.update({"weights/layers/0/b": [1, 2]}),
    "number among words": lambda h: h["__metadata__"].update(version=1),
}


@pytest.mark.parametrize("what", HEADERS)
def test_headers_that_lie_are_refused(what, path):
    model, _ = made("perceptron")
    model.save(path)
    resigned(path, lambda header, data: HEADERS[what](header) and None)
    with pytest.raises(mg.ModelFileError):
        mg.load_model(path)


def test_a_name_that_comes_twice_is_refused(path):
    text = b'{"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}'
    path.write_bytes(len(text).to_bytes(8, "little") + text)
    with pytest.raises(mg.ModelFileError, match="twice"):
        files.read_safetensors(path)


def test_one_flipped_bit_of_a_weight_is_found(path):
    model, _ = made("perceptron")
    model.save(path)
    content = bytearray(path.read_bytes())
    content[-20] ^= 1
    path.write_bytes(content)
    with pytest.raises(mg.ModelFileError, match="checksum"):
        mg.load_model(path)


def test_a_graph_that_bites_its_tail_is_refused(path):
    made("branches")[0].save(path)

    def change(header, data):
        description = json.loads(header["__metadata__"]["architecture"])
        calls = description["graph"]["calls"]
        calls[0]["inputs"] = {"tuple": [calls[-1]["outputs"]]}
        header["__metadata__"]["architecture"] = json.dumps(description)
    resigned(path, change)
    with pytest.raises(mg.ModelFileError):
        mg.load_model(path)


def test_a_registered_class_with_another_signature_is_refused(path, monkeypatch):
    made("of_ones_own")[0].save(path)

    class Other(Scale):
        def __init__(self, **options):
            super().__init__(**{key: value for key, value in options.items() if key != "start"}, unknown=1)
    monkeypatch.setitem(registry.entries, "Scale", Other)
    with pytest.raises(mg.ModelFileError, match="no model that can be made"):
        mg.load_model(path)
