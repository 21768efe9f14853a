"""What matters most first: one bar a thing, from zero."""

from __future__ import annotations

from typing import Any

import altair as alt

from groundplan.report.charts.rows import BAR_OFFSET, Rows, finish, named_rows, row_axis
from groundplan.report.look import paint

__all__ = ["ranked_bars"]


def ranked_bars(rows: Rows, *, title: str, number_format: str = ".1~f") -> dict[str, Any]:
    """Draw one bar a row, in the order of the rows.

    Args:
        rows: `label`, `text`, `value` (>= 0) and `solid` (False draws the bar hollow).
        title: what the length means, with its unit of measure.
        number_format: of the axis, as d3-format writes it.
    """
    x = alt.X("value:Q", scale=alt.Scale(zero=True, nice=True), axis=alt.Axis(title=title, format=number_format, tickCount=4, titleAnchor="start"))
    solid = alt.Chart().transform_filter("datum.solid").mark_bar(yOffset=BAR_OFFSET, height=16, color=paint("blue")).encode(x=x, y=row_axis())
    hollow = (
        alt.Chart().transform_filter("!datum.solid").mark_bar(yOffset=BAR_OFFSET, height=16, color=paint("paper"), stroke=paint("blue"), strokeWidth=2).encode(x=x, y=row_axis())
    )
    return finish([solid, hollow, *named_rows()], rows)
