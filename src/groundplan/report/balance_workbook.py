"""The workbook of material balances: sources on the left, uses on the right, product by product and year by year."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import polars as pl
from xlsxwriter.utility import xl_col_to_name

from groundplan.report.balance_blocks import BALANCES, Block, ProductBlocks, lay_out_blocks
from groundplan.report.content import ReportInput
from groundplan.report.goals import GoalRow
from groundplan.report.names import Names, names_of
from groundplan.report.numbers import MISSING, counted, percent, plain
from groundplan.report.sheets import Sheet
from groundplan.report.sources import day
from groundplan.report.workbook_pages import HEAD_ROW, Formats, formats_of, open_workbook, size_kind, write_sheet
from groundplan.tables.balance_sheet import SOURCES, USES, BalanceSheet, write_label

__all__ = ["OVERVIEW", "write_balances"]

CONTENTS, OVERVIEW = "Contents", "Overview"
_COLUMNS = BalanceSheet.column_names()
_WIDTHS: dict[str, float] = {"measure": 13, "year": 9, "source": 16, "use": 20, "source_share": 9, "use_share": 9}
_NARROWEST, _WIDEST = 22, 48
_FIRST_LINKS = 8
"""Position of the head of the table of contents."""
_MOST_LINKS = 65_000
"""Links that a sheet can hold; xlsxwriter drops those beyond 65,530."""
_OVERVIEW = "One row a product and year: what there is, what becomes of it, and what is lacking to the goal. The figures are those of the run, whatever is changed in the balances."
_BALANCES = "Sources on the left, uses on the right; both sides add up to the same. Totals are sums of the cells above them. Fold and unfold with 1, 2, 3 at the left edge."
_READ_BACK = "'groundplan import balances' reads a workbook of this form back as an economy: its documentation tells which cells it reads."


def write_balances(shown: ReportInput, balances: pl.DataFrame, path: Path) -> None:
    """Write the workbook, whole or not at all: contents with links, an overview, and the balances on one long sheet that can be folded.

    Args:
        shown: the run; goals and gaps come from its results, names and measures from its economy.
        balances: table `material_balances`, of all products or of some.
        path: the file to write.

    Raises:
        FolderError: the file cannot be written.
    """
    # Products that the economy no longer has stand last.
    order = {product: place for place, product in enumerate(shown.economy.products["product"])}
    products = sorted(balances["product"].unique(), key=lambda product: (order.get(product, len(order)), product))
    placed = lay_out_blocks(balances, products)
    names = names_of(shown.economy)
    book_of = _Shown(shown, names, _gap_words(shown, names, products))
    with open_workbook(shown, path) as book:
        formats = formats_of(book)
        _write_contents(book, book_of, placed, formats)
        write_sheet(book, _overview(shown, products), formats)
        look = _look(book, formats)
        for sheet, group in groupby(placed, key=lambda blocks: blocks.sheet):
            _write_blocks(book.add_worksheet(sheet), book_of, list(group), look)


@dataclass(frozen=True, slots=True)
class _Shown:
    """What the pages show beside the balances; `gaps` says by product and period how far the goal is met."""

    run: ReportInput
    names: Names
    gaps: Mapping[tuple[str, str], tuple[str, str]]

    def title(self, product: str) -> str:
        return f"{self.names.product_both(product)}, {self.names.measure(product)}"

    def label(self, product: str) -> str:
        return write_label(product, self.names.product(product))


def _gap_words(shown: ReportInput, names: Names, products: Sequence[str]) -> dict[tuple[str, str], tuple[str, str]]:
    """Say of each goal how it is met: in the contents, and at the head of its balance."""
    words = {}
    for row in shown.table("gaps").filter(pl.col("product").is_in(products)).iter_rows(named=True):
        share, measure, goal = row["shortfall_share"], names.measure(row["product"]), plain(row["goal"], 4)
        is_missed = share > GoalRow.TOLERANCE
        head = f"goal {goal} {measure}, short by {plain(row['shortfall'])} ({percent(share)})" if is_missed else f"goal {goal} {measure}, met"
        words[row["product"], row["period"]] = (f"short {percent(share)}" if is_missed else "met", head)
    return words


def _write_contents(book: Any, shown: _Shown, placed: Sequence[ProductBlocks], formats: Formats) -> None:
    run, page = shown.run, book.add_worksheet(CONTENTS)
    settings = run.economy.settings
    periods = sorted({block.period for product in placed for block in product.blocks})
    link = book.add_format({"font_name": "Calibri", "font_size": 11, "font_color": "#12579b", "underline": 1, "indent": 1})
    page.hide_gridlines(2)
    page.set_column(0, 0, 34)
    page.set_column(1, 2, 14)
    page.set_column(3, 2 + len(periods), 16)
    page.set_row(0, 26)
    page.write_string(0, 0, f"{settings.name}: material balances", formats.title)
    page.write_string(1, 0, f"Run {run.run_id}, {day(run)}, groundplan {run.version}" + (f"; source: {settings.source}" if settings.source else ""), formats.muted)
    simulated = "Simulated economy: every figure is made up. " if settings.simulated else ""
    page.write_string(2, 0, simulated + settings.note, formats.warning if settings.simulated else formats.muted)
    changed = next((fault.found for fault in run.faults if fault.rule == "changed_since_run"), "")
    page.write_string(3, 0, f"Names and measures come from {changed}." if changed else "", formats.warning)
    page.write_url(4, 0, f"internal:'{OVERVIEW}'!A1", link, OVERVIEW)
    page.write_string(4, 1, _OVERVIEW, formats.muted)
    page.write_url(5, 0, f"internal:'{BALANCES}'!A1", link, BALANCES)
    page.write_string(5, 1, _BALANCES, formats.muted)
    page.write_string(6, 1, _READ_BACK, formats.muted)
    page.write_string(7, 0, f"{counted(len(placed), 'product')}; each year's cell says whether the goal for final use is met, and leads to the balance", formats.muted)
    for position, head in enumerate(("Product", "Measure", "Group", *periods)):
        page.write_string(_FIRST_LINKS, position, head, formats.head)
    groups = dict(run.economy.products.select("product", pl.col("group").fill_null("")).iter_rows())
    are_linked = len(placed) * (len(periods) + 1) <= _MOST_LINKS
    for row, product in enumerate(placed, _FIRST_LINKS + 1):
        page.write_url(row, 0, f"internal:'{product.sheet}'!A{product.row + 1}", link, shown.names.product_both(product.product))
        page.write_string(row, 1, shown.names.measure(product.product), formats.text)
        page.write_string(row, 2, groups.get(product.product, ""), formats.text)
        for block in product.blocks:
            words = shown.gaps.get((product.product, block.period), (MISSING, ""))[0]
            if are_linked:
                page.write_url(row, 3 + periods.index(block.period), f"internal:'{product.sheet}'!A{block.row + 1}", link, words)
            else:
                page.write_string(row, 3 + periods.index(block.period), words, formats.text)
    page.freeze_panes(_FIRST_LINKS + 1, 1)
    page.set_landscape()
    page.fit_to_pages(1, 0)


def _overview(shown: ReportInput, products: Sequence[str]) -> Sheet:
    facts = shown.economy.products.select("product", "name", "name_ko", "measure").filter(pl.col("product").is_in(products))
    wanted = shown.table("gaps").select("product", "period", "goal", pl.col("shortfall").alias("gap"), pl.col("shortfall_share").alias("gap_share"))
    sums = [pl.sum_horizontal(*items).alias(name) for name, items in (("sources", SOURCES), ("uses", USES))]
    frame = facts.join(shown.table("outputs").with_columns(sums), on="product", maintain_order="left").join(wanted, on=["product", "period"], how="left", maintain_order="left")
    frame = frame.select("product", "name", "name_ko", "measure", "period", *SOURCES, "sources", *USES, "uses", "goal", "gap", "gap_share")
    heads = {"period": "Year", "name_ko": "Korean name", "sources": "Sources in all", "uses": "Uses in all", "gap": "Gap to goal", "gap_share": "Gap, share of goal"}
    heads = {name: heads.get(name, {**SOURCES, **USES}.get(name, name.capitalize())) for name in frame.columns}
    notes = {
        "gap": "Goal for final use less what is delivered",
        "goal": "What is wanted for final use; empty where nothing is",
    }
    return Sheet(OVERVIEW, _OVERVIEW, frame, heads, notes, keys=2)


@dataclass(frozen=True, slots=True)
class _Look:
    """How the cells of a balance look; figures by kind, totals with a line above, `edge` where the uses begin."""

    formats: Formats
    product: Any
    year: Any
    short: Any
    edge: Any
    total: Any
    totals: Mapping[str, Any]


def _look(book: Any, formats: Formats) -> _Look:
    base = {"font_name": "Calibri", "font_size": 11, "font_color": "#16212b"}
    line = base | {"bold": True, "top": 1}
    patterns = {kind: cell.num_format for kind, cell in formats.figures.items()}
    return _Look(
        formats,
        product=book.add_format(base | {"bold": True, "font_size": 13, "bottom": 1}),
        year=book.add_format(base | {"bold": True}),
        short=book.add_format(base | {"bold": True, "font_color": "#8a3a00"}),
        edge=book.add_format(base | {"left": 1, "indent": 1}),
        total=book.add_format(line | {"indent": 1}),
        totals={kind: book.add_format(line | {"num_format": pattern}) for kind, pattern in patterns.items()},
    )


def _write_blocks(page: Any, shown: _Shown, products: Sequence[ProductBlocks], look: _Look) -> None:
    formats, last = look.formats, products[-1].blocks[-1]
    widths = _widths(shown, products)
    page.set_row(0, 26)
    page.write_string(0, 0, page.get_name(), formats.title)
    page.write_string(1, 0, _BALANCES, formats.muted)
    page.set_row(HEAD_ROW, 34)
    for position, (name, column) in enumerate(BalanceSheet.columns().items()):
        is_number = column.dtype == pl.Float64
        page.write_string(HEAD_ROW, position, name.replace("_", " ").capitalize(), formats.number_head if is_number else formats.head)
        page.write_comment(HEAD_ROW, position, str(column.description), {"x_scale": 2.0, "font_size": 10})
        page.set_column(position, position, widths.get(name, 15))
    page.outline_settings(True, False, False, False)
    for product in products:
        page.set_row(product.row, 20)
        page.write_string(product.row, 0, shown.title(product.product), look.product)
        for block in product.blocks:
            _write_block(page, shown, product.product, block, look)
    end = last.row + last.length + 1
    page.ignore_errors({"number_stored_as_text": f"A1:L{end + 1}"})
    page.autofilter(HEAD_ROW, 0, end, len(_COLUMNS) - 1)
    page.freeze_panes(HEAD_ROW + 1, 1)
    page.repeat_rows(HEAD_ROW)
    page.set_landscape()
    page.fit_to_pages(1, 0)


def _widths(shown: _Shown, products: Sequence[ProductBlocks]) -> dict[str, float]:
    """Make columns of names as wide as the longest of them, within reason."""
    blocks = [block for product in products for block in product.blocks]
    labels = {
        "product": {shown.label(product.product) for product in products},
        "producer": {write_label(flow["user"], flow["user_name"]) for block in blocks for flow in block.sources},
        "user": {write_label(flow["user"], flow["user_name"]) for block in blocks for flow in block.uses},
    }
    return _WIDTHS | {name: min(max(_NARROWEST, *(len(label) + 3 for label in some)), _WIDEST) for name, some in labels.items()}


def _write_block(page: Any, shown: _Shown, product: str, block: Block, look: _Look) -> None:
    """Write a balance: its head, each row with product, measure and year beside it, so that the sheet can be filtered and read back, and the totals."""
    formats, place = look.formats, {name: position for position, name in enumerate(_COLUMNS)}
    sums = [sum(row["quantity"] for row in side) for side in (block.sources, block.uses)]
    kind = size_kind(max(sums))
    words, head = shown.gaps.get((product, block.period), ("", "no goal of its own"))
    page.set_row(block.row, None, None, {"level": 1})
    page.write_string(block.row, 0, f"{shown.names.product(product)}, {block.period}: {head}", look.short if words.startswith("short") else look.year)
    for number in range(block.length):
        row = block.row + 1 + number
        page.set_row(row, None, None, {"level": 2})
        for name, text in (("product", shown.label(product)), ("measure", shown.names.measure(product)), ("year", block.period)):
            page.write_string(row, place[name], text, formats.muted)
        _write_side(page, row, block.sources, number, (place["source"], SOURCES, formats.text), kind, formats)
        _write_side(page, row, block.uses, number, (place["use"], USES, look.edge), kind, formats)
    end = block.row + 1 + block.length
    page.set_row(end, None, None, {"level": 2})
    for name in ("source", "use"):
        page.write_string(end, place[name], "Total", look.total)
        page.write_blank(end, place[name] + 1, None, look.total)
        column = xl_col_to_name(place[name] + 2)
        page.write_formula(end, place[name] + 2, f"=SUM({column}{block.row + 2}:{column}{end})", look.totals[kind], sums[name == "use"])
        page.write_number(end, place[name] + 3, 1.0, look.totals["share"])
    left, right = (xl_col_to_name(place[name]) for name in ("source_quantity", "use_quantity"))
    page.write_formula(end, place["difference"], f"={left}{end + 1}-{right}{end + 1}", look.totals[kind], sums[0] - sums[1])
    page.set_row(end + 1, None, None, {"level": 1})


def _write_side(page: Any, row: int, side: Sequence[dict[str, Any]], number: int, look: tuple[int, Mapping[str, str], Any], kind: str, formats: Formats) -> None:
    """Write a source or a use with who it is, how much, and its share; an empty cell with the side's edge where there is none left."""
    first, words, text = look
    if number >= len(side):
        page.write_blank(row, first, None, text)
        return
    flow = side[number]
    page.write_string(row, first, words[flow["item"]], text)
    if flow["user"]:
        page.write_string(row, first + 1, write_label(flow["user"], flow["user_name"]), formats.text)
    page.write_number(row, first + 2, flow["quantity"], formats.figures[kind])
    page.write_number(row, first + 3, flow["share"], formats.figures["share"])
