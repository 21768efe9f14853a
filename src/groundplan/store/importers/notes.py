"""What a reader of the plan must know of how a use table became an economy."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from groundplan.outcome import Note, Severity
from groundplan.store.importers.accounts import Accounts
from groundplan.store.importers.adjustments import Adjustment
from groundplan.store.importers.assumptions import Assumptions
from groundplan.store.importers.base_year import gross_product
from groundplan.store.importers.structure import Structure

__all__ = ["import_notes", "standing_note"]


def import_notes(accounts: Accounts, structure: Structure, assumptions: Assumptions, adjustments: Sequence[Adjustment], *, made_up: bool) -> tuple[Note, ...]:
    """Say what was assumed and what was set apart, with its size.

    Args:
        accounts: the use table.
        structure: what came of it.
        assumptions: what the table does not tell.
        adjustments: what was changed.
        made_up: whether the make matrix was made up, for want of a make table.
    """
    notes = [_product(accounts), _growth(assumptions), _make(accounts, structure, adjustments, made_up=made_up), _investment(assumptions), _trade(structure, assumptions)]
    notes += _outside(accounts, structure, adjustments)
    return tuple(notes)


def standing_note(assumptions: Assumptions, year: int, rate: float | None) -> str:
    """Say in short, for every report on the economy, what its plan rests on.

    Args:
        assumptions: what the table does not tell.
        year: the base year.
        rate: utilisation by which capacity was found, a share; None where capacities were given.
    """
    capacity = "" if rate is None else f", that capacity is output / {rate:.1%} everywhere"
    return (
        f"Made from a use table: final uses of {year}, to grow by {assumptions.growth:.1%} a year, in prices of {year}. Assumed are that hours worked grow by "
        f"{assumptions.labour_growth:.1%} and what an hour does by {assumptions.productivity_growth:.1%} a year{capacity}, that imports may grow as final uses do, and that "
        "inputs per unit stay as they were. The plan tells whether these fit together; it is no forecast."
    )


def _note(severity: Severity, subject: str, sentence: str) -> Note:
    return Note("import", severity, subject, sentence)


def _product(accounts: Accounts) -> Note:
    product = gross_product(accounts)
    published = "; the table publishes no total" if product.published is None else f", as published {product.published:,.0f}"
    sentence = f"Gross domestic product of the base year is {product.by_use:,.0f} by use (final uses less imports), {product.by_income:,.0f} by income{published}."
    return _note("info", "gross domestic product", sentence)


def _growth(assumptions: Assumptions) -> Note:
    return _note(
        "warning",
        "goals",
        f"Final uses are to grow by {assumptions.growth:.1%} a year; hours worked grow by {assumptions.labour_growth:.1%} "
        f"and what an hour does by {assumptions.productivity_growth:.1%}: assumptions. Work is counted in what it was paid in the base year. "
        f"{assumptions.minimum_share:.0%} of the base year's consumption, private and public, comes before all else. Prices are the base year's.",
    )


def _make(accounts: Accounts, structure: Structure, adjustments: Sequence[Adjustment], *, made_up: bool) -> Note:
    total = float(structure.output.sum())
    if made_up and accounts.scheme.symmetric:
        return _note("info", "make", "The table is product by product, made so by its office: each product has its own inputs, and no make table is needed.")
    if made_up:
        spread = sum(item.after for item in adjustments if item.kind == "make" and item.row != item.col)
        sentence = (
            f"There is no make table: each industry makes its own commodity as far as both output totals allow; the other {spread / total:.1%} of output "
            "is spread over the commodities that lack output. Inputs follow the industry that makes a commodity (industry technology)."
        )
        return _note("warning", "make", sentence)
    moved = sum(abs(item.after - item.before) for item in adjustments if item.kind == "make") / 2
    return _note("info", "make", f"Inputs follow the industry that makes a commodity (industry technology); balancing moved {moved / total:.2%} of the make table's output.")


def _investment(assumptions: Assumptions) -> Note:
    if assumptions.investment == "goal":
        kept = f"Fixed investment stays among the goals: it replaces what wears out and adds {assumptions.net_investment:.1%} to all capacity each year"
    else:
        kept = "Fixed investment is left to the plan, which runs down slack before it builds, so its first years build less than is customary"
    return _note(
        "warning",
        "investment",
        f"{kept}; what new capacity takes is worked out from the table's own investment as in a steady state with {assumptions.net_investment:.1%} growth and "
        f"{assumptions.depreciation:.1%} wear a year, shared out by operating surplus: an assumption.",
    )


def _trade(structure: Structure, assumptions: Assumptions) -> Note:
    imports = float(structure.imports.sum() + structure.imported @ structure.output)
    exports = float(structure.final.get("exports", np.zeros(1)).sum())
    return _note(
        "info",
        "trade",
        f"Exports ({exports:,.0f}) stand among the goals, whether or not they pay for something; imports ({imports:,.0f} in the base year) are limited in all by foreign "
        f"exchange as in the base year, grown, and product by product to {assumptions.import_headroom:.0%} more than that.",
    )


def _outside(accounts: Accounts, structure: Structure, adjustments: Sequence[Adjustment]) -> list[Note]:
    notes = []
    flows = [abs(item.before) for item in adjustments if item.kind == "outside_commodity"]
    if flows:
        codes = ", ".join(code for code in accounts.commodities.labels if code in accounts.scheme.outside)
        total = float(structure.output.sum())
        sentence = f"{codes} have no industry: their flows ({sum(flows) / total:.2%} of output, signs disregarded) are outside the plan and listed among the adjustments."
        notes.append(_note("info", "outside flows", sentence))
    supply = float(structure.outside_supply.sum())
    if supply > 0:
        sentence = f"Negative uses ({supply:,.0f}) are supply from outside: it covers final uses of the same product, whose goals it lowers, and grows like them."
        notes.append(_note("info", "outside flows", sentence))
    use = float(structure.outside_use.sum())
    if use > 0:
        sentence = f"Positive cells among imports (freight, insurance and duties that residents earn; {use:,.0f}) are uses beside the final ones, grown like them."
        notes.append(_note("info", "outside flows", sentence))
    direct = float(accounts.final_inputs.sum())
    if direct:
        sentence = f"Imports that go straight to final uses, and taxes on products there ({direct:,.0f} together), are no products of the plan and stand outside it."
        notes.append(_note("info", "outside flows", sentence))
    return notes
