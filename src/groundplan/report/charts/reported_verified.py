"""Reported against verified: a hollow grey circle, a solid blue one with its bands, and the gap hatched between."""

from __future__ import annotations

from typing import Any

import altair as alt

from groundplan.report.charts.rows import BAR_OFFSET, Rows, finish, named_rows, row_axis
from groundplan.report.look import HATCH, paint

__all__ = ["reported_verified"]


def reported_verified(rows: Rows, *, title: str) -> dict[str, Any]:
    """Draw fulfilment by report and by estimate; the target is the line at 100 %.

    Args:
        rows: `label`, `text`, `reported`, `verified`, `lower_50`, `upper_50`, `lower_90`, `upper_90`; shares of the target, null where not known.
        title: what the axis means.
    """
    scale = alt.Scale(zero=False, nice=True, padding=8)
    axis = alt.Axis(format=".0%", tickCount=5, title=title, titleAnchor="start")
    x = alt.X("reported:Q", scale=scale, axis=axis)
    gap = alt.Chart().mark_bar(yOffset=BAR_OFFSET, height=8, color=HATCH).encode(x=alt.X("verified:Q", scale=scale, axis=axis), x2="reported:Q", y=row_axis())
    outer = alt.Chart().mark_bar(yOffset=BAR_OFFSET, height=16, color=paint("band90")).encode(x=alt.X("lower_90:Q", scale=scale, axis=axis), x2="upper_90:Q", y=row_axis())
    inner = alt.Chart().mark_bar(yOffset=BAR_OFFSET, height=16, color=paint("band50")).encode(x=alt.X("lower_50:Q", scale=scale, axis=axis), x2="upper_50:Q", y=row_axis())
    verified = alt.Chart().mark_point(yOffset=BAR_OFFSET, filled=True, color=paint("blue"), opacity=1, size=110).encode(x=alt.X("verified:Q", scale=scale, axis=axis), y=row_axis())
    reported = alt.Chart().mark_point(yOffset=BAR_OFFSET, filled=True, fill=paint("paper"), stroke=paint("reported"), strokeWidth=2, opacity=1, size=110).encode(x=x, y=row_axis())
    target = alt.Chart().mark_rule(color=paint("ink"), strokeWidth=1.5).encode(x=alt.datum(1))
    return finish([outer, inner, gap, target, verified, reported, *named_rows()], rows)
