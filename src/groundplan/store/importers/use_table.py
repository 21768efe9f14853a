"""Import an official use table as an economy: industry technology, final uses as goals, what is assumed said aloud."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import polars as pl

from groundplan.errors import Fault, InputError
from groundplan.outcome import Note
from groundplan.store.importers.accounts import Accounts, read_accounts
from groundplan.store.importers.adjustments import Adjustment, adjustments_table
from groundplan.store.importers.aggregate import aggregate_cells, read_concordance
from groundplan.store.importers.assumptions import STANDARD, Assumptions, InvestmentMode, assumption_faults
from groundplan.store.importers.base_year import GrossProduct, base_year_table, gross_product
from groundplan.store.importers.capacity import read_capacity, read_utilisation
from groundplan.store.importers.economy_tables import Named, build_economy
from groundplan.store.importers.long_table import Cells, read_cells, read_columns
from groundplan.store.importers.make_table import assumed_make, balanced_make
from groundplan.store.importers.notes import import_notes, standing_note
from groundplan.store.importers.structure import Structure, find_structure
from groundplan.tables.economy import Economy
from groundplan.tables.settings import Settings

__all__ = ["Imported", "import_use_table", "read_structure"]

_T = TypeVar("_T")

CAPACITY_CHANCE = 0.5
"""Capacities count at their middle value. A more cautious one would take so much off an assumed capacity that even the base year's
output, which was really made, could not be made again."""


@dataclass(frozen=True, slots=True, eq=False)
class Imported:
    """What an importer gives.

    Args:
        economy: an economy that passes its checks.
        adjustments: what does not stand in it as it stood in the table: kind, row, col, before, after (the table's measure), reason.
        notes: the assumptions, for everyone who reads a result.
        base_year: the balance of the base year, one row a product (`groundplan.store.importers.base_year`).
        product: gross domestic product of the table, counted by use and by income, beside the published figure.
        cells: the cells that were used, summed up where a concordance was given: row, col, value.
        year: the base year.
    """

    economy: Economy
    adjustments: pl.DataFrame
    notes: tuple[Note, ...]
    base_year: pl.DataFrame
    product: GrossProduct
    cells: Cells
    year: int


def import_use_table(
    file: Path,
    *,
    year: int | None = None,
    make: Path | None = None,
    capacity: Path | None = None,
    utilisation: Path | None = None,
    utilisation_shift: float = STANDARD.utilisation_shift,
    codes: Path | None = None,
    aggregate: Path | None = None,
    name: str | None = None,
    source: str | None = None,
    horizon: int = STANDARD.horizon,
    growth: float = STANDARD.growth,
    labour_growth: float = STANDARD.labour_growth,
    productivity_growth: float = STANDARD.productivity_growth,
    import_headroom: float = STANDARD.import_headroom,
    minimum_share: float = STANDARD.minimum_share,
    depreciation: float = STANDARD.depreciation,
    investment: InvestmentMode = STANDARD.investment,
) -> Imported:
    """Build an economy from a use table in long form.

    Args:
        file: CSV file with year (optional), row, col and musd, meur or value; codes of the US Bureau of Economic Analysis or of Eurostat.
        year: year to take; a file with several years, or without years, needs it.
        make: make table in the same form (rows industries, columns commodities); None makes one up, as diagonal as both totals allow.
        capacity: CSV file with product, capacity per year; None takes output / utilisation.
        utilisation: CSV file with month or year, and utilisation_pct; None assumes a rate.
        utilisation_shift: percentage points added to the rate, for sensitivity runs.
        codes: CSV file with code, name.
        aggregate: CSV file with code, sector and name of the sector: sums the table up first.
        name: name of the economy; None takes the file's.
        source: where the figures come from, for the reports; None names the file and its scheme.
        horizon: years of the plan.
        growth: yearly real growth of final uses and foreign exchange, a share.
        labour_growth: yearly growth of the hours that people work, a share.
        productivity_growth: yearly growth of what an hour does, a share; labour is counted in base-year compensation.
        import_headroom: share by which the imports of one product may exceed the base year's, grown.
        minimum_share: share of the base year's consumption that comes before all else.
        depreciation: share of capacity that wears out each year; with `growth` it tells what new capacity takes.
        investment: "goal" keeps fixed investment among the goals, "planned" leaves it to the plan.

    Returns:
        The economy, what was adjusted, and what was assumed.

    Raises:
        InputError: files cannot be read or do not fit, totals do not hold, options are out of range; all that could be found is told together.
    """
    assumptions = Assumptions(
        horizon=horizon,
        growth=growth,
        labour_growth=labour_growth,
        productivity_growth=productivity_growth,
        import_headroom=import_headroom,
        minimum_share=minimum_share,
        depreciation=depreciation,
        investment=investment,
        utilisation_shift=utilisation_shift,
    )
    faults = assumption_faults(assumptions) + _at_odds(capacity, utilisation, utilisation_shift)
    cells = _attempt(lambda: _read_table(file, year, aggregate), faults)
    names = (_attempt(lambda: _read_names(codes), faults) if codes else None) or {}
    made = _attempt(lambda: _read_table(make, cells.year if cells else year, aggregate), faults) if make else None
    rate = None if capacity or cells is None or cells.year is None else _attempt(lambda: read_utilisation(utilisation, _year(cells), shift=utilisation_shift), faults)
    if cells is not None and cells.year is None:
        faults.append(
            Fault(cells.source, "year", "missing_column", 0, (), "no years", "a column 'year', or a year that you name", "Name the year of the table with --year (option year).")
        )
    found = _attempt(lambda: _structure(cells, made), faults) if cells is not None and (made is not None or make is None) else None
    if cells is None or found is None or faults:
        raise InputError(f"{file.name} cannot be imported", faults)
    accounts, structure, adjustments = found
    if rate is None:
        assert capacity is not None
        capacities, basis = read_capacity(capacity, structure.products), Note("import", "info", "capacity", f"Capacities are those of {capacity.name}.")
    else:
        capacities, basis = structure.output / rate.rate, rate.note
    chance = f"Capacities count at their middle value (capacity_chance = {CAPACITY_CHANCE:g}): the base year's output was really made, which a more cautious value would deny."
    notes = (*import_notes(accounts, structure, assumptions, adjustments, made_up=make is None), basis, Note("import", "warning", "capacity chance", chance))
    settings = Settings(
        name=name or file.stem,
        base_period=str(_year(cells)),
        horizon=horizon,
        currency=cells.measure,
        capacity_chance=CAPACITY_CHANCE,
        simulated=False,
        source=source or f"{accounts.scheme.name}: use table of {cells.year}, from {file.name}",
        note=standing_note(assumptions, _year(cells), None if rate is None else rate.rate),
    )
    economy = build_economy(settings, structure, capacities, accounts.scheme, Named(cells.names | names, cells.measure), assumptions)
    table = base_year_table(structure, capacities)
    return Imported(economy, adjustments_table(adjustments), notes, table, gross_product(accounts), cells, _year(cells))


def read_structure(file: Path, *, year: int | None = None, make: Path | None = None, aggregate: Path | None = None) -> Structure:
    """Read the structure of production alone: coefficients, output and final uses of the base year.

    Args:
        file: see `import_use_table`.
        year: see there.
        make: see there.
        aggregate: see there.

    Raises:
        InputError: see there.
    """
    cells = _read_table(file, year, aggregate)
    return _structure(cells, _read_table(make, cells.year, aggregate) if make else None)[1]


def _structure(cells: Cells, made: Cells | None) -> tuple[Accounts, Structure, list[Adjustment]]:
    accounts, faults = read_accounts(cells)
    if accounts is None or faults:
        raise InputError(f"{cells.source} cannot be used", faults)
    make, adjustments, faults = assumed_make(accounts, cells.source) if made is None else balanced_make(accounts, made, cells.source)
    if faults:
        raise InputError(f"{cells.source} cannot be used", faults)
    try:
        structure, more = find_structure(accounts, make)
    except ValueError as error:
        fault = Fault(cells.source, "", "not_a_product", 0, (), str(error), "industries that make products of the plan", "Take these industries out, or give a make table.")
        raise InputError(f"{cells.source} cannot be used", [fault]) from error
    return accounts, structure, adjustments + more


def _read_table(path: Path, year: int | None, aggregate: Path | None) -> Cells:
    cells = read_cells(path, year=year)
    return aggregate_cells(cells, read_concordance(aggregate)) if aggregate else cells


def _read_names(path: Path) -> dict[str, str]:
    return dict(read_columns(path, ("code", "name")).select("code", "name").drop_nulls().iter_rows())


def _year(cells: Cells) -> int:
    assert cells.year is not None
    return cells.year


def _at_odds(capacity: Path | None, utilisation: Path | None, shift: float) -> list[Fault]:
    if capacity is None or (utilisation is None and shift == 0):
        return []
    remedy = "Give either capacities, or utilisation and its shift."
    return [Fault("options", "capacity, utilisation", "at_odds", 0, (), "capacities and a utilisation", "one of the two: capacities need no utilisation", remedy)]


def _attempt(read: Callable[[], _T], faults: list[Fault]) -> _T | None:
    """Read something; where it is at fault keep all its faults and go on to the next."""
    try:
        return read()
    except InputError as error:
        faults += error.faults or [Fault("options", "", "input", 0, (), error.message, "usable input", "Mend it.")]
        return None
