"""The table of primitives: one row for each, with the cases it is tested on and an independent account of its value.

Every property test, the stand-in for a GPU, the comparison with PyTorch and the mutants read this table and nothing else, so a
new primitive is one rule and one row here. `FUNCTIONS` lists in the same form what is public but composed of primitives.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from minigrad import ops
from minigrad.engine import primitives
from tests.cases import (
    Case,
    Domain,
    above_minus_one,
    apart,
    arrays,
    away_from_zero,
    axes,
    axis_of,
    broadcastable,
    everywhere,
    near_integers,
    positive,
    shapes,
    with_zeros,
)


@dataclass(frozen=True)
class Row:
    """How a primitive is called, what it is called with, and what must come out."""

    name: str
    cases: st.SearchStrategy[Case]
    value: Callable[..., Any]  # the same call on plain arrays, written without minigrad
    call: Callable[..., Any] | None = None  # None: the primitive of this name, or else the public function
    torch: Callable[..., Any] | None = None  # the same call on PyTorch's tensors; None where it has no such function
    keeps_dtype: bool = True  # float32 in, float32 out
    orders: int = 2  # a whole-sequence kernel has a first derivative only

    def __repr__(self) -> str:
        return f"the row of {self.name}"

    def __call__(self, *operands: Any, **settings: Any) -> Any:
        call = self.call or primitives.get(self.name) or getattr(ops, self.name)
        return call(*operands, **settings)


# ------------------------------------------------------------------------------------------------ cases, by family


def unary(domain: Domain = everywhere) -> st.SearchStrategy[Case]:
    return shapes().flatmap(lambda shape: arrays(shape, domain)).map(lambda x: Case((x,)))


@st.composite
def binary(draw: Any, domain_x: Domain = everywhere, domain_y: Domain = everywhere, numbers: tuple = (2.0, -1.5, 3)) -> Case:
    """Two arrays that broadcast, or an array and a Python number on either side."""
    shape_x, shape_y = draw(broadcastable(2))
    x, y = draw(arrays(shape_x, domain_x)), draw(arrays(shape_y, domain_y))
    number = st.sampled_from(numbers)
    return Case(draw(st.sampled_from([(x, y)]) | st.tuples(st.just(x), number) | st.tuples(number, st.just(y))))


@st.composite
def powers(draw: Any) -> Case:
    """A positive base with any exponent, or a base of either sign with a whole exponent."""
    shape_x, shape_y = draw(broadcastable(2))
    x, y = draw(arrays(shape_x, positive)), draw(arrays(shape_y))
    signed = draw(arrays(shape_x, away_from_zero))
    number = st.sampled_from([2.0, 0.5, -1.5, 0, 1, 3])
    whole = st.sampled_from([2, 3, -1, 2.0, 0])
    return Case(
        draw(
            st.just((x, y))
            | st.tuples(st.just(x), number)
            | st.tuples(st.sampled_from([2.0, 3, 0.7]), st.just(y))
            | st.tuples(st.just(signed), whole)
        )
    )


@st.composite
def selections(draw: Any) -> Case:
    shape_c, shape_x, shape_y = draw(broadcastable(3))
    condition = np.asarray(draw(arrays(shape_c)) > 0)
    return Case((draw(arrays(shape_x)), draw(arrays(shape_y))), {"condition": condition})


@st.composite
def with_settings(draw: Any, domain: Domain = everywhere, **settings: st.SearchStrategy) -> Case:
    """One array of any shape, and settings that do not depend on it."""
    x = draw(arrays(draw(shapes()), domain))
    return Case((x,), {name: draw(values) for name, values in settings.items()})


@st.composite
def reductions(draw: Any, domain: Domain = everywhere, least: int = 0, ddof: bool = False, keepdims: bool = True) -> Case:
    """A sum and its like: over all axes, one or several, of at least `least` elements."""
    shape = list(draw(shapes()))
    axis = draw(axes(len(shape)))
    reduced = range(len(shape)) if axis is None else [axis] if isinstance(axis, int) else axis
    for a in reduced:
        shape[a] = max(shape[a], least)
    if least > 1 and not len(reduced):
        shape, axis = [least, *shape], 0
    settings = {"axis": axis} | ({"keepdims": draw(st.booleans())} if keepdims else {})
    if ddof:
        settings["ddof"] = draw(st.integers(0, least - 1))
    return Case((draw(arrays(tuple(shape), domain)),), settings)


@st.composite
def along_axis(draw: Any, domain: Domain = everywhere, min_side: int = 1) -> Case:
    """One axis of an array that has axes; where `min_side` is 1 that axis is not empty, the others may be."""
    shape = list(draw(shapes(min_dims=1)))
    axis = draw(axis_of(len(shape)))
    shape[axis] = max(shape[axis], min_side)
    return Case((draw(arrays(tuple(shape), domain)),), {"axis": axis})


@st.composite
def targets(draw: Any) -> Case:
    shape = draw(shapes(min_dims=0, max_dims=2))
    classes = draw(st.integers(1, 4))
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    return Case((draw(arrays((*shape, classes))),), {"targets": rng.integers(0, classes, size=shape)})


@st.composite
def products(draw: Any) -> Case:
    """Everything that NumPy's @ takes: vectors, matrices, stacks that broadcast."""
    drawn = draw(
        hnp.mutually_broadcastable_shapes(signature="(m?,n),(n,p?)->(m?,p?)", min_side=0, max_side=3, max_dims=2)
    )
    return Case(tuple(draw(arrays(shape)) for shape in drawn.input_shapes))


