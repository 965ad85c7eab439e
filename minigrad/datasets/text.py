"""Text as numbers, with no download: English prose and Python source that come with Python, and the user's own file.

A `Vocabulary` turns characters into small integers and back, and `split_blocks` keeps a part of a text unseen for honest
measurement. Windows for truncated backpropagation through time are cut by `minigrad.training.windows`.
"""

from __future__ import annotations

import codecs
import importlib.util
import re
from pathlib import Path

import numpy as np

ENGLISH = str.maketrans("—–“”‘’\N{NO-BREAK SPACE}", "--\"\"'' ", "*`")
BYTE_ORDER_MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
MODULES = """argparse ast asyncio.base_events asyncio.tasks bdb bisect calendar code codecs collections configparser
contextlib copy csv datetime decimal difflib dis doctest email.message enum fileinput filecmp fractions ftplib functools
getpass gettext glob gzip hashlib heapq hmac html.parser http.client http.server imaplib inspect io ipaddress
json.decoder json.encoder linecache locale logging mailbox mimetypes netrc ntpath optparse os pathlib pdb pickle
pickletools platform plistlib poplib posixpath pprint profile pstats pyclbr pydoc queue quopri random reprlib sched
selectors shelve shlex shutil smtplib socket socketserver sqlite3.dump ssl statistics string subprocess symtable tarfile
tempfile textwrap threading timeit tokenize trace traceback turtle types typing unittest.case unittest.mock urllib.parse
urllib.request uuid warnings weakref xml.dom.minidom zipapp zipfile"""


class Vocabulary:
    """symbols[encode(s)[k]] = s[k]: the distinct characters of a text, sorted, so that every run numbers them alike."""

    def __init__(self, text: str):
        if not text:
            raise ValueError("a vocabulary needs at least one character; the text is empty")
        self.symbols = "".join(sorted(set(text)))
        self._codes = _code_points(self.symbols)

    def encode(self, text: str) -> np.ndarray:
        """The number of each character: (len(text),) integers in [0, len(vocabulary))."""
        codes = _code_points(text)
        indices = np.minimum(np.searchsorted(self._codes, codes), len(self._codes) - 1)
        strange = np.flatnonzero(self._codes[indices] != codes)
        if len(strange):
            at = int(strange[0])
            known = f"the {len(self)} of this vocabulary, {self.symbols!r}"
            raise ValueError(f"character {text[at]!r} at position {at} is not among {known}")
        return indices

    def decode(self, indices) -> str:
        """The text whose characters have these numbers."""
        return "".join(self.symbols[int(i)] for i in np.ravel(indices))

    def __len__(self) -> int:
        return len(self.symbols)

    def __repr__(self) -> str:
        return f"Vocabulary({len(self)} characters: {self.symbols!r})"


def _code_points(text: str) -> np.ndarray:
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4")


def english_prose() -> str:
    """The sentences of Python's own language reference, one paragraph a line: about 250 kB that are on every machine.

    Kept are paragraphs of at least eight words that begin like a sentence, end like one, and consist of letters for the
    most part; tables, grammar and code fall out. A paragraph that the reference repeats under several topics is kept
    once, so that held-out text was not seen in training.
    """
    from pydoc_data.topics import topics

    blocks = (block for name in sorted(topics) for block in re.split(r"\n\s*\n", topics[name]))
    paragraphs = (_paragraph(block) for block in blocks)
    return "\n".join(dict.fromkeys(filter(None, paragraphs))) + "\n"


def _paragraph(block: str) -> str | None:
    """The block on one line, in plain ASCII without mark-up; None if it is not prose."""
    text = " ".join(block.split()).translate(ENGLISH)
    text = re.sub(r"^(-|\d+\.|\[\d+\]) ?| \[\d+\]", "", text).strip()
    letters = sum(c.isalpha() or c in " ,." for c in text)
    prose = re.match(r"""["(]?[A-Z]""", text) and re.search(r"[.:!?][)\"]?$", text) and letters >= 0.88 * len(text)
    return text if prose and text.isascii() and len(text.split()) >= 8 else None


