"""The frontier between two goals, for people: on the terminal, as a page, as a workbook and as a table."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from groundplan.report.blocks import SIGNS, Answer, Column, Figure, Panel, Section, Story, Table, words
from groundplan.report.charts.trade_curve import trade_curve
from groundplan.report.content import ReportInput
from groundplan.report.html import render_html
from groundplan.report.names import names_of
from groundplan.report.numbers import MISSING, counted, grouped, percent, plain, scale_for
from groundplan.report.sheets import sheet_of
from groundplan.report.sources import day, source_line
from groundplan.report.terminal import rich_table
from groundplan.report.whole import whole_file
from groundplan.report.workbook import write_book
from groundplan.tables.bundles import Frontier
from groundplan.tables.goal_sides import GoalSide

__all__ = ["FrontierShown", "frontier_story", "show_frontier", "write_frontier", "write_frontier_book", "write_frontier_table"]

_SHEETS = (
    ("Frontier", "The plan as it is and the corners: the most of the second goal for each amount of the first.", "frontier", 2),
    ("Goals at each corner", "What is delivered for every goal at each corner, beside the plan.", "frontier_goals", 3),
    ("Notes", "What the reader should know.", "notes", 1),
)
_NUMBERED = 9
"""Up to so many corners are numbered in the picture; more would stand on each other."""
_MOST_ROWS = 12
_SLIGHT = 5e-4
_READ = (
    "Every point on the line or below it can be had, none above it. At a corner something else becomes scarce: from there on one more of the one costs more of the other. "
    "Between two corners a mixture of their plans does it."
)
_OTHERS = {
    "held": "Every other goal is served at least as well as in the plan.",
    "free": "Other goals of the plan's periods give way to these two, down to their minima, whatever their priority.",
}


@dataclass(frozen=True, slots=True, eq=False)
class FrontierShown:
    """What the report of a frontier shows.

    Args:
        frontier: the frontier.
        shown: names, measures and sources, and when it was found.
    """

    frontier: Frontier
    shown: ReportInput

    @property
    def sides(self) -> tuple[GoalSide, GoalSide]:
        """Give the two goals."""
        return self.frontier.first, self.frontier.second


def write_frontier(found: FrontierShown, path: Path) -> None:
    """Write the frontier as one HTML page, whole or not at all.

    Raises:
        FolderError: the file cannot be written.
    """
    text = render_html(frontier_story(found))
    with whole_file(path) as draft:
        draft.write_text(text, encoding="utf-8")


def write_frontier_book(found: FrontierShown, path: Path) -> None:
    """Write the frontier as a workbook with all its rows, whole or not at all.

    Raises:
        FolderError: the file cannot be written.
    """
    shown = found.shown
    sheets = [sheet_of(title, sentence, name, shown.table(name), keys) for title, sentence, name, keys in _SHEETS if shown.has(name)]
    write_book(frontier_story(found), sheets, shown, path)


def write_frontier_table(found: FrontierShown, path: Path) -> None:
    """Write the table `frontier` as CSV, whole or not at all.

    Raises:
        FolderError: the file cannot be written.
    """
    with whole_file(path) as draft:
        found.frontier.frontier.write_csv(draft)


def show_frontier(found: FrontierShown, console: Console) -> None:
    """Print the answer, the corners with what one more unit costs, and what the reader should know."""
    story = frontier_story(found)
    answer = story.answers[0]
    console.print()
    console.print(Text(story.title, style="bold"), Text(story.subtitle, style="dim"), sep="  ")
    if story.warning:
        console.print(Text(f"◆ {story.warning}", style="bold"))
    console.print(Text.assemble((f"{SIGNS[answer.tone]} ", "bold"), (answer.verdict, "bold")))
    console.print(Padding(Text(answer.sentences[0]), (0, 0, 0, 2)))
    for section in story.sections:
        for figure in section.figures:
            if figure.table is not None:
                console.print()
                console.print(Text(figure.title, style="bold"))
                console.print(Padding(Text(figure.sentence, style="dim"), (0, 0, 0, 2)))
                console.print(Padding(rich_table(figure.table, most=len(figure.table.rows)), (1, 0, 0, 2)))
        for sentence in section.sentences:
            console.print()
            console.print(Text(sentence))


def frontier_story(found: FrontierShown) -> Story:
    """Tell how much the one goal costs of the other: the answer with its picture, the corners, what changes along the curve, and what to know."""
    shown, settings, made = found.shown, found.shown.economy.settings, found.frontier
    one, other = (side.name for side in found.sides)
    changes = _changes(found)
    notes = tuple(note.sentence for note in made.notes)
    means = " A share is the mean over the plan's periods, each counting alike." if max(len(side.periods) for side in found.sides) > 1 else ""
    sections = [
        Section("corners", "The corners", (), (_corners(found),)),
        *([Section("changes", "What changes along the curve", (), (changes,))] if changes is not None else []),
        Section(
            "to-know",
            "To know",
            (
                f"{_READ} {_OTHERS[made.others]}{means} Minima, floors of stocks and fixed numbers hold as in the plan.",
                *notes,
                f"{made.outcome.method[:1].upper()}{made.outcome.method[1:]}.",
            ),
        ),
    ]
    return Story(
        title=settings.name,
        subtitle=f"{one} against {other}: the most of the one for each amount of the other",
        facts=(("First", made.first.label), ("Second", made.second.label), ("Other goals", made.others), ("Made on", f"{day(shown)}, groundplan {shown.version}")),
        warning=f"Simulated economy. {settings.note or 'Every place, unit and figure is made up.'}" if settings.simulated else "",
        note="" if settings.simulated else settings.note,
        opening=None,
        answers=(_answer(found),),
        sections=sections,
        foot=f"{settings.name}, {one} against {other}, {day(shown)}, groundplan {shown.version}",
    )


def _answer(found: FrontierShown) -> Answer:
    rows = _corner_rows(found)
    if len(rows) > 1:
        verdict, tone = "They compete", "measured"
    elif min(rows[0]["first_share"], rows[0]["second_share"]) > 1.0 - 1e-7:
        losing = rows[0]["others_worse"]
        verdict, tone = (f"Both can be had in full, for less of {counted(losing, 'other goal')}", "measured") if losing else ("Both can be had in full", "good")
    else:
        verdict, tone = "They do not compete", "measured"
    return Answer("What does the one cost of the other?", verdict, tone, (found.frontier.outcome.sentence,), _picture(found, rows))


def _picture(found: FrontierShown, rows: list[dict[str, Any]]) -> Figure:
    names = [side.name for side in found.sides]
    plan = found.frontier.frontier.filter(pl.col("kind") == "plan").row(0, named=True)
    drawn = [
        {"first": row["first_share"], "second": row["second_share"], "text": str(row["point"]) if 1 < len(rows) <= _NUMBERED or row["point"] in (1, len(rows)) else ""}
        for row in rows
    ]
    spec = trade_curve(drawn, [{"first": plan["first_share"], "second": plan["second_share"]}], first=f"{names[0]}, share of the goals", second=f"{names[1]}, share of the goals")
    told = "; ".join(f"corner {row['point']}: {percent(row['first_share'], 1)} and {percent(row['second_share'], 1)}" for row in rows)
    told += f"; the plan: {percent(plan['first_share'], 1)} and {percent(plan['second_share'], 1)}"
    return Figure(
        name="frontier",
        title=f"{names[1]} for {names[0]}",
        sentence=f"Shares of the goals that are met: {names[0]} to the right, {names[1]} upwards. All in the shaded part can be had, nothing beyond it.",
        panels=(Panel(spec, told),),
        source=source_line(found.shown, "frontier between two goals"),
        legend=(("curve", "the most that can be had, with its corners"), ("plan_point", "the plan as it is")),
    )


def _corners(found: FrontierShown) -> Figure:
    table, (one, other) = found.frontier.frontier, found.sides
    scales = [scale_for(table[f"{role}_delivered"].max(), side.measure) for role, side in (("first", one), ("second", other))]  # type: ignore[arg-type]  # the maximum of a column of numbers
    has_others = found.frontier.others == "free" and table["others_share"].null_count() < len(table)
    count = int((table["kind"] == "corner").sum())
    competes, rows = count > 1, []
    for row in [*table.filter(pl.col("kind") == "corner").iter_rows(named=True), *table.filter(pl.col("kind") == "plan").iter_rows(named=True)]:
        rate, share = row["second_per_first"], row["share_per_share"]
        cells = [str(row["point"]) if row["point"] else "plan"]
        for role, scale in zip(("first", "second"), scales, strict=True):
            cells += [plain(row[f"{role}_delivered"] / scale.divisor, 4), percent(row[f"{role}_share"], 1).removesuffix(" %")]
        if competes:
            cells += [plain(rate * scales[0].divisor / scales[1].divisor) if rate is not None else MISSING, plain(share) if share is not None else MISSING]
        rows.append((*cells, *([grouped(row["others_worse"])] if has_others else [])))
    prices = (
        Column(f"One more {scales[0].measure or 'unit'} of {one.name} costs", f"{scales[1].measure or 'units'} of {other.name}"),
        Column(f"One more point of {one.name} costs", f"points of {other.name}"),
    )
    columns = [
        words("Corner"),
        *(column for side, scale in zip(found.sides, scales, strict=True) for column in (Column(side.name, scale.measure), Column("of the goals", "%"))),
        *(prices if competes else ()),
        *([Column("Other goals served less")] if has_others else []),
    ]
    summed = "Amounts are summed over the periods." if max(len(side.periods) for side in found.sides) > 1 else "" if competes else "What is delivered of both, beside the plan."
    rising = " The price of the one in the other rises from corner to corner: first comes what costs least." if competes else ""
    return Figure(
        name="table-corners",
        title=f"{counted(count, 'corner')}, and what one more of {one.name} costs from each to the next" if competes else "One corner: as much of both as there can be",
        sentence=f"{summed}{rising}".strip(),
        table=Table(tuple(columns), tuple(rows), f"Corners of the frontier between {one.name} and {other.name}", is_ranked=False),
        source=source_line(found.shown, "frontier between two goals"),
    )


def _changes(found: FrontierShown) -> Figure | None:
    """List the goals that get another share somewhere along the curve than in the plan, the largest changes first: at both ends, beside the plan."""
    goals, names = found.frontier.frontier_goals, names_of(found.shown.economy)
    last = int(goals["point"].max())  # type: ignore[arg-type]  # the maximum of a column of numbers
    share = goals.with_columns((pl.col("delivered") / pl.col("goal")).alias("share"), (pl.col("planned") / pl.col("goal")).alias("before"))
    ends = share.filter(pl.col("point") == 1).join(share.filter(pl.col("point") == last).select("product", "period", end="share"), on=["product", "period"])
    ends = ends.with_columns(pl.max_horizontal((pl.col("share") - pl.col("before")).abs(), (pl.col("end") - pl.col("before")).abs()).alias("moved")).filter(
        pl.col("moved") > _SLIGHT
    )
    if ends.is_empty():
        return None
    ranked = ends.sort("moved", "product", "period", descending=[True, False, False])
    rows = tuple(
        (
            names.product_both(row["product"]),
            row["period"],
            str(row["priority"]),
            *(percent(row[name]).removesuffix(" %") for name in ("before", "share", *(["end"] if last > 1 else []))),
        )
        for row in ranked.head(_MOST_ROWS).iter_rows(named=True)
    )
    at_ends = [Column(f"At corner {point}", "% of the goal") for point in ((1, last) if last > 1 else (1,))]
    many = f" The first {len(rows)} of {grouped(len(ranked))}; the workbook has all goals at all corners." if len(ranked) > len(rows) else ""
    return Figure(
        name="table-changes",
        title=f"{counted(len(ranked), 'goal')} {'gets' if len(ranked) == 1 else 'get'} more or less at an end of the curve than in the plan",
        sentence=f"What a corner leaves open goes to the other goals, an earlier priority first.{many}",
        table=Table((words("Product"), words("Period"), Column("Priority"), Column("In the plan", "% of the goal"), *at_ends), rows, "Goals that change along the curve"),
        source=source_line(found.shown, "frontier between two goals"),
    )


def _corner_rows(found: FrontierShown) -> list[dict[str, Any]]:
    return found.frontier.frontier.filter(pl.col("kind") == "corner").to_dicts()
