"""Every error that groundplan raises on purpose.

    GroundplanError
    ├── InputError (ValueError)            the user's tables or settings are at fault; carries all faults
    │   ├── MissingTableError (LookupError) a step needs a table that is not there
    │   └── SettingsError                  groundplan.toml or an option is at fault
    ├── NotProductiveError (ArithmeticError)  a product uses up more of itself than it yields
    ├── FolderError (OSError)              a folder or file cannot be read or written
    ├── RunIncompleteError (LookupError)   a run folder has no complete result
    └── SolverError (RuntimeError)         a solver broke down, not the user's doing

Infeasible plans and estimates that do not converge are outcomes (`groundplan.outcome`), not errors.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

__all__ = [
    "Fault",
    "FolderError",
    "GroundplanError",
    "InputError",
    "MissingTableError",
    "NotProductiveError",
    "RunIncompleteError",
    "SettingsError",
    "SolverError",
]


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with the input, in words for the person who has to mend it.

    Args:
        table: the table, or the file where no table could be read.
        column: the column or columns, comma-separated; empty where the whole table is meant.
        rule: short name of the rule that is broken, snake_case.
        count: how many rows break it.
        rows: the first of these rows, numbered as in the file (the first row of data is 2 in a CSV or XLSX file).
        found: what was found.
        expected: what was expected.
        remedy: what to do.
        severity: "fault" stops a run, "warning" does not.
    """

    table: str
    column: str
    rule: str
    count: int
    rows: tuple[int, ...]
    found: str
    expected: str
    remedy: str
    severity: str = "fault"

    def __str__(self) -> str:
        """Say it in one line."""
        where = f"{self.table}.{self.column}" if self.column else self.table
        rows = f" (rows {', '.join(map(str, self.rows))}{', …' if self.count > len(self.rows) else ''})" if self.rows else ""
        return f"{where}{rows}: found {self.found}, expected {self.expected}. {self.remedy}"


class GroundplanError(Exception):
    """Base of all errors that groundplan raises on purpose."""


class InputError(GroundplanError, ValueError):
    """The user's tables or settings are at fault; `faults` lists all that was found, together."""

    def __init__(self, message: str, faults: Sequence[Fault] = ()) -> None:
        """Keep the faults beside the message; in the text warnings are marked as such."""
        lines = [message, *(f"  {'warning: ' if fault.severity == 'warning' else ''}{fault}" for fault in faults)]
        super().__init__("\n".join(lines))
        self.message = message
        self.faults: tuple[Fault, ...] = tuple(faults)


class MissingTableError(InputError, LookupError):
    """A step needs a table that the folder does not have."""


class SettingsError(InputError):
    """groundplan.toml or an option is at fault."""


class NotProductiveError(GroundplanError, ArithmeticError):
    """Some product uses up more of itself, through its inputs, than it yields; `products` names the loop."""

    def __init__(self, message: str, products: Sequence[str] = ()) -> None:
        """Keep the loop beside the message."""
        super().__init__(message)
        self.products: tuple[str, ...] = tuple(products)


class FolderError(GroundplanError, OSError):
    """A folder or file cannot be read or written."""


class RunIncompleteError(GroundplanError, LookupError):
    """A run folder has no complete result."""


class SolverError(GroundplanError, RuntimeError):
    """A solver broke down in a way that no input explains."""
