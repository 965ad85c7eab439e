"""The house keeps its order: who imports whom is read from every file, and the core needs NumPy alone."""

from __future__ import annotations

import ast
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

import minigrad

PACKAGE = Path(minigrad.__file__).parent
FILES = sorted(PACKAGE.rglob("*.py"))

# Who stands on which floor. A module may import from its own part and from lower floors, and what ALLOWED grants beyond that.
FLOORS = [
    ["backend", "console", "files", "registry", "structure"],
    ["sums"],
    ["engine", "datasets"],
    ["ops", "masks", "trace", "gradcheck", "transforms"],
    ["kernels", "losses", "initializers", "optimizers", "schedules", "metrics", "constraints", "regularizers"],
    ["layers"],
    ["training"],
    ["models"],
    ["drawing", "decoding", "inspection", "painting", "doctor", "exchange"],
    ["", "__main__"],  # the package itself, and what is run
]
FLOOR = {part: number for number, parts in enumerate(FLOORS) for part in parts}
FORBIDDEN = {  # below it, and still not its business
    "engine": {"datasets"},
    "training": {"layers", "kernels"},
    "kernels": {"losses", "optimizers", "trace", "gradcheck", "transforms"},
    "ops": {"trace", "gradcheck", "transforms"},
}
BUILT_IN = set(sys.stdlib_module_names) | {"__future__"}


def part_of(path: Path) -> str:
    """engine.py → "engine", layers/dense.py → "layers", __init__.py of the package → ""."""
    inside = path.relative_to(PACKAGE)
    return inside.parts[0] if len(inside.parts) > 1 else "" if inside.stem == "__init__" else inside.stem


def typing_only(tree: ast.AST) -> set[ast.AST]:
    """What stands under `if TYPE_CHECKING:` is never imported when the program runs."""
    blocks = [node for node in ast.walk(tree) if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)]
    return {inner for block in blocks for statement in block.body for inner in ast.walk(statement)}


@cache
def imports(path: Path) -> list[tuple[str, int, bool]]:
    """Every import of a file: the dotted name ("minigrad.engine"), its line, and whether it runs when the file is imported."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    skipped = typing_only(tree)
    within = {inner for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) for inner in ast.walk(node)}
    package = ["minigrad", *path.relative_to(PACKAGE).parts[:-1]]
    found = []
    for node in ast.walk(tree):
        if node in skipped:
            continue
        at_once = node not in within
        if isinstance(node, ast.Import):
            found += [(alias.name, node.lineno, at_once) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            stem = ".".join([*base, *([node.module] if node.module else [])])
            names = [f"{stem}.{alias.name}" for alias in node.names] if stem in ("minigrad", ".".join(package)) else [stem]
            found += [(name, node.lineno, at_once) for name in names]
    return found


def own(name: str) -> str | None:
    """The part of minigrad that a dotted name belongs to; None for other packages, "" for minigrad itself."""
    first, *rest = name.split(".")
    if first != "minigrad":
        return None
    return rest[0] if rest and rest[0] in FLOOR else ""


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_imports_go_downwards_only(path):
    part = part_of(path)
    assert part in FLOOR, f"{path.name} has no floor in this test's table"
    for name, line, _ in imports(path):
        other = own(name)
        if other is None or other == part:
            continue
        if part in FLOORS[-1]:
            continue
        assert other != "", f"{path.name}:{line} imports minigrad itself ({name}), which stands on everything"
        assert FLOOR[other] <= FLOOR[part], f"{path.name}:{line}: {part} (floor {FLOOR[part]}) imports {other} (floor {FLOOR[other]})"
        assert other not in FORBIDDEN.get(part, set()), f"{path.name}:{line}: {part} imports {other}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_what_runs_at_import_needs_numpy_alone(path):
    for name, line, at_once in imports(path):
        first = name.split(".")[0]
        if at_once and first not in BUILT_IN:
            assert first in ("numpy", "minigrad"), f"{path.name}:{line} imports {first} when it is imported: do it where it is used"


def test_importing_minigrad_loads_numpy_and_nothing_else():
    code = (
        "import sys; import numpy.random, numpy.linalg; before = set(sys.modules); import minigrad;"
        "new = {name.split('.')[0] for name in set(sys.modules) - before} - {'minigrad', 'numpy'};"
        "print(sorted(new - set(sys.stdlib_module_names)))"
    )
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert [name for name in ast.literal_eval(printed) if not name.startswith("_")] == []


def test_no_import_goes_in_a_circle():
    """Parts of one floor may use each other, but not in a circle: each must be readable before the next."""
    edges: dict[str, set[str]] = {}
    for path in FILES:
        part = part_of(path)
        edges.setdefault(part, set()).update(o for name, _, at_once in imports(path) if at_once and (o := own(name)) not in (None, "", part))
    done: set[str] = set()
    while len(done) < len(edges):
        ready = [part for part, needs in edges.items() if part not in done and needs <= done | {part}]
        assert ready, f"these import each other: {sorted(set(edges) - done)}"
        done.update(ready)
