"""Writes keras_arguments.md: Keras' signatures beside minigrad's, argument by argument, with the reason for every difference.

    python docs/make_keras_table.py                                         from keras_signatures.json and minigrad as it is
    KERAS_BACKEND=torch python docs/make_keras_table.py --ask-keras         first asks the Keras that is installed

A difference without a reason is refused, so that the page cannot fall behind the code; tests/test_keras_arguments.py makes it anew
and compares.
"""
from __future__ import annotations

import inspect
import json
import sys
from pathlib import Path
from typing import Any

import minigrad as mg
from minigrad.layers.layer import Layer
from minigrad.registry import arguments

HERE = Path(__file__).parent
PLACES = {"layers": "Layers", "losses": "Losses", "metrics": "Metrics", "optimizers": "Optimisers", "schedules": "Learning-rate schedules",
          "callbacks": "Callbacks", "initializers": "Initialisers", "regularizers": "Regularisers", "constraints": "Constraints"}
BASES = {"layers": Layer, "optimizers": mg.optimizers.Optimizer, "losses": mg.losses.Loss, "metrics": mg.metrics.Metric}
METHODS = ("compile", "fit", "evaluate", "predict", "train_on_batch", "test_on_batch", "predict_on_batch", "save", "save_weights",
           "load_weights", "summary", "get_layer")
Signature = dict[str, str | None]


# ------------------------------------------------------------------------------- both sides' signatures

def module_of(place: str) -> Any:
    return mg.training.callbacks if place == "callbacks" else getattr(mg, place)


def public_classes(place: str) -> list[str]:
    """The classes that a module shows; what it only imports from elsewhere does not count."""
    module = module_of(place)
    return sorted(name for name, thing in vars(module).items() if inspect.isclass(thing) and not name.startswith("_")
                  and (thing.__module__ == module.__name__ or thing.__module__.startswith(f"{module.__name__}.")))


def named(parameters: Any) -> Signature:
    """argument → its default as text, or None where it has none."""
    found: Signature = {}
    for p in parameters:
        if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY):
            found.setdefault(p.name, None if p.default is p.empty else plain(p.default))
    return found


def plain(value: Any) -> str:
    """A default as it would be typed."""
    return getattr(value, "__name__", None) or repr(value)


def ours(name: str) -> Signature:
    place, _, word = name.partition(".")
    if place == "Model":
        return named(list(inspect.signature(getattr(mg.Model, word)).parameters.values())[1:])
    kind = getattr(module_of(place), word)
    return named(arguments(kind))


def theirs(keras: Any) -> dict[str, Signature]:
    """The same of Keras, for every name that both have."""
    found: dict[str, Signature] = {}
    for place in PLACES:
        for name in public_classes(place):
            module = keras.optimizers.schedules if place == "schedules" else getattr(keras, place)
            if inspect.isclass(getattr(module, name, None)):
                found[f"{place}.{name}"] = with_base(getattr(module, name))
    for name in METHODS:
        found[f"Model.{name}"] = named(list(inspect.signature(getattr(keras.Model, name)).parameters.values())[1:])
    return found


def with_base(kind: type) -> Signature:
    """A constructor's arguments; where it takes **kwargs, also those of the next constructor above."""
    found: Signature = {}
    for owner in kind.__mro__:
        if "__init__" in vars(owner) and owner is not object:
            parameters = list(inspect.signature(vars(owner)["__init__"]).parameters.values())[1:]
            found = {**named(parameters), **found}
            if not any(p.kind is p.VAR_KEYWORD for p in parameters):
                break
    return found


# ------------------------------------------------------------------------------- why something is not there, or other

