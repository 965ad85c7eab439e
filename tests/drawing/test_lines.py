"""Where lines run and boxes stand, read from what is drawn: no line through a box or a word, rows level, columns in order."""

from __future__ import annotations

import re
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg
from minigrad.drawing.scene import Box, Edge, Scene, Text, curve, line
from tests.drawing import nets
from tests.drawing.paths import crosses, pierced, points, struck
from tests.drawing.seen import look_at, words
from tests.drawing.test_any_net import NETS

OPTIONS = [{}, {"direction": "forward"}, {"size": "slide"}]


def test_a_line_through_a_box_is_found_straight_or_bent():
    box = Box("b", 100, 100, 50, 50)
    through = [line((0, 120), (300, 120)), curve((125, 0), (125, 300)), curve((0, 60), (300, 190))]
    past = [line((0, 90), (300, 90)), curve((80, 0), (80, 300)), curve((0, 300), (300, 160))]
    assert all(crosses(Edge("", "", path), box) for path in through)
    assert not any(crosses(Edge("", "", path), box) for path in past)
    assert max(abs(a[0] - b[0]) + abs(a[1] - b[1]) for path in through for a, b in pairwise(points(path))) < 15


@pytest.mark.parametrize("options", [OPTIONS[0], *(pytest.param(options, marks=pytest.mark.slow) for options in OPTIONS[1:])], ids=str)
@pytest.mark.parametrize("net", [*nets.WIDE, *NETS])
def test_no_line_runs_through_a_box_or_over_a_word(net, options):
    mg.set_random_seed(0)
    figure = mg.draw((nets.WIDE.get(net) or NETS[net])(), **options)
    assert not pierced(figure.scene), pierced(figure.scene)
    assert not struck(figure.scene), struck(figure.scene)
    look_at(figure, numbered_once=False)
    rows_are_level(figure.scene)


def rows_are_level(scene: Scene) -> None:
    """The same operation stands at the same height in every step of its part."""
    heights: dict[str, set] = {}
    for box in scene.boxes:
        if box.step is not None and box.kind not in ("pill", "first") and (found := re.match(r"([^\s=₀-₉]+)[₀-₉]+ = ", box.title)):
            heights.setdefault(f"{found[1]} {part_of(scene, box)}", set()).add((box.y, box.h))
    assert all(len(found) == 1 for found in heights.values()), heights


def part_of(scene: Scene, box: Box) -> str:
    """The name over the columns in which a box stands: the nearest one above."""
    names = [item for item in scene.items if isinstance(item, Text) and item.kind == "part"]
    return min(names, key=lambda text: abs(text.x - box.centre[0])).text if names else ""


@given(st.lists(st.sampled_from(["h", "x", "far", "back", "gate", "rail", "twice"]), min_size=1, max_size=6), st.integers(1, 6), st.booleans(),
       st.sampled_from(OPTIONS))  # fmt: skip
def test_no_line_runs_through_a_box_of_any_cell(moves, steps, backwards, options):
    figure = mg.draw(random_cell(moves, steps, backwards), **options)
    assert not pierced(figure.scene) and not struck(figure.scene)
    look_at(figure, numbered_once=False)
    rows_are_level(figure.scene)


def random_cell(moves: list[str], steps: int, backwards: bool) -> mg.Trace:
    """A cell that does the moves one after the other, for so many steps."""
    W, V, H = nets.weight("W", 2, 2), nets.weight("V", 2, 2, seed=1), nets.weight("H", 2, 2, seed=2)
    states, c = [nets.data(1, 2), nets.data(1, 2, seed=3)], nets.data(1, 2, seed=4)
    with mg.Trace() as trace:
        shared = mg.tanh(H @ H)
        for t in reversed(range(steps)) if backwards else range(steps):
            with mg.scope("cell", t=t):
                v = states[-1] @ W
                for move in moves:
                    if move == "gate":
                        g = mg.sigmoid(v)
                        c = v = g * c + v
                    else:
                        v = {"h": lambda v: mg.tanh(v @ V), "x": lambda v: v + nets.data(1, 2, seed=9), "far": lambda v: v + states[-2],
                             "back": lambda v: mg.tanh(v) + states[-1], "rail": lambda v: mg.tanh(v @ shared),
                             "twice": lambda v: mg.tanh(v) * v}[move](v)  # fmt: skip
                h = mg.tanh(v)
                states.append(h)
        loss = mg.sum(h + c)
    loss.backward()
    return trace


