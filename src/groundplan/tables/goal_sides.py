"""The two goals that a frontier is between: a product, in one period or in all, as a user names it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from groundplan.errors import Fault, InputError
from groundplan.tables.economy import Economy
from groundplan.tables.faulty import did_you_mean

__all__ = ["GoalSide", "read_sides"]

_LISTED = 12


@dataclass(frozen=True, slots=True)
class GoalSide:
    """One of the two goals.

    Args:
        label: as it was named: "steel" or "steel@2023".
        product: id of the product.
        periods: the plan periods that are meant and have a goal.
        name: what it is called: "Steel", or "Steel in 2023" where one period was named.
        measure: of the product; empty where it is not known.
    """

    label: str
    product: str
    periods: tuple[str, ...]
    name: str
    measure: str


def read_sides(economy: Economy, first: str, second: str) -> tuple[GoalSide, GoalSide]:
    """Find the two goals.

    Args:
        economy: an economy that has passed its checks.
        first: the id of a product, alone or with a plan period: "steel@2023".
        second: another one.

    Raises:
        InputError: a product or period that is not there or has no goal, or a goal that stands on both sides; all faults are told together.
    """
    faults: list[Fault] = []
    one, other = (_side(economy, label, which, faults) for which, label in (("FIRST", first), ("SECOND", second)))
    if one is not None and other is not None:
        shared = set(one.periods) & set(other.periods) if one.product == other.product else set()
        if not shared:
            return one, other
        remedy = f"Name another product, or one period of the product on each side, such as {one.product}@{min(shared)}."
        faults.append(Fault("arguments", "SECOND", "same_goal", 1, (), f"{second!r}, of which FIRST names a goal as well", "two different goals", remedy))
    raise InputError("There is no frontier between these two", faults)


def _side(economy: Economy, label: str, which: str, faults: list[Fault]) -> GoalSide | None:
    known = economy.products["product"].to_list()
    product, _, wanted = (label, "", "") if label in known or "@" not in label else label.rpartition("@")
    planned = [str(period) for period in economy.settings.plan_periods()]
    goals = economy.goals.filter((pl.max_horizontal("quantity", "minimum") > 0) & pl.col("period").is_in(planned))

    def refuse(rule: str, found: str, expected: str, remedy: str) -> None:
        faults.append(Fault("arguments", which, rule, 1, (), found, expected, remedy))

    if product not in known:
        refuse("unknown_product", repr(product), "the id of a product", f"{did_you_mean([product], known)}Name a product by its id, as the table products has it.")
        return None
    if wanted and wanted not in planned:
        refuse("outside_plan", repr(wanted), f"a period of the plan ({_span(planned)})", f"Name one of them, as in {product}@{planned[0]}.")
        return None
    own = set(goals.filter(pl.col("product") == product)["period"])
    periods = tuple(period for period in planned if period in own and (not wanted or period == wanted))
    if not periods:
        others = sorted(set(goals["product"]))
        remedy = f"Products with goals: {_listed(others)}." if others else "Add rows to goals for periods of the plan; there is no plan without any."
        refuse("no_goal", f"{product!r}, which has no goal {f'in {wanted}' if wanted else 'within the plan'}", "a product with a goal above zero", remedy)
        return None
    row = economy.products.filter(pl.col("product") == product).row(0, named=True)
    name = row["name"] or product.replace("_", " ")
    return GoalSide(label, product, periods, f"{name} in {wanted}" if wanted else name, row["measure"] or "")


def _span(periods: Sequence[str]) -> str:
    return periods[0] if len(periods) == 1 else f"{periods[0]} to {periods[-1]}"


def _listed(labels: Sequence[str]) -> str:
    return ", ".join([*labels[:_LISTED], f"{len(labels) - _LISTED} more"] if len(labels) > _LISTED else labels)
