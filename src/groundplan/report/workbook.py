"""The workbook for planners: every table of a run that is worked with in a spreadsheet, one sheet each."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import polars as pl
import xlsxwriter

from groundplan.report.content import ReportInput
from groundplan.report.sheets import Sheet, sheets_of
from groundplan.report.story import tell_story
from groundplan.report.whole import whole_file

__all__ = ["MOST_ROWS", "write_workbook"]

MOST_ROWS = 1_048_576
"""Rows that a sheet can hold, its head included."""

_HEAD_ROW = 3
_INK, _MUTED, _ACCENT, _PALE = "#16212b", "#55626e", "#12579b", "#e9eef3"
_WIDEST = 60


@dataclass(frozen=True, slots=True)
class _Formats:
    title: Any
    muted: Any
    head: Any
    number_head: Any
    text: Any
    wrapped: Any
    figures: Mapping[str, Any]
    warning: Any


def write_workbook(shown: ReportInput, path: Path) -> None:
    """Write the workbook, whole or not at all.

    Text is never read as a formula or a link, whatever it begins with. A table longer than a sheet is cut, and its sheet says so.

    Raises:
        FolderError: the file cannot be written.
    """
    # The date of creation is that of the run, so that the same run gives the same bytes.
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False, "nan_inf_to_errors": False, "constant_memory": False}
    with whole_file(path) as draft, xlsxwriter.Workbook(str(draft), options) as book:
        book.set_properties({"title": f"{shown.economy.settings.name}: {shown.run_id}", "created": shown.made_on.replace(tzinfo=None), "comments": f"groundplan {shown.version}"})
        formats = _formats(book)
        _write_summary(book, shown, formats)
        for sheet in sheets_of(shown):
            _write_sheet(book, sheet, formats)


def _formats(book: Any) -> _Formats:
    base = {"font_name": "Calibri", "font_size": 11, "font_color": _INK, "valign": "top"}
    head = base | {"bold": True, "bg_color": _PALE, "bottom": 1, "bottom_color": _INK, "text_wrap": True, "valign": "bottom"}
    patterns = {"share": "0.0%", "count": "#,##0", "large": "#,##0", "middle": "#,##0.0", "small": "#,##0.000", "tiny": "0.000E+00", "date": "yyyy-mm-dd"}
    return _Formats(
        title=book.add_format(base | {"bold": True, "font_size": 16}),
        muted=book.add_format(base | {"font_color": _MUTED}),
        head=book.add_format(head),
        number_head=book.add_format(head | {"align": "right"}),
        text=book.add_format(base),
        wrapped=book.add_format(base | {"text_wrap": True}),
        figures={name: book.add_format(base | {"num_format": pattern}) for name, pattern in patterns.items()},
        warning=book.add_format(base | {"bold": True, "font_color": "#8a3a00"}),
    )


def _write_summary(book: Any, shown: ReportInput, formats: _Formats) -> None:
    story = tell_story(shown)
    page = book.add_worksheet("Summary")
    page.hide_gridlines(2)
    page.set_column(0, 0, 28)
    page.set_column(1, 1, 100)
    page.write_string(0, 0, story.title, formats.title)
    page.write_string(1, 0, story.subtitle, formats.muted)
    row = 3
    if story.warning:
        page.write_string(row, 0, story.warning, formats.warning)
        row += 2
    for answer in story.answers:
        page.write_string(row, 0, answer.question, formats.head)
        page.write_string(row, 1, answer.verdict, formats.head)
        for sentence in answer.sentences:
            row += 1
            page.write_string(row, 1, sentence, formats.wrapped)
        row += 2
    for word, value in story.facts:
        page.write_string(row, 0, word, formats.muted)
        page.write_string(row, 1, value, formats.wrapped)
        row += 1
    page.write_string(row + 1, 0, story.foot, formats.muted)
    page.set_landscape()
    page.fit_to_pages(1, 0)


def _write_sheet(book: Any, sheet: Sheet, formats: _Formats) -> None:
    page = book.add_worksheet(sheet.title)
    room = MOST_ROWS - _HEAD_ROW - 1
    frame = sheet.frame.head(room)
    cut = f" Cut: {len(sheet.frame) - room:,} of {len(sheet.frame):,} rows do not fit on a sheet; the run folder holds them all." if len(sheet.frame) > room else ""
    page.write_string(0, 0, sheet.title, formats.title)
    page.write_string(1, 0, sheet.sentence + cut, formats.muted)
    for position, (name, column) in enumerate(zip(frame.columns, frame.iter_columns(), strict=True)):
        kind = _kind(name, column)
        page.write_string(_HEAD_ROW, position, sheet.heads[name], formats.head if kind == "text" else formats.number_head)
        page.write_comment(_HEAD_ROW, position, sheet.notes.get(name, name), {"x_scale": 2.0, "font_size": 10})
        page.set_column(position, position, _width(sheet.heads[name], column, kind))
        _write_column(page, position, column, kind, formats)
    page.set_row(_HEAD_ROW, 32)
    page.freeze_panes(_HEAD_ROW + 1, sheet.keys)
    if not frame.is_empty():
        page.autofilter(_HEAD_ROW, 0, _HEAD_ROW + len(frame), len(frame.columns) - 1)
    page.repeat_rows(_HEAD_ROW)
    page.set_landscape()
    page.fit_to_pages(1, 0)


def _write_column(page: Any, position: int, column: pl.Series, kind: str, formats: _Formats) -> None:
    chosen = formats.text if kind == "text" else formats.figures[kind]
    first = _HEAD_ROW + 1
    for offset, value in enumerate(column.to_list()):
        if value is None:
            continue
        if isinstance(value, bool):
            page.write_string(first + offset, position, "yes" if value else "no", formats.text)
        elif isinstance(value, int | float):
            if math.isfinite(value):
                page.write_number(first + offset, position, value, chosen)
        elif isinstance(value, datetime | date):
            page.write_datetime(first + offset, position, value, formats.figures["date"])
        else:
            page.write_string(first + offset, position, str(value), chosen)


def _kind(name: str, column: pl.Series) -> str:
    if not column.dtype.is_numeric():
        return "text"
    if column.dtype.is_integer():
        return "count"
    if (
        name.endswith(("_share", "_fulfilment", "share_report", "share_finding", "share_proxy", "share_prior"))
        or name.startswith("probability")
        or name in ("paper_gap", "storming_index")
    ):
        return "share"
    largest = column.abs().max()
    size = float(largest) if isinstance(largest, int | float) and math.isfinite(largest) else 0.0
    return "large" if size >= 1e4 else "middle" if size >= 100 else "small" if size >= 1e-2 or size == 0 else "tiny"


def _width(head: str, column: pl.Series, kind: str) -> float:
    if kind != "text" or column.dtype == pl.Boolean:
        return min(max(12.0, 1.1 * max(len(word) for word in head.split(" "))), 24.0)
    longest = column.head(2000).cast(pl.String).str.len_chars().max()
    return min(max(10.0, 0.7 * len(head), float(longest if isinstance(longest, int) else 0) + 2), _WIDEST)
