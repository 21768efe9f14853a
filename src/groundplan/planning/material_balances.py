"""Material balances of a plan: where each product comes from and who uses it, both sides by name."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from groundplan.errors import Fault, InputError, RunIncompleteError
from groundplan.tables.balance_sheet import SOURCES, USES
from groundplan.tables.bundles import Plan, result_tables
from groundplan.tables.economy import Economy
from groundplan.tables.faulty import show_values
from groundplan.tables.results import MaterialBalances
from groundplan.tables.sums import ordered_sum

__all__ = ["largest_difference", "material_balances"]

_KEYS = ["product", "period"]
_NEEDED = ("outputs", "activities", "allocations", "new_capacity")
_ITEMS = pl.Enum([*SOURCES, *USES])
_EXACT = 1e-9
"""Share of the flow up to which two figures are the same, as for the plan itself."""
_NOTHING = 1e-12
"""Share of the flow up to which a quantity is what rounding leaves of nothing."""


def material_balances(economy: Economy, plan: Plan | Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """Write the balance of each product and period by source and user.

    What a plan's tables hold as a whole is told by recipe: production by who makes it, building by whose capacity grows.

    Args:
        economy: what the plan was made from.
        plan: the plan, or the result tables of a run that holds one (`read_run(folder).tables`).

    Returns:
        The table `material_balances` (`groundplan.tables.results`), by product and period; sources first, the largest user of an item first.

    Raises:
        RunIncompleteError: there is no plan among the result tables.
        InputError: recipes, products or investments are not those of the plan, so that its sides would not add up to 1e-9 of the flow.
    """
    tables = result_tables(plan) if isinstance(plan, Plan) else plan
    missing = [name for name in _NEEDED if name not in tables]
    if missing:
        raise RunIncompleteError(f"there is no plan in these results (no table {', '.join(missing)}): name a run that went up to the plan")
    outputs = tables["outputs"]
    whole = outputs.unpivot([*SOURCES, *USES], index=_KEYS, variable_name="item", value_name="quantity")
    by_user = {
        "production": _production(economy, tables["activities"]),
        "intermediate": tables["allocations"].filter(pl.col("use") == "intermediate").select(*_KEYS, "user", "quantity"),
        "investment": _building(economy, tables["new_capacity"]),
    }
    split = pl.concat([frame.with_columns(pl.lit(item).alias("item")).select(*_KEYS, "item", "user", "quantity") for item, frame in by_user.items()])
    _refuse_other_tables(outputs, whole, split)
    rest = whole.filter(~pl.col("item").is_in(list(by_user))).select(*_KEYS, "item", pl.lit("").alias("user"), "quantity")
    side = pl.when(pl.col("item").is_in(list(SOURCES))).then(pl.lit("source")).otherwise(pl.lit("use"))
    flow = outputs.select(*_KEYS, pl.sum_horizontal(*SOURCES).alias("flow")).filter(pl.col("flow") > 0)
    flows = pl.concat([split, rest]).join(flow, on=_KEYS).filter(pl.col("quantity") > _NOTHING * pl.col("flow"))
    flows = flows.with_columns(side.alias("side"), pl.col("item").cast(_ITEMS), _names(economy).alias("user_name"))
    ordered = flows.sort(*_KEYS, "item", "quantity", "user", descending=[False, False, False, True, False])
    shared = ordered.with_columns((pl.col("quantity") / pl.col("quantity").sum().over(*_KEYS, "side")).alias("share"))
    return shared.select(pl.col(column).cast(dtype) for column, dtype in MaterialBalances.create_empty().schema.items())


def largest_difference(balances: pl.DataFrame) -> float:
    """Give the largest difference between sources and uses of a product and period, as a share of the flow; 0 where there are no rows."""
    signed = pl.when(pl.col("side") == "source").then(pl.col("quantity")).otherwise(-pl.col("quantity"))
    sums = balances.group_by(_KEYS).agg(signed.sum().abs().alias("difference"), pl.col("quantity").filter(pl.col("side") == "source").sum().alias("flow"))
    largest = sums.select((pl.col("difference") / pl.col("flow")).max()).item() if len(sums) else 0.0
    return float(largest)


def _production(economy: Economy, activities: pl.DataFrame) -> pl.DataFrame:
    made = economy.recipes.filter(pl.col("role").cast(pl.String) == "out").join(economy.products.select(pl.col("product").alias("item")), on="item", how="semi")
    flows = activities.sort("pool", "period").join(made.select("recipe", "item", "amount"), on="recipe", maintain_order="left")
    flows = flows.select(pl.col("item").alias("product"), "period", pl.col("recipe").alias("user"), (pl.col("level") * pl.col("amount") * pl.col("efficiency")).alias("quantity"))
    return flows.group_by(*_KEYS, "user", maintain_order=True).agg(ordered_sum(pl.col("quantity")))


def _building(economy: Economy, new_capacity: pl.DataFrame) -> pl.DataFrame:
    """Give what new capacity takes, in the period of its delivery: each good its own lag before the first use."""
    periods = economy.settings.plan_periods()
    labels = [*(str(period) for period in periods), str(periods[-1].next())]
    places = pl.DataFrame({"period": labels, "place": range(len(labels))}, schema={"period": pl.String, "place": pl.Int64})
    goods = new_capacity.sort("pool", "period").join(places, on="period", maintain_order="left")
    goods = goods.join(economy.investments.select("recipe", pl.col("item").alias("product"), "amount", "lag"), on="recipe", maintain_order="left")
    goods = goods.select("product", pl.col("recipe").alias("user"), (pl.col("place") - pl.col("lag")).alias("place"), (pl.col("quantity") * pl.col("amount")).alias("quantity"))
    # What is delivered in the year after the plan is not published, so it is dropped here.
    delivered = goods.join(places.head(len(periods)), on="place", maintain_order="left")
    return delivered.group_by(*_KEYS, "user", maintain_order=True).agg(ordered_sum(pl.col("quantity")))


def _refuse_other_tables(outputs: pl.DataFrame, whole: pl.DataFrame, split: pl.DataFrame) -> None:
    """Make sure that users add up to what the plan says of each item, and sources to uses.

    Raises:
        InputError: they do not.
    """
    flow = outputs.select(*_KEYS, pl.sum_horizontal(*SOURCES).alias("flow"), pl.sum_horizontal(*USES).alias("uses"))
    items = split.group_by(*_KEYS, "item").agg(pl.col("quantity").sum().alias("told"))
    of_items = whole.filter(pl.col("item").is_in(split["item"].unique().implode())).join(items, on=[*_KEYS, "item"], how="full", coalesce=True).fill_null(0.0)
    of_sides = flow.select(*_KEYS, pl.lit("sources").alias("item"), pl.col("flow").alias("quantity"), pl.col("uses").alias("told"))
    compared = pl.concat([of_items.select(*_KEYS, "item", "quantity", "told"), of_sides]).join(flow, on=_KEYS, how="left")
    scale = pl.when(pl.col("flow") > 0).then(pl.col("flow")).otherwise(1.0)
    broken = compared.filter(((pl.col("quantity") - pl.col("told")).abs() > _EXACT * scale).fill_null(value=True)).sort(*_KEYS, "item")
    if broken.is_empty():
        return
    first = broken.row(0, named=True)
    remedy = "Run again, or take the tables back that were there."
    found = f"{first['told']:.6g} of {first['item']} of {first['product']} in {first['period']} by the economy's tables, {first['quantity']:.6g} in the plan"
    more = f"; in all {show_values(broken['product'])}" if broken["product"].n_unique() > 1 else ""
    fault = Fault("recipes", "", "not_of_this_plan", len(broken), (), found + more, "the tables from which the plan was made", remedy)
    raise InputError("the economy's recipes, products or investments are not those of the plan: its material balances would not add up", [fault])


def _names(economy: Economy) -> pl.Expr:
    """Name recipes as people do; a recipe that is called like a product has the product's name."""
    known = economy.products.filter(pl.col("name").is_not_null() & (pl.col("name") != ""))
    spaced = pl.col("user").str.replace_all("_", " ")
    words = spaced.str.slice(0, 1).str.to_uppercase() + spaced.str.slice(1)
    return pl.col("user").replace_strict(known["product"], known["name"], default=words, return_dtype=pl.String)
