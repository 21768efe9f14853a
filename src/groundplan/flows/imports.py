"""Import official tables and material balances as economy folders: whole or not at all."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl

from groundplan.errors import FolderError, InputError
from groundplan.outcome import Note
from groundplan.planning.productivity import productivity_faults
from groundplan.store.folder import write_economy
from groundplan.store.importers.material_balances import ImportedBalances, import_balances
from groundplan.store.importers.use_table import Imported, import_use_table
from groundplan.tables.economy import Economy

__all__ = ["ADJUSTMENTS_FILE", "ASSUMPTIONS_FILE", "BALANCES_FILE", "BASE_YEAR_FILE", "ORIGINS_FILE", "TABLE_FILE", "balances_to_folder", "use_table_to_folder"]

ADJUSTMENTS_FILE = "import_adjustments.csv"
ASSUMPTIONS_FILE = "import_assumptions.md"
BASE_YEAR_FILE = "import_base_year.csv"
TABLE_FILE = "import_use_table.csv"
BALANCES_FILE = "import_balances.csv"
ORIGINS_FILE = "import_origins.csv"


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
    _refuse_existing(folder)
    imported = import_use_table(file, **options)
    extra = {ADJUSTMENTS_FILE: imported.adjustments, BASE_YEAR_FILE: imported.base_year, TABLE_FILE: _cells_used(imported)}
    _write_whole(folder, imported.economy, extra, imported.notes, "How a use table became this economy")
    return imported


def balances_to_folder(file: Path, folder: Path, **options: Any) -> ImportedBalances:
    """Build an economy folder from a workbook of material balances.

    Beside the economy's tables it holds what no step reads and a reader may ask for: `import_balances.csv` (sources and uses as they were read),
    `import_origins.csv` (the cells that each figure comes from, and how) and `import_assumptions.md`. All of it appears together or not at all.

    Args:
        file: the workbook.
        folder: the economy folder to write; it must not be there.
        options: those of `groundplan.store.importers.material_balances.import_balances`.

    Returns:
        The economy, where its figures come from and what was assumed.

    Raises:
        InputError: the workbook or an option is at fault, or recipes use up more than they yield; all faults together.
        FolderError: the folder is there already, or cannot be written.
    """
    _refuse_existing(folder)
    imported = import_balances(file, **options)
    loops = [replace(fault, table=file.name, column="", rows=()) for fault in productivity_faults(imported.economy)]
    if loops:
        raise InputError(f"{file.name} cannot be imported", loops)
    extra = {BALANCES_FILE: imported.rows, ORIGINS_FILE: imported.origins}
    _write_whole(folder, imported.economy, extra, imported.notes, "How material balances became this economy")
    return imported


def _refuse_existing(folder: Path) -> None:
    """Make sure that there is nothing to be overwritten.

    Raises:
        FolderError: the folder is there already.
    """
    if folder.exists():
        raise FolderError(f"{folder} is there already. Name another folder, or move this one away.")


def _write_whole(folder: Path, economy: Economy, extra: Mapping[str, pl.DataFrame], notes: tuple[Note, ...], title: str) -> None:
    """Write an economy with the files beside it, all of them or none.

    Raises:
        FolderError: the folder cannot be written.
    """
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        partial = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", suffix=".partial", dir=folder.parent))
    except OSError as error:
        raise FolderError(f"{folder} cannot be written: {error.strerror or error}") from error
    try:
        whole = partial / "economy"
        write_economy(economy, whole)
        for name, frame in extra.items():
            frame.write_csv(whole / name)
        (whole / ASSUMPTIONS_FILE).write_text(_assumptions_text(notes, title), encoding="utf-8", newline="\n")
        whole.rename(folder)
    except OSError as error:
        raise FolderError(f"{folder} cannot be written: {error.strerror or error}") from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _cells_used(imported: Imported) -> pl.DataFrame:
    """The cells in the form that the importer reads, with the names of the products."""
    names = imported.economy.products.select(pl.col("product").alias("row"), pl.col("name").alias("row_name"))
    frame = imported.cells.frame.select("row", "col", imported.cells.value_column())
    return frame.join(names, on="row", how="left", maintain_order="left").insert_column(0, pl.Series("year", [imported.year] * len(frame)))


def _assumptions_text(notes: tuple[Note, ...], title: str) -> str:
    """Assumptions first, then what was read and set apart."""
    parts = (("What was assumed", [note for note in notes if note.severity != "info"]), ("What was read and set apart", [note for note in notes if note.severity == "info"]))
    lines = [f"# {title}", ""]
    for part, chosen in parts:
        lines += [f"## {part}", "", *(f"- **{note.subject}**: {note.sentence}" for note in chosen), ""]
    return "\n".join(lines)
