"""Two plans compared, for people: on the terminal, as a page and as a workbook."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import polars as pl
from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from groundplan.report.blocks import SIGNS, Answer, Column, Figure, Panel, Section, Story, Table, words
from groundplan.report.changes import Compared, binding_table, causes_table, goals_table, loss_rows, moved_losses, production_table, signed
from groundplan.report.charts.rows import BESIDE, NARROWEST
from groundplan.report.charts.waterfall import waterfall
from groundplan.report.html import render_html
from groundplan.report.names import Names, names_of
from groundplan.report.numbers import counted, grouped, plain
from groundplan.report.sheets import sheet_of
from groundplan.report.sources import day, source_line
from groundplan.report.terminal import rich_table
from groundplan.report.whole import whole_file
from groundplan.report.workbook import write_book

__all__ = ["comparison_story", "show_comparison", "write_comparison", "write_comparison_book"]

_COST = "Cost: weight times loss of each goal that is missed; 1 = a goal of weight 1 missed whole."
_SHEETS = (
    ("Changes", "What differs between the two plans.", "plan_changes", 3),
    ("Causes of changes", "What each cause has to do with each change; the parts add up to it.", "change_parts", 3),
    ("Inputs by table", "Which inputs differ, by cause and table.", "input_changes", 2),
    ("Inputs cell by cell", "Every cell that differs, but for tables of evidence.", "changed_cells", 3),
    ("What binds", "Limits that bind in one of the plans or in both.", "binding_changes", 4),
    ("Notes", "What the reader should know.", "notes", 1),
)


def write_comparison(compared: Compared, path: Path) -> None:
    """Write the comparison as one HTML page, whole or not at all.

    Raises:
        FolderError: the file cannot be written.
    """
    text = render_html(comparison_story(compared))
    with whole_file(path) as draft:
        draft.write_text(text, encoding="utf-8")


def write_comparison_book(compared: Compared, path: Path) -> None:
    """Write the comparison as a workbook with all its rows, whole or not at all.

    Raises:
        FolderError: the file cannot be written.
    """
    shown = compared.shown
    sheets = [sheet_of(title, sentence, name, shown.table(name), keys) for title, sentence, name, keys in _SHEETS if shown.has(name)]
    write_book(comparison_story(compared), sheets, shown, path)


def show_comparison(compared: Compared, console: Console) -> None:
    """Print the answer, what each cause does, the goals that it moves, and what binds now."""
    story = comparison_story(compared)
    answer = story.answers[0]
    console.print()
    console.print(Text(story.title, style="bold"), Text(story.subtitle, style="dim"), sep="  ")
    if story.warning:
        console.print(Text(f"◆ {story.warning}", style="bold"))
    console.print(Text.assemble((f"{SIGNS[answer.tone]} ", "bold"), (answer.verdict, "bold")))
    console.print(Padding(Text(answer.sentences[0]), (0, 0, 0, 2)))
    for section in story.sections:
        for figure in section.figures:
            if figure.table is not None and figure.table.rows:
                console.print()
                console.print(Text(figure.title, style="bold"))
                console.print(Padding(Text(figure.sentence, style="dim"), (0, 0, 0, 2)))
                console.print(Padding(rich_table(figure.table, most=len(figure.table.rows)), (1, 0, 0, 2)))
        for sentence in section.sentences:
            console.print()
            console.print(Text(sentence))


def comparison_story(compared: Compared) -> Story:
    """Tell what changed between two plans: the answer with its picture, causes, goals, production, limits, and what to know."""
    shown, comparison = compared.shown, compared.comparison
    names = names_of(shown.economy)
    sections = [section for section in (_causes(compared), _goals(compared, names), _production(compared, names), _limits(compared, names)) if section is not None]
    notes = tuple(note.sentence for note in comparison.notes)
    sections.append(Section("to-know", "To know", (f"{_COST} Method: {comparison.outcome.method}.", *notes)))
    return Story(
        title=shown.economy.settings.name,
        subtitle=f"From {compared.before} to {compared.after}: what changed, and which input it comes from",
        facts=(("From", compared.before), ("To", compared.after), ("Made on", f"{day(shown)}, groundplan {shown.version}")),
        warning=f"Simulated economy. {shown.economy.settings.note or 'Every place, unit and figure is made up.'}" if shown.economy.settings.simulated else "",
        note="" if shown.economy.settings.simulated else shown.economy.settings.note,
        opening=None,
        answers=(_answer(compared),),
        sections=sections,
        foot=f"{shown.economy.settings.name}, from {compared.before} to {compared.after}, {day(shown)}, groundplan {shown.version}",
    )


def _answer(compared: Compared) -> Answer:
    moved, several = moved_losses(compared), len(loss_rows(compared)) > 1
    if moved.is_empty():
        verdict, tone = ("Nothing" if not compared.comparison.causes else "Nothing in the goals"), "measured"
    else:
        first = moved.row(0, named=True)
        of = f" of priority {first['priority']}" if several else ""
        verdict = f"Missed goals{of} cost {plain(abs(first['change']))} {'less' if first['change'] < 0 else 'more'}"
        tone = "good" if first["change"] < 0 else "short"
    panels = tuple(_steps(compared, row, titled=several, narrowest=BESIDE if len(moved) > 1 else NARROWEST) for row in moved.iter_rows(named=True))
    figure = None
    if panels:
        figure = Figure(
            name="steps",
            title="From the first plan to the second",
            sentence="What missed goals cost in the two plans, and what each cause takes away or adds.",
            panels=panels,
            table=Table((words("Step"), Column("Cost")), tuple(step for panel in panels for step in _steps_told(panel)), "Cost of missed goals, step by step", is_ranked=False),
            source=source_line(compared.shown, "comparison of two plans"),
            legend=(("delivered", "cost in a plan"), ("less", "less by the cause"), ("more", "more by the cause")),
        )
    return Answer("What changed?", verdict, tone, (compared.comparison.outcome.sentence, _COST), figure)


def _causes(compared: Compared) -> Section | None:
    table = causes_table(compared)
    if len(table.rows) == 1:
        return _section(compared, "causes", "Which inputs changed", f"One cause: {table.rows[0][0]}", "All that differs between the plans comes from it.", table)
    title = f"{counted(len(table.rows), 'cause')}, of which {table.rows[0][0] if table.rows else 'none'} did most"
    told = "Shapley values: what each cause changes, averaged over all orders in which the causes could have come. They add up to the change."
    return _section(compared, "causes", "Which inputs changed", title, told, table)


def _goals(compared: Compared, names: Names) -> Section | None:
    table = goals_table(compared, names)
    many = len(table.rows) + table.left_out
    title = f"{counted(many, 'goal')} {'is' if many == 1 else 'are'} met more, or less, than before"
    return _section(compared, "goals", "Which goals it moves", title, "The goals whose cost changes most stand first.", table)


def _production(compared: Compared, names: Names) -> Section | None:
    table = production_table(compared, names)
    title = f"{counted(len(table.rows) + table.left_out, 'flow')} of production and imports changed"
    return _section(compared, "production", "What is made and imported", title, "Summed over the whole plan; what changes most for the supply of a product stands first.", table)


def _limits(compared: Compared, names: Names) -> Section | None:
    binding = compared.comparison.binding_changes
    now, no_more = (binding.filter(pl.col("binds") == binds).height for binds in ("now", "no more"))
    title = f"Limits that bind and did not: {grouped(now)}; that bind no more: {grouped(no_more)}"
    return _section(
        compared,
        "limits",
        "What binds now, and what no more",
        title,
        "One limit a place and period; in the table places and periods stand together.",
        binding_table(compared, names),
    )


def _section(compared: Compared, name: str, title: str, point: str, sentence: str, table: Table) -> Section | None:
    if not table.rows:
        return None
    if table.left_out:
        sentence += f" The first {len(table.rows)} of {grouped(len(table.rows) + table.left_out)}; the workbook has them all."
    return Section(name, title, (), (Figure(f"table-{name}", point, sentence, table=replace(table, left_out=0), source=source_line(compared.shown, "comparison of two plans")),))


def _ranked(compared: Compared, priority: int) -> list[tuple[str, float]]:
    """Give each cause with its part in a priority's loss, what adds before what takes away, the largest first."""
    own = compared.comparison.change_parts.filter((pl.col("measure") == "loss") & (pl.col("item") == "") & (pl.col("period") == "") & (pl.col("priority") == priority))
    counted = own.filter(pl.col("part").abs() > 1e-9 * pl.col("part").abs().max())
    # What adds comes first, so that no step leads below nothing.
    return list(counted.sort(pl.col("part") < 0, pl.col("part").abs(), "cause", descending=[False, True, False]).select("cause", "part").iter_rows())


def _steps(compared: Compared, row: dict[str, float], *, titled: bool, narrowest: int) -> Panel:
    rows = [{"label": f"Before: {compared.before}", "text": plain(row["before"]), "start": 0.0, "end": row["before"], "kind": "total"}]
    level = row["before"]
    for cause, part in _ranked(compared, int(row["priority"])):
        rows.append({"label": cause[:1].upper() + cause[1:], "text": signed(part), "start": level, "end": level + part, "kind": "less" if part < 0 else "more"})
        level += part
    rows.append({"label": f"After: {compared.after}", "text": plain(row["after"]), "start": 0.0, "end": row["after"], "kind": "total"})
    title = f"Priority {row['priority']}" if titled else ""
    return Panel(waterfall(rows, title="cost of missed goals", narrowest=narrowest), "; ".join(f"{step['label']}: {step['text']}" for step in rows), title=title)


def _steps_told(panel: Panel) -> list[tuple[str, str]]:
    """Give the steps of a waterfall as rows of a table."""
    return [(f"{panel.title}: {step['label']}" if panel.title else step["label"], step["text"]) for step in panel.spec["data"]["values"]]
