"""What matters most first: one bar a thing, from zero, its figure at the bar's end."""

from __future__ import annotations

from typing import Any

import altair as alt

from groundplan.report.charts.rows import BAR, BAR_OFFSET, Rows, finish, row_axis
from groundplan.report.look import paint

__all__ = ["ranked_bars"]

# Room for the figure at the end of the longest bar, as a multiple of its length.
_ROOM = 1.28


def ranked_bars(rows: Rows, *, title: str, mark_at: float | None = None, colour: str = "blue") -> dict[str, Any]:
    """Draw one bar a row, in the order of the rows.

    Args:
        rows: `label`, `text`, `value` (>= 0) and `solid` (False draws the bar hollow).
        title: what the length means, with its unit of measure.
        colour: of the bars, one of the palette.
        mark_at: where a thin dark line stands (a limit, an even share); None draws none.
    """
    longest = max((float(row["value"]) for row in rows), default=0.0)
    scale = alt.Scale(domain=[0, max(longest, mark_at or 0.0) * _ROOM or 1.0], nice=False)
    x = alt.X("value:Q", scale=scale, stack=None, axis=alt.Axis(title=title, tickCount=4, titleAnchor="start"))
    # A number format with the thousands apart would write 0.10 for 0.1, so the default of Vega stays.
    fill = alt.condition("datum.solid", alt.value(paint(colour)), alt.value(paint("paper")))
    bar = alt.Chart().mark_bar(yOffset=BAR_OFFSET, height=BAR, stroke=paint(colour), strokeWidth=2).encode(x=x, y=row_axis(), fill=fill)
    figure = alt.Chart().mark_text(align="left", baseline="middle", dx=8, yOffset=BAR_OFFSET + 1, fontWeight=600).encode(x=x, y=row_axis(), text="text:N")
    layers = [bar, figure]
    if mark_at is not None:
        layers.insert(1, alt.Chart().mark_tick(yOffset=BAR_OFFSET, size=BAR + 10, thickness=2, color=paint("ink")).encode(x=alt.datum(mark_at), y=row_axis()))
    return finish(layers, rows)
