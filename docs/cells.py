"""The table of recurrent cells, made from the code: `python -m docs.cells` writes cells.md.

Equations and sources are read from the classes' docstrings, and whether there is a kernel is asked of the cell. A test
(tests/test_cells_table.py) makes the table again, compares it with the file, and finds every test that it names.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import minigrad as mg
from minigrad import layers, models

FILE = Path(__file__).with_name("cells.md")

EQUATION = "tests/layers/test_variants.py::test_equation"
MUTANT = "tests/layers/test_zoo.py::test_a_step_is_the_equation"
TWO_PATHS = "tests/layers/test_recurrent.py::test_kernel_and_loop_agree"
PEEPHOLE = "tests/test_recurrent_properties.py::test_peepholes_see_the_cell_before_and_after_the_step"
COUPLED = ("tests/test_recurrent_properties.py::"
           "test_coupled_gates_are_the_lstm_whose_input_gate_has_the_forget_gates_weights_negated")
TORCH = "tests/layers/test_recurrent.py::test_agrees_with_torch"
LENGTHS = "tests/layers/test_recurrent_torch.py::test_lengths_states_and_gradients"
KERAS = "tests/test_recurrent_reference.py::test_the_stored_answers"
BOTH = [TORCH, KERAS]

# How to write it, the cell; what the class's docstring does not say by itself; equality tests; agreement with PyTorch and Keras.
ROWS: list[tuple[str, Any, str, list[str], list[str]]] = [
    ("RNN(n)", layers.RNNCell(2), "", [TWO_PATHS], BOTH),
    ('RNN(n, "relu")', layers.RNNCell(2, "relu"), "h' = max(x W_xh + h W_hh + b, 0)   (Elman 1990)", [TWO_PATHS],
     [LENGTHS, KERAS]),
    ('RNN(n, "softplus")', layers.RNNCell(2, "softplus"), "h' = f(x W_xh + h W_hh + b), any f   (Elman 1990)",
     ["tests/test_recurrent_properties.py::test_a_vanilla_net_takes_any_activation"], [KERAS]),
    ("RNN(JordanCell(n, hidden))", layers.JordanCell(2, 3), "", [EQUATION], []),
    ("RNN(IRNNCell(n))", layers.IRNNCell(2), "",
     [EQUATION, "tests/layers/test_variants.py::test_the_identity_net_copies_its_state_and_has_a_kernel"], [LENGTHS]),
    ("LSTM(n)", layers.LSTMCell(2), "", [TWO_PATHS], BOTH),
    ("LSTM(n, peephole=True)", layers.LSTMCell(2, peephole=True),
     "i, f = σ(· + P⊙c);  c' = f⊙c + i⊙g;  o = σ(· + P⊙c');  h' = o⊙tanh(c')   (Gers & Schmidhuber 2000)", [TWO_PATHS, PEEPHOLE], []),
    ("LSTM(n, coupled=True)", layers.LSTMCell(2, coupled=True), "c' = f⊙c + (1 − f)⊙g;  h' = o⊙tanh(c')   (Greff et al. 2017)",
     [TWO_PATHS, COUPLED], []),
    ("GRU(n)", layers.GRUCell(2), "", [TWO_PATHS], [KERAS]),
    ("GRU(n, reset_after=True)", layers.GRUCell(2, reset_after=True),
     "z, r = σ(·);  h̃ = tanh(x W + b₀ + r⊙(h W + b₁));  h' = z⊙h + (1 − z)⊙h̃   (Cho et al. 2014, as in cuDNN)", [TWO_PATHS], BOTH),
    *[(f"RNN({kind.__name__}(n))", kind(2), "", [MUTANT], []) for kind in (layers.MUT1Cell, layers.MUT2Cell, layers.MUT3Cell)],
    *[(f"RNN({kind.__name__}(n))", kind(2), "", [EQUATION], [])
      for kind in (layers.LayerNormRNNCell, layers.LayerNormLSTMCell, layers.LayerNormGRUCell)],
    ("RNN([cell, cell])", layers.StackedCells([layers.GRUCell(2), layers.LSTMCell(2)]),
     "xˡ⁺¹ = hˡ, each cell its own equation   (El Hihi & Bengio 1995)",
     ["tests/layers/test_recurrent.py::test_stacked_cells_are_layers_in_line"], [LENGTHS]),
    ("RNN(YourCell(n))", layers.Cell(2), "whatever `step(self, x, h)` returns   (you)",
     ["tests/layers/test_recurrent.py::test_a_cell_of_ones_own"], []),
    ("mg.models.EchoState(n)", models.EchoState, "",
     ["tests/models/test_memory.py::test_an_echo_fades_at_the_rate_of_the_radius",
      "tests/models/test_memory.py::test_it_forecasts_a_sine_and_its_weights_stay"], []),
    ("mg.models.Hopfield(patterns)", models.Hopfield, "",
     ["tests/models/test_memory.py::test_a_few_patterns_are_recalled_from_noisy_ones",
      "tests/models/test_memory.py::test_every_answer_is_at_rest_and_no_step_ever_raised_the_energy"], []),
]
PROPERTIES, SAMPLING = "tests/test_recurrent_properties.py", "tests/test_recurrent_sampling.py"
EVERY_CELL = [*[f"{PROPERTIES}::{name}" for name in (
                  "test_padding_at_either_end_changes_nothing", "test_a_batch_of_lengths_equals_one_by_one",
                  "test_stateful_windows_equal_one_long_sequence", "test_truncated_gradients_are_those_of_the_cut_graph",
                  "test_reversed_in_time_a_bidirectional_layer_swaps_its_halves",
                  "test_a_shared_weights_gradient_is_the_sum_over_untied_copies",
                  "test_integers_stand_for_one_hot_vectors_in_any_equation")],
              f"{SAMPLING}::test_sampling_step_by_step_sees_the_logits_of_the_whole_sequence",
              f"{SAMPLING}::test_a_beam_of_width_one_is_greedy"]

HEAD = """# Recurrent cells

