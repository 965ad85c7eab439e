"""Arrays in files: the safetensors format (a JSON header, then bytes), and NumPy's .npz.

A safetensors file is: 8 bytes, the header's length; the header, {"name": {"dtype", "shape", "data_offsets"}, …,
"__metadata__": {word: text}}; the arrays' bytes one after another. Reading runs nobody's code and believes no number
before it is checked; whatever is wrong with a file is one error, ModelFileError. Writing goes to a file beside, renamed
at the end, so that no half file is ever found.
"""
from __future__ import annotations

import json
import math
import os
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

DTYPES = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "I64": "<i8", "I32": "<i4", "I16": "<i2", "I8": "|i1",
          "U64": "<u8", "U32": "<u4", "U16": "<u2", "U8": "|u1", "BOOL": "|b1"}
NAMES = {np.dtype(code): word for word, code in DTYPES.items()}
LONGEST_HEADER = 100_000_000


class ModelFileError(ValueError):
    """A file that cannot be read: damaged, cut short, foreign, too new, or not fitting the model."""


# ------------------------------------------------------------------------------- safetensors

def write_safetensors(path: Any, arrays: dict[str, np.ndarray], metadata: dict[str, str] | None = None) -> None:
    """Writes the arrays under their names, and words about them."""
    header: dict[str, Any] = {"__metadata__": metadata} if metadata else {}
    offset = 0
    for name, array in arrays.items():
        if array.dtype.newbyteorder("<") not in NAMES:
            raise TypeError(f"{name}: safetensors has no dtype {array.dtype}")
        header[name] = {"dtype": NAMES[array.dtype.newbyteorder("<")], "shape": list(array.shape),
                        "data_offsets": [offset, offset + array.nbytes]}
        offset += array.nbytes
    text = json.dumps(header, ensure_ascii=False).encode("utf-8")
    text += b" " * (-len(text) % 8)                               # the arrays begin at a multiple of 8
    parts = [len(text).to_bytes(8, "little"), text]
    parts += [np.ascontiguousarray(a, a.dtype.newbyteorder("<")).tobytes() for a in arrays.values()]
    write_beside(path, parts)


def write_beside(path: Any, parts: list[bytes]) -> None:
    """Writes a file next to `path` and renames it: readers see the old file or the new one, never half of one."""
    path = Path(path)
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with open(beside, "wb") as file:
            file.writelines(parts)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)


def read_safetensors(path: Any) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """The arrays and the words; nothing larger than the file is ever allocated."""
    content = Path(path).read_bytes()
    header, start = parse_header(content, path)
    metadata = header.pop("__metadata__", {})
    if not isinstance(metadata, dict) or not all(isinstance(text, str) for text in metadata.values()):
        raise ModelFileError(f"{path}: the header's __metadata__ is not a table of texts")
    arrays, end = {}, 0
    for name, entry in sorted(header.items(), key=lambda item: begin_of(item[1], item[0], path)):
        dtype, shape, (begin, stop) = checked_entry(entry, name, path)
        if begin != end:
            raise ModelFileError(f"{path}: {name!r} begins at byte {begin}, but the array before it ends at {end}")
        if stop > len(content) - start:
            raise ModelFileError(f"{path} is cut short: {name!r} ends at byte {stop} of {len(content) - start}")
        arrays[name] = np.frombuffer(content, dtype, math.prod(shape), start + begin).reshape(shape)
        end = stop
    if end != len(content) - start:
        raise ModelFileError(f"{path} has {len(content) - start - end} bytes after its last array")
    return {name: arrays[name] for name in header}, metadata


def parse_header(content: bytes, path: Any) -> tuple[dict[str, Any], int]:
    """The header as a dict, and where the arrays begin."""
    length = int.from_bytes(content[:8], "little") if len(content) >= 8 else -1
    if not 2 <= length <= min(LONGEST_HEADER, len(content) - 8):
        raise ModelFileError(f"{path} is no safetensors file, or is cut short: {len(content)} bytes cannot hold "
                             f"a header of {length} bytes" if length >= 0 else f"{path} is too short: {len(content)} bytes")
    return parse_json(content[8:8 + length], path), 8 + length