NOT_HERE: dict[str, str] = {                 # argument, or "Class.argument", or "place.argument" → why minigrad has it not
    "autocast": "one dtype a layer; no automatic mixed precision",
    "data_format": "channels are last, always",
    "dtype": "losses and metrics follow their predictions' dtype",
    "pool_dimensions": "the class's name says it", "pool_mode": "the class's name says it", "rank": "the class's name says it",
    "groups": "no grouped convolution: the lectures use none",
    "renorm": "batch renormalisation is not taught", "renorm_clipping": "batch renormalisation is not taught",
    "renorm_momentum": "batch renormalisation is not taught", "synchronized": "one device",
    "lora_rank": "no low-rank fine-tuning", "lora_alpha": "no low-rank fine-tuning",
    "quantization_config": "no quantisation", "use_cudnn": "there is one kernel, minigrad's own", "flash_attention": "there is one kernel, minigrad's own",
    "zero_output_for_mask": "masked steps repeat the state; zeros inside Bidirectional, as Keras does there",
    "weights": "every layer takes it, with the older Keras' other words",
    "AUC.thresholds": "evenly spaced, always", "summation_method": "interpolation, always", "multi_label": "counts over all outputs together",
    "num_labels": "counts over all outputs together", "label_weights": "counts over all outputs together", "AUC.from_logits": "give probabilities",
    "cell": "the first argument is called units, and takes a cell or a list of cells too: RNN(cell)",
    "seed": "recurrent dropout draws from the framework's generator: mg.set_random_seed",
    "dropout": "belongs to the layer, not to its cell", "recurrent_dropout": "belongs to the layer, not to its cell",
    "output_shape": "found by trying the function on zeros", "Lambda.mask": "supports_masking says that masks pass",
    "AdditiveAttention.score_mode": "Keras has it by inheritance and does not use it",
    "attention_axes": "attention is over time", "sliding_window": "give attention_mask", "use_gate": "not taught",
    "interpolation": "nearest, always", "F1Score.average": "counts over all classes together", "F1Score.threshold": "called thresholds here, as in Precision",
    "top_k": "TopKCategoricalAccuracy has k", "from_sorted_ids": "predictions are scores",
    "use_ema": "no moving averages of weights", "ema_momentum": "no moving averages of weights", "ema_overwrite_frequency": "no moving averages of weights",
    "loss_scale_factor": "no mixed precision, so nothing to scale", "gradient_accumulation_steps": "gradients add up until zero_grad: a loop of two lines",
    "schedules.name": "schedules appear in no summary",
    "double_checkpoint": "a file is written beside and renamed: the old one is whole until the new one is",
    "add_history": "done always", "add_progbar": "verbose says it", "raise_error": "mg.detect_anomaly() raises, and says where",
    "ReduceLROnPlateau.baseline": "not taught",
    "on_epoch_begin": "any on_… is taken by name", "on_epoch_end": "any on_… is taken by name", "on_train_begin": "any on_… is taken by name",
    "on_train_end": "any on_… is taken by name", "on_train_batch_begin": "any on_… is taken by name", "on_train_batch_end": "any on_… is taken by name",
    "input_axes": "the last two axes are in and out, what is before them is the window", "output_axes": "the last two axes are in and out",
    "run_eagerly": "everything is eager", "steps_per_execution": "everything is eager", "jit_compile": "there is no compiler", "auto_scale_loss": "no mixed precision",
    "filepath": "called path", "overwrite": "a file is replaced as a whole, without a question", "zipped": "one file, always", "max_shard_size": "one file, always",
    "skip_mismatch": "a file that does not fit changes nothing", "line_length": "called width", "positions": "columns are as wide as they must be",
    "expand_nested": "call summary() on the inner model", "show_trainable": "shown always", "layer_range": "not there",
}
ONLY_HERE: dict[str, str] = {
    "input_shape": "of one example; in Keras too, if written as an extra keyword", "input_dim": "the last axis alone, as in the lectures",
    "batch_size": "for stateful layers; in Keras inside Input", "input_length": "the older Keras' argument, taken and kept",
    "peephole": "gates see the cell (Gers & Schmidhuber 2000)", "coupled": "i = 1 − f (Greff et al. 2017)",
    "units": "RNN(64) is the vanilla net: SimpleRNN and RNN are one class", "RNN.activation": "RNN(64) is the vanilla net",
    "dropout": "RNN(64) is the vanilla net", "recurrent_dropout": "RNN(64) is the vanilla net",
    "thresholds": "called threshold in Keras", "class_id": "as in Precision",
    "params": "what the callbacks are told of the run", "fit.seed": "an order of its own for the batches", "path": "called filepath in Keras",
    "width": "called line_length in Keras", "noise_shape": "comes with Dropout", "trainable": "comes with every layer",
    "activity_regularizer": "comes with every layer",
    **dict.fromkeys(("use_bias", "kernel_initializer", "recurrent_initializer", "bias_initializer", "kernel_regularizer", "recurrent_regularizer",
                     "bias_regularizer", "kernel_constraint", "recurrent_constraint", "bias_constraint"), "RNN(64) is the vanilla net"),
}
OTHER_DEFAULT: dict[str, str] = {
    "reset_after": "the lectures' form; True is Keras', cuDNN's and PyTorch's", "name": "the same name, made when it is asked for",
    "thresholds": "the same meaning", "learning_rate": "the rules of each optimiser have their own", "callbacks": "always given", "model": "always given",
    "verbose": "silent unless asked", "print_fn": "the same", "pool_size": "as MaxPooling has it",
}
ABSENT: dict[str, str] = {                   # why → classes of Keras, by patterns that end in * or begin with one
    "other names of what is here": "Convolution1D Convolution2D AvgPool1D AvgPool2D MaxPool1D MaxPool2D GlobalAvgPool1D GlobalAvgPool2D GlobalMaxPool1D "
        "GlobalMaxPool2D IdentityInitializer OrthogonalInitializer SimpleRNNCell(RNNCell) StackedRNNCells(StackedCells) ProgbarLogger(verbose) "
        "constant glorot_normal glorot_uniform he_normal he_uniform identity lecun_normal lecun_uniform ones orthogonal random_normal random_uniform "
        "variance_scaling zeros l1_l2 orthogonal_regularizer max_norm min_max_norm non_neg unit_norm MeanMetricWrapper ELU(Activation) Identity(Activation)",
    "three spatial axes, which no lecture has": "*3D *3DTranspose",
    "pictures and words are prepared in NumPy, before the model": "Random* *Crop Rescaling Resizing CategoryEncoding Discretization Hash* *Lookup "
        "TextVectorization MelSpectrogram STFT* stft* Normalization MixUp CutMix AugMix AutoContrast RandAugment Equalization "
        "ContrastLimitedAdaptiveHistogramEqualization Solarization MaxNumBoundingBoxes Pipeline",
    "bridges to other frameworks": "FlaxLayer JaxLayer TFSMLayer TorchModuleWrapper TensorBoard RemoteMonitor OrbaxCheckpoint",
    "convolutions and pooling beyond the lectures'": "*Conv1DTranspose *Conv2DTranspose *Convolution1DTranspose *Convolution2DTranspose Depthwise* Separable* ConvLSTM* "
        "Cropping* ZeroPadding* UpSampling1D SpatialDropout2D Adaptive*",
    "one line with what is here": "ActivityRegularization AlphaDropout PReLU EinsumDense Wrapper InputSpec Sum UnitNormalization ReversibleEmbedding RMSNormalization "
        "GroupNormalization SpectralNormalization GroupQueryAttention",
    "losses as metrics: evaluate gives them": "BinaryCrossentropy CategoricalCrossentropy CategoricalHinge CosineSimilarity Hinge KLDivergence LogCoshError "
        "MeanAbsolutePercentageError MeanSquaredLogarithmicError Poisson SparseCategoricalCrossentropy SquaredHinge",
    "not taught": "*IoU FBetaScore False* True* PrecisionAt* RecallAt* SensitivityAt* SpecificityAt* R2Score PearsonCorrelation ConcordanceCorrelation "
        "*Focal* CategoricalGeneralizedCrossEntropy CTC Circle Dice Tversky Adafactor Adamax Ftrl Lamb Lion LossScaleOptimizer MultiOptimizer Muon OptimizerMap "
        "ScheduleFreeAdamW SwapEMAWeights",
}
INTERNAL = {"layers.Symbol", "layers.State", "metrics.Counted", "metrics.MeanOf", "metrics.Nats", "callbacks.Missing", "callbacks.Watching", "losses.FunctionLoss"}
GENERAL = "What the differences mean for somebody who comes from Keras is told in [keras.md](keras.md); this page is complete, and dry.\n"


