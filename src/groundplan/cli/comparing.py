"""Compare two plans and show what changed, and which input change caused it."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from rich.console import Console

from groundplan.cli.progress import show_progress
from groundplan.errors import InputError
from groundplan.flows.compare import Side, compare_sides, side_of_folder, side_of_run, two_latest_runs, write_compared
from groundplan.report.comparison import show_comparison

__all__ = ["compare_plans_of"]


def compare_plans_of(folder: Path, second: str | None, third: str | None, *, split: Collection[str], quick: bool, out: Path | None, screen: Console, errors: Console) -> None:
    """Compare two folders, two runs of one, or its last two runs; print what changed, and write it where `out` says.

    Raises:
        GroundplanError: what is named is not there, has faults, or cannot be compared.
    """
    with show_progress(errors) as progress:
        progress("check", "tables", 0.0)
        before, after = _sides(folder, second, third)
        progress("check", "done", 1.0)
        compared = compare_sides(before, after, split=split, quick=quick, progress=progress)
    show_comparison(compared, screen)
    if out is not None:
        screen.print()
        for path in write_compared(compared, out):
            screen.print(str(path), soft_wrap=True, highlight=False, markup=False)


def _sides(folder: Path, second: str | None, third: str | None) -> tuple[Side, Side]:
    if second is not None and third is None:
        if (folder / "runs" / second).is_dir() and not Path(second).is_dir():
            raise InputError(f"{second} is a run of {folder}, and a comparison takes two: name the other as well.")
        return side_of_folder(folder), side_of_folder(Path(second))
    first, last = two_latest_runs(folder) if second is None or third is None else (second, third)
    return side_of_run(folder, first), side_of_run(folder, last)
