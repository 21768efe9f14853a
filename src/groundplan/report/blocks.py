"""The pieces that a report is built of, alike for every form: tables of text, charts, figures, sections, answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

__all__ = ["SIGNS", "Answer", "Column", "Figure", "Panel", "Section", "Story", "Table", "words"]

SIGNS: MappingProxyType[str, str] = MappingProxyType({"good": "✓", "short": "!", "measured": "±", "unknown": "?"})
"""Tone of an answer -> the sign beside its verdict."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: its head, its unit of measure, and whether it holds figures (which stand right-aligned)."""

    title: str
    measure: str = ""
    is_number: bool = True


def words(title: str) -> Column:
    """Make a column of words, which stand left-aligned."""
    return Column(title, is_number=False)


@dataclass(frozen=True, slots=True)
class Table:
    """A table as it is read: every cell is text already.

    Args:
        columns: one a cell of each row.
        rows: the rows, in the order in which they are read.
        caption: what the table holds, in a few words.
        left_out: how many rows there are beyond these; they stand in the workbook.
        is_ranked: whether the first rows are those that matter most, so that they can stand for all.
    """

    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]
    caption: str
    left_out: int = 0
    is_ranked: bool = True


@dataclass(frozen=True, slots=True)
class Panel:
    """A chart.

    Args:
        spec: a Vega-Lite specification of one view, without a width.
        description: what the chart shows, for those who do not see it.
        title: name of the panel among others; empty where the figure's own title says it.
        lines: the main figures, one line each.
    """

    spec: Mapping[str, Any]
    description: str
    title: str = ""
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Figure:
    """Charts that make one point, with the numbers behind them.

    Args:
        name: short id, unique in the story.
        title: the point, in words.
        sentence: what the charts show and how to read them.
        panels: one chart, or small multiples that share their scales.
        table: the same numbers; None where there are none.
        source: where the figures come from.
        legend: marks of the chart with their words, in order; names of `marks.MARKS`.
        more: panels that are shown on demand only.
    """

    name: str
    title: str
    sentence: str
    panels: tuple[Panel, ...] = ()
    table: Table | None = None
    source: str = ""
    legend: tuple[tuple[str, str], ...] = ()
    more: tuple[Panel, ...] = ()


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the story."""

    name: str
    title: str
    sentences: tuple[str, ...]
    figures: tuple[Figure, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """One of the three answers of the first screen.

    Args:
        question: what the reader asks.
        verdict: the answer in a few words.
        tone: "good", "short", "measured" or "unknown"; shown as a word and a sign, never by colour alone.
        sentences: what stands behind it; the first stands above the picture.
        figure: its picture, with its numbers; None where there is nothing to draw.
    """

    question: str
    verdict: str
    tone: str
    sentences: tuple[str, ...]
    figure: Figure | None = None


@dataclass(frozen=True, slots=True)
class Story:
    """A whole report.

    Args:
        title: name of the economy.
        subtitle: what the report is and of which periods.
        facts: what and when, as pairs of a word and its value.
        warning: what must be seen first (a simulated economy); empty where there is nothing.
        note: what the economy's settings say of it; empty where there is nothing.
        opening: what was really made beside what was reported; None where that is not known.
        answers: can it be done, what stands in the way, how sure are we.
        sections: the rest, in order.
        foot: what stands at the foot of every page.
    """

    title: str
    subtitle: str
    facts: tuple[tuple[str, str], ...]
    warning: str
    note: str
    opening: Answer | None
    answers: Sequence[Answer]
    sections: Sequence[Section]
    foot: str
