"""Ten thousand damaged model files: each is read as a model, or refused with ModelFileError, at once and in little memory.

Four kinds of damage: flipped bits, files cut short, wrong lengths (the header's, an array's, a shape's), and wrong JSON.
Most of it is signed with a checksum that fits, as somebody with bad intentions would, so that more than the checksum is
tested; more than half must come past the check of the header.
"""
from __future__ import annotations

import copy
import json
import random
import time
import tracemalloc
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad.models import files
from tests.models.gallery import MODELS

SOME = {"bits": 60, "cuts": 40, "lengths": 60, "json": 140}
ALL = {"bits": 2500, "cuts": 1000, "lengths": 2000, "json": 4500}
MOST_BYTES, MOST_SECONDS = 16_000_000, 5.0

Split = tuple[dict[str, Any], bytes]


# ------------------------------------------------------------------------------------------------ files to damage


def originals(folder: Path) -> dict[str, tuple[bytes, Callable[[Path], Any], Any]]:
    """name → (content, how it is read, the model that it is read into, or None)"""
    found: dict[str, tuple[bytes, Callable[[Path], Any], Any]] = {}
    for name in ("perceptron", "branches", "language_model", "cells", "stateful", "nested", "of_ones_own", "pictures", "both_directions", "attention", "shared_by_models"):
        model, x = MODELS[name]()
        model.compile(mg.optimizers.Adam(1e-3, clipnorm=1.0), "mse", metrics=["mae"])
        model.predict(x)
        if name == "perceptron":
            model.fit(x, np.ones((5, 3)), verbose=0)
        model.save(folder / name)
        found[name] = (folder / name).read_bytes(), mg.load_model, None
    model, x = MODELS["perceptron"]()
    model.compile("nadam", "mse", metrics=["mae"])
    backup = mg.training.callbacks.BackupAndRestore(folder / "backup", 1, delete_checkpoint=False)
    model.fit(x, np.ones((5, 3)), verbose=0, callbacks=[backup, mg.training.callbacks.EarlyStopping("loss")])
    found["checkpoint"] = backup.path.read_bytes(), lambda path: model.load_checkpoint(path, accept=backup.accept), model
    for name in ("weights.safetensors", "weights.npz"):
        model.save_weights(folder / name)
        found[name] = (folder / name).read_bytes(), model.load_weights, model
    return found


def split(content: bytes) -> Split:
    length = int.from_bytes(content[:8], "little")
    return json.loads(content[8:8 + length]), content[8 + length:]


def joined(header: dict[str, Any], data: bytes, sign: bool = True) -> bytes:
    """The file again; signed, its checksum fits what it says now."""
    words = header.get("__metadata__")
    if sign and isinstance(words, dict):
        entries = {name: entry for name, entry in header.items() if name != "__metadata__"}
        words["checksum"] = files.checksum(words, entries, [data])
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + data


# ------------------------------------------------------------------------------------------------ damage


def bits(content: bytes, chance: random.Random) -> bytes:
    """One to four flipped bits: anywhere, or among the arrays and signed."""
    if content[:2] == b"PK" or chance.random() < 0.4:
        return flipped(content, chance)
    header, data = split(content)
    return joined(header, flipped(data, chance))


def flipped(content: bytes, chance: random.Random) -> bytes:
    changed = bytearray(content)
    for _ in range(chance.randint(1, 4)):
        changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    return bytes(changed)


def cuts(content: bytes, chance: random.Random) -> bytes:
    """Cut short at the end, or a piece taken out of the middle."""
    at = chance.randrange(len(content))
    return content[:at] if chance.random() < 0.7 else content[:at] + content[at + chance.randint(1, 64):]


