"""How many targets were met to which percentage: reports heap just above 100 %, the estimates do not."""

from __future__ import annotations

from typing import Any

import altair as alt

from groundplan.report.charts.rows import Rows, finish, percent_axis
from groundplan.report.look import paint

__all__ = ["heap"]


def heap(rows: Rows) -> dict[str, Any]:
    """Draw counts of targets by fulfilment.

    Args:
        rows: `start`, `end` (of the bin, share of the target), `reported`, `verified` (counts; null where not estimated).
    """
    scale = alt.Scale(domain=[rows[0]["start"], rows[-1]["end"]], nice=False)
    x = alt.X("start:Q", scale=scale, axis=percent_axis(title="Fulfilment of the target", count=6, has_grid=False))
    y = alt.Y("reported:Q", scale=alt.Scale(zero=True, nice=True), stack=None, axis=alt.Axis(title=None, tickCount=4))
    reported = alt.Chart().mark_bar(fill=paint("panel"), stroke=paint("reported"), strokeWidth=1.25).encode(x=x, x2="end:Q", y=y, y2=alt.datum(0))
    target = alt.Chart().mark_rule(color=paint("ink"), strokeWidth=1.75).encode(x=alt.datum(1, scale=scale))
    layers = [reported, target]
    if any(row["verified"] is not None for row in rows):
        layers.insert(1, alt.Chart().mark_line(color=paint("blue"), interpolate="step-after", strokeWidth=2.5).encode(x=x, y=alt.Y("verified:Q", stack=None)))
    return finish(layers, rows, height=280)
