"""Looking inside: Jacobians against formulas and differences, gates against the equations, cells against what was planted."""

import numpy as np
import pytest

import minigrad as mg
from minigrad import inspection

KINDS = {"RNN": mg.layers.RNN, "LSTM": mg.layers.LSTM, "GRU": mg.layers.GRU}


@pytest.fixture(autouse=True)
def _double():
    mg.set_floatx("float64")


@pytest.mark.parametrize("kind", KINDS)
def test_unrolled_states_are_those_of_the_layer(kind):
    x = np.random.default_rng(0).standard_normal((3, 6, 2))
    layer = KINDS[kind](4, return_sequences=True, bias_initializer="normal")
    states = inspection.unrolled(layer, x)
    assert len(states) == 7 and len(states[0]) == len(layer.cell.state_sizes)
    np.testing.assert_allclose(np.stack([s[0].data for s in states[1:]], 1), layer(x).data, atol=1e-12)


def test_unrolled_takes_integers_as_one_hot_and_given_first_states():
    layer = mg.layers.GRU(3, input_dim=5)
    ids, h = np.array([[0, 4, 2]]), np.full((1, 3), 0.5)
    last = inspection.unrolled(layer, ids, [h])[-1][0]
    np.testing.assert_allclose(last.data, layer(ids, initial_state=mg.Tensor(h)).data, atol=1e-12)


def test_the_jacobian_of_a_vanilla_net_is_the_product_of_diagonal_times_matrix():
    layer = mg.layers.RNN(5)
    states = [h for (h,) in inspection.unrolled(layer, np.random.default_rng(0).standard_normal((2, 7, 3)))]
    jacobians = inspection.state_jacobians(states[-1], states)
    assert jacobians.shape == (8, 2, 5, 5)
    W = layer.W_hh.data
    for n in range(2):
        product = np.eye(5)
        for t in range(7, -1, -1):
            np.testing.assert_allclose(jacobians[t, n], product, atol=1e-12)
            if t:
                product = product @ (np.diag(1 - states[t].data[n] ** 2) @ W.T)


def test_jacobians_of_an_lstm_agree_with_differences():
    layer, rng = mg.layers.LSTM(3), np.random.default_rng(1)
    x, h, c, step = rng.standard_normal((1, 4, 2)), rng.standard_normal((1, 3)), rng.standard_normal((1, 3)), 1e-6
    states = inspection.unrolled(layer, x, [h, c])
    jacobian = inspection.state_jacobians(states[-1][1], [states[0][1]])[0, 0]
    for unit in range(3):
        nudge = step * np.eye(3)[unit]
        up, down = (inspection.unrolled(layer, x, [h, c + sign * nudge])[-1][1].data[0] for sign in (1, -1))
        np.testing.assert_allclose(jacobian[:, unit], (up - down) / (2 * step), atol=1e-8)


def test_gradient_norms_are_those_of_the_jacobian_applied_to_the_last_gradient():
    states = [h for (h,) in inspection.unrolled(mg.layers.GRU(4), np.random.default_rng(0).standard_normal((1, 5, 2)))]
    weights = np.array([[1.0, -2.0, 0.5, 3.0]])
    norms = inspection.gradient_norms((states[-1] * weights).sum(), states)
    jacobians = inspection.state_jacobians(states[-1], states)[:, 0]
    np.testing.assert_allclose(norms, [np.linalg.norm(weights[0] @ J) for J in jacobians], rtol=1e-12)
    assert (norms <= np.linalg.norm(weights) * inspection.largest_singular_values(jacobians) + 1e-12).all()


def test_radius_and_singular_value_differ_where_a_matrix_is_not_normal():
    W = np.array([[0.5, 2.0], [0.0, 0.5]])
    assert inspection.spectral_radius(W) == pytest.approx(0.5)
    assert inspection.largest_singular_values(W) > 2


@pytest.mark.parametrize("options", [{}, {"peephole": True}])
def test_gates_of_an_lstm_are_what_its_equations_say(options):
    x = np.random.default_rng(0).standard_normal((2, 3, 2))
    layer = mg.layers.LSTM(4, bias_initializer="normal", **options)
    states, found = inspection.unrolled(layer, x), inspection.gates(layer, x)
    assert sorted(found) == ["f", "i", "o"] and found["f"].shape == (2, 3, 4)
    for t in range(3):
        z = np.split(x[:, t] @ layer.W_xh.data + states[t][0].data @ layer.W_hh.data + layer.b.data, 4, axis=-1)
        for gate, number in (("i", 0), ("f", 1), ("o", 3)):
            np.testing.assert_allclose(found[gate][:, t], 1 / (1 + np.exp(-z[number])), atol=1e-12)


