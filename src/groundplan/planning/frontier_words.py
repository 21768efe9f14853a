"""A frontier between two goals in plain words."""

from __future__ import annotations

import polars as pl

from groundplan.maths.trade_off import TradeOff
from groundplan.tables.goal_sides import GoalSide

__all__ = ["frontier_method", "frontier_sentence"]

_ALL = 1.0 - 1e-7
"""Share from which on a goal is met in full."""
_ON_CURVE = 5e-4
"""A plan that lies below the curve by less than this share of a goal lies on it: earlier priorities may leave as much to later ones."""
_MANY = {"piece": "pieces", "pair": "pairs", "hour": "hours"}


def frontier_sentence(sides: tuple[GoalSide, GoalSide], points: pl.DataFrame, *, held: bool) -> str:
    """Say whether two goals compete, how much the one costs of the other, and where the plan stands.

    Args:
        sides: the two goals.
        points: result table `frontier`.
        held: whether the other goals are held.
    """
    one, other = (side.name for side in sides)
    corners, plan = points.filter(pl.col("kind") == "corner"), points.filter(pl.col("kind") == "plan").row(0, named=True)
    first, last = corners.row(0, named=True), corners.row(-1, named=True)
    beside = "" if not held else " with all other goals served as in the plan" if plan["others_share"] is not None else ""
    if len(corners) == 1:
        if min(first["first_share"], first["second_share"]) >= _ALL:
            return f"{one} and {other} do not compete: both can be had in full{beside}{_taken(first)}.{_room_of(plan, first, one, other)}"
        shares = f"{_share(first['first_share'])} of the goals for {one} and {_share(first['second_share'])} of those for {other} can be had at once"
        return f"{one} and {other} do not compete{beside}: {shares}{_taken(first)}, and no more of the one by giving up the other.{_room_of(plan, first, one, other)}"
    ends = (
        f"from {_share(first['first_share'])} of the goals for {one} and {_share(first['second_share'])} of those for {other} to "
        f"{_share(last['first_share'])} and {_share(last['second_share'])}"
    )
    rates = [rate for rate in corners["second_per_first"].to_list() if rate is not None]
    cost = f" {_unit(sides[0])} more of {one} costs {_range(rates)} {_measured(sides[1])}." if rates else ""
    return f"{one} and {other} compete{beside}: {ends}.{cost} {_place(plan, sides)}"


def frontier_method(found: TradeOff, rows: int, *, tolerance: float) -> str:
    """Say how the corners were found, and how near the truth they are."""
    near = f"no other corner raises the curve by more than {100 * tolerance:.4f} % of a goal" if found.is_whole else "the corners that matter most were sought first"
    return (
        f"dichotomic search (Cohon 1978; Aneja and Nair 1979): {found.solved} programmes of {rows:,} rows, each corner repaired exactly at its vertex; {near}; the truth lies "
        f"at most {100 * found.excess:.2g} % of a goal above the lines between corners, proven by duals"
    )


def _place(plan: dict[str, float | None], sides: tuple[GoalSide, GoalSide]) -> str:
    one, other = (side.name for side in sides)
    there = f"The plan delivers {_share(plan['first_share'])} and {_share(plan['second_share'])}"
    room, rate = plan["second_room"] or 0.0, plan["second_per_first"]
    if room > _ON_CURVE:
        why = "gaps are spread over periods and goals by their weights" if max(len(side.periods) for side in sides) > 1 else "other goals take the rest"
        return f"{there}, which lies below the curve, since {why}: with as much of {one} there could be {_share((plan['second_share'] or 0.0) + room)} of {other}."
    if rate is None:
        return f"{there}, which lies on the curve, at the most of {one} that there can be." if plan["share_per_share"] is None else f"{there}, which lies on the curve."
    return f"{there}, which lies on the curve; from there {_unit(sides[0]).lower()} more of {one} costs {_figure(rate)} {_measured(sides[1])}."


def _room_of(plan: dict[str, float | None], corner: dict[str, float], one: str, other: str) -> str:
    """Say where the plan falls short of the only corner."""
    short = [name for name, key in ((one, "first_share"), (other, "second_share")) if corner[key] - (plan[key] or 0.0) > _ON_CURVE]
    if not short:
        return " The plan delivers as much."
    return f" The plan delivers {_share(plan['first_share'])} and {_share(plan['second_share'])}: it gives {' and '.join(short)} less, for goals that count more in it."


def _taken(corner: dict[str, int]) -> str:
    """Say how many other goals get less than in the plan."""
    losing = corner["others_worse"]
    return f", for less of {losing:,} other goal{'s' if losing > 1 else ''} than in the plan" if losing else ""


def _unit(side: GoalSide) -> str:
    return f"One {side.measure}" if side.measure else "One unit"


def _measured(side: GoalSide) -> str:
    return f"{_MANY.get(side.measure, side.measure or 'units')} of {side.name}"


def _range(rates: list[float]) -> str:
    low, high = _figure(min(rates)), _figure(max(rates))
    return low if low == high else f"{low} to {high}"


def _figure(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def _share(share: float | None) -> str:
    """Write a share: 87 %, and a tenth nearer the ends, so that what falls short of all is not all."""
    percent = 100.0 * (share or 0.0)
    if percent >= 100.0 * _ALL or percent <= 1e-5:
        return f"{percent:.0f}%"
    return f"{percent:.1f}%" if 99.9 >= percent >= 0.1 else f"{percent:.3f}%"
