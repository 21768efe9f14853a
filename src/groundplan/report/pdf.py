"""The report as a PDF, set by typst: the same story on A4 pages, its charts as vector drawings."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any, cast

import typst
import vl_convert

from groundplan.report.blocks import SIGNS, Answer, Figure, Panel, Story
from groundplan.report.content import ReportInput
from groundplan.report.look import CONFIG, LIGHT, resolve
from groundplan.report.marks import HATCH_PATTERN, MARKS, mark_svg
from groundplan.report.numbers import tie
from groundplan.report.story import tell_story
from groundplan.report.whole import whole_file

__all__ = ["render_pdf", "write_pdf"]

_SANS = ("Noto Sans", "Source Sans 3", "Helvetica Neue", "Arial", "Liberation Sans", "DejaVu Sans", "Segoe UI", "Roboto")
_KOREAN = ("Noto Sans CJK KR", "Noto Sans KR", "Apple SD Gothic Neo", "Malgun Gothic", "NanumGothic", "Nanum Gothic", "Noto Serif CJK KR", "UnDotum", "Baekmuk Dotum")
_FALLBACK = "Libertinus Serif"
# Widths in px of the drawings: a page is 493 pt wide and small multiples take a quarter of it, so letters of 16 px come out at 8.8 pt.
_WIDE, _BESIDE, _NARROW = 900, 580, 212
_MOST_PANELS, _MOST_ROWS = 24, 8


def write_pdf(shown: ReportInput, path: Path) -> None:
    """Write the report as a PDF, whole or not at all.

    Raises:
        FolderError: the file cannot be written.
    """
    document = render_pdf(tell_story(shown), made_on=shown.made_on)
    with whole_file(path) as draft:
        draft.write_bytes(document)


def render_pdf(story: Story, *, made_on: datetime) -> bytes:
    """Set a story as a PDF.

    Texts reach typst as data, never as markup, so nothing in a table can be read as a command. The same story, fonts and versions
    give the same bytes.
    """
    sources: dict[str, bytes] = {"main": (files("groundplan.report") / "templates" / "report.typ").read_bytes()}
    sources |= {f"mark-{name}.svg": mark_svg(name, painted=True).encode() for name in MARKS}
    answers = [_answer(answer, sources) for answer in story.answers]
    sections = [{"title": section.title, "sentences": list(section.sentences), "figures": [_figure(figure, sources) for figure in section.figures]} for section in story.sections]
    opening = None if story.opening is None else {name: getattr(story.opening, name) for name in ("question", "verdict")} | {"sentences": list(story.opening.sentences)}
    told = _tied({
        "title": story.title, "subtitle": story.subtitle, "warning": story.warning,
            "note": story.note, "facts": [list(fact) for fact in story.facts], "foot": story.foot,
        "opening": opening, "answers": answers, "sections": sections, "fonts": list(_fonts()), "colours": dict(LIGHT),
        "signs": dict(SIGNS),
    })  # fmt: skip
    sources["story.json"] = json.dumps(told, ensure_ascii=False).encode()
    # typst takes a dict of virtual files, though its stubs do not say so.
    document: bytes = typst.compile(cast("Any", sources), format="pdf", timestamp=int(made_on.astimezone(UTC).timestamp()))
    return document


def _answer(answer: Answer, sources: dict[str, bytes]) -> dict[str, Any]:
    figure = None if answer.figure is None else _figure(answer.figure, sources, rows=0, width=_BESIDE)
    return {"question": answer.question, "verdict": answer.verdict, "tone": answer.tone, "sentences": list(answer.sentences), "figure": figure}


def _figure(figure: Figure, sources: dict[str, bytes], *, rows: int = _MOST_ROWS, width: int = _WIDE) -> dict[str, Any]:
    """Write a figure as data, and its drawings into the sources."""
    panels = list((*figure.panels, *figure.more)[:_MOST_PANELS])
    drawn = list(_draw(figure, panels, width if len(panels) == 1 else _NARROW, sources))
    table = None
    is_cut = figure.table is not None and not figure.table.is_ranked and len(figure.table.rows) > 2 * rows
    if figure.table is not None and figure.table.rows and rows and not is_cut:
        shown = figure.table.rows[:rows]
        left_out = figure.table.left_out + len(figure.table.rows) - len(shown)
        table = {"columns": [asdict(column) for column in figure.table.columns], "rows": [list(row) for row in shown], "left_out": left_out, "caption": figure.table.caption}
    hidden = len(figure.panels) + len(figure.more) - len(panels)
    return {
        "title": figure.title, "sentence": figure.sentence, "source": figure.source, "legend": [list(pair) for pair in figure.legend],
        "panels": drawn, "table": table, "hidden": hidden, "elsewhere": is_cut and rows > 0,
    }  # fmt: skip


def _draw(figure: Figure, panels: list[Panel], width: int, sources: dict[str, bytes]) -> Iterator[dict[str, Any]]:
    for number, panel in enumerate(panels):
        name = f"{figure.name}-{number}.svg"
        sources[name] = _svg(panel, width).encode()
        yield {"file": name, "alt": panel.description, "title": panel.title, "lines": list(panel.lines)}


def _svg(panel: Panel, width: int) -> str:
    spec = resolve({**panel.spec, "width": width, "autosize": {"type": "fit-x", "contains": "padding"}})
    settings = resolve(dict(CONFIG)) | {"font": ", ".join(_fonts())}
    svg: str = vl_convert.vegalite_to_svg(spec, config=settings)
    pattern = HATCH_PATTERN
    for name, colour in LIGHT.items():
        pattern = pattern.replace(f"var(--{name})", colour)
    head, end, rest = svg.partition(">")
    return f"{head}{end}<defs>{pattern}</defs>{rest}"


def _tied(value: Any) -> Any:
    """Keep figures and their signs on one line, in all texts."""
    if isinstance(value, str):
        return tie(value)
    if isinstance(value, dict):
        return {key: _tied(item) for key, item in value.items()}
    return [_tied(item) for item in value] if isinstance(value, list) else value


@lru_cache(maxsize=1)
def _fonts() -> tuple[str, ...]:
    """Give the fonts to set in, of those that are there: a sans serif one, and one that holds Korean letters."""
    there = set(typst.Fonts().families())
    sans = next((name for name in _SANS if name in there), _FALLBACK)
    korean = next((name for name in _KOREAN if name in there), None)
    return (sans,) if korean is None else (sans, korean)
