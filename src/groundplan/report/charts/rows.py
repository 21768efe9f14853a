"""What charts with one row a thing share: the name above the row, so that it is never cut, and the figure at its right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt

from groundplan.report.look import paint

__all__ = ["BAR", "BAR_OFFSET", "Rows", "as_spec", "finish", "name_layer", "percent_axis", "row_axis", "text_layer"]

Rows = Sequence[Mapping[str, Any]]
"""Rows of a chart: `label` (unique), `text` (a figure in words) and what the chart draws."""

BAR_OFFSET = 11
"""How far below the middle of its row a mark stands, px; the name stands as far above."""

BAR = 16
"""Height of a bar, px."""

_ROW_HEIGHT = 50


def row_axis() -> alt.Y:
    """Give the y channel of charts with named rows: in the order of the data."""
    return alt.Y("label:N", sort=None, axis=None)


def name_layer(*, keep_free: int = 0) -> alt.Chart:
    """Write each row's name above it; `keep_free` px at its right are left for a figure."""
    limit = alt.ExprRef(expr=f"width - {keep_free}")
    marks: alt.Chart = alt.Chart().mark_text(align="left", baseline="middle", yOffset=-BAR_OFFSET, limit=limit)
    named: alt.Chart = marks.encode(x=alt.value(0), y=row_axis(), text="label:N")
    return named


def text_layer() -> alt.Chart:
    """Write each row's figure at the right of its name."""
    marks: alt.Chart = alt.Chart().mark_text(align="right", baseline="middle", yOffset=-BAR_OFFSET, fontWeight=600, color=paint("ink"))
    written: alt.Chart = marks.encode(x=alt.value("width"), y=row_axis(), text="text:N")
    return written


def percent_axis(*, title: str | None = None, values: Sequence[float] | None = None, count: int = 5, is_signed: bool = False, has_grid: bool = True) -> alt.Axis:
    """Give an axis of shares, labelled as percentages: 50 %."""
    sign = "+" if is_signed else ""
    # A minus sign and a zero without a sign, as in the text.
    label = f"(datum.value == 0 ? '0' : replace(format(100 * datum.value, '{sign}.0f'), '-', '−')) + ' %'"
    extra: dict[str, Any] = {"values": list(values)} if values is not None else {"tickCount": count}
    return alt.Axis(title=title, labelExpr=label, titleAnchor="start", grid=has_grid, **extra)


def finish(layers: Sequence[alt.Chart], rows: Rows, *, height: int | None = None) -> dict[str, Any]:
    """Put layers over the same rows of data into one specification; without a height, each row gets the room that it needs."""
    chart = alt.layer(*layers, data=alt.InlineData(values=[dict(row) for row in rows]))
    return as_spec(chart, height=_ROW_HEIGHT * len(rows) if height is None else height)


def as_spec(chart: Any, *, height: int) -> dict[str, Any]:
    """Write a chart as a plain specification: its data inside, without settings, which `look.CONFIG` holds for all charts."""
    spec: dict[str, Any] = chart.to_dict(validate=False)
    sets = spec.pop("datasets", {})
    for part in (spec, *spec.get("layer", ())):
        if "name" in part.get("data", {}):
            part["data"] = {"values": sets[part["data"]["name"]]}
    for name in ("config", "$schema"):
        spec.pop(name, None)
    return spec | {"height": height}
