"""An economy's tables from the material balances of one period, each figure with the cells that it comes from."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from groundplan.store.importers.economy_tables import fit_to_schema
from groundplan.tables.economy import Economy
from groundplan.tables.facts import FACTS
from groundplan.tables.settings import Settings

__all__ = ["balance_economy"]

_ROOT = "economy"
_WANTED = ("final_use", "exports", "investment")


def balance_economy(rows: pl.DataFrame, settings: Settings, *, of_first_year: bool) -> tuple[Economy, pl.DataFrame]:
    """Make recipes, lines, goals, trade and stocks such that the plan can repeat the balances.

    Args:
        rows: rows of `read_balance_rows` of one period without faults, quantities above zero.
        settings: settings of the economy.
        of_first_year: whether the balances are of the first year of the plan, which then begins with their opening stocks; else they are of the year
            before, and the plan begins with their closing stocks.

    Returns:
        The economy, and where its figures come from: table, key, column, value, how, cells.
    """
    rows = rows.with_columns(pl.format("{} {} ({})", "sheet", "row", "side").alias("cell"))
    periods = pl.DataFrame({"period": [str(period) for period in settings.plan_periods()]})
    products, stocks = _products(rows), _stocks(rows, of_first_year=of_first_year)
    recipes, lines = _recipes(rows)
    goals = _sums(rows, _WANTED, "quantity")
    trade = _sums(rows, ("imports",), "import_limit")
    tables = {
        "units": _units(lines, products, settings),
        "products": products,
        "recipes": recipes,
        "lines": lines,
        "goals": goals.join(periods, how="cross").with_columns(minimum=pl.lit(0.0), weight=pl.lit(1.0), priority=pl.lit(1)),
        "trade": trade.join(periods, how="cross").with_columns(import_price=pl.lit(0.0), export_limit=pl.lit(0.0), export_price=pl.lit(0.0)),
        "stocks": stocks,
    }
    begins = "opening stock" if of_first_year else "closing stock"
    origins = [
        _origins("products", products, ["product"], "loss_share", "losses of stock / opening stock").filter(pl.col("value") > 0),
        _origins("recipes", recipes, ["recipe", "item", "role"], "amount", "used in, or made by, the recipe / what it makes of its main product"),
        _origins("lines", lines, ["line"], "capacity", "production"),
        _origins("goals", goals, ["product"], "quantity", "final use + exports + building of capacity"),
        _origins("trade", trade, ["product"], "import_limit", "imports"),
        _origins("stocks", stocks, ["product"], "opening", begins),
        _origins("stocks", stocks, ["product"], "floor", "closing stock"),
        _origins("stocks", stocks, ["product"], "ceiling", "closing stock"),
    ]
    own = {name: frame.select(column for column in frame.columns if column in FACTS[name].column_names()) for name, frame in tables.items()}
    return Economy.from_tables(settings, {name: fit_to_schema(name, frame) for name, frame in own.items()}), pl.concat(origins)


def _sums(rows: pl.DataFrame, items: Sequence[str], name: str) -> pl.DataFrame:
    """Sum items of each product, in the order of the workbook."""
    part = rows.filter(pl.col("item").is_in(items))
    return part.group_by("product", maintain_order=True).agg(pl.col("quantity").sum().alias(name), pl.col("cell").str.join("; ").alias("cells"))


def _products(rows: pl.DataFrame) -> pl.DataFrame:
    names = rows.group_by("product", maintain_order=True).agg(pl.col("product_name").first().alias("name"), pl.col("measure").drop_nulls().first())
    opening, closing, lost = (_sums(rows, (item,), item) for item in ("opening_stock", "closing_stock", "losses"))
    known = names.join(opening.drop("cells"), on="product", how="left", maintain_order="left").join(closing.drop("cells"), on="product", how="left", maintain_order="left")
    known = known.join(lost, on="product", how="left", maintain_order="left")
    share = (pl.col("losses") / pl.col("opening_stock")).fill_null(0.0)
    is_kept = pl.col("opening_stock").is_not_null() | pl.col("closing_stock").is_not_null()
    return known.select("product", "name", "measure", is_kept.alias("storable"), share.alias("loss_share"), pl.col("cells").fill_null(""))


def _stocks(rows: pl.DataFrame, *, of_first_year: bool) -> pl.DataFrame:
    """Stocks at the end are the norm that is kept: no less, and no more, than the balances have."""
    opening, closing = (_sums(rows, (item,), item) for item in ("opening_stock", "closing_stock"))
    both = opening.join(closing, on="product", how="full", coalesce=True, maintain_order="left_right").with_columns(pl.col("opening_stock", "closing_stock").fill_null(0.0))
    first = pl.col("opening_stock" if of_first_year else "closing_stock").alias("opening")
    cells = pl.concat_str("cells", "cells_right", separator="; ", ignore_nulls=True).alias("cells")
    return both.select("product", first, pl.col("closing_stock").alias("floor"), pl.col("closing_stock").alias("ceiling"), cells)


def _recipes(rows: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Give a recipe for each producer, per unit of what it makes most of, and a line that can run it as much as it ran."""
    made = rows.filter(pl.col("item") == "production").sort("user", "quantity", "product", descending=[False, True, False], maintain_order=True)
    main = made.group_by("user", maintain_order=True).agg(pl.col("product", "quantity", "cell").first())
    level = main.select("user", pl.col("quantity").alias("level"), pl.col("cell").alias("level_cell"))
    flows = pl.concat([made.with_columns(role=pl.lit("out")), rows.filter(pl.col("item") == "intermediate").with_columns(role=pl.lit("in"))]).join(level, on="user")
    own = pl.col("cell") == pl.col("level_cell")
    cells = pl.when(own).then(pl.col("cell")).otherwise(pl.col("cell") + "; " + pl.col("level_cell")).alias("cells")
    recipes = flows.select(pl.col("user").alias("recipe"), pl.col("product").alias("item"), "role", (pl.col("quantity") / pl.col("level")).alias("amount"), cells)
    # What two makers of a product can make is not independent of each other: they are lines of one unit.
    unit = ("makers_of_" + pl.col("product")).alias("unit")
    lines = main.select(
        pl.col("user").alias("line"), unit, pl.col("user").alias("recipe"), pl.col("quantity").alias("capacity"), pl.lit(1.0).alias("efficiency"), "product",
        pl.col("cell").alias("cells"),
    )  # fmt: skip
    return recipes.sort("recipe", "role", "item"), lines


def _units(lines: pl.DataFrame, products: pl.DataFrame, settings: Settings) -> pl.DataFrame:
    makers = lines.select("unit", "product").unique(maintain_order=True).join(products.select("product", "name"), on="product", maintain_order="left")
    makers = makers.select("unit", ("Makers of " + pl.col("name")).alias("name"), pl.lit("enterprise").alias("kind"), pl.lit(_ROOT).alias("parent"), pl.col("name").alias("sector"))
    top = pl.DataFrame({"unit": [_ROOT], "name": [settings.name], "kind": ["authority"], "parent": [None], "sector": [None]}, schema_overrides=dict(makers.schema))
    return pl.concat([top, makers]).with_columns(region=pl.lit(settings.name), major=pl.lit(value=False))


def _origins(table: str, frame: pl.DataFrame, keys: Sequence[str], column: str, how: str) -> pl.DataFrame:
    key = pl.concat_str(keys, separator=" | ").alias("key")
    return frame.select(pl.lit(table).alias("table"), key, pl.lit(column).alias("column"), pl.col(column).alias("value"), pl.lit(how).alias("how"), "cells")
