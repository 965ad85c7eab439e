"""Things that have a name: losses, optimisers, initialisers, layers, and everything else that a user may give as a word.

A Registry maps words to classes and functions, so that "adam", Adam and Adam(1e-3) are all understood in one place.
An object's settings are read back from the attributes that bear the names of its constructor's arguments; that is how
models are written to a file as plain JSON and made again without running anybody's code.
"""
from __future__ import annotations

import difflib
import inspect
import re
from collections.abc import Callable, Iterator
from typing import Any


def snake_case(name: str) -> str:
    """SimpleRNN → simple_rnn, Conv2D → conv2d, LayerNormalization → layer_normalization (as Keras names its layers)."""
    name = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()


class Registry:
    """Words of one kind, and what they stand for: `losses.get("mse")`."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.entries: dict[str, Any] = {}

    def add(self, thing: Any, *aliases: str) -> Any:
        """Enters a class or function under its own name, under aliases, and under its name in snake case, unless a function
        is called that already (mean_squared_error stays the function, MeanSquaredError is the class)."""
        for name in (snake_case(thing.__name__), thing.__name__, *aliases):
            if name == thing.__name__ or inspect.isclass(self.entries.get(name, thing)) or not inspect.isclass(thing):
                self.entries[name] = thing
        return thing

    def register(self, *aliases: str) -> Callable[[Any], Any]:
        """The same as a decorator: `@losses.register("mse")`."""
        return lambda thing: self.add(thing, *aliases)

    def find(self, name: str) -> Any:
        """The class or function called `name`; an unknown name is answered with the nearest known ones."""
        if name not in self.entries:
            near = difflib.get_close_matches(name, self.entries, n=3) or sorted(self.entries)
            raise ValueError(f"there is no {self.kind} called {name!r}; did you mean {', '.join(map(repr, near))}?")
        return self.entries[name]

    def get(self, what: Any) -> Any:
        """A word, a class, an object or {"class": …, "config": …} → the object; None stays None."""
        if isinstance(what, dict):
            return self.find(what["class"])(**what.get("config", {}))
        if isinstance(what, str):
            what = self.find(what.lower() if what not in self.entries and what.lower() in self.entries else what)
        return what() if inspect.isclass(what) else what

    def name_of(self, thing: Any) -> str | None:
        """The name under which a function or class was entered, or None."""
        name = getattr(thing, "__name__", None)
        return name if name is not None and self.entries.get(name) is thing else None


def arguments(kind: type) -> Iterator[inspect.Parameter]:
    """The constructor's arguments; where it takes **kwargs, also those of the class that it hands them to."""
    for owner in kind.__mro__:
        if "__init__" not in vars(owner):
            continue
        signature = list(inspect.signature(vars(owner)["__init__"]).parameters.values())[1:]
        yield from (p for p in signature if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY))
        if not any(p.kind is p.VAR_KEYWORD for p in signature):
            return


def settings(thing: Any) -> dict[str, Any]:
    """Constructor arguments and their values now, read from the attributes of the same names; defaults are left out."""
    found: dict[str, Any] = {}
    for parameter in arguments(type(thing)):
        value = getattr(thing, parameter.name, parameter.default)
        if not same(value, parameter.default) and parameter.name not in found:
            found[parameter.name] = value
    return found


def same(value: Any, default: Any) -> bool:
    """Whether a setting still is its default (also where "zeros" has become a Zeros() of no settings)."""
    if value is default:
        return True
    if isinstance(default, str) and not isinstance(value, str):
        name = getattr(value, "__name__", type(value).__name__)
        return default in (name, snake_case(name)) and (hasattr(value, "__name__") or not settings(value))
    return type(value) is type(default) and isinstance(value, (bool, int, float, str, tuple)) and value == default


def described(thing: Any) -> str:
    """`Adam(learning_rate=0.01)`: the settings that differ from their defaults."""
    return f"{type(thing).__name__}({', '.join(f'{k}={shown(v)}' for k, v in settings(thing).items())})"


def shown(value: Any) -> str:
    """A setting as a person would type it: a function or class by its name, everything else by its repr."""
    return repr(getattr(value, "__name__", value))
