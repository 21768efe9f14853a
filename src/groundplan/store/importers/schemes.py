"""Codes of official use tables: which rows and columns are industries, final uses, value added and totals."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

__all__ = ["FINAL_KINDS", "SCHEMES", "FinalKind", "InputKind", "Scheme", "recognise_scheme"]

FinalKind = Literal["private_consumption", "government_consumption", "business_investment", "housing_investment", "government_investment", "inventories", "exports", "imports"]
InputKind = Literal["compensation", "surplus", "other_value_added", "taxes_on_products", "imported_inputs"]

FINAL_KINDS: tuple[FinalKind, ...] = (
    "private_consumption",
    "government_consumption",
    "business_investment",
    "housing_investment",
    "government_investment",
    "inventories",
    "exports",
    "imports",
)


@dataclass(frozen=True, slots=True)
class Scheme:
    """How one statistical office codes the margins of its use tables.

    Args:
        name: what it is called.
        final: code of a column of final use -> its kind; columns of imports hold negative values (competitive imports).
        inputs: code of a row of value added or of another input that is no commodity -> its kind.
        industry_total: row that holds the output of each industry.
        commodity_total: column that holds the output of each commodity.
        other_totals: further rows and columns of totals, and memorandum rows: read past.
        product_cells: cells (row, column) whose sum is the published gross domestic product.
        symmetric: whether the table is product by product, so that its rows have the totals of its columns; the column of totals
            then only tells the scheme (in the German table of 1995 one of its cells is rounded to five digits).
        outside: commodities without an industry of their own, which stay outside the plan.
        housing: products that housing investment gives capacity to, at the level of detail of the office or of a sector.
        government: products that government investment gives capacity to.
    """

    name: str
    final: Mapping[str, FinalKind]
    inputs: Mapping[str, InputKind]
    industry_total: str
    commodity_total: str
    other_totals: frozenset[str]
    outside: frozenset[str]
    product_cells: tuple[tuple[str, str], ...]
    symmetric: bool = False
    housing: frozenset[str] = frozenset()
    government: frozenset[str] = frozenset()

    def margin_rows(self) -> frozenset[str]:
        """Rows that are no commodities."""
        return self.other_totals | {self.industry_total, *self.inputs}

    def margin_columns(self) -> frozenset[str]:
        """Columns that are no industries."""
        return self.other_totals | {self.commodity_total, *self.final}


_BEA_FINAL: dict[str, FinalKind] = {
    "F010": "private_consumption",
    "F02S": "business_investment",
    "F02E": "business_investment",
    "F02N": "business_investment",
    "F02R": "housing_investment",
    "F030": "inventories",
    "F040": "exports",
    "F050": "imports",
    **{f"F{level}C": "government_consumption" for level in ("06", "07", "10")},
    **{f"F{level}{asset}": "government_investment" for level in ("06", "07", "10") for asset in "SEN"},
}

SCHEMES: tuple[Scheme, ...] = (
    Scheme(
        name="US Bureau of Economic Analysis",
        final=MappingProxyType(_BEA_FINAL),
        inputs=MappingProxyType({"V001": "compensation", "V002": "other_value_added", "V003": "surplus"}),
        industry_total="Total Industry Output",
        commodity_total="Total Commodity Output",
        other_totals=frozenset({"Total Intermediate", "Total Value Added", "Total Final Uses (GDP)"}),
        outside=frozenset({"Used", "Other"}),
        product_cells=(("Total Value Added", "Total Final Uses (GDP)"),),
        housing=frozenset({"HS", "FIRE"}),
        government=frozenset({"GFGD", "GFGN", "GFE", "GSLG", "GSLE", "G"}),
    ),
    Scheme(
        name="Eurostat, domestic use (Beutel 2008)",
        final=MappingProxyType({"P3_S14": "private_consumption", "P3_S13": "government_consumption", "P5": "business_investment", "P52": "inventories", "P6": "exports"}),
        inputs=MappingProxyType(
            {
                "D1": "compensation",
                "D29X39": "other_value_added",
                "K1": "surplus",
                "B2A3N": "surplus",
                "D21X31": "taxes_on_products",
                "P7": "imported_inputs",
            }
        ),
        industry_total="P1",
        commodity_total="TFU",
        other_totals=frozenset({"TOTAL", "P2", "B1G", "CPA_TOTAL", "EMP-WS", "EMP-FTE", "EMP"}),
        outside=frozenset(),
        product_cells=(("B1G", "TFU"), ("D21X31", "TFU")),
        symmetric=True,
    ),
)


def recognise_scheme(rows: Collection[str], columns: Collection[str]) -> Scheme | None:
    """Tell the scheme by its two rows of totals, which a use table must have; None where none fits."""
    return next((scheme for scheme in SCHEMES if scheme.industry_total in rows and scheme.commodity_total in columns), None)
