"""What charts with one row a thing share: the name above the row, so that it is never cut, and the figure at its right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt

from groundplan.report.look import paint

__all__ = ["BAR", "BAR_OFFSET", "BESIDE", "NARROWEST", "Rows", "as_spec", "finish", "percent_axis", "row_axis", "text_layer"]

Rows = Sequence[Mapping[str, Any]]
"""Rows of a chart: `label` (unique), `text` (a figure in words) and what the chart draws."""

BAR_OFFSET = 11
"""How far below the middle of its row a mark stands, px; the name stands as far above."""

BAR = 16
"""Height of a bar, px."""

NARROWEST = 300
"""Width of the narrowest chart that stands by itself, px: on a phone."""

BESIDE = 240
"""Width of the narrowest of charts that stand side by side, px."""

_ROW_HEIGHT, _TALL_ROW = 50, 72
# The second line of a name stands where the only one would; the first is this much above, px.
_LINE = 19
# What a letter takes on average, Latin or Korean, px.
_LETTER, _WIDE_LETTER = 8.3, 16.0


def row_axis() -> alt.Y:
    """Give the y channel of charts with named rows: in the order of the data."""
    return alt.Y("label:N", sort=None, axis=None)


def _name_layers(keep_free: int, *, is_broken: bool) -> list[alt.Chart]:
    """Write each row's name above it; one that is broken has its first line above the other, where the chart is too narrow for one line."""
    room = f"width - {keep_free}"
    texts = [(0, "datum.label")]
    if is_broken:
        # How a name breaks stands in the data; whether it does depends on the width at which it is drawn.
        texts = [(_LINE, f"datum.needed > {room} ? datum.head : ''"), (0, f"datum.needed > {room} ? datum.tail : datum.label")]
    layers = []
    for number, (lift, text) in enumerate(texts):
        marks = alt.Chart().mark_text(align="left", baseline="middle", yOffset=-BAR_OFFSET - lift, limit=alt.ExprRef(expr=room))
        layers.append(marks.transform_calculate(**{f"line{number}": text}).encode(x=alt.value(0), y=row_axis(), text=f"line{number}:N"))
    return layers


def _width_of(name: str) -> float:
    """Estimate how wide a name is drawn, px."""
    return sum(_WIDE_LETTER if letter >= "\u1100" else _LETTER for letter in name)


def _two_lines(name: str, room: float) -> dict[str, Any]:
    """Break a name at the last space that leaves its first line within the room; all stands in the second line where there is none, or no need."""
    width = _width_of(name)
    spaces = [place for place, letter in enumerate(name) if letter == " " and _width_of(name[:place]) <= room] if width > room else []
    head, tail = (name[: spaces[-1]], name[spaces[-1] + 1 :]) if spaces else ("", name)
    return {"head": head, "tail": tail, "needed": round(width)}


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


def finish(layers: Sequence[alt.Chart], rows: Rows, *, height: int | None = None, keep_free: int = 0, narrowest: int = NARROWEST) -> dict[str, Any]:
    """Put layers over the same rows of data into one specification.

    Args:
        layers: what is drawn, the lowest first.
        rows: the data.
        height: of the chart, px; without one, each row has its name (`label`) written above it, in two lines where it is long, and the room it needs.
        keep_free: px at the right of the names that are left for a figure.
        narrowest: width, px, down to which names are not cut.
    """
    values = [dict(row) for row in rows]
    if height is None:
        is_broken = any(_width_of(str(row["label"])) > narrowest - keep_free for row in rows)
        if is_broken:
            values = [row | _two_lines(str(row["label"]), narrowest - keep_free) for row in values]
        layers = [*layers, *_name_layers(keep_free, is_broken=is_broken)]
        height = (_TALL_ROW if is_broken else _ROW_HEIGHT) * len(rows)
    return as_spec(alt.layer(*layers, data=alt.InlineData(values=values)), height=height)


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
