"""A product over the years: what was reported and estimated, what is planned with its interval, and what the goal would take."""

from __future__ import annotations

from typing import Any

import altair as alt

from groundplan.report.charts.rows import Rows, finish
from groundplan.report.look import HATCH, paint

__all__ = ["product_years"]


def product_years(rows: Rows, *, top: float) -> dict[str, Any]:
    """Draw one panel of the small multiples; all panels share their periods and `top`.

    Args:
        rows: `period`, `position` (0, 1, 2 ...), and as shares of the product's base (1 = the base): `reported`, `estimated` and `planned` with `lower_90`, `upper_90`,
            `needed` (planned output plus what the goal lacks); null where a period has none.
        top: top of the scale; what lies above is cut off.
    """
    # Numbers on a continuous scale and labels of the periods on it: a band scale would leave no room for a line's ends.
    x = alt.X("position:Q", scale=alt.Scale(nice=False, padding=6), axis=alt.Axis(title=None, grid=False, values=[0, rows[-1]["position"]], labelExpr=_labels(rows)))
    scale = alt.Scale(domain=[0, top], nice=False, clamp=True)
    axis = alt.Axis(format=".0%", values=[value for value in (0, 1, 2) if value <= top + 1e-9], title=None)
    y = alt.Y("planned:Q", scale=scale, axis=axis)
    band = alt.Chart().mark_area(color=paint("band90")).encode(x=x, y=alt.Y("lower_90:Q", scale=scale, axis=axis), y2="upper_90:Q")
    gap = alt.Chart().transform_filter("isValid(datum.needed)").mark_area(color=HATCH).encode(x=x, y=y, y2="needed:Q")
    needed = alt.Chart().transform_filter("isValid(datum.needed)").mark_line(color=paint("ink"), strokeWidth=1.25).encode(x=x, y=alt.Y("needed:Q", scale=scale, axis=axis))
    line = alt.Chart().transform_filter("isValid(datum.planned)").mark_line(color=paint("blue"), strokeWidth=2.5).encode(x=x, y=y)
    past = alt.Chart().transform_filter("isValid(datum.estimated)")
    whisker = past.mark_rule(color=paint("band50"), strokeWidth=4).encode(x=x, y=alt.Y("estimated_lower:Q", scale=scale, axis=axis), y2="estimated_upper:Q")
    estimated = past.mark_point(filled=True, color=paint("blue"), opacity=1, size=60).encode(x=x, y=alt.Y("estimated:Q", scale=scale, axis=axis))
    reported = (
        alt.Chart()
        .transform_filter("isValid(datum.reported)")
        .mark_point(filled=True, fill=paint("paper"), stroke=paint("reported"), strokeWidth=1.75, opacity=1, size=60)
        .encode(x=x, y=alt.Y("reported:Q", scale=scale, axis=axis))
    )
    return finish([band, gap, needed, line, whisker, estimated, reported], rows, height=130)


def _labels(rows: Rows) -> str:
    # Labels are ISO periods, so they hold no quotes.
    return f"datum.value == 0 ? '{rows[0]['period']}' : '{rows[-1]['period']}'"