@pytest.mark.parametrize("options", [{}, {"reset_after": True}])
def test_gates_of_a_gru_reproduce_its_states(options):
    x = np.random.default_rng(0).standard_normal((2, 4, 3))
    layer = mg.layers.GRU(4, return_sequences=True, **options)
    found = inspection.gates(layer, x)
    assert sorted(found) == ["r", "z"]
    layer.cell.b.data = np.where(np.arange(12) < 4, 60.0, 0.0) * np.ones(layer.b.shape)   # z = 1 keeps the first state, 0
    np.testing.assert_allclose(inspection.gates(layer, x)["z"], 1.0)
    np.testing.assert_allclose(layer(x).data, 0.0, atol=1e-12)


def test_gates_of_stacked_cells_are_told_apart():
    stacked = mg.layers.RNN([mg.layers.LSTMCell(2, name="low"), mg.layers.LSTMCell(3, name="high")])
    assert sorted(inspection.gates(stacked, np.zeros((1, 2, 1)))) == [f"{cell}/{gate}" for cell in ("high", "low") for gate in "fio"]


def test_gates_of_stacked_cells_of_one_name_or_of_one_cell_twice_are_told_apart():
    """The second's are those of a layer of its weights that hears the first's outputs."""
    x, shared = np.random.default_rng(0).standard_normal((2, 4, 3)), mg.layers.GRUCell(3, name="same")
    for cells in ([mg.layers.GRUCell(3, name="same"), mg.layers.GRUCell(3, name="same")], [shared, shared]):
        stacked = mg.layers.RNN(cells)
        found = inspection.gates(stacked, x)
        assert sorted(found) == ["same/r", "same/z", "same:2/r", "same:2/z"]
        first, second = mg.layers.GRU(3, return_sequences=True), mg.layers.GRU(3)
        for layer, cell in ((first, cells[0]), (second, cells[1])):
            layer(x)
            layer.set_weights(cell.get_weights())
        for key, expected in (("same", inspection.gates(first, x)), ("same:2", inspection.gates(second, first(x)))):
            for gate in "zr":
                np.testing.assert_allclose(found[f"{key}/{gate}"], expected[gate], atol=1e-6)


def test_saturation_counts_both_ends():
    gate = np.array([[[0.01, 0.95], [0.05, 0.5]], [[0.5, 0.99], [0.2, 0.97]]])
    left, right = inspection.saturation(gate)
    assert left.tolist() == [0.5, 0.0] and right.tolist() == [0.0, 0.75]


