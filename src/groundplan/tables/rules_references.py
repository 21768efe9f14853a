"""Rules on what ids point at: that it exists, and that the tree of units is a tree."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from groundplan.errors import Fault
from groundplan.tables.axes import Axis
from groundplan.tables.facts import FACTS
from groundplan.tables.faulty import FIRST_ROW, SHOWN_ROWS, Frames, did_you_mean, row_faults

__all__ = ["ancestors", "check_references"]

_MOST_LOOPS = 3


def check_references(frames: Frames) -> list[Fault]:
    """Check that ids are known, that no unit is above itself, and that plans of targets are known."""
    faults: list[Fault] = []
    for table, schema in FACTS.items():
        for name, column in schema.columns().items():
            target = (column.metadata or {}).get("refers_to")
            if target:
                faults += _unknown_ids(frames, table, name, target)
    return faults + _cycles(frames["units"]) + _unknown_plans(frames)


def ancestors(units: pl.DataFrame) -> pl.DataFrame:
    """List every unit with itself and all units above it.

    Args:
        units: the table units; a loop of parents is followed once.

    Returns:
        Columns unit and above, distinct.
    """
    step = units.select("unit", pl.col("parent").alias("above")).drop_nulls()
    found = units.select("unit", pl.col("unit").alias("above")).drop_nulls().unique()
    rise = step.unique()
    while not rise.is_empty():
        found = pl.concat([found, rise]).unique()
        rise = rise.join(step.rename({"unit": "above", "above": "next"}), on="above").select("unit", pl.col("next").alias("above"))
        rise = rise.unique().join(found, on=["unit", "above"], how="anti")
    return found


def _unknown_ids(frames: Frames, table: str, name: str, target: str) -> list[Fault]:
    places = [place.split(".") for place in target.split("|")]
    if frames.unread.intersection(other for other, _ in places):
        return []
    known = pl.concat([frames[other][column].cast(pl.String) for other, column in places]).drop_nulls().unique()
    values = frames[table][name]
    bad = values.is_not_null() & (values != "") & ~values.is_in(known.implode())
    if not bad.any():
        return []
    words = " or ".join(f"{other}.{column}" for other, column in places)
    if known.is_empty():
        remedy = f"Add the table {places[0][0]}: it has no rows."
    else:
        remedy = f"{did_you_mean(values.filter(bad).unique(maintain_order=True).to_list(), known.to_list())}Mend the id, or add it to {' or '.join(other for other, _ in places)}."
    return row_faults(table, name, "unknown_id", bad, found=values, expected=f"an id that stands in {words}", remedy=remedy)


def _cycles(units: pl.DataFrame) -> list[Fault]:
    """Find loops by pointer doubling: what has not reached the top after 2^k >= n steps never will."""
    distinct = units.select("unit", "parent").with_row_index("row").drop_nulls("unit").unique("unit", keep="first", maintain_order=True)
    if distinct.is_empty():
        return []
    axis = Axis(tuple(distinct["unit"]))
    above = axis.positions(distinct["parent"])
    top = len(axis)
    parent = np.append(np.where(above < 0, top, above), top)
    jump = parent
    for _ in range(max(1, int(np.ceil(np.log2(top + 1))))):
        jump = jump[jump]
    # Where the climb ends inside a loop; all members of every loop are among these.
    loops = _loops(np.unique(jump[jump != top]), parent)
    if not loops:
        return []
    members = np.concatenate(loops)
    rows = np.sort(distinct["row"].to_numpy()[members]) + FIRST_ROW
    shown = "; ".join(_name_loop(loop, axis) for loop in loops[:_MOST_LOOPS])
    more = f" and {len(loops) - _MOST_LOOPS} more loops" if len(loops) > _MOST_LOOPS else ""
    first = tuple(int(row) for row in rows[:SHOWN_ROWS])
    return [
        Fault(
            "units",
            "parent",
            "parent_cycle",
            len(rows),
            first,
            f"{shown}{more}",
            "a tree: nobody above himself",
            "Mend the parent of one unit in each loop; leave it empty at the top.",
        )
    ]


def _loops(inside: NDArray[np.int64], parent: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    loops: list[NDArray[np.int64]] = []
    seen: set[int] = set()
    for start in inside.tolist():
        if start in seen:
            continue
        loop = [start]
        while (current := int(parent[loop[-1]])) != start:
            loop.append(current)
        seen.update(loop)
        loops.append(np.array(loop))
    return loops


def _name_loop(loop: NDArray[np.int64], axis: Axis) -> str:
    names = [axis.labels[position] for position in loop.tolist()[:8]]
    dots = ["…"] if len(loop) > 8 else []
    return " > ".join([*names, *dots, names[0]])


def _unknown_plans(frames: Frames) -> list[Fault]:
    plans, targets = frames["plans"], frames["targets"]
    if plans.is_empty():
        return []
    known = plans.select("plan", "version").unique().with_columns(known=pl.lit(value=True))
    joined = targets.select("plan", "version").join(known, on=["plan", "version"], how="left", maintain_order="left")
    bad = joined["known"].is_null() & joined["plan"].is_not_null() & joined["version"].is_not_null()
    remedy = "Add the plan to plans, or mend the targets."
    return row_faults("targets", "plan, version", "unknown_plan", bad, found=targets["plan"], expected="a plan and version in plans", remedy=remedy, severity="warning")
