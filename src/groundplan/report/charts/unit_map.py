"""Units on a map without tiles: where they are, how large, and whether they overstate."""

from __future__ import annotations

from typing import Any

import altair as alt

from groundplan.report.charts.rows import Rows, as_spec
from groundplan.report.look import paint

__all__ = ["CLASSES", "unit_map"]

CLASSES = ("overstates", "probably overstates", "no sign of it", "inspected, no sign of it", "not estimated")
"""What a unit may be, the gravest first."""

_SHAPES = ("triangle-up", "triangle-up", "circle", "square", "circle")
_FILLS = ("alert", "paper", "band50", "blue", "paper")
_STROKES = ("alert", "alert", "blue", "blue", "reported")


def unit_map(units: Rows, regions: Rows) -> dict[str, Any]:
    """Draw units as points in a Mercator projection fitted to them.

    Args:
        units: `longitude`, `latitude` (degrees, WGS84), `size` (>= 0), `state` (one of CLASSES), `name`, `told` (shown on pointing).
        regions: `longitude`, `latitude`, `label`: names of regions for orientation.
    """
    domain = list(CLASSES)
    points = (
        alt.Chart(alt.InlineData(values=[dict(row) for row in units]))
        .mark_point(filled=True, strokeWidth=1.5, opacity=0.9)
        .encode(
            longitude="longitude:Q",
            latitude="latitude:Q",
            size=alt.Size("size:Q", scale=alt.Scale(range=[16, 600], zero=True), legend=None),
            shape=alt.Shape("state:N", scale=alt.Scale(domain=domain, range=list(_SHAPES)), legend=None),
            fill=alt.Fill("state:N", scale=alt.Scale(domain=domain, range=[paint(name) for name in _FILLS]), legend=None),
            stroke=alt.Stroke("state:N", scale=alt.Scale(domain=domain, range=[paint(name) for name in _STROKES]), legend=None),
            tooltip=[alt.Tooltip("name:N", title="Unit"), alt.Tooltip("state:N", title="Reports"), alt.Tooltip("told:N", title="Figures")],
        )
    )
    layers = [points]
    if regions:
        names = alt.Chart(alt.InlineData(values=[dict(row) for row in regions])).encode(longitude="longitude:Q", latitude="latitude:Q", text="label:N")
        # A halo in the colour of the page keeps names readable over the points.
        layers += [names.mark_text(fontWeight=600, color=paint("paper"), stroke=paint("paper"), strokeWidth=5, strokeJoin="round"), names.mark_text(fontWeight=600)]
    return as_spec(alt.layer(*layers).properties(projection=alt.Projection(type="mercator")), height=480)
