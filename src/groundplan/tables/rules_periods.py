"""Rules on time: periods that parse, do not overlap and fit the plan; dates that have been."""

from __future__ import annotations

import re
from datetime import date, timedelta

import polars as pl

from groundplan.errors import Fault
from groundplan.period import parse_period
from groundplan.tables.facts import FACTS
from groundplan.tables.faulty import Frames, row_faults

__all__ = ["check_periods", "period_bounds"]

PLAN_TABLES = ("goals", "resources", "trade", "fixed")
"""Tables whose periods are plan periods."""

_KEYS_OF_TIME = {
    "reports": ["unit", "product", "indicator"],
    "targets": ["plan", "version", "unit", "product", "indicator"],
    "proxies": ["unit", "indicator"],
    "flows": ["product", "kind"],
    "goals": ["product"],
    "resources": ["resource", "region"],
    "trade": ["product"],
    "fixed": ["flow", "item"],
}
"""What has one value at a time: a table's key without its period (and without the version of a report)."""

_OF_OUTPUT = {"findings": "measure", "claims": "theme"}
"""What is found or said of capacities may be of a period to come."""

_EARLIEST = date(1900, 1, 1)
_FORMS = "2020, 2020-H1, 2020-Q3, 2020-08 or 2020-08-14"
_BOUNDS = {"period": pl.String, "start": pl.Date, "end": pl.Date, "length": pl.String}
_SERIAL = re.compile(r"[2-6]\d{4}(\.0+)?")


def check_periods(frames: Frames) -> list[Fault]:
    """Check all periods and dates."""
    faults: list[Fault] = []
    for table, schema in FACTS.items():
        for name, column in schema.columns().items():
            if (column.metadata or {}).get("period"):
                faults += _unreadable(table, name, frames[table][name])
    for table, keys in _KEYS_OF_TIME.items():
        faults += _overlaps(frames, table, keys)
    for table in PLAN_TABLES:
        faults += _outside_plan(frames, table)
    return faults + _lines_turned_round(frames) + _dates_to_come(frames) + _periods_to_come(frames)


def period_bounds(values: pl.Series) -> pl.DataFrame:
    """Parse the distinct periods of a column: columns period, start, end (the day after), length; what does not parse is left out."""
    rows = []
    for text in values.drop_nulls().unique().sort():
        try:
            period = parse_period(text)
        except ValueError:
            continue
        rows.append({"period": text, "start": period.start, "end": period.end, "length": period.length})
    return pl.DataFrame(rows, schema=_BOUNDS)


def _with_bounds(frame: pl.DataFrame, name: str = "period") -> pl.DataFrame:
    bounds = period_bounds(frame[name]).rename({"period": name})
    return frame.join(bounds, on=name, how="left", maintain_order="left")


def _unreadable(table: str, name: str, values: pl.Series) -> list[Fault]:
    distinct = values.drop_nulls().unique()
    readable = period_bounds(distinct)["period"]
    bad = values.is_not_null() & (values != "") & ~values.is_in(readable.implode())
    sample = values.filter(bad.fill_null(value=False)).head(1).to_list()
    remedy = _period_remedy(sample[0]) if sample else ""
    return row_faults(table, name, "period", bad, found=values, expected=f"a period: {_FORMS}", remedy=remedy)


def _period_remedy(text: str) -> str:
    if _SERIAL.fullmatch(text):
        day = date(1899, 12, 30) + timedelta(days=int(float(text)))
        return f"A spreadsheet has stored a date as the number {text}, which is {day}: write {day:%Y-%m} and format the column as text."
    if re.search(r"\d{1,4}[./]\d{1,2}[./]\d{1,4}|[A-Za-z]{3,}.?\d{2,4}| \d\d:\d\d", text):
        return "A spreadsheet has turned periods into dates: format the column as text and write the periods again."
    if match := re.fullmatch(r"(\d{4})[-/.]?(\d)", text):
        return f"Write months with two digits: {match[1]}-0{match[2]}."
    if match := re.fullmatch(r"(?i)(\d{4})[ /-]?([QH][1-4])", text):
        return f"Write {match[1]}-{match[2].upper()}."
    return f"Write one of the forms {_FORMS}."


