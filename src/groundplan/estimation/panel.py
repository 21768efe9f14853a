"""The long tables of a panel, gone through in batches: reports and readings of many units over many periods need not lie in memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import polars as pl

__all__ = ["Panel", "TablesPanel"]

_ROWS = 500_000
"""So many rows are looked up at once, so that copies of their labels stay small."""


class Panel(Protocol):
    """Where reports and proxies come from; each call goes through them anew, and no key stands in two batches."""

    def reports(self) -> Iterator[pl.DataFrame]:
        """Give the table reports in batches, at least with the columns unit, product, indicator, period, version, quantity and declared_capacity."""
        ...

    def proxies(self) -> Iterator[pl.DataFrame]:
        """Give the table proxies in batches, at least with the columns unit, period, indicator and value."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class TablesPanel:
    """Tables that lie in memory."""

    whole_reports: pl.DataFrame
    whole_proxies: pl.DataFrame

    def reports(self) -> Iterator[pl.DataFrame]:
        """Give the reports in batches; nothing is copied."""
        return self.whole_reports.iter_slices(_ROWS)

    def proxies(self) -> Iterator[pl.DataFrame]:
        """Give the proxies in batches; nothing is copied."""
        return self.whole_proxies.iter_slices(_ROWS)
