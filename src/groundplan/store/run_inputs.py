"""The inputs that a run keeps: `inputs/` in its folder, an economy folder of Parquet files, so that any two runs can be compared later."""

from __future__ import annotations

import filecmp
import os
from contextlib import suppress
from pathlib import Path

from groundplan.errors import RunIncompleteError
from groundplan.store.writing import write_economy
from groundplan.tables.economy import Economy

__all__ = ["INPUTS", "inputs_of_run", "keep_inputs"]

INPUTS = "inputs"
"""Name of the folder."""


def keep_inputs(economy: Economy, run: Path, earlier: Path | None) -> None:
    """Write the tables and settings of an economy into a run's folder.

    A file that an earlier run keeps already is taken from there as a second name for the same bytes (a hard link), so runs that share their reports share
    the room that these take. Each run is whole by itself: deleting or moving another does nothing to it.

    Args:
        economy: what the run is made from.
        run: folder of the run, without inputs yet.
        earlier: folder of a run to share files with; None: there is none.

    Raises:
        FolderError: the folder cannot be written.
    """
    write_economy(economy, run / INPUTS, form="parquet")
    if earlier is None:
        return
    for path in sorted((run / INPUTS).glob("*.parquet")):
        # Where the file system knows no links, or the earlier run has just been deleted, the run keeps its own file.
        with suppress(OSError):
            _share(path, earlier / INPUTS / path.name)


def inputs_of_run(run: Path) -> Path:
    """Give the economy folder that a run keeps.

    Raises:
        RunIncompleteError: it keeps none, as runs of groundplan before it kept inputs.
    """
    if not (run / INPUTS).is_dir():
        raise RunIncompleteError(f"{run} keeps no inputs, since an earlier groundplan made it, or they were deleted. Run again, or compare economy folders.")
    return run / INPUTS


def _share(path: Path, twin: Path) -> None:
    if not filecmp.cmp(path, twin, shallow=False):
        return
    link = path.with_suffix(".link")
    try:
        os.link(twin, link)
        link.replace(path)
    finally:
        link.unlink(missing_ok=True)
