"""Groups of inputs that differ between two economies, and economies that take some groups from the one and the rest from the other.

A product, recipe or resource that only one of the two knows stands in every mixture: where nothing refers to it, it changes nothing, and rows that
do refer to it find it. A unit that only one knows is exchanged with its lines and all that is known of it. What still cannot stand apart (a goal
for a new product, and the lines that make it) is exchanged together.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import date
from itertools import chain
from types import MappingProxyType
from typing import Any

import polars as pl

from groundplan.errors import Fault, InputError, SettingsError
from groundplan.outcome import Note
from groundplan.planning.inputs import FOREIGN_EXCHANGE
from groundplan.planning.productivity import productivity_faults
from groundplan.tables.check import check_economy
from groundplan.tables.economy import Economy
from groundplan.tables.facts import FACTS
from groundplan.tables.settings import Settings

__all__ = ["BY_PERIOD", "CHANCE", "EVIDENCE", "GROUPS", "PERIODS", "SETTINGS", "SPLIT_BY", "Exchange", "find_exchange", "meaningful_columns", "merge_until_sound"]

CHANCE, EVIDENCE, PERIODS = "chance", "evidence", "plan periods"
"""Causes that lie in groundplan.toml, wholly or in part."""

GROUPS: MappingProxyType[str, str] = MappingProxyType(
    {
        "goals": "goals",
        "resources": "resources",
        "lines": "lines",
        "recipes": "recipes",
        "investments": "investments",
        "trade": "trade",
        "stocks": "stocks",
        "products": "products",
        "transfers": "transfers",
        "markets": "markets",
        "units": "units",
        "fixed": "fixed numbers",
        **dict.fromkeys(("reports", "plans", "targets", "visits", "findings", "proxies", "claims", "flows"), EVIDENCE),
    }
)
"""Table -> the group of inputs to which it belongs; a table that is not named here is a group of its own. `SETTINGS` says the same of settings."""

SPLIT_BY: MappingProxyType[str, str] = MappingProxyType(
    {
        "goals": "product",
        "resources": "resource",
        "lines": "recipe",
        "recipes": "recipe",
        "investments": "recipe",
        "trade": "product",
        "stocks": "product",
        "products": "product",
        "transfers": "product",
        "markets": "product",
    }
)
"""Group -> the column by which it can be split into causes of their own."""

_GROUPED = {CHANCE: ("capacity_chance",), EVIDENCE: ("as_of", "claim_errors", "seed"), PERIODS: ("base_period", "horizon")}
_SHOWN_SETTINGS = ("name", "currency", "simulated", "source", "note")
SETTINGS: MappingProxyType[str, tuple[str, ...]] = MappingProxyType(
    _GROUPED | {field.name: (field.name,) for field in fields(Settings) if field.name not in (*_SHOWN_SETTINGS, *chain(*_GROUPED.values()))}
)
"""Cause -> the settings that belong to it; a setting that no step works with belongs to none."""
BY_PERIOD = frozenset({"goals", "resources", "trade", "fixed"})
"""Groups that go with the plan periods where these differ."""
_DEFINE = {"products": "product", "recipes": "recipe", "resources": "resource"}
"""Tables that say what there is, with the id that others refer to."""
_ONLY_SHOWN = {"units": {"name", "name_ko", "latitude", "longitude"}, "products": {"name", "name_ko", "group"}, "findings": {"evidence"}, "visits": {"team"}}
"""Columns that no step works with."""


@dataclass(frozen=True, slots=True, eq=False)
class Exchange:
    """Two economies and the causes by which they differ.

    Args:
        before, after: the economies.
        owners: table -> expression that says to which part a row belongs; null where it stands in every mixture.
        causes: name of a cause -> its parts, which are exchanged together.
    """

    before: Economy
    after: Economy
    owners: Mapping[str, pl.Expr]
    causes: Mapping[str, frozenset[str]]

    def mixture(self, taken: Collection[str]) -> Economy:
        """Give the economy that has the named causes as they are after, and all else as it was before."""
        if not taken:
            return self.before
        if len(taken) == len(self.causes):
            return self.after
        parts = frozenset(part for cause in taken for part in self.causes[cause])
        changed = {name: value for part in parts & SETTINGS.keys() for name, value in _settings(self.after, part).items()}
        tables = {name: self._mixed(name, parts) for name in FACTS}
        return replace(self.before, settings=replace(self.before.settings, **changed), **tables)

    def _mixed(self, name: str, parts: frozenset[str]) -> pl.DataFrame:
        before, after = (economy.tables()[name] for economy in (self.before, self.after))
        if before.equals(after):
            return before
        columns = FACTS[name].column_names()
        is_taken = self.owners[name].is_in(sorted(parts))
        kept = before.select(columns).filter(~is_taken.fill_null(value=False))
        return pl.concat([kept, after.select(columns).filter(is_taken.fill_null(value=True))])


def meaningful_columns(table: str) -> list[str]:
    """Give the columns of a table that can change a plan; names and places on the map cannot."""
    return [name for name in FACTS[table].column_names() if name not in _ONLY_SHOWN.get(table, ())]


def find_exchange(before: Economy, after: Economy, *, split: Collection[str] = ()) -> Exchange:
    """Find the causes by which two economies differ; each stands alone still, see `merge_until_sound`.

    Args:
        before: an economy that has passed its checks.
        after: another one.
        split: groups of which each label is to be a cause of its own: "resources" gives "resources: power" and so on.

    Raises:
        InputError: one of the two has faults, a group cannot be split, or products or resources are measured differently in the two.
        SettingsError: plan periods of different lengths.
    """
    for which, economy in (("first", before), ("second", after)):
        if faults := _faults(economy):
            raise InputError(f"the {which} economy cannot be compared", faults)
    _refuse(before, after, split)
    # Limits and goals belong to a plan's periods: goals of other years than the plan's would be none at all.
    shifted = before.settings.plan_periods() != after.settings.plan_periods()
    owners = {name: _owner(name, before, after, split, shifted=shifted) for name in FACTS}
    found = {part for name in FACTS for part in _changed_parts(name, before, after, owners[name])}
    found |= {part for part in SETTINGS if _settings(before, part) != _settings(after, part)}
    return Exchange(before, after, owners, {part: frozenset({part}) for part in sorted(found, key=_rank)})


def merge_until_sound(exchange: Exchange, sets: Callable[[int], Iterable[Collection[int]]]) -> tuple[Exchange, tuple[Note, ...]]:
    """Join causes until every mixture that is asked for passes the checks.

    Where a mixture has a fault, a cause that it takes and one that it leaves do not go without each other: the first that would mend it by being
    left or taken as well. The two become one.

    Args:
        exchange: the causes as they were found.
        sets: gives the mixtures that are wanted of so many causes, each as positions of the causes that are taken.

    Returns:
        The exchange with causes that stand alone, and a note for each joint.
    """
    notes: list[Note] = []
    sound: set[frozenset[str]] = set()

    def fault_of(taken: frozenset[str]) -> Fault | None:
        parts = frozenset().union(*(exchange.causes[cause] for cause in taken))
        if parts in sound or len(taken) in (0, len(exchange.causes)):
            return None
        found = _faults(exchange.mixture(taken))
        if not found:
            sound.add(parts)
        return found[0] if found else None

    while True:
        names = list(exchange.causes)
        wanted = (frozenset(names[place] for place in some) for some in sets(len(names)))
        broken = next(((taken, fault) for taken in wanted if (fault := fault_of(taken)) is not None), None)
        if broken is None:
            return exchange, tuple(notes)
        taken, fault = broken
        inside, outside = ([name for name in names if (name in taken) is chosen] for chosen in (True, False))
        one = next((name for name in inside if fault_of(taken - {name}) is None), inside[0])
        other = next((name for name in outside if fault_of(taken | {name}) is None), outside[0])
        exchange, joined = _join(exchange, one, other)
        sentence = f"{one} and {other} count as one cause: the one without the other is no sound economy ({fault.table}: found {fault.found}, expected {fault.expected})."
        notes.append(Note("compare", "info", joined, sentence))


def _join(exchange: Exchange, one: str, other: str) -> tuple[Exchange, str]:
    """Make one cause of two, which stands where the first of them stood."""
    first, second = sorted((one, other), key=list(exchange.causes).index)
    words = sorted(exchange.causes[first] | exchange.causes[second], key=_rank)
    name = f"{', '.join(words[:-1])} and {words[-1]}"
    causes = {name if cause == first else cause: frozenset(words) if cause == first else parts for cause, parts in exchange.causes.items() if cause != second}
    return replace(exchange, causes=causes), name


def _rank(part: str) -> tuple[int, str]:
    """Order parts as a planner asks for them."""
    order = (PERIODS, *dict.fromkeys(GROUPS.values()), CHANCE)
    group = part.partition(": ")[0]
    return order.index(group) if group in order else len(order), part


def _refuse(before: Economy, after: Economy, split: Collection[str]) -> None:
    faults = [
        Fault("split", group, "unknown_choice", 1, (), repr(group), f"one of {', '.join(SPLIT_BY)}", "Name another group, or leave it whole.")
        for group in split
        if group not in SPLIT_BY
    ]
    for table, key in (("products", "product"), ("resources", "resource")):
        measures = [economy.tables()[table].select(key, "measure").drop_nulls().unique(key, keep="first", maintain_order=True) for economy in (before, after)]
        unlike = measures[0].join(measures[1], on=key, suffix="_after", maintain_order="left").filter(pl.col("measure") != pl.col("measure_after"))
        if not unlike.is_empty():
            label, one, other = unlike.row(0)
            found = f"{label} in {one} before and in {other} after" + (f", and {len(unlike) - 1} more" if len(unlike) > 1 else "")
            faults.append(Fault(table, "measure", "two_measures", len(unlike), (), found, f"one unit of measure a {key} in both economies", "Convert one of the two economies."))
    if faults:
        raise InputError("the two plans cannot be compared", faults)
    lengths = [economy.settings.period_length for economy in (before, after)]
    if lengths[0] != lengths[1]:
        found = f"plan periods of a {lengths[0]} before and of a {lengths[1]} after"
        fault = Fault("groundplan.toml", "base_period", "two_lengths", 1, (), found, "plan periods of one length", "Compare plans whose periods are equally long.")
        raise SettingsError("the two plans cannot be compared", [fault])


def _owner(table: str, before: Economy, after: Economy, split: Collection[str], *, shifted: bool) -> pl.Expr:
    group = PERIODS if shifted and table in BY_PERIOD else GROUPS.get(table, table)
    part = pl.lit(f"{group}: ") + pl.col(SPLIT_BY[group]) if group in split else pl.lit(group)
    if table in _DEFINE:
        key = _DEFINE[table]
        # Trade uses foreign exchange whether or not a row limits it.
        return pl.when(~pl.col(key).is_in(_known_to_one(table, key, before, after).implode()) | (pl.col(key) == FOREIGN_EXCHANGE)).then(part)
    of_unit = next((name for name, column in FACTS[table].columns().items() if (column.metadata or {}).get("refers_to") == "units.unit"), None)
    if of_unit is None or table == "units":
        return part
    return pl.when(pl.col(of_unit).is_in(_known_to_one("units", "unit", before, after).implode())).then(pl.lit("units")).otherwise(part)


def _known_to_one(table: str, key: str, before: Economy, after: Economy) -> pl.Series:
    """Give the ids that only one of the two economies knows."""
    ids = pl.concat([economy.tables()[table][key].unique() for economy in (before, after)])
    return ids.filter(ids.is_unique())


def _changed_parts(table: str, before: Economy, after: Economy, owner: pl.Expr) -> set[str]:
    frames = [economy.tables()[table] for economy in (before, after)]
    if frames[0].equals(frames[1]):
        return set()
    columns = meaningful_columns(table)
    rows = [frames[side].select(columns).join(frames[1 - side].select(columns), on=columns, how="anti", nulls_equal=True) for side in (0, 1)]
    return {part for frame in rows if len(frame) for part in frame.select(owner.alias("part")).to_series().drop_nulls().unique()}


def _settings(economy: Economy, part: str) -> dict[str, Any]:
    return {name: getattr(economy.settings, name) for name in SETTINGS[part]}


def _faults(economy: Economy) -> list[Fault]:
    # Whether a date has been is no matter of a comparison.
    return [fault for fault in (*check_economy(economy, today=date.max), *productivity_faults(economy)) if fault.severity == "fault"]
