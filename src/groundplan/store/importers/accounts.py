"""A use table as arrays, with its identities checked: what each industry uses and what becomes of each commodity."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from groundplan.errors import Fault
from groundplan.store.importers.long_table import Cells
from groundplan.store.importers.schemes import SCHEMES, Scheme, recognise_scheme
from groundplan.tables.axes import Axis
from groundplan.tables.faulty import did_you_mean

__all__ = ["Accounts", "read_accounts", "total_faults"]

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Accounts:
    """A use table as arrays; all flows in the table's money measure per year.

    Args:
        scheme: how its margins are coded.
        commodities: rows.
        industries: columns.
        inputs: codes of value added and of other inputs that are no commodities.
        finals: codes of final uses.
        use: U, shape (commodities, industries).
        input_flows: shape (inputs, industries).
        final_flows: shape (commodities, finals); imports negative.
        industry_output: g, published totals, shape (industries,).
        commodity_output: q, published totals, shape (commodities,).
        final_inputs: taxes on products and imports within final uses, shape (inputs, finals).
        published_product: gross domestic product as the table publishes it; None where it does not.
        rounding: unit to which the cells are rounded.
    """

    scheme: Scheme
    commodities: Axis
    industries: Axis
    inputs: Axis
    finals: Axis
    use: FloatArray
    input_flows: FloatArray
    final_flows: FloatArray
    industry_output: FloatArray
    commodity_output: FloatArray
    final_inputs: FloatArray
    published_product: float | None
    rounding: float


def read_accounts(cells: Cells) -> tuple[Accounts | None, list[Fault]]:
    """Sort the cells of a use table into its parts.

    Rows and columns keep the order in which they first come in the file; each is a commodity or an industry where its scheme
    does not know it as a margin.

    Returns:
        The accounts, or None where they cannot be read; and what is wrong.
    """
    frame = cells.frame
    rows, columns = frame["row"].unique(maintain_order=True).to_list(), frame["col"].unique(maintain_order=True).to_list()
    scheme = recognise_scheme(rows, columns)
    if scheme is None:
        known = "; ".join(f"{scheme.name}: row '{scheme.industry_total}', column '{scheme.commodity_total}'" for scheme in SCHEMES)
        remedy = "Add the totals of output under these codes, or recode the table."
        return None, [Fault(cells.source, "row, col", "unknown_codes", 0, (), "no totals of industry and commodity output", f"the totals of a known scheme ({known})", remedy)]
    commodities = Axis.of(row for row in rows if row not in scheme.margin_rows())
    industries = Axis.of(column for column in columns if column not in scheme.margin_columns())
    remedy = "Take the whole table, with the codes of its scheme."
    faults = []
    if not len(commodities):
        faults.append(Fault(cells.source, "row", "no_commodities", 0, (), "only margins", "rows that are commodities", remedy))
    if not len(industries):
        faults.append(Fault(cells.source, "col", "no_industries", 0, (), "only margins", "columns that are industries", remedy))
    faults += _unknown_codes(cells, scheme, commodities, industries)
    if faults:
        return None, faults
    inputs, finals = Axis(tuple(scheme.inputs)), Axis(tuple(scheme.final))
    accounts = Accounts(
        scheme,
        commodities,
        industries,
        inputs,
        finals,
        use=_matrix(frame, commodities, industries),
        input_flows=_matrix(frame, inputs, industries),
        final_flows=_matrix(frame, commodities, finals),
        industry_output=_matrix(frame, Axis((scheme.industry_total,)), industries)[0],
        commodity_output=_commodity_output(frame, scheme, commodities),
        final_inputs=_matrix(frame, inputs, finals),
        published_product=_published_product(frame, scheme),
        rounding=_rounding(frame["value"].to_numpy()),
    )
    return accounts, total_faults(accounts, cells.source)


def total_faults(accounts: Accounts, source: str) -> list[Fault]:
    """Check that rows and columns add up to the published totals, and that nothing makes less than nothing.

    Each cell may be off by one unit of rounding (published cells are themselves derived, so half a unit is too strict), a total
    therefore by the number of its cells.
    """
    faults = _negative_totals(accounts, source)
    columns = np.vstack([accounts.use, accounts.input_flows])
    rows = np.hstack([accounts.use, accounts.final_flows])
    for sums, cells, totals, axis, name, code in (
        (columns.sum(axis=0), (columns != 0).sum(axis=0), accounts.industry_output, accounts.industries, "row", "total of the industry"),
        (rows.sum(axis=1), (rows != 0).sum(axis=1), accounts.commodity_output, accounts.commodities, "col", "total of the commodity"),
    ):
        off = np.flatnonzero(np.abs(sums - totals) > (cells + 1) * accounts.rounding)
        if off.size:
            shown = ", ".join(f"{axis.labels[i]}: {sums[i]:,.10g} where the total is {totals[i]:,.10g}" for i in off[:3])
            expected = "cells that add up to the published total, within rounding"
            faults.append(Fault(source, name, "total_mismatch", int(off.size), (), f"{code}: {shown}", expected, "Mend the cells or the totals; look for rows that are missing."))
    return faults


def _negative_totals(accounts: Accounts, source: str) -> list[Fault]:
    faults = []
    for totals, axis, code in (
        (accounts.industry_output, accounts.industries, accounts.scheme.industry_total),
        (accounts.commodity_output, accounts.commodities, accounts.scheme.commodity_total),
    ):
        bad = np.flatnonzero(totals < 0)
        if bad.size:
            shown = ", ".join(f"{axis.labels[i]}: {totals[i]:,.10g}" for i in bad[:3])
            faults.append(Fault(source, code, "negative_output", int(bad.size), (), shown, "output of zero or more", "Mend the totals."))
    return faults


def _unknown_codes(cells: Cells, scheme: Scheme, commodities: Axis, industries: Axis) -> list[Fault]:
    """Codes that are neither of the scheme's margins nor have a total of output: most likely misspelt."""
    frame = cells.frame
    with_output = frame.filter(pl.col("row") == scheme.industry_total)["col"].to_list()
    made = with_output if scheme.symmetric else frame.filter(pl.col("col") == scheme.commodity_total)["row"].to_list()
    faults = []
    for column, axis, totals, known in (("row", commodities, made, scheme.margin_rows()), ("col", industries, with_output, scheme.margin_columns())):
        unknown = [label for label in axis.labels if label not in set(totals)]
        if not unknown:
            continue
        shown = ", ".join(map(repr, unknown[:5])) + (f" and {len(unknown) - 5} more" if len(unknown) > 5 else "")
        total = f"row '{scheme.industry_total}'" if column == "col" or scheme.symmetric else f"column '{scheme.commodity_total}'"
        remedy = f"{did_you_mean(unknown, [*known, *totals])}Mend the codes, or add their output."
        faults.append(Fault(cells.source, column, "unknown_codes", len(unknown), (), shown, f"codes of {scheme.name}, or ones with output in the {total}", remedy))
    return faults


