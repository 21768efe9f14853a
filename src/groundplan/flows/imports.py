"""Import official tables as an economy folder: whole or not at all."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

import polars as pl

from groundplan.errors import FolderError
from groundplan.outcome import Note
from groundplan.store.folder import write_economy
from groundplan.store.importers.use_table import Imported, import_use_table

__all__ = ["ADJUSTMENTS_FILE", "ASSUMPTIONS_FILE", "BASE_YEAR_FILE", "TABLE_FILE", "use_table_to_folder"]

ADJUSTMENTS_FILE = "import_adjustments.csv"
ASSUMPTIONS_FILE = "import_assumptions.md"
BASE_YEAR_FILE = "import_base_year.csv"
TABLE_FILE = "import_use_table.csv"


def use_table_to_folder(file: Path, folder: Path, **options: Any) -> Imported:
    """Build an economy folder from a use table.

    Beside the economy's tables it holds what no step reads and a reader may ask for: `import_adjustments.csv` (each cell that
    does not stand in the economy as it stood in the table), `import_base_year.csv` (the balance of each product in the base
    year), `import_assumptions.md` and `import_use_table.csv` (the cells that were used,
    summed up where a concordance was given; the importer reads it again).
    All of it appears together or not at all.

    Args:
        file: the use table.
        folder: the economy folder to write; it must not be there.
        options: those of `groundplan.store.importers.use_table.import_use_table`.

    Returns:
        The economy, what was adjusted and what was assumed.

    Raises:
        InputError: the table or an option is at fault; all faults together.
        FolderError: the folder is there already, or cannot be written.
    """
    if folder.exists():
        raise FolderError(f"{folder} is there already. Name another folder with --out, or move this one away.")
    imported = import_use_table(file, **options)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        partial = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", suffix=".partial", dir=folder.parent))
    except OSError as error:
        raise FolderError(f"{folder} cannot be written: {error.strerror or error}") from error
    try:
        whole = partial / "economy"
        write_economy(imported.economy, whole)
        imported.adjustments.write_csv(whole / ADJUSTMENTS_FILE)
        imported.base_year.write_csv(whole / BASE_YEAR_FILE)
        _cells_used(imported).write_csv(whole / TABLE_FILE)
        (whole / ASSUMPTIONS_FILE).write_text(_assumptions_text(imported.notes), encoding="utf-8", newline="\n")
        whole.rename(folder)
    except OSError as error:
        raise FolderError(f"{folder} cannot be written: {error.strerror or error}") from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return imported


def _cells_used(imported: Imported) -> pl.DataFrame:
    """The cells in the form that the importer reads, with the names of the products."""
    names = imported.economy.products.select(pl.col("product").alias("row"), pl.col("name").alias("row_name"))
    frame = imported.cells.frame.select("row", "col", imported.cells.value_column())
    return frame.join(names, on="row", how="left", maintain_order="left").insert_column(0, pl.Series("year", [imported.year] * len(frame)))


def _assumptions_text(notes: tuple[Note, ...]) -> str:
    """Assumptions first, then what was read and set apart."""
    parts = (("What was assumed", [note for note in notes if note.severity != "info"]), ("What was read and set apart", [note for note in notes if note.severity == "info"]))
    lines = ["# How a use table became this economy", ""]
    for title, chosen in parts:
        lines += [f"## {title}", "", *(f"- **{note.subject}**: {note.sentence}" for note in chosen), ""]
    return "\n".join(lines)