# ------------------------------------------------------------------------------------------------ two ways

@pytest.mark.parametrize("kind", ["RNN", "LSTM", "GRU"])
def test_both_ways_are_two_rows_joined_above_each_column(kind):
    scene = mg.draw(nets.both_ways(kind, 3)).scene
    places = {box.title.partition(" = ")[0]: box for box in scene.boxes}
    for k in "₁₂₃":
        joint, forward, backward = places[f"h{k}"], places[f"h→{k}"], places[f"h←{k}"]
        assert joint.bottom < forward.y and forward.bottom < backward.y
        assert joint.title == f"h{k} = [h→{k}, h←{k}]"
        assert {(e.tail, e.head) for e in scene.edges} >= {(forward.id, joint.id), (backward.id, joint.id)}
    assert places["h→₀"].right < places["h→₁"].x and places["h←₄"].x > places["h←₃"].right
    written = " ".join([*words(scene), *(box.title for box in scene.boxes)])
    assert not re.search(r"\b(one|other|merged|flip)\b", written)


def test_both_ways_on_both_ways_share_their_columns():
    scene = mg.draw(nets.two_storeys_both_ways()).scene
    assert sorted({box.step for box in scene.boxes if box.step}) == [1, 2, 3, 4]
    places = {box.title.partition(" = ")[0]: box for box in scene.boxes}
    rows = [places[name].y for name in ("h→⁽²⁾₂", "h←⁽²⁾₂", "h₂", "h→₂", "h←₂")]
    assert rows == sorted(rows)


def test_the_joined_states_have_their_part_of_the_recorded_gradient():
    trace = nets.both_ways("RNN", 3)
    figure = mg.draw(trace)
    joined = next(t for t in trace.tensors if t.op.__name__ == "concatenate")
    gradient = np.asarray(trace.gradient(joined))
    for k, name in enumerate("₁₂₃"):
        box = next(box for box in figure.scene.boxes if box.title.startswith(f"h{name} ="))
        shown = float(box.texts[-1].text if "0" in box.texts[-1].text else box.texts[-2].text)
        np.testing.assert_allclose(shown, np.linalg.norm(gradient[:, k]), atol=0.006)


# ------------------------------------------------------------------------------------------------ masks

def test_a_padded_step_is_grey_and_its_states_pass_through():
    scene = mg.draw(nets.masked("LSTM")).scene
    last = {box.title.partition(" = ")[0]: box for box in scene.boxes if box.step == 4 and box.kind != "pill"}
    assert last["h₄"].title == "h₄ = h₃" and last["c₄"].title == "c₄ = c₃" and last["h₄"].bottom < last["c₄"].y
    assert all(box.fill == "column" and {t.colour for t in box.texts} == {"muted"} for name, box in last.items() if name not in ("h₄", "c₄"))
    across = [e for e in scene.edges if e.tail and scene.box(e.head).step == 4 and scene.box(e.tail).step == 3]
    straight = [e for e in across if e.kind in ("memory", "backward") and e.path.start[1] == e.path.end[1]]
    assert {scene.box(e.head).id for e in straight} == {last["h₄"].id, last["c₄"].id}
    assert all(e.stroke == "line" for e in across if e not in straight)
    assert any(re.match(r"embedding(_\d+)?\.W", text) for text in words(scene)) and "x = W[x]" not in words(scene)


def test_a_masked_states_gradient_is_the_new_ones_where_the_mask_lets_through():
    from minigrad.drawing.reading import read

    trace = nets.masked("LSTM")
    graph = read(trace, whole=False)
    cells = {v.step: v for v in graph.values if v.name == "c" and v.op == "select"}
    whole = {v.step: v for v in read(trace).values if v.op == "add" and v.name == "c′"}
    assert set(cells) == {0, 1, 2, 3}
    mask = np.array([[True], [False]])
    np.testing.assert_allclose(graph.gradient(cells[2])[mask[:, 0]], trace.gradient(whole[2].tensor)[mask[:, 0]])
    np.testing.assert_allclose(cells[3].array, cells[2].array)


def test_where_that_guards_nothing_else_is_left_alone():
    """tanh(a) is read from a itself, and not from where(…): only what is masked itself may take the masked value."""
    W, h = nets.weight("W", 2, 2), nets.data(1, 2)
    with mg.Trace() as trace:
        for t in range(3):
            with mg.scope(t=t):
                a = h @ W
                b = mg.where(np.array([[True, False]]), a, h)
                h = mg.tanh(a) + b
        loss = mg.sum(h)
    loss.backward()
    scene = mg.draw(trace).scene
    assert any(re.match(r"h₂ = tanh\(\w+₂\) \+ ", box.title) and "where" not in box.title.partition("+")[0] for box in scene.boxes)


