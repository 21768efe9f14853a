"""Estimate and say whether the intervals hold."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from groundplan.cli.progress import show_progress
from groundplan.flows.folder_ports import FolderSource, RunFolderSink
from groundplan.flows.run import CHECK_PAGE, run_step
from groundplan.report.check_page import groups_off, show_check
from groundplan.report.terminal import show_summary

__all__ = ["check_estimate"]


def check_estimate(folder: Path, screen: Console, errors: Console) -> int:
    """Estimate, show how often the intervals held what inspectors found, and give the number of groups that are off."""
    with show_progress(errors) as progress:
        shown, run_folder = run_step(FolderSource(folder), RunFolderSink(folder), last="estimate", reports=["check"], progress=progress)
    show_summary(shown, screen)
    show_check(shown, screen)
    screen.print(f"\nResults: {run_folder}", highlight=False, markup=False, soft_wrap=True)
    screen.print(f"Picture: {run_folder / CHECK_PAGE}", highlight=False, markup=False, soft_wrap=True)
    return groups_off(shown)
