"""A product over the years: what was reported and estimated, what is planned with its interval, and what the goal would take."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import altair as alt

from groundplan.report.charts.rows import Rows, finish, percent_axis
from groundplan.report.look import HATCH, paint

__all__ = ["product_years"]


def product_years(rows: Rows, *, top: float) -> dict[str, Any]:
    """Draw one panel of the small multiples; all panels share their periods and `top`.

    Args:
        rows: `period`, `position` (0, 1, 2 ...), and as shares of the product's base (1 = the base): `reported`, `estimated`,
            `estimated_lower` and `estimated_upper` for the past; `planned`, `lower_90`, `upper_90` and `needed` (planned output plus what
            the goal lacks) for the plan; null or absent where a period has none.
        top: top of the scale; what lies above is drawn at it.
    """
    # Panels differ in their data only, so what they share is made once.
    there = frozenset(name for name in ("lower_90", "needed", "estimated", "reported") if any(row.get(name) is not None for row in rows))
    return _frame(there, rows[0]["period"], rows[-1]["period"], rows[-1]["position"], top) | {"data": {"values": [dict(row) for row in rows]}}


@lru_cache(maxsize=64)
def _frame(there: frozenset[str], first_period: str, last_period: str, last: int, top: float) -> dict[str, Any]:
    """Make a panel without its data; `there` are the series that it has besides the plan."""
    # Labels are ISO periods, so they hold no quotes.
    ends = alt.Axis(title=None, grid=False, values=[0, last], labelExpr=f"datum.value == 0 ? '{first_period}' : '{last_period}'")
    x = alt.X("position:Q", scale=alt.Scale(domain=[0, last], nice=False, padding=8), axis=ends)
    scale = alt.Scale(domain=[0, top], nice=False, clamp=True)
    axis = percent_axis(values=[value for value in (0, 1, 2) if value <= top + 1e-9])

    def y(name: str) -> alt.Y:
        return alt.Y(f"{name}:Q", scale=scale, axis=axis, stack=None)

    def having(name: str) -> alt.Chart:
        return alt.Chart().transform_filter(f"isValid(datum.{name})")

    layers = []
    if "lower_90" in there:
        layers.append(having("lower_90").mark_area(color=paint("band90")).encode(x=x, y=y("lower_90"), y2="upper_90:Q"))
    if "needed" in there:
        layers.append(having("needed").mark_area(color=HATCH).encode(x=x, y=y("planned"), y2="needed:Q"))
        layers.append(having("needed").mark_line(color=paint("ink"), strokeWidth=1.5).encode(x=x, y=y("needed")))
    layers.append(having("planned").mark_line(color=paint("blue"), strokeWidth=2.75).encode(x=x, y=y("planned")))
    if "estimated" in there:
        layers.append(having("estimated").mark_rule(color=paint("band50"), strokeWidth=5).encode(x=x, y=y("estimated_lower"), y2="estimated_upper:Q"))
        layers.append(having("estimated").mark_point(filled=True, color=paint("blue"), opacity=1, size=60).encode(x=x, y=y("estimated")))
    if "reported" in there:
        layers.append(having("reported").mark_point(filled=True, fill=paint("paper"), stroke=paint("reported"), strokeWidth=1.75, opacity=1, size=60).encode(x=x, y=y("reported")))
    return finish(layers, [], height=130)
