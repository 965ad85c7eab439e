"""What a person may ask of mg.draw: each option does what it says, and a wrong value is answered with the right ones."""

from __future__ import annotations

import inspect

import numpy as np
import pytest

import minigrad as mg
from minigrad.drawing.themes import THEMES
from minigrad.drawing.words import WORDS, ordinal, words_for
from tests.drawing.nets import expression, layer, toy
from tests.drawing.seen import look_at, words


def coloured(scene, colour: str) -> list[str]:
    """The texts of that colour in the boxes of values."""
    return [t.text for box in scene.boxes if box.kind not in ("weight", "pill") for t in box.texts if t.colour == colour]


@pytest.mark.parametrize("values", ["auto", "none", "numbers", "shapes", "norms", "statistics"])
def test_which_values(values):
    figure = mg.draw(layer("RNN", steps=3)[0], values=values)
    look_at(figure)
    said, state = words(figure.scene), next(box for box in figure.scene.boxes if box.title.startswith("h₂"))
    texts = [t.text for t in state.texts]
    trace = layer("RNN", steps=3)[0]
    h = [t for t in trace.tensors if t.op.__name__ == "tanh"][1].array
    expected = {"shapes": "2 × 8", "norms": f"‖·‖ {np.linalg.norm(h):.2f}", "statistics": f"± {np.std(h):.2f}"}.get(values)
    if expected:
        assert any(expected in text for text in texts)
    else:
        assert not any("×" in text or "‖·‖" in text or "±" in text for text in texts)
    assert bool(state.marks) == (values in ("auto", "numbers")), "a small heat map where nothing else is written"
    assert said


def test_which_gradients():
    trace, _ = toy()
    every, weights, none = (mg.draw(trace, gradients=which).scene for which in ("all", "weights", "none"))
    assert coloured(every, "gradient") and not coloured(weights, "gradient") and not coloured(none, "gradient")
    assert "+0.53" in words(weights), "the weight's sum is there"
    assert mg.draw(trace, gradients="none").svg == mg.draw(trace, direction="forward").svg
    graph = mg.draw(expression(), gradients="weights").scene
    assert "2 + 3 = 5" in words(graph) and not any(t.colour == "gradient" for box in graph.boxes if box.title.startswith("c =") for t in box.texts)
    for scene in (weights, graph):
        assert scene.boxes


def test_how_deep_scopes_are_folded():
    trace, _ = layer("LSTM", steps=3)
    names = {depth: {box.title.split(" = ")[0] for box in mg.draw(trace, fold=depth).scene.boxes if box.step == 2} for depth in (0, 1)}
    assert {"h₂", "c₂"} <= names[0] and not {"i₂", "f₂", "g₂", "o₂"} & names[0]
    assert {"h₂", "c₂", "i₂", "f₂", "g₂", "o₂"} <= names[1]
    look_at(mg.draw(trace, fold=0))


def test_how_many_steps_before_eliding():
    trace, _ = layer("RNN", steps=12)
    counts = [len([w for w in words(mg.draw(trace, steps=steps).scene) if w.startswith("t = ")]) for steps in (3, 5, 11, 12)]
    assert counts == [2, 4, 5, 12]
    assert any("steps" in w for w in words(mg.draw(trace, steps=11).scene)), "it says that it elides"


@pytest.mark.parametrize("theme", list(THEMES))
def test_theme_changes_hues_alone(theme):
    light, other = mg.draw(toy()[0]), mg.draw(toy()[0], theme=theme)
    assert other.scene.items == light.scene.items
    assert THEMES[theme]["ground"] in other.svg


def test_size_is_a_slide():
    figure = mg.draw(toy()[0], size="slide")
    assert (figure.scene.width, figure.scene.height) == (1920, 1080)


def test_words_in_another_language():
    own = {"first": "zuerst", "last": "zuletzt", "ordinal": "{number}.", "step": "Schritt {number}", "the sum": "Summe"}
    said = words(mg.draw(toy()[0], words=own).scene)
    assert {"zuerst", "2.", "3.", "4.", "zuletzt", "Schritt 5", "Summe"} <= set(said)
    assert not {"2nd", "3rd", "4th"} & set(said)
    assert [ordinal(k, WORDS) for k in (1, 2, 3, 4, 11, 12, 13, 21, 22, 101, 111)] == \
        ["1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "22nd", "101st", "111th"]  # fmt: skip


@pytest.mark.parametrize(("option", "value", "said"), [
    ("view", "nix", "view is one of 'auto', 'triangle'"), ("direction", "up", "direction is one of 'auto', 'forward', 'backward'"),
    ("values", "all", "values is one of .*'statistics'"), ("gradients", "some", "gradients is one of 'all', 'weights', 'none'; got 'some'"),
    ("theme", "pink", "theme is one of 'light', 'dark', 'print'"), ("size", (800, 600), r"size is one of None, 'slide'; got \(800, 600\)"),
    ("steps", 0, "steps is a whole number, at least 1; got 0"), ("steps", 4.5, "steps is a whole number"), ("steps", True, "steps is a whole"),
    ("fold", -1, "fold is a whole number, at least 0; got -1"), ("truncate", -1, "truncate is a whole number, at least 0; got -1"),
    ("entry", (9, 9), r"entry is a place in W_hh of shape \(8, 8\); got \(9, 9\)"), ("entry", 3, "entry is a place in W_hh"),
    ("entry", "a", "entry is a place"), ("weight", "nix", "no weight 'nix' in this graph; it has W_xh"),
    ("words", {"nix": "a"}, "words has no 'nix'"), ("words", {"step": "{x}"}, r"words\['step'\] has the field \{x\}; there is \{number\}"),
])  # fmt: skip
def test_a_wrong_value_is_answered_with_the_right_ones(option, value, said):
    with pytest.raises(ValueError, match=said):
        mg.draw(layer("RNN", steps=3)[0], **{option: value})


@pytest.mark.parametrize(("option", "value", "said"), [("labels", 5, "labels is a word for each step"), ("words", 5, "words is a mapping")])
def test_a_wrong_kind_is_a_type_error(option, value, said):
    with pytest.raises(TypeError, match=said):
        mg.draw(toy()[0], **{option: value})


def test_every_option_is_in_the_docstring():
    missing = [name for name in inspect.signature(mg.draw).parameters if name not in ("what", "title") and f"`{name}" not in (mg.draw.__doc__ or "")]
    assert missing == []


def test_words_are_checked_before_anything_is_drawn():
    assert words_for(None) == WORDS
    assert words_for({"value": "Wert"})["value"] == "Wert"
