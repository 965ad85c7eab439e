"""Dates as people write them, and the same dates as ISO 8601 does: a small translation task with everything in it.

Eight ways of writing differ in order, in words for months, in padding and in what surrounds the date; the answer always
has ten characters. Which letters of the source decide which digits of the answer is known, so attention can be judged.
"""

from __future__ import annotations

import calendar
import datetime

from ..backend import generator

FIRST, LAST = datetime.date(1950, 1, 1), datetime.date(2049, 12, 31)
FORMATS = (
    "{day} {month} {year}",
    "{month} {day}, {year}",
    "{mon} {day} {year}",
    "{ordinal} of {month}, {year}",
    "{weekday} {day} {month} {year}",
    "{m:02}/{day:02}/{year}",
    "{day}.{m}.{year}",
    "{year}, {mon} {day:02}",
)


def dates(count: int) -> tuple[list[str], list[str]]:
    """(texts, answers): "5th of June, 1987" and "1987-06-05", no text twice.

    Days lie in the hundred years from 1950 to 2049, and the eight FORMATS are equally probable.
    """
    possible = (LAST - FIRST).days + 1
    if count > possible * len(FORMATS):
        raise ValueError(f"there are {possible * len(FORMATS)} different texts, got count={count}")
    chosen = generator().choice(possible * len(FORMATS), count, replace=False)
    days = [FIRST + datetime.timedelta(days=int(k)) for k in chosen // len(FORMATS)]
    texts = [write_date(day, FORMATS[k]) for day, k in zip(days, chosen % len(FORMATS), strict=True)]
    return texts, [day.isoformat() for day in days]


def write_date(day: datetime.date, form: str) -> str:
    """A date in one of FORMATS (or another that uses the same words)."""
    return form.format(
        day=day.day, m=day.month, year=day.year, ordinal=ordinal(day.day), weekday=calendar.day_name[day.weekday()],
        month=calendar.month_name[day.month], mon=calendar.month_abbr[day.month],
    )  # fmt: skip


def ordinal(n: int) -> str:
    """1st, 2nd, 3rd, 4th, …, 11th, 12th, 13th, …, 21st"""
    ending = "th" if n // 10 % 10 == 1 else {1: "st", 2: "nd", 3: "rd"}.get(n % 10, "th")
    return f"{n}{ending}"
