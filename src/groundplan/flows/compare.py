"""Compare two economies, or two runs of one."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import polars as pl

from groundplan.errors import FolderError, InputError, RunIncompleteError
from groundplan.flows.check import load_checked
from groundplan.flows.folder_ports import FolderSource
from groundplan.flows.forms import write_forms
from groundplan.flows.run import is_made_alike, is_made_from
from groundplan.loop.chain import Progress
from groundplan.loop.compare import Made, compare
from groundplan.maths.shapley import MOST_EXACT
from groundplan.outcome import Note, Outcome
from groundplan.report.changes import Compared
from groundplan.report.comparison import write_comparison, write_comparison_book
from groundplan.report.content import ReportInput
from groundplan.store.run_inputs import inputs_of_run
from groundplan.store.runs import StoredRun, latest_run, list_runs, read_run
from groundplan.tables.bundles import Plan, notes_table, result_tables
from groundplan.tables.economy import Economy
from groundplan.tables.facts import FACTS

__all__ = ["Side", "compare_sides", "side_of_folder", "side_of_run", "two_latest_runs", "write_compared"]

_FORMS = {"compare.html": write_comparison, "compare.xlsx": write_comparison_book}


@dataclass(frozen=True, slots=True, eq=False)
class Side:
    """One of two economies to compare.

    Args:
        name: how it is called: its folder or run.
        economy: the economy, which has passed its checks.
        made: what a kept run has made of it; None: it is to be made.
    """

    name: str
    economy: Economy
    made: Made | None


def side_of_folder(folder: Path) -> Side:
    """Take an economy folder as it is now; where its latest run was made from just these tables, its plan is taken from there.

    Raises:
        FolderError: there is no such folder, or it cannot be listed.
        InputError: the economy has faults.
    """
    economy, _warnings = load_checked(FolderSource(folder))
    try:
        latest = read_run(latest_run(folder))
    except (FolderError, RunIncompleteError):
        return Side(str(folder), economy, None)
    return Side(str(folder), economy, _made(latest) if is_made_from(economy, latest.manifest) else None)


def side_of_run(folder: Path, run: str) -> Side:
    """Take a kept run, with the inputs from which it was made.

    Args:
        folder: the economy folder.
        run: id of the run.

    Raises:
        FolderError: there is no such folder.
        InputError: the inputs have faults by the rules of this version.
        RunIncompleteError: there is no such run, or it is not complete, has no plan, or keeps no inputs or others than it was made from.
    """
    place = folder / "runs" / run
    if not place.is_dir():
        known = [listing.run for listing in list_runs(folder) if listing.complete]
        raise RunIncompleteError(f"{folder} has no run {run}. It has {', '.join(known[-5:]) if known else 'none'}; 'groundplan runs {folder}' lists them.")
    stored = read_run(place)
    if "gaps" not in stored.tables:
        raise RunIncompleteError(
            f"The run {run} ended with the {stored.manifest.get('step')}, so there is no plan to compare. Name a run of 'groundplan run' or 'groundplan plan'."
        )
    economy, _warnings = load_checked(FolderSource(inputs_of_run(place)))
    if not is_made_from(economy, stored.manifest):
        raise RunIncompleteError(f"The inputs in {inputs_of_run(place)} were altered after the run, so nobody can tell what it was made from. Run again.")
    return Side(run, economy, _made(stored))


def two_latest_runs(folder: Path) -> tuple[str, str]:
    """Give the ids of the last two complete runs with a plan, the earlier first.

    Raises:
        FolderError: there is no such folder.
        RunIncompleteError: there are not two.
    """
    planned = [listing.run for listing in list_runs(folder) if listing.complete and listing.step == "plan"]
    if len(planned) < 2:
        found = "one complete run" if planned else "no complete run"
        raise RunIncompleteError(f"{folder} has {found} with a plan, and a comparison takes two. Run again after a change, or name a second economy folder.")
    return planned[-2], planned[-1]


def compare_sides(before: Side, after: Side, *, split: Collection[str] = (), quick: bool = False, progress: Progress | None = None) -> Compared:
    """Compare two economies, by what was made of them or is made now.

    Args:
        before: the first.
        after: the second.
        split: see `groundplan.loop.compare.compare`.
        quick: whether two orders of the causes are enough, however few there are.
        progress: called as the plans are made.

    Raises:
        InputError: both sides are the same run or folder, or the two cannot be compared.
        SolverError: a mixture could not be planned.
    """
    if before.name == after.name:
        raise InputError(f"Both sides are {before.name}, so nothing can differ. Name two runs, or two folders.")
    made = (before.made, after.made)
    comparison = compare(before.economy, after.economy, made=made, split=split, exact_up_to=2 if quick else MOST_EXACT, progress=progress)
    tables = result_tables(comparison) | {"notes": notes_table(comparison.notes)}
    tables["activities"] = pl.concat([comparison.after.activities, comparison.before.activities])
    shown = ReportInput(
        economy=_named(before.economy, after.economy), results=tables, faults=(), run_id=f"{before.name} to {after.name}", made_on=datetime.now(UTC), version=version("groundplan")
    )
    return Compared(comparison, before.name, after.name, shown)


def write_compared(compared: Compared, folder: Path) -> list[Path]:
    """Write the comparison as a page and a workbook into a folder, which is made where it is not there.

    Raises:
        FolderError: a file cannot be written.
    """
    return write_forms(compared, folder, _FORMS)


def _made(run: StoredRun) -> Made | None:
    """Take the plan of a run, where this version with these libraries would make the same one."""
    manifest = run.manifest
    ended = run.tables["outcomes"].filter(pl.col("step") == "plan").to_dicts() if "outcomes" in run.tables else []
    if not is_made_alike(manifest) or not ended:
        return None
    outcome, notes = ended[0], run.tables["notes"].filter(pl.col("step") == "plan").rows()
    tables = {name: run.tables[name] for name in ("outputs", "activities", "line_activities", "allocations", "resource_use", "shadow_prices", "gaps", "new_capacity", "uncertain")}
    # Runs of before these were worked out do not hold them.
    tables |= {name: run.tables[name] for name in ("chances", "joint_chances") if name in run.tables}
    planned = Plan(
        Outcome(outcome["status"], outcome["sentence"], outcome["method"]),
        outcome["objective"],
        outcome["bound"],
        outcome["gap"],
        **tables,
        notes=tuple(Note(*row) for row in notes),
    )
    return Made(run.tables["capacities"], run.tables["capacity_factors"], planned)


def _named(before: Economy, after: Economy) -> Economy:
    """Give the second economy with the products and recipes that only the first knows, so that a report can name them."""
    products, recipes = (
        pl.concat([one, other.select(one.columns).join(one, on=key, how="anti")])
        for one, other, key in (
            (after.products.select(FACTS["products"].column_names()), before.products, "product"),
            (after.recipes.select(FACTS["recipes"].column_names()), before.recipes, "recipe"),
        )
    )
    return replace(after, products=products, recipes=recipes)