LETTERS = ["ij,jk->ik", "i,i->", "i,j->ij", "ij->ji", "ij->i", "ijk->", "ij,ij->i", "bij,bjk->bik", "i,ij,j->", "ij,kj,k->i", "ij,j->"]
SUBSCRIPTS = ["ii", "ii->i", "iij->j", "...ij,jk->...ik", "...i,...i", "i...,i...->i...", "ij,jk", "ba", "iij,ij->i", "...->..."]


@st.composite
def sums_over_letters(draw: Any) -> Case:
    subscripts = draw(st.sampled_from(LETTERS))
    terms, output = subscripts.split("->")
    sizes = {letter: draw(st.integers(0, 3)) for letter in sorted(set(terms) - {","})}
    inputs = tuple(terms.split(","))
    operands = [draw(arrays(tuple(sizes[letter] for letter in letters))) for letters in inputs]
    if len(operands) > 1 and "i" in inputs[-1] and draw(st.booleans()):  # an axis of size one is stretched
        operands[-1] = draw(arrays(tuple(1 if letter == "i" else sizes[letter] for letter in inputs[-1])))
    return Case(tuple(operands), {"inputs": inputs, "output": output})


@st.composite
def einsums(draw: Any) -> Case:
    subscripts = draw(st.sampled_from(LETTERS + SUBSCRIPTS))
    terms = subscripts.split("->")[0].split(",")
    sizes = {letter: draw(st.integers(0, 3)) for letter in "abijk"}
    hidden = draw(shapes(max_dims=2))
    operands = []
    for term in terms:
        before, dots, after = term.partition("...")
        between = hidden if dots else ()
        operands.append(draw(arrays((*(sizes[c] for c in before), *between, *(sizes[c] for c in after)))))
    return Case((subscripts, *operands))


# ------------------------------------------------------------------------------------------------ cases of shape and place


@st.composite
def reshapes(draw: Any) -> Case:
    shape = draw(shapes())
    size = math.prod(shape)
    choices = [(size,), shape[::-1], (*shape, 1), (1, *shape)] + ([-1, (-1, 1)] if size else [])
    return Case((draw(arrays(shape)),), {"shape": draw(st.sampled_from(choices))})


@st.composite
def permutations(draw: Any) -> Case:
    shape = draw(shapes())
    order = draw(st.permutations(range(len(shape))))
    negative = [a - len(shape) for a in order]
    return Case((draw(arrays(shape)),), {"axes": draw(st.sampled_from([None, tuple(order), tuple(negative)]))})


