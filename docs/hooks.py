"""What the documentation is built with: the reference from the code, so that it cannot drift; formulas as MathML, so that nothing is fetched."""

from __future__ import annotations

import html
import inspect
import re
from typing import Any

import dataframely as dy
import typer
from latex2mathml.converter import convert

MARKS = ("commands", "facts", "results", "derived", "comparisons", "frontiers")


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Put generated text where a page marks its place."""
    for mark in MARKS:
        place = f"<!-- {mark} -->"
        if place in markdown:
            markdown = markdown.replace(place, _generated(mark))
    # A formula of its own is a paragraph of its own.
    return re.sub(r"^\\\[.*?\\\][ ]*$", lambda found: f"\n{found[0]}\n", markdown, flags=re.DOTALL | re.MULTILINE)


def on_page_content(content: str, **_: Any) -> str:
    """Turn the formulas that arithmatex has marked into MathML, which browsers draw by themselves."""
    return _FORMULA.sub(lambda found: convert(html.unescape(found["inline"] or found["block"]), display="inline" if found["inline"] else "block"), content)


_FORMULA = re.compile(r'<(?P<tag>span|div) class="arithmatex">(?:\\\((?P<inline>.+?)\\\)|\\\[(?P<block>.+?)\\\])</(?P=tag)>', re.DOTALL)


def _generated(mark: str) -> str:
    from groundplan.cli.main import app
    from groundplan.tables.facts import FACTS
    from groundplan.tables.results import COMPARISONS, DERIVED, FRONTIERS, RESULTS

    if mark == "commands":
        root = typer.main.get_command(app)
        return "\n".join(_commands("groundplan", root))
    schemas = {"facts": FACTS, "results": RESULTS, "derived": DERIVED, "comparisons": COMPARISONS, "frontiers": FRONTIERS}[mark]
    return "\n".join(_schema(name, schema) for name, schema in schemas.items())


def _commands(path: str, command: Any) -> list[str]:
    if subcommands := getattr(command, "commands", None):
        return [line for name, child in subcommands.items() for line in _commands(f"{path} {name}", child)]
    context = command.make_context(path, [], resilient_parsing=True)
    lines = [f"## {path}", "", inspect.cleandoc(command.help or ""), "", f"```text\n{command.get_usage(context)}\n```", "", "| argument or option | meaning |", "|---|---|"]
    for parameter in command.get_params(context):
        if parameter.name == "help":
            continue
        names = ", ".join(f"`{name}`" for name in [*parameter.opts, *parameter.secondary_opts])
        words = (getattr(parameter, "help", "") or "").replace("|", "\\|")
        default = f" (default: `{parameter.default}`)" if getattr(parameter, "show_default", False) and parameter.default not in (None, False, ()) else ""
        lines.append(f"| {names} | {words}{default} |")
    return [*lines, ""]


def _schema(name: str, schema: type[dy.Schema]) -> str:
    lines = [f"## {name}", "", inspect.cleandoc(schema.__doc__ or ""), "", "| column | type | meaning |", "|---|---|---|"]
    for label, column in schema.columns().items():
        metadata = column.metadata or {}
        words = (column.description or "").replace("|", "\\|")
        if isinstance(column, dy.Enum):
            words += f": {', '.join(column.categories)}"
        if "default" in metadata:
            words += f" (default: {metadata['default']})"
        if "refers_to" in metadata:
            words += f"; refers to {metadata['refers_to'].replace('|', ' or ')}"
        kind = "text" if isinstance(column, dy.String | dy.Enum) else type(column).__name__.lower().removesuffix("64")
        lines.append(f"| `{label}`{' *' if column.primary_key else ''} | {kind}{', may be empty' if column.nullable else ''} | {words} |")
    return "\n".join([*lines, ""])
