"""Markets: a product is one pool for the whole country, or has a market in each region, between which moving it is an activity like any other.

A market's balance is that of its region: what is made, imported, in stock and received there, less what is used, built in, delivered, exported, kept and sent from there.
The country's figures for such a product (goals with their weights, limits of trade, stocks) are those of its markets together, in the shares of the table `markets`.
Activities and commodities told apart by place: Koopmans (1951), Activity Analysis of Production and Allocation, ch. 3; Samuelson (1952), Spatial price equilibrium and
linear programming, American Economic Review 42.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from groundplan.planning.pools import Pools
from groundplan.tables.axes import Axis
from groundplan.tables.economy import Economy
from groundplan.tables.facts import ALL_REGIONS

__all__ = ["SHARED", "Markets", "Transfers", "read_markets", "read_transfers", "transfer_inputs", "with_transfers"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

SHARED = ("final_use", "imports", "exports", "stocks")
"""Columns of `markets`: figures of the country of which each region has a share."""


@dataclass(frozen=True, slots=True, eq=False)
class Markets:
    """The M markets of P products, by product and then by region.

    Args:
        products: axis of the products, sorted by label.
        product: shape (M,), position of each market's product.
        region: M labels; `ALL_REGIONS` where the product has one market for the whole country.
        axis: axis of markets: the product's label, with the region's where it has several.
        shares: by the names of `SHARED`, shape (M,): share of each market in the country's figure, adding up to 1 over the markets of a product.
    """

    products: Axis
    product: IntArray
    region: tuple[str, ...]
    axis: Axis
    shares: Mapping[str, FloatArray]

    def __len__(self) -> int:
        """Count the markets."""
        return len(self.product)

    @property
    def is_regional(self) -> NDArray[np.bool_]:
        """Whether each market is one of several regions, shape (M,)."""
        return np.array([region != ALL_REGIONS for region in self.region], dtype=bool)

    @property
    def first(self) -> IntArray:
        """The first market of each product, shape (P,)."""
        return np.asarray(np.unique(self.product, return_index=True)[1], np.int64)

    def label(self, market: int) -> str:
        """Give the label of a market's product."""
        label: str = self.products.labels[self.product[market]]
        return label

    def of(self, product: int | np.int64) -> IntArray:
        """Give the markets of a product, by its position."""
        return np.flatnonzero(self.product == product)

    def at(self, product: IntArray, region: pl.Series) -> IntArray:
        """Find the markets of products, by position (-1: none), in regions, shape (n,) each; -1 where a product has no market in the region."""
        if len(self) == len(self.products) and not self.is_regional.any():
            return product
        national = np.full(len(self.products), -1, np.int64)
        alone = ~self.is_regional
        national[self.product[alone]] = np.flatnonzero(alone)
        regions = Axis.of(self.region)
        table = np.full((len(self.products), len(regions)), -1, np.int64)
        table[self.product, regions.positions(pl.Series(self.region))] = np.arange(len(self))
        place = regions.positions(region)
        found = np.where(place >= 0, table[product, place], -1)
        return np.where(product < 0, -1, np.where(national[product] >= 0, national[product], found))

    def spread(self, values: FloatArray, shared: str | None = None) -> FloatArray:
        """Give each market its share in the figures of its product, shape (P, ...) to (M, ...); the figures themselves where nothing is shared."""
        share = np.ones(len(self)) if shared is None else self.shares[shared]
        spread, share = values[self.product], share.reshape(-1, *[1] * (values.ndim - 1))
        # No share of what has no limit is nothing: it has no limit anywhere.
        return np.where(np.isinf(spread), spread, spread * np.where(np.isinf(spread), 1.0, share))

    def summed(self, values: FloatArray) -> FloatArray:
        """Sum what markets have to products, shape (M, ...) to (P, ...)."""
        total = np.zeros((len(self.products), *values.shape[1:]))
        np.add.at(total, self.product, values)
        return total


@dataclass(frozen=True, slots=True, eq=False)
class Transfers:
    """What can be moved between markets: K transfers, which are activities of one unit moved each.

    Args:
        pool: shape (K,), position of the activity among the pools.
        origin, target: shape (K,), markets.
        kept: shape (K,), share that arrives.
        item: shape (K,), market from which transport is taken; -1 where none is, or where it is a resource.
        amount: shape (K,), of the item per unit moved.
        limit: shape (K,), most per plan period; infinite where there is no limit.
    """

    pool: IntArray
    origin: IntArray
    target: IntArray
    kept: FloatArray
    item: IntArray
    amount: FloatArray
    limit: FloatArray


