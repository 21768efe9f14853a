"""Import material balances as an economy: recipes from uses over output, goals from final uses, capacity as much as was made."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

import polars as pl

from groundplan.errors import Fault, InputError
from groundplan.outcome import Note, Severity
from groundplan.period import parse_period
from groundplan.store.importers.balance_checks import balance_faults, choose_period, with_known_users
from groundplan.store.importers.balance_rows import read_balance_rows
from groundplan.store.importers.balance_tables import balance_economy
from groundplan.tables.economy import Economy
from groundplan.tables.settings import Settings

__all__ = ["ImportedBalances", "YearIs", "import_balances"]

YearIs = Literal["base", "plan"]
"""Whether the balances are of the last period before the plan, or of its first."""

CAPACITY_CHANCE = 0.5
"""Capacities count at their middle value, so that what was made can be made again."""


@dataclass(frozen=True, slots=True, eq=False)
class ImportedBalances:
    """What the importer gives.

    Args:
        economy: an economy that can repeat the balances.
        rows: sources and uses as they were read: sheet, row, product, product_name, measure, period, side, item, user, user_name, quantity.
        origins: where the figures of the economy come from: table, key, column, value, how, cells (sheet, row and side).
        notes: the assumptions, for everyone who reads a result.
        period: period of the balances.
    """

    economy: Economy
    rows: pl.DataFrame
    origins: pl.DataFrame
    notes: tuple[Note, ...]
    period: str


def import_balances(file: Path, *, year: str | None = None, year_is: YearIs = "base", horizon: int = 1, name: str | None = None, source: str | None = None) -> ImportedBalances:
    """Build an economy from a workbook of material balances, such as `groundplan balances` writes.

    Args:
        file: workbook (.xlsx) with sheets that have the heads of `groundplan.tables.balance_sheet.BalanceSheet`.
        year: period whose balances are taken; a workbook with several needs it.
        year_is: "base": the plan begins in the period after, with the stocks at the end of the balances; "plan": it begins in this very period, with their opening stocks.
        horizon: periods of the plan, 1 to 50; goals and imports are those of the balances in each of them.
        name: name of the economy; None takes the file's.
        source: where the figures come from, for the reports; None names the file.

    Returns:
        The economy, the rows that were read, where its figures come from, and what was assumed.

    Raises:
        InputError: the workbook cannot be read or does not fit, sides do not agree, options are out of range; all that could be found is told together.
    """
    faults = _option_faults(year, year_is, horizon)
    read, more = read_balance_rows(file)
    faults += more
    period, more = choose_period(read, year, file.name)
    faults += more
    if period is None:
        raise InputError(f"{file.name} cannot be imported", faults or [_nothing(file.name)])
    rows = with_known_users(read.filter((pl.col("period") == period) & ((pl.col("quantity") > 0) | pl.col("unread"))))
    faults += balance_faults(rows, file.name) if len(rows) else [_nothing(file.name)]
    if faults:
        raise InputError(f"{file.name} cannot be imported", faults)
    rows = rows.drop("unread")
    base = parse_period(period) if year_is == "base" else parse_period(period).previous()
    settings = Settings(
        name=name or file.stem,
        base_period=str(base),
        horizon=horizon,
        capacity_chance=CAPACITY_CHANCE,
        source=source or f"material balances of {period}, from {file.name}",
        note=f"Made from material balances of {period}: inputs per unit, goals, imports and stocks are theirs, capacity is what was made, and nothing else limits the plan.",
    )
    economy, origins = balance_economy(rows, settings, of_first_year=year_is == "plan")
    return ImportedBalances(economy, rows, origins, _notes(economy, rows, period, year_is), period)


def _option_faults(year: str | None, year_is: str, horizon: int) -> list[Fault]:
    faults = []

    def refuse(option: str, found: object, expected: str) -> None:
        faults.append(Fault("options", option, "out_of_range", 0, (), repr(found), expected, f"Give another {option}."))

    if year_is not in get_args(YearIs):
        refuse("year_is", year_is, " or ".join(map(repr, get_args(YearIs))))
    if not 1 <= horizon <= 50:
        refuse("horizon", horizon, "1 to 50")
    return faults


def _nothing(source: str) -> Fault:
    return Fault(source, "", "no_balances", 0, (), "no quantity above 0", "sources and uses of a year", "Fill in the quantities.")


def _notes(economy: Economy, rows: pl.DataFrame, period: str, year_is: YearIs) -> tuple[Note, ...]:
    """Say what was assumed and what was read, with its size."""

    def note(severity: Severity, subject: str, sentence: str) -> Note:
        return Note("import", severity, subject, sentence)

    counts = {name: len(getattr(economy, name)) // (economy.settings.horizon if name in ("goals", "trade") else 1) for name in ("products", "goals", "trade", "stocks")}
    recipes, joint = economy.recipes["recipe"].n_unique(), int((economy.recipes.filter(pl.col("role") == "out").group_by("recipe").len()["len"] > 1).sum())
    begins = f"opening stocks of {period}" if year_is == "plan" else f"stocks at the end of {period}"
    wasted = rows.filter(pl.col("item") == "unused")["product"].n_unique()
    kinds = f"goals for {counts['goals']} products, imports of {counts['trade']}, stocks of {counts['stocks']}"
    made = f"{counts['products']} products; {recipes} recipes, {joint} of which make several products; {kinds}."
    return (
        note(
            "warning",
            "recipes",
            f"Inputs per unit are what each recipe used up in {period} over what it made of its main product, the one it makes most of: averages, as they were.",
        ),
        note("warning", "capacity", f"A line can make what its recipe made in {period}, and no more: capacity = output. Write what could be made into lines.csv."),
        note("warning", "capacity chance", f"Capacities count at their middle value (capacity_chance = {CAPACITY_CHANCE:g}): what was made in {period} can be made again."),
        note("warning", "goals", "Final use, exports and building of capacity are one goal a product, of one priority and weight, in every period of the plan; no minima."),
        note("warning", "trade", f"As much as in {period} can be imported. Balances tell no prices, so foreign exchange limits nothing."),
        note("warning", "stocks", f"The plan begins with the {begins}; stocks at the end of {period} are the norm: floor and ceiling. The share that is lost is that of {period}."),
        note("warning", "resources", "Labour, land and other resources stand in no material balance: nothing limits them until recipes.csv and resources.csv say so."),
        note("info", "read", made),
        *([note("info", "unused", f"{wasted} products are left unused in part; a plan may leave them so, and need not.")] if wasted else []),
    )
