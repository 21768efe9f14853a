"""Periods as people write them: `2020`, `2020-H1`, `2020-Q3`, `2020-08`, `2020-08-14`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Literal

__all__ = ["Length", "Period", "is_period", "parse_period", "period_range"]

Length = Literal["year", "half", "quarter", "month", "day"]

_MONTHS: dict[Length, int] = {"year": 12, "half": 6, "quarter": 3, "month": 1}
_PATTERN = re.compile(r"(?P<year>[12]\d{3})(?:-(?:H(?P<half>[12])|Q(?P<quarter>[1-4])|(?P<month>0[1-9]|1[0-2])(?:-(?P<day>[0-3]\d))?))?")


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """A stretch of calendar time: `start` is its first day, `end` the first day after it."""

    start: date
    end: date
    length: Length

    def __str__(self) -> str:
        """Write it in ISO form."""
        year, month = self.start.year, self.start.month
        match self.length:
            case "year":
                return f"{year:04d}"
            case "half":
                return f"{year:04d}-H{(month - 1) // 6 + 1}"
            case "quarter":
                return f"{year:04d}-Q{(month - 1) // 3 + 1}"
            case "month":
                return f"{year:04d}-{month:02d}"
            case "day":
                return self.start.isoformat()

    @property
    def days(self) -> int:
        """How many days it has."""
        return (self.end - self.start).days

    @property
    def per_year(self) -> float:
        """How many such periods make a year: 12 for a month, 365 for a day."""
        return 365.0 if self.length == "day" else 12.0 / _MONTHS[self.length]

    def contains(self, other: Period) -> bool:
        """Say whether `other` lies wholly inside this period."""
        return self.start <= other.start and other.end <= self.end

    def next(self) -> Period:
        """Give the period of the same length that follows."""
        return _from_start(self.end, self.length)

    def previous(self) -> Period:
        """Give the period of the same length that comes before."""
        if self.length == "day":
            return _from_start(self.start - timedelta(days=1), "day")
        months = 12 * self.start.year + self.start.month - 1 - _MONTHS[self.length]
        return _from_start(date(months // 12, months % 12 + 1, 1), self.length)


@lru_cache(maxsize=65536)
def parse_period(text: str) -> Period:
    """Read a period in ISO form.

    Raises:
        ValueError: the text is not a period; the message shows the forms that are.
    """
    match = _PATTERN.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is not a period; write 2020, 2020-H1, 2020-Q3, 2020-08 or 2020-08-14")
    year = int(match["year"])
    if match["half"]:
        return _from_start(date(year, 6 * int(match["half"]) - 5, 1), "half")
    if match["quarter"]:
        return _from_start(date(year, 3 * int(match["quarter"]) - 2, 1), "quarter")
    if match["day"]:
        try:
            return _from_start(date(year, int(match["month"]), int(match["day"])), "day")
        except ValueError as error:
            raise ValueError(f"{text!r} is not a day of the calendar") from error
    if match["month"]:
        return _from_start(date(year, int(match["month"]), 1), "month")
    return _from_start(date(year, 1, 1), "year")


def is_period(text: str) -> bool:
    """Say whether a text is a period in ISO form."""
    try:
        parse_period(text)
    except ValueError:
        return False
    return True


def period_range(first: Period, count: int) -> list[Period]:
    """Give `count` periods of one length in a row, beginning with `first`."""
    periods: list[Period] = []
    current = first
    for _ in range(count):
        periods.append(current)
        current = current.next()
    return periods


def _from_start(start: date, length: Length) -> Period:
    if length == "day":
        return Period(start, start + timedelta(days=1), length)
    months = start.month - 1 + _MONTHS[length]
    return Period(start, date(start.year + months // 12, months % 12 + 1, 1), length)
