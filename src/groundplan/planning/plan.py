"""The best plan that is feasible on what can be made, what gives way in it, and what holds it back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import polars as pl

from groundplan.errors import SolverError
from groundplan.outcome import Note, Outcome
from groundplan.planning.causes import gap_causes
from groundplan.planning.chance import LineCapacities, capacities_at_chance
from groundplan.planning.columns import Layout
from groundplan.planning.delivery_chances import delivery_chances
from groundplan.planning.inputs import Inputs
from groundplan.planning.intervals import production_intervals
from groundplan.planning.levels import MOST_ROWS, solve_levels
from groundplan.planning.prices import shadow_prices
from groundplan.planning.solved import Solved
from groundplan.planning.solving import solve_economy
from groundplan.planning.tables_out import (
    activities_table,
    allocations_table,
    gaps_table,
    levels_of,
    line_activities_table,
    new_capacity_table,
    outputs_table,
    regional_outputs_table,
    resource_use_table,
    shipments_table,
)
from groundplan.planning.uncertain import uncertain_table
from groundplan.planning.verify import Violation, verify_plan
from groundplan.planning.words import describe, notes_of
from groundplan.tables.bundles import Plan
from groundplan.tables.economy import Economy
from groundplan.tables.results import RESULTS

__all__ = ["plan"]


def plan(
    economy: Economy,
    *,
    capacities: pl.DataFrame | None = None,
    capacity_factors: pl.DataFrame | None = None,
    draws: int | None = None,
    progress: Callable[[str, float], None] | None = None,
) -> Plan:
    """Plan the periods of the settings: minima first, then goals by priority, with gaps spread, then as little waste as can be.

    Args:
        economy: an economy that has passed its checks.
        capacities: result table `capacities`; None: nameplates are taken as certain.
        capacity_factors: result table `capacity_factors`, the capacities' shared errors.
        draws: in how many draws of all capacities the plan is followed, to find the chances of its deliveries; None: as many as suit its size; 0: none.
        progress: called with what is being done and the share that is done, 0 to 1.

    Returns:
        The plan. Its outcome is `done` where all goals are met and stocks keep their floors, `limited` where some do not, `infeasible`
        where some minimum is not met (the tables then hold the plan that comes nearest), and `no_data` where no goal lies within the plan.

    Raises:
        SolverError: the solver broke down, or its plan does not hold when it is worked out again (`verify_plan`).
        SettingsError: gaps are to be levelled (`aim` in the settings) in a plan of more than 30,000 rows.
    """
    tell = progress if progress is not None else lambda _at, _share: None
    tell("capacities", 0.0)
    lines = capacities_at_chance(economy, capacities, capacity_factors)
    inputs, layout, solved = solve_economy(economy, lines, tell)
    if solved is None:
        return _no_goals(economy)
    tell("shadow prices", 0.8)
    planned = _write_out(economy, lines, inputs, layout, solved)
    tell("verification", 0.95)
    broken = verify_plan(economy, planned, nameplates=capacities is None)
    if broken and not solved.by_vertices and layout.rows <= MOST_ROWS:
        # Steps hold rows to a share of what flows through them, which for a goal that is missed nearly whole is more than what is delivered.
        solved = solve_levels(inputs, layout, level_loss=economy.settings.level_loss, aim=economy.settings.aim, by_steps=False, tell=lambda at, share: tell(at, 0.05 + 0.7 * share))
        planned = _write_out(economy, lines, inputs, layout, solved)
        broken = verify_plan(economy, planned, nameplates=capacities is None)
    if broken:
        raise SolverError(_not_exact(broken))
    tell("chances of deliveries", 0.96)
    found = delivery_chances(economy, inputs, levels_of(inputs, layout, solved.x), lines, draws=draws)
    tell("done", 1.0)
    sentence = f"{planned.outcome.sentence} {found.sentence}".strip()
    return replace(planned, outcome=replace(planned.outcome, sentence=sentence), chances=found.chances, joint_chances=found.joint, notes=(*planned.notes, *found.notes))


def _write_out(economy: Economy, lines: LineCapacities, inputs: Inputs, layout: Layout, solved: Solved) -> Plan:
    """Write a plan in numbers as result tables, with what holds it back."""
    numbers = levels_of(inputs, layout, solved.x)
    prices = shadow_prices(economy, inputs, layout, solved, numbers)
    causes = gap_causes(economy, inputs, layout, solved, numbers)
    lower, upper = production_intervals(inputs, numbers, lines)
    gaps = gaps_table(inputs, numbers, causes)
    summary = describe(economy, inputs, layout, solved, gaps, prices)
    return Plan(
        Outcome(summary.status, summary.sentence, summary.method),
        summary.objective,
        summary.bound,
        summary.gap,
        outputs_table(inputs, numbers, lower, upper),
        activities_table(inputs, numbers),
        line_activities_table(inputs, numbers),
        allocations_table(inputs, numbers),
        resource_use_table(inputs, numbers),
        prices,
        gaps,
        new_capacity_table(inputs, numbers),
        uncertain_table(economy, inputs, lines, prices),
        (*summary.notes, *notes_of(inputs, lines)),
        regional_outputs=regional_outputs_table(inputs, numbers),
        shipments=shipments_table(inputs, numbers),
    )


def _not_exact(broken: tuple[Violation, ...]) -> str:
    rules = "; ".join(f"{one.rule} ({one.where}, off by {one.size:.1g} of it)" for one in broken[:3])
    return (
        f"No plan was kept: the one that was found does not hold when it is worked out again: {rules}. That happens where figures differ so much in size that they cannot be "
        "solved together. Look for a limit, capacity or goal that is written very large to mean 'no limit', and write what there could be at most."
    )


def _no_goals(economy: Economy) -> Plan:
    periods = economy.settings.plan_periods()
    sentence = f"No goal above zero lies within the plan's periods ({periods[0]} to {periods[-1]}), so there is nothing to plan for."
    names = ("outputs", "activities", "line_activities", "allocations", "resource_use", "shadow_prices", "gaps", "new_capacity", "uncertain")
    tables = {name: RESULTS[name].create_empty() for name in names}
    note = Note("plan", "warning", "goals", f"{sentence} Add rows to goals for these periods.")
    return Plan(outcome=Outcome("no_data", sentence), objective=0.0, bound=0.0, gap=0.0, notes=(note,), **tables)
