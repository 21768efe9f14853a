"""Limits that bind, in plain words, ranked by what easing each a little would do for the goals."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from groundplan.report.content import ReportInput
from groundplan.report.names import Names
from groundplan.report.numbers import grouped, plain

__all__ = [
    "BEFORE_GOALS",
    "KINDS",
    "Bottleneck",
    "bottleneck_rows",
    "describe_limits",
    "group_bottlenecks",
    "has_priorities",
    "labels_of",
    "priority_text",
    "rank_bottlenecks",
    "share_text",
]

BEFORE_GOALS = "minima or fixed numbers"
"""What comes before the goals of the first priority."""

KINDS = ("capacity", "growth", "resource", "import", "export", "stock", "transfer", "fixed")
"""Kinds of shadow prices that are limits; the kind `product` says what a good is worth."""


_NOWHERE = ("all", "not stated", "", None)


@dataclass(frozen=True, slots=True)
class Bottleneck:
    """A limit that binds, or several of one name.

    Args:
        kind: one of KINDS.
        what: what it is, in words, without the place.
        places: regions in which it is limited; empty where it is limited for the whole country.
        priority: priority level whose goals it moves.
        value: price x limit, summed over periods and places, in weighted goals.
        share: value as a share of that of all limits which move goals of this priority, 0 to 1: what it would bring of the gain if all limits
            were eased a little, by the same share.
        periods: those in which it binds.
        limit: limit in the period in which it is worth most.
        measure: unit of measure of the limit.
        room: up to which share above that limit its shadow price holds, below it where it is a bound from below; None where it is not known.
    """

    kind: str
    what: str
    places: tuple[str, ...]
    priority: int
    value: float
    share: float
    periods: tuple[str, ...]
    limit: float
    measure: str
    room: float | None

    @property
    def falls(self) -> bool:
        """Whether it is eased by falling: a number that is fixed from below."""
        return self.kind == "fixed" and self.what.endswith("at least")

    @property
    def label(self) -> str:
        """Name it, with its place or with how many places it has."""
        if not self.places:
            return self.what
        return f"{self.what}, {self.places[0]}" if len(self.places) == 1 else f"{self.what} in {grouped(len(self.places))} regions"


def rank_bottlenecks(shown: ReportInput, names: Names) -> list[Bottleneck]:
    """Rank the limits that bind, place by place: by priority of the goals that they move, then by what they are worth."""
    prices = shown.table("shadow_prices").filter(pl.col("kind").is_in(KINDS) & (pl.col("value") > 0)).sort("value", "period", descending=[True, False])
    if prices.is_empty():
        return []
    named = prices.with_columns(_names_of_limits(shown, names, prices)).unnest("named").with_columns(pl.col("priority").fill_null(1))
    sums = named.group_by("kind", "what", "place", "priority", maintain_order=True).agg(
        pl.col("value").sum(), pl.col("period").unique().sort(), *(pl.col(name).first() for name in ("item", "limit", "valid_from", "valid_to", "measure"))
    )
    sums = sums.with_columns((pl.col("value") / pl.col("value").sum().over("priority")).alias("share"))
    found = [
        Bottleneck(
            row["kind"], row["what"], (row["place"],) if row["place"] else (), row["priority"], row["value"], row["share"], tuple(row["period"]),
            row["limit"] or 0.0, row["measure"] or "", _room(row),
        )
        for row in sums.iter_rows(named=True)
    ]  # fmt: skip
    return sorted(found, key=_rank)


def _room(row: dict[str, Any]) -> float | None:
    """Give how far a limit can be eased at its price, as a share of it."""
    falls = row["kind"] == "fixed" and row["item"].endswith(">=")
    end = row["valid_from"] if falls else row["valid_to"]
    return abs(end / row["limit"] - 1.0) if end is not None and row["limit"] else None


def group_bottlenecks(ranked: Sequence[Bottleneck]) -> list[Bottleneck]:
    """Take a limit of several regions as one, ranked as before."""
    together: dict[tuple[str, str, int], list[Bottleneck]] = {}
    for item in ranked:
        together.setdefault((item.kind, item.what, item.priority), []).append(item)
    merged = []
    for (kind, what, priority), items in together.items():
        places = tuple(place for item in items for place in item.places)
        periods = tuple(sorted({period for item in items for period in item.periods}))
        rooms = [item.room for item in items if item.room is not None]
        value, share = sum(item.value for item in items), sum(item.share for item in items)
        merged.append(Bottleneck(kind, what, places, priority, value, share, periods, sum(item.limit for item in items), items[0].measure, min(rooms, default=None)))
    return sorted(merged, key=_rank)


def bottleneck_rows(ranked: Sequence[Bottleneck]) -> list[dict[str, Any]]:
    """Give the rows of `ranked_bars`."""
    return [{"label": label, "text": share_text(item), "value": 100 * item.share, "solid": True} for label, item in zip(labels_of(ranked), ranked, strict=True)]


def has_priorities(ranked: Sequence[Bottleneck]) -> bool:
    """Say whether the limits move goals of several priorities, so that their shares are not shares of one gain."""
    return len({item.priority for item in ranked}) > 1


def labels_of(ranked: Sequence[Bottleneck]) -> list[str]:
    """Name limits; where they move goals of several priorities, each says of which."""
    return [f"{item.label} ({priority_text(item)})" if has_priorities(ranked) else item.label for item in ranked]


def priority_text(item: Bottleneck) -> str:
    """Say whose goals a limit moves; before every goal come minima and numbers that are fixed."""
    return f"priority {item.priority}" if item.priority > 0 else BEFORE_GOALS


def share_text(item: Bottleneck) -> str:
    """Write a limit's share of what all limits are worth that move goals of its priority."""
    return f"{plain(100 * item.share, 2)} %"


