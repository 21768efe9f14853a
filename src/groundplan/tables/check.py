"""Check an economy: every rule on its tables, all faults together."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date

import polars as pl

from groundplan.errors import Fault
from groundplan.tables.economy import Economy
from groundplan.tables.facts import FACTS
from groundplan.tables.faulty import Frames
from groundplan.tables.rules_columns import check_columns, conform
from groundplan.tables.rules_inspection import check_inspection
from groundplan.tables.rules_periods import check_periods
from groundplan.tables.rules_planning import check_planning
from groundplan.tables.rules_references import check_references
from groundplan.tables.rules_regions import check_regions
from groundplan.tables.settings import Settings

__all__ = ["check_economy", "check_tables"]

_RULES = (check_columns, check_references, check_periods, check_planning, check_regions, check_inspection)


def check_economy(economy: Economy, *, today: date) -> list[Fault]:
    """Find all that is wrong with an economy.

    Args:
        economy: its tables, which may break every rule.
        today: later dates are faults, unless the settings' `as_of` says otherwise.

    Returns:
        Faults and warnings, by table in the order of the schemas. Rows are numbered as in a file that has no empty rows: position + 2.
    """
    return check_tables(economy.settings, economy.tables(), today=today)


def check_tables(
    settings: Settings,
    tables: Mapping[str, pl.DataFrame],
    *,
    today: date,
    broken: Mapping[str, Mapping[str, pl.Series]] | None = None,
    unread: Collection[str] = (),
) -> list[Fault]:
    """Find all that is wrong with tables that may not fit their schemas yet.

    Args:
        settings: settings of the economy.
        tables: frames by name; an absent one has no rows.
        today: see `check_economy`.
        broken: table -> column -> mask of the cells that could not be read, are null for that reason, and have been reported.
        unread: tables that are there and could not be read, which has been reported.

    Returns:
        As `check_economy`.
    """
    faults: list[Fault] = []
    fitting: dict[str, pl.DataFrame] = {}
    masks = {table: dict(columns) for table, columns in (broken or {}).items()}
    for name, schema in FACTS.items():
        given = tables.get(name)
        if given is None:
            fitting[name] = schema.create_empty()
            continue
        fitting[name], found = conform(name, given)
        faults += found
        for column in schema.column_names():
            unfit = fitting[name][column].is_null() & (given[column].is_not_null() if column in given.columns else True)
            if unfit.any():
                known = masks.setdefault(name, {}).get(column)
                masks[name][column] = unfit if known is None else unfit | known
    frames = Frames(settings, fitting, settings.as_of or today, masks, frozenset(unread))
    for rule in _RULES:
        faults += rule(frames)
    order = {name: position for position, name in enumerate(FACTS)}
    return sorted(faults, key=lambda fault: order.get(fault.table, len(order)))
