"""How well a use table is carried forward when only the totals of the new year are known.

    python benchmarks/use_table.py [FOLDER]

FOLDER holds us_use.csv (columns year, row, col, musd; see ../shared/data/io-tables). For each pair of years the intermediate block
(commodities that industries use, by industries) of the old year is adjusted to the row and column sums of the new year's, and
compared with it cell by cell. The error is the sum of absolute differences over the sum of the new year's flows, in per cent.

Methods: the old block scaled to the new one's sum, which knows no totals but one; RAS (which is also the cross-entropy of flows);
cross-entropy of coefficients; least squares with the same relative error in every cell (variance as the flow's square) and with
variance in proportion to the flow, both kept at or above zero. Cells below zero count as zero in both years; `GRAS` keeps them.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from groundplan.maths.balance import Balanced, balance_to_totals
from groundplan.maths.cross_entropy import balance_by_entropy, coefficients_by_entropy
from groundplan.maths.reconcile import balance_by_least_squares
from groundplan.store.importers.accounts import read_accounts
from groundplan.store.importers.long_table import read_cells

FOLDER = Path(__file__).parents[1] / ".." / "shared" / "data" / "io-tables"
LONG_STEPS = (2, 4, 7)


def intermediate_block(file: Path, year: int) -> np.ndarray:
    """Flows of the intermediate block, shape (commodities used, industries), in an order that is the same for all years."""
    accounts, faults = read_accounts(read_cells(file, year=year))
    assert accounts is not None, faults
    rows, columns = np.argsort(accounts.commodities.labels), np.argsort(accounts.industries.labels)
    return accounts.use[rows][:, columns]


def by_coefficients(old: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> Balanced:
    """Cross-entropy of coefficients; an industry's inputs stand for its output, which makes each column of coefficients add up to one."""
    used = old.sum(axis=0)
    found = coefficients_by_entropy(old / used, columns, rows, columns)
    return Balanced(found.table * columns, found.rounds, found.error, found.converged)


METHODS: dict[str, Callable[[np.ndarray, np.ndarray, np.ndarray], Balanced]] = {
    "RAS": balance_to_totals,
    "cross-entropy of flows": balance_by_entropy,
    "cross-entropy of coefficients": by_coefficients,
    "least squares, equal relative error": lambda old, rows, columns: balance_by_least_squares(old, old**2, rows, columns, non_negative=True),
    "least squares, variance as flow": lambda old, rows, columns: balance_by_least_squares(old, old * old.sum(), rows, columns, non_negative=True),
}


def compare(old: np.ndarray, new: np.ndarray) -> dict[str, tuple[float, float, float, int]]:
    """By method: error in per cent of the flow, largest deviation of a total as a share of all flows, seconds, rounds."""
    found: dict[str, tuple[float, float, float, int]] = {}
    old_flows, new_flows = np.maximum(old, 0.0), np.maximum(new, 0.0)
    # What was used by nobody in the old year cannot be scaled up to something: such rows and columns are left out.
    rows, columns = (old_flows.sum(axis=1) > 0) | (new_flows.sum(axis=1) == 0), (old_flows.sum(axis=0) > 0) | (new_flows.sum(axis=0) == 0)
    old, new, old_flows, new_flows = (table[rows][:, columns] for table in (old, new, old_flows, new_flows))
    found["old table scaled"] = (_error(old_flows * (new_flows.sum() / old_flows.sum()), new_flows), float("nan"), 0.0, 0)
    for name, method in METHODS.items():
        found[name] = _run(method, old_flows, new_flows)
    found["GRAS, negative cells kept"] = _run(balance_by_entropy, old, new)
    return found


def _run(method: Callable[[np.ndarray, np.ndarray, np.ndarray], Balanced], old: np.ndarray, new: np.ndarray) -> tuple[float, float, float, int]:
    rows, columns = new.sum(axis=1), new.sum(axis=0)
    began = time.perf_counter()
    table = method(old, rows, columns)
    seconds = time.perf_counter() - began
    assert table.converged, (table.error, table.rounds)
    residual = max(np.abs(table.table.sum(axis=1) - rows).max(), np.abs(table.table.sum(axis=0) - columns).max()) / np.abs(new).sum()
    return _error(table.table, new), float(residual), seconds, table.rounds


def _error(table: np.ndarray, new: np.ndarray) -> float:
    return 100 * float(np.abs(table - new).sum() / np.abs(new).sum())


def main() -> None:
    """Print one row a step and method, then each pair of consecutive years."""
    file = Path(sys.argv[1] if len(sys.argv) > 1 else FOLDER) / "us_use.csv"
    if not file.is_file():
        sys.exit(f"{file} is not there: name the folder that holds us_use.csv")
    there = set(np.unique(np.loadtxt(file, delimiter=",", skiprows=1, usecols=0, dtype=np.int64)).tolist())
    blocks = {year: intermediate_block(file, year) for year in sorted(there)}
    print("| step, years | pairs | method | error, % of flow: mean | least | most | pairs in which it beats RAS | largest residual | rounds, most | ms, mean |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    yearly: dict[tuple[int, int], dict[str, tuple[float, float, float, int]]] = {}
    for step in (1, *LONG_STEPS):
        pairs = [(year, year + step) for year in blocks if year + step in blocks]
        results = [compare(blocks[first], blocks[last]) for first, last in pairs]
        if step == 1:
            yearly = dict(zip(pairs, results, strict=True))
        ras = np.array([result["RAS"][0] for result in results])
        for name in results[0]:
            errors, residuals, seconds, rounds = (np.array([result[name][at] for result in results]) for at in range(4))
            wins = int((errors < ras - 1e-6).sum())
            row = f"| {step} | {len(pairs)} | {name} | {errors.mean():.2f} | {errors.min():.2f} | {errors.max():.2f} | {wins} | {residuals.max():.0e} "
            print(f"{row}| {rounds.max():.0f} | {1000 * seconds.mean():.0f} |")
    print("\n| from | to | " + " | ".join(next(iter(yearly.values()))) + " |\n|---|---|" + "---|" * len(next(iter(yearly.values()))))
    for (first, last), result in yearly.items():
        print(f"| {first} | {last} | " + " | ".join(f"{entry[0]:.1f}" for entry in result.values()) + " |")


if __name__ == "__main__":
    main()
