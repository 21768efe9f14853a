"""The marks of legends, drawn small: the same glyph stands beside a word on the page and in the chart."""

from __future__ import annotations

from types import MappingProxyType

from groundplan.report.look import LIGHT

__all__ = ["HATCH_PATTERN", "MARKS", "mark_svg"]

HATCH_PATTERN = (
    '<pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    '<line x1="1" y1="0" x2="1" y2="6" stroke="var(--reported)" stroke-width="1.6"/></pattern>'
)
"""Pattern of a gap; `look.HATCH` names it."""

MARKS: MappingProxyType[str, str] = MappingProxyType(
    {
        "reported": '<circle cx="14" cy="9" r="5.5" fill="var(--paper)" stroke="var(--reported)" stroke-width="2"/>',
        "estimated": '<circle cx="14" cy="9" r="6" fill="var(--blue)"/>',
        "band": '<rect x="1" y="3" width="26" height="12" fill="var(--band90)"/><rect x="8" y="3" width="12" height="12" fill="var(--band50)"/>',
        "line_band": '<rect x="1" y="2" width="26" height="14" fill="var(--band90)"/><line x1="1" y1="9" x2="27" y2="9" stroke="var(--blue)" stroke-width="2.5"/>',
        "line": '<line x1="1" y1="9" x2="27" y2="9" stroke="var(--blue)" stroke-width="2.75"/>',
        "target": '<line x1="1" y1="9" x2="27" y2="9" stroke="var(--ink)" stroke-width="1.75"/>',
        "target_upright": '<line x1="14" y1="1" x2="14" y2="17" stroke="var(--ink)" stroke-width="2"/>',
        "gap": '<rect x="1" y="3" width="26" height="12" fill="var(--paper)" stroke="var(--reported)" stroke-width="0.75"/>'
        '<path d="M3 15L11 3M9 15L17 3M15 15L23 3M21 15L27 6" stroke="var(--reported)" stroke-width="1.6"/>',
        "delivered": '<rect x="1" y="3" width="26" height="12" fill="var(--blue)"/>',
        "hollow_bar": '<rect x="2" y="4" width="24" height="10" fill="var(--paper)" stroke="var(--blue)" stroke-width="2"/>',
        "reported_hollow_bar": '<rect x="2" y="4" width="24" height="10" fill="var(--paper)" stroke="var(--reported)" stroke-width="2"/>',
        "reported_bar": '<rect x="6" y="2" width="16" height="14" fill="var(--panel)" stroke="var(--reported)" stroke-width="1.5"/>',
        "estimated_line": '<path d="M1 14H10V4H19V10H27" fill="none" stroke="var(--blue)" stroke-width="2.5"/>',
        "alert": '<path d="M14 2L21 15H7Z" fill="var(--alert)"/>',
        "alert_hollow": '<path d="M14 3.5L20 14.5H8Z" fill="var(--paper)" stroke="var(--alert)" stroke-width="1.75"/>',
        "no_sign": '<circle cx="14" cy="9" r="5.5" fill="var(--band50)" stroke="var(--blue)" stroke-width="1.5"/>',
        "less": '<rect x="2" y="4" width="24" height="10" fill="var(--support)" stroke="var(--support)" stroke-width="2"/>',
        "more": '<rect x="2" y="4" width="24" height="10" fill="var(--paper)" stroke="var(--alert)" stroke-width="2"/>',
        "curve": '<path d="M1 4C12 5 20 9 27 17" fill="none" stroke="var(--blue)" stroke-width="2.75"/><circle cx="15" cy="7.5" r="4" fill="var(--blue)"/>',
        "plan_point": '<path d="M14 2L21 9L14 16L7 9Z" fill="var(--paper)" stroke="var(--alert)" stroke-width="2.25"/>',
        "inspected": '<rect x="8.5" y="3.5" width="11" height="11" fill="var(--blue)"/>',
    }
)
"""Name of a mark -> the inside of an SVG of 28 by 18."""


def mark_svg(name: str, *, painted: bool = False) -> str:
    """Draw a mark as an SVG of 28 by 18 px.

    Args:
        name: one of MARKS.
        painted: write the light colours in, for where there is no style sheet.

    Raises:
        KeyError: there is no such mark.
    """
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" class="mark" width="28" height="18" viewBox="0 0 28 18" aria-hidden="true">{MARKS[name]}</svg>'
    if painted:
        for colour, value in LIGHT.items():
            svg = svg.replace(f"var(--{colour})", value)
    return svg
