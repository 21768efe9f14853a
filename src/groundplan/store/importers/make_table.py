"""The make matrix: read from a table, or made up as nearly diagonal; balanced to both output totals either way."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from groundplan.errors import Fault
from groundplan.maths.balance import balance_to_totals
from groundplan.maths.supply_use import diagonal_make
from groundplan.store.importers.accounts import Accounts
from groundplan.store.importers.adjustments import Adjustment
from groundplan.store.importers.long_table import Cells

__all__ = ["assumed_make", "balanced_make"]

FloatArray = NDArray[np.float64]

_LARGEST_SUM_GAP = 1e-4
"""Industry and commodity output are one sum; beyond this share the difference is no rounding."""


def assumed_make(accounts: Accounts, source: str) -> tuple[FloatArray, list[Adjustment], list[Fault]]:
    """Make up a make matrix without a make table: diagonal as far as both totals allow.

    Returns:
        V, shape (industries, commodities); each cell that differs from the purely diagonal matrix; faults.
    """
    industry_output, adjustments, faults = _one_sum(accounts, source)
    if faults:
        return np.zeros((len(accounts.industries), len(accounts.commodities))), [], faults
    own = np.array([accounts.commodities.position(label) if label in accounts.commodities else -1 for label in accounts.industries.labels], dtype=np.int64)
    make = diagonal_make(industry_output, accounts.commodity_output, own)
    diagonal = np.zeros_like(make)
    rows = np.flatnonzero(own >= 0)
    diagonal[rows, own[rows]] = accounts.industry_output[rows]
    reason = "no make table: what an industry makes beyond its own commodity is spread over the commodities that lack output"
    return make, adjustments + _changed(accounts, diagonal, make, reason), []


def balanced_make(accounts: Accounts, cells: Cells, source: str) -> tuple[FloatArray, list[Adjustment], list[Fault]]:
    """Take the make matrix from a table (rows industries, columns commodities) and balance it to the use table's totals.

    Returns:
        V, shape (industries, commodities); each cell that the balancing moved by more than a unit of rounding; faults.
    """
    frame = cells.frame
    margins = accounts.scheme.margin_rows() | accounts.scheme.margin_columns() | {"Total Commodity Output", "Total Industry Output"}
    i, j = accounts.industries.positions(frame["row"]), accounts.commodities.positions(frame["col"])
    unknown = ((i < 0) & ~np.isin(frame["row"].to_numpy(), list(margins))) | ((j < 0) & ~np.isin(frame["col"].to_numpy(), list(margins)))
    values = frame["value"].to_numpy()
    industry_output, adjustments, faults = _one_sum(accounts, source)
    for rule, mask, expected in (
        ("unknown_code", unknown, "rows that are industries and columns that are commodities of the use table"),
        ("negative_make", values < 0, "output of zero or more"),
    ):
        if mask.any():
            shown = ", ".join(f"({row}, {column})" for row, column in frame.filter(mask).select("row", "col").head(3).iter_rows())
            faults.append(Fault(cells.source, "row, col", rule, int(mask.sum()), (), shown, expected, "Mend these cells of the make table."))
    prior = np.zeros((len(accounts.industries), len(accounts.commodities)))
    if faults:
        return prior, [], faults
    placed = (i >= 0) & (j >= 0)
    prior[i[placed], j[placed]] = values[placed]
    try:
        balanced = balance_to_totals(prior, industry_output, accounts.commodity_output)
    except ValueError as error:
        return (
            prior,
            [],
            [Fault(cells.source, "", "cannot_balance", 0, (), str(error), "a make table of the same year and classification", "Take the table that goes with the use table.")],
        )
    if not balanced.converged:
        found = f"a total {balanced.error:.2g} of all output away after {balanced.rounds} rounds"
        return prior, [], [Fault(cells.source, "", "cannot_balance", 0, (), found, "a make table that can meet both totals", "Take the table that goes with the use table.")]
    moved = np.where(np.abs(balanced.table - prior) > accounts.rounding, balanced.table, prior)
    return balanced.table, adjustments + _changed(accounts, prior, moved, "balanced to both output totals of the use table (RAS)"), []


def _one_sum(accounts: Accounts, source: str) -> tuple[FloatArray, list[Adjustment], list[Fault]]:
    """Scale industry output to the sum of commodity output, where they differ by rounding."""
    industries, commodities = float(accounts.industry_output.sum()), float(accounts.commodity_output.sum())
    if commodities <= 0 or industries <= 0:
        return accounts.industry_output, [], [Fault(source, "", "no_output", 0, (), "totals of output that are zero", "positive output", "Take the whole table.")]
    if abs(industries - commodities) > _LARGEST_SUM_GAP * commodities:
        found = f"industries add up to {industries:,.10g}, commodities to {commodities:,.10g}"
        fault = Fault(source, "", "total_mismatch", 0, (), found, "one sum: what industries make is what commodities there are", "Look for rows or columns that are missing.")
        return accounts.industry_output, [], [fault]
    if industries == commodities:
        return accounts.industry_output, [], []
    codes = accounts.scheme.industry_total, accounts.scheme.commodity_total
    reason = "sum of industry output scaled to the sum of commodity output"
    return accounts.industry_output * (commodities / industries), [Adjustment("total", *codes, industries, commodities, reason)], []


def _changed(accounts: Accounts, before: FloatArray, after: FloatArray, reason: str) -> list[Adjustment]:
    places = np.argwhere(np.abs(after - before) > accounts.rounding)
    return [Adjustment("make", accounts.industries.labels[i], accounts.commodities.labels[j], float(before[i, j]), float(after[i, j]), reason) for i, j in places]
