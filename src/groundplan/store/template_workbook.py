"""The workbook of a new economy: a sheet a table, with notes on columns, drop-downs and formats."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import dataframely as dy
import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from groundplan.tables.facts import FACTS

__all__ = ["READ_ME", "write_template"]

READ_ME = "read me"
"""The sheet that is no table."""

ROWS_PREPARED = 10_000
"""Rows that have formats and drop-downs."""

_READ_ME = (
    ("Fill in the tables", "title"),
    ("Each sheet is a table; the first row names its columns. Write from the second row on, a row a line.", "text"),
    ("Point at a column's name to see what it means. Dark names are needed, light ones may stay empty.", "text"),
    ("Begin with the sheets products and units; then recipes, lines and goals for a plan, or reports for an estimate.", "text"),
    ("Periods are text: 2020, 2020-H1, 2020-Q3, 2020-08 or 2020-08-14. Ids are text too: 007 stays 007.", "text"),
    ("Save, then run: groundplan check, with the name of this folder. It says all that is wrong at once.", "text"),
    ("A table's rows stand in one place: in this workbook, or in the CSV file of the same name, not in both.", "text"),
)


def write_template(path: Path) -> None:
    """Write the workbook.

    Raises:
        OSError: the file cannot be written.
    """
    try:
        with xlsxwriter.Workbook(path) as workbook:
            formats = _formats(workbook)
            _write_read_me(workbook.add_worksheet(READ_ME), formats)
            for name, schema in FACTS.items():
                _write_sheet(workbook.add_worksheet(name), schema, formats)
    except xlsxwriter.exceptions.FileCreateError as error:
        raise OSError(str(error)) from error


def _formats(workbook: xlsxwriter.Workbook) -> dict[str, Any]:
    head = {"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"}
    return {
        "needed": workbook.add_format(head | {"bg_color": "#1f4e79", "font_color": "#ffffff"}),
        "optional": workbook.add_format(head | {"bg_color": "#dce6f1", "font_color": "#1f2937"}),
        "title": workbook.add_format({"bold": True, "font_size": 16}),
        "text": workbook.add_format({"text_wrap": True, "valign": "top"}),
        "String": workbook.add_format({"num_format": "@"}),
        "Enum": workbook.add_format({"num_format": "@"}),
        "Date": workbook.add_format({"num_format": "yyyy-mm-dd"}),
        "Float64": workbook.add_format({"num_format": "General"}),
        "Int64": workbook.add_format({"num_format": "0"}),
        "Bool": workbook.add_format({}),
    }


def _write_read_me(sheet: Worksheet, formats: dict[str, Any]) -> None:
    sheet.set_column(0, 0, 100)
    sheet.hide_gridlines(2)
    for row, (text, style) in enumerate(_READ_ME):
        sheet.write_string(row, 0, text, formats[style])
    first = len(_READ_ME) + 1
    for row, (name, schema) in enumerate(FACTS.items(), start=first):
        sheet.write_url(row, 0, f"internal:'{name}'!A2", string=f"{name}: {' '.join((schema.__doc__ or '').split())}")


def _write_sheet(sheet: Worksheet, schema: type[dy.Schema], formats: dict[str, Any]) -> None:
    sheet.freeze_panes(1, len(schema.primary_key()) if len(schema.primary_key()) < 3 else 1)
    for position, (name, column) in enumerate(schema.columns().items()):
        kind = type(column).__name__
        sheet.set_column(position, position, max(12, len(name) + 4), formats[kind])
        sheet.write_string(0, position, name, formats["needed" if _is_needed(column) else "optional"])
        sheet.write_comment(0, position, _note(column), {"x_scale": 2.2, "y_scale": 1.4, "author": "groundplan"})
        rule = _validation(column)
        if rule:
            sheet.data_validation(1, position, ROWS_PREPARED, position, rule)


def _is_needed(column: dy.Column) -> bool:
    return not column.nullable and (column.metadata or {}).get("default") is None


def _note(column: dy.Column) -> str:
    metadata = column.metadata or {}
    parts = [column.description or ""]
    if isinstance(column, dy.Enum):
        parts.append(f"One of: {', '.join(column.categories)}.")
    if metadata.get("refers_to"):
        parts.append(f"Must stand in {metadata['refers_to'].replace('|', ' or ')}.")
    if metadata.get("default") is not None:
        parts.append(f"Empty means {str(metadata['default']).lower()}.")
    if _is_needed(column):
        parts.append("Needed.")
    return "\n".join(parts)


def _validation(column: dy.Column) -> dict[str, Any] | None:
    """Drop-downs for choices; for references a list that warns and lets through, since CSV files may hold the other table."""
    refers_to = (column.metadata or {}).get("refers_to", "")
    if isinstance(column, dy.Enum):
        return {"validate": "list", "source": list(column.categories), "error_message": "Choose one from the list."}
    if isinstance(column, dy.Bool):
        return {"validate": "list", "source": ["true", "false"], "error_message": "Write true or false."}
    if refers_to and "|" not in refers_to:
        table, _, key = refers_to.partition(".")
        letter = xlsxwriter.utility.xl_col_to_name(FACTS[table].column_names().index(key))
        source = f"='{table}'!${letter}$2:${letter}${ROWS_PREPARED + 1}"
        return {"validate": "list", "source": source, "error_type": "warning", "error_message": f"This id does not stand in the sheet {table} yet."}
    if isinstance(column, dy.Float64 | dy.Int64):
        return _number_rule(column)
    return None


def _number_rule(column: dy.Float64 | dy.Int64) -> dict[str, Any] | None:
    low = column.min if column.min is not None else column.min_exclusive
    if low is None:
        return None
    kind = "decimal" if isinstance(column, dy.Float64) else "integer"
    if column.max is not None:
        return {"validate": kind, "criteria": "between", "minimum": low, "maximum": column.max, "error_message": f"A number from {low:g} to {column.max:g}."}
    criteria = ">=" if column.min is not None else ">"
    return {"validate": kind, "criteria": criteria, "value": low, "error_message": f"A number {'of at least' if column.min is not None else 'above'} {low:g}."}