# ------------------------------------------------------------------------------- the page

def reason(reasons: dict[str, str], place: str, word: str, argument: str, what: str) -> str:
    """Why, by the most particular entry there is."""
    for key in (f"{word}.{argument}", f"{place}.{argument}", argument):
        if key in reasons:
            return reasons[key]
    raise SystemExit(f"{place}.{word}: the argument {argument} is {what}; say why in docs/make_keras_table.py")


def mine(name: str) -> Signature:
    """minigrad's signature, a recurrent layer's with its cell's."""
    place, _, word = name.partition(".")
    cell = {"RNN": "RNNCell", "SimpleRNN": "RNNCell", "LSTM": "LSTMCell", "GRU": "GRUCell"}.get(word) if place == "layers" else None
    return ours(name) | {a: d for a, d in (ours(f"layers.{cell}") if cell else {}).items() if a not in ours(name)}


def row(name: str, keras: Signature, common: set[str]) -> str:
    """One class or method: what is the same, what has another default, what is not here, what is only here."""
    place, _, word = name.partition(".")
    here = mine(name)
    same = [a for a in keras if a in here and equal(keras[a], here[a]) and a not in common]
    other = [f"`{a}={here[a]}`, there `{keras[a]}`: {reason(OTHER_DEFAULT, place, word, a, 'of another default')}" for a in keras
             if a in here and not equal(keras[a], here[a]) and a not in common]
    missing = [f"`{a}`: {reason(NOT_HERE, place, word, a, 'not here')}" for a in keras if a not in here and a not in common]
    extra = [f"`{a}`: {reason(ONLY_HERE, place, word, a, 'only here')}" for a in here if a not in keras and a not in common]
    cells = [", ".join(f"`{a}`" for a in same), *("<br>".join(part) for part in (other, missing, extra))]
    return f"| `{word}` | {' | '.join(cell or '–' for cell in cells)} |"


