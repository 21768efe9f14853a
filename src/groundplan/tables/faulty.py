"""Faults out of masks: how a rule says which rows break it and what they hold."""

from __future__ import annotations

import difflib
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl

from groundplan.errors import Fault
from groundplan.tables.settings import Settings

__all__ = ["SHOWN_ROWS", "Frames", "did_you_mean", "mask", "row_faults", "show_values"]

SHOWN_ROWS = 5
"""How many rows a fault names."""

FIRST_ROW = 2
"""Number of the first row of data: a spreadsheet's header is row 1."""

_SHOWN_VALUES = 3
_MOST_CANDIDATES = 20_000


@dataclass(frozen=True, slots=True, eq=False)
class Frames:
    """What the rules look at: every table with all columns of its schema, in the schema's types; cells may be null.

    Args:
        settings: settings of the economy.
        tables: a frame for every table of `groundplan.tables.facts.FACTS`.
        as_of: the day after which nothing can have happened yet.
        broken: table -> column -> mask of the cells that could not be read and are null for that reason.
        unread: tables that are there and could not be read: nothing is to be concluded from their having no rows.
    """

    settings: Settings
    tables: dict[str, pl.DataFrame]
    as_of: date
    broken: dict[str, dict[str, pl.Series]]
    unread: frozenset[str] = frozenset()

    def __getitem__(self, name: str) -> pl.DataFrame:
        """Give one table."""
        return self.tables[name]


def row_faults(
    table: str,
    column: str,
    rule: str,
    bad: pl.Series,
    *,
    found: str | pl.Series,
    expected: str,
    remedy: str,
    severity: str = "fault",
) -> list[Fault]:
    """Make one fault of all rows that break a rule, none where no row does.

    Args:
        table: the table.
        column: column or columns, comma-separated.
        rule: name of the rule.
        bad: mask, one entry a row of the table; null counts as not bad.
        found: words, or the column whose values in the bad rows are shown.
        expected: what was expected.
        remedy: what to do.
        severity: "fault" or "warning".
    """
    if not bad.any():
        return []
    positions = bad.fill_null(value=False).arg_true()
    rows = tuple(int(position) + FIRST_ROW for position in positions.head(SHOWN_ROWS))
    words = found if isinstance(found, str) else show_values(found.gather(positions))
    return [Fault(table, column, rule, len(positions), rows, words, expected, remedy, severity)]


def mask(length: int, *, value: bool) -> pl.Series:
    """Give a mask that is the same for every row."""
    return pl.repeat(value, length, dtype=pl.Boolean, eager=True)


def show_values(values: pl.Series) -> str:
    """Show the first few distinct values, and how many more there are."""
    distinct = values.drop_nulls().unique(maintain_order=True)
    shown = ", ".join(_show(value) for value in distinct.head(_SHOWN_VALUES))
    more = len(distinct) - _SHOWN_VALUES
    return f"{shown} and {more} more" if more > 0 else shown or "nothing"


def did_you_mean(words: Collection[str], candidates: Collection[str]) -> str:
    """Suggest the nearest candidate for each of the first few words; empty where none is near."""
    if len(candidates) > _MOST_CANDIDATES:
        return ""
    by_fold = {candidate.casefold().strip(): candidate for candidate in candidates}
    hints = []
    for word in list(words)[:_SHOWN_VALUES]:
        near = difflib.get_close_matches(word.casefold().strip(), by_fold, n=1, cutoff=0.65)
        if near:
            hints.append(f"'{word}' looks like '{by_fold[near[0]]}'")
    return f"Did you mean another? {'; '.join(hints)}. " if hints else ""


def _show(value: Any) -> str:
    if isinstance(value, dict):
        return "(" + ", ".join(_show(part) for part in value.values()) + ")"
    if isinstance(value, str):
        return repr(value if len(value) <= 40 else value[:37] + "...")
    return f"{value:g}" if isinstance(value, float) else str(value)