@st.composite
def exchanges(draw: Any) -> Case:
    shape = draw(shapes(min_dims=1))
    axis = axis_of(len(shape))
    return Case((draw(arrays(shape)),), {"axis1": draw(axis), "axis2": draw(axis)})


@st.composite
def moves(draw: Any) -> Case:
    shape = draw(shapes(min_dims=1))
    many = st.lists(st.integers(0, len(shape) - 1), unique=True, min_size=1)
    source = draw(many)
    destination = draw(st.permutations(range(len(shape))))[: len(source)]
    if len(source) == 1 and draw(st.booleans()):
        return Case((draw(arrays(shape)),), {"source": source[0], "destination": destination[0] - len(shape)})
    return Case((draw(arrays(shape)),), {"source": tuple(source), "destination": tuple(destination)})


@st.composite
def squeezes(draw: Any) -> Case:
    shape = draw(shapes())
    ones = [k for k, n in enumerate(shape) if n == 1]
    choices = [None, tuple(ones)] + ([ones[0], ones[-1] - len(shape)] if ones else [])
    return Case((draw(arrays(shape)),), {"axis": draw(st.sampled_from(choices))})


@st.composite
def expansions(draw: Any) -> Case:
    shape = draw(shapes(max_dims=2))
    one = st.integers(-len(shape) - 1, len(shape))
    return Case((draw(arrays(shape)),), {"axis": draw(one | st.sampled_from([(0, 1), (0, -1)]))})


@st.composite
def stretches(draw: Any) -> Case:
    shape = draw(shapes())
    kept = draw(st.integers(0, len(shape)))
    small = tuple(1 if draw(st.booleans()) else n for n in shape[kept:])
    return Case((draw(arrays(small)),), {"shape": shape})


@st.composite
def flips(draw: Any) -> Case:
    shape = draw(shapes())
    return Case((draw(arrays(shape)),), {"axis": draw(axes(len(shape)))})


@st.composite
def borders(draw: Any) -> Case:
    shape = draw(shapes(min_dims=1))
    width = st.integers(0, 2)
    each = st.lists(st.tuples(width, width), min_size=len(shape), max_size=len(shape))
    constant = draw(st.sampled_from([0.0, 1.5]))
    return Case((draw(arrays(shape)),), {"pad_width": draw(width | st.tuples(width, width) | each), "constant_values": constant})


@st.composite
def joined(draw: Any, same_shape: bool) -> Case:
    """One to three arrays, along an axis; when concatenated they may differ along it, or be joined flat."""
    shape = draw(shapes(min_dims=0 if same_shape else 1))
    axis = draw(axis_of(len(shape) + 1) if same_shape else axis_of(len(shape)))
    xs = []
    for _ in range(draw(st.integers(1, 3))):
        side = list(shape)
        if not same_shape:
            side[axis] = draw(st.integers(0, 3))
        xs.append(draw(arrays(tuple(side))))
    if not same_shape and draw(st.integers(0, 3)) == 0:
        axis = None
    return Case(tuple(xs), {"axis": axis})


def indices(shape: tuple[int, ...]) -> st.SearchStrategy:
    """Everything that indexes an array: numbers, slices, Ellipsis, None, integer arrays (with repeats), masks, and mixtures."""
    basic = hnp.basic_indices(shape, allow_newaxis=True)
    choices = [basic, basic]
    if shape:
        choices.append(hnp.arrays(bool, shape))
        choices.append(hnp.arrays(bool, shape[:1]))
    if shape and 0 not in shape:
        integers = hnp.integer_array_indices(shape, result_shape=hnp.array_shapes(max_dims=2, max_side=3))
        first = hnp.arrays(np.intp, st.integers(1, 4), elements=st.integers(-shape[0], shape[0] - 1))
        choices += [integers, first]
        if len(shape) > 1:
            choices.append(st.tuples(first, st.just(slice(None, None, -1))))
            choices.append(st.tuples(st.just(slice(1, None)), hnp.arrays(np.intp, 3, elements=st.integers(0, shape[1] - 1))))
    return st.one_of(choices)


@st.composite
def places(draw: Any) -> Case:
    shape = draw(shapes())
    return Case((draw(arrays(shape)),), {"index": draw(indices(shape))})


