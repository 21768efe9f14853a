"""Cells of a workbook that hold an error (#DIV/0!, #N/A ...), found in its XML."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path
from xml.etree import ElementTree

__all__ = ["error_cells"]

_CELL = re.compile(rb'<c [^>]*?\br="([A-Z]+)(\d+)"[^>]*?\bt="e"[^>]*>(?:<f[^>]*>[^<]*</f>|<f[^>]*/>)?<v>([^<]*)</v>')
_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"


def error_cells(path: Path, sheet: str) -> list[tuple[str, int, str]]:
    """List the cells of a sheet that hold an error: column letters, row, error.

    A workbook whose parts are not laid out as usual gives none: its error cells then read as empty.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            part = _sheet_part(archive, sheet)
            data = archive.read(part) if part else b""
    except (OSError, KeyError, zipfile.BadZipFile, ElementTree.ParseError, RuntimeError, NotImplementedError):
        return []
    if b't="e"' not in data:
        return []
    return [(match[1].decode(), int(match[2]), match[3].decode("utf-8", "replace")) for match in _CELL.finditer(data)]


def _sheet_part(archive: zipfile.ZipFile, sheet: str) -> str | None:
    workbook = ElementTree.fromstring(archive.read("xl/workbook.xml"))  # noqa: S314  # expat refuses entity bombs since 2.4.1
    relation = next((entry.get(_RELATION) for entry in workbook.iter(f"{_MAIN}sheet") if entry.get("name") == sheet), None)
    targets = ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels"))  # noqa: S314
    target = next((entry.get("Target") for entry in targets if entry.get("Id") == relation), None)
    if target is None:
        return None
    return target.lstrip("/") if target.startswith("/") else f"xl/{target}"
