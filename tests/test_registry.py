"""Names for things, and settings read back from attributes."""
from __future__ import annotations

import pytest

from minigrad.registry import Registry, described, settings, snake_case


@pytest.mark.parametrize("name, snake", [("Dense", "dense"), ("SimpleRNN", "simple_rnn"), ("LSTM", "lstm"), ("Conv2D", "conv2d"),
                                         ("LayerNormalization", "layer_normalization"), ("TimeDistributed", "time_distributed")])
def test_snake_case_is_keras(name, snake):
    assert snake_case(name) == snake


class Outer:
    def __init__(self, name=None):
        self.name = name


class Inner(Outer):
    def __init__(self, size, rate=0.5, **options):
        super().__init__(**options)
        self.size, self.rate = size, rate


def test_settings_follow_the_constructors():
    assert settings(Inner(3, name="x")) == {"size": 3, "name": "x"}
    assert settings(Inner(3, rate=0.1)) == {"size": 3, "rate": 0.1}
    assert described(Inner(3, rate=0.1)) == "Inner(size=3, rate=0.1)"


def test_words_classes_objects_and_descriptions():
    things = Registry("thing")
    things.add(Inner, "in")
    things.add(len)
    assert things.get("len") is len and things.find("in") is Inner and things.get(None) is None
    made = things.get({"class": "Inner", "config": {"size": 2}})
    assert made.size == 2 and things.get(made) is made
    assert things.name_of(Inner) == "Inner" and things.name_of(print) is None
    with pytest.raises(ValueError, match="no thing called 'iner'; did you mean"):
        things.get("iner")