@st.composite
def scatterings(draw: Any) -> Case:
    shape = draw(shapes())
    drawn = [draw(indices(shape)) for _ in range(draw(st.integers(1, 3)))]
    values = tuple(draw(arrays(np.zeros(shape)[index].shape)) for index in drawn)
    return Case(values, {"indices": drawn, "shape": shape})


@st.composite
def lookups(draw: Any) -> Case:
    rows, width = draw(st.integers(1, 4)), draw(st.integers(0, 3))
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    return Case((draw(arrays((rows, width))), rng.integers(0, rows, size=draw(shapes(max_dims=2)))))


@st.composite
def cuts(draw: Any) -> Case:
    shape = list(draw(shapes(min_dims=1)))
    axis = draw(axis_of(len(shape)))
    sections = draw(st.integers(1, 3))
    places = draw(st.just(sections) | st.lists(st.integers(0, 4), max_size=3).map(sorted))
    if isinstance(places, int):
        shape[axis] = sections * shape[axis]
    return Case((draw(arrays(tuple(shape))),), {"indices_or_sections": places, "axis": axis})


# ------------------------------------------------------------------------------------------------ values without minigrad


def softmax(x: np.ndarray, axis: int) -> np.ndarray:
    return np.exp(x) / np.exp(x).sum(axis=axis, keepdims=True)


def cross_entropy(logits: np.ndarray, targets: np.ndarray) -> np.ndarray:
    losses = np.empty(targets.shape)
    for place in np.ndindex(targets.shape):
        losses[place] = math.log(np.exp(logits[place]).sum()) - logits[place][targets[place]]
    return losses


def scattered(*values: np.ndarray, indices: list, shape: tuple[int, ...]) -> np.ndarray:
    total = np.zeros(shape)
    for index, value in zip(indices, values, strict=True):
        np.add.at(total, index, value)
    return total


def parts(split: Callable, join: Callable) -> Callable:
    """What came out of a split, made one array again in which every part counts differently."""

    def joined_again(x: Any, indices_or_sections: Any, axis: int) -> Any:
        pieces = split(x, indices_or_sections, axis)
        return join([(k + 1.0) * piece for k, piece in enumerate(pieces)], axis)

    return joined_again


erf = np.vectorize(math.erf, otypes=[np.float64])


def gelu(x: np.ndarray, approximate: bool) -> np.ndarray:
    return x / 2 * (1 + (np.tanh((2 / np.pi) ** 0.5 * (x + 0.044715 * x**3)) if approximate else erf(x / 2**0.5)))


def torch_gelu(x: Any, approximate: bool) -> Any:
    return torch_function("nn.functional.gelu", approximate="tanh" if approximate else "none")(x)


# ------------------------------------------------------------------------------------------------ PyTorch's names


def over(name: str) -> Callable:
    """torch.<name> with dim=, for an axis that may be None, one or several."""

    def call(x: Any, axis: Any, keepdims: bool, ddof: int | None = None) -> Any:
        import torch

        dims = tuple(range(x.ndim)) if axis is None else (axis,) if isinstance(axis, int) else axis
        if not dims:
            return getattr(torch, name)(x[None], dim=(0,), keepdim=False)
        more = {} if ddof is None else {"correction": ddof}
        return getattr(torch, name)(x, dim=dims, keepdim=keepdims, **more)

    return call


def product(x: Any, axis: Any, keepdims: bool) -> Any:
    """torch.prod takes one axis at a time."""
    axes = range(x.ndim) if axis is None else (axis,) if isinstance(axis, int) else axis
    for a in sorted((a % x.ndim for a in axes), reverse=True):
        x = x.prod(dim=a, keepdim=keepdims)
    return x


def torch_function(path: str, **fixed: Any) -> Callable:
    """A function of PyTorch by its path; imported when it is called."""

    def call(*operands: Any, **settings: Any) -> Any:
        import torch

        function: Any = torch
        for name in path.split("."):
            function = getattr(function, name)
        renamed = {{"axis": "dim", "keepdims": "keepdim"}.get(k, k): v for k, v in settings.items()}
        if path in ("maximum", "minimum", "pow"):  # these take tensors only
            operands = tuple(x if hasattr(x, "dim") else torch.as_tensor(x, dtype=torch.float64) for x in operands)
        return function(*operands, **renamed, **fixed)

    return call


