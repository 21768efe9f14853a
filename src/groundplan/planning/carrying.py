"""What the levels of one plan left, told in the columns and rows of another in which classes of lines are cut finer, so that it can begin there."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from groundplan.maths.programme import AT_LOWER, AT_UPPER, BASIC, Basis
from groundplan.planning.columns import Layout
from groundplan.planning.inputs import Inputs
from groundplan.planning.solved import Level, Solved, Start
from groundplan.tables.axes import Axis
from groundplan.tables.sums import sum_before

__all__ = ["carried"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

_BY_POOL = ("activity", "built", "capacity")
_ROWS = ("balance", "capacity", "growth", "limit", "keep", "fixed")


def carried(solved: Solved, before: tuple[Inputs, Layout], after: tuple[Inputs, Layout]) -> Start:
    """Carry what a plan left over to one in which pools are cut finer: its parts make what the pool made, all else stays as it was.

    Args:
        solved: the plan before.
        before: its inputs and layout.
        after: those of the plan in which its pools are cut.
    """
    (old, was), (new, now) = before, after
    parent = _parents(old, new)
    columns, rows = _places(was, now, parent, rows=False), _places(was, now, parent, rows=True)
    share = np.ones(now.columns)
    there = now.activity >= 0
    share[now.activity[there]] = _shares(old, new, parent)[there]
    stands = tuple(replace(stand, x=share * _taken(stand.x, columns), duals=_taken(stand.duals, rows)) for stand in solved.stands)
    bases = {(level.name, level.priority): _basis(level, level.basis, solved, (columns, rows), before, after, parent) for level in solved.levels if level.basis is not None}
    return Start(stands, bases)


def _parents(old: Inputs, new: Inputs) -> IntArray:
    """Give the pool before of which each pool is a part, shape (Q,): that of its lines, or of its name where it has none; -1 where there was none."""
    lines = new.pools.lines.select("line", pl.Series("place", new.pools.place)).join(old.pools.lines.select("line", pl.Series("parent", old.pools.place)), on="line")
    parent = np.array(Axis(tuple(old.pools.table["pool"])).positions(new.pools.table["pool"]))
    parent[lines["place"].to_numpy()] = lines["parent"].to_numpy()
    return parent


def _shares(old: Inputs, new: Inputs, parent: IntArray) -> FloatArray:
    """Give each pool's share in its parent's capacity, shape (Q, H); where that had none its activity went to what is built, which is in one part only."""
    capacity = np.where(parent[:, None] >= 0, old.capacity[parent], 0.0)
    whole = new.pools.table["grows"].to_numpy()[:, None] * np.ones_like(capacity)
    return np.asarray(np.divide(new.capacity, capacity, out=whole, where=capacity > 0))


def _places(old: Layout, new: Layout, parent: IntArray, *, rows: bool) -> IntArray:
    """Say which column, or row, before each one now comes from, -1 where from none."""
    source = np.full(new.rows if rows else new.columns, -1, np.int64)
    for name in [field.name for field in fields(Layout) if field.name not in ("columns", "rows") and (field.name in _ROWS) == rows]:
        was, now = getattr(old, name), getattr(new, name)
        if name in _BY_POOL:
            was = np.where(parent[:, None] >= 0, was[parent], -1)
        there = now >= 0
        source[now[there]] = was[there]
    return source


def _taken(values: FloatArray, source: IntArray) -> FloatArray:
    return np.where(source >= 0, values[source], 0.0)


def _basis(
    level: Level, basis: Basis, solved: Solved, source: tuple[IntArray, IntArray], before: tuple[Inputs, Layout], after: tuple[Inputs, Layout], parent: IntArray
) -> Basis:  # fmt: skip
    """Carry a basis over: of the parts of a pool that is basic one is so, that up to which the better ones, run in full, make less than the pool made."""
    (old, was), (new, now) = before, after
    columns, rows = source
    place = np.where(columns >= 0, basis.columns[columns], AT_LOWER).astype(np.int8)
    activity = level.x * solved.scaling.columns
    mean, efficiency = old.pools.table["efficiency"].to_numpy(), new.pools.table["efficiency"].to_numpy()
    order = np.lexsort([-efficiency, parent])
    family = parent[order]
    for period in range(len(new.periods)):
        column, earlier = now.activity[order, period], was.activity[:, period][family]
        cut = (family >= 0) & (column >= 0) & (earlier >= 0) & (np.bincount(parent[parent >= 0], minlength=len(mean))[family] > 1)
        cut &= np.where(cut, basis.columns[earlier], AT_LOWER) == BASIC
        able = np.where(cut, new.capacity[order, period] * efficiency[order], 0.0)
        better = sum_before(family, able)
        made = np.where(cut, np.maximum(activity[earlier], 0.0) * mean[family], 0.0)
        # The last whose better ones make no more than the pool did.
        runs = cut & (better <= made)
        full = runs & np.append(runs[1:] & (family[1:] == family[:-1]), [False])
        place[column[cut]] = AT_LOWER
        place[column[full]] = AT_UPPER
        place[column[runs & ~full]] = BASIC
    return Basis(place, np.where(rows >= 0, basis.rows[rows], BASIC).astype(np.int8))