def with_transfers(economy: Economy, pools: Pools) -> Pools:
    """Add the transfers to the pools, after all others: activities that have no lines."""
    table = _labelled(economy)
    if table.is_empty():
        return pools
    added = table.select(
        pl.col("label").alias("pool"), pl.col("label").alias("recipe"), pl.col("from").alias("region"), pl.lit(1.0).alias("efficiency"),
        pl.lit(None, dtype=pl.String).alias("since"), pl.lit(None, dtype=pl.String).alias("until"), pl.lit(0, dtype=pl.Int64).alias("lines"),
        pl.lit(0.0).alias("chosen"), pl.lit(0.0).alias("median"), pl.lit(value=False).alias("grows"),
    )  # fmt: skip
    always = np.ones((len(table), pools.runs.shape[1]), dtype=bool)
    return replace(
        pools,
        table=pl.concat([pools.table, added.select(pools.table.columns)], how="vertical"),
        runs=np.concatenate([pools.runs, always]),
        age=np.concatenate([pools.age, np.zeros(always.shape, np.int64)]),
    )


def transfer_inputs(economy: Economy) -> pl.DataFrame:
    """Give what transfers take per unit moved, as rows of `recipes`: recipe, item, role, amount."""
    table = _labelled(economy)
    moved = table.select(pl.col("label").alias("recipe"), pl.col("product").alias("item"), pl.lit(1.0).alias("amount"))
    taken = table.filter(pl.col("item").is_not_null()).select(pl.col("label").alias("recipe"), "item", "amount")
    both = pl.concat([moved, taken]).group_by("recipe", "item", maintain_order=True).agg(pl.col("amount").sum())
    return both.select("recipe", "item", pl.lit("in").alias("role"), "amount")


def read_markets(economy: Economy, pools: Pools) -> Markets:
    """Find the markets: one a product, or for what is in `transfers` or `markets` one a region in which it can be made, used, moved or wanted."""
    products = Axis(tuple(sorted(economy.products["product"])))
    regional = pl.concat([economy.transfers["product"], economy.markets["product"]]).unique()
    places = _places(economy, pools).filter(pl.col("product").is_in(regional.implode())).unique().sort("product", "region")
    national = pl.DataFrame({"product": products.labels}, schema={"product": pl.String}).filter(~pl.col("product").is_in(regional.implode()))
    table = pl.concat([national.with_columns(pl.lit(ALL_REGIONS).alias("region")), places]).sort("product", "region")
    product, region = products.positions(table["product"]), tuple(table["region"])
    several = ~table["product"].is_in(national["product"].implode())
    axis = Axis(tuple(table.select(pl.when(several).then(pl.col("product") + pl.lit(" | ") + pl.col("region")).otherwise(pl.col("product"))).to_series()))
    weights = table.join(economy.markets, on=["product", "region"], how="left", maintain_order="left")
    return Markets(products, product, region, axis, _shares(weights, product, len(products)))


def read_transfers(economy: Economy, pools: Pools, markets: Markets) -> Transfers:
    """Read the transfers; `pools` are those of `with_transfers`."""
    table = _labelled(economy)
    pool = Axis(tuple(pools.table["pool"])).positions(table["label"])
    product, item = (markets.products.positions(table[name]) for name in ("product", "item"))
    return Transfers(
        pool,
        markets.at(product, table["from"]),
        markets.at(product, table["to"]),
        1.0 - table["loss_share"].to_numpy(),
        markets.at(item, table["from"]),
        table["amount"].fill_null(0.0).to_numpy(),
        table["limit"].fill_null(float("inf")).to_numpy(),
    )


def _labelled(economy: Economy) -> pl.DataFrame:
    """Name each transfer as an activity; sorted by product, from and to."""
    label = pl.concat_str([pl.col("product"), pl.lit(": "), pl.col("from"), pl.lit(" > "), pl.col("to")]).alias("label")
    return economy.transfers.sort("product", "from", "to").with_columns(label)


def _places(economy: Economy, pools: Pools) -> pl.DataFrame:
    """List products and regions in which they can be made, used, built in, moved or wanted."""
    inside = pools.table.select("recipe", "region").unique()
    of_recipes = economy.recipes.select("recipe", pl.col("item").alias("product")).join(inside, on="recipe").select("product", "region")
    built = economy.investments.select("recipe", pl.col("item").alias("product")).join(inside, on="recipe").select("product", "region")
    moved = [economy.transfers.select("product", pl.col(end).alias("region")) for end in ("from", "to")]
    carried = economy.transfers.select(pl.col("item").alias("product"), pl.col("from").alias("region")).drop_nulls()
    return pl.concat([of_recipes, built, *moved, carried, economy.markets.select("product", "region")])


def _shares(weights: pl.DataFrame, product: IntArray, count: int) -> dict[str, FloatArray]:
    """Turn weights into shares: those of final use where a figure has none of its own; one market has all, and of several without any weight each has as much."""
    shares: dict[str, FloatArray] = {}
    for name in SHARED:
        weight = weights[name].fill_null(0.0).to_numpy()
        total = np.bincount(product, weight, count)[product]
        other = shares.get("final_use", 1.0 / np.bincount(product, minlength=count)[product])
        shares[name] = np.divide(weight, total, out=np.array(other, np.float64), where=total > 0)
    return shares
