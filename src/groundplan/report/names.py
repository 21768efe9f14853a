"""What things are called: names beside ids, with the Korean one where there is one, and units of measure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from groundplan.tables.economy import Economy

__all__ = ["Names", "names_of"]


@dataclass(frozen=True, slots=True, eq=False)
class Names:
    """Names by id; each method gives the id itself where nothing else is known."""

    products: Mapping[str, str]
    products_korean: Mapping[str, str]
    measures: Mapping[str, str]
    units: Mapping[str, str]
    units_korean: Mapping[str, str]

    def product(self, product: str | None) -> str:
        """Give a product's name."""
        return self.products.get(product or "", _spaced(product or ""))

    def product_korean(self, product: str | None) -> str:
        """Give a product's Korean name; empty where it has none."""
        return self.products_korean.get(product or "", "")

    def product_both(self, product: str | None) -> str:
        """Give a product's name with the Korean one beside it."""
        return _beside(self.product(product), self.product_korean(product))

    def unit_both(self, unit: str | None) -> str:
        """Give a unit's name with the Korean one beside it."""
        return _beside(self.unit(unit), self.units_korean.get(unit or "", ""))

    def unit(self, unit: str | None) -> str:
        """Give a unit's name."""
        return self.units.get(unit or "", unit or "")

    def measure(self, product: str | None) -> str:
        """Give a product's unit of measure; empty where it is not known."""
        return self.measures.get(product or "", "")

    def sector(self, sector: str | None) -> str:
        """Give a sector, region or resource as words that begin a line: foreign_exchange is Foreign exchange."""
        text = _spaced(sector or "")
        return text[:1].upper() + text[1:]

    def words(self, label: str | None) -> str:
        """Give a label of recipes or resources as words within a sentence; an id of a product gives its name."""
        text = label or ""
        return self.products.get(text) or _spaced(text)


def names_of(economy: Economy) -> Names:
    """Gather the names of an economy."""
    return Names(
        products=_lookup(economy.products, "product", "name"),
        products_korean=_lookup(economy.products, "product", "name_ko"),
        measures=_lookup(economy.products, "product", "measure"),
        units=_lookup(economy.units, "unit", "name"),
        units_korean=_lookup(economy.units, "unit", "name_ko"),
    )


def _lookup(frame: pl.DataFrame, key: str, column: str) -> dict[str, str]:
    known = frame.select(key, column).drop_nulls().filter(pl.col(column).str.strip_chars() != "")
    return dict(zip(known[key].to_list(), known[column].to_list(), strict=True))


def _beside(name: str, korean: str) -> str:
    return f"{name} {korean}" if korean and korean != name else name


def _spaced(label: str) -> str:
    return label.replace("_", " ")
