"""The stages in a row: estimate, review on verified figures, plan on what can really be made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import polars as pl

from groundplan.estimation.estimate import estimate
from groundplan.planning.plan import plan
from groundplan.tables.bundles import Estimate, Plan, Review, notes_table, result_tables
from groundplan.tables.economy import Economy
from groundplan.tables.results import Outcomes
from groundplan.tracking.fulfilment import review

__all__ = ["STEPS", "Chain", "Progress", "run_chain"]

Progress = Callable[[str, str, float], None]
"""Called with the step, what it is at, and the share of the step that is done, 0 to 1."""

STEPS = ("estimate", "review", "plan")


@dataclass(frozen=True, slots=True, eq=False)
class Chain:
    """What the stages gave; a stage that was not asked for is None."""

    estimate: Estimate | None = None
    review: Review | None = None
    plan: Plan | None = None

    def tables(self) -> dict[str, pl.DataFrame]:
        """Give all result tables by name, with `notes` and `outcomes`."""
        bundles: dict[str, Estimate | Review | Plan] = {name: bundle for name in STEPS if (bundle := getattr(self, name)) is not None}
        tables: dict[str, pl.DataFrame] = {}
        for bundle in bundles.values():
            tables |= result_tables(bundle)
        tables["notes"] = notes_table(tuple(note for bundle in bundles.values() for note in bundle.notes))
        tables["outcomes"] = _outcomes(bundles)
        return tables


def run_chain(economy: Economy, *, last: str = "plan", progress: Progress | None = None) -> Chain:
    """Run the stages up to one of them; the review rests on the estimate, and so does the plan.

    Args:
        economy: an economy that has passed its checks.
        last: "estimate", "review" or "plan"; a review alone does not need a plan, nor a plan a review, but each an estimate.
        progress: called as the stages go on.

    Raises:
        MissingTableError: a stage needs a table that is not there; said before any of them begins.
    """
    if last == "plan":
        economy.require("plan", "products", "recipes", "lines", "goals")

    def tell(step: str) -> Callable[[str, float], None] | None:
        return None if progress is None else lambda at, share: progress(step, at, share)

    estimated = estimate(economy, progress=tell("estimate"))
    if last == "estimate":
        return Chain(estimated)
    if progress is not None:
        progress("review", "fulfilment of the last plan", 0.0)
    reviewed = review(economy, estimates=estimated.estimates, estimate_factors=estimated.estimate_factors)
    if progress is not None:
        progress("review", "done", 1.0)
    if last == "review":
        return Chain(estimated, reviewed)
    planned = plan(economy, capacities=estimated.capacities, capacity_factors=estimated.capacity_factors, progress=tell("plan"))
    return Chain(estimated, reviewed, planned)


def _outcomes(bundles: dict[str, Estimate | Review | Plan]) -> pl.DataFrame:
    rows = []
    for step, bundle in bundles.items():
        figures = {name: getattr(bundle, name, None) for name in ("objective", "bound", "gap")}
        rows.append({"step": step, "status": bundle.outcome.status, "sentence": bundle.outcome.sentence, "method": bundle.outcome.method, **figures})
    return pl.DataFrame(rows, schema=dict(Outcomes.create_empty().schema))
