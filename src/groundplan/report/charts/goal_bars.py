"""How much of each goal is delivered: a solid bar up to it, and the gap hatched."""

from __future__ import annotations

from typing import Any

import altair as alt

from groundplan.report.charts.rows import BAR_OFFSET, Rows, finish, named_rows, row_axis
from groundplan.report.look import HATCH, paint

__all__ = ["goal_bars"]


def goal_bars(rows: Rows) -> dict[str, Any]:
    """Draw delivered shares of goals.

    Args:
        rows: `label`, `text`, `share` (delivered / goal, 0 to 1).
    """
    scale = alt.Scale(domain=[0, 1], nice=False)
    axis = alt.Axis(format=".0%", values=[0, 0.5, 1], title=None)
    bar = alt.Chart().mark_bar(yOffset=BAR_OFFSET, height=16, color=paint("blue")).encode(x=alt.X("share:Q", scale=scale, axis=axis), y=row_axis())
    gap = (
        alt.Chart()
        .transform_calculate(goal="1")
        .mark_bar(yOffset=BAR_OFFSET, height=16, color=HATCH, stroke=paint("reported"), strokeWidth=0.75)
        .encode(x=alt.X("share:Q", scale=scale, axis=axis), x2="goal:Q", y=row_axis())
    )
    goal = alt.Chart().mark_tick(yOffset=BAR_OFFSET, size=24, thickness=2, color=paint("ink")).encode(x=alt.datum(1), y=row_axis())
    return finish([gap, bar, goal, *named_rows()], rows)
