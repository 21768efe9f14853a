"""Tables for the terminal lose nothing, narrow, wide or piped."""

import io
import re

import polars as pl
import pytest
from report_runs import FAULT
from rich.console import Console

from groundplan.errors import Fault
from groundplan.report.measured import measured_output
from groundplan.report.names import names_of
from groundplan.report.numbers import percent, plain
from groundplan.report.story import tell_story
from groundplan.report.terminal import show_faults, show_summary

BROKEN = Fault("units", "parent", "unknown_id", 1_204, (2, 3, 9), "[bold]M9[/bold]", "a unit of the table units", "Add M9 to units, or mend the parent.")


def printed(width: int, show) -> str:
    buffer = io.StringIO()
    show(Console(file=buffer, width=width, color_system=None))
    return buffer.getvalue()


def words_of(text: str) -> str:
    return "".join(text.split())


@pytest.mark.parametrize("width", [60, 80, 120, 200])
def test_faults_lose_nothing(width):
    text = printed(width, lambda console: show_faults((FAULT, BROKEN), console))
    for fault in (FAULT, BROKEN):
        for part in (fault.table, fault.column, fault.rule, f"{fault.count:,}", fault.found, fault.expected, fault.remedy, *map(str, fault.rows)):
            # A wide table sets cells side by side, so a cell that wraps is looked for word by word.
            assert all(words_of(word) in words_of(text) for word in str(part).split()), (width, part)
    assert max(len(line) for line in text.splitlines()) <= width


def test_a_long_word_is_folded_and_not_cut():
    name = "x" * 200
    text = printed(80, lambda console: show_faults((Fault("units", name, "odd", 1, (2,), "a", "b", "c"),), console))
    assert name in words_of(text)


def test_faults_stand_before_warnings_and_are_counted():
    text = printed(80, lambda console: show_faults((FAULT, BROKEN), console))
    assert text.splitlines()[0] == "1 fault, 1 warning"
    assert text.index("units.parent") < text.index("reports.quantity")


def test_markup_in_a_cell_is_text():
    assert "[bold]M9[/bold]" in printed(80, lambda console: show_faults((BROKEN,), console))


@pytest.mark.parametrize("width", [80, 160])
def test_the_summary_answers_three_questions(northland, width):
    text = printed(width, lambda console: show_summary(northland, console))
    for answer in tell_story(northland).answers:
        assert answer.question in text
        assert words_of(answer.verdict) in words_of(text)
    assert "Simulated economy" in text
    assert max(len(line) for line in text.splitlines()) <= width


@pytest.mark.parametrize("part", ["estimate", "review", "nothing"])
def test_a_part_of_a_run_answers_what_it_can_and_leaves_the_rest_out(parts, part):
    text = printed(80, lambda console: show_summary(parts[part], console))
    assert "How sure are we?" in text
    assert "Can the goals be met?" not in text
    assert "Not known yet" not in text


def test_an_estimate_names_the_units_whose_reports_it_doubts_and_a_whole_run_leaves_them_to_its_report(northland, parts):
    shown = parts["estimate"]
    first = shown.table("suspects").filter(~pl.col("inspected")).row(0, named=True)
    text = words_of(printed(80, lambda console: show_summary(shown, console)))
    assert words_of(first["evidence"]) in text
    assert words_of("what they make") in text
    assert words_of(first["evidence"]) not in words_of(printed(80, lambda console: show_summary(northland, console)))


def test_an_estimate_shows_what_it_found_by_sector_with_intervals(parts):
    text = printed(120, lambda console: show_summary(parts["estimate"], console))
    found = measured_output(parts["estimate"], names_of(parts["estimate"].economy))
    assert "of what was reported" in text
    assert "No interval could be computed" not in text
    for item in found.sectors:
        assert re.search(rf"{re.escape(item.label)} +100 +{re.escape(plain(100 * item.value))} +{re.escape(plain(100 * item.lower))} to {re.escape(plain(100 * item.upper))}", text)


def test_a_review_and_a_run_open_with_reported_and_really_made(northland, parts):
    last = northland.table("fulfilment").filter((pl.col("level") == "total") & (pl.col("product") == "all")).sort("period").row(-1, named=True)
    told = f"{percent(last['reported_fulfilment'])} of the target by the reports, {percent(last['verified_fulfilment'])} ("
    for shown in (northland, parts["review"]):
        assert words_of(told) in words_of(printed(80, lambda console, shown=shown: show_summary(shown, console)))
