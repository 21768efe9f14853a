"""An independent check of a plan: everything is worked out again from the result tables and the economy alone.

Nothing of the programme is used here, only joins and sums, so that an error in the programme cannot hide itself.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from groundplan.planning.rechecking import Check, at_most, equal, where
from groundplan.planning.verify_regions import carriage, lost_on_the_way, regional_checks
from groundplan.tables.bundles import Plan
from groundplan.tables.economy import Economy
from groundplan.tables.facts import ALL_REGIONS

__all__ = ["Violation", "verify_plan"]

_KEYS = ["product", "period"]
_SOURCES = ["production", "imports", "opening_stock"]
_USES = ["losses", "intermediate", "investment", "final_use", "exports", "closing_stock", "unused"]
_NO_REGION = "not stated"


@dataclass(frozen=True, slots=True)
class Violation:
    """A rule that a plan breaks.

    Args:
        rule: which rule, in words.
        where: label and period of the worst case.
        size: by how much there, as a share of the flow or limit.
        count: in how many places.
    """

    rule: str
    where: str
    size: float
    count: int


def verify_plan(economy: Economy, plan: Plan, *, nameplates: bool = False, tolerance: float = 1e-9) -> tuple[Violation, ...]:
    """Work out again every balance and limit of a plan.

    Args:
        economy: what the plan was made from.
        plan: its result tables.
        nameplates: whether the plan was made on nameplates, so that the capacities of lines can be worked out again too.
        tolerance: share of a flow or limit up to which a difference is rounding.

    Returns:
        What is broken, none for a plan that holds. Minima, stock floors and fixed numbers that the plan itself says are not met
        (`gaps.below_minimum`, an alert on stocks or on what is fixed) are no violation.
    """
    if plan.outputs.is_empty():
        return ()
    checks = [
        *_balances(economy, plan),
        *_technology(economy, plan),
        *_stocks(economy, plan),
        *_trade(economy, plan),
        *_capacities(economy, plan, nameplates=nameplates),
        *_resources(economy, plan),
        *_goals(economy, plan),
        *_allocations(plan),
        *_fixed(economy, plan),
        *regional_checks(economy, plan),
    ]
    return tuple(found for rule, table in checks if (found := _worst(rule, table, tolerance)) is not None)


def _worst(rule: str, table: pl.DataFrame, tolerance: float) -> Violation | None:
    share = (pl.col("excess") / pl.when(pl.col("scale") > 0).then(pl.col("scale")).otherwise(1.0)).alias("share")
    broken = table.with_columns(share).filter(pl.col("share").is_nan() | (pl.col("share") > tolerance) | pl.col("share").is_null()).sort("share", descending=True)
    if broken.is_empty():
        return None
    first = broken.row(0, named=True)
    return Violation(rule, str(first["where"]), float("nan") if first["share"] is None else first["share"], len(broken))


def _periods(economy: Economy) -> pl.DataFrame:
    """Give the plan's periods and the one after, with their place."""
    periods = economy.settings.plan_periods()
    labels = [*(str(period) for period in periods), str(periods[-1].next())]
    return pl.DataFrame({"period": labels, "place": range(len(labels))}, schema={"period": pl.String, "place": pl.Int64})


def _balances(economy: Economy, plan: Plan) -> list[Check]:
    flow = pl.sum_horizontal(*_SOURCES)
    lowest = plan.outputs.select(where(*_KEYS), (-pl.min_horizontal(*_SOURCES, *_USES)).alias("excess"), flow.alias("scale"))
    cells = len(economy.products) * economy.settings.horizon
    whole = pl.DataFrame({"where": ["outputs"], "excess": [float(abs(len(plan.outputs) - cells))], "scale": [1.0]})
    return [
        ("sources equal uses", equal(plan.outputs, _KEYS, flow, pl.sum_horizontal(*_USES), flow)),
        ("no flow is negative", lowest),
        ("every product and period has a balance", whole),
    ]


