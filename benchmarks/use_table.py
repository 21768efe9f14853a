"""How well RAS carries a use table forward when only the totals of the new year are known.

    python benchmarks/use_table.py [FOLDER]

FOLDER holds us_use.csv (columns year, row, col, musd; see ../shared/data/io-tables). For each pair of years the intermediate block
(commodities that industries use, by industries) of the old year is balanced to the row and column sums of the new year's, and
compared with it cell by cell. Cells below zero count as zero in both. The error is the sum of absolute differences over the sum
of the new year's flows, in per cent; beside it the old block scaled to the new one's sum, which knows no totals but one.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np

from groundplan.maths.balance import balance_to_totals
from groundplan.store.importers.accounts import read_accounts
from groundplan.store.importers.long_table import read_cells

FOLDER = Path(__file__).parents[1] / ".." / "shared" / "data" / "io-tables"
PAIRS = ((2012, 2013), (2018, 2019), (2012, 2019))


def intermediate_block(file: Path, year: int) -> np.ndarray:
    """Flows of the intermediate block, shape (commodities used, industries), in an order that is the same for all years."""
    accounts, faults = read_accounts(read_cells(file, year=year))
    assert accounts is not None, faults
    rows, columns = np.argsort(accounts.commodities.labels), np.argsort(accounts.industries.labels)
    return np.maximum(accounts.use[rows][:, columns], 0.0)


def compare(old: np.ndarray, new: np.ndarray) -> tuple[float, float, int, float]:
    """Error of RAS and of plain scaling in per cent of the flow, rounds, and seconds."""
    began = time.perf_counter()
    balanced = balance_to_totals(old, new.sum(axis=1), new.sum(axis=0))
    seconds = time.perf_counter() - began
    assert balanced.converged
    scaled = old * (new.sum() / old.sum())
    return (*(100 * float(np.abs(table - new).sum() / new.sum()) for table in (balanced.table, scaled)), balanced.rounds, seconds)


def main() -> None:
    """Print one row a pair of years."""
    file = Path(sys.argv[1] if len(sys.argv) > 1 else FOLDER) / "us_use.csv"
    if not file.is_file():
        sys.exit(f"{file} is not there: name the folder that holds us_use.csv")
    print("| from | to | RAS, % of flow | old table scaled, % of flow | rounds | ms |\n|---|---|---|---|---|---|")
    for first, last in PAIRS:
        ras, scaled, rounds, seconds = compare(intermediate_block(file, first), intermediate_block(file, last))
        print(f"| {first} | {last} | {ras:.1f} | {scaled:.1f} | {rounds} | {1000 * seconds:.1f} |")


if __name__ == "__main__":
    main()