def lengths(content: bytes, chance: random.Random) -> bytes:
    """Another length of the header; other sizes in a shape or place, or arrays that are whole but of another size."""
    if content[:2] == b"PK":
        at = chance.choice([content.find(b"PK\x01\x02") + 20, content.find(b"PK\x01\x02") + 24, len(content) - 12, 22, 26])
        return content[:at] + chance.randbytes(4) + content[at + 4:]
    length = int.from_bytes(content[:8], "little")
    if chance.random() < 0.3:
        wrong = chance.choice([length + chance.randint(-9, 9), chance.getrandbits(64), chance.getrandbits(20), 0, 1, 2, len(content), 2**63])
        return (max(0, wrong) % 2**64).to_bytes(8, "little") + content[8:]
    header, data = split(content)
    name = chance.choice([name for name in header if name != "__metadata__"])
    entry = header[name]
    if chance.random() < 0.75:
        return joined(*resized(header, data, name, chance))
    numbers = entry[chance.choice(["shape", "data_offsets"])] or entry["data_offsets"]
    numbers[chance.randrange(len(numbers))] = number(chance)
    return joined(header, data)


def resized(header: dict[str, Any], data: bytes, name: str, chance: random.Random) -> Split:
    """One array of another shape, everything else moved so that the header is right."""
    entry = header[name]
    begin, end = entry["data_offsets"]
    count = chance.choice([0, 1, 2, 3, 5, 7, 24, 400])
    entry["shape"] = chance.choice([[count], [1, count], [count, 1, 1], [count, 0, 2**40]])
    entry["dtype"] = chance.choice(list(files.DTYPES))
    size = int(np.prod(entry["shape"], dtype=object)) * np.dtype(files.DTYPES[entry["dtype"]]).itemsize
    moved = size - (end - begin)
    for other, its in header.items():
        if other != "__metadata__" and its is not entry and its["data_offsets"][0] >= end:
            its["data_offsets"] = [place + moved for place in its["data_offsets"]]
    entry["data_offsets"] = [begin, begin + size]
    return header, data[:begin] + bytes(size) + data[end:]


def number(chance: random.Random) -> Any:
    return chance.choice([0, 1, -1, 2, 3, 255, 10**6, 2**31, 2**53, 2**62, 2**64, -2**63, 1.5, True, None, "3", [], 10**400])


def wrong_json(content: bytes, chance: random.Random) -> bytes:
    """One to three places of the JSON changed: in the header, or in the description of the model inside it."""
    if content[:2] == b"PK":
        at = content.find(b"{'descr'")
        return content[:at] + bytes(chance.choice(b"'{}()[],:0123456789fiOV<>|TFue ") for _ in range(chance.randint(1, 40))) + content[at + 20:]
    header, data = split(content)
    words = [word for word in ("architecture", "training", "position") if word in header.get("__metadata__", {})]
    word = chance.choice([*words, *words, *words, None])
    document = header if word is None else json.loads(header["__metadata__"][word])
    for _ in range(chance.randint(1, 3)):
        document = edited(document, chance)
    if word is None:
        return joined(document if isinstance(document, dict) else {"": document}, data)
    header["__metadata__"][word] = nested(chance) if chance.random() < 0.02 else json.dumps(document)
    return joined(header, data)


def nested(chance: random.Random) -> str:
    """Brackets, far deeper than anybody can recurse."""
    open_, close = chance.choice([("[", "]"), ('{"list": [', "]}"), ('{"tuple": [', "]}"), ('{"layer":', "}")])
    depth = chance.choice([500, 3000, 100_000])
    return open_ * depth + "1" + close * depth