def parse_json(text: bytes | str, path: Any) -> Any:
    """A JSON object; names that come twice are refused, since two readers could see two different things."""
    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        table = dict(pairs)
        if len(table) != len(pairs):
            raise ModelFileError(f"{path}: a name comes twice in the header")
        return table
    try:
        value = json.loads(text, object_pairs_hook=once)
    except ModelFileError:
        raise
    except (ValueError, RecursionError) as error:
        raise ModelFileError(f"{path}: the header is not JSON ({error})") from None
    if not isinstance(value, dict):
        raise ModelFileError(f"{path}: the header is not a JSON object")
    return value


def begin_of(entry: Any, name: str, path: Any) -> tuple[int, int]:
    """An array's place in the file, for sorting."""
    offsets = entry.get("data_offsets") if isinstance(entry, dict) else None
    if not (isinstance(offsets, list) and len(offsets) == 2 and all(whole(n) for n in offsets)):
        raise ModelFileError(f"{path}: {name!r} does not say where its bytes are")
    return offsets[0], offsets[1]


def checked_entry(entry: dict[str, Any], name: str, path: Any) -> tuple[np.dtype, tuple[int, ...], tuple[int, int]]:
    """dtype, shape and place of one array, found to agree with each other."""
    begin, end = begin_of(entry, name, path)
    shape, word = entry.get("shape"), entry.get("dtype")
    if not isinstance(word, str) or word not in DTYPES:
        raise ModelFileError(f"{path}: {name!r} has the unknown dtype {word!r}")
    if not isinstance(shape, list) or not all(whole(size) for size in shape) or len(shape) > 32:
        raise ModelFileError(f"{path}: {name!r} has no proper shape")
    dtype = np.dtype(DTYPES[word])
    if end - begin != math.prod(shape) * dtype.itemsize:
        raise ModelFileError(f"{path}: {name!r} of shape {shape} and dtype {word} does not fill bytes {begin} to {end}")
    return dtype, tuple(shape), (begin, end)


def whole(n: Any) -> bool:
    """A size: an integer from 0 to 2⁶²"""
    return isinstance(n, int) and not isinstance(n, bool) and 0 <= n < 2**62


# ------------------------------------------------------------------------------- .npz

def write_npz(path: Any, arrays: dict[str, np.ndarray]) -> None:
    """NumPy's archive, which np.load reads."""
    path = Path(path)
    beside = path.with_name(f".{path.name}.{os.getpid()}.part.npz")
    try:
        np.savez(beside, **arrays)  # type: ignore[arg-type]
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)


def read_npz(path: Any, shapes: dict[str, tuple[int, ...]]) -> dict[str, np.ndarray]:
    """The arrays that `shapes` asks for; their headers are checked before anything of their size is made."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = [name.removesuffix(".npy") for name in archive.namelist()]
            refuse_difference(names, list(shapes), path)
            return {name: read_npy(archive, name, shape, path) for name, shape in shapes.items()}
    except ModelFileError:
        raise
    except (zipfile.BadZipFile, ValueError, EOFError, OSError, NotImplementedError, RuntimeError, SyntaxError) as error:
        if isinstance(error, FileNotFoundError):
            raise
        raise ModelFileError(f"{path} is no .npz file, or is damaged: {error}") from None


def read_npy(archive: zipfile.ZipFile, name: str, shape: tuple[int, ...], path: Any) -> np.ndarray:
    """One array out of the archive."""
    with archive.open(f"{name}.npy") as file:
        version = np.lib.format.read_magic(file)
        read_header = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        found, fortran, dtype = read_header(file)
        if found != shape or dtype.kind not in "fiub":
            raise ModelFileError(f"{path}: {name!r} has shape {found} and dtype {dtype}, expected shape {shape}")
        size = math.prod(shape) * dtype.itemsize
        content = file.read(size)
        if len(content) != size or file.read(1):
            raise ModelFileError(f"{path}: {name!r} is cut short or too long")
    return np.frombuffer(content, dtype).reshape(shape, order="F" if fortran else "C")


def refuse_difference(found: list[str], wanted: list[str], path: Any) -> None:
    """The names in a file must be those of the model's weights."""
    missing, extra = [n for n in wanted if n not in found], [n for n in found if n not in wanted]
    if missing or extra:
        said = [f"lacks {', '.join(missing[:5])}"] * bool(missing) + [f"has {', '.join(map(repr, extra[:5]))} beside"] * bool(extra)
        raise ModelFileError(f"{path} does not fit the model: it {' and '.join(said)}")
