"""Which periods lie inside which: months to the years of a plan."""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

from groundplan.period import parse_period

__all__ = ["enclosing_periods"]


def enclosing_periods(inner: Iterable[str], outer: Iterable[str]) -> pl.DataFrame:
    """Match each inner period with the outer periods that wholly contain it.

    Returns:
        `period` (inner), `outer`, `length` of the inner period in days and `position`: the middle of the inner period as a
        share of the outer one, 0 to 1. Sorted; an inner period that no outer one contains is left out.
    """
    wide = [(text, parse_period(text)) for text in sorted(set(outer))]
    rows = []
    for text in sorted(set(inner)):
        period = parse_period(text)
        for label, around in wide:
            if around.contains(period):
                middle = ((period.start - around.start).days + period.days / 2) / around.days
                rows.append({"period": text, "outer": label, "length": period.days, "position": middle})
    return pl.DataFrame(rows, schema={"period": pl.String, "outer": pl.String, "length": pl.Int64, "position": pl.Float64})
