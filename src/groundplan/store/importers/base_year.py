"""The accounts of the base year: that they close product by product, and that they add up to the published product."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from groundplan.store.importers.accounts import Accounts
from groundplan.store.importers.schemes import InputKind
from groundplan.store.importers.structure import Structure

__all__ = ["GrossProduct", "base_year_table", "gross_product"]

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class GrossProduct:
    """Gross domestic product of a use table, counted three ways; in the table's money measure.

    Args:
        by_use: final uses less imports, of all commodities, those outside the plan included.
        by_income: value added of all industries, and taxes on products where the table shows them apart.
        published: as the table publishes it; None where it does not.
        outside: part of `by_use` that belongs to commodities outside the plan.
    """

    by_use: float
    by_income: float
    published: float | None
    outside: float


def gross_product(accounts: Accounts) -> GrossProduct:
    """Count gross domestic product by use and by income.

    Taxes on products within final uses belong to it. Where imports stand in a row (Eurostat's domestic use), only those of
    industries are taken off: final uses then hold home products alone.
    """
    taxes = _of_kind(accounts, "taxes_on_products")
    imported = _of_kind(accounts, "imported_inputs")
    by_product = accounts.final_flows.sum(axis=1)
    final_taxes = float(accounts.final_inputs[taxes].sum())
    by_use = float(by_product.sum()) + final_taxes - float(accounts.input_flows[imported].sum())
    by_income = float(accounts.input_flows[~imported].sum()) + final_taxes
    outside = np.array([label in accounts.scheme.outside for label in accounts.commodities.labels])
    return GrossProduct(by_use, by_income, accounts.published_product, float(by_product[outside].sum()))


def base_year_table(structure: Structure, capacity: FloatArray) -> pl.DataFrame:
    """Write the balance of the base year, one row a product; `residual` is sources less uses.

    Args:
        structure: the balance.
        capacity: of the base year, shape (n,).
    """
    intermediate = structure.coefficients @ structure.output
    final = np.sum(list(structure.final.values()), axis=0) if structure.final else np.zeros(len(structure.products))
    residual = structure.output + structure.imports + structure.outside_supply - intermediate - final - structure.outside_use
    columns: dict[str, FloatArray] = {
        "output": structure.output,
        "imports": structure.imports,
        "outside_supply": structure.outside_supply,
        "intermediate": intermediate,
        **{str(kind): flows for kind, flows in structure.final.items()},
        "outside_use": structure.outside_use,
        "residual": residual,
        "capacity": capacity,
        "labour": structure.labour * structure.output,
        "surplus": structure.surplus,
    }
    return pl.DataFrame(columns).insert_column(0, pl.Series("product", structure.products.labels))


def _of_kind(accounts: Accounts, kind: InputKind) -> NDArray[np.bool_]:
    return np.array([accounts.scheme.inputs[code] == kind for code in accounts.inputs.labels], dtype=np.bool_)
