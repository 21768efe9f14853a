"""Rules on what a plan is made of: recipes, lines, goals, stocks, resources, investments."""

from __future__ import annotations

import polars as pl

from groundplan.errors import Fault
from groundplan.measures import KNOWN_MEASURES, is_known_measure
from groundplan.tables.faulty import Frames, did_you_mean, row_faults
from groundplan.tables.rules_columns import LARGEST_AMOUNT

__all__ = ["check_planning"]

WIDEST_SPAN = 1e12
"""Coefficients that span more than this cannot all matter in one programme in double precision."""

WIDEST_GOAL = 1e6
"""A goal this many times beyond all that lines, imports and stocks could deliver is a slip, and would drown the others."""

WIDEST_WEIGHTS = 1e6
"""Weights of one priority that span more than this cannot all count; priorities are there for that."""


def check_planning(frames: Frames) -> list[Fault]:
    """Check the tables that a plan is made from, against each other."""
    rules = (_measures, _resource_measures, _item_kinds, _recipes, _span, _lines, _goals, _stocks, _investments, _fixed, _tables_for_a_step)
    return [fault for rule in rules for fault in rule(frames)]


def _measures(frames: Frames) -> list[Fault]:
    faults: list[Fault] = []
    for table in ("products", "resources"):
        values = frames[table]["measure"]
        known = pl.Series([measure for measure in values.drop_nulls().unique() if is_known_measure(measure)], dtype=pl.String)
        bad = values.is_not_null() & (values != "") & ~values.is_in(known.implode())
        hint = did_you_mean(values.filter(bad.fill_null(value=False)).unique(maintain_order=True).to_list(), KNOWN_MEASURES)
        remedy = f"{hint}It is used as it stands, and cannot be converted."
        faults += row_faults(table, "measure", "unknown_measure", bad, found=values, expected="a known unit of measure (t, MWh, piece ...)", remedy=remedy, severity="warning")
    return faults


def _resource_measures(frames: Frames) -> list[Fault]:
    resources = frames["resources"]
    bad = resources.select(pl.col("measure").drop_nulls().n_unique().over("resource") > 1).to_series() if len(resources) else pl.Series(dtype=pl.Boolean)
    shown = resources.select(pl.struct("resource", "measure")).to_series()
    return row_faults("resources", "measure", "two_measures", bad, found=shown, expected="one unit of measure a resource", remedy="Convert the limits to one measure.")


def _item_kinds(frames: Frames) -> list[Fault]:
    resources = frames["resources"]["resource"]
    bad = resources.is_in(frames["products"]["product"].drop_nulls().implode())
    return row_faults("resources", "resource", "product_and_resource", bad, found=resources, expected="ids that are no product", remedy="Give the resource an id of its own.")


def _recipes(frames: Frames) -> list[Fault]:
    recipes = frames["recipes"].with_columns(pl.col("role").cast(pl.String))
    if recipes.is_empty():
        return []
    barren = recipes.select((pl.col("role") == "out").any().over("recipe").not_() & pl.col("role").is_not_null().all().over("recipe")).to_series()
    both = recipes.select((pl.col("role").drop_nulls().n_unique().over("recipe", "item") > 1) & pl.col("item").is_not_null()).to_series()
    remedy = "Add a row with role 'out', or take the recipe out."
    faults = row_faults("recipes", "recipe", "no_output", barren, found=recipes["recipe"], expected="at least one output a recipe", remedy=remedy)
    shown = recipes.select(pl.struct("recipe", "item")).to_series()
    remedy = "This is right where a part is used up again (power in a power station); the plan counts both. Else mend the role."
    return faults + row_faults("recipes", "recipe, item", "item_in_and_out", both, found=shown, expected="an item either in or out", remedy=remedy, severity="warning")


def _span(frames: Frames) -> list[Fault]:
    amounts = frames["recipes"]["amount"]
    usable = amounts.filter(amounts.is_finite().fill_null(value=False) & (amounts > 0).fill_null(value=False))
    if usable.is_empty():
        return []
    least, most = float(usable.min()), float(usable.max())  # type: ignore[arg-type]  # a Float64 column's extremes are floats
    if most / least <= WIDEST_SPAN:
        return []
    bad = (amounts == least) | (amounts == most)
    remedy = "Take larger or smaller units of measure for these items: a solver loses what is that small."
    return row_faults("recipes", "amount", "wide_span", bad, found=f"{least:g} to {most:g}", expected="at most 12 orders of magnitude", remedy=remedy, severity="warning")


def _lines(frames: Frames) -> list[Fault]:
    lines, units = frames["lines"], frames["units"]
    authorities = units.filter(pl.col("kind").cast(pl.String) == "authority")["unit"]
    bad = lines["unit"].is_in(authorities.drop_nulls().implode())
    remedy = "Name the enterprise that runs the line, or mend the unit's kind."
    return row_faults("lines", "unit", "line_of_authority", bad, found=lines["unit"], expected="a unit that produces", remedy=remedy)


