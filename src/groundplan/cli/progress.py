"""Progress bars for the steps of a run, and whether anybody looks at a screen."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from groundplan.loop.chain import Progress as Tell

__all__ = ["has_screen", "show_progress"]

_WORDS = {
    "check": "Check the tables",
    "estimate": "Estimate what is really made",
    "review": "Review the last plan",
    "plan": "Plan the best that is feasible",
    "compare": "Plan what lies between",
    "frontier": "Find the frontier",
    "report": "Write the report",
    "balances": "Write the material balances",
}


@contextmanager
def show_progress(console: Console) -> Iterator[Tell]:
    """Show one bar a step, as the steps begin; where no terminal is, one plain line a step."""
    if not console.is_terminal:
        begun: set[str] = set()

        def say(step: str, _at: str, _share: float) -> None:
            if step not in begun:
                begun.add(step)
                console.print(_WORDS.get(step, step), highlight=False, markup=False)

        yield say
        return
    columns = (SpinnerColumn(finished_text="✓"), TextColumn("{task.description:<32}"), BarColumn(bar_width=24), TimeElapsedColumn(), TextColumn("[dim]{task.fields[at]}"))
    with Progress(*columns, console=console) as progress:
        tasks: dict[str, TaskID] = {}

        def tell(step: str, at: str, share: float) -> None:
            if step not in tasks:
                tasks[step] = progress.add_task(_WORDS.get(step, step), total=1.0, at=at)
            progress.update(tasks[step], completed=min(max(share, 0.0), 1.0), at="" if share >= 1.0 else at)

        yield tell


def has_screen() -> bool:
    """Say whether somebody sits at a terminal with a desktop around it, so that a browser can be opened."""
    desktop = sys.platform in ("darwin", "win32") or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
    return desktop and sys.stdout.isatty() and "CI" not in os.environ
