"""Limits that bind, in plain words and ranked by what one per cent more of each would do for the goals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import polars as pl

from groundplan.report.content import ReportInput
from groundplan.report.names import Names
from groundplan.report.numbers import plain

__all__ = ["Bottleneck", "bottleneck_rows", "closes_text", "rank_bottlenecks"]

KINDS = ("capacity", "growth", "resource", "import", "export", "stock")
"""Kinds of shadow prices that are limits; the kind `product` says what a good is worth."""


@dataclass(frozen=True, slots=True)
class Bottleneck:
    """A limit that binds.

    Args:
        kind: one of KINDS.
        item: pool, resource or product.
        label: what it is, in words.
        priority: priority level whose goals it moves.
        closes: share of that level's shortfall that one per cent more would close, by the shadow prices; 0 to 1.
        value: price x limit, summed over periods, in weighted goals.
        periods: those in which it binds.
        price: shadow price in the period in which it is worth most, in weighted goals per unit.
        limit: limit in that period.
        measure: unit of measure of the limit.
        room: up to which share above the limit that price holds; None where it is not known or without end.
    """

    kind: str
    item: str
    label: str
    priority: int
    closes: float
    value: float
    periods: tuple[str, ...]
    price: float
    limit: float
    measure: str
    room: float | None


def rank_bottlenecks(shown: ReportInput, names: Names) -> list[Bottleneck]:
    """Rank the limits that bind, by priority of the goals that they move, then by what they are worth."""
    prices = shown.table("shadow_prices").filter(pl.col("kind").is_in(KINDS) & (pl.col("value") > 0)).sort("value", "period", descending=[True, False])
    if prices.is_empty():
        return []
    missed = _missed_by_priority(shown.table("gaps"))
    grouped = prices.group_by("kind", "item", "region", "priority", maintain_order=True).agg(
        pl.col("value").sum(), pl.col("period").sort(), *(pl.col(name).first() for name in ("price", "limit", "valid_to", "measure"))
    )
    labels = _labels(shown, names)
    found = []
    for row in grouped.iter_rows(named=True):
        priority = row["priority"] or 1
        shortfall = missed.get(priority, 0.0)
        limit, valid_to = row["limit"] or 0.0, row["valid_to"]
        room = valid_to / limit - 1.0 if valid_to is not None and limit > 0 else None
        closes = min(0.01 * row["value"] / shortfall, 1.0) if shortfall > 0 else 0.0
        label = labels(row["kind"], row["item"], row["region"])
        found.append(Bottleneck(row["kind"], row["item"], label, priority, closes, row["value"], tuple(row["period"]), row["price"] or 0.0, limit, row["measure"] or "", room))
    return sorted(_merged(found), key=lambda item: (item.priority, -item.value, item.label))


def _merged(found: Sequence[Bottleneck]) -> list[Bottleneck]:
    """Take limits together that people call by one name (pools of one recipe and region); a name that serves several priorities says which."""
    merged: dict[tuple[str, int], Bottleneck] = {}
    first: dict[str, int] = {}
    for item in found:
        known = merged.get((item.label, item.priority))
        first[item.label] = min(first.get(item.label, item.priority), item.priority)
        if known is None:
            merged[item.label, item.priority] = item
        else:
            periods = tuple(sorted({*known.periods, *item.periods}))
            merged[item.label, item.priority] = replace(
                known, closes=min(known.closes + item.closes, 1.0), value=known.value + item.value, limit=known.limit + item.limit, periods=periods
            )
    return [item if item.priority == first[item.label] else replace(item, label=f"{item.label} (for priority {item.priority})") for item in merged.values()]


def bottleneck_rows(ranked: Sequence[Bottleneck]) -> list[dict[str, Any]]:
    """Give the rows of `ranked_bars`."""
    return [{"label": item.label, "text": closes_text(item), "value": 100 * item.closes, "solid": True} for item in ranked]


def closes_text(item: Bottleneck) -> str:
    """Write the share of the shortfall that one per cent more of a limit would close."""
    return f"{plain(100 * item.closes, 2)} %"


def _missed_by_priority(gaps: pl.DataFrame) -> dict[int, float]:
    sums = gaps.group_by("priority").agg((pl.col("weight") * pl.col("shortfall_share").fill_null(0.0)).sum().alias("missed"))
    return dict(zip(sums["priority"].to_list(), sums["missed"].to_list(), strict=True))


def _labels(shown: ReportInput, names: Names) -> Any:
    activities = shown.table("activities").unique("pool", keep="first", maintain_order=True)
    pools = {row["pool"]: (row["recipe"] or row["pool"], row["region"] or "") for row in activities.iter_rows(named=True)}
    outs = shown.economy.recipes.filter(pl.col("role") == "out").unique("recipe", keep="first", maintain_order=True)
    makes = dict(zip(outs["recipe"].to_list(), outs["item"].to_list(), strict=True))

    # The recipe is named only where a product can be made in several ways.
    ways = dict(outs["item"].value_counts().iter_rows())

    def label(kind: str, item: str, region: str) -> str:
        if kind == "capacity":
            recipe, place = pools.get(item, (item, region))
            product = names.product(makes[recipe]) if recipe in makes else ""
            way = names.words(recipe)
            is_only_way = ways.get(makes.get(recipe, ""), 0) == 1
            what = f"{product} capacity" if product and is_only_way else f"{product} capacity ({way})" if product else f"capacity of {way}"
            return _first_large(f"{what}{_place(place)}")
        if kind == "growth":
            return f"New capacity of {names.words(item)}"
        if kind == "import":
            return f"Imports of {names.product(item)}"
        if kind == "export":
            return f"Exports of {names.product(item)}"
        if kind == "stock":
            return f"Stock of {names.product(item)}"
        return _first_large(f"{names.words(item)}{_place(region)}")

    return label


def _place(region: str) -> str:
    return f", {region}" if region and region != "all" else ""


def _first_large(text: str) -> str:
    return text[:1].upper() + text[1:]
