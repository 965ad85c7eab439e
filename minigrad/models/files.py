"""Arrays in files: the safetensors format (a JSON header, then bytes), and NumPy's .npz.

A safetensors file is: 8 bytes, the header's length; the header, {"name": {"dtype", "shape", "data_offsets"}, …,
"__metadata__": {word: text}}; the arrays' bytes one after another. Reading runs nobody's code and believes no number
before it was checked against the file's size; whatever is wrong with a file is one error, ModelFileError. Writing goes to
a file beside, renamed at the end, so that no half file is ever found.
"""
from __future__ import annotations

import io
import json
import math
import os
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO, NamedTuple

import numpy as np

from ..files import write_beside

DTYPES = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "I64": "<i8", "I32": "<i4", "I16": "<i2", "I8": "|i1",
          "U64": "<u8", "U32": "<u4", "U16": "<u2", "U8": "|u1", "BOOL": "|b1"}
NAMES = {np.dtype(code): word for word, code in DTYPES.items()}
LONGEST_HEADER = 25_000_000
MOST_AXES = 32
FOREIGN = {b"\x89HDF": "an HDF5 file, as older Keras writes them", b"PK\x03\x04": "a zip archive, as Keras (.keras), PyTorch and NumPy (.npz) write them"}      # as lengths of a header, both are beyond LONGEST_HEADER


class ModelFileError(ValueError):
    """A file that cannot be read: damaged, cut short, foreign, of another version, or not fitting the model."""


@contextmanager
def documented_errors(path: Any, what: str) -> Iterator[None]:
    """Whatever a damaged file makes go wrong inside comes out as ModelFileError."""
    try:
        yield
    except ModelFileError:
        raise
    except Exception as error:
        raise ModelFileError(f"{path} {what}: {type(error).__name__}: {error}") from error


# ------------------------------------------------------------------------------- safetensors, written

def write_safetensors(path: Any, arrays: dict[str, np.ndarray], words: dict[str, str] | None = None) -> None:
    """Writes the arrays under their names, and words about them, with a checksum over both."""
    data = {name: little_endian(array, name) for name, array in arrays.items()}
    entries: dict[str, Any] = {}
    offset = 0
    for name, array in data.items():
        entries[name] = {"dtype": NAMES[array.dtype], "shape": list(arrays[name].shape),
                         "data_offsets": [offset, offset + array.nbytes]}
        offset += array.nbytes
    words = {**(words or {}), "checksum": checksum(words or {}, entries, list(data.values()))}
    header = json.dumps({"__metadata__": words, **entries}, ensure_ascii=False, allow_nan=False).encode("utf-8")
    header += b" " * (-len(header) % 8)                           # the arrays begin at a multiple of 8
    write_beside(path, len(header).to_bytes(8, "little"), header, *data.values())


def little_endian(array: np.ndarray, name: str) -> np.ndarray:
    """The array as the file holds it: little end first, one number after another."""
    dtype = np.asarray(array).dtype.newbyteorder("<")
    if dtype not in NAMES:
        raise TypeError(f"{name}: safetensors has no dtype {dtype}")
    return np.ascontiguousarray(array, dtype)


def checksum(words: dict[str, str], entries: dict[str, Any], data: list[Any]) -> str:
    """A CRC-32 of everything: one flipped bit anywhere in a file is found."""
    said = {word: text for word, text in words.items() if word != "checksum"}
    crc = zlib.crc32(json.dumps([said, entries], sort_keys=True).encode())
    for part in data:
        crc = zlib.crc32(memoryview(part).cast("B") if memoryview(part).nbytes else b"", crc)
    return f"{crc:08x}"


# ------------------------------------------------------------------------------- safetensors, read

class Place(NamedTuple):
    """Where an array is in a file, and how it is to be read."""

    name: str
    dtype: np.dtype
    shape: tuple[int, ...]
    begin: int
    end: int


def read_safetensors(path: Any) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """The arrays and the words; the header is checked whole before the arrays' bytes are read."""
    with open(path, "rb") as file:
        header, size = read_header(file, path)
        words, places = checked_header(header, size, path)
        content = file.read(size)
    if len(content) != size:
        raise ModelFileError(f"{path} became shorter while it was read")
    if has_checksum(words) and words.get("checksum") != checksum(words, header, [content]):
        raise ModelFileError(f"{path} is damaged: its checksum is not that of its content")
    return {place.name: array_at(place, content, path) for place in places}, words


def has_checksum(words: dict[str, str]) -> bool:
    """Files of other programs need none and are taken as they are; minigrad's must have one."""
    return "checksum" in words or words.get("format", "").startswith("minigrad")


def read_header(file: BinaryIO, path: Any) -> tuple[dict[str, Any], int]:
    """The header as a dict, and how many bytes follow it. Nothing larger than the file is ever asked for."""
    size = os.fstat(file.fileno()).st_size
    start = file.read(8)
    for beginning, what in FOREIGN.items():
        if start.startswith(beginning):
            raise ModelFileError(f"{path} is {what}; load it there, and hand its weights over with get_weights() and set_weights()")
    length = int.from_bytes(start, "little")
    if len(start) < 8 or not 2 <= length <= min(LONGEST_HEADER, size - 8):
        raise ModelFileError(f"{path} is no safetensors file, or is cut short: its {size} bytes say that they begin "
                             f"with a header of {length} bytes")
    return parse_json(file.read(length), path), size - 8 - length


