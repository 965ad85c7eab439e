"""Data that needs no download: generated, or read from what every Python installation holds."""

from .calendar_dates import dates as dates
from .calendar_dates import write_date as write_date
from .code_labels import source_labels as source_labels
from .handwriting import QUESTIONS as QUESTIONS
from .handwriting import answer as answer
from .handwriting import ask as ask
from .handwriting import digit_pairs as digit_pairs
from .handwriting import digits as digits
from .handwriting import number_word as number_word
from .handwriting import side_by_side as side_by_side
from .handwriting import split as split
from .ngrams import NGrams as NGrams
from .sequences import adding as adding
from .sequences import copying as copying
from .sequences import echo as echo
from .sequences import parity as parity
from .tags import tagging as tagging
from .text import Vocabulary as Vocabulary
from .text import english_prose as english_prose
from .text import python_source as python_source
from .text import read_text as read_text
from .text import split_blocks as split_blocks
from .text import zen as zen