def _goals(frames: Frames) -> list[Fault]:
    goals, recipes = frames["goals"], frames["recipes"]
    above = (goals["minimum"] > goals["quantity"]) & (goals["quantity"] >= 0)
    shown = goals.select(pl.struct("product", "period", "quantity", "minimum")).to_series()
    faults = row_faults("goals", "minimum", "minimum_above_goal", above, found=shown, expected="a minimum no larger than the goal", remedy="Raise quantity or lower minimum.")
    if frames.unread.intersection(("recipes", "lines", "investments", "trade", "stocks")):
        return faults
    outputs = recipes.filter(pl.col("role").cast(pl.String) == "out")
    run = outputs.join(pl.concat([frames["lines"].select("recipe"), frames["investments"].select("recipe")]).unique(), on="recipe", how="semi")
    imported = frames["trade"].filter(pl.col("import_limit") > 0)["product"]
    stocked = frames["stocks"].filter(pl.col("opening") > 0)["product"]
    supplied = pl.concat([run["item"].alias("product"), imported, stocked]).drop_nulls().unique()
    wanted = (goals["quantity"] > 0) | (goals["minimum"] > 0)
    bad = goals["product"].is_not_null() & wanted & ~goals["product"].is_in(supplied.implode())
    expected = "a product that some line makes, that can be imported or is in stock"
    remedy = "Add a recipe and a line for it, or an import_limit in trade; or take the goal out."
    faults += row_faults("goals", "product", "nobody_can_supply", bad, found=goals["product"], expected=expected, remedy=remedy)
    return faults + _size_of_goals(frames, outputs) + _weights(goals)


def _size_of_goals(frames: Frames, outputs: pl.DataFrame) -> list[Fault]:
    """A goal a million times what there could be is a slip of the pen or of the unit of measure."""
    able = frames["lines"].join(outputs, on="recipe").select(pl.col("item").alias("product"), (pl.col("capacity") * pl.col("efficiency") * pl.col("amount")).alias("most"))
    imported = frames["trade"].group_by("product").agg(pl.col("import_limit").max().alias("most"))
    sources = pl.concat([able, imported, frames["stocks"].select("product", pl.col("opening").alias("most"))]).group_by("product").agg(pl.col("most").sum())
    goals = frames["goals"].select("product", "quantity").join(sources, on="product", how="left", maintain_order="left")
    bad = (goals["most"] > 0) & (goals["quantity"] > WIDEST_GOAL * goals["most"]) & (goals["quantity"] <= LARGEST_AMOUNT)
    shown = goals.select(pl.struct("product", "quantity", "most")).to_series()
    expected = f"at most {WIDEST_GOAL:g} times what lines, imports and stocks could deliver of it in a period (the last figure)"
    return row_faults("goals", "quantity", "absurdly_large", bad, found=shown, expected=expected, remedy="Mend the figure or its unit of measure.")


def _weights(goals: pl.DataFrame) -> list[Fault]:
    wanted = (goals["quantity"] > 0) & goals["weight"].is_finite()
    weights = pl.DataFrame({"priority": goals["priority"], "weight": goals["weight"]}).with_columns(pl.when(wanted & (goals["weight"] > 0)).then(pl.col("weight")).alias("counted"))
    least = weights.select(pl.col("counted").min().over("priority")).to_series()
    remedy = "Use priorities where one goal comes before another, and weights within a factor of a thousand or so."
    expected = f"weights of one priority within a factor of {WIDEST_WEIGHTS:g}"
    faults = row_faults("goals", "weight", "weights_too_far_apart", weights["counted"] > WIDEST_WEIGHTS * least, found=goals["weight"], expected=expected, remedy=remedy)
    idle = wanted & (goals["weight"] == 0) & (goals["quantity"] > goals["minimum"])
    remedy = "Give it a weight, or take it out: nothing is given up for a goal without weight."
    return faults + row_faults("goals", "weight", "goal_without_weight", idle, found=goals["weight"], expected="a weight above 0", remedy=remedy, severity="warning")


def _stocks(frames: Frames) -> list[Fault]:
    stocks = frames["stocks"]
    shown = stocks.select(pl.struct("product", "floor", "ceiling")).to_series()
    faults = row_faults(
        "stocks", "floor, ceiling", "floor_above_ceiling", stocks["floor"] > stocks["ceiling"], found=shown, expected="a floor no higher than the ceiling", remedy="Mend one."
    )
    fleeting = frames["products"].filter(~pl.col("storable"))["product"].drop_nulls()
    bad = stocks["product"].is_in(fleeting.implode()) & ((stocks["opening"] > 0) | (stocks["floor"] > 0))
    remedy = "Take the stock out, or set storable in products to true."
    return faults + row_faults("stocks", "product", "stock_of_non_storable", bad, found=stocks["product"], expected="products that can be stored", remedy=remedy)


def _investments(frames: Frames) -> list[Fault]:
    investments = frames["investments"]
    faults: list[Fault] = []
    for name in ("depreciation", "limit"):
        if investments.is_empty():
            continue
        bad = investments.select(pl.col(name).n_unique().over("recipe") > 1).to_series()
        shown = investments.select(pl.struct("recipe", "item", name)).to_series()
        expected = f"one {name} a recipe, the same on all its rows"
        faults += row_faults("investments", name, "differs_within_recipe", bad, found=shown, expected=expected, remedy=f"Write the same {name} on each row of the recipe.")
    return faults


