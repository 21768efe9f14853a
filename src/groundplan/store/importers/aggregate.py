"""Sum a use table up to fewer sectors, by a concordance of codes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from groundplan.errors import Fault, InputError
from groundplan.store.importers.long_table import Cells, read_columns
from groundplan.store.importers.schemes import recognise_scheme
from groundplan.tables.faulty import row_faults

__all__ = ["Concordance", "aggregate_cells", "read_concordance"]


@dataclass(frozen=True, slots=True)
class Concordance:
    """Which detailed code belongs to which sector, and the sectors' names, in the order of the file."""

    sectors: dict[str, str]
    names: dict[str, str]
    source: str


def read_concordance(path: Path) -> Concordance:
    """Read a concordance.

    Args:
        path: CSV file with `code` and `sector`; `name` of the sector may be there, on its first row or on all.

    Raises:
        InputError: the file cannot be read, cells are empty, or a code stands twice.
    """
    frame = read_columns(path, ("code", "sector"))
    faults = []
    for name in ("code", "sector"):
        faults += row_faults(path.name, name, "missing_value", frame[name].is_null() | (frame[name] == ""), found="empty cells", expected="a code", remedy="Fill them in.")
    faults += row_faults(path.name, "code", "duplicate_key", frame["code"].is_duplicated(), found=frame["code"], expected="one sector a code", remedy="Take one out.")
    if faults:
        raise InputError(f"{path.name} cannot be used", faults)
    named = frame.filter(pl.col("name").is_not_null()).unique("sector", keep="first", maintain_order=True) if "name" in frame.columns else frame.clear()
    names = dict(named.select("sector", "name").iter_rows()) if "name" in frame.columns else {}
    return Concordance(dict(frame.select("code", "sector").iter_rows()), names, path.name)


def aggregate_cells(cells: Cells, concordance: Concordance) -> Cells:
    """Sum the cells of industries and commodities by sector; value added, final uses and totals keep their codes.

    Each cell of the result is the sum of the detailed ones, so all identities that held go on holding.

    Raises:
        InputError: an industry or commodity of the table has no sector.
    """
    frame = cells.frame
    scheme = recognise_scheme(set(frame["row"].unique()), set(frame["col"].unique()))
    kept_rows, kept_columns = (frozenset[str](), frozenset[str]()) if scheme is None else (scheme.margin_rows() | scheme.outside, scheme.margin_columns())
    codes = [
        *frame.filter(~pl.col("row").is_in(list(kept_rows)))["row"].unique(maintain_order=True),
        *frame.filter(~pl.col("col").is_in(list(kept_columns)))["col"].unique(maintain_order=True),
    ]
    missing = [code for code in dict.fromkeys(codes) if code not in concordance.sectors]
    if missing:
        shown = ", ".join(missing[:5]) + (f" and {len(missing) - 5} more" if len(missing) > 5 else "")
        fault = Fault(concordance.source, "code", "missing_code", len(missing), (), f"no row for {shown}", "a sector for every industry and commodity", "Add these codes.")
        raise InputError(f"{concordance.source} does not cover {cells.source}", [fault])
    sector = pl.col("row", "col").replace(concordance.sectors)
    order = [pl.col(name).replace_strict({label: i for i, label in enumerate(_order(frame[name], concordance))}, return_dtype=pl.Int64) for name in ("row", "col")]
    summed = frame.with_columns(sector).group_by("row", "col").agg(pl.col("value").sum()).filter(pl.col("value") != 0)
    return replace(cells, frame=summed.sort(*order), names=concordance.names)


def _order(codes: pl.Series, concordance: Concordance) -> list[str]:
    """Sectors in the order of the concordance, then the codes that stay, as they first come."""
    kept = [code for code in codes.unique(maintain_order=True) if code not in concordance.sectors]
    return list(dict.fromkeys([*concordance.sectors.values(), *kept]))