def _published_product(frame: pl.DataFrame, scheme: Scheme) -> float | None:
    cells = frame.join(pl.DataFrame(list(scheme.product_cells), schema=["row", "col"], orient="row"), on=["row", "col"])
    return float(cells["value"].sum()) if len(cells) == len(scheme.product_cells) else None


def _commodity_output(frame: pl.DataFrame, scheme: Scheme, commodities: Axis) -> FloatArray:
    made: FloatArray = _matrix(frame, Axis((scheme.industry_total,)), commodities)[0] if scheme.symmetric else _matrix(frame, commodities, Axis((scheme.commodity_total,)))[:, 0]
    return made


def _matrix(frame: pl.DataFrame, rows: Axis, columns: Axis) -> FloatArray:
    placed = frame.with_columns(i=pl.Series(rows.positions(frame["row"])), j=pl.Series(columns.positions(frame["col"]))).filter((pl.col("i") >= 0) & (pl.col("j") >= 0))
    matrix: FloatArray = np.zeros((len(rows), len(columns)))
    matrix[placed["i"].to_numpy(), placed["j"].to_numpy()] = placed["value"].to_numpy()
    return matrix


def _rounding(values: FloatArray) -> float:
    """The largest power of ten, at most one, of which all values are multiples; 1e-6 at least."""
    for digits in range(7):
        if np.allclose(values, values.round(digits), rtol=0, atol=1e-9 * 10.0**-digits):
            return 10.0**-digits
    return 1e-6
