"""Tables for the terminal: faults of a check, and the three answers of a run."""

from __future__ import annotations

from collections.abc import Sequence

from rich import box
from rich.console import Console, Group
from rich.padding import Padding
from rich.table import Table as RichTable
from rich.text import Text

from groundplan.errors import Fault
from groundplan.report.answers import NOT_ASKED
from groundplan.report.blocks import SIGNS, Answer, Figure, Table
from groundplan.report.content import ReportInput
from groundplan.report.story import tell_story

__all__ = ["rich_table", "show_faults", "show_summary"]

_WIDE = 140
_MOST_ROWS, _MOST_SECTORS = 6, 30
_STYLES = {"good": "bold green", "short": "bold dark_orange", "measured": "bold blue", "unknown": "bold"}


def show_faults(faults: Sequence[Fault], console: Console) -> None:
    """Show all that is wrong with an economy: where, how often, what was found and expected, what to do.

    A wide terminal gets one row a fault; a narrow one, or a pipe, a block of lines a fault, so that nothing is cut.
    """
    ordered = sorted(faults, key=lambda fault: fault.severity != "fault")
    broken = sum(fault.severity == "fault" for fault in ordered)
    warned = len(ordered) - broken
    counts = [text for text in (_count(broken, "fault"), _count(warned, "warning")) if text]
    console.print(Text(", ".join(counts) or "No faults, no warnings", style="bold"))
    if console.width >= _WIDE:
        console.print(_fault_table(ordered))
        return
    for number, fault in enumerate(ordered, 1):
        console.print(_fault_block(number, fault), soft_wrap=False)


def show_summary(shown: ReportInput, console: Console) -> None:
    """Show what was really made, the three answers of a run, with the figures behind each, and what the reader should know."""
    story = tell_story(shown)
    console.print()
    console.print(Text(story.title, style="bold"), Text(story.subtitle, style="dim"), sep="  ")
    if story.warning:
        console.print(Text(f"◆ {story.warning}", style="bold"))
    if story.note:
        console.print(Text(story.note))
    if story.opening is not None:
        console.print()
        # A run with a plan has its answers to show; the table by sector is in its report.
        console.print(_answer(story.opening, with_table=not shown.has("outputs")))
    for answer in (answer for answer in story.answers if answer.verdict != NOT_ASKED):
        console.print()
        console.print(_answer(answer))
    doubts = next((figure for section in story.sections for figure in section.figures if figure.name == "suspects"), None)
    # Where there is a plan, its answers come first, and whose reports to doubt stands in its report.
    if doubts is not None and doubts.table is not None and not shown.has("outputs"):
        console.print()
        console.print(Text(doubts.title, style="bold"))
        for unit, off, evidence in doubts.table.rows[:_MOST_ROWS]:
            console.print(_hanging("·", "bold", f"{unit}, off by {off} %: {evidence}."))
        console.print(Padding(Text("All are in the table 'suspects' of the run."), (0, 0, 0, 2)))
    notes = [note for note in shown.table("notes").iter_rows(named=True) if note["severity"] != "info"]
    if notes or shown.faults:
        console.print()
        console.print(Text("To know", style="bold"))
        for note in notes:
            sign, style = ("!", "bold dark_orange") if note["severity"] == "alert" else ("·", "bold")
            console.print(_hanging(sign, style, note["sentence"]))
        if shown.faults:
            console.print(_hanging("·", "bold", f"{_count(len(shown.faults), 'warning')} of the check; 'groundplan check' lists them."))


def _fault_table(faults: Sequence[Fault]) -> RichTable:
    table = RichTable(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, header_style="bold")
    table.add_column("", no_wrap=True)
    table.add_column("Table.column", overflow="fold", min_width=12)
    table.add_column("Rule", overflow="fold", min_width=10)
    table.add_column("Count", justify="right", no_wrap=True)
    table.add_column("Rows", overflow="fold", min_width=6)
    for head in ("Found", "Expected", "What to do"):
        table.add_column(head, overflow="fold", ratio=1)
    for fault in faults:
        sign, style = _fault_sign(fault)
        cells = (_where(fault), fault.rule, f"{fault.count:,}", _rows(fault), fault.found, fault.expected, fault.remedy)
        table.add_row(Text(sign, style=style), *(Text(cell) for cell in cells))
    return table


def _fault_block(number: int, fault: Fault) -> Padding:
    sign, style = _fault_sign(fault)
    head = Text.assemble((f"{sign} {number}. ", style), (_where(fault), "bold"), f"  {fault.rule}", overflow="fold")
    lines = RichTable.grid(padding=(0, 1))
    lines.add_column(style="dim", no_wrap=True)
    lines.add_column(overflow="fold")
    rows = f"{fault.count:,}; first {_rows(fault)}" if fault.rows else ""
    for word, text in (("rows", rows), ("found", fault.found), ("expected", fault.expected), ("do", fault.remedy)):
        if text:
            lines.add_row(word, Text(text))
    return Padding(Group(head, Padding(lines, (0, 0, 0, 3))), (1, 0, 0, 0))


def _fault_sign(fault: Fault) -> tuple[str, str]:
    return ("×", "bold red") if fault.severity == "fault" else ("!", "bold dark_orange")


def _where(fault: Fault) -> str:
    return f"{fault.table}.{fault.column}" if fault.column else fault.table


def _rows(fault: Fault) -> str:
    return ", ".join(map(str, fault.rows)) + (", …" if fault.rows and fault.count > len(fault.rows) else "")


def _count(count: int, word: str) -> str:
    return "" if count == 0 else f"{count:,} {word}{'s' if count > 1 else ''}"


def _answer(answer: Answer, *, with_table: bool = True) -> Group:
    sign, style = SIGNS[answer.tone], _STYLES[answer.tone]
    parts: list[Text | Padding | RichTable] = [Text.assemble((f"{sign} ", style), (answer.question, "bold"), " ", (answer.verdict, style))]
    parts += [Padding(Text(sentence), (0, 0, 0, 2)) for sentence in answer.sentences]
    if with_table and isinstance(answer.figure, Figure) and answer.figure.table is not None and answer.figure.table.rows:
        parts.append(Padding(rich_table(answer.figure.table, most=_MOST_SECTORS if answer.figure.name == "opening" else _MOST_ROWS), (1, 0, 0, 2)))
    return Group(*parts)


def rich_table(table: Table, *, most: int) -> RichTable:
    """Lay out the first rows of a table for the terminal."""
    rich = RichTable(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, header_style="dim")
    for column in table.columns:
        head = f"{column.title}, {column.measure}" if column.measure else column.title
        rich.add_column(Text(head), justify="right" if column.is_number else "left", overflow="fold")
    for row in table.rows[:most]:
        rich.add_row(*(Text(cell) for cell in row))
    return rich


def _hanging(sign: str, style: str, sentence: str) -> RichTable:
    grid = RichTable.grid(padding=(0, 1))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    grid.add_row(Text(sign, style=style), Text(sentence))
    return grid