# ------------------------------------------------------------------------------------------------ the table

numbers_between = (0.25, -1.25, 1.25)

ROWS: list[Row] = [
    Row("add", binary(), np.add, torch=torch_function("add")),
    Row("subtract", binary(), np.subtract, torch=torch_function("sub")),
    Row("multiply", binary(), np.multiply, torch=torch_function("mul")),
    Row("divide", binary(everywhere, away_from_zero), np.divide, torch=torch_function("div")),
    Row("power", powers(), np.power, torch=torch_function("pow")),
    Row("negative", unary(), np.negative, torch=torch_function("neg")),
    Row("positive", unary(), np.positive, torch=torch_function("positive")),
    Row("square", unary(), lambda x: x**2, torch=torch_function("square")),
    Row("sqrt", unary(positive), lambda x: x**0.5, torch=torch_function("sqrt")),
    Row("abs", unary(away_from_zero), lambda x: np.maximum(x, -x), torch=torch_function("abs")),
    Row("exp", unary(), np.exp, torch=torch_function("exp")),
    Row("log", unary(positive), np.log, torch=torch_function("log")),
    Row("log1p", unary(above_minus_one), lambda x: np.log(1 + x), torch=torch_function("log1p")),
    Row("expm1", unary(), lambda x: np.exp(x) - 1, torch=torch_function("expm1")),
    Row("sin", unary(), np.sin, torch=torch_function("sin")),
    Row("cos", unary(), np.cos, torch=torch_function("cos")),
    Row("tanh", unary(), lambda x: np.sinh(x) / np.cosh(x), torch=torch_function("tanh")),
    Row("sigmoid", unary(), lambda x: 1 / (1 + np.exp(-x)), torch=torch_function("sigmoid")),
    Row("relu", unary(away_from_zero), lambda x: np.where(x > 0, x, 0), torch=torch_function("relu")),
    Row(
        "leaky_relu",
        with_settings(away_from_zero, negative_slope=st.sampled_from([0.2, 0.01])),
        lambda x, negative_slope: np.where(x > 0, x, negative_slope * x),
        torch=torch_function("nn.functional.leaky_relu"),
    ),
    Row(
        "elu",
        with_settings(away_from_zero, alpha=st.sampled_from([1.0, 0.5])),
        lambda x, alpha: np.where(x > 0, x, alpha * (np.exp(x) - 1)),
        torch=torch_function("nn.functional.elu"),
    ),
    Row("erf", unary(), erf, torch=torch_function("erf")),
    Row("gelu", with_settings(approximate=st.booleans()), gelu, torch=torch_gelu),
    Row("softplus", unary(), lambda x: np.log(1 + np.exp(x)), torch=torch_function("nn.functional.softplus")),
    Row("maximum", binary(near_integers(0), near_integers(0.5), numbers_between), np.maximum, torch=torch_function("maximum")),
    Row("minimum", binary(near_integers(0), near_integers(0.5), numbers_between), np.minimum, torch=torch_function("minimum")),
    Row(
        "select",
        selections(),
        lambda x, y, condition: np.where(condition, x, y),
        torch=lambda x, y, condition: x.where(condition, y),
    ),
    Row(
        "clip",
        with_settings(
            near_integers(0), min=st.sampled_from([None, -1.5, 0.5]), max=st.sampled_from([1.5, 2.5])
        ),
        lambda x, min, max: np.minimum(x if min is None else np.maximum(x, min), max),
        torch=torch_function("clip"),
    ),
    Row("sum", reductions(), np.sum, torch=over("sum")),
    Row("mean", reductions(least=1), np.mean, torch=over("mean")),
    Row("max", reductions(apart, least=1), np.max, torch=over("amax")),
    Row("min", reductions(apart, least=1), np.min, torch=over("amin")),
    Row("prod", reductions(with_zeros), np.prod, torch=product),
    Row("var", reductions(least=2, ddof=True), np.var, torch=over("var")),
    Row("std", reductions(apart, least=2, ddof=True), np.std, torch=over("std")),
    Row(
        "cumsum",
        along_axis(min_side=0) | unary().map(lambda case: Case(case.operands, {"axis": None})),
        np.cumsum,
        torch=lambda x, axis: x.reshape(-1).cumsum(0) if axis is None else x.cumsum(axis),
    ),
    Row("softmax", along_axis(), softmax, torch=torch_function("softmax")),
    Row("log_softmax", along_axis(), lambda x, axis: np.log(softmax(x, axis)), torch=torch_function("log_softmax")),
    Row(
        "logsumexp",
        reductions(least=1),
        lambda x, axis, keepdims: np.log(np.sum(np.exp(x), axis=axis, keepdims=keepdims)),
        torch=over("logsumexp"),
    ),
    Row(
        "cross_entropy_of_logits",
        targets(),
        cross_entropy,
        torch=lambda z, targets: z.logsumexp(-1) - z.gather(-1, targets[..., None])[..., 0],
    ),
    Row("matmul", products(), np.matmul, torch=torch_function("matmul")),
    Row(
        "einsum_of_letters",
        sums_over_letters(),
        lambda *xs, inputs, output: np.einsum(f"{','.join(inputs)}->{output}", *xs),
        torch=lambda *xs, inputs, output: torch_function("einsum")(f"{','.join(inputs)}->{output}", *xs),
    ),
    Row("reshape", reshapes(), lambda x, shape: x.reshape(shape), torch=lambda x, shape: x.reshape(shape)),
    Row(
        "transpose",
        permutations(),
        np.transpose,
        torch=lambda x, axes: x.permute(tuple(range(x.ndim))[::-1] if axes is None else axes),
    ),
    Row("swapaxes", exchanges(), np.swapaxes, torch=lambda x, axis1, axis2: x.swapaxes(axis1, axis2)),
    Row("moveaxis", moves(), np.moveaxis, torch=lambda x, source, destination: x.moveaxis(source, destination)),
    Row("squeeze", squeezes(), np.squeeze),
    Row(
        "expand_dims",
        expansions(),
        np.expand_dims,
        torch=lambda x, axis: x[None, ..., None] if axis == (0, -1) else x[None, None] if axis == (0, 1) else x.unsqueeze(axis),
    ),
    Row("broadcast_to", stretches(), np.broadcast_to, torch=lambda x, shape: x.expand(shape)),
    Row(
        "flip",
        flips(),
        np.flip,
        torch=lambda x, axis: x.flip(tuple(range(x.ndim)) if axis is None else axis),
    ),
    Row("pad", borders(), np.pad),
    Row(
        "concatenate",
        joined(same_shape=False),
        lambda *xs, axis: np.concatenate(xs, axis=axis),
        torch=lambda *xs, axis: torch_function("cat")([x.reshape(-1) for x in xs] if axis is None else xs, axis=axis or 0),
    ),
    Row(
        "stack",
        joined(same_shape=True),
        lambda *xs, axis: np.stack(xs, axis=axis),
        torch=lambda *xs, axis: torch_function("stack")(xs, axis=axis),
    ),
    Row("getitem", places(), lambda x, index: x[index]),
    Row("scatter", scatterings(), scattered),
    Row("astype", with_settings(dtype=st.just("float64")), lambda x, dtype: x, keeps_dtype=False),
]

FUNCTIONS: list[Row] = [
    Row(
        "where",
        selections(),
        lambda x, y, condition: np.where(condition, x, y),
        call=lambda x, y, condition: ops.where(condition, x, y),
    ),
    Row("einsum", einsums(), np.einsum),
    Row("cross_entropy", targets(), cross_entropy),
    Row("embedding", lookups(), lambda W, k: W[k]),
    Row(
        "split",
        cuts(),
        parts(np.split, np.concatenate),
        call=parts(lambda *a: ops.split(*a), lambda pieces, axis: ops.concatenate(pieces, axis)),
    ),
]