def _overlaps(frames: Frames, table: str, keys: list[str]) -> list[Fault]:
    """Find periods of one key that overlap: sorted by start, each must begin when all before it have ended, and end before the next begins."""
    frame = frames[table]
    lengths = period_bounds(frame["period"])
    if lengths["length"].n_unique() < 2:
        return []
    pairs = frame.select([*keys, "period"]).unique().join(lengths, on="period").sort(*keys, "start", "end", descending=[False] * (len(keys) + 1) + [True])
    into = pl.col("start") < pl.col("end").cum_max().shift(1).over(keys)
    beyond = pl.col("end") > pl.col("start").shift(-1).over(keys)
    late = pairs.filter(into | beyond).select([*keys, "period"]).unique().with_columns(overlaps=pl.lit(value=True))
    joined = frame.select([*keys, "period"]).join(late, on=[*keys, "period"], how="left", nulls_equal=True, maintain_order="left")
    bad = joined["overlaps"].fill_null(value=False)
    faults = row_faults(
        table,
        "period",
        "overlapping_periods",
        bad,
        found=joined.select(pl.struct([*keys, "period"])).to_series(),
        expected=f"periods that do not overlap for one {', '.join(keys)}",
        remedy="Keep either the long period or the short ones it holds: both would be counted.",
    )
    if faults or table in PLAN_TABLES:
        return faults
    counts = ", ".join(f"{row['len']} of a {row['length']}" for row in _with_bounds(frame).drop_nulls("length").group_by("length").len().sort("length").to_dicts())
    expected = "periods of one length"
    return [Fault(table, "period", "mixed_period_lengths", len(frame), (), counts, expected, "Check that this is meant; results are by the periods of the table.", "warning")]


def _outside_plan(frames: Frames, table: str) -> list[Fault]:
    settings = frames.settings
    bounds = _with_bounds(frames[table])
    wrong = bounds["length"] != settings.period_length
    plan = settings.plan_periods()
    outside = ~wrong & ((bounds["start"] < plan[0].start) | (bounds["end"] > plan[-1].end))
    remedy = f"Write plan periods; base_period in groundplan.toml is {settings.base_period}, so a plan period is a {settings.period_length}."
    faults = row_faults(table, "period", "not_a_plan_period", wrong, found=bounds["period"], expected=f"a {settings.period_length}", remedy=remedy)
    expected = f"{plan[0]} to {plan[-1]}, the horizon of the plan"
    remedy = "No step reads these rows. Move base_period or horizon in groundplan.toml if they are meant."
    return faults + row_faults(table, "period", "outside_horizon", outside, found=bounds["period"], expected=expected, remedy=remedy, severity="warning")


def _lines_turned_round(frames: Frames) -> list[Fault]:
    lines = frames["lines"]
    since = _with_bounds(lines, "since")["start"]
    until = _with_bounds(lines, "until")["end"]
    shown = lines.select(pl.struct("since", "until")).to_series()
    return row_faults("lines", "since, until", "since_after_until", since >= until, found=shown, expected="since no later than until", remedy="Mend one of the two.")


def _dates_to_come(frames: Frames) -> list[Fault]:
    faults: list[Fault] = []
    begun = frames["visits"]["status"].cast(pl.String).is_in(["begun", "done"])
    ended = frames["visits"]["status"].cast(pl.String) == "done"
    places = (("reports", "reported_on", None), ("plans", "adopted_on", None), ("visits", "start", begun), ("visits", "end", ended))
    for table, name, only in places:
        values = frames[table][name]
        bad = values > frames.as_of
        bad = bad if only is None else bad & only
        remedy = "Mend the date, or as_of in groundplan.toml."
        faults += row_faults(table, name, "date_in_future", bad, found=values, expected=f"no later than {frames.as_of}", remedy=remedy)
        faults += row_faults(table, name, "date_too_early", values < _EARLIEST, found=values, expected=f"{_EARLIEST} or later", remedy="Mend the year.")
    return faults


def _periods_to_come(frames: Frames) -> list[Fault]:
    """What is measured of a period cannot be there before the period has begun."""
    faults: list[Fault] = []
    for table in ("reports", "proxies", "findings", "claims", "flows"):
        bounds = _with_bounds(frames[table])
        bad = bounds["start"] > frames.as_of
        if table in _OF_OUTPUT:
            bad = bad & (bounds[_OF_OUTPUT[table]].cast(pl.String) == "output")
        expected = f"a period that has begun by {frames.as_of}"
        remedy = "Mend the period, or as_of in groundplan.toml."
        faults += row_faults(table, "period", "period_in_future", bad, found=bounds["period"], expected=expected, remedy=remedy)
    return faults
