"""The structure of production that a use table shows: coefficients per unit of product and a balance that closes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from groundplan.maths.supply_use import industry_shares
from groundplan.store.importers.accounts import Accounts
from groundplan.store.importers.adjustments import Adjustment
from groundplan.store.importers.schemes import FinalKind
from groundplan.tables.axes import Axis

__all__ = ["Structure", "find_structure"]

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Structure:
    """Production, final use and trade of n products in the base year, in the table's money measure per year.

    The balance holds exactly, product by product:
    output + imports + outside_supply = coefficients @ output + sum of final uses + outside_use.

    Args:
        products: commodities that the plan knows.
        coefficients: A, shape (n, n), >= 0: what goes into a unit of each product.
        labour: compensation of employees per unit of product, shape (n,).
        imported: inputs that were imported, per unit of product, shape (n,); zero where imports stand with the commodities.
        surplus: operating surplus of each product, shape (n,), >= 0.
        output: q, shape (n,).
        final: kind of final use -> flows >= 0, shape (n,).
        imports: shape (n,), >= 0.
        outside_supply: what negative cells say came from elsewhere (stocks run down, second-hand goods), shape (n,), >= 0.
        outside_use: uses that are no final use (positive cells among imports), shape (n,), >= 0.
    """

    products: Axis
    coefficients: FloatArray
    labour: FloatArray
    imported: FloatArray
    surplus: FloatArray
    output: FloatArray
    final: dict[FinalKind, FloatArray]
    imports: FloatArray
    outside_supply: FloatArray
    outside_use: FloatArray


def find_structure(accounts: Accounts, make: FloatArray) -> tuple[Structure, list[Adjustment]]:
    """Work out coefficients under the industry-technology assumption and set apart what is no product of the plan.

    Args:
        accounts: a use table whose totals hold.
        make: V, shape (industries, commodities), that meets both output totals.

    Returns:
        The structure, and each cell that does not stand in it as it stood in the table.

    Raises:
        ValueError: an industry makes nothing but commodities that are outside the plan.
    """
    inside = np.array([label not in accounts.scheme.outside for label in accounts.commodities.labels])
    products = Axis(tuple(label for label, kept in zip(accounts.commodities.labels, inside, strict=True) if kept))
    adjustments = _outside_commodities(accounts, inside)
    use, final = accounts.use[inside], accounts.final_flows[inside]
    shares = industry_shares(make, inside)
    industry_output = make.sum(axis=1)
    per_output = np.divide(1.0, industry_output, out=np.zeros_like(industry_output), where=industry_output > 0)

    def per_product(flows: FloatArray) -> FloatArray:
        per_unit: FloatArray = (flows * per_output) @ shares
        return per_unit

    is_import = np.array([accounts.scheme.final[code] == "imports" for code in accounts.finals.labels])
    adjustments += _signed_cells(accounts, products, use, final, is_import)
    surplus = np.maximum(_input_flows(accounts, "surplus"), 0.0)
    adjustments += _negative_surplus(accounts)
    kinds: dict[FinalKind, FloatArray] = {}
    for position, code in enumerate(accounts.finals.labels):
        kind = accounts.scheme.final[code]
        if kind != "imports":
            kinds[kind] = kinds.get(kind, np.zeros(len(products))) + np.maximum(final[:, position], 0.0)
    output = accounts.commodity_output[inside]
    # An industry that makes nothing has no recipe, so what it uses can only be an outside use.
    idle = np.maximum(use[:, industry_output <= 0], 0.0).sum(axis=1)
    rounding = output - use.sum(axis=1) - final.sum(axis=1)
    rounding, moved = _round_final_use(products, kinds, rounding)
    adjustments += moved
    structure = Structure(
        products,
        coefficients=per_product(np.maximum(use, 0.0)),
        labour=per_product(_input_flows(accounts, "compensation")),
        imported=per_product(_input_flows(accounts, "imported_inputs")),
        surplus=per_product(surplus) * output,
        output=output,
        final=kinds,
        imports=np.maximum(-final[:, is_import], 0.0).sum(axis=1),
        outside_supply=np.maximum(-use, 0.0).sum(axis=1) + np.maximum(-final[:, ~is_import], 0.0).sum(axis=1) + np.maximum(-rounding, 0.0),
        outside_use=np.maximum(final[:, is_import], 0.0).sum(axis=1) + np.maximum(rounding, 0.0) + idle,
    )
    return structure, adjustments


def _round_final_use(products: Axis, kinds: dict[FinalKind, FloatArray], rounding: FloatArray) -> tuple[FloatArray, list[Adjustment]]:
    """Put what the cells lack of the published total into the largest final use, in place; give what could not be put there."""
    names = list(kinds)
    flows = np.stack([kinds[name] for name in names]) if names else np.zeros((1, len(products)))
    largest, left = flows.argmax(axis=0), rounding.copy()
    adjustments = []
    for i in np.flatnonzero(rounding):
        before = float(flows[largest[i], i])
        if before + rounding[i] <= 0 or before == 0:
            continue
        kinds[names[largest[i]]][i] += rounding[i]
        left[i] = 0.0
        reason = "the cells do not quite add up to the published total: the difference is put into the largest final use"
        adjustments.append(Adjustment("rounding", products.labels[i], names[largest[i]], before, before + float(rounding[i]), reason))
    return left, adjustments


def _input_flows(accounts: Accounts, kind: str) -> FloatArray:
    chosen = np.array([accounts.scheme.inputs[code] == kind for code in accounts.inputs.labels])
    flows: FloatArray = accounts.input_flows[chosen].sum(axis=0)
    return flows


def _outside_commodities(accounts: Accounts, inside: NDArray[np.bool_]) -> list[Adjustment]:
    reason = "commodity without an industry of its own: an outside flow, no product of the plan"
    flows = np.hstack([accounts.use, accounts.final_flows])
    codes = accounts.industries.labels + accounts.finals.labels
    places = [(i, j) for i in np.flatnonzero(~inside) for j in np.flatnonzero(flows[i])]
    return [Adjustment("outside_commodity", accounts.commodities.labels[i], codes[j], float(flows[i, j]), 0.0, reason) for i, j in places]


def _signed_cells(accounts: Accounts, products: Axis, use: FloatArray, final: FloatArray, is_import: NDArray[np.bool_]) -> list[Adjustment]:
    """List cells whose sign says that they are no use: negative ones, and positive ones among imports."""
    negative = "negative use: supply from outside the plan, which covers final uses of the same product first and grows like them"
    counted = "positive cell among imports (duties, freight and insurance by residents): kept in the balance as an outside use"
    rows = [Adjustment("negative_cell", products.labels[i], accounts.industries.labels[j], float(use[i, j]), 0.0, negative) for i, j in np.argwhere(use < 0)]
    odd = np.where(is_import[None, :], final > 0, final < 0)
    for i, j in np.argwhere(odd):
        kind, reason = ("import_cell", counted) if is_import[j] else ("negative_cell", negative)
        rows.append(Adjustment(kind, products.labels[i], accounts.finals.labels[j], float(final[i, j]), 0.0, reason))
    return rows


def _negative_surplus(accounts: Accounts) -> list[Adjustment]:
    flows = _input_flows(accounts, "surplus")
    reason = "a loss cannot be a share of the capital: counted as zero where investment is shared out"
    return [Adjustment("surplus", "operating surplus", accounts.industries.labels[j], float(flows[j]), 0.0, reason) for j in np.flatnonzero(flows < 0)]
