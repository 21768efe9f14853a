"""How sure a figure is: its 90 % interval, with the 50 % one inside, around the estimate."""

from __future__ import annotations

from typing import Any

import altair as alt

from groundplan.report.charts.rows import BAR, BAR_OFFSET, Rows, finish, percent_axis, row_axis, text_layer
from groundplan.report.look import paint

__all__ = ["spread_bars"]


def spread_bars(rows: Rows, *, title: str) -> dict[str, Any]:
    """Draw intervals around a figure (an estimate, or what a plan counts on), as shares of it.

    Args:
        rows: `label`, `text`, `lower_90`, `upper_90`, `lower_50`, `upper_50`, relative to the figure (0 = at it).
        title: what the axis means.
    """
    # A letter of the figure takes about 10 px.
    keep_free = 12 + 10 * max((len(str(row["text"])) for row in rows), default=0)
    axis = percent_axis(title=title, is_signed=True, count=3)
    outer = alt.Chart().mark_bar(yOffset=BAR_OFFSET, height=BAR, color=paint("band90")).encode(x=alt.X("lower_90:Q", axis=axis), x2="upper_90:Q", y=row_axis())
    inner = alt.Chart().mark_bar(yOffset=BAR_OFFSET, height=BAR, color=paint("band50")).encode(x=alt.X("lower_50:Q", axis=axis), x2="upper_50:Q", y=row_axis())
    middle = alt.Chart().mark_point(yOffset=BAR_OFFSET, color=paint("blue"), filled=True, opacity=1, size=90).encode(x=alt.datum(0), y=row_axis())
    return finish([outer, inner, middle, text_layer()], rows, keep_free=keep_free)
