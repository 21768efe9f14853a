"""Whether recipes yield more than they use up, and which loop does not."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.sparse import csc_array
from scipy.sparse.csgraph import connected_components

from groundplan.errors import Fault
from groundplan.maths.leontief import producible
from groundplan.tables.axes import Axis
from groundplan.tables.economy import Economy
from groundplan.tables.rules_columns import LARGEST_AMOUNT

__all__ = ["productivity_faults"]

_SHOWN = 5


def productivity_faults(economy: Economy) -> tuple[Fault, ...]:
    """Find products that no mix of recipes yields, because making them uses up more of them than comes out.

    With several recipes for a product it is enough that some mix is productive; joint products count. Products that nobody makes are taken
    as given from outside. Imports do not excuse a loop: a recipe that eats imports of its own product yields nothing.

    Args:
        economy: an economy with any faults, which are told elsewhere. Only sound rows count: known product, role, and a finite amount
            above 0; of rows that say the same twice, the one that speaks for the recipe. A product whose output somewhere cannot be
            read is taken as given, so that no loop is told that mending a cell would undo.

    Returns:
        One fault a loop, of table `recipes`, with the loop in words; none where all is productive.
    """
    products = Axis(tuple(sorted(set(economy.products["product"].drop_nulls()))))
    table = _sound_rows(economy.recipes, products)
    if table.is_empty():
        return ()
    recipes = Axis(tuple(sorted(set(table["recipe"]))))
    made, used = (_matrix(table, role, products, recipes) for role in ("out", "in"))
    stuck = np.flatnonzero(~producible(made, used))
    if not len(stuck):
        return ()
    return tuple(_fault(table, products, recipes, made, loop) for loop in _loops(made, used, stuck))


def _sound_rows(recipes: pl.DataFrame, products: Axis) -> pl.DataFrame:
    """Give the rows from which something follows, with their position as `row`; role as text."""
    amount, role = pl.col("amount"), pl.col("role")
    table = recipes.with_row_index("row").with_columns(role.cast(pl.String)).filter(pl.col("item").is_in(products.labels))
    is_sound = pl.col("recipe").is_not_null() & role.is_not_null() & amount.is_finite() & (amount > 0) & (amount <= LARGEST_AMOUNT)
    table = table.with_columns(sound=is_sound.fill_null(value=False))
    given = table.filter(~pl.col("sound") & (role != "in").fill_null(value=True))["item"].unique().to_list()
    kindest = pl.when(role == "out").then(-amount).otherwise(amount)
    table = table.filter(pl.col("sound") & ~pl.col("item").is_in(given)).sort(kindest, maintain_order=True)
    return table.unique(["recipe", "item", "role"], keep="first", maintain_order=True).sort("row")


def _matrix(table: pl.DataFrame, role: str, products: Axis, recipes: Axis) -> csc_array:
    part = table.filter(pl.col("role") == role)
    cells = (products.positions(part["item"]), recipes.positions(part["recipe"]))
    return csc_array((part["amount"].to_numpy(), cells), shape=(len(products), len(recipes)))


def _needs(made: csc_array, used: csc_array, stuck: NDArray[np.int64]) -> NDArray[np.float64]:
    """Give what each stuck product needs of each other per unit, by its least hungry recipe, shape (stuck, stuck); row = what goes in."""
    needs = np.zeros((len(stuck), len(stuck)))
    for column, product in enumerate(stuck):
        makers = made[[product], :].tocoo()
        per_unit = used.tocsr()[stuck, :].tocsc()[:, makers.col].toarray() / makers.data[None, :]
        needs[:, column] = per_unit[:, int(np.argmin(per_unit.sum(axis=0)))]
    return needs


def _loops(made: csc_array, used: csc_array, stuck: NDArray[np.int64]) -> list[list[int]]:
    """Find one loop in each group of stuck products that waits for no other group."""
    needs = _needs(made, used, stuck)
    count, group = connected_components(csc_array(needs), directed=True, connection="strong")
    loops = []
    for number in range(count):
        inside, outside = np.flatnonzero(group == number), np.flatnonzero(group != number)
        if (needs[np.ix_(outside, inside)] > 0).any():
            continue
        own = needs[np.ix_(inside, inside)]
        loops.append([int(stuck[inside[place]]) for place in _heaviest_loop(own)])
    return loops


def _heaviest_loop(needs: NDArray[np.float64]) -> list[int]:
    """Follow from product to product what weighs most in its making, valued by what goes into it, until one comes back."""
    value = np.ones(len(needs))
    for _ in range(100):
        value = needs.T @ value + 0.01 * value
        value /= value.max()
    path = [int(np.argmax(value))]
    while True:
        following = int(np.argmax(needs[:, path[-1]] * value))
        if following in path:
            return path[path.index(following) :]
        path.append(following)


def _fault(table: pl.DataFrame, products: Axis, recipes: Axis, made: csc_array, loop: list[int]) -> Fault:
    labels = [products.labels[place] for place in loop]
    # What goes in stands before what comes out: coal -> power -> coal.
    words = " -> ".join([labels[0], *reversed(labels)]) if len(labels) > 1 else f"{labels[0]} -> {labels[0]}"
    makers = {recipes.labels[place] for product in loop for place in made[[product], :].tocoo().col}
    rows = table.filter(pl.col("recipe").is_in(sorted(makers)) & (pl.col("role") == "in") & pl.col("item").is_in(labels))["row"].to_list()
    return Fault(
        "recipes", "recipe, item, amount", "not_productive", len(rows), tuple(int(row) + 2 for row in rows[:_SHOWN]), words,
        "recipes that yield more of each product than is used up on the way to it",
        f"Check the amounts and units of measure on the way {words}: making any of them takes at least as much of it as comes out.",
    )  # fmt: skip