def _technology(economy: Economy, plan: Plan) -> list[Check]:
    recipes = economy.recipes.select("recipe", "item", pl.col("role").cast(pl.String), "amount")
    flows = plan.activities.join(recipes, on="recipe").with_columns(pl.col("level") * pl.col("amount"))
    made = flows.filter(pl.col("role") == "out").group_by(pl.col("item").alias("product"), "period").agg((pl.col("level") * pl.col("efficiency")).sum().alias("made"))
    taken = pl.concat([flows.filter(pl.col("role") == "in").select("item", "period", "level"), carriage(economy, plan).select("item", "period", pl.col("taken").alias("level"))])
    used = taken.group_by(pl.col("item").alias("product"), "period").agg(pl.col("level").sum().alias("used"))
    places = _periods(economy)
    goods = plan.new_capacity.join(places, on="period").join(economy.investments.select("recipe", "item", "amount", "lag"), on="recipe")
    delivered = goods.with_columns((pl.col("place") - pl.col("lag")).alias("place")).drop("period").join(places, on="place", how="left")
    built = delivered.group_by(pl.col("item").alias("product"), "period").agg((pl.col("quantity") * pl.col("amount")).sum().alias("built"))
    early = delivered.filter(pl.col("place") < 0).select(where("pool"), pl.col("quantity").alias("excess"), pl.col("quantity").alias("scale"))
    table = plan.outputs.join(made, on=_KEYS, how="left").join(used, on=_KEYS, how="left").join(built, on=_KEYS, how="left").fill_null(0.0)
    flow = pl.sum_horizontal(*_SOURCES)
    return [
        ("production is what the activities make", equal(table, _KEYS, pl.col("production"), pl.col("made"), flow)),
        ("intermediate use is what the activities use up", equal(table, _KEYS, pl.col("intermediate"), pl.col("used"), flow)),
        ("investment is what new capacity takes", equal(table, _KEYS, pl.col("investment"), pl.col("built"), flow)),
        ("capital goods are delivered within the plan", early),
    ]


def _stocks(economy: Economy, plan: Plan) -> list[Check]:
    places = _periods(economy)
    before = plan.outputs.join(places, on="period").select("product", (pl.col("place") + 1).alias("place"), pl.col("closing_stock").alias("before"))
    facts = economy.products.select("product", "storable", "loss_share").join(economy.stocks.select("product", "opening", "floor", "ceiling"), on="product", how="left")
    facts = facts.with_columns(pl.col("opening", "floor").fill_null(0.0))
    table = plan.outputs.join(places, on="period").join(before, on=["product", "place"], how="left").join(facts, on="product")
    table = table.join(lost_on_the_way(economy, plan), on=_KEYS, how="left").with_columns(pl.col("lost").fill_null(0.0))
    stock, flow = pl.col("closing_stock"), pl.sum_horizontal(*_SOURCES)
    # Floors that the plan itself says cannot be kept are no violation.
    told = any(note.subject == "stocks" and note.severity == "alert" for note in plan.notes)
    floors = table.filter(pl.col("storable") & (not told))
    ceiling = pl.when(pl.col("storable")).then(pl.col("ceiling")).otherwise(0.0)
    return [
        ("stocks open as they closed", equal(table, _KEYS, pl.col("opening_stock"), pl.col("before").fill_null(pl.col("opening")))),
        (
            "stores lose their share",
            equal(table, _KEYS, pl.col("losses"), pl.col("opening_stock") * pl.col("loss_share") + pl.col("lost"), pl.col("opening_stock") + pl.col("lost")),
        ),
        ("stocks keep their floor", at_most(floors, _KEYS, pl.min_horizontal(pl.col("floor"), ceiling), stock)),
        ("stocks stay below their ceiling", at_most(table.filter(ceiling.is_not_null()), _KEYS, stock, ceiling, pl.max_horizontal(ceiling, flow))),
    ]


def _trade(economy: Economy, plan: Plan) -> list[Check]:
    table = plan.outputs.join(economy.trade, on=_KEYS, how="left").with_columns(pl.col("import_limit", "export_limit").fill_null(0.0))
    return [
        ("imports stay within their limit", at_most(table, _KEYS, pl.col("imports"), pl.col("import_limit"))),
        ("exports stay within their limit", at_most(table, _KEYS, pl.col("exports"), pl.col("export_limit"))),
    ]