def _fixed(frames: Frames) -> list[Fault]:
    """What is decided must name something that can be, and leave it room."""
    fixed = frames["fixed"].with_columns(pl.col("flow").cast(pl.String))
    if fixed.is_empty():
        return []
    shown = fixed.select(pl.struct("flow", "item", "period", "at_least", "at_most")).to_series()
    empty = fixed["at_least"].is_null() & fixed["at_most"].is_null()
    faults = row_faults("fixed", "at_least, at_most", "nothing_fixed", empty, found=shown, expected="a bound in one of the two columns, or in both", remedy="Fill in one.")
    crossed = fixed["at_least"] > fixed["at_most"]
    faults += row_faults("fixed", "at_least, at_most", "least_above_most", crossed, found=shown, expected="at_least no larger than at_most", remedy="Mend one of the two.")
    capacity = fixed["flow"] == "new_capacity"
    for wrong, name, labels, what in (
        (~capacity, "products", frames["products"]["product"], "a product"),
        (capacity, "investments", frames["investments"]["recipe"], "a recipe with rows in investments"),
    ):
        if name in frames.unread:
            continue
        known = labels.drop_nulls().unique()
        bad = wrong & fixed["item"].is_not_null() & ~fixed["item"].is_in(known.implode())
        hint = did_you_mean(fixed["item"].filter(bad.fill_null(value=False)).unique(maintain_order=True).to_list(), known.to_list())
        faults += row_faults("fixed", "item", "unknown_item", bad, found=shown, expected=f"{what} for this flow", remedy=f"{hint}Mend the item, or add it to {name}.")
    return faults + _beyond_what_may_be(frames, fixed, shown)


def _beyond_what_may_be(frames: Frames, fixed: pl.DataFrame, shown: pl.Series) -> list[Fault]:
    """A delivery beyond its goal, trade beyond its limit and stock of what cannot be stored can never be."""
    keys = ["item", "period"]
    goals = frames["goals"].select(pl.col("product").alias("item"), "period", pl.max_horizontal("quantity", "minimum").alias("final_use"))
    trade = frames["trade"].select(pl.col("product").alias("item"), "period", pl.col("import_limit").alias("imports"), pl.col("export_limit").alias("exports"))
    stored = frames["products"].select(pl.col("product").alias("item"), pl.when("storable").then(float("inf")).otherwise(0.0).alias("closing_stock"))
    stored = stored.join(frames["stocks"].select(pl.col("product").alias("item"), "ceiling"), on="item", how="left").with_columns(pl.min_horizontal("closing_stock", "ceiling"))
    table = fixed.join(goals.unique(keys), on=keys, how="left", maintain_order="left").join(trade.unique(keys), on=keys, how="left", maintain_order="left")
    table = table.join(stored.unique("item"), on="item", how="left", maintain_order="left")
    faults: list[Fault] = []
    for flow, source, remedy in (
        ("final_use", "goals", "Raise the goal: no more is delivered than it says."),
        ("imports", "trade", "Raise import_limit."),
        ("exports", "trade", "Raise export_limit."),
        ("closing_stock", "stocks", "Raise the ceiling, or set storable in products to true."),
    ):
        if frames.unread.intersection((source, "products")):
            continue
        bad = (table["flow"] == flow) & (table["at_least"] > table[flow].fill_null(0.0))
        expected = f"at_least no larger than what {source} allows"
        faults += row_faults("fixed", "at_least", "beyond_what_may_be", bad, found=shown, expected=expected, remedy=remedy)
    return faults


def _tables_for_a_step(frames: Frames) -> list[Fault]:
    """A new folder must say what to fill in first: some step must be able to run."""
    missing = [name for name in ("products", "units") if frames[name].is_empty() and name not in frames.unread]
    first = "Fill in products and units first; then recipes, lines and goals for a plan, or reports for an estimate."
    faults = [Fault(name, "", "missing_table", 0, (), "no such table, or no rows in it", f"rows in {name}, which every step needs", first) for name in missing]
    for_a_plan = [name for name in ("recipes", "lines", "goals") if frames[name].is_empty() and name not in frames.unread]
    if for_a_plan and frames["reports"].is_empty() and "reports" not in frames.unread:
        found = f"no rows in {', '.join(for_a_plan)}, nor in reports"
        expected = "recipes, lines and goals, which 'plan' needs, or reports, which 'estimate' needs"
        faults += [Fault(name, "", "missing_table", 0, (), found, expected, first) for name in for_a_plan]
    elif for_a_plan:
        remedy = "Fill it in for a plan; 'groundplan estimate' and 'groundplan review' do without."
        found = "no such table, or no rows in it"
        faults += [Fault(name, "", "missing_for_plan", 0, (), found, f"rows in {name}, which 'plan' and 'run' need", remedy, "warning") for name in for_a_plan]
    return faults
