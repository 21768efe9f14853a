"""What each stage hands on: result tables that belong together, and how the stage ended."""

from __future__ import annotations

from dataclasses import dataclass, field, fields

import polars as pl

from groundplan.outcome import Note, Outcome
from groundplan.tables.goal_sides import GoalSide
from groundplan.tables.results import Balances, Chances, DesignTotals, JointChances, Notes, PredictiveChecks, PredictiveCover, RegionalOutputs, Shipments, Suspects

__all__ = ["Comparison", "Estimate", "Frontier", "Plan", "Review", "notes_table", "result_tables"]


@dataclass(frozen=True, slots=True, eq=False)
class Review:
    """Result of `tracking.fulfilment`; schemas of the same names in `groundplan.tables.results`."""

    outcome: Outcome
    fulfilment: pl.DataFrame
    bunching: pl.DataFrame
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Estimate:
    """Result of `estimation`; schemas of the same names in `groundplan.tables.results`."""

    outcome: Outcome
    estimates: pl.DataFrame
    estimate_factors: pl.DataFrame
    totals: pl.DataFrame
    capacities: pl.DataFrame
    capacity_factors: pl.DataFrame
    calibration: pl.DataFrame
    notes: tuple[Note, ...] = ()
    balances: pl.DataFrame = field(default_factory=Balances.create_empty)
    predictive_checks: pl.DataFrame = field(default_factory=PredictiveChecks.create_empty)
    predictive_cover: pl.DataFrame = field(default_factory=PredictiveCover.create_empty)
    design_totals: pl.DataFrame = field(default_factory=DesignTotals.create_empty)
    suspects: pl.DataFrame = field(default_factory=Suspects.create_empty)


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """Result of `planning`; schemas of the same names in `groundplan.tables.results`.

    `objective` is the weighted relative shortfall, summed over goals; `bound` a proven lower bound on it; `gap` their
    difference as a share of the weighted goals.
    """

    outcome: Outcome
    objective: float
    bound: float
    gap: float
    outputs: pl.DataFrame
    activities: pl.DataFrame
    line_activities: pl.DataFrame
    allocations: pl.DataFrame
    resource_use: pl.DataFrame
    shadow_prices: pl.DataFrame
    gaps: pl.DataFrame
    new_capacity: pl.DataFrame
    uncertain: pl.DataFrame
    notes: tuple[Note, ...] = ()
    chances: pl.DataFrame = field(default_factory=Chances.create_empty)
    joint_chances: pl.DataFrame = field(default_factory=JointChances.create_empty)
    regional_outputs: pl.DataFrame = field(default_factory=RegionalOutputs.create_empty)
    shipments: pl.DataFrame = field(default_factory=Shipments.create_empty)


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """Result of comparing two plans; schemas of the same names in `groundplan.tables.results.COMPARISONS`.

    `causes` are the groups of inputs that differ, in the order in which tables name them; `moved` the priorities whose missed goals cost another sum, by more
    than the plans may be off; `before` and `after` the plans themselves.
    """

    outcome: Outcome
    causes: tuple[str, ...]
    moved: tuple[int, ...]
    before: Plan
    after: Plan
    input_changes: pl.DataFrame
    changed_cells: pl.DataFrame
    plan_changes: pl.DataFrame
    change_parts: pl.DataFrame
    binding_changes: pl.DataFrame
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Frontier:
    """Result of `planning.frontier`; schemas of the same names in `groundplan.tables.results.FRONTIERS`.

    `first` and `second` are the two goals, `others` says how the other goals are treated ("held" or "free"); `excess` bounds by how much the truth lies above the
    lines between corners, as a share of a goal; `is_whole` says whether all corners were found.
    """

    outcome: Outcome
    first: GoalSide
    second: GoalSide
    others: str
    excess: float
    is_whole: bool
    frontier: pl.DataFrame
    frontier_goals: pl.DataFrame
    notes: tuple[Note, ...] = ()


def result_tables(bundle: Review | Estimate | Plan | Comparison | Frontier) -> dict[str, pl.DataFrame]:
    """Give the result tables of a bundle by name."""
    return {part.name: value for part in fields(bundle) if isinstance(value := getattr(bundle, part.name), pl.DataFrame)}


def notes_table(notes: tuple[Note, ...]) -> pl.DataFrame:
    """Write notes as the result table `notes`."""
    rows = [{"step": note.step, "severity": note.severity, "subject": note.subject, "sentence": note.sentence} for note in notes]
    return pl.DataFrame(rows, schema=dict(Notes.create_empty().schema))
