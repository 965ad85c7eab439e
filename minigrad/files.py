"""A file is written whole or not at all.

Whatever minigrad saves (a model, a picture, a page) is written to a file beside its place and renamed when it is complete:
whoever reads finds the old file or the new one, never half of one.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any


def write_beside(path: str | os.PathLike[str], *parts: Any) -> Path:
    """Writes the parts (bytes) one after another next to `path`, and renames; the path is returned."""
    target = Path(path)
    if not target.parent.is_dir():
        raise FileNotFoundError(f"there is no folder {target.parent} to write {target.name} into")
    beside = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        with open(beside, "wb") as file:
            file.writelines(parts)
            file.flush()
            os.fsync(file.fileno())  # the bytes are on the disk before the name is theirs
        os.replace(beside, target)  # also over an existing file, also on Windows
    finally:
        beside.unlink(missing_ok=True)
    return target
