"""Two economies compared by the plans that rest on what can really be made in each: estimated, planned, and set side by side."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace

import polars as pl

from groundplan.estimation.estimate import estimate
from groundplan.maths.shapley import MOST_EXACT
from groundplan.planning.compare import compare_plans
from groundplan.planning.plan import plan
from groundplan.tables.bundles import Comparison, Plan
from groundplan.tables.economy import Economy
from groundplan.tables.fingerprint import fingerprint

__all__ = ["Made", "compare"]

_OF_PLANS_ALONE = ("goals", "resources", "trade", "stocks", "investments", "fixed")
"""Tables that no estimate looks at."""


@dataclass(frozen=True, slots=True, eq=False)
class Made:
    """What was made of an economy already: result tables `capacities` and `capacity_factors` of its estimate, and its plan."""

    capacities: pl.DataFrame
    capacity_factors: pl.DataFrame
    plan: Plan


def compare(
    before: Economy,
    after: Economy,
    *,
    made: tuple[Made | None, Made | None] = (None, None),
    split: Collection[str] = (),
    exact_up_to: int = MOST_EXACT,
    progress: Callable[[str, str, float], None] | None = None,
) -> Comparison:
    """Compare two economies: what changed in the inputs, what changed in the plan, and which input change caused it.

    As `groundplan.planning.compare.compare_plans`, with an estimate before each plan, as in `run_chain`. A mixture is estimated anew only where
    it differs from all before it in a table that estimates look at.

    Args:
        before: an economy that has passed its checks.
        after: another one.
        made: what was made of the two already, by this version of groundplan; None: it is made.
        split: groups of which each product, resource or recipe is to be a cause of its own: "resources" gives "resources: power" and so on.
        exact_up_to: up to so many causes (at least 2) all 2^n mixtures are planned; beyond, those of one order of the causes and its reverse.
        progress: called with "compare", what it is at, and the share that is done, 0 to 1.

    Raises:
        MissingTableError: one of the two lacks a table that a plan needs.
        InputError: a group that cannot be split, or products or resources measured differently in the two.
        SettingsError: plan periods of different lengths.
        SolverError: a mixture could not be planned.
    """
    for economy in (before, after):
        economy.require("plan", "products", "recipes", "lines", "goals")
    known = {_estimated_from(economy): (one.capacities, one.capacity_factors) for economy, one in zip((before, after), made, strict=True) if one is not None}

    def make_plan(economy: Economy) -> Plan:
        key = _estimated_from(economy)
        if key not in known:
            estimated = estimate(economy)
            known[key] = (estimated.capacities, estimated.capacity_factors)
        capacities, factors = known[key]
        # Of mixtures no chances are told.
        return plan(economy, capacities=capacities, capacity_factors=factors, draws=0)

    first, second = (None if one is None else one.plan for one in made)
    tell = None if progress is None else lambda at, share: progress("compare", at, share)
    return compare_plans(before, after, make_plan=make_plan, plans=(first, second), split=split, exact_up_to=exact_up_to, progress=tell)


def _estimated_from(economy: Economy) -> tuple[str, ...]:
    """Name all that an estimate rests on: the tables that it looks at, and the settings but for those that only plans know."""
    frames = (fingerprint(frame) for name, frame in economy.tables().items() if name not in _OF_PLANS_ALONE)
    return (repr(replace(economy.settings, capacity_chance=0.5, level_loss=None, aim="weighted")), *frames)
