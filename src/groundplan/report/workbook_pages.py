"""Pages of a workbook: how they look, and one table a page."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl
import xlsxwriter
from xlsxwriter.exceptions import FileCreateError

from groundplan.report.content import ReportInput
from groundplan.report.sheets import Sheet
from groundplan.report.whole import whole_file

__all__ = ["HEAD_ROW", "MOST_CELLS", "MOST_ROWS", "Formats", "formats_of", "open_workbook", "size_kind", "write_sheet"]

MOST_ROWS = 1_048_576
"""Rows that a sheet can hold, its head included."""

MOST_CELLS = 1_000_000
"""Cells of a sheet beyond which spreadsheets become too slow to work with; the rest stands in the run folder."""

HEAD_ROW = 3
"""Position of the row of heads, below the title and a sentence."""

_INK, _MUTED, _ACCENT, _PALE = "#16212b", "#55626e", "#12579b", "#e9eef3"
_WIDEST = 60


@dataclass(frozen=True, slots=True)
class Formats:
    """How cells look; `figures` by kind: share, count, and numbers by their size."""

    title: Any
    muted: Any
    head: Any
    number_head: Any
    text: Any
    wrapped: Any
    figures: Mapping[str, Any]
    warning: Any


@contextmanager
def open_workbook(shown: ReportInput, path: Path) -> Iterator[Any]:
    """Open a workbook on a run that is written, whole or not at all, when the block ends.

    Text is never read as a formula or a link, whatever it begins with. Rows of a sheet must be written in order, so that it need not be held in memory.

    Raises:
        FolderError: the file cannot be written.
    """
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False, "nan_inf_to_errors": False, "constant_memory": True}
    with whole_file(path) as draft, TemporaryDirectory() as scratch:
        book = xlsxwriter.Workbook(str(draft), {**options, "tmpdir": scratch})
        # The date of creation is that of the run, so that the same run gives the same bytes.
        book.set_properties({"title": f"{shown.economy.settings.name}: {shown.run_id}", "created": shown.made_on.replace(tzinfo=None), "comments": f"groundplan {shown.version}"})
        try:
            yield book
            book.close()
        except FileCreateError as error:
            said = error.args[0] if error.args else None
            raise said if isinstance(said, OSError) else OSError(str(error)) from error
        finally:
            # Rows wait in files of their own until they are packed; where that fails, xlsxwriter leaves them open.
            for sheet in book.worksheets():
                if sheet.row_data_fh is not None:
                    sheet.row_data_fh.close()


def formats_of(book: Any) -> Formats:
    """Add the formats to a workbook."""
    base = {"font_name": "Calibri", "font_size": 11, "font_color": _INK, "valign": "top"}
    head = base | {"bold": True, "bg_color": _PALE, "bottom": 1, "bottom_color": _INK, "text_wrap": True, "valign": "bottom"}
    patterns = {"share": "0.0%", "count": "#,##0", "large": "#,##0", "middle": "#,##0.0", "small": "#,##0.000", "tiny": "0.000E+00"}
    return Formats(
        title=book.add_format(base | {"bold": True, "font_size": 16}),
        muted=book.add_format(base | {"font_color": _MUTED}),
        head=book.add_format(head | {"align": "left", "indent": 1}),
        number_head=book.add_format(head | {"align": "right"}),
        text=book.add_format(base | {"align": "left", "indent": 1}),
        wrapped=book.add_format(base | {"text_wrap": True, "align": "left", "indent": 1}),
        figures={name: book.add_format(base | {"num_format": pattern}) for name, pattern in patterns.items()},
        warning=book.add_format(base | {"bold": True, "font_color": "#8a3a00"}),
    )


def write_sheet(book: Any, sheet: Sheet, formats: Formats) -> None:
    """Write a table as a page of its own; one longer than a sheet is cut, and says so."""
    page = book.add_worksheet(sheet.title)
    room = min(MOST_ROWS - HEAD_ROW - 1, MOST_CELLS // max(sheet.frame.width, 1))
    frame = sheet.frame.head(room)
    kinds = [_kind(name, column) for name, column in zip(frame.columns, frame.iter_columns(), strict=True)]
    left_out = len(sheet.frame) - len(frame)
    cut = f" Cut: {left_out:,} of {len(sheet.frame):,} rows do not fit on a sheet; the run folder holds them all." if left_out else ""
    page.set_row(0, 26)
    page.write_string(0, 0, sheet.title, formats.title)
    page.write_string(1, 0, sheet.sentence + cut, formats.muted)
    page.set_row(HEAD_ROW, 34)
    for position, (name, kind) in enumerate(zip(frame.columns, kinds, strict=True)):
        page.write_string(HEAD_ROW, position, sheet.heads[name], formats.head if kind == "text" else formats.number_head)
        page.write_comment(HEAD_ROW, position, sheet.notes.get(name, name), {"x_scale": 2.0, "font_size": 10})
        page.set_column(position, position, _width(sheet.heads[name], frame[name], kind))
    _write_rows(page, frame, kinds, formats)
    page.freeze_panes(HEAD_ROW + 1, sheet.keys)
    if not frame.is_empty():
        page.autofilter(HEAD_ROW, 0, HEAD_ROW + len(frame), len(frame.columns) - 1)
    page.repeat_rows(HEAD_ROW)
    page.set_landscape()
    page.fit_to_pages(1, 0)


def size_kind(size: float) -> str:
    """Name the format of figures of which the largest has this size."""
    return "large" if size >= 1e4 else "middle" if size >= 100 else "small" if size >= 1e-2 or size == 0 else "tiny"


def _write_rows(page: Any, frame: pl.DataFrame, kinds: Sequence[str], formats: Formats) -> None:
    """Write the rows in order, so that the workbook need not be held in memory; a missing or infinite value leaves its cell empty."""
    ready = frame.select(_ready(name, kind, frame.schema[name]) for name, kind in zip(frame.columns, kinds, strict=True))
    writers = [(page.write_string, formats.text) if kind == "text" else (page.write_number, formats.figures[kind]) for kind in kinds]
    for number, row in enumerate(ready.iter_rows(), HEAD_ROW + 1):
        for position, value in enumerate(row):
            if value is not None:
                write, chosen = writers[position]
                write(number, position, value, chosen)


def _ready(name: str, kind: str, dtype: pl.DataType) -> pl.Expr:
    if dtype == pl.Boolean:
        return pl.when(pl.col(name)).then(pl.lit("yes")).when(~pl.col(name)).then(pl.lit("no")).alias(name)
    if kind == "text":
        return pl.col(name).cast(pl.String)
    return pl.when(pl.col(name).cast(pl.Float64).is_finite()).then(pl.col(name))


def _kind(name: str, column: pl.Series) -> str:
    if not column.dtype.is_numeric():
        return "text"
    if column.dtype.is_integer():
        return "count"
    if (
        name.endswith(("_share", "_fulfilment", "share_report", "share_finding", "share_claim", "share_proxy", "share_prior"))
        or name.startswith("probability")
        or name in ("paper_gap", "storming_index")
    ):
        return "share"
    largest = column.abs().max()
    size = float(largest) if isinstance(largest, int | float) and math.isfinite(largest) else 0.0
    return size_kind(size)


def _width(head: str, column: pl.Series, kind: str) -> float:
    if kind != "text" or column.dtype == pl.Boolean:
        return min(max(12.0, 1.1 * max(len(word) for word in head.split(" "))), 24.0)
    texts = column.head(2000).cast(pl.String).str
    # A Korean letter has three bytes and is as wide as two Latin ones.
    longest = ((texts.len_chars() + texts.len_bytes()) / 2).max()
    return min(max(10.0, 0.7 * len(head), float(longest if isinstance(longest, int | float) else 0.0) + 3), _WIDEST)