def _rank(item: Bottleneck) -> tuple[int, float, str]:
    return (item.priority, -item.value, item.label)


def _names_of_limits(shown: ReportInput, names: Names, prices: pl.DataFrame) -> pl.Series:
    """Give what each row is, in words, and where."""
    what = describe_limits(shown, names)
    told = {key: what(*key) for key in prices.select("kind", "item", "region").unique().iter_rows()}
    rows = [told[key] for key in prices.select("kind", "item", "region").iter_rows()]
    return pl.Series("named", [{"what": words, "place": place} for words, place in rows], dtype=pl.Struct({"what": pl.String, "place": pl.String}))


def describe_limits(shown: ReportInput, names: Names) -> Callable[[str, str, str], tuple[str, str]]:
    """Make the function that says what a limit is and where, from its kind, item (a pool or a recipe for a capacity) and region."""
    activities = shown.table("activities").unique("pool", keep="first", maintain_order=True)
    pools = {row["pool"]: (row["recipe"] or row["pool"], row["region"] or "") for row in activities.iter_rows(named=True)}
    outs = shown.economy.recipes.filter(pl.col("role") == "out").unique("recipe", keep="first", maintain_order=True)
    makes = dict(zip(outs["recipe"].to_list(), outs["item"].to_list(), strict=True))
    ways = dict(outs["item"].value_counts().iter_rows())
    traded = {"import": "Imports of", "export": "Exports of", "stock": "Stock of"}

    def made(recipe: str) -> str:
        product = makes.get(recipe)
        if product is None:
            return names.words(recipe)
        # The recipe is named only where a product can be made in several ways.
        return names.product(product) if ways[product] == 1 else f"{names.product(product)} ({names.words(recipe)})"

    def describe(kind: str, item: str, region: str) -> tuple[str, str]:
        place = "" if region in _NOWHERE else region
        if kind == "capacity":
            recipe, home = pools.get(item, (item, place))
            return f"Capacity for {made(recipe)}", "" if home in _NOWHERE else home
        if kind == "growth":
            return f"New capacity for {made(item)}", place
        if kind in traded:
            return f"{traded[kind]} {names.product(item)}", place
        if kind == "fixed":
            flow, label, bound = item.split(" ", 1)[0], item.split(" ", 1)[1][:-3], item[-2:]
            name = names.words(label) if flow == "new_capacity" else names.product(label)
            return f"Fixed: {flow.replace('_', ' ')} of {name} {'at least' if bound == '>=' else 'at most'}", ""
        if kind == "transfer":
            return f"Moving {names.product(item)}", place.replace(" > ", " to ")
        return names.sector(item), place

    return describe
