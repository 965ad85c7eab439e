"""Models: every layer once, with shapes and weights; a shared layer's calls told apart."""

from __future__ import annotations

import pytest

import minigrad as mg
from tests.drawing.paths import struck
from tests.drawing.seen import boxes_apart, look_at, texts_apart, words


def two_branches() -> mg.Model:
    question, answer = (mg.Input((20,), dtype="int32", name=name) for name in ("question", "answer"))
    embedding = mg.layers.Embedding(1000, 64, name="embedding")
    q, a = mg.layers.LSTM(32, name="encoder_q")(embedding(question)), mg.layers.LSTM(32, name="encoder_a")(embedding(answer))
    both = mg.layers.Concatenate(name="concat")([q, a])
    return mg.Model([question, answer], [mg.layers.Dense(1, activation="sigmoid", name="match")(both),
                                         mg.layers.Dense(10, name="topic")(both)], name="pairs")  # fmt: skip


def test_a_shared_layer_is_drawn_once_and_its_calls_have_colours():
    figure = mg.draw(two_branches())
    look_at(figure)
    written = words(figure.scene)
    assert written.count("embedding") == 1 and "Embedding(64) · shared × 2" in written
    assert written.count("call 1") == written.count("call 2") == 2
    embedding = next(box for box in figure.scene.boxes if box.title.startswith("embedding"))
    assert len({edge.stroke for edge in figure.scene.edges if edge.head == embedding.id}) == 2
    assert "2 × (batch, 32)" in written and "None" not in " ".join(written)


def test_numbers_of_weights_are_the_models():
    model = two_branches()
    shown = [int(w.replace(",", "")) for w in words(mg.draw(model).scene) if w.replace(",", "").isdigit()]
    assert sum(shown) == model.count_params()
    assert f"pairs: {model.count_params():,} weights" in words(mg.draw(model).scene)


def test_inputs_are_above_and_every_layer_below_what_it_reads():
    scene = mg.draw(two_branches()).scene
    assert all(scene.box(edge.tail).bottom < scene.box(edge.head).y for edge in scene.edges)
    line = mg.Sequential([mg.Input((None, 3)), mg.layers.GRU(4), mg.layers.Dropout(0.5), mg.layers.Dense(2)], name="line")
    look_at(mg.draw(line, theme="dark"))
    tops = [box.y for box in mg.draw(line).scene.boxes]
    assert tops == sorted(tops) and "(batch, ·, 3)" in words(mg.draw(line).scene)


def test_a_layer_called_on_its_own_output_goes_round():
    x = mg.Input((8,), name="x")
    again = mg.layers.Dense(8, name="again")
    figure = mg.draw(mg.Model(x, again(again(x)) + x))
    look_at(figure)
    box = next(box for box in figure.scene.boxes if box.title.startswith("again"))
    assert any(edge.tail == edge.head == box.id for edge in figure.scene.edges)


def test_a_model_without_a_graph_says_what_to_do():
    with pytest.raises(ValueError, match="has no graph yet: give it an Input, or draw a trace of one call"):
        mg.draw(mg.Sequential([mg.layers.Dense(3)]))


def test_the_numbers_of_many_calls_lie_beside_each_other():
    inputs = [mg.Input((20,), dtype="int32", name=f"text_{k}") for k in range(4)]
    embedding, encoder = mg.layers.Embedding(50, 4, name="e"), mg.layers.LSTM(3, name="shared")
    y = mg.layers.Dense(2)(mg.layers.Concatenate()([encoder(embedding(x)) for x in inputs]))
    scene = mg.draw(mg.Model(inputs, y)).scene
    calls = [text for text in scene.texts if text.kind == "call"]
    assert sorted(text.text for text in calls) == ["call 1", "call 1 … 4", "call 1 … 4", "call 2", "call 3", "call 4"]
    assert not struck(scene)
    boxes_apart(scene)
    texts_apart(scene)
    for text in calls:
        left, top, right, bottom = text.bounds
        assert not any(box.x < right and left < box.right and box.y < bottom and top < box.bottom for box in scene.boxes), text


@pytest.mark.parametrize("depth", [2, 5, 9, 30])
def test_a_slide_has_letters_that_can_be_read_and_counts_what_it_leaves_out(depth):
    layers = [mg.layers.LSTM(8, return_sequences=True, name=f"layer{k}") for k in range(depth)]
    model = mg.Sequential([mg.Input((20, 3)), *layers, mg.layers.Dense(2)])
    figure = mg.draw(model, size="slide")
    look_at(figure)
    assert (figure.scene.width, figure.scene.height) == (1920, 1080)
    drawn = [box for box in figure.scene.boxes if box.texts[0].text.startswith("layer")]
    rest = [box.texts[1].text for box in figure.scene.boxes if box.texts[0].text == "…"]
    assert len(drawn) + sum(int(said.split()[0]) for said in rest) == depth and bool(rest) == (depth > 5)
    weights = [int(b.texts[k + 1].text.replace(",", "")) for b in figure.scene.boxes for k, t in enumerate(b.texts) if t.text == "weights"]
    assert sum(weights) == model.count_params()
    assert all(f"layer{k}: LSTM(8)" in figure.describe() for k in range(depth))
