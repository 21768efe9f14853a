"""Where a plan in finer classes begins: at what the plan before it made, told in its own columns and rows."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

from groundplan.maths.programme import BASIC
from groundplan.planning import classes, levels
from groundplan.planning.carrying import carried
from groundplan.planning.chance import capacities_at_chance
from groundplan.planning.classes import cut_classes, excess_of, first_classes
from groundplan.planning.columns import lay_out
from groundplan.planning.inputs import read_inputs
from groundplan.planning.levels import solve_levels
from groundplan.planning.pools import make_pools, placed_lines
from plan import random_economy, with_many_lines


def quiet(_at: str, _share: float) -> None:
    pass


@pytest.fixture(scope="module", params=[True, False], ids=["vertices", "steps"])
def cut(request):
    """A plan in classes of efficiency, and the same with those cut that matter."""
    economy = with_many_lines(random_economy(40, 2), 12, 2)
    lines = economy.lines["capacity"] * 0.85
    economy = type(economy).from_tables(economy.settings, economy.tables() | {"lines": economy.lines.with_columns(lines)})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(classes, "_MOST_POOLS", 0)
        patch.setattr(levels, "_VERTEX_ROWS", 5_000 if request.param else 0)
        placed = placed_lines(economy, capacities_at_chance(economy, None, None))
        coarse = first_classes(economy, placed)
        assert coarse is not None
        old = read_inputs(economy, make_pools(economy, placed, coarse))
        was = lay_out(old)
        solved = solve_levels(old, was, tell=quiet)
        new = read_inputs(economy, make_pools(economy, placed, cut_classes(placed, coarse, old, excess_of(old, was, solved))))
        now = lay_out(new)
        start = carried(solved, (old, was), (new, now))
        again = solve_levels(new, now, start=start, tell=quiet)
    assert len(new.pools.table) > len(old.pools.table) + 10
    return solved, (old, was), (new, now), start, again


def test_a_basis_that_is_carried_over_is_one(cut):
    solved, _, (_, now), start, _ = cut
    assert len(start.bases) == (len(solved.levels) if solved.by_vertices else 0)
    for basis in start.bases.values():
        assert len(basis.columns) == now.columns
        assert (basis.columns == BASIC).sum() + (basis.rows == BASIC).sum() == now.rows


def test_walks_begin_at_what_was_made_and_priced_before(cut):
    solved, (old, was), (new, now), start, _ = cut
    assert len(start.stands) == (0 if solved.by_vertices else len([level for level in solved.levels if level.name == "goals"]))
    for before, after in zip(solved.stands, start.stands, strict=True):
        for period in range(len(new.periods)):
            made = [
                inputs.made @ np.where(layout.activity[:, period] >= 0, x[layout.activity[:, period]], 0.0) for inputs, layout, x in ((old, was, before.x), (new, now, after.x))
            ]
            assert made[1] == pytest.approx(made[0], rel=1e-9, abs=1e-9 * made[0].max())
            assert np.array_equal(before.duals[was.balance[:, period]], after.duals[now.balance[:, period]])
        assert after.pace == before.pace > 0


def test_the_finer_plan_goes_on_from_there(cut):
    solved, _, _, _, again = cut
    if solved.by_vertices:
        assert "going on from a basis that is near" in again.method
    first = [next(level for level in found.levels if level.name == "goals") for found in (solved, again)]
    # Telling more lines apart can only help the first priority.
    assert first[1].bound <= first[0].objective * (1 + 1e-9)