Made by `python -m docs.cells` from the classes' docstrings; a test compares it with the code. Row vectors, x (N, features), h (N, n);
⊙ is element by element, σ the sigmoid, W_xh x's weights and W_hh the state's, · stands for x W_xh + h W_hh + b of the gate.

*Path*: every cell runs step by step (`unroll=True`, and inside `mg.Trace()`); "kernel" means that a whole sequence is also one
operation, taken by itself, with values and every gradient equal to 1e-10. *Equality*: the test that holds the cell to its equation or
its two paths to each other. *Agreement*: PyTorch where it is installed (values and gradients to 1e-10), Keras' answers
stored in tests/recurrent_reference.json and asked anew where Keras and JAX are installed; "—" where neither has the cell.

| cell | equation | source | path | equality | agreement |
|---|---|---|---|---|---|
"""


def equation(thing: Any, given: str) -> tuple[str, str]:
    """What stands before "(Author year …)", and that, from the given words or the class's docstring."""
    words = given or " ".join(((thing if isinstance(thing, type) else type(thing)).__doc__ or "").split("\n\n    ")[:2])
    match = re.match(r"(.*?[^\s])\s+\(((?:[A-Z][^()]*\d{4}|you)[^()]*)(.*)", words, re.DOTALL)
    if match is None:
        raise ValueError(f"no equation with its source in {words!r}")
    return match[1].replace("|", "\\|"), match[2]


def path(thing: Any) -> str:
    if isinstance(thing, type):
        return "a model of its own"
    return "kernel" if thing.has_kernel else "step by step"


def test_name(test: str) -> str:
    return f"`{test.rpartition('::')[2]}`"


def table() -> str:
    mg.layers.layer.reset_names()
    lines = []
    for name, thing, given, equality, agreement in ROWS:
        words, source = equation(thing, given)
        found = " · ".join("Keras" if test == KERAS else "PyTorch" for test in agreement) or "—"
        lines.append(f"| `{name}` | {words} | {source} | {path(thing)} | {'<br>'.join(map(test_name, equality))} | {found} |\n")
    every = "".join(f"- {test_name(test)}\n" for test in EVERY_CELL)
    return f"{HEAD}{''.join(lines)}\nEvery cell in {PROPERTIES} and {SAMPLING}, too:\n\n{every}"


if __name__ == "__main__":
    FILE.write_text(table(), encoding="utf-8")