def parse_json(text: bytes | str, path: Any) -> Any:
    """A JSON object; names that come twice are refused, since two readers could see two different things."""
    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        table = dict(pairs)
        if len(table) != len(pairs):
            raise ModelFileError(f"{path}: a name comes twice in the header")
        return table

    def no_number(word: str) -> None:
        raise ModelFileError(f"{path}: {word} is not JSON")

    with documented_errors(path, "has a header that is not JSON"):
        if isinstance(text, bytes):
            text = text.decode("utf-8")
        value = json.loads(text, object_pairs_hook=once, parse_constant=no_number)
    if not isinstance(value, dict):
        raise ModelFileError(f"{path}: the header is not a JSON object")
    return value


def checked_header(header: dict[str, Any], size: int, path: Any) -> tuple[dict[str, str], list[Place]]:
    """The words, taken out of the header, and each array's place: one after another, from the first byte to the last."""
    words = header.pop("__metadata__", {})
    if not isinstance(words, dict) or not all(isinstance(text, str) for text in words.values()):
        raise ModelFileError(f"{path}: the header's __metadata__ is not a table of texts")
    places = [checked_place(name, entry, path) for name, entry in header.items()]
    end = 0
    for place in sorted(places, key=lambda place: (place.begin, place.end)):
        if place.begin != end:
            raise ModelFileError(f"{path}: {place.name!r} begins at byte {place.begin}, the array before it ends at {end}")
        end = place.end
    if end != size:
        raise ModelFileError(f"{path} holds {size} bytes after its header, and its arrays fill {end}: it is "
                             + ("cut short" if size < end else "too long"))
    return words, places


def checked_place(name: str, entry: Any, path: Any) -> Place:
    """dtype, shape and place of one array, found to agree with each other."""
    if not isinstance(entry, dict) or set(entry) != {"dtype", "shape", "data_offsets"}:
        raise ModelFileError(f"{path}: {name!r:.80} needs a dtype, a shape, data_offsets, and nothing else")
    word, shape, offsets = entry["dtype"], entry["shape"], entry["data_offsets"]
    if not isinstance(word, str) or word not in DTYPES:
        raise ModelFileError(f"{path}: {name!r:.80} has the unknown dtype {word!r:.20}")
    if not sizes(shape) or len(shape) > MOST_AXES or not sizes(offsets) or len(offsets) != 2:
        raise ModelFileError(f"{path}: {name!r:.80} has no proper shape, or no proper data_offsets")
    dtype = np.dtype(DTYPES[word])
    if offsets[1] - offsets[0] != math.prod(shape) * dtype.itemsize:
        raise ModelFileError(f"{path}: {name!r:.80} of shape {shape} and dtype {word} does not fill bytes "
                             f"{offsets[0]} to {offsets[1]}")
    return Place(name, dtype, tuple(shape), *offsets)


def sizes(numbers: Any) -> bool:
    """Whether this is a list of integers from 0 to 2⁶²."""
    return isinstance(numbers, list) and all(type(n) is int and 0 <= n < 2**62 for n in numbers)


def array_at(place: Place, content: bytes, path: Any) -> np.ndarray:
    """A read-only view of the bytes."""
    array = np.frombuffer(content, place.dtype, math.prod(place.shape), place.begin).reshape(place.shape)
    if array.dtype.kind == "b" and (array.view(np.uint8) > 1).any():
        raise ModelFileError(f"{path}: {place.name!r:.80} is of booleans, and holds bytes other than 0 and 1")
    return array


# ------------------------------------------------------------------------------- .npz

def write_npz(path: Any, arrays: dict[str, np.ndarray]) -> None:
    """NumPy's archive, which np.load reads."""
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **arrays)  # type: ignore[arg-type]
    write_beside(path, buffer.getbuffer())


def read_npz(path: Any, shapes: dict[str, tuple[int, ...]]) -> dict[str, np.ndarray]:
    """The arrays that `shapes` asks for; each one's header is checked before as many bytes as it says are unpacked."""
    with (open(path, "rb") as file, documented_errors(path, "is no .npz file, or is damaged"),
          zipfile.ZipFile(file) as archive):
        names = [member.filename for member in archive.infolist()]
        if len(set(names)) != len(names) or not all(name.endswith(".npy") for name in names):
            raise ModelFileError(f"{path} is no .npz file: it holds {', '.join(names[:5]):.200}")
        refuse_difference([name.removesuffix(".npy") for name in names], list(shapes), path)
        return {name: read_npy(archive, name, shape, path) for name, shape in shapes.items()}


def read_npy(archive: zipfile.ZipFile, name: str, shape: tuple[int, ...], path: Any) -> np.ndarray:
    """One array out of the archive."""
    member = archive.getinfo(f"{name}.npy")
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):     # lzma can ask for gigabytes
        raise ModelFileError(f"{path}: {name!r} is packed in a way that NumPy does not use")
    with archive.open(member) as file:
        version = np.lib.format.read_magic(file)
        if version != (1, 0):                                     # whose header has at most 65,535 bytes
            raise ModelFileError(f"{path}: {name!r} is of version {version}, which NumPy does not use for numbers")
        found, fortran, dtype = np.lib.format.read_array_header_1_0(file)
        if found != shape or dtype.kind not in "fiub" or dtype.itemsize > 8:
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
        said = [f"lacks {', '.join(missing[:5])}"] * bool(missing) + [f"has {', '.join(map(repr, extra[:5])):.200} beside"] * bool(extra)
        raise ModelFileError(f"{path} does not fit the model: it {' and '.join(said)}")
