"""Find the frontier between two goals of an economy, and write it as a page, a workbook and a table."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Literal

import polars as pl

from groundplan.errors import FolderError, RunIncompleteError
from groundplan.estimation.estimate import estimate
from groundplan.flows.check import load_checked
from groundplan.flows.forms import write_forms
from groundplan.flows.ports import EconomySource
from groundplan.flows.run import is_made_alike, is_made_from
from groundplan.loop.chain import Progress
from groundplan.planning.frontier import frontier
from groundplan.report.content import ReportInput
from groundplan.report.frontier_page import FrontierShown, write_frontier, write_frontier_book, write_frontier_table
from groundplan.store.runs import latest_run, read_run
from groundplan.tables.bundles import notes_table, result_tables
from groundplan.tables.economy import Economy
from groundplan.tables.goal_sides import read_sides

__all__ = ["find_frontier", "write_found_frontier"]

_FORMS: dict[str, Callable[[FrontierShown, Path], None]] = {"frontier.html": write_frontier, "frontier.xlsx": write_frontier_book, "frontier.csv": write_frontier_table}


def find_frontier(
    source: EconomySource, folder: Path, first: str, second: str, *, others: Literal["held", "free"], most_corners: int, progress: Progress | None = None
) -> FrontierShown:
    """Find the frontier between two goals on what can really be made.

    Args:
        source: where the economy comes from.
        folder: where its runs are; where the latest was made from these very tables, its estimate is taken, and nothing is estimated anew.
        first: the id of a product, alone or with a plan period: "steel@2023".
        second: another one.
        others: "held" or "free"; see `groundplan.planning.frontier.frontier`.
        most_corners: so many corners at the most.
        progress: called as the steps go on.

    Raises:
        InputError: the economy has faults, or there is no frontier between these two.
        SolverError: the solver broke down.
    """
    tell = progress or (lambda _step, _at, _share: None)
    tell("check", "tables", 0.0)
    economy, faults = load_checked(source)
    economy.require("plan", "products", "recipes", "lines", "goals")
    # What cannot be asked is said before anything long begins.
    read_sides(economy, first, second)
    tell("check", "done", 1.0)
    capacities, factors = _kept_capacities(economy, folder) or _estimated(economy, tell)
    found = frontier(
        economy,
        first,
        second,
        others=others,
        capacities=capacities,
        capacity_factors=factors,
        most_corners=most_corners,
        progress=lambda at, share: tell("frontier", at, share),
    )
    tables = result_tables(found) | {"notes": notes_table(found.notes)}
    shown = ReportInput(economy=economy, results=tables, faults=faults, run_id=f"{first} against {second}", made_on=datetime.now(UTC), version=version("groundplan"))
    return FrontierShown(found, shown)


def write_found_frontier(found: FrontierShown, folder: Path) -> list[Path]:
    """Write the frontier as a page, a workbook and a table into a folder, which is made where it is not there.

    Raises:
        FolderError: a file cannot be written.
    """
    return write_forms(found, folder, _FORMS)


def _kept_capacities(economy: Economy, folder: Path) -> tuple[pl.DataFrame, pl.DataFrame] | None:
    """Take the capacities of the latest run, where this version with these libraries would estimate the same."""
    try:
        stored = read_run(latest_run(folder))
    except (FolderError, RunIncompleteError):
        return None
    manifest = stored.manifest
    if not is_made_alike(manifest) or not is_made_from(economy, manifest) or "capacities" not in stored.tables:
        return None
    return stored.tables["capacities"], stored.tables["capacity_factors"]


def _estimated(economy: Economy, tell: Progress) -> tuple[pl.DataFrame, pl.DataFrame]:
    made = estimate(economy, progress=lambda at, share: tell("estimate", at, share))
    return made.capacities, made.capacity_factors
