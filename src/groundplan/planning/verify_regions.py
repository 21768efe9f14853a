"""The independent check of what a plan says region by region: balances, what is moved, and the regions' shares in the country's figures."""

from __future__ import annotations

import polars as pl

from groundplan.planning.rechecking import Check, at_most, equal, where
from groundplan.tables.bundles import Plan
from groundplan.tables.economy import Economy

__all__ = ["carriage", "lost_on_the_way", "regional_checks"]

_KEYS = ["product", "region", "period"]
_ROAD = ["product", "from", "to"]
_SOURCES = ["production", "imports", "opening_stock", "received"]
_USES = ["losses", "intermediate", "investment", "final_use", "exports", "sent", "closing_stock", "unused"]
_NO_REGION = "not stated"
_SHARED = ("final_use", "imports", "exports", "stocks")


def carriage(economy: Economy, plan: Plan) -> pl.DataFrame:
    """Work out what moving takes: item, from, period, taken."""
    table = plan.shipments.join(economy.transfers.select(*_ROAD, "item", "amount"), on=_ROAD).filter(pl.col("item").is_not_null())
    return table.group_by("item", "from", "period").agg((pl.col("sent") * pl.col("amount")).sum().alias("taken"))


def lost_on_the_way(economy: Economy, plan: Plan) -> pl.DataFrame:
    """Work out what is lost on the way: product, period, lost."""
    table = plan.shipments.join(economy.transfers.select(*_ROAD, "loss_share"), on=_ROAD)
    return table.group_by("product", "period").agg((pl.col("sent") * pl.col("loss_share")).sum().alias("lost"))


def regional_checks(economy: Economy, plan: Plan) -> list[Check]:
    """Work out again what each region makes, uses, moves and keeps of the products that are balanced by region."""
    table = plan.regional_outputs
    regional = set(economy.transfers["product"]) | set(economy.markets["product"])
    known = pl.DataFrame({"where": ["regional_outputs"], "excess": [float(set(table["product"]) != regional)], "scale": [1.0]})
    if table.is_empty():
        return [("products with transfers or markets have regional balances", known)]
    flow = pl.sum_horizontal(*_SOURCES)
    lowest = table.select(where(*_KEYS), (-pl.min_horizontal(*_SOURCES, *_USES)).alias("excess"), flow.alias("scale"))
    return [
        ("products with transfers or markets have regional balances", known),
        ("regions' sources equal their uses", equal(table, _KEYS, flow, pl.sum_horizontal(*_USES), flow)),
        ("no flow of a region is negative", lowest),
        *_sums(plan),
        *_made_and_used(economy, plan),
        *_moved(economy, plan),
        *_shares(economy, plan),
    ]


def _sums(plan: Plan) -> list[Check]:
    """What regions have adds up to what the country has."""
    names = [name for name in (*_SOURCES, *_USES) if name not in ("received", "sent", "losses")]
    sums = plan.regional_outputs.group_by("product", "period").agg(pl.col(names).sum())
    told = plan.outputs.join(sums, on=["product", "period"], suffix="_sum")
    flow = pl.sum_horizontal("production", "imports", "opening_stock")
    return [(f"regions add up to the country: {name.replace('_', ' ')}", equal(told, ["product", "period"], pl.col(name), pl.col(f"{name}_sum"), flow)) for name in names]


def _made_and_used(economy: Economy, plan: Plan) -> list[Check]:
    recipes = economy.recipes.select("recipe", pl.col("item").alias("product"), pl.col("role").cast(pl.String), "amount")
    activities = plan.activities.with_columns(pl.col("region").fill_null(_NO_REGION)).join(recipes, on="recipe")
    activities = activities.with_columns((pl.col("level") * pl.col("amount")).alias("flow"))
    made = activities.filter(pl.col("role") == "out").group_by(_KEYS).agg((pl.col("flow") * pl.col("efficiency")).sum().alias("made"))
    carried = carriage(economy, plan).select(pl.col("item").alias("product"), pl.col("from").alias("region"), "period", pl.col("taken").alias("flow"))
    used = pl.concat([activities.filter(pl.col("role") == "in").select(*_KEYS, "flow"), carried]).group_by(_KEYS).agg(pl.col("flow").sum().alias("used"))
    table = plan.regional_outputs.join(made, on=_KEYS, how="left").join(used, on=_KEYS, how="left").with_columns(pl.col("made", "used").fill_null(0.0))
    flow = pl.sum_horizontal(*_SOURCES)
    return [
        ("a region's production is what its activities make", equal(table, _KEYS, pl.col("production"), pl.col("made"), flow)),
        ("a region's intermediate use is what its activities and transfers use up", equal(table, _KEYS, pl.col("intermediate"), pl.col("used"), flow)),
    ]