def equal(theirs: str | None, here: str | None) -> bool:
    """Whether two defaults mean the same: 2 and 2.0, 1 and (1, 1), and a loss's or metric's own name."""
    if theirs == here:
        return True
    if theirs is None or here is None:
        return False
    a, b = (text.strip("()").split(", ")[0] for text in (theirs, here))
    return a == b or a.replace(".", "", 1).lstrip("-").isdigit() and b.replace(".", "", 1).lstrip("-").isdigit() and float(a) == float(b)


def common_of(place: str) -> set[str]:
    """What every class of a kind takes, said once."""
    return set(named(arguments(BASES[place]))) | {"autocast", "dtype"} if place == "layers" else {"name", "dtype"} if place in ("losses", "metrics") else (
        {"use_ema", "ema_momentum", "ema_overwrite_frequency", "loss_scale_factor", "gradient_accumulation_steps", *named(arguments(BASES[place]))} - {
            "learning_rate"} if place == "optimizers" else set())


HEADER = "| | the same | another default | not here | only here |\n|---|---|---|---|---|"
COMMON_SAYS = {
    "layers": "Every layer also takes `name`, `trainable`, `dtype`, `activity_regularizer`, and `input_shape`, `input_dim`, `batch_size` for a first layer "
              "(Keras: as extra keywords, or in Input), and from the older Keras `batch_input_shape`, `input_length` and `weights`. Keras' `autocast` is not here: one dtype a layer, no automatic mixed precision.",
    "losses": "Every loss also takes `reduction` and `name` (a name's default is made when it is asked for); Keras' `dtype` is not here: losses follow their predictions.",
    "metrics": "Every metric also takes `name`; Keras' `dtype` is not here: metrics follow their predictions.",
    "optimizers": "Every optimiser also takes `weight_decay`, `clipnorm`, `clipvalue`, `global_clipnorm`, `name`. Not here: `use_ema`, `ema_momentum`, "
                  "`ema_overwrite_frequency` (no moving averages of weights), `loss_scale_factor` (no mixed precision), `gradient_accumulation_steps` "
                  "(gradients add up until `zero_grad`: a loop of two lines).",
}


