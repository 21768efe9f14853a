"""The most of one goal for each amount of another: a falling curve with its corners, what lies below it, and where the plan stands."""

from __future__ import annotations

from typing import Any

import altair as alt

from groundplan.report.charts.rows import Rows, finish
from groundplan.report.look import paint

__all__ = ["trade_curve"]

_HEIGHT = 420
_ROOM, _LEAST_SPAN = 0.12, 0.02
"""Room around the curve, as a share of its span; and the least span, so that a flat curve does not fill the picture with rounding."""


def trade_curve(corners: Rows, plan: Rows, *, first: str, second: str) -> dict[str, Any]:
    """Draw the curve from its first corner to its last, with all that can be had below it.

    Args:
        corners: `first` and `second` (shares met) and `text` (the corner's number, or nothing), the first rising.
        plan: one row, `first` and `second` of the plan as it is.
        first: what the axis of the first goal says.
        second: what that of the second says.
    """
    (left, right), (bottom, top) = (_domain([float(row[name]) for row in (*corners, *plan)]) for name in ("first", "second"))
    x = alt.X("first:Q", scale=alt.Scale(domain=[left, right], nice=False), axis=_axis(right - left, title=first, titleAnchor="start"))
    upright = _axis(top - bottom, title=second, titleAngle=0, titleAlign="left", titleAnchor="end", titleX=0, titleY=-14)
    y = alt.Y("second:Q", scale=alt.Scale(domain=[bottom, top], nice=False), axis=upright)
    # Less of the first than at the first corner, and less of the second than at the last, can be had as well.
    edge = [(left, float(corners[0]["second"])), *((float(row["first"]), float(row["second"])) for row in corners), (float(corners[-1]["first"]), bottom)]
    rows = [{"place": place, "first": one, "second": other, "floor": bottom} for place, (one, other) in enumerate(edge)]
    limit = alt.Chart(alt.InlineData(values=rows))
    there = alt.Chart(alt.InlineData(values=[dict(row) for row in plan]))
    layers = [
        limit.mark_area(color=paint("band90"), opacity=1).encode(x=x, y=y, y2="floor:Q"),
        limit.mark_line(color=paint("band50"), strokeWidth=2, strokeDash=[5, 4]).encode(x=x, y=y, order="place:Q"),
        alt.Chart().mark_line(color=paint("blue"), strokeWidth=2.75).encode(x=x, y=y),
        alt.Chart().mark_point(filled=True, color=paint("blue"), opacity=1, size=90).encode(x=x, y=y),
        alt.Chart().mark_text(align="left", baseline="bottom", dx=7, dy=-4, color=paint("ink")).encode(x=x, y=y, text="text:N"),
        there.mark_point(filled=True, fill=paint("paper"), stroke=paint("alert"), strokeWidth=2.5, opacity=1, size=190, shape="diamond").encode(x=x, y=y),
    ]
    return finish(layers, corners, height=_HEIGHT)


def _domain(shares: list[float]) -> tuple[float, float]:
    """Give the ends of an axis: the shares with room around them, not below 0."""
    span = max(max(shares) - min(shares), _LEAST_SPAN)
    return max(0.0, min(shares) - _ROOM * span), max(shares) + _ROOM * span


def _axis(span: float, **named: Any) -> alt.Axis:
    """Give an axis of shares, with as many decimals as its span needs; nothing is beyond 100 %."""
    decimals = 0 if span > 0.05 else 1
    label = f"datum.value > 1.000001 ? '' : format(100 * datum.value, '.{decimals}f') + ' %'"
    return alt.Axis(tickCount=5, labelExpr=label, grid=True, **named)
