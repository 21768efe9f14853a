"""How many targets were met to which percentage: reports heap just above 100 %, the estimates do not."""

from __future__ import annotations

from typing import Any

import altair as alt

from groundplan.report.charts.rows import Rows, finish
from groundplan.report.look import paint

__all__ = ["heap"]


def heap(rows: Rows) -> dict[str, Any]:
    """Draw counts of targets by fulfilment.

    Args:
        rows: `start`, `end` (of the bin, share of the target), `reported`, `verified` (counts; null where not estimated).
    """
    x = alt.X("start:Q", scale=alt.Scale(nice=False), axis=alt.Axis(format=".0%", title="Fulfilment of the target", tickCount=6, grid=False))
    y = alt.Y("reported:Q", axis=alt.Axis(title=None, tickCount=4))
    reported = alt.Chart().mark_bar(fill=paint("panel"), stroke=paint("reported"), strokeWidth=1.25).encode(x=x, x2="end:Q", y=y)
    verified = alt.Chart().mark_line(color=paint("blue"), interpolate="step-after", strokeWidth=2.5).encode(x=x, y="verified:Q")
    target = alt.Chart().mark_rule(color=paint("ink"), strokeWidth=1.5).encode(x=alt.datum(1))
    return finish([reported, verified, target], rows, height=260)
