"""The report as one HTML file that works without a network: style, script, charts and numbers are all in it."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterator
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import vl_convert
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from groundplan.report.blocks import SIGNS, Figure, Panel, Story
from groundplan.report.content import ReportInput
from groundplan.report.look import CONFIG, DARK, FONTS, LIGHT
from groundplan.report.marks import HATCH_PATTERN, mark_svg
from groundplan.report.numbers import tie
from groundplan.report.story import tell_story
from groundplan.report.whole import whole_file

__all__ = ["chart_id", "render_html", "write_html"]

_TEMPLATES = "templates"
_HANGUL = re.compile(r"[\u1100-\u11ff\u3130-\u318f\uac00-\ud7af]+(?:[ 0-9]+[\u1100-\u11ff\u3130-\u318f\uac00-\ud7af]+)*")


def write_html(shown: ReportInput, path: Path) -> None:
    """Write the report as HTML, whole or not at all.

    Raises:
        FolderError: the file cannot be written.
    """
    text = render_html(tell_story(shown))
    with whole_file(path) as draft:
        draft.write_text(text, encoding="utf-8")


def render_html(story: Story) -> str:
    """Write a story as one HTML page.

    Every text passes the template's escaping; chart data stand in a JSON block in which no `<` occurs. A content security policy
    permits the two scripts of the page by their hashes and nothing from outside.
    """
    charts = dict(_charts(story))
    script = _asset("report.js")
    library = _vega()
    environment = Environment(
        loader=PackageLoader("groundplan.report", _TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, finalize=_tied
    )
    environment.filters["korean"] = _mark_korean
    environment.globals.update(mark=lambda name: Markup(mark_svg(name)), chart_id=chart_id, chart_height=_height, signs=SIGNS)  # noqa: S704 - our own constants
    return environment.get_template("report.html.jinja").render(
        story=story,
        style=Markup(_palette() + _asset("report.css")),  # noqa: S704 - our own style sheet
        hatch=Markup(HATCH_PATTERN),  # noqa: S704 - our own constant
        library=Markup(library),  # noqa: S704 - the bundled chart library
        script=Markup(script),  # noqa: S704 - our own script
        data=Markup(_json({"config": dict(CONFIG), "charts": charts})),  # noqa: S704 - escaped for a script block by _json
        hashes=[_hash(library), _hash(script)],
        fonts=FONTS,
    )


def chart_id(figure: Figure, number: int) -> str:
    """Give the id of a figure's chart."""
    return f"{figure.name}-{number}"


def _charts(story: Story) -> Iterator[tuple[str, Any]]:
    figures = [answer.figure for answer in story.answers if answer.figure is not None]
    figures += [figure for section in story.sections for figure in section.figures]
    for figure in figures:
        for number, panel in enumerate((*figure.panels, *figure.more)):
            yield chart_id(figure, number), panel.spec


def _height(panel: Panel) -> int:
    """Height that a chart will take, px, so that the page does not jump when it is drawn."""
    return int(panel.spec["height"]) + 40


def _mark_korean(text: str) -> Markup:
    """Escape a text and say which of its words are Korean, so that they are spoken and set as such."""
    return Markup(_HANGUL.sub(r'<span lang="ko">\g<0></span>', str(escape(tie(text)))))  # noqa: S704 - escaped in this very line


def _tied(value: Any) -> Any:
    """Keep a figure and its sign on one line."""
    return tie(value) if type(value) is str else value


def _palette() -> str:
    lists = ["".join(f"--{key}:{value};" for key, value in colours.items()) for colours in (LIGHT, DARK)]
    return f":root{{color-scheme:light dark;{lists[0]}}}@media (prefers-color-scheme:dark){{:root{{{lists[1]}}}}}@media print{{:root{{color-scheme:light;{lists[0]}}}}}"


def _json(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    for sign in ("<", ">", "&", "\u2028", "\u2029"):
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text


def _hash(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


def _asset(name: str) -> str:
    return (files("groundplan.report") / _TEMPLATES / name).read_text(encoding="utf-8")


@lru_cache(maxsize=1)
def _vega() -> str:
    """Give Vega, Vega-Lite and Vega-Embed as one script."""
    bundle: str = vl_convert.javascript_bundle(snippet="window.vegaEmbed = vegaEmbed;")
    # A script element ends at the first "</script", wherever it stands.
    return bundle.replace("</script", "<\\/script")