def planted(rng, T=400):
    feature = (np.arange(T) // 7 % 2).astype(float)
    activations = rng.standard_normal((T, 12))
    activations[:, 5] = 0.2 * activations[:, 5] - feature
    activations[:, 6] = 0.0                                                               # a dead unit has no correlation
    return activations, feature


def test_the_planted_cell_is_found_and_holds_on_unseen_places():
    activations, feature = planted(np.random.default_rng(0))
    r = inspection.correlation(activations, feature)
    assert r[5] < -0.9 and r[6] == 0
    np.testing.assert_allclose(np.delete(r, 6), [np.corrcoef(a, feature)[0, 1] for a in np.delete(activations, 6, 1).T])
    cell = inspection.best_cell(activations, feature)
    assert cell.unit == 5 and cell.r < -0.9 and cell.held_out < -0.9


def test_the_best_of_many_random_cells_is_worth_nothing_on_unseen_places():
    rng = np.random.default_rng(0)
    cell = inspection.best_cell(rng.standard_normal((60, 500)), rng.standard_normal(60))
    assert abs(cell.r) > 0.4 > abs(cell.held_out)


def test_a_probe_reads_what_no_single_cell_says():
    rng = np.random.default_rng(0)
    activations = rng.standard_normal((2000, 16))
    feature = activations.sum(axis=1)
    assert inspection.linear_probe(activations, feature) > 0.99
    assert abs(inspection.best_cell(activations, feature).held_out) < 0.5


def test_a_painting_shows_every_character_once_in_each_of_its_forms(tmp_path):
    painting = inspection.paint("a<b\n c", [-1.0, 0.5, 0.0, 0.0, 1.0, -0.2], title="cell 3 & co")
    assert painting.html.count("<span") == 6 and "a</span>" in painting.html and "&lt;</span>" in painting.html
    assert "rgba(213,94,0,1.00)" in painting.html and "rgba(0,114,178,1.00)" in painting.html and "cell 3 &amp; co" in painting.html
    assert painting.plain == "a<b\n=+\n c\n#"
    assert painting.terminal.count("\x1b[0m") == 3 and "\x1b[30;48;5;208ma" in painting.terminal
    assert painting._repr_html_() == painting.html
    painting.save(tmp_path / "cell.html")
    assert painting.html in (tmp_path / "cell.html").read_text(encoding="utf-8")


def test_values_above_one_are_scaled_and_their_number_is_checked():
    assert inspection.paint("ab", [4.0, -2.0]).values.tolist() == [1.0, -0.5]
    with pytest.raises(ValueError, match="2 characters needs as many values, got 3"):
        inspection.paint("ab", [1, 2, 3])
    with pytest.raises(ValueError, match="3 places and a feature of 4"):
        inspection.correlation(np.zeros((3, 2)), np.zeros(4))


def test_an_array_elsewhere_counts_what_is_started_and_what_is_fetched_and_nothing_else():
    x = inspection.Elsewhere(np.arange(6.0).reshape(2, 3))
    inspection.Elsewhere.launches = inspection.Elsewhere.trips = 0
    y = np.exp(x).reshape(3, 2) + x.T  # two launches: a reshape and a transposed view start nothing
    assert isinstance(y, inspection.Elsewhere) and inspection.Elsewhere.launches == 2
    assert float(np.sum(y[0])) == pytest.approx(1 + np.e + 3) and inspection.Elsewhere.launches == 3
    assert inspection.Elsewhere.trips == 1


def test_the_values_of_an_array_elsewhere_cannot_be_had_by_accident():
    x = inspection.Elsewhere(np.ones(3))
    for accident in (lambda: np.asarray(x), lambda: x + np.ones(3), lambda: np.concatenate([x, x]) @ np.ones(6)):
        with pytest.raises(TypeError, match="elsewhere"):
            accident()
    with pytest.raises(AttributeError, match="has no tolist"):
        x.tolist()


def test_unrolled_goes_the_way_the_layer_goes():
    x, mask = np.random.default_rng(0).standard_normal((2, 5, 3)), np.array([[0, 1, 1, 0, 1], [1, 1, 0, 0, 0]], bool)
    backwards = mg.layers.GRU(4, go_backwards=True)
    np.testing.assert_allclose(inspection.unrolled(backwards, x)[-1][0].data, backwards(x).data, atol=1e-12)
    lstm = mg.layers.LSTM(4, return_state=True)
    _, h, c = lstm(x, mask=mask)
    for found, expected in zip(inspection.unrolled(lstm, x, mask=mask)[-1], (h, c), strict=True):
        np.testing.assert_allclose(found.data, expected.data, atol=1e-12)
    masked = mg.Tensor(x)
    masked.mask = mask
    np.testing.assert_array_equal(inspection.unrolled(lstm, masked)[-1][0].data, inspection.unrolled(lstm, x, mask=mask)[-1][0].data)
    states = [h for h, _ in inspection.unrolled(lstm, x, mask=mask)]
    jacobians = inspection.state_jacobians(states[-1], states)
    np.testing.assert_array_equal(jacobians[2:, 1], np.broadcast_to(np.eye(4), (4, 4, 4)))     # only padding after step 1


def test_unrolled_takes_cells_stacks_and_one_state_and_says_what_it_does_not_take():
    x, ids = np.random.default_rng(0).standard_normal((2, 3, 4)), np.array([[0, 3, 1]])
    assert inspection.unrolled(mg.layers.GRUCell(4), x, np.ones((2, 4)))[0][0].data.all()
    for cell in (mg.layers.MUT1Cell(4), [mg.layers.GRUCell(3), mg.layers.LSTMCell(2)]):
        layer = mg.layers.RNN(cell, input_dim=4)
        last = inspection.unrolled(layer, ids)[-1]
        np.testing.assert_allclose(layer.cell.output(*last).data, layer(np.eye(4)[ids]).data, atol=1e-12)
    with pytest.raises(ValueError, match=r"must have the shapes \[\(2, 4\)\], got \[\(2, 5\)\]"):
        inspection.unrolled(mg.layers.GRU(4), x, [np.zeros((2, 5))])
    with pytest.raises(TypeError, match="of a Bidirectional, one of its two layers"):
        inspection.unrolled(mg.layers.Bidirectional(mg.layers.LSTM(2)), x)


@pytest.mark.parametrize("kind", ["LSTM", "GRU"])
def test_gates_that_are_hard_are_gates(kind):
    x = 3 * np.random.default_rng(0).standard_normal((2, 4, 3))
    layer = KINDS[kind](4, recurrent_activation="hard_sigmoid", **({"peephole": True} if kind == "LSTM" else {}))
    found = inspection.gates(layer, x)
    assert sorted(found) == {"LSTM": ["f", "i", "o"], "GRU": ["r", "z"]}[kind]
    h = inspection.unrolled(layer, x)[2][0].data
    first = np.clip((x[:, 2] @ layer.W_xh.data + inspection.unrolled(layer, x)[2][0].data @ layer.W_hh.data + layer.b.data) / 6 + 0.5, 0, 1)
    np.testing.assert_allclose(found["i" if kind == "LSTM" else "z"][:, 2], first[:, :h.shape[1]], atol=1e-12)


def test_a_coupled_lstm_has_its_input_gate_too():
    found = inspection.gates(mg.layers.LSTM(3, coupled=True), np.random.default_rng(0).standard_normal((2, 4, 3)))
    assert sorted(found) == ["f", "i", "o"]
    np.testing.assert_allclose(found["i"], 1 - found["f"])


def test_what_is_not_named_at_every_step_is_no_gate():
    """Jordan's output and a sigmoid net's state come out of a sigmoid, and are named at all steps but the last."""
    x = np.ones((1, 4, 2))
    assert inspection.gates(mg.layers.RNN(mg.layers.JordanCell(3, 2)), x) == {}
    assert inspection.gates(mg.layers.RNN(3, "sigmoid"), x) == {}


def test_looking_does_not_move_what_a_stateful_layer_carries():
    x = np.ones((2, 3, 4))
    layer = mg.layers.LSTM(3, stateful=True)
    inspection.gates(layer, x)
    assert not layer.carried[0].numpy().any()
    layer(x)
    before = layer.carried[1].numpy().copy()
    inspection.gates(layer, x)
    inspection.unrolled(layer, x)
    np.testing.assert_array_equal(layer.carried[1].numpy(), before)


def test_a_correlation_does_not_depend_on_the_unit_of_measurement():
    a, y = np.random.default_rng(0).standard_normal((2, 50))
    expected = np.corrcoef(a, y)[0, 1]
    for scale in (1e-150, 1e-14, 1.0, 1e12):
        np.testing.assert_allclose(inspection.correlation(scale * a[:, None], y), [expected], rtol=1e-9)
        assert inspection.correlation(np.full((50, 1), scale / 3), y) == 0


def test_a_text_cannot_steer_the_terminal_and_marks_stand_below_their_letters():
    painting = inspection.paint("a\x1b[2J\r\x00", np.ones(7))
    for shown in (painting.terminal.replace("\x1b[30;48;5;39m", "").replace("\x1b[0m", ""), painting.html, painting.plain):
        assert not set(shown) & set("\x1b\r\x00") and "␛" in shown and "␍" in shown
    assert str(inspection.paint("a\tb中e\u0301x", [1, 1, 1, 1, 1, 1, 1])) == "a\tb中e\u0301x\n#\t#####"
    with pytest.raises(ValueError, match="nan is no strength of colour: value 1, of 'b'"):
        inspection.paint("ab", [1.0, np.nan])


def test_a_painting_is_html_that_a_parser_reads_back():
    """Every character of a text full of markup, unchanged, in order."""
    from html.parser import HTMLParser

    class Reader(HTMLParser):
        inside, text = False, ""

        def handle_starttag(self, tag, attrs):
            self.inside = tag == "span"

        def handle_data(self, data):
            self.text += data if self.inside else ""
    text, reader = "<b>&amp; \"é\" '中'\n\t</pre></span><script>x</script>", Reader()
    reader.feed(inspection.paint(text, np.zeros(len(text)), title="<i>").html)
    assert reader.text == text


def test_a_console_without_the_letter_shows_another(monkeypatch):
    """cp1252, as on Windows: once the console forgives, print(painting) raises nothing."""
    import io
    import sys

    from minigrad.console import forgiving_console
    out = io.TextIOWrapper(io.BytesIO(), encoding="cp1252")
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(sys, "stderr", None)
    forgiving_console()
    print(inspection.paint("∂β\x1b中", np.ones(4)))
    out.flush()
    assert out.buffer.getvalue().decode("cp1252").splitlines()[0] == "dbeta??"
