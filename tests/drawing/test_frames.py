"""The build-up: the last frame is the picture, nothing moves, and no number is shown before it is known."""

from __future__ import annotations

import builtins
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg
from minigrad.drawing.frames import scenes
from minigrad.drawing.scene import Box, Mark
from tests.drawing.nets import expression, layer, own_cell, spelled, toy
from tests.drawing.seen import words

PICTURES = {
    "toy": lambda: mg.draw(toy()[0], size="slide"), "forward": lambda: mg.draw(toy()[0], direction="forward"),
    "before": lambda: mg.draw(toy(backward=False)[0]), "expression": lambda: mg.draw(expression()),
    "LSTM": lambda: mg.draw(layer("LSTM")[0], theme="dark"), "stacked": lambda: mg.draw(layer("GRU", stacked=True)[0]),
    "own": lambda: mg.draw(own_cell(5)[0]), "long": lambda: mg.draw(spelled(12)[0]),
    "triangle": lambda: mg.draw(spelled(6)[0], "triangle"), "rolled": lambda: mg.draw(toy()[0], "rolled"),
    "cell": lambda: mg.draw(layer("LSTM", steps=3)[0], "cell"),
    "flow": lambda: mg.draw({"RNN": layer("RNN", steps=30)[0], "GRU": layer("GRU", steps=30)[0]}, "flow"),
    "model": lambda: mg.draw(mg.Sequential([mg.Input((None, 3)), mg.layers.GRU(4), mg.layers.Dense(2)])),
}  # fmt: skip


@pytest.mark.parametrize("name", PICTURES)
def test_frames_grow_into_the_picture_and_nothing_moves(name):
    figure = PICTURES[name]()
    frames = scenes(figure.scene)
    assert 2 <= len(frames) <= 40
    assert frames[-1].items == figure.scene.items and frames[-1].description == figure.scene.description
    places = {box.id: (box.x, box.y, box.w, box.h) for box in figure.scene.boxes}
    for before, after in pairwise(frames):
        assert (after.width, after.height) == (before.width, before.height)
        assert {box.id for box in before.boxes} <= {box.id for box in after.boxes}
        assert len(before.texts) <= len(after.texts)
        assert after is frames[-1] or news_is_told(before, after)
    for frame in frames:
        assert all((box.x, box.y, box.w, box.h) == places[box.id] for box in frame.boxes)
    assert [f.title for f in frames] == [f"{figure.scene.title} ({k} / {len(frames)})" for k in range(1, len(frames) + 1)]


@given(st.sampled_from(["RNN", "LSTM", "GRU"]), st.integers(1, 12), st.booleans(), st.booleans())
def test_any_net_builds_up_in_the_order_of_its_computation(kind, steps, sequences, stacked):
    """Forward, no arrow stands without both its boxes; backward, no gradient comes before that of a box that used the value."""
    figure = mg.draw(layer(kind, steps=steps, units=2, sequences=sequences, stacked=stacked, batch=1)[0])
    frames = scenes(figure.scene)
    assert frames[-1].items == figure.scene.items
    for frame in frames:
        there = {box.id for box in frame.boxes}
        assert all({edge.tail, edge.head} - {""} <= there for edge in frame.edges)
    when = {box.id: k for k in reversed(range(len(frames))) for box in frames[k].boxes if gradient_of(box)}
    for edge in figure.scene.edges:
        if edge.kind == "backward" and edge.tail in when and edge.head in when:
            assert when[edge.tail] >= when[edge.head], (edge.tail, edge.head)


def news_is_told(before, after) -> bool:
    """What is new is in the description."""
    old = {box.id for box in before.boxes}
    return all(box.title in after.description for box in after.boxes if box.id not in old)


def test_the_toy_nets_fourteen_slides():
    """The ground, five steps and the result forward, the result and five steps backward, the sum."""
    frames = scenes(mg.draw(toy()[0], size="slide").scene)
    assert len(frames) == 14
    steps = [sorted({box.step for box in frame.boxes if box.step is not None}) for frame in frames[:7]]
    assert steps == [[], [1], [1, 2], [1, 2, 3], [1, 2, 3, 4], [1, 2, 3, 4, 5], [1, 2, 3, 4, 5]]
    pills = [sum(box.kind == "pill" for box in frame.boxes) for frame in frames]
    assert pills == [0] * 8 + [1, 2, 3, 4, 5, 5]
    bars = [sum(isinstance(item, Mark) and item.kind == "bar" for item in frame.items) for frame in frames]
    assert bars == pills
    assert "+0.53" in words(frames[-1]) and not any("+0.53" in words(frame) for frame in frames[:-1])
    assert "so far 0.29" in words(frames[8]) and "0.35" not in words(frames[8])


