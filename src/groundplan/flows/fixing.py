"""Numbers of a plan that are fixed for one run: rows of the table `fixed` beside those in the folder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

import polars as pl

from groundplan.errors import Fault, InputError
from groundplan.flows.ports import EconomySource
from groundplan.tables.check import check_economy
from groundplan.tables.economy import Economy
from groundplan.tables.facts import FIXED_FLOWS, Fixed

__all__ = ["WithFixed", "parse_fixed"]

_BOUNDS = {">=": "at_least", "<=": "at_most", "=": "at_least, at_most"}
_KEYS = ["flow", "item", "period"]


@dataclass(frozen=True, slots=True)
class WithFixed:
    """An economy with some numbers fixed besides; what the folder fixes of the same number gives way.

    Args:
        source: where the economy comes from.
        rows: of the table `fixed`.
    """

    source: EconomySource
    rows: pl.DataFrame

    @property
    def name(self) -> str:
        """The economy, as the user named it."""
        return self.source.name

    def check(self) -> tuple[Economy | None, tuple[Fault, ...]]:
        """Check the economy, and then the numbers."""
        economy, faults = self.source.check()
        if economy is None or any(fault.severity == "fault" for fault in faults):
            return economy, faults
        kept = economy.fixed.join(self.rows, on=_KEYS, how="anti")
        fixed = replace(economy, fixed=pl.concat([kept, self.rows], how="diagonal"))
        found = [fault for fault in check_economy(fixed, today=date.today()) if fault.table == "fixed"]
        return fixed, (*(fault for fault in faults if fault.table != "fixed"), *found)


def parse_fixed(texts: Sequence[str]) -> pl.DataFrame:
    """Read numbers to fix: "production steel 2023 >= 1200000".

    Args:
        texts: each a flow, an item, a period, one of >=, <= and =, and a number.

    Raises:
        InputError: some cannot be read; all of them are named.
    """
    rows, faults = [], []
    for text in texts:
        words = text.split()
        flow, item, bound = words[0] if words else "", " ".join(words[1:-3]), words[-2] if len(words) > 4 else ""
        number = _number(words[-1]) if words else None
        if flow not in FIXED_FLOWS or not item or bound not in _BOUNDS or number is None:
            remedy = f"Write a flow ({', '.join(FIXED_FLOWS)}), an item, a period, one of >=, <= and =, and a number."
            faults.append(Fault("--fix", "", "not_understood", 1, (), repr(text), '"production steel 2023 >= 1200000"', remedy))
            continue
        rows.append({"flow": flow, "item": item, "period": words[-3], **dict.fromkeys(_BOUNDS[bound].split(", "), number)})
    if faults:
        raise InputError("--fix cannot be used", faults)
    schema = Fixed.create_empty().schema
    table = pl.DataFrame(rows, schema={name: pl.String if name in _KEYS else pl.Float64 for name in schema}).with_columns(pl.col("flow").cast(schema["flow"]))
    # Of one number both bounds may be given, one after the other.
    return table.group_by(_KEYS, maintain_order=True).agg(pl.col("at_least", "at_most").drop_nulls().last())


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