def _capacities(economy: Economy, plan: Plan, *, nameplates: bool) -> list[Check]:
    activities, keys = plan.activities, ["pool", "period"]
    wear = economy.investments.select("recipe", "depreciation", "limit").unique("recipe")
    places = _periods(economy)
    table = activities.join(wear, on="recipe", how="left").join(places, on="period").with_columns(pl.col("depreciation").fill_null(0.0))
    before = table.select("pool", (pl.col("place") + 1).alias("place"), pl.col("capacity").alias("before"))
    grown = table.join(before, on=["pool", "place"])
    lines = plan.line_activities.group_by(keys).agg(pl.col("level").sum().alias("lines_level"), pl.col("capacity").sum().alias("lines_capacity"))
    summed = activities.join(lines, on=keys, how="left").with_columns(pl.col("lines_level", "lines_capacity").fill_null(0.0))
    growth = plan.new_capacity.group_by("recipe", "period").agg(pl.col("quantity").sum()).join(wear, on="recipe", how="left").filter(pl.col("limit").is_not_null())
    stray = plan.new_capacity.join(economy.investments.select("recipe").unique(), on="recipe", how="anti")
    added = plan.new_capacity.join(places.filter(pl.col("place") < economy.settings.horizon), on="period").select("pool", "period", "quantity")
    told = activities.join(added, on=keys, how="full", coalesce=True).with_columns(pl.col("new_capacity", "quantity").fill_null(0.0))
    checks = [
        ("activity stays within capacity", at_most(activities, keys, pl.col("level"), pl.col("capacity"))),
        ("no activity is negative", activities.select(where(*keys), (-pl.col("level")).alias("excess"), pl.col("capacity").alias("scale"))),
        ("capacity follows from the period before", equal(grown, keys, pl.col("capacity"), pl.col("before") * (1 - pl.col("depreciation")) + pl.col("new_capacity"))),
        ("lines add up to their pool", equal(summed, keys, pl.col("level"), pl.col("lines_level"), pl.col("capacity"))),
        ("lines' capacities add up to their pool's", equal(summed, keys, pl.col("capacity"), pl.col("lines_capacity"))),
        ("lines stay within their capacity", at_most(plan.line_activities, ["line", "period"], pl.col("level"), pl.col("capacity"))),
        ("growth stays within its limit", at_most(growth, ["recipe", "period"], pl.col("quantity"), pl.col("limit"))),
        ("only recipes with investment grow", stray.select(where("pool"), pl.col("quantity").alias("excess"), pl.col("quantity").alias("scale"))),
        ("new capacity is told once", equal(told, keys, pl.col("new_capacity"), pl.col("quantity"))),
    ]
    if nameplates:
        first = plan.line_activities.join(economy.lines.filter(pl.col("since").is_null()).select("line", pl.col("capacity").alias("nameplate")), on="line")
        first = first.join(places.filter(pl.col("place") == 0), on="period")
        checks.append(("lines open at their nameplate", equal(first, ["line", "period"], pl.col("capacity"), pl.col("nameplate"))))
    return checks


def _resources(economy: Economy, plan: Plan) -> list[Check]:
    recipes = economy.recipes.select("recipe", pl.col("item").alias("resource"), pl.col("role").cast(pl.String), "amount")
    recipes = recipes.join(economy.products, left_on="resource", right_on="product", how="anti")
    out = pl.col("role") == "out"
    taken = pl.col("level") * pl.col("amount") * pl.when(out).then(-pl.col("efficiency")).otherwise(1.0)
    by_region = (
        plan.activities.with_columns(pl.col("region").fill_null(_NO_REGION)).join(recipes, on="recipe").group_by("resource", "region", "period").agg(taken.sum().alias("taken"))
    )
    carried = carriage(economy, plan).select(pl.col("item").alias("resource"), pl.col("from").alias("region"), "period", "taken")
    by_region = pl.concat([by_region, carried.join(economy.resources, on="resource", how="semi")]).group_by("resource", "region", "period").agg(pl.col("taken").sum())
    country = by_region.group_by("resource", "period").agg(pl.col("taken").sum()).with_columns(pl.lit(ALL_REGIONS).alias("region"))
    trade = (
        plan.outputs.join(economy.trade, on=_KEYS)
        .group_by("period")
        .agg((pl.col("imports") * pl.col("import_price") - pl.col("exports") * pl.col("export_price")).sum().alias("traded"))
    )
    keys = ["resource", "region", "period"]
    taken_all = pl.concat([by_region.select(*keys, "taken"), country.select(*keys, "taken")])
    table = economy.resources.select(*keys, "limit").join(_periods(economy).filter(pl.col("place") < economy.settings.horizon), on="period").join(taken_all, on=keys, how="left")
    table = table.join(trade, on="period", how="left").with_columns(pl.col("taken", "traded").fill_null(0.0))
    foreign = (pl.col("resource") == "foreign_exchange") & (pl.col("region") == ALL_REGIONS)
    table = table.with_columns((pl.col("taken") + pl.when(foreign).then(pl.col("traded")).otherwise(0.0)).alias("sum"))
    told = table.join(plan.resource_use.select(*keys, "use"), on=keys, how="left")
    scale = pl.max_horizontal(pl.col("limit"), pl.col("sum").abs())
    return [
        ("resources stay within their limit", at_most(table, keys, pl.col("sum"), pl.col("limit"), scale)),
        ("use of resources is told", equal(told, keys, pl.col("use"), pl.col("sum"), scale)),
    ]


