"""`groundplan balances`: a plan's material balances as a workbook."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from groundplan.cli.progress import show_progress
from groundplan.flows.balances import balances_to_workbook
from groundplan.flows.folder_ports import FolderSource
from groundplan.report.numbers import counted
from groundplan.store.runs import latest_run

__all__ = ["balances"]

_screen = Console()
_errors = Console(stderr=True)


def balances(
    folder: Annotated[Path, typer.Argument(help="The economy folder.", show_default=False)],
    run_name: Annotated[str | None, typer.Option("--run", help="Id of the run; default: the latest with a plan.", show_default=False)] = None,
    product: Annotated[list[str] | None, typer.Option("--product", help="Id of a product; may be given several times. Default: all.", show_default=False)] = None,
    out: Annotated[Path | None, typer.Option("--out", help="The workbook to write (.xlsx); default: FOLDER/reports/RUN/balances.xlsx.", show_default=False)] = None,
) -> None:
    """Write a plan's material balances as a workbook: for each product and year where it comes from and where it goes, by user.

    Sources (opening stock, production by recipe, imports) stand on the left, uses (production by recipe, building of capacity, exports, final use,
    losses of stock, what is left unused, closing stock) on the right, and both add up to the same. An overview has one row a product and year with the
    gap to the goal; the contents lead to each balance. `groundplan import balances` reads such a workbook back.

    Exit code: 0, or 2 where the run holds no plan, the economy's recipes are no longer those of the run, or the file cannot be written.
    """
    if out is not None and out.suffix.lower() != ".xlsx":
        raise typer.BadParameter(f"'{out}' does not end in .xlsx.", param_hint="--out")
    run_folder = folder / "runs" / run_name if run_name else latest_run(folder, step="plan")
    path = out or folder / "reports" / run_folder.name / "balances.xlsx"
    with show_progress(_errors) as progress:
        written = balances_to_workbook(FolderSource(folder), run_folder, path, products=product or (), progress=progress)
    missed = f"{written.missed:,} of {counted(written.goals, 'goal')} for final use {'is' if written.missed == 1 else 'are'} not met in full"
    goals = missed if written.missed else f"no gap in {counted(written.goals, 'goal')} for final use"
    sides = f"{counted(written.products, 'product')}; sources and uses agree to {written.difference:.1g} of the flow; {goals if written.goals else 'no goals for final use'}."
    _screen.print(sides, highlight=False, markup=False)
    if written.warning:
        _screen.print(f"Warning: the folder has {written.warning}", highlight=False, markup=False)
    _screen.print(f"Workbook: {written.path}", soft_wrap=True, highlight=False, markup=False)
