"""The workbook for planners: every table of a run that is worked with in a spreadsheet, one sheet each."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from groundplan.report.blocks import Story
from groundplan.report.content import ReportInput
from groundplan.report.sheets import Sheet, sheets_of
from groundplan.report.story import tell_story
from groundplan.report.workbook_pages import Formats, formats_of, open_workbook, write_sheet

__all__ = ["write_book", "write_workbook"]


def write_workbook(shown: ReportInput, path: Path) -> None:
    """Write the workbook, whole or not at all.

    A table longer than a sheet is cut, and its sheet says so.

    Raises:
        FolderError: the file cannot be written.
    """
    write_book(tell_story(shown), sheets_of(shown), shown, path)


def write_book(story: Story, sheets: Sequence[Sheet], shown: ReportInput, path: Path) -> None:
    """Write a story's summary and sheets as a workbook, whole or not at all; see `write_workbook`."""
    with open_workbook(shown, path) as book:
        formats = formats_of(book)
        _write_summary(book, story, formats)
        for sheet in sheets:
            write_sheet(book, sheet, formats)


def _write_summary(book: Any, story: Story, formats: Formats) -> None:
    page = book.add_worksheet("Summary")
    page.hide_gridlines(2)
    page.set_column(0, 0, 28)
    page.set_column(1, 1, 100)
    page.set_row(0, 26)
    page.write_string(0, 0, story.title, formats.title)
    page.write_string(1, 0, story.subtitle, formats.muted)
    row = 3
    if story.warning:
        page.write_string(row, 0, story.warning, formats.warning)
        row += 2
    for answer in (*filter(None, (story.opening,)), *story.answers):
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
