"""Which of minigrad's names are compared with Keras', argument by argument, and what minigrad's arguments are."""
from __future__ import annotations

import inspect
from typing import Any

import minigrad as mg
from minigrad.registry import arguments

PLACES = ("layers", "losses", "metrics", "optimizers", "schedules", "callbacks", "initializers", "regularizers", "constraints")
METHODS = ("compile", "fit", "evaluate", "predict", "train_on_batch", "test_on_batch", "predict_on_batch", "save", "save_weights",
           "load_weights", "summary", "get_layer")


def module_of(place: str) -> Any:
    return mg.training.callbacks if place == "callbacks" else getattr(mg, place)


def public_classes(module: Any) -> list[str]:
    """The classes that a module shows, by name; what it only imports from elsewhere does not count."""
    return sorted(name for name, thing in vars(module).items() if inspect.isclass(thing) and not name.startswith("_")
                  and (thing.__module__ == module.__name__ or thing.__module__.startswith(f"{module.__name__}.")))


def ours(name: str) -> dict[str, str | None]:
    """"layers.Dense" → {argument: its default as text, or None where it has none}."""
    place, _, word = name.partition(".")
    if place == "Model":
        parameters = list(inspect.signature(getattr(mg.Model, word)).parameters.values())[1:]
    else:
        parameters = list(arguments(getattr(module_of(place), word)))
    found: dict[str, str | None] = {}
    for p in parameters:
        if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY):
            found.setdefault(p.name, None if p.default is p.empty else repr(p.default))
    return found