def python_source(size: int = 600_000, modules: str = MODULES) -> str:
    """The first `size` characters of some hundred modules of the standard library (or of those named): ASCII, tabs expanded."""
    parts, found = [], 0
    for name in modules.split():
        if found >= size:
            break
        source = _module_source(name)
        parts.append(source)
        found += len(source)
    return "".join(parts)[:size]


def _module_source(name: str) -> str:
    try:
        spec = importlib.util.find_spec(name)
    except ModuleNotFoundError:  # a submodule of a package that this Python does not have
        return ""
    if spec is None or spec.origin is None or not spec.origin.endswith(".py"):
        return ""
    text = Path(spec.origin).read_text(encoding="utf-8")
    return text.encode("ascii", "ignore").decode("ascii").expandtabs()


def zen() -> str:
    """The Zen of Python (856 characters), without printing it as `import this` does."""
    source = _module_source("this")
    scrambled = re.search(r'"""(.*?)"""', source, re.DOTALL)
    if scrambled is None:
        raise FileNotFoundError("the module `this` of this Python holds no text between triple quotes")
    return codecs.decode(scrambled.group(1), "rot13")


def read_text(path: str | Path, encoding: str | None = None) -> str:
    """The text of a file: as UTF-8 unless a byte order mark or `encoding` says otherwise; lines end in a plain newline.

    Anything doubtful (another encoding, a file that is no text, an empty one) is an error that says what to do.
    """
    path = Path(path)
    if path.is_dir():
        raise IsADirectoryError(f"{path}: this is a folder; name a file in it")
    if not path.is_file():
        raise FileNotFoundError(f"{path}: there is no such file (looked in {path.absolute().parent})")
    raw = path.read_bytes()
    if encoding is None:
        encoding = next((name for mark, name in BYTE_ORDER_MARKS.items() if raw.startswith(mark)), "utf-8")
    try:
        wide = codecs.lookup(encoding).name.startswith(("utf-16", "utf-32"))  # these have zero bytes in every text
        text = "\0" if b"\0" in raw and not wide else raw.decode(encoding)
    except LookupError:
        raise ValueError(f"{path}: Python knows no encoding named {encoding!r}; try utf-8, cp1252 or latin-1") from None
    except UnicodeDecodeError as error:
        raise ValueError(_encoding_problem(path, raw, encoding, error)) from None
    if "\0" in text:
        raise ValueError(
            f"{path}: holds zero bytes, so it is not a text in {encoding} (a picture, or UTF-16 without its mark?)"
        )
    if not text.strip():
        raise ValueError(f"{path}: holds no text")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _encoding_problem(path: Path, raw: bytes, encoding: str, error: UnicodeDecodeError) -> str:
    line = raw.count(b"\n", 0, error.start) + 1
    around = raw[max(0, error.start - 15) : error.start + 15].decode("cp1252", "replace")
    return (
        f"{path}: not {encoding}: byte 0x{raw[error.start]:02x} in line {line}, near {around!r}. "
        "Save the file as UTF-8, or say what it is: encoding='cp1252' (Windows) or 'latin-1'"
    )


def split_blocks(text: str, every: int = 10, size: int = 2000) -> tuple[str, str]:
    """(training, held out): every tenth block of 2,000 characters is held out, so both come from all over the text."""
    size = max(1, min(size, len(text) // (2 * every)))
    blocks = [text[start : start + size] for start in range(0, len(text), size)]
    held_out = blocks[every - 1 :: every]
    training = [block for k, block in enumerate(blocks) if k % every != every - 1]
    if not held_out:
        raise ValueError(f"a text of {len(text)} characters is too short to hold out one block in {every}")
    return "".join(training), "".join(held_out)
