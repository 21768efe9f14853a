"""Which inputs differ between two economies: how many rows of each table, and cell by cell."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import polars as pl

from groundplan.planning.exchange import EVIDENCE, GROUPS, SETTINGS, Exchange, meaningful_columns
from groundplan.tables.facts import FACTS
from groundplan.tables.results import ChangedCells, InputChanges
from groundplan.tables.settings import Settings

__all__ = ["changed_inputs"]

_FILE = "groundplan.toml"


def changed_inputs(exchange: Exchange) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Write the result tables `input_changes` and `changed_cells`."""
    cause_of = {part: cause for cause, parts in exchange.causes.items() for part in parts}
    counts, cells = [], [_changed_settings(exchange, cause_of)]
    for table in FACTS:
        rows = _unlike_rows(exchange, table, cause_of)
        if rows.is_empty():
            continue
        counts.append(rows.group_by("cause").agg(pl.lit(table).alias("table"), *(pl.col(name).sum().cast(pl.Int64) for name in ("added", "removed", "altered"))))
        if GROUPS.get(table) != EVIDENCE:
            cells += _cells(rows, table)
    changed = pl.concat(cells)
    if len(cells[0]):
        counts.append(
            cells[0].group_by("cause", "table").agg(pl.lit(0).cast(pl.Int64).alias("added"), pl.lit(0).cast(pl.Int64).alias("removed"), pl.len().cast(pl.Int64).alias("altered"))
        )
    summed = pl.concat([InputChanges.create_empty().drop("largest"), *(frame.select("cause", "table", "added", "removed", "altered") for frame in counts)])
    order = {cause: place for place, cause in enumerate((*exchange.causes, ""))}
    by_cause = (pl.col("cause").replace_strict(order, default=len(order)), pl.col("table"))
    summed = summed.join(_largest(changed), on=["cause", "table"], how="left").select(InputChanges.column_names()).sort(by_cause)
    return summed, changed.sort(*by_cause, "key", "column")


def _unlike_rows(exchange: Exchange, table: str, cause_of: dict[str, str]) -> pl.DataFrame:
    """Give the rows that differ, both sides side by side, with what became of them and the cause to which they belong."""
    key, columns = FACTS[table].primary_key(), meaningful_columns(table)
    sides = [economy.tables()[table].select(*columns, exchange.owners[table].alias("part"), pl.lit(value=True).alias("there")) for economy in (exchange.before, exchange.after)]
    joined = sides[0].join(sides[1], on=key, how="full", coalesce=True, suffix="_after")
    added, removed = pl.col("there").is_null(), pl.col("there_after").is_null()
    unlike = pl.any_horizontal(pl.lit(value=False), *(pl.col(name).ne_missing(pl.col(f"{name}_after")) for name in columns if name not in key))
    joined = joined.with_columns(added.alias("added"), removed.alias("removed"), (unlike & ~added & ~removed).alias("altered"))
    cause = pl.coalesce("part_after", "part").replace_strict(cause_of, default="", return_dtype=pl.String).fill_null("")
    return joined.filter(pl.any_horizontal("added", "removed", "altered")).with_columns(cause.alias("cause"))


def _cells(rows: pl.DataFrame, table: str) -> list[pl.DataFrame]:
    key = FACTS[table].primary_key()
    row = pl.concat_str([pl.col(name).cast(pl.String) for name in key], separator=", ")
    frames = []
    for name, column in FACTS[table].columns().items():
        if name in key or name not in meaningful_columns(table):
            continue
        before, after = pl.col(name), pl.col(f"{name}_after")
        ratio = after.cast(pl.Float64) / before.cast(pl.Float64) if column.dtype.is_numeric() else pl.lit(None, dtype=pl.Float64)
        found = rows.filter(before.ne_missing(after))
        frames.append(
            found.select(
                "cause", pl.lit(table).alias("table"), row.alias("key"), pl.lit(name).alias("column"), _text(before).alias("before"), _text(after).alias("after"), _finite(ratio)
            )
        )
    return frames


def _changed_settings(exchange: Exchange, cause_of: dict[str, str]) -> pl.DataFrame:
    rows = []
    for part, names in SETTINGS.items():
        for name in (field.name for field in fields(Settings) if field.name in names):
            before, after = (getattr(economy.settings, name) for economy in (exchange.before, exchange.after))
            if before != after:
                ratio = after / before if all(isinstance(value, int | float) for value in (before, after)) and before else None
                shown = [None if value is None else str(value) for value in (before, after)]
                rows.append({"cause": cause_of[part], "table": _FILE, "key": "", "column": name, "before": shown[0], "after": shown[1], "ratio": ratio})
    return pl.DataFrame(rows, schema=dict(ChangedCells.create_empty().schema))


def _largest(cells: pl.DataFrame) -> pl.DataFrame:
    """Say in words which cell of each cause and table differs most, by ratio; what is new or gone comes after what both have."""
    ranked = cells.sort(pl.col("ratio").log().abs().fill_null(-1.0), "key", "column", descending=[True, False, False])
    first = ranked.group_by("cause", "table", maintain_order=True).first()
    return first.select("cause", "table", pl.Series("largest", [_told(row) for row in first.iter_rows(named=True)], dtype=pl.String))


def _told(cell: dict[str, Any]) -> str:
    where = f"{cell['key']}: {cell['column']}" if cell["key"] else cell["column"]
    if cell["before"] is None or cell["after"] is None:
        return f"{where} {cell['after']} (new)" if cell["before"] is None else f"{where} {cell['before']} (gone)"
    if cell["ratio"] is None:
        return f"{where} {cell['before']} to {cell['after']}"
    by = f"{100 * (cell['ratio'] - 1):+.3g} %".replace("-", "−") if cell["ratio"] < 10 else f"{cell['ratio']:.3g} times as much"
    return f"{where} {_grouped(cell['before'])} to {_grouped(cell['after'])}, {by}"


def _grouped(figure: str) -> str:
    value = float(figure)
    return f"{value:,.0f}" if abs(value) >= 1e5 else f"{value:.6g}"


def _text(value: pl.Expr) -> pl.Expr:
    return value.cast(pl.String).str.strip_suffix(".0")


def _finite(ratio: pl.Expr) -> pl.Expr:
    return pl.when(ratio.is_finite()).then(ratio).alias("ratio")
