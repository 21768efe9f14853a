"""The visual language: colours in light and dark, marks that differ without colour too, and the settings of every chart.

Colours stand in a chart as names of CSS variables, so that one drawing serves light, dark and print; `resolve` writes the light ones
in where there is no style sheet (PDF).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

__all__ = ["CONFIG", "DARK", "FONTS", "HATCH", "LIGHT", "paint", "resolve"]

LIGHT: MappingProxyType[str, str] = MappingProxyType(
    {
        "paper": "#ffffff",
        "panel": "#f4f6f8",
        "ink": "#16212b",
        "muted": "#55626e",
        "grid": "#d7dde3",
        "blue": "#12579b",
        "band50": "#8db9e4",
        "band90": "#cfe1f3",
        "reported": "#66727d",
        "alert": "#b34700",
        "support": "#0b7468",
    }
)
"""Colour names on white; text colours have a contrast of at least 4.5 to 1 on `paper` and `panel`."""

DARK: MappingProxyType[str, str] = MappingProxyType(
    {
        "paper": "#10161c",
        "panel": "#19222b",
        "ink": "#e9eef3",
        "muted": "#a8b5c1",
        "grid": "#33404c",
        "blue": "#73b5f5",
        "band50": "#3a6ea3",
        "band90": "#223f5e",
        "reported": "#a3afba",
        "alert": "#ffa057",
        "support": "#52c7b8",
    }
)
"""The same names on a dark page."""

FONTS = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, 'Noto Sans', 'Apple SD Gothic Neo', 'Malgun Gothic', 'Noto Sans CJK KR', 'Noto Sans KR', sans-serif"
"""System fonts, with those that hold Korean letters."""

HATCH = "url(#hatch)"
"""Fill of a gap; the page (or the SVG) defines the pattern of this name."""

_SIZE = 16


def paint(name: str) -> str:
    """Give a colour of the palette as charts and style sheets name it.

    Raises:
        KeyError: the palette has no such colour.
    """
    LIGHT[name]
    return f"var(--{name})"


def resolve(spec: Mapping[str, Any]) -> dict[str, Any]:
    """Write the light palette's colours into a specification."""
    text = json.dumps(spec, ensure_ascii=False)
    for name, colour in LIGHT.items():
        text = text.replace(f"var(--{name})", colour)
    resolved: dict[str, Any] = json.loads(text)
    return resolved


CONFIG: MappingProxyType[str, Any] = MappingProxyType(
    {
        "background": None,
        "font": FONTS,
        "view": {"stroke": None},
        "aria": False,
        "axis": {
            "labelFontSize": _SIZE,
            "titleFontSize": _SIZE,
            "labelColor": paint("muted"),
            "titleColor": paint("muted"),
            "titleFontWeight": "normal",
            "gridColor": paint("grid"),
            "domain": False,
            "ticks": False,
            "labelPadding": 6,
            "titlePadding": 10,
            "labelFlush": True,
        },
        "axisY": {"grid": True},
        "axisX": {"grid": True, "labelOverlap": "greedy", "labelSeparation": 8},
        "text": {"fontSize": _SIZE, "color": paint("ink")},
        "line": {"color": paint("blue"), "strokeWidth": 2.5},
        "rule": {"color": paint("ink")},
        "point": {"filled": True, "size": 90},
        "bar": {"color": paint("blue"), "discreteBandSize": 16},
    }
)
"""Vega-Lite settings that all charts share."""
