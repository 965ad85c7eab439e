"""Weights to and from PyTorch's state dicts: transposed, gates put in order, biases added or kept apart.

PyTorch multiplies by weights that are (out, in), stacks a GRU's gates r z n (here z r n), gives every recurrent layer two
biases, and has its channels first. For each layer that both have there is one pair of functions below: `words → weights`
and back. ε and momentum are settings, not weights, and differ: BatchNormalization(momentum=0.9, epsilon=1e-5) is PyTorch's.
"""
from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ..layers import Conv1D, Conv2D, Dense, Embedding, GRUCell, LSTMCell, MultiHeadAttention, RNNCell, activations
from ..layers.normalization import BatchNormalization, LayerNormalization
from .parts import Part, fill, gates, parts

Arrays = dict[str, np.ndarray]
RZN = ZRN = (1, 0, 2)            # exchanging the first two blocks turns either order into the other


def from_torch(model: Any, state_dict: Mapping[str, Any], order: list[str] | None = None) -> None:
    """Fills a model (or layer) from `module.state_dict()`: module after module in the order of the dict, or in `order`.

    The model must have its weights already. Nothing is changed where something does not fit.
    """
    modules = modules_of({key: numbers(value) for key, value in state_dict.items()})
    if order is not None:
        modules = [one for name in order for one in modules if one[0].partition("_l")[0] == name]
    found = parts(model)
    if len(found) != len(modules):
        raise ValueError(f"{model.label} has weights in {len(found)} places ({', '.join(p.name + p.place for p in found)}), "
                         f"the state dict in {len(modules)} ({', '.join(name for name, _ in modules)})")
    fill([(part, weights_of(part, name, words)) for part, (name, words) in zip(found, modules)])


def to_torch(model: Any, names: list[str] | None = None) -> dict[str, Any]:
    """The weights as `module.load_state_dict` takes them: {"name.weight": tensor}, names being the layers' own or `names`.

    A single layer's entries have no name before them.
    """
    torch = pytorch()
    return {key: torch.from_numpy(np.array(array)) for key, array in torch_arrays(model, names).items()}


def torch_arrays(model: Any, names: list[str] | None = None) -> Arrays:
    """The same as NumPy arrays, which needs no PyTorch."""
    found = parts(model)
    own = list(dict.fromkeys(part.name for part in found))
    if names is not None and len(names) != len(own):
        raise ValueError(f"{model.label} has {len(own)} layers with weights ({', '.join(own)}), got {len(names)} names")
    if len({(part.name, part.place) for part in found}) < len(found):
        raise ValueError(f"{model.label} holds two layers of the same name ({', '.join(part.name for part in found)})")
    named = dict(zip(own, names or ([""] if own == [model.name] else own)))
    arrays: Arrays = {}
    for part in found:
        before = f"{named[part.name]}." if named[part.name] else ""
        for word, array in conversion(part)[1](part).items():
            arrays[f"{before}{word}{part.place}"] = array
    return arrays


def pytorch() -> Any:
    """The package torch, or a sentence that says what is missing."""
    try:
        import torch
    except ImportError as error:
        raise ImportError("to_torch makes PyTorch tensors: pip install torch (torch_arrays gives NumPy arrays)") from error
    return torch


def numbers(value: Any) -> np.ndarray:
    """A tensor or array as a NumPy array."""
    return np.asarray(value.detach().cpu().numpy() if hasattr(value, "detach") else value)


def modules_of(state: Arrays) -> list[tuple[str, Arrays]]:
    """(name, {word: array}) of each module, and of each layer and direction in a recurrent one, in the dict's order."""
    found: dict[str, Arrays] = {}
    for key, array in state.items():
        name, _, word = key.rpartition(".")
        if name == "out_proj" or name.endswith(".out_proj"):      # the only part of an attention that is a module of its own
            name, word = name[:-8].rstrip("."), f"out_proj.{word}"
        recurrent = re.fullmatch(r"((?:weight|bias)_[ih]h)(_l\d+(?:_reverse)?)", word)
        word, place = recurrent.groups() if recurrent else (word, "")
        found.setdefault(f"{name}{place}", {})[word] = array
    return list(found.items())


# ------------------------------------------------------------------------------- words → weights, weights → words

def read_dense(part: Part, words: Arrays) -> Arrays:
    """y = x Wᵀ + b there, y = x W + b here"""
    return {"W": words["weight"].T, **renamed(words, bias="b")}


def write_dense(part: Part) -> Arrays:
    return {"weight": part.weights["W"].T, **renamed(part.weights, b="bias")}


def read_embedding(part: Part, words: Arrays) -> Arrays:
    return {"W": words["weight"]}


def write_embedding(part: Part) -> Arrays:
    return {"weight": part.weights["W"]}


def read_convolution(part: Part, words: Arrays) -> Arrays:
    """(filters, channels, window…) there, (window…, channels, filters) here"""
    return {"W": np.moveaxis(words["weight"], (0, 1), (-1, -2)), **renamed(words, bias="b")}


def write_convolution(part: Part) -> Arrays:
    return {"weight": np.moveaxis(part.weights["W"], (-1, -2), (0, 1)), **renamed(part.weights, b="bias")}


def read_normalization(part: Part, words: Arrays) -> Arrays:
    return renamed(words, weight="gamma", bias="beta", running_mean="moving_mean", running_var="moving_variance")


def write_normalization(part: Part) -> Arrays:
    words = renamed(part.weights, gamma="weight", beta="bias", moving_mean="running_mean", moving_variance="running_var")
    return {**words, "num_batches_tracked": np.array(0)} if "running_mean" in words else words


