"""What charts with one row a thing share: the name above the row, so that it is never cut, and the figure at its right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt

from groundplan.report.look import paint

__all__ = ["BAR_OFFSET", "Rows", "as_spec", "finish", "named_rows", "row_axis"]

Rows = Sequence[Mapping[str, Any]]
"""Rows of a chart: `label` (unique), `text` (figure at the right) and what the chart draws."""

BAR_OFFSET = 11
"""How far below the middle of its row a mark stands, px; the name stands as far above."""

_STEP = 50


def row_axis() -> alt.Y:
    """Give the y channel of charts with named rows: in the order of the data."""
    return alt.Y("label:N", sort=None, axis=None)


def named_rows() -> list[alt.Chart]:
    """Give the layers that write each row's name above it and its figure at the right."""
    name = alt.Chart().mark_text(align="left", baseline="middle", yOffset=-BAR_OFFSET, limit=0).encode(x=alt.value(0), y=row_axis(), text="label:N")
    figure = (
        alt.Chart()
        .mark_text(align="right", baseline="middle", yOffset=-BAR_OFFSET, fontWeight="bold", color=paint("ink"))
        .encode(x=alt.value("width"), y=row_axis(), text="text:N")
    )
    return [name, figure]


def finish(layers: Sequence[alt.Chart], rows: Rows, *, height: int | None = None) -> dict[str, Any]:
    """Put layers over the same rows of data into one specification."""
    chart = alt.layer(*layers, data=alt.InlineData(values=[dict(row) for row in rows])).properties(height=alt.Step(_STEP) if height is None else height)
    return as_spec(chart)


def as_spec(chart: alt.LayerChart) -> dict[str, Any]:
    """Write a chart as a plain specification: its data inside, without settings, which `look.CONFIG` holds for all charts."""
    spec: dict[str, Any] = chart.to_dict(validate=False)
    sets = spec.pop("datasets", {})
    for part in (spec, *spec.get("layer", ())):
        if "name" in part.get("data", {}):
            part["data"] = {"values": sets[part["data"]["name"]]}
    for name in ("config", "$schema"):
        spec.pop(name, None)
    return spec