def _goals(economy: Economy, plan: Plan) -> list[Check]:
    goals = economy.goals.select(*_KEYS, "quantity", pl.col("minimum").alias("least")).with_columns(pl.max_horizontal("quantity", "least").alias("wanted"))
    table = plan.outputs.join(goals, on=_KEYS, how="left").with_columns(pl.col("wanted", "least").fill_null(0.0))
    told = plan.gaps.join(plan.outputs.select(*_KEYS, "final_use"), on=_KEYS, how="left")
    owed = table.join(plan.gaps.select(*_KEYS, "below_minimum"), on=_KEYS, how="left").with_columns(pl.col("below_minimum").fill_null(0.0))
    return [
        ("no more is delivered than is wanted", at_most(table, _KEYS, pl.col("final_use"), pl.col("wanted"))),
        ("minima are met, or said not to be", at_most(owed, _KEYS, pl.col("least") - pl.col("below_minimum"), pl.col("final_use"), pl.col("wanted"))),
        ("what is delivered is told", equal(told, _KEYS, pl.col("delivered"), pl.col("final_use"), pl.col("goal"))),
        ("shortfall is goal less delivered", equal(plan.gaps, _KEYS, pl.col("shortfall"), pl.col("goal") - pl.col("delivered"), pl.col("goal"))),
    ]


def _fixed(economy: Economy, plan: Plan) -> list[Check]:
    flows = plan.outputs.unpivot(["production", "final_use", "imports", "exports", "closing_stock"], index=_KEYS, variable_name="flow", value_name="is")
    built = plan.new_capacity.group_by(pl.col("recipe").alias("product"), "period").agg(pl.lit("new_capacity").alias("flow"), pl.col("quantity").sum().alias("is"))
    periods = _periods(economy).filter(pl.col("place") < economy.settings.horizon).select("period")
    fixed = economy.fixed.with_columns(pl.col("flow").cast(pl.String)).rename({"item": "product"}).join(periods, on="period", how="semi")
    table = fixed.join(pl.concat([flows.select(*_KEYS, "flow", "is"), built.select(*_KEYS, "flow", "is")]), on=[*_KEYS, "flow"], how="left").with_columns(
        pl.col("is").fill_null(0.0)
    )
    keys, supply = ["flow", *_KEYS], pl.max_horizontal("is", "at_least", "at_most")
    # Numbers that the plan itself says cannot be so, as many as it names, are no violation.
    named = sum(note.subject == "fixed" and note.severity == "alert" for note in plan.notes)
    table = table.sort(pl.max_horizontal(pl.col("at_least") - pl.col("is"), pl.col("is") - pl.col("at_most")) / supply, descending=True, nulls_last=True).slice(named)
    return [
        ("what is fixed is not fallen short of", at_most(table.filter(pl.col("at_least").is_not_null()), keys, pl.col("at_least"), pl.col("is"), supply)),
        ("what is fixed is not exceeded", at_most(table.filter(pl.col("at_most").is_not_null()), keys, pl.col("is"), pl.col("at_most"), supply)),
    ]


def _allocations(plan: Plan) -> list[Check]:
    sums = plan.allocations.group_by(*_KEYS, "use").agg(pl.col("quantity").sum().alias("allocated"))
    long = plan.outputs.unpivot(
        ["intermediate", "investment", "final_use", "exports", "closing_stock"], index=[*_KEYS, "production", "imports", "opening_stock"], variable_name="use", value_name="total"
    )
    table = long.join(sums, on=[*_KEYS, "use"], how="left").with_columns(pl.col("allocated").fill_null(0.0))
    return [("allocations add up to uses", equal(table, [*_KEYS, "use"], pl.col("total"), pl.col("allocated"), pl.sum_horizontal(*_SOURCES)))]
