"""`groundplan import`: economy folders from official tables and from material balances."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import numpy as np
import polars as pl
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from groundplan.flows.imports import ADJUSTMENTS_FILE, ASSUMPTIONS_FILE, BASE_YEAR_FILE, ORIGINS_FILE, balances_to_folder, use_table_to_folder
from groundplan.outcome import Note
from groundplan.store.importers.assumptions import STANDARD
from groundplan.store.importers.use_table import Imported
from groundplan.tables.economy import Economy

__all__ = ["Investment", "YearRole", "balances", "import_app", "use_table"]

import_app = typer.Typer(help="Build an economy folder from official tables or material balances.", no_args_is_help=True)
_screen = Console()


class Investment(StrEnum):
    """Who decides on fixed investment."""

    planned = "planned"
    goal = "goal"


class YearRole(StrEnum):
    """Which year of the plan given balances are of."""

    base = "base"
    plan = "plan"


@import_app.callback()
def _imports() -> None:
    """Build an economy folder from official tables or material balances."""


@import_app.command("use-table")
def use_table(
    file: Annotated[
        Path,
        typer.Argument(
            help="The use table in long form: CSV with row, col and musd (or meur, value), and year where it has several. "
            "Codes are those of the US Bureau of Economic Analysis or of Eurostat.",
            show_default=False,
        ),
    ],
    out: Annotated[Path, typer.Option("--out", help="The economy folder to make; it must not be there.", show_default=False)],
    year: Annotated[int | None, typer.Option(help="Base year: which year of the table to take. Needed where the file has several, or none.", show_default=False)] = None,
    make: Annotated[
        Path | None,
        typer.Option(
            help="Make table in the same long form (row = industry, col = commodity): who makes what, by-products included. "
            "Without it each industry makes its own commodity as far as both output totals allow.",
            show_default=False,
        ),
    ] = None,
    capacity: Annotated[
        Path | None,
        typer.Option(help="CSV file with product and capacity (per year, as money of the base year). Without it capacity is output / utilisation.", show_default=False),
    ] = None,
    utilisation: Annotated[
        Path | None,
        typer.Option(help="CSV file with month (or year) and utilisation_pct, for instance the Federal Reserve's G.17. Without it 80 % is assumed.", show_default=False),
    ] = None,
    utilisation_shift: Annotated[
        float, typer.Option(help="Percentage points added to the utilisation: try -5 and 5 to see how much the plan rests on it.")
    ] = STANDARD.utilisation_shift,
    codes: Annotated[Path | None, typer.Option(help="CSV file with code and name, so that reports show names.", show_default=False)] = None,
    aggregate: Annotated[
        Path | None,
        typer.Option(help="CSV file with code, sector and name (of the sector): sums the table up to fewer sectors before all else.", show_default=False),
    ] = None,
    name: Annotated[str | None, typer.Option(help="Name of the economy, as reports show it.", show_default=False)] = None,
    source: Annotated[str | None, typer.Option(help="Where the figures come from, as reports show it.", show_default=False)] = None,
    horizon: Annotated[int, typer.Option(help="Years of the plan.")] = STANDARD.horizon,
    growth: Annotated[float, typer.Option(help="Growth of every final use that is wanted, per year: 0.02 = 2 %. Foreign exchange grows alike.")] = STANDARD.growth,
    labour_growth: Annotated[float, typer.Option(help="Growth of the hours that people work, per year.")] = STANDARD.labour_growth,
    productivity_growth: Annotated[
        float,
        typer.Option(help="Growth of what an hour does, per year, the same in all sectors. Where the two together stay below --growth, labour becomes short."),
    ] = STANDARD.productivity_growth,
    import_headroom: Annotated[
        float, typer.Option(help="Share by which imports of one product may exceed the base year's (grown); foreign exchange limits them all together.")
    ] = STANDARD.import_headroom,
    minimum_share: Annotated[float, typer.Option(help="Share of the base year's consumption, private and public, that comes before all other goals.")] = STANDARD.minimum_share,
    depreciation: Annotated[float, typer.Option(help="Share of capacity that wears out each year. With --growth it tells what new capacity takes.")] = STANDARD.depreciation,
    investment: Annotated[
        Investment,
        typer.Option(
            help="Who decides on fixed investment: 'goal' keeps the table's among the goals and lets capacity grow with it; "
            "'planned' leaves it to the plan, which first runs down slack."
        ),
    ] = Investment.goal,
) -> None:
    """Build an economy folder from a use table.

    Inputs per unit of each commodity follow the industry that makes it (industry technology). Final uses become goals, imports
    stand apart from them; commodities without an industry, and negative cells, stay outside the plan and are listed. What a
    table does not tell (growth, labour, capacity, what new capacity takes) is assumed, said aloud and yours to change.
    """
    imported = use_table_to_folder(
        file,
        out,
        year=year,
        make=make,
        capacity=capacity,
        utilisation=utilisation,
        utilisation_shift=utilisation_shift,
        codes=codes,
        aggregate=aggregate,
        name=name,
        source=source,
        horizon=horizon,
        growth=growth,
        labour_growth=labour_growth,
        productivity_growth=productivity_growth,
        import_headroom=import_headroom,
        minimum_share=minimum_share,
        depreciation=depreciation,
        investment=investment.value,
    )
    _show(imported, file, out)


@import_app.command("balances")
def balances(
    workbook: Annotated[Path, typer.Argument(help="The workbook (.xlsx), of the form that 'groundplan balances' writes, or filled in by hand.", show_default=False)],
    folder: Annotated[Path, typer.Argument(help="The economy folder to make; it must not be there.", show_default=False)],
    year: Annotated[str | None, typer.Option(help="Year (or quarter, month) whose balances to take. Needed where the workbook has several.", show_default=False)] = None,
    year_is: Annotated[
        YearRole,
        typer.Option(
            help="'base': the balances are of the year before the plan, which begins with their closing stocks; "
            "'plan': of its first year, which begins with their opening stocks, so that the plan can repeat them to the last figure."
        ),
    ] = YearRole.base,
    horizon: Annotated[int, typer.Option(help="Periods of the plan; goals and imports are those of the balances in each.")] = 1,
    name: Annotated[str | None, typer.Option(help="Name of the economy, as reports show it.", show_default=False)] = None,
    source: Annotated[str | None, typer.Option(help="Where the figures come from, as reports show it.", show_default=False)] = None,
) -> None:
    """Build an economy folder from a workbook of material balances.

    A sheet is read where one of its first rows has the heads Product, Measure, Year, Source, Producer, Source quantity, Use, User, Use quantity. Each row
    below has a source on the left, a use on the right, or both, which need not belong together. Sources are Opening stock, Production and Imports; uses are
    Used in production (by a user, which is a producer of something), Building of capacity, Exports, Final use, Losses of stock, Unused and Closing stock.
    Product, measure and year that are left empty are those above. Both sides of each product must agree.

    Inputs per unit are use by a recipe over what it made; capacity is what was made; final use, exports and building become goals; imports become limits;
    stocks at the end become the norm. All of it is said aloud and yours to change; import_origins.csv names the cells of each figure.
    """
    imported = balances_to_folder(workbook, folder, year=year, year_is=year_is.value, horizon=horizon, name=name, source=source)
    products = imported.rows["product"].n_unique()
    _line(f"[bold]Read[/bold] {escape(str(workbook))}, balances of {imported.period}: {products:,} products, {len(imported.rows):,} sources and uses; both sides agree.")
    _line("[bold]Made[/bold]")
    _notes(imported.notes, ("info",))
    _line("[bold]Assumed[/bold]")
    _notes(imported.notes, ("warning", "alert"))
    _ready(imported.economy, folder, ORIGINS_FILE)


def _show(imported: Imported, file: Path, out: Path) -> None:
    """What was read, whether it closes, what was assumed and adjusted, and what to do next."""
    economy, balance = imported.economy, imported.base_year
    _line(f"[bold]Read[/bold] {escape(str(file))}, year {imported.year}: {balance.height} products, {imported.cells.frame.height:,} cells, {imported.cells.measure}.")
    product = imported.product
    published = "not published" if product.published is None else f"{product.published:,.0f}"
    table = Table(box=None, pad_edge=False)
    table.add_column(f"Accounts of {imported.year}, {imported.cells.measure}")
    table.add_column("", justify="right")
    rows = (
        ("Gross domestic product, by use (final uses less imports)", f"{product.by_use:,.0f}"),
        ("  of it outside the plan", f"{product.outside:,.0f}"),
        ("Gross domestic product, by income", f"{product.by_income:,.0f}"),
        ("Gross domestic product, as published", published),
        ("Output of all products", f"{balance['output'].sum():,.0f}"),
        ("Largest residual of a product: sources less uses", f"{_largest(balance['residual']):.1g}"),
    )
    for row in rows:
        table.add_row(*row)
    _screen.print(table)
    _line("[bold]Assumed[/bold]")
    _notes(imported.notes, ("warning", "alert"))
    _line("[bold]Set apart[/bold]")
    _notes(imported.notes, ("info",))
    if imported.adjustments.height:
        counts = imported.adjustments.group_by("kind", maintain_order=True).agg(pl.len())
        kinds = ", ".join(f"{row['kind']} {row['len']:,}" for row in counts.to_dicts())
        _line(f"[bold]Adjusted[/bold] {imported.adjustments.height:,} cells ({kinds}): {ADJUSTMENTS_FILE}")
    _ready(economy, out, BASE_YEAR_FILE)


def _ready(economy: Economy, folder: Path, beside: str) -> None:
    """Say what lies in the folder, and what to do next."""
    tables = ", ".join(name for name, frame in economy.tables().items() if frame.height)
    _line(f"\n[bold]{escape(str(folder))}[/bold] is ready: {tables}; see also {ASSUMPTIONS_FILE} and {beside} there.")
    _line(f"Next: groundplan run {escape(str(folder))}")


def _largest(values: pl.Series) -> float:
    return float(np.abs(values.to_numpy()).max(initial=0.0))


def _line(text: str) -> None:
    """A line that the terminal wraps, so that paths can be copied whole."""
    _screen.print(text, highlight=False, soft_wrap=True)


def _notes(notes: tuple[Note, ...], severities: tuple[str, ...]) -> None:
    for note in notes:
        if note.severity in severities and note.subject != "gross domestic product":
            _screen.print(f"  - {note.sentence}", highlight=False, markup=False)
