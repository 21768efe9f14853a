"""From one figure to another by what each cause adds or takes away: bars that begin where the one above ends."""

from __future__ import annotations

from typing import Any

import altair as alt

from groundplan.report.charts.rows import BAR, BAR_OFFSET, NARROWEST, Rows, finish, row_axis, text_layer
from groundplan.report.look import paint

__all__ = ["waterfall"]

# Room beyond the furthest end, as a share of the span, so that no bar touches the edge.
_ROOM = 0.04


def waterfall(rows: Rows, *, title: str, narrowest: int = NARROWEST) -> dict[str, Any]:
    """Draw the steps from a first figure to a last one, in the order of the rows.

    Args:
        rows: `label`, `text`, `start` and `end` of the bar, and `kind`: total (a figure itself, from 0), less (good: solid) or more (hollow).
        title: what the length means.
        narrowest: width, px, down to which names are not cut.
    """
    ends = [0.0, *(float(row[name]) for row in rows for name in ("start", "end"))]
    room = _ROOM * (max(ends) - min(ends)) or 1.0
    scale = alt.Scale(domain=[min(ends) - (room if min(ends) < 0 else 0.0), max(ends) + room], nice=False)
    x = alt.X("start:Q", scale=scale, axis=alt.Axis(title=title, tickCount=4, titleAnchor="start"))
    kinds = ["total", "less", "more"]
    fill, stroke = (alt.Scale(domain=kinds, range=[paint(name) for name in names]) for names in (("blue", "support", "paper"), ("blue", "support", "alert")))
    bar = alt.Chart().mark_bar(yOffset=BAR_OFFSET, height=BAR, strokeWidth=2).encode(x=x, x2="end:Q", y=row_axis())
    bar = bar.encode(fill=alt.Fill("kind:N", scale=fill, legend=None), stroke=alt.Stroke("kind:N", scale=stroke, legend=None))
    # Where a step ends, and the next begins.
    level = alt.Chart().mark_tick(yOffset=BAR_OFFSET, size=BAR + 10, thickness=1.5, color=paint("ink")).encode(x=alt.X("end:Q", scale=scale), y=row_axis())
    keep_free = 12 + 10 * max((len(str(row["text"])) for row in rows), default=0)
    return finish([bar, level, text_layer()], rows, keep_free=keep_free, narrowest=narrowest)
