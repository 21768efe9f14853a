"""Write the material balances of a run that holds a plan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from groundplan.errors import Fault, InputError, RunIncompleteError
from groundplan.flows.ports import EconomySource
from groundplan.flows.run import report_of_run
from groundplan.loop.chain import Progress
from groundplan.planning.material_balances import largest_difference, material_balances
from groundplan.report.balance_workbook import write_balances
from groundplan.report.content import ReportInput
from groundplan.report.goals import GoalRow
from groundplan.tables.economy import Economy
from groundplan.tables.faulty import did_you_mean

__all__ = ["WrittenBalances", "balances_to_workbook"]


@dataclass(frozen=True, slots=True)
class WrittenBalances:
    """What was written.

    Args:
        path: the workbook.
        products: how many products have a balance.
        goals, missed: how many goals of these products there are, and how many are not met in full.
        difference: largest difference between the sides of a balance, as a share of the flow.
        warning: what a reader must know; empty where there is nothing.
    """

    path: Path
    products: int
    goals: int
    missed: int
    difference: float
    warning: str


def balances_to_workbook(source: EconomySource, run_folder: Path, path: Path, *, products: Sequence[str] = (), progress: Progress | None = None) -> WrittenBalances:
    """Write the material balances of a kept run as a workbook, whole or not at all.

    Args:
        source: the economy from which the run was made.
        run_folder: folder of the run.
        path: the workbook to write; folders above it are made.
        products: ids of products; none: all.
        progress: called as the steps go on.

    Raises:
        RunIncompleteError: the run is not complete, or holds no plan.
        InputError: the economy has faults now, its technology is not that of the run, or there is no such product.
        FolderError: the workbook cannot be written.
    """
    tell = progress or (lambda _step, _at, _share: None)
    tell("check", "tables", 0.0)
    shown = report_of_run(source, run_folder)
    tell("check", "done", 1.0)
    _refuse_unknown(shown.economy, products)
    _refuse_without_plan(shown)
    tell("balances", path.name, 0.0)
    balances = material_balances(shown.economy, shown.results)
    if products:
        balances = balances.filter(pl.col("product").is_in(list(products)))
    if balances.is_empty():
        fault = Fault(
            "options", "product", "no_flow", len(products), (), "products of which nothing flows in the plan", "products that are made, imported or in stock", "Name others."
        )
        raise InputError(f"run {shown.run_id} has no balance to write", [fault])
    path.parent.mkdir(parents=True, exist_ok=True)
    write_balances(shown, balances, path)
    tell("balances", "done", 1.0)
    gaps = shown.table("gaps").filter(pl.col("product").is_in(balances["product"].unique().implode()))
    changed = next((f"{fault.found}. {fault.remedy}" for fault in shown.faults if fault.rule == "changed_since_run"), "")
    missed = gaps.filter(pl.col("shortfall_share") > GoalRow.TOLERANCE)
    return WrittenBalances(path, balances["product"].n_unique(), len(gaps), len(missed), largest_difference(balances), changed)


def _refuse_without_plan(shown: ReportInput) -> None:
    """Make sure that the run holds a plan that makes something.

    Raises:
        RunIncompleteError: it holds none.
    """
    if shown.has("outputs"):
        return
    said = shown.table("outcomes").filter(pl.col("step") == "plan")["sentence"].to_list()
    reason = said[0] if said else f"it went up to '{shown.table('outcomes')['step'][-1]}'" if shown.has("outcomes") else "it holds no plan"
    raise RunIncompleteError(f"Run {shown.run_id} has no plan, so it has no material balances: {reason}. Name a run with a plan ('groundplan runs' lists them), or plan anew.")


def _refuse_unknown(economy: Economy, products: Sequence[str]) -> None:
    """Make sure that there are products of these ids.

    Raises:
        InputError: there are not; all unknown ones are named.
    """
    known = economy.products["product"].to_list()
    unknown = [product for product in dict.fromkeys(products) if product not in set(known)]
    if unknown:
        remedy = f"{did_you_mean(unknown, known)}Name products by their ids, as the table products has them."
        raise InputError("no such product", [Fault("options", "product", "unknown_product", len(unknown), (), ", ".join(map(repr, unknown)), "ids of the table products", remedy)])
