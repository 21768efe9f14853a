"""Reported against verified: a hollow grey circle, a solid blue one with its bands, and the gap hatched between."""

from __future__ import annotations

from typing import Any

import altair as alt

from groundplan.report.charts.rows import BAR, BAR_OFFSET, Rows, finish, percent_axis, row_axis, text_layer
from groundplan.report.look import HATCH, paint

__all__ = ["reported_verified"]


def reported_verified(rows: Rows, *, title: str, has_target: bool = True) -> dict[str, Any]:
    """Draw output by report and by estimate; the target is the line at 100 %.

    Args:
        rows: `label`, `text`, `reported`, `verified`, `lower_50`, `upper_50`, `lower_90`, `upper_90`; shares of the target, null where not known.
        title: what the axis means.
        has_target: whether 100 % is a target, and drawn.
    """
    scale = alt.Scale(zero=False, nice=True, padding=8)
    axis = percent_axis(title=title)

    def x(name: str) -> alt.X:
        return alt.X(f"{name}:Q", scale=scale, axis=axis)

    base = alt.Chart()
    target = base.mark_tick(yOffset=BAR_OFFSET, size=BAR + 10, thickness=2, color=paint("ink")).encode(x=alt.datum(1, scale=scale, axis=axis), y=row_axis())
    reported = base.mark_point(yOffset=BAR_OFFSET, filled=True, fill=paint("paper"), stroke=paint("reported"), strokeWidth=2.25, opacity=1, size=120)
    targets = [target] if has_target else []
    layers = [*targets, reported.encode(x=x("reported"), y=row_axis()), text_layer()]
    if any(row["verified"] is not None for row in rows):
        known = base.transform_filter("isValid(datum.verified)")
        outer = known.mark_bar(yOffset=BAR_OFFSET, height=BAR, color=paint("band90")).encode(x=x("lower_90"), x2="upper_90:Q", y=row_axis())
        inner = known.mark_bar(yOffset=BAR_OFFSET, height=BAR, color=paint("band50")).encode(x=x("lower_50"), x2="upper_50:Q", y=row_axis())
        gap = known.mark_bar(yOffset=BAR_OFFSET, height=BAR // 2, color=HATCH).encode(x=x("verified"), x2="reported:Q", y=row_axis())
        verified = known.mark_point(yOffset=BAR_OFFSET, filled=True, color=paint("blue"), opacity=1, size=120).encode(x=x("verified"), y=row_axis())
        layers = [outer, inner, gap, *targets, verified, *layers[len(targets) :]]
    return finish(layers, rows, keep_free=110)