def read_recurrent(part: Part, words: Arrays) -> Arrays:
    """Gates i f g o in both; the two biases are always added together, so one serves"""
    plain_cell(part)
    weights = {"W_xh": words["weight_ih"].T, "W_hh": words["weight_hh"].T}
    return {**weights, "b": words["bias_ih"] + words["bias_hh"]} if "bias_ih" in words else weights


def write_recurrent(part: Part) -> Arrays:
    plain_cell(part)
    words = {"weight_ih": part.weights["W_xh"].T, "weight_hh": part.weights["W_hh"].T}
    b = part.weights.get("b")
    return words if b is None else {**words, "bias_ih": b, "bias_hh": np.zeros_like(b)}


def read_gru(part: Part, words: Arrays) -> Arrays:
    """r z n there, z r n here; the second bias stands inside r⊙(h W + b), so both are kept"""
    plain_cell(part)
    weights = {"W_xh": gates(words["weight_ih"].T, RZN), "W_hh": gates(words["weight_hh"].T, RZN)}
    return {**weights, "b": gates(np.stack([words["bias_ih"], words["bias_hh"]]), RZN)} if "bias_ih" in words else weights


def write_gru(part: Part) -> Arrays:
    plain_cell(part)
    words = {"weight_ih": gates(part.weights["W_xh"], ZRN).T, "weight_hh": gates(part.weights["W_hh"], ZRN).T}
    if "b" not in part.weights:
        return words
    bias_ih, bias_hh = gates(part.weights["b"], ZRN)
    return {**words, "bias_ih": bias_ih, "bias_hh": bias_hh}


def read_attention(part: Part, words: Arrays) -> Arrays:
    """(heads·d, features) there, (features, heads, d) here"""
    heads = part.layer.num_heads
    stacked = np.split(words["in_proj_weight"], 3) if "in_proj_weight" in words else [words[f"{w}_proj_weight"] for w in "qkv"]
    weights: Arrays = {name: W.T.reshape(W.shape[1], heads, -1) for name, W in zip("QKV", stacked)}
    weights["O"] = words["out_proj.weight"].T.reshape(heads, -1, len(words["out_proj.weight"]))
    if "in_proj_bias" in words:
        biases = np.split(words["in_proj_bias"], 3)
        weights |= {f"b_{w}": b.reshape(heads, -1) for w, b in zip("qkv", biases)}
        weights["b_o"] = words["out_proj.bias"]
    return weights


def write_attention(part: Part) -> Arrays:
    weights = part.weights
    stacked = [weights[name].reshape(len(weights[name]), -1).T for name in "QKV"]
    if len({len(W) for W in stacked} | {weights["O"].shape[-1], weights["Q"].shape[0]}) > 1:
        raise ValueError(f"{part.layer.label}: PyTorch has num_heads · key_dim = num_heads · value_dim = the width of queries and outputs")
    same = len({W.shape for W in stacked}) == 1
    words = {"in_proj_weight": np.concatenate(stacked)} if same else {f"{w}_proj_weight": W for w, W in zip("qkv", stacked)}
    words["out_proj.weight"] = weights["O"].reshape(-1, weights["O"].shape[-1]).T
    if "b_q" in weights:
        words |= {"in_proj_bias": np.concatenate([weights[f"b_{w}"].ravel() for w in "qkv"]), "out_proj.bias": weights["b_o"]}
    return words


def plain_cell(part: Part) -> None:
    """Refuses the forms of a cell that PyTorch does not compute."""
    layer = part.layer
    if isinstance(layer, GRUCell) and not layer.reset_after:
        raise ValueError(f"{layer.label} in {part.name!r} resets before the product; PyTorch's GRU computes another function: "
                         "GRU(…, reset_after=True) is the same")
    if isinstance(layer, LSTMCell) and (layer.peephole or layer.coupled):
        raise ValueError(f"{layer.label} in {part.name!r} has peepholes or coupled gates, which PyTorch's LSTM has not")
    used = [activations.name_of(layer.activation), activations.name_of(getattr(layer, "recurrent_activation", "sigmoid"))]
    if used[0] not in (("tanh", "relu") if isinstance(layer, RNNCell) else ("tanh",)) or used[1] not in ("sigmoid", None):
        raise ValueError(f"{layer.label} in {part.name!r} has other activations than PyTorch's")


def renamed(arrays: Arrays, **names: str) -> Arrays:
    """Those of the arrays that are there, under their other names."""
    return {new: arrays[old] for old, new in names.items() if old in arrays}


Reader = Callable[[Part, Arrays], Arrays]
Writer = Callable[[Part], Arrays]
CONVERSIONS: dict[type, tuple[Reader, Writer]] = {
    Dense: (read_dense, write_dense), Embedding: (read_embedding, write_embedding),
    Conv1D: (read_convolution, write_convolution), Conv2D: (read_convolution, write_convolution),
    LayerNormalization: (read_normalization, write_normalization), BatchNormalization: (read_normalization, write_normalization),
    RNNCell: (read_recurrent, write_recurrent), LSTMCell: (read_recurrent, write_recurrent), GRUCell: (read_gru, write_gru),
    MultiHeadAttention: (read_attention, write_attention),
}


def conversion(part: Part) -> tuple[Reader, Writer]:
    """How this kind of layer is read and written."""
    if type(part.layer) not in CONVERSIONS:
        raise TypeError(f"{part.layer.label} has weights, and no layer of PyTorch that they would fit")
    return CONVERSIONS[type(part.layer)]


def weights_of(part: Part, name: str, words: Arrays) -> Arrays:
    """The words of a module as the weights of a part; a word that is missing is named."""
    try:
        return conversion(part)[0](part, words)
    except KeyError as word:
        raise ValueError(f"{part.layer.label} in {part.name!r} needs {word.args[0]!r}, but {name!r} has {', '.join(words)}") from None
