"""Data that needs no download: generated, or read from what every Python installation holds."""

from .ngrams import NGrams as NGrams
from .sequences import adding as adding
from .sequences import copying as copying
from .sequences import echo as echo
from .sequences import parity as parity
from .text import Vocabulary as Vocabulary
from .text import english_prose as english_prose
from .text import python_source as python_source
from .text import read_text as read_text
from .text import split_blocks as split_blocks
from .text import zen as zen
