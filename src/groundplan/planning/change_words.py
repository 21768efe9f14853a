"""The answer of a comparison in two sentences: what changed in the plan, and which inputs that comes from."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from groundplan.tables.bundles import Plan

__all__ = ["cause_sentence", "loss_sums", "moved_priorities", "told"]

_SAME = 1e-9
"""Shares below this are rounding."""
_YIELDED = 1e-6
"""What later goals may take from a priority, as a share of its weights."""
_NAMED = 3


def moved_priorities(before: Plan, after: Plan, changes: pl.DataFrame) -> tuple[int, ...]:
    """Give the priorities whose missed goals cost another sum in the second plan, the first of them first.

    What later goals may take from earlier ones, and what the plans may be from their optimum, is no difference.

    Args:
        before: the first plan.
        after: the second.
        changes: result table `plan_changes`.
    """
    weights = pl.concat([one.gaps.group_by("priority").agg(pl.col("weight").sum()) for one in (before, after)]).group_by("priority").agg(pl.col("weight").max())
    unproven = max(one.objective - one.bound for one in (before, after))
    unsure = pl.max_horizontal(_YIELDED * pl.col("weight"), unproven)
    return tuple(loss_sums(changes).join(weights, on="priority", maintain_order="left").filter(pl.col("change").abs() > unsure)["priority"])


def told(before: Plan, after: Plan, changes: pl.DataFrame, parts: pl.DataFrame, causes: Sequence[str]) -> str:
    """Say what changed in two plans and where it comes from.

    Args:
        before: the first plan.
        after: the second.
        changes: result table `plan_changes`.
        parts: result table `change_parts`.
        causes: the inputs that differ.
    """
    sums, moved = loss_sums(changes), moved_priorities(before, after, changes)
    goals = _goals(before, after)
    if not causes:
        return f"No input that counts differs, so the plans are the same: {goals}."
    if not moved:
        others = "Nothing else differs either." if changes.filter(pl.col("measure") != "loss").is_empty() else "Production, trade or building differ."
        return f"What missed goals cost stays the same, to within what plans may be off; {goals}. {others}"
    several = len(sums) > 1
    costs = sums.filter(pl.col("priority").is_in(moved)).select("priority", "before", "after").iter_rows()
    words = [f"{_figure(now)} instead of {_figure(then)}{f' (priority {priority})' if several else ''}" for priority, then, now in costs]
    return f"Missed goals cost {_joined(words)}; {goals}. {cause_sentence(parts, moved[0], named=several)}"


def loss_sums(changes: pl.DataFrame) -> pl.DataFrame:
    """Give the rows of `plan_changes` that sum the loss of each priority over the plan, the first priority first."""
    return changes.filter((pl.col("measure") == "loss") & (pl.col("item") == "") & (pl.col("period") == "") & (pl.col("priority") > 0)).sort("priority")


def cause_sentence(parts: pl.DataFrame, priority: int, *, named: bool) -> str:
    """Say which causes move the loss of a priority's goals.

    Args:
        parts: result table `change_parts`.
        priority: whose loss.
        named: whether the priority is to be named.
    """
    own = parts.filter((pl.col("measure") == "loss") & (pl.col("item") == "") & (pl.col("period") == "") & (pl.col("priority") == priority))
    change = float(own["part"].sum())
    ranked = own.sort(pl.col("part").abs(), "cause", descending=[True, False])
    counted = ranked.filter(pl.col("part").abs() > _SAME * pl.col("part").abs().max())
    what = f"The change of priority {priority}" if named else "The change"
    with_it = counted.filter((pl.col("part") < 0) == (change < 0))
    against = counted.filter((pl.col("part") < 0) != (change < 0))
    if len(counted) == 1:
        return f"{what} comes from {counted['cause'][0]} alone."
    return f"{what} comes from {_listed(with_it)}{f', against {_listed(against)}' if len(against) else ''}."


def _goals(before: Plan, after: Plan) -> str:
    """Say how many goals and minima are not met, and how many were not."""
    missed, below = ([one.gaps.filter(pl.col(name) > _SAME * pl.col(of)).height for one in (before, after)] for name, of in (("shortfall", "goal"), ("below_minimum", "minimum")))
    many = [one.gaps.height for one in (before, after)]
    then = f" instead of {missed[0]}{f' of {many[0]}' if many[0] != many[1] else ''}" if (missed[0], many[0]) != (missed[1], many[1]) else ", as before"
    said = (
        f"{missed[1]} of {many[1]} goals {'is' if missed[1] == 1 else 'are'} missed{then}"
        if many[1]
        else f"there is no goal, {'as before' if not many[0] else f'instead of {many[0]}'}"
    )
    if not any(below):
        return said
    return f"{said}; {below[1]} {'minimum is' if below[1] == 1 else 'minima are'} not met, {f'instead of {below[0]}' if below[0] != below[1] else 'as before'}"


def _listed(causes: pl.DataFrame) -> str:
    words = [f"{cause} ({_signed(part)})" for cause, part in causes.head(_NAMED).select("cause", "part").iter_rows()]
    return _joined([*words, f"{len(causes) - _NAMED} more"] if len(causes) > _NAMED else words)


def _joined(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _figure(value: float) -> str:
    return "nothing" if value == 0 else f"{value:.3g}"


def _signed(value: float) -> str:
    return f"{value:+.3g}".replace("-", "−")