def page(keras: dict[str, Any]) -> str:
    """The whole of keras_arguments.md."""
    version = keras["versions"]["keras"]
    parts = ["# minigrad and Keras, argument by argument", "", (f"Made by `docs/make_keras_table.py` from the signatures of Keras {version} and of minigrad; "
             "a test makes it again and compares. An argument in the second column has the same name, meaning and default in both."), GENERAL]
    parts += ["## Model's methods", "", HEADER, *(row(f"Model.{word}", keras["signatures"][f"Model.{word}"], set()) for word in METHODS), ""]
    for place, title in PLACES.items():
        known = [name for name in public_classes(place) if f"{place}.{name}" not in INTERNAL]
        shared = [name for name in known if f"{place}.{name}" in keras["signatures"] and getattr(module_of(place), name) is not BASES.get(place)]
        own = [f"`{name}`" for name in known if f"{place}.{name}" not in keras["signatures"]]
        parts += [f"## {title}", "", *([COMMON_SAYS[place], ""] if place in COMMON_SAYS else []), HEADER,
                  *(row(f"{place}.{name}", keras["signatures"][f"{place}.{name}"], common_of(place)) for name in shared), ""]
        parts += [f"Only here: {', '.join(own)}.", ""] if own else []
    return "\n".join([*parts, "## Keras' classes that are not here", "", *absent(keras["absent"]), ""])


def absent(names: list[str]) -> list[str]:
    """Every class of Keras that has no counterpart, under the reason for it."""
    left, lines = list(names), []
    for why, text in ABSENT.items():
        patterns = [word.partition("(")[0] for word in text.split()]
        instead = {word.partition("(")[0]: word.partition("(")[2].rstrip(")") for word in text.split()}
        under = [name for name in left if any(fits(name, pattern) for pattern in patterns)]
        left = [name for name in left if name not in under]
        shown = ", ".join(f"`{name}`" + (f" (`{instead[name]}`)" if instead.get(name) else "") for name in under)
        lines.append(f"- **{why[0].upper()}{why[1:]}:** {shown}.")
    if left:
        raise SystemExit(f"say in docs/make_keras_table.py why these are not here: {' '.join(left)}")
    return lines


def fits(name: str, pattern: str) -> bool:
    return name.startswith(pattern[:-1]) if pattern.endswith("*") and not pattern.startswith("*") else (
        pattern.strip("*") in name if pattern.count("*") == 2 else name.endswith(pattern[1:]) if pattern.startswith("*") else name == pattern)


def ask_keras() -> None:
    """keras_signatures.json, anew."""
    import keras
    there = set()
    for place in PLACES:
        module = keras.optimizers.schedules if place == "schedules" else getattr(keras, place)
        there |= {name for name, thing in vars(module).items() if inspect.isclass(thing) and not hasattr(module_of(place), name)}
    content = {"versions": {"keras": keras.__version__}, "signatures": theirs(keras), "absent": sorted(there)}
    (HERE / "keras_signatures.json").write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def stored() -> dict[str, Any]:
    return json.loads((HERE / "keras_signatures.json").read_text(encoding="utf-8"))


if __name__ == "__main__":
    if "--ask-keras" in sys.argv:
        ask_keras()
    (HERE / "keras_arguments.md").write_text(page(stored()), encoding="utf-8")
