"""Whether intervals hold what they promise: the share that they held against the share that they should hold."""

from __future__ import annotations

from typing import Any

import altair as alt

from groundplan.report.charts.rows import Rows, finish, percent_axis
from groundplan.report.look import paint

__all__ = ["cover_curve"]


def cover_curve(rows: Rows) -> dict[str, Any]:
    """Draw a dot for each kind of interval, with the range in which chance leaves the true share, and the line on which all would lie.

    Args:
        rows: `nominal`, `cover`, `lower`, `upper` and `before` (cover before widths were mended), all as shares; null where there is none.
    """
    scale = alt.Scale(domain=[0, 1], nice=False)
    ticks = (0.0, 0.25, 0.5, 0.75, 1.0)
    x = alt.X("nominal:Q", scale=scale, axis=percent_axis(title="Share that the intervals should hold", values=ticks))

    def y(name: str) -> alt.Y:
        return alt.Y(f"{name}:Q", scale=scale, axis=percent_axis(title=None, values=ticks))

    promise = alt.InlineData(values=[{"nominal": 0, "cover": 0}, {"nominal": 1, "cover": 1}])
    layers = [
        alt.Chart(promise).mark_line(color=paint("ink"), strokeWidth=1.75).encode(x=x, y=y("cover")),
        alt.Chart().mark_rule(color=paint("band50"), strokeWidth=6).encode(x=x, y=y("lower"), y2="upper:Q"),
        alt.Chart().mark_point(filled=True, fill=paint("paper"), stroke=paint("reported"), strokeWidth=1.75, opacity=1, size=70).encode(x=x, y=y("before")),
        alt.Chart().mark_point(filled=True, color=paint("blue"), opacity=1, size=90).encode(x=x, y=y("cover")),
    ]
    return finish(layers, rows, height=360)
