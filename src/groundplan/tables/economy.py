"""An economy: settings and a frozen bundle of frames, each of which fits its schema."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

import polars as pl

from groundplan.errors import Fault, MissingTableError
from groundplan.tables.facts import FACTS
from groundplan.tables.settings import Settings

__all__ = ["Economy"]


@dataclass(frozen=True, slots=True, eq=False)
class Economy:
    """An economy as its folder tells it: every table is there, an absent one has no rows.

    Units of measure, keys and columns are those of `groundplan.tables.facts`; columns that a schema does not know stand last.
    """

    settings: Settings
    units: pl.DataFrame
    products: pl.DataFrame
    recipes: pl.DataFrame
    lines: pl.DataFrame
    reports: pl.DataFrame
    plans: pl.DataFrame
    targets: pl.DataFrame
    visits: pl.DataFrame
    findings: pl.DataFrame
    proxies: pl.DataFrame
    claims: pl.DataFrame
    flows: pl.DataFrame
    goals: pl.DataFrame
    resources: pl.DataFrame
    trade: pl.DataFrame
    stocks: pl.DataFrame
    investments: pl.DataFrame
    transfers: pl.DataFrame
    markets: pl.DataFrame
    fixed: pl.DataFrame

    @classmethod
    def from_tables(cls, settings: Settings, tables: Mapping[str, pl.DataFrame]) -> Economy:
        """Bundle frames; a table that is not given is empty. Nothing is checked: `groundplan.tables.check` does that."""
        return cls(settings, **{name: tables.get(name, schema.create_empty()) for name, schema in FACTS.items()})

    def tables(self) -> dict[str, pl.DataFrame]:
        """Give the frames by name, in the order of the schemas."""
        return {field.name: getattr(self, field.name) for field in fields(self) if field.name in FACTS}

    def require(self, step: str, *names: str) -> None:
        """Make sure that tables have rows.

        Raises:
            MissingTableError: some of them have none; all of them are named, with the step that needs them.
        """
        missing = [name for name in names if getattr(self, name).is_empty()]
        if missing:
            faults = [
                Fault(
                    name,
                    "",
                    "missing_table",
                    0,
                    (),
                    "no such table, or no rows in it",
                    f"the table {name}, which '{step}' needs",
                    f"Add {name}.csv (or .parquet, or a sheet '{name}').",
                )
                for name in missing
            ]
            raise MissingTableError(f"'{step}' needs {', '.join(missing)}", faults)
