"""Whose report covers whose lines and findings: a workshop's line belongs to the enterprise that reports for it."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from groundplan.period import parse_period
from groundplan.tables.economy import Economy
from groundplan.tables.facts import CLAIM_THEMES

__all__ = ["Bearers", "find_bearers"]

_MOST_LEVELS = 20


@dataclass(frozen=True, slots=True, eq=False)
class Bearers:
    """Series, and what belongs to each.

    Args:
        series: unit, product; sorted, distinct: position = row.
        lines: the table lines in its order, with product (main product of the recipe: its first output), per_activity (output of that
            product per unit of activity: amount x efficiency) and series (position, null where the recipe makes nothing).
        outputs: line, series, per_activity, capacity, active for all outputs of each line whose series exists; active: the line can run in
            the base period.
        findings: the table findings with series (position) and covers (False where the unit is only a part of what the series reports).
        claims: claims of output and capacity, their scope as unit, with series (null where nobody at or above it reports) and covers.
    """

    series: pl.DataFrame
    lines: pl.DataFrame
    outputs: pl.DataFrame
    findings: pl.DataFrame
    claims: pl.DataFrame


def find_bearers(economy: Economy, pairs: pl.DataFrame) -> Bearers:
    """Find the series of all reports, lines and findings.

    A line or finding belongs to its own unit's report of the product; where there is none, to that of the nearest unit above; where
    there is none either, to a series of its own that nobody reports.

    Args:
        economy: the tables.
        pairs: unit and product of all that is reported, each pair once.
    """
    parents = economy.units.unique("unit", keep="first", maintain_order=True).select("unit", "parent")
    outs = economy.recipes.filter(pl.col("role").cast(pl.String) == "out").select("recipe", pl.col("item").alias("product"), "amount")
    base = economy.settings.base
    line_table = economy.lines.with_columns(active=_active(economy.lines, base.start.isoformat(), base.end.isoformat()))
    outputs = line_table.join(outs, on="recipe", how="inner", maintain_order="left").with_columns(per_activity=pl.col("amount") * pl.col("efficiency"))
    main = outs.unique("recipe", keep="first", maintain_order=True)
    findings = economy.findings
    claims = economy.claims.filter(pl.col("theme").is_in(CLAIM_THEMES) & pl.col("mean").is_not_null()).rename({"scope": "unit"})
    wanted = pl.concat([outputs.select("unit", "product"), findings.select("unit", "product"), claims.select("unit", "product")]).unique()
    bearer = _climb(wanted, pairs, parents)
    made = outputs.join(main.select("recipe", "product"), on=["recipe", "product"], how="semi").select("unit", "product").unique()
    found = findings.select("unit", "product").unique()
    bearing = bearer.join(pl.concat([made, found]).unique(), on=["unit", "product"], how="semi").select(pl.col("bearer").alias("unit"), "product")
    series = pl.concat([pairs, bearing]).unique().sort("unit", "product")
    place = series.with_row_index("series").with_columns(pl.col("series").cast(pl.Int64)).rename({"unit": "bearer"})
    bearer = bearer.join(place, on=["bearer", "product"], how="left")
    outputs = outputs.join(bearer, on=["unit", "product"], how="left", maintain_order="left")
    parts = outputs.group_by("bearer", "product").agg(pl.col("unit").n_unique().alias("parts"))
    lines = line_table.join(main, on="recipe", how="left", maintain_order="left").join(bearer, on=["unit", "product"], how="left", maintain_order="left")

    def placed(rows: pl.DataFrame) -> pl.DataFrame:
        joined = rows.join(bearer, on=["unit", "product"], how="left", maintain_order="left").join(parts, on=["bearer", "product"], how="left", maintain_order="left")
        return joined.with_columns(covers=(pl.col("unit") == pl.col("bearer")) | (pl.col("parts").fill_null(1) <= 1))

    return Bearers(
        series=series,
        lines=lines.with_columns(per_activity=pl.col("amount") * pl.col("efficiency")),
        outputs=outputs.filter(pl.col("series").is_not_null()).select("line", "series", "per_activity", "capacity", "active"),
        findings=placed(findings),
        claims=placed(claims),
    )


def _climb(wanted: pl.DataFrame, pairs: pl.DataFrame, parents: pl.DataFrame) -> pl.DataFrame:
    """Give the nearest unit at or above that reports the product, as the column bearer; the unit itself where none does."""
    reported = pairs.with_columns(reports=pl.lit(value=True)).rename({"unit": "at"})
    open_rows = wanted.with_columns(pl.col("unit").alias("at"))
    done = []
    for _ in range(_MOST_LEVELS):
        marked = open_rows.join(reported, on=["at", "product"], how="left")
        done.append(marked.filter(pl.col("reports")).select("unit", "product", pl.col("at").alias("bearer")))
        open_rows = marked.filter(pl.col("reports").is_null()).join(parents.rename({"unit": "at"}), on="at", how="left")
        open_rows = open_rows.select("unit", "product", pl.col("parent").alias("at")).filter(pl.col("at").is_not_null())
        if open_rows.is_empty():
            break
    found = pl.concat(done)
    rest = wanted.join(found, on=["unit", "product"], how="anti")
    return pl.concat([found, rest.select("unit", "product", pl.col("unit").alias("bearer"))])


def _active(lines: pl.DataFrame, start: str, end: str) -> pl.Series:
    """Say which lines can run in some of the base period, by the dates of `since` and `until`."""

    def bound(name: str, side: str) -> pl.Series:
        labels = lines[name].drop_nulls().unique().to_list()
        lookup = pl.DataFrame({name: labels, "day": [getattr(parse_period(label), side).isoformat() for label in labels]}, schema={name: pl.String, "day": pl.String})
        return lines.select(name).join(lookup, on=name, how="left", maintain_order="left")["day"]

    since, until = bound("since", "start"), bound("until", "end")
    return ((since.is_null() | (since < end)) & (until.is_null() | (until > start))).alias("active")
