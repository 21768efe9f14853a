"""How far the figures can be trusted: calibration, warnings of the check, notes of the steps, methods."""

from __future__ import annotations

import polars as pl

from groundplan.report.blocks import Column, Figure, Section, Table, words
from groundplan.report.content import ReportInput
from groundplan.report.cover import COVER_LEGEND, cover_panel
from groundplan.report.names import Names
from groundplan.report.numbers import MISSING, counted, grouped, percent, plain
from groundplan.report.sources import source_line

__all__ = ["trust_section"]

_MOST = 40


def trust_section(shown: ReportInput, names: Names) -> Section | None:
    """Tell what the figures rest on, and what is missing."""
    figures = [figure for figure in (_calibration(shown, names), _warnings(shown), _notes(shown), _methods(shown), _missing(shown)) if figure is not None]
    return Section("trust", "What the figures rest on", (), tuple(figures)) if figures else None


def _calibration(shown: ReportInput, names: Names) -> Figure | None:
    table = shown.table("calibration")
    if table.is_empty() or not table["findings"].fill_null(0).sum():
        return None
    columns = (
        words("Group"), Column("Findings"), Column("Held back", "units, or capacities"), Column("Cover before", "%"), Column("Cover after", "%"),
        Column("Width of 90 %", "factor"), words("Falls back on"),
    )  # fmt: skip
    cells = tuple(
        (
            _group(row["group"], names), grouped(row["findings"] or 0), grouped(row["units"] or 0), percent(row["raw_cover_90"]).removesuffix(" %"),
            percent(row["cover_90"]).removesuffix(" %"), plain(row["factor_90"]), _group(row["parent"], names) if row["parent"] else MISSING,
        )
        for row in table.head(_MOST).iter_rows(named=True)
    )  # fmt: skip
    covers = [text for group, what in (("all", "output"), ("capacity", "capacity")) if (text := _cover(table, group, what))]
    panel = cover_panel(shown)
    return Figure(
        name="calibration",
        title=f"90 % intervals held {' and '.join(covers)}" if covers else "How honest the intervals are",
        sentence="Each inspected unit was held back in turn and predicted from the others: how often the mean of its findings of output lay inside its interval, "
        "before and after the width was mended. Capacities that were measured on the spot were held back one by one, and may be several in a unit. "
        "The share is one of findings, which have errors of their own; few trials say little.",
        panels=() if panel is None else (panel,),
        table=Table(columns, cells, "Cover of the 90 % intervals", left_out=max(len(table) - _MOST, 0)),
        source=source_line(shown, "findings, held out by unit"),
        legend=() if panel is None else COVER_LEGEND,
    )


def _cover(table: pl.DataFrame, group: str, what: str) -> str:
    row = table.filter((pl.col("group") == group) & pl.col("cover_90").is_not_null() & (pl.col("units") > 0))
    if row.is_empty():
        return ""
    tried = int(row["units"][0])
    return f"for {what} in {grouped(round(row['cover_90'][0] * tried))} of {counted(tried, 'trial')}"


def _group(group: str | None, names: Names) -> str:
    return "" if not group else names.words(group.replace("=", ": "))


def _warnings(shown: ReportInput) -> Figure | None:
    if not shown.faults:
        return None
    columns = (words("Where"), Column("Rows"), words("Found"), words("Expected"), words("What to do"))
    cells = tuple(
        (f"{fault.table}.{fault.column}" if fault.column else fault.table, grouped(fault.count), fault.found, fault.expected, fault.remedy) for fault in shown.faults[:_MOST]
    )
    word = "warning" if len(shown.faults) == 1 else "warnings"
    return Figure(
        "warnings", f"{grouped(len(shown.faults))} {word} of the check", "What the check found odd in the tables without stopping the run.", (),
        Table(columns, cells, "Warnings of the check", left_out=max(len(shown.faults) - _MOST, 0)), source_line(shown, "check of the tables"),
    )  # fmt: skip


def _notes(shown: ReportInput) -> Figure | None:
    notes = shown.table("notes")
    if notes.is_empty():
        return None
    order = pl.col("severity").replace_strict({"alert": 0, "warning": 1}, default=2, return_dtype=pl.Int64)
    ranked = notes.sort(order, maintain_order=True)
    columns = (words(""), words("Step"), words("About"), words("Note"))
    severities = {"alert": "▲ alert", "warning": "! warning", "info": "info"}
    cells = tuple(
        (severities.get(row["severity"], row["severity"]), row["step"], (row["subject"] or "").replace("_", " "), row["sentence"])
        for row in ranked.head(_MOST).iter_rows(named=True)
    )
    return Figure(
        "notes",
        "Notes of the steps",
        "Assumptions, fallbacks and things to know.",
        (),
        Table(columns, cells, "Notes of the steps", left_out=max(len(notes) - _MOST, 0)),
        source_line(shown, "notes of the run"),
    )


def _methods(shown: ReportInput) -> Figure | None:
    outcomes = shown.table("outcomes")
    if outcomes.is_empty():
        return None
    columns = (words("Step"), words("Ended"), words("In words"), words("Method"), Column("Proven gap", "%"))
    cells = tuple((row["step"], row["status"].replace("_", " "), row["sentence"], row["method"], _gap(row["gap"])) for row in outcomes.iter_rows(named=True))
    return Figure(
        "methods",
        "How each step ended",
        "Methods, and how far the plan can be from the best one (proven gap, as a share of the weighted goals).",
        (),
        Table(columns, cells, "Steps"),
        source_line(shown, "outcomes of the run"),
    )


def _gap(gap: float | None) -> str:
    if gap is None:
        return MISSING
    return "none" if gap == 0 else "under 0.0001" if gap < 1e-6 else plain(100 * gap, 2)


def _missing(shown: ReportInput) -> Figure | None:
    empty = [name for name, frame in shown.economy.tables().items() if frame.is_empty()]
    columns = (words("Table"), Column("Rows"))
    cells = tuple((name, grouped(len(frame)) if not frame.is_empty() else "none") for name, frame in shown.economy.tables().items())
    listed = f"No rows in {', '.join(empty)}: what they would tell is not counted." if empty else "Every table has rows."
    return Figure("tables", "The tables that were read", listed, (), Table(columns, cells, "Rows by table", is_ranked=False), source_line(shown, "economy folder"))