def test_no_gradient_is_shown_before_backward_reaches_it():
    frames = scenes(mg.draw(toy()[0], size="slide").scene)
    shown = [{box.title.split(" = ")[0] for box in frame.boxes if gradient_of(box)} for frame in frames]
    assert not any(shown[:7])
    assert shown[7] == {"L", "y", "W_hy"} and shown[8] - shown[7] == {"h₅", "z₅"} and shown[9] - shown[8] == {"h₄", "z₄"}
    assert shown[12] - shown[11] >= {"h₁", "z₁", "b", "W_xh"}, "a shared weight's gradient is whole after its last part"
    forward = [edge for frame in frames[:7] for edge in frame.edges]
    assert all(edge.arrow == "head" for edge in forward)
    assert any(edge.arrow == "tail" for edge in frames[8].edges) and any(edge.kind == "forward" for edge in frames[8].edges)


def gradient_of(box: Box) -> bool:
    return box.kind != "pill" and any(text.colour == "gradient" for text in box.texts)


def test_an_expression_is_computed_in_its_own_order():
    frames = scenes(mg.draw(expression()).scene)
    new = [{box.title.split(" = ")[0] for box in after.boxes} - {box.title.split(" = ")[0] for box in before.boxes}
           for before, after in pairwise(frames)]
    assert new[:3] == [{"c"}, {"d", "1"}, {"e"}] and not any(new[3:])
    assert "2 + 3 = 5" in words(frames[-1]) and not any("2 + 3 = 5" in words(frame) for frame in frames[:-1])
    assert not any("∂e/∂d = c = 3" in words(frame) for frame in frames[:5])


def test_the_triangle_comes_row_by_row_and_reach_from_the_last_step_back():
    rows = [sum(box.kind == "part" for box in frame.boxes) for frame in scenes(PICTURES["triangle"]().scene)]
    assert rows == [0, 1, 3, 6, 10, 15, 21, 21, 21]
    first = scenes(PICTURES["flow"]().scene)[1]
    assert {item.title.split(":")[0] for item in first.items if isinstance(item, Mark) and item.kind == "flow"} == {"t = 28", "t = 29", "t = 30"}


@pytest.mark.parametrize("kind", ["svg", "pdf", "png"])
def test_files_are_numbered_and_whole(kind, tmp_path):
    figure = mg.draw(expression())
    files = figure.frames(tmp_path / "new" / "folder", kind, scale=0.3)
    assert [file.name for file in files] == [f"step_{k:02d}.{kind}" for k in range(1, 8)]
    assert sorted(tmp_path.rglob("*.*")) == files and len({file.read_bytes() for file in files}) == 7
    with pytest.raises(ValueError, match="frames are saved as 'svg', 'png', 'pdf'; got 'gif'"):
        figure.frames(tmp_path, "gif")


@pytest.mark.parametrize(("ending", "kind"), [("gif", "GIF"), ("apng", "PNG"), ("png", "PNG")])
def test_an_animation_has_a_picture_for_every_frame_and_rests_at_the_end(ending, kind, tmp_path):
    image = pytest.importorskip("PIL.Image")
    path = mg.draw(expression()).animate(tmp_path / f"build.{ending}", seconds=0.5, scale=0.3)
    with image.open(path) as moving:
        assert moving.format == kind and moving.n_frames == 7
        lasting = []
        for k in range(7):
            moving.seek(k)
            moving.load()
            lasting.append(round(moving.info["duration"]))
    assert lasting == [500] * 6 + [1500]
    with pytest.raises(ValueError, match=r"saved as \.gif, \.apng or \.png; got 'a.mp4'"):
        mg.draw(expression()).animate("a.mp4")


def test_without_pillow_it_says_what_to_install(tmp_path, monkeypatch):
    real = builtins.__import__

    def without(name, *rest):
        if name.startswith("PIL"):
            raise ImportError(name)
        return real(name, *rest)

    figure = mg.draw(expression())
    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ImportError, match="pip install pillow"):
        figure.animate(tmp_path / "a.gif")
    assert len(figure.frames(tmp_path)) == 7
