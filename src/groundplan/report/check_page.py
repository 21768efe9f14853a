"""How honest the intervals are: a page and a summary of the predictive checks, every inspected unit predicted without its own visits."""

from __future__ import annotations

from pathlib import Path

import polars as pl
from rich import box
from rich.console import Console
from rich.table import Table as RichTable
from rich.text import Text

from groundplan.report.blocks import Answer, Column, Figure, Section, Story, Table, words
from groundplan.report.content import ReportInput
from groundplan.report.cover import COVER_LEGEND, cover_panel
from groundplan.report.html import render_html
from groundplan.report.names import Names, names_of
from groundplan.report.numbers import MISSING, counted, grouped, percent
from groundplan.report.sources import day, source_line
from groundplan.report.whole import whole_file

__all__ = ["check_story", "groups_off", "show_check", "write_check"]

_MOST = 60
_LEVELS = {"all": "All", "sector": "Sector", "region": "Region", "kind": "Kind of unit", "chosen": "How chosen"}


def write_check(shown: ReportInput, path: Path) -> None:
    """Write the page of the predictive checks, whole or not at all.

    Raises:
        FolderError: the file cannot be written.
    """
    text = render_html(check_story(shown))
    with whole_file(path) as draft:
        draft.write_text(text, encoding="utf-8")


def groups_off(shown: ReportInput) -> int:
    """Count the groups whose intervals of 50 or 90 % hold too seldom or too often."""
    return shown.table("predictive_cover").filter(pl.col("is_off")).select("level", "key").n_unique()


def check_story(shown: ReportInput) -> Story:
    """Tell whether the intervals can be trusted, in one answer, a picture and a table of groups."""
    settings, names = shown.economy.settings, names_of(shown.economy)
    panel = cover_panel(shown)
    figure = None
    if panel is not None:
        figure = Figure(
            name="cover",
            title="Held against promised",
            sentence="A dot on the line: intervals hold as often as they say. Below it they are too narrow, above it too wide.",
            panels=(panel,),
            source=source_line(shown, "findings of inspectors, predicted without them"),
            legend=COVER_LEGEND,
        )
    verdict, tone, sentences = _verdict(shown)
    sections = [section for section in (_groups(shown, names), _notes(shown)) if section is not None]
    return Story(
        title=settings.name,
        subtitle="Can the intervals be trusted? Every inspected unit predicted without its own visits",
        facts=(("Run", shown.run_id), ("Made on", f"{day(shown)}, groundplan {shown.version}")),
        warning=f"Simulated economy. {settings.note or 'Every place, unit and figure is made up.'}" if settings.simulated else "",
        note="" if settings.simulated else settings.note,
        opening=None,
        answers=(Answer("Do the intervals hold?", verdict, tone, sentences, figure),),
        sections=sections,
        foot=f"{settings.name}, run {shown.run_id}, {day(shown)}, groundplan {shown.version}",
    )


def show_check(shown: ReportInput, console: Console) -> None:
    """Print cover by group in plain words."""
    verdict, tone, sentences = _verdict(shown)
    console.print()
    console.print(Text(f"Do the intervals hold? {verdict}", style="bold dark_orange" if tone == "short" else "bold"))
    for sentence in sentences:
        console.print(Text(sentence))
    columns, cells = _cells(shown, names_of(shown.economy))
    if not cells:
        return
    rich = RichTable(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, header_style="dim")
    for column in columns:
        rich.add_column(Text(f"{column.title}, {column.measure}" if column.measure else column.title), justify="right" if column.is_number else "left", overflow="fold")
    for row in cells:
        rich.add_row(*(Text(cell) for cell in row))
    console.print(rich)


def _verdict(shown: ReportInput) -> tuple[str, str, tuple[str, ...]]:
    cover = shown.table("predictive_cover")
    whole = cover.filter((pl.col("level") == "all") & (pl.col("nominal") == 90))
    if whole.is_empty():
        return "Nobody can tell", "unknown", ("No unit with reports was inspected, so nothing could be predicted and then compared with what was found.",)
    row = whole.row(0, named=True)
    half = cover.filter((pl.col("level") == "all") & (pl.col("nominal") == 50)).row(0, named=True)
    said = (
        f"Of {counted(row['units'], 'inspected unit')}, each predicted without its own visits, the 90 % intervals held {percent(row['cover'])} and the 50 % intervals "
        f"{percent(half['cover'])}; by chance alone the true shares lie within {_range(row)} and {_range(half)}."
    )
    off = groups_off(shown)
    if not off:
        return "As far as visits can tell, yes", "good", (said, "No group is further off than chance allows, all groups looked at together.")
    listed = cover.filter(pl.col("is_off") & (pl.col("cover") < pl.col("nominal") / 100)).select("level", "key").n_unique()
    which = "one group is" if off == 1 else f"{off} groups are"
    kind = f"; in {'it' if off == 1 else listed} figures are less sure than shown" if listed else "; figures there are surer than shown"
    return "Not everywhere", "short", (said, f"{which.capitalize()} further off than chance allows, all groups looked at together{kind}.")


def _cells(shown: ReportInput, names: Names) -> tuple[tuple[Column, ...], tuple[tuple[str, ...], ...]]:
    columns = (
        words("Group"), Column("Inspected units"), Column("50 % interval held", "%"), Column("90 % interval held", "%"), Column("true share within", "%"),
        words("Width set by"), words("Verdict"),
    )  # fmt: skip
    cover = shown.table("predictive_cover")
    half = cover.filter(pl.col("nominal") == 50).select("level", "key", half="cover", half_off="is_off")
    table = cover.filter(pl.col("nominal") == 90).join(half, on=["level", "key"], how="left", maintain_order="left")
    cells = tuple(
        (
            _group(row, names), grouped(row["units"]), f"{100 * row['half']:.0f}", f"{100 * row['cover']:.0f}",
            _range(row).removesuffix(" %"), {True: "its own", False: "all (too few of its own)"}.get(row["has_own_factor"], MISSING), _word(row),
        )
        for row in table.iter_rows(named=True)
    )  # fmt: skip
    return columns, cells


def _group(row: dict[str, str], names: Names) -> str:
    return "All inspected units" if row["level"] == "all" else f"{_LEVELS[row['level']]}: {names.sector(row['key'])}"


def _word(row: dict[str, object]) -> str:
    if row["is_off"] or row["half_off"]:
        share, nominal = (row["cover"], 0.9) if row["is_off"] else (row["half"], 0.5)
        return "too narrow" if float(str(share)) < nominal else "too wide"
    return "too few to tell much" if int(str(row["units"])) < 10 else "holds"


def _range(row: dict[str, float]) -> str:
    return f"{100 * row['lower_95']:.0f} to {100 * row['upper_95']:.0f} %"


def _groups(shown: ReportInput, names: Names) -> Section | None:
    columns, cells = _cells(shown, names)
    if not cells:
        return None
    figure = Figure(
        name="groups",
        title="Group by group",
        sentence="Small groups say little: see how wide the range of the true share is. A sector with fewer than 50 inspected units has the width that holds for all.",
        table=Table(columns, cells[:_MOST], "Cover by group", left_out=max(len(cells) - _MOST, 0), is_ranked=False),
        source=source_line(shown, "table predictive_cover of the run"),
    )
    return Section("by-group", "Where they hold, and where not", (), (figure,))


def _notes(shown: ReportInput) -> Section | None:
    notes = shown.table("notes").filter(pl.col("subject") == "calibration")
    sentences = tuple(notes["sentence"].to_list())
    return Section("to-know", "To know", sentences) if sentences else None
