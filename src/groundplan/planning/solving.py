"""From an economy to its best plan in numbers: lines in pools, pools in classes where there are very many, all levels solved."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from groundplan.planning.carrying import carried
from groundplan.planning.chance import LineCapacities
from groundplan.planning.classes import Excess, cut_classes, excess_of, first_classes, with_excess
from groundplan.planning.columns import Layout, lay_out
from groundplan.planning.inputs import Inputs, read_inputs
from groundplan.planning.levels import solve_levels
from groundplan.planning.pools import make_pools, placed_lines
from groundplan.planning.solved import Solved
from groundplan.tables.economy import Economy

__all__ = ["solve_economy"]

_VERTEX_GAP, _STEPS_GAP = 1e-8, 2e-5
"""What may be lost by classing lines of like efficiency, as a share of the weighted goals, where plans are vertices, and where they are near ones."""


def solve_economy(
    economy: Economy, lines: LineCapacities, tell: Callable[[str, float], None], *, check: Callable[[Layout], None] = lambda _layout: None
) -> tuple[Inputs, Layout, Solved | None]:
    """Solve all levels of an economy's plan; None where no goal lies within the plan.

    Args:
        economy: an economy that has passed its checks.
        lines: its lines with what each is taken to be able to make.
        tell: called with what is being done and the share of all planning that is done.
        check: called with the layout before anything is solved, so that it can refuse.

    Raises:
        SolverError: the solver broke down.
        SettingsError: gaps are to be levelled in a plan that is too large for that.
    """
    placed = placed_lines(economy, lines)
    classes = first_classes(economy, placed)
    inputs = read_inputs(economy, make_pools(economy, placed, classes))
    layout = lay_out(inputs)
    check(layout)
    if not (inputs.goals.quantity[:, : inputs.planned] > 0).any():
        return inputs, layout, None
    solve = partial(solve_levels, level_loss=economy.settings.level_loss, aim=economy.settings.aim, tell=lambda at, share: tell(at, 0.05 + 0.7 * share))
    if classes is None:
        return inputs, layout, solve(inputs, layout)
    solved = solve(inputs, layout, goes_on=partial(_is_fine, inputs, layout))
    while not _is_small(excess := excess_of(inputs, layout, solved), inputs, solved):
        tell("classes of efficiency cut finer", 0.05)
        classes = cut_classes(placed, classes, inputs, excess)
        before = inputs, layout
        inputs = read_inputs(economy, make_pools(economy, placed, classes))
        layout = lay_out(inputs)
        solved = solve(inputs, layout, start=carried(solved, before, (inputs, layout)), goes_on=partial(_is_fine, inputs, layout))
    return inputs, layout, with_excess(solved, excess)


def _is_fine(inputs: Inputs, layout: Layout, solved: Solved) -> bool:
    """Say whether next to nothing is lost by not telling lines of a class apart."""
    return _is_small(excess_of(inputs, layout, solved), inputs, solved)


def _is_small(excess: Excess, inputs: Inputs, solved: Solved) -> bool:
    least = (_VERTEX_GAP if solved.by_vertices else _STEPS_GAP) * float(inputs.goals.weight[inputs.goals.quantity > 0].sum())
    return bool(excess.by_level.sum() <= least)
