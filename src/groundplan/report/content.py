"""What a report is made of: an economy, the result tables of a run, and where they come from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from groundplan.errors import Fault
from groundplan.tables.economy import Economy
from groundplan.tables.results import RESULTS

__all__ = ["ReportInput"]


@dataclass(frozen=True, slots=True, eq=False)
class ReportInput:
    """What a report shows.

    Args:
        economy: the economy that was looked at.
        results: result tables by name (`groundplan.tables.results`); those of a stage that was not run may be missing.
        faults: warnings of the check.
        run_id: id of the run.
        made_on: when the run began.
        version: version of groundplan.
    """

    economy: Economy
    results: Mapping[str, pl.DataFrame]
    faults: Sequence[Fault]
    run_id: str
    made_on: datetime
    version: str

    def table(self, name: str) -> pl.DataFrame:
        """Give a result table; one that the run does not hold has no rows.

        Raises:
            KeyError: no result table has this name.
        """
        found = self.results.get(name)
        return RESULTS[name].create_empty() if found is None else found

    def has(self, name: str) -> bool:
        """Say whether the run holds rows of a result table."""
        return not self.table(name).is_empty()
