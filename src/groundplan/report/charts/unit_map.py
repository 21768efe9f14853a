"""Units on a map without tiles: where they are, how large, and whether they overstate."""

from __future__ import annotations

from typing import Any

import altair as alt

from groundplan.report.charts.rows import Rows, as_spec
from groundplan.report.look import paint

__all__ = ["CLASSES", "unit_map"]

CLASSES = ("overstates", "probably overstates", "no sign of it", "inspected", "not estimated")
"""What a unit may be, the gravest first."""

_SHAPES = ("triangle-up", "triangle-up", "circle", "square", "circle")
_FILLS = ("alert", "paper", "band50", "blue", "paper")
_STROKES = ("alert", "alert", "blue", "blue", "reported")


def unit_map(units: Rows, regions: Rows) -> dict[str, Any]:
    """Draw units as points in an equal-scale projection fitted to them.

    Args:
        units: `longitude`, `latitude` (degrees, WGS84), `size` (>= 0), `state` (one of CLASSES), `name`, `told` (shown on pointing).
        regions: `longitude`, `latitude`, `label`: names of regions for orientation.
    """
    shared = {"domain": list(CLASSES)}
    points = (
        alt.Chart(alt.InlineData(values=[dict(row) for row in units]))
        .mark_point(filled=True, strokeWidth=1.5, opacity=0.85)
        .encode(
            longitude="longitude:Q",
            latitude="latitude:Q",
            size=alt.Size("size:Q", scale=alt.Scale(range=[18, 700], zero=True), legend=None),
            shape=alt.Shape("state:N", scale=alt.Scale(**shared, range=list(_SHAPES)), legend=None),
            fill=alt.Fill("state:N", scale=alt.Scale(**shared, range=[paint(name) for name in _FILLS]), legend=None),
            stroke=alt.Stroke("state:N", scale=alt.Scale(**shared, range=[paint(name) for name in _STROKES]), legend=None),
            tooltip=[alt.Tooltip("name:N", title="Unit"), alt.Tooltip("state:N", title="Reports"), alt.Tooltip("told:N", title="Figures")],
        )
    )
    names = (
        alt.Chart(alt.InlineData(values=[dict(row) for row in regions]))
        .mark_text(color=paint("ink"), fontSize=16, fontWeight="bold", stroke=paint("paper"), strokeWidth=0)
        .encode(longitude="longitude:Q", latitude="latitude:Q", text="label:N")
    )
    chart = alt.layer(points, names).properties(height=460, projection=alt.Projection(type="mercator"))
    return as_spec(chart)