def _moved(economy: Economy, plan: Plan) -> list[Check]:
    keys = [*_ROAD, "period"]
    roads = plan.shipments.join(economy.transfers.select(*_ROAD, "loss_share", pl.col("limit").alias("most"), "amount"), on=_ROAD, how="left")
    out = plan.shipments.group_by("product", pl.col("from").alias("region"), "period").agg(pl.col("sent").sum().alias("left"))
    into = plan.shipments.group_by("product", pl.col("to").alias("region"), "period").agg(pl.col("received").sum().alias("arrived"))
    table = plan.regional_outputs.join(out, on=_KEYS, how="left").join(into, on=_KEYS, how="left").with_columns(pl.col("left", "arrived").fill_null(0.0))
    flow = pl.sum_horizontal(*_SOURCES)
    return [
        ("only what may be moved is moved", roads.select(where(*keys), pl.col("loss_share").is_null().cast(pl.Float64).alias("excess"), pl.lit(1.0).alias("scale"))),
        ("what arrives is what leaves, less what is lost", equal(roads, keys, pl.col("received"), pl.col("sent") * (1.0 - pl.col("loss_share").fill_null(0.0)), pl.col("sent"))),
        ("what is moved stays within its limit", at_most(roads.filter(pl.col("most").is_not_null()), keys, pl.col("sent"), pl.col("most"))),
        ("what moving takes is told", equal(roads, keys, pl.col("taken"), pl.col("sent") * pl.col("amount").fill_null(0.0))),
        ("what a region sends is what leaves it", equal(table, _KEYS, pl.col("sent"), pl.col("left"), flow)),
        ("what a region receives is what arrives", equal(table, _KEYS, pl.col("received"), pl.col("arrived"), flow)),
    ]


def _shares(economy: Economy, plan: Plan) -> list[Check]:
    """Goals, trade and stocks stay within each region's share in the country's."""
    table = plan.regional_outputs.join(_share_table(economy, plan), on=["product", "region"])
    goals = economy.goals.select("product", "period", "quantity", pl.col("minimum").alias("least")).with_columns(pl.max_horizontal("quantity", "least").alias("wanted"))
    table = table.join(goals, on=["product", "period"], how="left").join(economy.trade, on=["product", "period"], how="left")
    facts = economy.products.select("product", "storable", pl.col("loss_share").alias("spoilt"))
    table = table.join(facts, on="product").join(economy.stocks.select("product", "opening", "floor", "ceiling"), on="product", how="left")
    table = table.with_columns(pl.col("wanted", "least", "import_limit", "export_limit", "opening", "floor").fill_null(0.0))
    # In the order of time: years, halves, quarters and months of one length sort as their names do.
    table = table.sort(_KEYS).with_columns(pl.col("closing_stock").shift(1).over("product", "region").alias("before"))
    flow = pl.sum_horizontal(*_SOURCES)
    shared = {name: pl.col(f"{name}_share") for name in _SHARED}
    least, opens = pl.min_horizontal(pl.col("least") * shared["final_use"], pl.col("wanted") * shared["final_use"]), pl.col("opening") * shared["stocks"]
    told = any(note.subject == "stocks" and note.severity == "alert" for note in plan.notes)
    floors = table.filter(pl.col("storable") & (not told))
    ceiling = pl.when(pl.col("storable")).then(pl.col("ceiling") * shared["stocks"]).otherwise(0.0)
    owed = table.join(plan.gaps.select("product", "period", "below_minimum"), on=["product", "period"], how="left").with_columns(pl.col("below_minimum").fill_null(0.0))
    return [
        ("a region's goal is its share", equal(table, _KEYS, pl.col("goal"), pl.col("wanted") * shared["final_use"])),
        ("no region is delivered more than its share in the goal", at_most(table, _KEYS, pl.col("final_use"), pl.col("wanted") * shared["final_use"])),
        ("a region's shortfall is its goal less what is delivered", equal(table, _KEYS, pl.col("shortfall"), pl.col("goal") - pl.col("final_use"), pl.col("goal"))),
        ("regions' minima are met, or said not to be", at_most(owed, _KEYS, least - pl.col("below_minimum"), pl.col("final_use"), pl.col("wanted"))),
        ("a region's imports stay within its share", at_most(table, _KEYS, pl.col("imports"), pl.col("import_limit") * shared["imports"])),
        ("a region's exports stay within its share", at_most(table, _KEYS, pl.col("exports"), pl.col("export_limit") * shared["exports"])),
        ("a region's stocks open as they closed", equal(table, _KEYS, pl.col("opening_stock"), pl.col("before").fill_null(opens))),
        ("a region's stores lose their share", equal(table, _KEYS, pl.col("losses"), pl.col("opening_stock") * pl.col("spoilt"), pl.col("opening_stock"))),
        ("a region's stocks keep their floor", at_most(floors, _KEYS, pl.min_horizontal(pl.col("floor") * shared["stocks"], ceiling), pl.col("closing_stock"))),
        ("a region's stocks stay below their ceiling", at_most(table.filter(ceiling.is_not_null()), _KEYS, pl.col("closing_stock"), ceiling, pl.max_horizontal(ceiling, flow))),
    ]


def _share_table(economy: Economy, plan: Plan) -> pl.DataFrame:
    """Work out each region's shares: weights over their sum; those of final use where there are none; else each region as much as any other."""
    table = plan.regional_outputs.select("product", "region").unique().join(economy.markets.select("product", "region", *_SHARED), on=["product", "region"], how="left")
    even = 1.0 / pl.len().over("product")
    whole = {name: pl.col(name).fill_null(0.0).sum().over("product") for name in _SHARED}
    by_use = pl.when(whole["final_use"] > 0).then(pl.col("final_use").fill_null(0.0) / whole["final_use"]).otherwise(even)
    shares = {f"{name}_share": pl.when(whole[name] > 0).then(pl.col(name).fill_null(0.0) / whole[name]).otherwise(by_use) for name in _SHARED}
    return table.select("product", "region", **shares)