# ------------------------------------------------------------------------------------------------ parts, rails, names

def test_an_encoder_and_its_decoder_are_named_and_what_is_handed_over_too():
    scene = mg.draw(nets.translator()).scene
    parts = [text for text in scene.items if isinstance(text, Text) and text.kind == "part"]
    assert [text.text for text in parts] == ["encoder", "decoder"] and parts[0].x < parts[1].x
    numbers = sorted((text.x, text.text) for text in scene.items if isinstance(text, Text) and text.text.startswith("t = "))
    assert [text for _, text in numbers] == ["t = 1", "t = 2", "t = 3", "t = 1", "t = 2"]
    handed = {text.text for text in scene.items if isinstance(text, Text) and text.kind == "hand-over"}
    assert handed == {"h₃", "c₃"}
    assert [w for w in words(mg.draw(nets.encoder_decoder()[0]).scene) if w in ("reader", "writer")] == ["reader", "writer"]


def test_loops_without_names_are_numbered():
    assert {"loop 1", "loop 2"} <= set(words(mg.draw(NETS["the same loop twice"]()).scene))


def test_a_value_that_every_step_reads_has_lines_to_its_readers_and_from_what_it_is_made_of():
    scene = mg.draw(NETS["attention"]()).scene
    H = next(box for box in scene.boxes if box.title.startswith("H = "))
    readers = {scene.box(e.head).title.partition(" = ")[0] for e in scene.edges if e.tail == H.id}
    made_of = {scene.box(e.tail).title.partition(" = ")[0] for e in scene.edges if e.head == H.id}
    assert made_of == {"h₁", "h₂", "h₃", "h₄"} and {"a₁", "a₂", "a₃"} <= readers
    assert all(e.stroke == "gradient line" and e.arrow == "tail" for e in scene.edges if e.head == H.id)


def test_long_names_of_weights_are_written_whole():
    written = words(mg.draw(nets.both_ways("LSTM", 3)).scene)
    for way in ("forward", "backward"):
        for weight in ("W_xh", "W_hh", "b"):
            assert any(re.match(rf"{way}_lstm(_\d+)?\.{weight}( |$)", text) for text in written), (way, weight)
    assert not any("…." in text for text in written)


def test_states_before_the_first_step_have_their_own_numbers():
    titles = {box.title for box in mg.draw(nets.far_back(2)).scene.boxes if box.kind == "first"}
    assert len(titles) == 2 and {title[-2:] for title in titles} == {"h₀", "₋₁"}


def test_links_over_steps_run_above_the_columns_both_ways():
    for backwards in (False, True):
        scene = mg.draw(nets.far_back(2, 5, backwards)).scene
        top = min(y for item in scene.items if getattr(item, "kind", "") == "step" for _, y in item.path.points)
        far = [e for e in scene.edges if e.tail and (a := scene.box(e.tail).step) and (b := scene.box(e.head).step) and abs(a - b) == 2]
        assert len(far) == 3 and all(min(y for _, y in e.path.points) < top for e in far)


def test_steps_that_differ_keep_their_letters():
    scene = mg.draw(nets.steps_that_differ()).scene
    names = {box.title.partition(" = ")[0] for box in scene.boxes}
    assert {"h₁", "h₂", "h₃", "h₄", "h₅", "h′₄"} <= names and "h′₂" not in names


def test_a_long_row_of_weights_beside_the_results_is_broken():
    scene = mg.draw(nets.many_results()).scene
    heads = [box for box in scene.boxes if any("a_long_name" in text.text for text in box.texts)]
    assert len(heads) == 6 and len({box.y for box in heads}) > 1 and max(box.right for box in heads) < scene.width


def test_data_that_nothing_is_compared_with_is_no_target():
    mg.set_random_seed(0)
    with mg.Trace() as trace:
        loss = mg.mean(mg.layers.RNN(mg.layers.MUT1Cell(3))(nets.data(2, 3, 3)) ** 2)
    loss.backward()
    titles = {box.title for box in mg.draw(trace).scene.boxes}
    assert {"x₁", "x′₁"} <= titles and not any("target" in title for title in titles)
