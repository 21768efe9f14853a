"""The economy folder as a source of economies and a keeper of results."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from groundplan.errors import Fault
from groundplan.flows.reading import check_folder
from groundplan.store.runs import RunWriter, open_run
from groundplan.tables.economy import Economy

__all__ = ["FolderSource", "RunFolderSink"]


@dataclass(frozen=True, slots=True)
class FolderSource:
    """An economy folder to read."""

    folder: Path

    @property
    def name(self) -> str:
        """The folder, as the user named it."""
        return str(self.folder)

    def check(self) -> tuple[Economy | None, tuple[Fault, ...]]:
        """Read all tables, check each, and check that the technology is productive."""
        return check_folder(self.folder)


@dataclass(frozen=True, slots=True)
class RunFolderSink:
    """The `runs/` of an economy folder."""

    folder: Path

    def open(self, run: str) -> AbstractContextManager[RunWriter]:
        """Begin `runs/<run>/`."""
        return open_run(self.folder, run)
