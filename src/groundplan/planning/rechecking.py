"""How rules that a plan must keep are written down: a name, and a table of how far each place is off."""

from __future__ import annotations

import polars as pl

__all__ = ["Check", "at_most", "equal", "where"]

Check = tuple[str, pl.DataFrame]
"""A rule and a table of `where`, `excess` (broken where positive) and `scale`."""


def where(*columns: str) -> pl.Expr:
    """Name a place by its keys."""
    return pl.concat_str([pl.col(column).fill_null("") for column in columns], separator=" ").alias("where")


def equal(table: pl.DataFrame, keys: list[str], left: pl.Expr, right: pl.Expr, scale: pl.Expr | None = None) -> pl.DataFrame:
    """Hold two figures to be the same."""
    size = pl.max_horizontal(left.abs(), right.abs()) if scale is None else scale
    return table.select(where(*keys), (left - right).abs().alias("excess"), size.alias("scale"))


def at_most(table: pl.DataFrame, keys: list[str], left: pl.Expr, right: pl.Expr, scale: pl.Expr | None = None) -> pl.DataFrame:
    """Hold one figure to be no larger than another."""
    size = pl.max_horizontal(left.abs(), right.abs()) if scale is None else scale
    return table.select(where(*keys), (left - right).alias("excess"), size.alias("scale"))
