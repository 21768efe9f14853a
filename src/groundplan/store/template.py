"""A new economy: headers to fill in, commented settings, and a workbook with notes and drop-downs."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from groundplan.errors import FolderError
from groundplan.store.settings_file import SETTINGS_FILE, settings_text
from groundplan.store.template_workbook import write_template
from groundplan.tables.facts import FACTS
from groundplan.tables.settings import Settings

__all__ = ["TEMPLATE_FILE", "new_economy"]

TEMPLATE_FILE = "template.xlsx"


def new_economy(folder: Path | str) -> None:
    """Write an empty economy: a CSV file with the header of each table, groundplan.toml with comments, and template.xlsx.

    The tables may be filled in either in the CSV files or in the workbook: where rows stand, they are read.

    Args:
        folder: is made where it is not there; must be empty otherwise.

    Raises:
        FolderError: the folder holds something, or cannot be written.
    """
    folder = Path(folder)
    try:
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise FolderError(f"{folder} is not empty: nothing was written. Name a folder that is not there yet, or empty this one.")
        folder.parent.mkdir(parents=True, exist_ok=True)
        partial = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", suffix=".partial", dir=folder.parent))
        try:
            _fill(partial)
            partial.chmod(0o755)
            # Renaming onto an empty folder replaces it on POSIX only.
            if folder.exists():
                folder.rmdir()
            partial.rename(folder)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
    except FolderError:
        raise
    except OSError as error:
        raise FolderError(f"{folder} cannot be written: {error.strerror or error}") from error


def _fill(folder: Path) -> None:
    (folder / SETTINGS_FILE).write_text(settings_text(Settings(name=folder.name.strip(".").split(".")[0] or "economy")), encoding="utf-8", newline="\n")
    for name, schema in FACTS.items():
        (folder / f"{name}.csv").write_text(",".join(schema.column_names()) + "\n", encoding="utf-8", newline="\n")
    write_template(folder / TEMPLATE_FILE)
