"""Run folders: `runs/<id>/` with one Parquet file a result table, the inputs, and `manifest.json`.

A run is written under the name `<id>.incomplete` and renamed when all of it is on disk, so a folder without that ending is
whole; whatever ends a run half-way (an error, Ctrl-C, a full disk, a power cut) leaves nothing that is read as a result.
While it is written its process holds a lock on it, which tells a run in progress from one that was broken off.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl

from groundplan.errors import FolderError, GroundplanError, RunIncompleteError
from groundplan.store.run_inputs import keep_inputs
from groundplan.store.run_lock import is_being_written, writing_lock
from groundplan.tables.economy import Economy

__all__ = ["RunListing", "RunWriter", "StoredRun", "latest_run", "list_runs", "new_run_id", "open_run", "read_run"]

INCOMPLETE = ".incomplete"
MANIFEST = "manifest.json"


@dataclass(frozen=True, slots=True, eq=False)
class StoredRun:
    """A complete run as it lies on disk."""

    folder: Path
    manifest: Mapping[str, Any]
    tables: Mapping[str, pl.DataFrame]


@dataclass(frozen=True, slots=True)
class RunListing:
    """One line of a list of runs.

    Args:
        run: name of its folder.
        folder: where it lies.
        state: "complete"; "damaged": it was complete, and tables are gone since; "running": a process writes it now;
            "broken off": it holds no result.
        step: the last step that it did; empty where there is no manifest.
        finished: when, in ISO 8601; empty where there is no manifest.
        missing: the tables that are gone.
    """

    run: str
    folder: Path
    state: str
    step: str
    finished: str
    missing: tuple[str, ...] = ()

    @property
    def complete(self) -> bool:
        """Say whether the run is finished and all its tables are there."""
        return self.state == "complete"


class RunWriter:
    """A run that is being written; `open_run` gives it."""

    def __init__(self, folder: Path, run: str) -> None:
        """Write into `folder`, which exists and is empty."""
        self.folder = folder
        self.run = run
        self._tables: dict[str, dict[str, object]] = {}

    def write_tables(self, tables: Mapping[str, pl.DataFrame]) -> None:
        """Write result tables as Parquet; the same frame gives the same bytes."""
        for name, frame in tables.items():
            path = self.folder / f"{name}.parquet"
            frame.write_parquet(path, compression="zstd", statistics=False)
            self._tables[name] = {"rows": frame.height, "sha256": _file_hash(path)}

    def write_inputs(self, economy: Economy) -> None:
        """Keep the tables and settings that the run is made from; tables that the latest run keeps as well take no room again."""
        finished = [listing for listing in list_runs(self.folder.parent.parent) if listing.state in ("complete", "damaged")]
        keep_inputs(economy, self.folder, finished[-1].folder if finished else None)

    def write_manifest(self, manifest: Mapping[str, object]) -> None:
        """Write the manifest, with rows and hash of each table; to be called last."""
        content = {"run": self.run, **manifest, "tables": dict(sorted(self._tables.items()))}
        (self.folder / MANIFEST).write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


@contextmanager
def open_run(economy_folder: Path, run: str) -> Iterator[RunWriter]:
    """Open a new run folder; it becomes a result only where the block ends without an error.

    Nothing stays of a run that does not, nor of `runs/` where this run made it.

    Args:
        economy_folder: the economy's folder; the run goes into its `runs/`.
        run: id of the run; where it is taken already, -2, -3 ... is added.

    Raises:
        FolderError: the folder cannot be written to, or the disk is full; nothing half-written stays.
    """
    runs = economy_folder / "runs"
    temporary: Path | None = None
    made_runs = False
    try:
        made_runs = not runs.exists()
        runs.mkdir(exist_ok=True)
        name, temporary = _reserve(runs, run)
        with writing_lock(temporary):
            yield RunWriter(temporary, name)
            if not (temporary / MANIFEST).is_file():
                raise RunIncompleteError(f"run {name} ended without a manifest")
            _flush(temporary)
        temporary.rename(runs / name)
        _flush_folder(runs)
    except BaseException as error:
        if temporary is not None:
            shutil.rmtree(temporary, ignore_errors=True)
        if made_runs:
            # It stays where another run has begun in it meanwhile.
            with suppress(OSError):
                runs.rmdir()
        # polars wraps what the disk says in its own errors, so the words are looked at as well.
        full = (isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)) or "no space left" in str(error).lower()
        if full:
            raise FolderError(f"the disk is full: run could not be written to {runs}; nothing of it was kept. Free some space and run again.") from error
        if isinstance(error, OSError) and not isinstance(error, GroundplanError):
            raise FolderError(f"{runs} cannot be written to ({error.strerror}). Check the folder's rights; nothing of the run was kept.") from error
        raise


def read_run(folder: Path | str) -> StoredRun:
    """Read a complete run.

    Raises:
        RunIncompleteError: it is incomplete, has no manifest, or a table is missing or was altered since.
    """
    folder = Path(folder)
    if folder.name.endswith(INCOMPLETE):
        if is_being_written(folder):
            raise RunIncompleteError(f"{folder} is a run that is being written now; it holds no result yet. Wait until it has finished.")
        raise RunIncompleteError(f"{folder} is a run that was broken off; it holds no result. Run again; the folder can be deleted.")
    manifest = _manifest(folder)
    if manifest is None:
        raise RunIncompleteError(f"{folder} has no readable {MANIFEST}, so it is not a complete run. Name a folder below runs/, or run again.")
    tables = {}
    for name, facts in manifest["tables"].items():
        path = folder / f"{name}.parquet"
        if not path.is_file():
            raise RunIncompleteError(f"{path} is missing, though the manifest lists it. Run again.")
        if _file_hash(path) != facts["sha256"]:
            raise RunIncompleteError(f"{path} was altered after the run (its SHA-256 is not the manifest's). Run again.")
        tables[name] = pl.read_parquet(path)
    return StoredRun(folder, manifest, tables)


def list_runs(economy_folder: Path | str) -> list[RunListing]:
    """List the runs of an economy, oldest first, with those that are no result, or no longer whole, marked.

    Raises:
        FolderError: there is no such folder, or it cannot be listed.
    """
    if not Path(economy_folder).is_dir():
        found = f"{economy_folder} is a file" if Path(economy_folder).exists() else f"the folder {economy_folder} is not there"
        raise FolderError(f"{found}. Name an economy folder.")
    runs = Path(economy_folder) / "runs"
    try:
        folders = sorted(folder for folder in runs.iterdir() if folder.is_dir()) if runs.is_dir() else []
    except OSError as error:
        raise FolderError(f"{runs} cannot be listed ({error.strerror}). Check the folder's rights.") from error
    return sorted((listing for folder in folders if (listing := _listing(folder))), key=lambda listing: (listing.finished, listing.run))


def latest_run(economy_folder: Path | str, *, step: str | None = None) -> Path:
    """Give the folder of the latest run that was finished; `read_run` refuses it where it was damaged since.

    Args:
        economy_folder: the economy's folder.
        step: the last step that the run must have done, for instance "plan"; None: any.

    Raises:
        RunIncompleteError: there is none.
    """
    # An older run must not pass for the latest where the latest is damaged.
    finished = [listing for listing in list_runs(economy_folder) if listing.state in ("complete", "damaged") and step in (None, listing.step)]
    if not finished:
        kind = "no complete run" if step is None else f"no complete run of '{step}'"
        raise RunIncompleteError(f"{economy_folder} has {kind}. Run 'groundplan {step or 'run'} {economy_folder}' first.")
    return finished[-1].folder


def new_run_id(now: datetime | None = None) -> str:
    """Name a run after the time at which it begins, in UTC."""
    return (now or datetime.now(UTC)).strftime("%Y%m%d-%H%M%S")


def _listing(folder: Path) -> RunListing | None:
    """Look at one run folder; None where it got its final name between the listing and the look."""
    if folder.name.endswith(INCOMPLETE):
        state = "running" if is_being_written(folder) else "broken off"
        final = folder.with_name(folder.name.removesuffix(INCOMPLETE))
        if folder.exists():
            return RunListing(folder.name, folder, state, "", "")
        return _listing(final) if final.exists() else None
    manifest = _manifest(folder)
    if manifest is None:
        return RunListing(folder.name, folder, "broken off", "", "")
    missing = tuple(name for name in manifest["tables"] if not (folder / f"{name}.parquet").is_file())
    return RunListing(folder.name, folder, "damaged" if missing else "complete", str(manifest.get("step", "")), str(manifest.get("finished", "")), missing)


def _manifest(folder: Path) -> dict[str, Any] | None:
    """Read the manifest of a run; None where there is none, or what stands there is no manifest."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return manifest if isinstance(manifest, dict) and isinstance(manifest.get("tables"), dict) else None


def _reserve(runs: Path, run: str) -> tuple[str, Path]:
    """Make the folder to write in; two runs that begin in the same second get different names."""
    for attempt in range(1, 1000):
        name = run if attempt == 1 else f"{run}-{attempt}"
        temporary = runs / f"{name}{INCOMPLETE}"
        if (runs / name).exists():
            continue
        try:
            # With its parent: a run that failed may just have taken an empty `runs` away.
            temporary.mkdir(parents=True)
        except FileExistsError:
            continue
        return name, temporary
    raise FolderError(f"{runs} holds a thousand runs named {run}")


def _file_hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _flush(folder: Path) -> None:
    """Make sure that every file is on disk before the folder gets its final name."""
    for path in sorted(folder.rglob("*")):
        if path.is_dir():
            _flush_folder(path)
        else:
            with path.open("rb") as file:
                os.fsync(file.fileno())
    _flush_folder(folder)


def _flush_folder(folder: Path) -> None:
    if os.name == "nt":  # Folders cannot be flushed there.
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
