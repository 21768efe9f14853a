"""`groundplan frontier`: how much one goal costs of another."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console

from groundplan.cli.progress import show_progress
from groundplan.flows.fixing import WithFixed, parse_fixed
from groundplan.flows.folder_ports import FolderSource
from groundplan.flows.frontier import find_frontier, write_found_frontier
from groundplan.planning.frontier import MOST_CORNERS
from groundplan.report.frontier_page import show_frontier

__all__ = ["frontier"]

_screen = Console()
_errors = Console(stderr=True)


class Others(StrEnum):
    """How the other goals are treated."""

    held = "held"
    free = "free"


def frontier(
    folder: Annotated[Path, typer.Argument(help="The economy folder.", show_default=False)],
    first: Annotated[str, typer.Argument(metavar="FIRST", help="Id of a product with goals, alone (all plan periods) or with one period: steel@2023.", show_default=False)],
    second: Annotated[str, typer.Argument(metavar="SECOND", help="Another one, or another period of the same.", show_default=False)],
    others: Annotated[
        Others, typer.Option("--others", help="held: every other goal is served at least as well as in the plan. free: other goals give way to these two, down to their minima.")
    ] = Others.held,
    corners: Annotated[int, typer.Option("--corners", min=2, max=500, help="Most corners to find. How far the truth can lie above is proven and told.")] = MOST_CORNERS,
    fix: Annotated[list[str] | None, typer.Option("--fix", help='A number to keep to, as in `groundplan plan`: "production steel 2023 >= 1200000".', show_default=False)] = None,
    out: Annotated[Path | None, typer.Option("--out", help="Folder for frontier.html (with the picture), frontier.xlsx and frontier.csv.", show_default=False)] = None,
) -> None:
    """Find the frontier between two goals: the most of SECOND for each amount of FIRST, and what one more of the one costs of the other.

    `groundplan frontier FOLDER steel bread` takes all plan periods of both, as the mean share of their goals that is met; `groundplan frontier FOLDER steel@2023 bread@2023`
    one year of each; `groundplan frontier FOLDER steel@2022 steel@2024` two years of one product.

    Minima, floors of stocks and fixed numbers hold as in the plan, and so does the year after it. With `--others held` (the default) every other goal is served at least as well as
    in the best plan, so that the curve shows what these two can take from each other alone. With `--others free` the other goals of the plan's periods give way as far as their
    minima, whatever their priority: the most that the economy could do for these two. What a corner leaves open then goes to the others, and the table says how many get less.

    The curve is made of straight lines; its corners are found exactly, and the plan as it is is marked on it. A corner is where something else becomes scarce, so that one more of
    the one costs more of the other. Where the two do not compete, that is said.

    Capacities are those of the latest run where it was made from the tables as they are now; otherwise they are estimated first. Plans of more than 5,000 rows (balances,
    capacities and limits by period) are refused.

    Exit code: 0, or 2 where a product or period is not there or has no goal, both are the same goal, or the plan is too large.
    """
    source = WithFixed(FolderSource(folder), parse_fixed(fix)) if fix else FolderSource(folder)
    treated: Literal["held", "free"] = "held" if others is Others.held else "free"
    with show_progress(_errors) as progress:
        found = find_frontier(source, folder, first, second, others=treated, most_corners=corners, progress=progress)
    show_frontier(found, _screen)
    if out is not None:
        _screen.print()
        for path in write_found_frontier(found, out):
            _screen.print(str(path), soft_wrap=True, highlight=False, markup=False)
