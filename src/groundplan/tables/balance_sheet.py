"""Material balances as a sheet that people read and fill in: its columns, its words, and how ids are written in it."""

from __future__ import annotations

from types import MappingProxyType

import dataframely as dy

__all__ = ["SOURCES", "USES", "BalanceSheet", "read_label", "write_label"]

SOURCES: MappingProxyType[str, str] = MappingProxyType({"opening_stock": "Opening stock", "production": "Production", "imports": "Imports"})
"""Item on the side of sources -> how the sheet calls it, in order."""

USES: MappingProxyType[str, str] = MappingProxyType(
    {
        "intermediate": "Used in production",
        "investment": "Building of capacity",
        "exports": "Exports",
        "final_use": "Final use",
        "losses": "Losses of stock",
        "unused": "Unused",
        "closing_stock": "Closing stock",
    }
)
"""Item on the side of uses -> how the sheet calls it, in order."""


class BalanceSheet(dy.Schema):
    """One row holds a source on the left and a use on the right, which have nothing to do with each other; either may be empty."""

    product = dy.String(description="Product, by its name; behind it its id in brackets where that is another word")
    measure = dy.String(description="Unit of measure of the quantities: t, MWh, piece ...")
    year = dy.String(description="Period of the balance: a year, or 2021-Q3, 2021-08")
    source = dy.String(nullable=True, description=f"Where it comes from: {', '.join(SOURCES.values())}")
    producer = dy.String(nullable=True, description="Production: the recipe that makes it; empty where the product has only one")
    source_quantity = dy.Float64(nullable=True, description="How much comes from there")
    source_share = dy.Float64(nullable=True, description="Share of all sources; not read back")
    use = dy.String(nullable=True, description=f"Where it goes: {', '.join(USES.values())}")
    user = dy.String(nullable=True, description="Used in production: the recipe that uses it up, which must be a producer; building: the recipe whose capacity is built")
    use_quantity = dy.Float64(nullable=True, description="How much goes there")
    use_share = dy.Float64(nullable=True, description="Share of all uses; not read back")
    difference = dy.Float64(nullable=True, description="Sources less uses; not read back")


def write_label(label: str, name: str | None = None) -> str:
    """Write an id as people read it, so that `read_label` gives the id back: Blast furnace for blast_furnace, Manufacturing [31G] for 31G."""
    text = (name or label.replace("_", " ")).strip()
    text = text[:1].upper() + text[1:]
    return text if read_label(text)[0] == label else f"{text} [{label}]"


def read_label(text: str) -> tuple[str, str]:
    """Read an id and a name from a cell; without an id in brackets the id is the name in small letters, joined by underscores."""
    text = text.strip()
    name, bracket, label = text.removesuffix("]").rpartition("[")
    if text.endswith("]") and bracket and label.strip():
        return label.strip(), name.strip() or label.strip()
    return "_".join(text.lower().split()), text