def edited(document: Any, chance: random.Random) -> Any:
    """One node replaced, taken away, doubled, renamed, or exchanged for another."""
    places = list(nodes(document))
    if not places:
        return number(chance)
    parent, key = chance.choice(places)
    what = chance.randrange(6)
    if what == 0:
        parent[key] = number(chance)
    elif what == 1:
        del parent[key]
    elif what == 2 and isinstance(parent, list):
        parent += [copy.deepcopy(parent[key])] * chance.choice([1, 5])
    elif what == 3 and isinstance(parent, dict):
        parent[chance.choice(["", "name", "units", "list", "class", "config", "shared", "number", "frozen", key + "x", key[:-1]])] = parent.pop(key)
    elif what == 4:
        other, place = chance.choice(places)
        parent[key] = copy.deepcopy(other[place])
    else:
        parent[key] = chance.choice([{}, [], "Dense", {"list": []}, {"symbol": 0}, {"symbol": -1}, {"object": ["layer", "LSTM", {"units": 10**9}]},
                                     {"function": ["activation", "tanh"]}, {"float": "nan"}, {"dict": [[[], 1]]}, {"array": ["<f8", [2**40], ""]},
                                     {"shared": 0}, {"shared": chance.randint(0, 9)}, {"inside": {"shared": 0}, "path": "W"}, {"constant": 0}, {"tensor": 1},
                                     {"weight": {"shape": [10**5, 10**5], "dtype": "float32", "name": None}}, {"weight": {"shared": 1}}, {"scalar": ["O", 1]},
                                     {"object": ["optimizer", "Adam", {"learning_rate": {"object": ["schedule", "Warmup", {}]}}]}])
    return document


def nodes(document: Any) -> Any:
    """Every place in nested lists and tables: (the list or table, the key)."""
    pairs = document.items() if isinstance(document, dict) else enumerate(document) if isinstance(document, list) else ()
    for key, part in list(pairs):
        yield document, key
        yield from nodes(part)


DAMAGES = {"bits": bits, "cuts": cuts, "lengths": lengths, "json": wrong_json}


# ------------------------------------------------------------------------------------------------ the test


def past_the_header(path: Path) -> bool:
    try:
        with open(path, "rb") as file:
            header, size = files.read_header(file, path)
        files.checked_header(header, size, path)
    except mg.ModelFileError:
        return False
    return True


def outcome(read: Callable[[Path], Any], path: Path, model: Any) -> str:
    """"read" or "refused"; anything else is an error of the test. A refusal changes nothing; neither costs much."""
    before = [] if model is None else [weight.array for weight in model.weights]
    tracemalloc.reset_peak()
    start, began = tracemalloc.get_traced_memory()[0], time.perf_counter()
    try:
        read(path)
        result = "read"
    except mg.ModelFileError as error:
        assert len(str(error)) < 5000
        assert model is None or all(weight.array is array for weight, array in zip(model.weights, before))
        result = "refused"
    assert tracemalloc.get_traced_memory()[1] - start < MOST_BYTES
    assert time.perf_counter() - began < MOST_SECONDS
    return result


def fuzz(counts: dict[str, int], folder: Path, seed: int) -> Counter[str]:
    """Damages so many files of each kind, and counts what came of it."""
    chance, path = random.Random(seed), folder / "damaged"
    bases = list(originals(folder).items())
    tally: Counter[str] = Counter()
    tracemalloc.start()
    try:
        for kind, count in counts.items():
            for k in range(count):
                name, (content, read, model) = bases[k % len(bases)]
                damaged = DAMAGES[kind](content, chance)
                path = folder / f"damaged{'.npz' if name.endswith('npz') else ''}"
                path.write_bytes(damaged)
                tally[kind] += 1
                tally["past the header"] += past_the_header(path)
                try:
                    tally[outcome(read, path, model)] += 1
                except Exception as error:
                    kept = path.rename(folder / f"kept-{kind}-{k}")
                    raise AssertionError(f"{kind} number {k} of seed {seed}, a {name} file kept as {kept}: {error!r}") from error
    finally:
        tracemalloc.stop()
    return tally


@pytest.mark.parametrize("counts", [SOME, pytest.param(ALL, marks=pytest.mark.slow)], ids=["some", "all"])
def test_damaged_files_are_refused_with_the_documented_error(counts, tmp_path):
    tally = fuzz(counts, tmp_path, seed=sum(counts.values()))
    total = sum(counts.values())
    assert {kind: tally[kind] for kind in counts} == counts and tally["read"] + tally["refused"] == total
    assert tally["past the header"] >= total / 2
    assert tally["refused"] >= total / 2                         # the damage is damage


def test_the_full_run_is_ten_thousand():
    assert sum(ALL.values()) == 10_000 and min(ALL.values()) >= 1000
