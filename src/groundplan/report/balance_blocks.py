"""Where each product's balances stand in a workbook: one long sheet, product by product, carried on in another where it gets too long."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from groundplan.report.workbook_pages import HEAD_ROW, MOST_CELLS
from groundplan.tables.balance_sheet import BalanceSheet

__all__ = ["BALANCES", "Block", "ProductBlocks", "lay_out_blocks"]

BALANCES = "Balances"
"""Name of the sheet; those that carry it on are numbered from 2."""

_MOST_ROWS = MOST_CELLS // len(BalanceSheet.column_names())


@dataclass(frozen=True, slots=True)
class Block:
    """The balance of a product and period.

    Args:
        period: the period.
        row: position of its head in the sheet; sources and uses stand below, side by side, then their totals.
        sources, uses: rows of `material_balances`.
    """

    period: str
    row: int
    sources: Sequence[dict[str, Any]]
    uses: Sequence[dict[str, Any]]

    @property
    def length(self) -> int:
        """How many rows of sources and uses it has."""
        return max(len(self.sources), len(self.uses))


@dataclass(frozen=True, slots=True)
class ProductBlocks:
    """All balances of a product, below a head of its own at `row` of `sheet`."""

    product: str
    sheet: str
    row: int
    blocks: tuple[Block, ...]


def lay_out_blocks(balances: pl.DataFrame, products: Sequence[str], *, most_rows: int = _MOST_ROWS) -> list[ProductBlocks]:
    """Give every balance its place.

    Args:
        balances: table `material_balances`.
        products: products in the order in which they stand; those without any flow are left out.
        most_rows: rows of a sheet beyond which the next product begins a new one.
    """
    parts = balances.partition_by("product", as_dict=True, maintain_order=True)
    placed: list[ProductBlocks] = []
    sheet, row, number = BALANCES, HEAD_ROW + 1, 1
    for product in products:
        part = parts.get((product,))
        if part is None:
            continue
        periods = part.partition_by("period", as_dict=True, maintain_order=True)
        sides = {str(key[0]): tuple(frame.filter(pl.col("side") == side).to_dicts() for side in ("source", "use")) for key, frame in periods.items()}
        # A head, and for each period a head, its rows, the totals and an empty row.
        needed = 1 + sum(3 + max(map(len, both)) for both in sides.values())
        if row > HEAD_ROW + 1 and row + needed > most_rows:
            number += 1
            sheet, row = f"{BALANCES} {number}", HEAD_ROW + 1
        first, at, blocks = row, row + 1, []
        for period, (sources, uses) in sides.items():
            blocks.append(Block(period, at, sources, uses))
            at += 3 + blocks[-1].length
        placed.append(ProductBlocks(product, sheet, first, tuple(blocks)))
        row = at
    return placed
