"""datapackage.json: what the tables of a folder hold, in Frictionless Data's Table Schema, for other programs and for ourselves.

Source: https://specs.frictionlessdata.io/table-schema/ (version 1). The types of columns that no schema knows are read back
from it, so that a number in a CSV file comes back as a number and an id such as 007 as text.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import dataframely as dy
import polars as pl

from groundplan.tables.facts import FACTS
from groundplan.tables.settings import Settings

__all__ = ["PACKAGE_FILE", "column_types", "package_text"]

PACKAGE_FILE = "datapackage.json"

_TO_FRICTIONLESS: dict[type[pl.DataType], str] = {pl.String: "string", pl.Float64: "number", pl.Int64: "integer", pl.Boolean: "boolean", pl.Date: "date"}
_TO_POLARS: dict[str, pl.DataType] = {name: dtype() for dtype, name in _TO_FRICTIONLESS.items()}


def package_text(settings: Settings, files: Mapping[str, tuple[str, pl.DataFrame]], *, sheets: bool = False) -> str:
    """Describe the tables of a folder as a data package.

    Args:
        settings: settings of the economy.
        files: table name -> (file name, frame).
        sheets: True where each table is the sheet of its name in the file.
    """
    resources = [_resource(name, file, frame, sheets=sheets) for name, (file, frame) in files.items()]
    package: dict[str, Any] = {"profile": "data-package", "name": "economy", "title": settings.name}
    if settings.source:
        package["sources"] = [{"title": settings.source}]
    package["resources"] = resources
    return json.dumps(package, ensure_ascii=False, indent=2) + "\n"


def column_types(folder: Path) -> dict[str, dict[str, pl.DataType]]:
    """Read the types of columns that no schema knows; nothing where the description is absent or not in this form."""
    try:
        package = json.loads((folder / PACKAGE_FILE).read_bytes())
        return {
            resource["name"]: {field["name"]: _TO_POLARS[field["type"]] for field in resource["schema"]["fields"] if field["type"] in _TO_POLARS}
            for resource in package["resources"]
            if resource["name"] in FACTS
        }
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return {}


def _resource(name: str, file: str, frame: pl.DataFrame, *, sheets: bool) -> dict[str, Any]:
    schema = FACTS[name]
    known = schema.columns()
    suffix = file.rpartition(".")[2]
    resource: dict[str, Any] = {"name": name, "path": file, "title": " ".join((schema.__doc__ or "").split()), "format": suffix}
    if suffix == "csv":
        resource |= {"profile": "tabular-data-resource", "mediatype": "text/csv", "encoding": "utf-8"}
    if sheets:
        resource["dialect"] = {"sheet": name}
    fields = [_field(label, dtype, known.get(label)) for label, dtype in frame.schema.items()]
    resource["schema"] = {"fields": fields, "primaryKey": schema.primary_key(), "missingValues": [""]}
    keys = [_foreign_key(name, label, column) for label, column in known.items()]
    if foreign := [key for key in keys if key]:
        resource["schema"]["foreignKeys"] = foreign
    return resource


def _field(label: str, dtype: pl.DataType, column: dy.Column | None) -> dict[str, Any]:
    field: dict[str, Any] = {"name": label, "type": _TO_FRICTIONLESS.get(type(dtype), "string")}
    if column is None:
        return field
    field["description"] = column.description
    constraints: dict[str, Any] = {"required": True} if not column.nullable else {}
    if isinstance(column, dy.Enum):
        constraints["enum"] = list(column.categories)
    if isinstance(column, dy.Float64 | dy.Int64):
        constraints |= {key: bound for key, bound in (("minimum", column.min), ("maximum", column.max)) if bound is not None}
    return field | ({"constraints": constraints} if constraints else {})


def _foreign_key(table: str, label: str, column: dy.Column) -> dict[str, Any] | None:
    """A reference into one other table; one into either of two tables has no form in Table Schema."""
    target = (column.metadata or {}).get("refers_to", "")
    if not target or "|" in target:
        return None
    other, _, key = target.partition(".")
    if FACTS[other].primary_key() != [key]:
        return None
    return {"fields": label, "reference": {"resource": "" if other == table else other, "fields": key}}
