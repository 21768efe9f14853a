"""The plan in words: how it ended, and what a reader should know."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from groundplan.outcome import Note, Status
from groundplan.planning.chance import LineCapacities
from groundplan.planning.columns import Layout
from groundplan.planning.inputs import Inputs, idle_recipes
from groundplan.planning.relax import Relaxation, cheapest_relaxation
from groundplan.planning.rows import fixed_sizes
from groundplan.planning.solved import Solved
from groundplan.tables.economy import Economy
from groundplan.tables.facts import ALL_REGIONS
from groundplan.tables.sums import ordered_sum

__all__ = ["Summary", "describe", "holding_back", "notes_of"]


_RELAXED_ROWS = 10_000
"""For larger plans the cheapest limits to relax, which takes a vertex, are not sought."""
_NAMED = 3
"""How many limits a sentence names."""


@dataclass(frozen=True, slots=True, eq=False)
class Summary:
    """How the plan ended: see `groundplan.tables.bundles.Plan`."""

    status: Status
    sentence: str
    method: str
    objective: float
    bound: float
    gap: float
    notes: tuple[Note, ...]


def describe(economy: Economy, inputs: Inputs, layout: Layout, solved: Solved, gaps: pl.DataFrame, prices: pl.DataFrame) -> Summary:
    """Say whether the goals can be met, which not and by how much, and what holds the plan back."""
    goals = [(level, lost) for level, lost in zip(solved.levels, solved.given_up, strict=True) if level.name == "goals"]
    objective, bound = (float(sum(each)) + solved.settled for each in ([level.objective + lost for level, lost in goals], [level.bound for level, _ in goals]))
    weights = float(inputs.goals.weight[inputs.goals.quantity > 0].sum())
    gap = (objective - bound) / weights if weights > 0 else 0.0
    missed = gaps.filter(pl.col("shortfall_share") > 1e-9)
    below = gaps.filter(pl.col("below_minimum") > 1e-9 * pl.col("minimum"))
    names = dict(economy.products.select("product", pl.col("name").fill_null(pl.col("product"))).iter_rows())
    floors = _below_floor(inputs, layout, solved)
    broken = _not_as_fixed(economy, inputs, layout, solved)
    status: Status = "infeasible" if broken or not below.is_empty() else "done" if missed.is_empty() and not floors else "limited"
    held = holding_back(economy, prices)
    notes: list[Note] = []
    if status == "done":
        sentence = "The one goal can be met." if len(gaps) == 1 else f"All {len(gaps)} goals can be met."
    elif status == "limited" and missed.is_empty():
        what = _joined([names[product] for product in floors])
        sentence = f"All goals can be met, but {f'the stock of {what} falls below its floor' if len(floors) == 1 else f'stocks of {what} fall below their floors'}."
    elif status == "limited":
        worst = missed.sort(["shortfall_share", "product", "period"], descending=[True, False, False]).row(0, named=True)
        last = inputs.periods[inputs.planned - 1]
        of_last, all_last = missed.filter(pl.col("period") == last), gaps.filter(pl.col("period") == last)
        when = f"{len(of_last)} of {len(all_last)} goals of {last}" if len(of_last) else f"{len(missed)} of {len(gaps)} goals"
        largest = f"{names[worst['product']]} in {worst['period']} ({worst['shortfall_share']:.0%} of the goal{_against_weighted(solved, worst)})"
        sentence = f"{when} cannot be met in full; the largest gap is {largest}"
        sentence += f"; {held} the plan back." if held else "."
    elif below.is_empty():
        first, *others = broken
        sentence = f"{first}{f' {len(others)} more numbers cannot be as they were fixed.' if others else ''}"
        if held:
            sentence = f"{sentence[:-1]}; {held} the plan back."
    else:
        worst = below.sort(pl.col("below_minimum") / pl.col("minimum"), descending=True).row(0, named=True)
        share = worst["below_minimum"] / worst["minimum"]
        minima = "1 minimum" if len(below) == 1 else f"{len(below)} minima"
        sentence = f"{minima} cannot be met; most is lacking of {names[worst['product']]} in {worst['period']} ({share:.0%} of its minimum)"
        sought = layout.rows <= _RELAXED_ROWS
        relaxed, hopeless = cheapest_relaxation(inputs, layout, solved) if sought else ([], [])
        if not sought:
            notes.append(Note("plan", "warning", "minima", "Which limits would have to give for all minima is not worked out for a plan of this size."))
        words = [_relaxed(one, names) for one in relaxed]
        if words:
            more = f" and {len(words) - _NAMED} more" if len(words) > _NAMED else ""
            sentence += f"; all{f' but {len(hopeless)}' if hopeless else ''} could be met with {_joined(words[:_NAMED])}{more}."
        else:
            sentence += "."
        many = f"one of a set of {len(words)} that is cheapest together, and each of them is needed" if len(words) > 1 else "nothing cheaper would do"
        notes += [
            Note("plan", "alert", one.item, f"To meet {'the other' if hopeless else 'the'} minima it takes {text}: {many}.") for one, text in zip(relaxed, words, strict=True)
        ]
        for market, period in hopeless:
            place = inputs.markets.axis.position(market)
            product, region = inputs.markets.label(place), inputs.markets.region[place]
            idle = idle_recipes(inputs, place, inputs.periods.index(period))
            why = f"no line for {' or '.join(recipe.replace('_', ' ') for recipe in idle[:_NAMED])} is there" if idle else "nothing can supply it"
            what = f"{names.get(product, product)}{'' if region == ALL_REGIONS else f' for {region}'}"
            notes.append(Note("plan", "alert", product, f"No limit helps the minimum of {what} in {period}: {why}."))
    notes += _capacity_notes(inputs, prices)
    notes += [Note("plan", "alert", "fixed", f"{text} The plan comes as near to it as can be.") for text in broken]
    if floors:
        why = "beside the minima, which come first" if (inputs.goals.minimum > 0).any() else "whatever is done"
        text = f"Some stocks cannot be kept at their floor ({_joined([names[product] for product in floors])}), {why}; they are kept as near to it as can be."
        notes.append(Note("plan", "alert", "stocks", text))
    notes += _levelling_notes(solved)
    notes += _level_notes(economy, inputs, layout, solved, gaps, objective)
    return Summary(status, sentence, solved.method, objective, bound, gap, tuple(notes))


def _against_weighted(solved: Solved, worst: dict[str, float]) -> str:
    """Say, of a gap that was levelled, how large the largest of its priority would be otherwise."""
    one = next((one for one in solved.levelled if one.priority == worst["priority"]), None)
    return "" if one is None else f"; gaps are levelled, else the largest would be {one.weighted:.0%}"


def _levelling_notes(solved: Solved) -> list[Note]:
    """Tell what levelling found, priority by priority."""
    notes = []
    for one in solved.levelled:
        change = f"where the least weighted loss would leave one of {one.weighted:.1%}" if one.weighted > one.largest + 5e-4 else "and no plan has a smaller largest one"
        rest = "" if one.is_whole else f" After {one.rounds} rounds what was left was held at the last level."
        text = f"Gaps of priority {one.priority} are levelled, the largest first: it is {one.largest:.1%} of its goal, {change}.{rest}"
        notes.append(Note("plan", "info", "levelling", text))
    if notes:
        text = "Shadow prices of a priority that is levelled are gains in its weighted loss with these levels held; they do not say by how much the largest gap would shrink."
        notes.append(Note("plan", "info", "shadow prices", text))
    return notes


def _not_as_fixed(economy: Economy, inputs: Inputs, layout: Layout, solved: Solved) -> list[str]:
    """Say which numbers that were fixed cannot be so, the farthest first, and how near the plan comes."""
    fixed, size = inputs.fixed, fixed_sizes(inputs)
    products = economy.products.select("product", pl.col("name").fill_null(pl.col("product")), pl.col("measure").fill_null(""))
    known = {product: (name, measure) for product, name, measure in products.iter_rows()}
    found = []
    for at in range(len(fixed.flow)):
        under, over = (float(solved.x[places[at]]) if places[at] >= 0 else 0.0 for places in (layout.under, layout.over))
        off = max(under, over)
        if off <= 1e-9 * size[at]:
            continue
        of_capacity = fixed.flow[at] == "new_capacity"
        label = (inputs.recipes if of_capacity else inputs.products).labels[fixed.item[at]]
        name, measure = (label.replace("_", " "), "") if of_capacity else known[label]
        wanted, reached = (fixed.least[at], fixed.least[at] - under) if under > over else (fixed.most[at], fixed.most[at] + over)
        what = fixed.flow[at].replace("_", " ").capitalize()
        bound = "at least" if under > over else "at most"
        text = (
            f"{what} of {name} in {inputs.periods[fixed.period[at]]} cannot be {bound} {_figure(wanted)}{f' {measure}' if measure else ''}, as was fixed: it is {_figure(reached)}."
        )
        found.append((-off / size[at], text))
    return [text for _, text in sorted(found)]


def _figure(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def _joined(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _relaxed(one: Relaxation, names: dict[str, str]) -> str:
    """Say what is to be relaxed: "12 % more capacity of coal deep in Brisken (2021, 2022)"."""
    item = names.get(one.item, one.item) if one.kind == "import" else one.item.replace("_", " ")
    what = {"capacity": f"capacity of {item}", "growth": f"growth of {item}", "resource": item, "import": f"imports of {item}", "transfer": f"moving of {item}"}[one.kind]
    size = f"{one.share:.2g} times as much again of" if one.share >= 2 else f"{one.share:.2%} more" if one.share < 0.1 else f"{one.share:.0%} more"
    if one.share == float("inf"):
        size = f"{one.amount:.3g} units of"
    when = one.periods[0] if len(one.periods) == 1 else f"{one.periods[0]} to {one.periods[-1]}"
    return f"{size} {what}{f' in {one.region}' if one.region else ''} ({when})"


def _below_floor(inputs: Inputs, layout: Layout, solved: Solved) -> list[str]:
    """Name the products whose stock falls below its floor, in the plan or in the year after."""
    if not any(level.name == "floors" and level.objective > 1e-9 for level in solved.levels):
        return []
    there = layout.low >= 0
    low = np.zeros(layout.low.shape)
    low[there] = solved.x[layout.low[there]]
    below = (low > 1e-9 * inputs.stocks.floor[:, None]).any(axis=1)
    return [inputs.products.labels[product] for product in np.unique(inputs.markets.product[below])]


def _capacity_notes(inputs: Inputs, prices: pl.DataFrame) -> list[Note]:
    """Tell which recipes hold goals back because no line has any capacity for them: their price x limit is zero, however much they matter."""
    none = prices.filter((pl.col("kind") == "capacity") & (pl.col("limit") == 0.0)).join(inputs.pools.table.select("recipe", item="pool"), on="item")
    found = none.group_by("recipe").agg(pl.col("period").unique().sort()).sort("recipe")
    return [
        Note("plan", "warning", recipe, f"No line has capacity for {recipe.replace('_', ' ')} in {_joined(periods)}, and that holds goals back.")
        for recipe, periods in found.iter_rows()
    ]


def _level_notes(economy: Economy, inputs: Inputs, layout: Layout, solved: Solved, gaps: pl.DataFrame, objective: float) -> list[Note]:
    """Tell what the levels found besides the goals."""
    notes = []
    for level, lost in zip(solved.levels, solved.given_up, strict=True):
        # What later levels took must be told if it could be seen.
        if lost > 1e-9 * max(1.0, abs(level.objective)):
            of_goals = level.name == "goals"
            weight = float(inputs.goals.weight[(inputs.goals.quantity > 0) & (inputs.goals.priority == level.priority)].sum()) if of_goals else 0.0
            whose = f"The goals of priority {level.priority} give" if of_goals else f"The level of {level.name} gives"
            size = f"{lost:.1e} of a loss of {level.objective:.3g}, next to nothing," if lost <= 1e-5 * weight else f"{lost:.2g} beyond the least loss of {level.objective:.2g}"
            whole = f" (all they weigh is {weight:.4g}; see level_loss in groundplan.toml)" if lost > 1e-5 * weight > 0 else ""
            text = f"{whose} up {size} so that later ones are not held back by it{whole}."
            notes.append(Note("plan", "info", level.name, text))
    lost_after = _loss_after(inputs, layout, solved)
    if inputs.has_year_after and lost_after > 1e-9:
        share = f"{lost_after / objective:.0%} of the objective comes from it"
        text = f"If the year after the plan wants what {inputs.periods[-2]} wants, it cannot have all of it either; {share}."
        notes.append(Note("plan", "warning", "after the plan", text))
    planned = {str(period) for period in economy.settings.plan_periods()}
    outside = economy.goals.filter(~pl.col("period").is_in(sorted(planned)))
    if not outside.is_empty():
        notes.append(Note("plan", "warning", "goals", f"{len(outside)} goals are for periods outside the plan ({', '.join(sorted(set(outside['period']))[:5])}) and are left out."))
    without = sorted(planned - set(gaps["period"]))
    if without:
        notes.append(Note("plan", "warning", "goals", f"No goal is stated for {', '.join(without)}; the plan does there only what other periods need."))
    return notes


def _loss_after(inputs: Inputs, layout: Layout, solved: Solved) -> float:
    """Give the part of the objective that comes from the year after the plan."""
    places = layout.short[:, inputs.planned :][layout.short[:, inputs.planned :] >= 0]
    return float(sum(level.cost[places] @ solved.x[places] for level in solved.levels if level.name == "goals"))


def holding_back(economy: Economy, prices: pl.DataFrame, *, most: int = _NAMED) -> str:
    """Name what binds most, with its verb: "power and foreign exchange hold"; empty where nothing binds."""
    limits = prices.filter(pl.col("kind") != "product")
    if limits.is_empty():
        return ""
    first = limits["priority"].min()
    ranked = (
        limits.filter(pl.col("priority") == first)
        .with_columns(_group(economy).alias("group"))
        .group_by("group")
        .agg(ordered_sum(pl.col("value")))
        .sort(["value", "group"], descending=[True, False])
    )
    words = ranked["group"].head(most).to_list()
    return f"{_joined(words)} {'holds' if len(words) == 1 else 'hold'}"


def _group(economy: Economy) -> pl.Expr:
    names = dict(economy.products.select("product", pl.col("name").fill_null(pl.col("product"))).iter_rows())
    named = pl.col("item").replace(names)
    recipe = pl.col("item").str.split(" | ").list.first().str.replace_all("_", " ")
    parts = pl.col("item").str.extract_groups(r"^(\w+) (.*) [<>]=$")
    fixed = parts.struct.field("1").str.replace_all("_", " ") + pl.lit(" of ") + parts.struct.field("2").replace(names)
    return (
        pl.when(pl.col("kind") == "capacity").then(pl.lit("capacity of ") + recipe)
        .when(pl.col("kind") == "growth").then(pl.lit("growth of ") + recipe)
        .when(pl.col("kind") == "import").then(pl.lit("imports of ") + named)
        .when(pl.col("kind") == "export").then(pl.lit("exports of ") + named)
        .when(pl.col("kind") == "stock").then(pl.lit("stores for ") + named)
        .when(pl.col("kind") == "transfer").then(pl.lit("moving of ") + named)
        .when(pl.col("kind") == "fixed").then(pl.lit("the number fixed for ") + fixed)
        .otherwise(pl.col("item").str.replace_all("_", " "))
    )  # fmt: skip


def notes_of(inputs: Inputs, lines: LineCapacities) -> tuple[Note, ...]:
    """Say what was assumed."""
    notes = []
    for resource, periods, regions in inputs.unlimited:
        sentence = f"{resource} has no limit in {periods}{f' in {regions}' if regions else ''}, where it is used; the plan takes it as unlimited there."
        notes.append(Note("plan", "warning", resource, sentence))
    if lines.certain:
        notes.append(Note("plan", "info", "lines", f"{lines.certain} lines have no estimate of their capacity; their nameplate is taken as certain."))
    return tuple(notes)
