"""Two plans compared: what changed in the inputs, what changed in the plan, and how much of it comes from which input."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from groundplan.errors import SolverError
from groundplan.maths.shapley import MOST_EXACT, coalitions, shapley_weights
from groundplan.outcome import Note, Outcome
from groundplan.planning.change_words import moved_priorities, told
from groundplan.planning.exchange import BY_PERIOD, PERIODS, Exchange, find_exchange, merge_until_sound
from groundplan.planning.input_changes import changed_inputs
from groundplan.planning.plan import plan
from groundplan.planning.plan_changes import binding_changes, change_tables, plan_figures, set_side_by_side
from groundplan.tables.bundles import Comparison, Plan
from groundplan.tables.economy import Economy

__all__ = ["compare_plans"]

_PROVEN = 1e-6
"""A gap beyond this is told: what is smaller than the gap may be a plan's distance from its optimum."""


def compare_plans(
    before: Economy,
    after: Economy,
    *,
    make_plan: Callable[[Economy], Plan] = plan,
    plans: tuple[Plan | None, Plan | None] = (None, None),
    split: Collection[str] = (),
    exact_up_to: int = MOST_EXACT,
    progress: Callable[[str, float], None] | None = None,
) -> Comparison:
    """Compare the plans of two economies, and share out what differs among the inputs that differ.

    Inputs count in groups, one a cause: goals, resources, lines, recipes, investments, trade, stocks, products, units (new and gone ones with
    their lines and reports), evidence (reports, findings and all else that tells what can be made), chance, and plan periods (with goals, resources
    and trade, which are by period). Plans are made of mixtures that take some groups from the one economy and the rest from the other; each
    cause gets its Shapley value of every figure, so that parts add up to the change and no order of causes matters
    (`groundplan.maths.shapley`). Groups that are no sound economy the one without the other count as one cause.

    Args:
        before: an economy that has passed its checks.
        after: another one.
        make_plan: makes the plan of an economy; the default takes nameplates as certain. `groundplan.loop.compare` estimates first.
        plans: the plans of the two economies where they were made already, by the same `make_plan`.
        split: groups of which each product, resource or recipe is to be a cause of its own: "resources" gives "resources: power" and so on.
        exact_up_to: up to so many causes (at least 2) all 2^n mixtures are planned; beyond, those of one order of the causes and its reverse, 2 n of them.
        progress: called with what is being done and the share that is done, 0 to 1.

    Returns:
        The comparison. Its outcome is `done`; the sentence says what changed and why.

    Raises:
        InputError: one of the two has faults, a group cannot be split, or products or resources are measured differently in the two.
        SettingsError: plan periods of different lengths.
        SolverError: a mixture could not be planned.

    Source:
        Shapley (1953), A value for n-person games; Shorrocks (2013), Decomposition procedures for distributional analysis.
    """
    tell = progress if progress is not None else lambda _at, _share: None
    tell("inputs", 0.0)

    def sets(causes: int) -> list[tuple[int, ...]]:
        return coalitions(causes, exact_up_to=exact_up_to)

    exchange, notes = merge_until_sound(find_exchange(before, after, split=split), sets)
    causes = tuple(exchange.causes)
    taken = [tuple(causes[place] for place in some) for some in sets(len(causes))]
    made = _plans(exchange, taken, make_plan, plans, tell)
    keys, values = set_side_by_side([plan_figures(one) for one in made])
    changes, parts = change_tables(keys, values[0], values[-1], shapley_weights(len(causes), exact_up_to=exact_up_to) @ values, causes)
    inputs, cells = changed_inputs(exchange)
    notes = (*notes, *_notes(exchange, made, split))
    outcome = Outcome("done", told(made[0], made[-1], changes, parts, causes), _method(len(causes), len(taken)))
    tell("done", 1.0)
    return Comparison(outcome, causes, moved_priorities(made[0], made[-1], changes), made[0], made[-1], inputs, cells, changes, parts, binding_changes(made[0], made[-1]), notes)


def _plans(
    exchange: Exchange,
    taken: Sequence[tuple[str, ...]],
    make_plan: Callable[[Economy], Plan],
    known: tuple[Plan | None, Plan | None],
    tell: Callable[[str, float], None],
) -> list[Plan]:
    """Plan each mixture; those of the two economies are not made again where they are known."""
    made = []
    for number, some in enumerate(taken):
        tell(f"plan {number + 1} of {len(taken)}", 0.02 + 0.97 * number / len(taken))
        end = 0 if not some else 1 if len(some) == len(exchange.causes) else None
        found = None if end is None else known[end]
        try:
            made.append(make_plan(exchange.mixture(some)) if found is None else found)
        except SolverError as error:
            which = "first economy" if end == 0 else "second economy" if end == 1 else f"first economy with {', '.join(some)} of the second"
            raise SolverError(f"The {which} could not be planned: {error}") from error
    return made


def _notes(exchange: Exchange, made: Sequence[Plan], split: Collection[str]) -> list[Note]:
    notes = []
    whole = sorted(set(split) & BY_PERIOD)
    if whole and any(PERIODS in parts for parts in exchange.causes.values()):
        sentence = f"The two plans have different periods, so {' and '.join(whole)} go with the plan periods, undivided."
        notes.append(Note("compare", "warning", PERIODS, sentence))
    unproven = max(one.objective - one.bound for one in made)
    if unproven > _PROVEN * max(1.0, *(one.objective for one in made)):
        sentence = f"A plan may lose up to {unproven:.1g} more than the best one would; parts of a loss that are smaller may be no more than that."
        notes.append(Note("compare", "warning", "gap", sentence))
    return notes


def _method(causes: int, plans: int) -> str:
    if causes < 2:
        return "two plans side by side" if causes else "one plan, which is that of both"
    if plans == 2**causes:
        return f"Shapley values of {causes} causes over all their mixtures: {plans} plans"
    return f"each of {causes} causes added in one order and in its reverse, and the mean taken: {plans} plans; what three or more causes do together is shared out by their places"
