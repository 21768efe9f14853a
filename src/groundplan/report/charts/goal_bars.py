"""How much of each goal is delivered: a solid bar up to it, and the gap hatched."""

from __future__ import annotations

from typing import Any

import altair as alt

from groundplan.report.charts.rows import BAR, BAR_OFFSET, Rows, finish, percent_axis, row_axis, text_layer
from groundplan.report.look import HATCH, paint

__all__ = ["goal_bars"]


def goal_bars(rows: Rows) -> dict[str, Any]:
    """Draw delivered shares of goals.

    Args:
        rows: `label`, `text`, `share` (delivered / goal, 0 to 1).
    """
    # A letter of the figure takes about 10 px.
    keep_free = 12 + 10 * max((len(str(row["text"])) for row in rows), default=0)
    scale = alt.Scale(domain=[0, 1], nice=False)
    axis = percent_axis(values=[0, 0.5, 1])
    x = alt.X("share:Q", scale=scale, axis=axis, stack=None)
    bar = alt.Chart().mark_bar(yOffset=BAR_OFFSET, height=BAR, color=paint("blue")).encode(x=x, y=row_axis())
    gap = alt.Chart().transform_calculate(goal="1").mark_bar(yOffset=BAR_OFFSET, height=BAR, color=HATCH, stroke=paint("reported"), strokeWidth=0.75)
    goal = alt.Chart().mark_tick(yOffset=BAR_OFFSET, size=BAR + 8, thickness=2, color=paint("ink")).encode(x=alt.datum(1), y=row_axis())
    return finish([gap.encode(x=x, x2="goal:Q", y=row_axis()), bar, goal, text_layer()], rows, keep_free=keep_free)
