"""Where a flow gets its economy from and where its results go: a folder here, a database in the web application."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

import polars as pl

from groundplan.errors import Fault
from groundplan.tables.economy import Economy

__all__ = ["EconomySource", "ResultSink", "ResultWriter"]


class EconomySource(Protocol):
    """Something that can tell an economy."""

    @property
    def name(self) -> str:
        """How messages call it."""
        ...

    def check(self) -> tuple[Economy | None, tuple[Fault, ...]]:
        """Read the economy with all that is wrong with it; None where it cannot be built."""
        ...


class ResultWriter(Protocol):
    """A run that is being written."""

    run: str
    folder: Path

    def write_tables(self, tables: Mapping[str, pl.DataFrame]) -> None:
        """Keep result tables."""
        ...

    def write_inputs(self, economy: Economy) -> None:
        """Keep the tables and settings that the run is made from."""
        ...

    def write_manifest(self, manifest: Mapping[str, object]) -> None:
        """Keep what the run was made of; the last call."""
        ...


class ResultSink(Protocol):
    """Something that keeps results; a run is kept whole or not at all."""

    def open(self, run: str) -> AbstractContextManager[ResultWriter]:
        """Begin a run; it counts only where the block ends without an error."""
        ...
