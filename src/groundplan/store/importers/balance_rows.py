"""Material balances read from a workbook: every source and use a row, with all that is wrong found together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import fastexcel
import numpy as np
import polars as pl

from groundplan.errors import Fault
from groundplan.period import is_period
from groundplan.store.cells import read_column
from groundplan.store.fitting import renumbered
from groundplan.store.workbook_errors import error_cells
from groundplan.tables.balance_sheet import SOURCES, USES, BalanceSheet, read_label
from groundplan.tables.faulty import SHOWN_ROWS, did_you_mean, row_faults
from groundplan.tables.rules_columns import LARGEST_AMOUNT

__all__ = ["HEADS", "numbered_faults", "read_balance_rows"]

HEADS: Mapping[str, str] = {name: name.replace("_", " ").capitalize() for name in BalanceSheet.column_names()}
"""Column of the sheet -> its head."""

_SIDES = (("source", "producer", "source_quantity", SOURCES), ("use", "user", "use_quantity", USES))
_NEEDED = ("product", "measure", "year", "source", "source_quantity", "use", "user", "use_quantity")
_TEXTS = ("product", "product_name", "measure", "period", "side", "item", "user", "user_name")
_DEEPEST_HEAD = 30
"""Rows from the top among which the heads are looked for."""


@dataclass(frozen=True, slots=True, eq=False)
class _Sheet:
    """A sheet below its heads: text and numbers by column, and the number of each row."""

    name: str
    table: str
    text: pl.DataFrame
    numbers: pl.DataFrame
    rows: pl.Series


def read_balance_rows(path: Path) -> tuple[pl.DataFrame, list[Fault]]:
    """Read every sheet of a workbook that has the heads of balances; other sheets are passed over.

    Heads may stand in any of the first rows. Cells of product, measure and year that are empty take what stands above them. A row whose source or use
    is called a total is not read, nor is one with neither.

    Args:
        path: the workbook (.xlsx).

    Returns:
        One row a source or use: sheet, row, product, product_name, measure, period, side, item, user, user_name, quantity (null where the cell is empty)
        and `unread` (item or quantity could not be read); texts are null where a fault says why. And the faults.
    """
    sheets, faults = _sheets(path)
    frames = [pl.DataFrame(schema={"sheet": pl.String, "row": pl.Int64, **dict.fromkeys(_TEXTS, pl.String), "quantity": pl.Float64, "unread": pl.Boolean})]
    for sheet in sheets:
        frame, more = _rows_of(sheet)
        frames.append(frame)
        faults += [*more, *_error_faults(path, sheet)]
    return pl.concat(frames), faults


def numbered_faults(frame: pl.DataFrame, column: str, rule: str, bad: pl.Series, *, source: str, found: str | pl.Series, expected: str, remedy: str) -> list[Fault]:
    """Make a fault of all rows that break a rule, one a sheet, numbered as in the sheet; see `groundplan.tables.faulty.row_faults`."""
    faults = []
    # A row of the sheet holds a source and a use, and is named once.
    first = frame.with_row_index("place").filter(bad.fill_null(value=False)).unique(["sheet", "row"], keep="first", maintain_order=True)
    for sheet in first["sheet"].unique(maintain_order=True):
        here = pl.Series(range(len(frame))).is_in(first.filter(pl.col("sheet") == sheet)["place"].implode())
        faults += renumbered(row_faults(f"{source}, sheet {sheet}", column, rule, here, found=found, expected=expected, remedy=remedy), frame["row"])
    return faults


def _sheets(path: Path) -> tuple[list[_Sheet], list[Fault]]:
    if not path.is_file():
        found = "a folder" if path.is_dir() else "no such file"
        return [], [Fault(path.name, "", "unreadable_file", 1, (), found, "a workbook (.xlsx)", "Name another file.")]
    sheets, faults = [], []
    try:
        reader = fastexcel.read_excel(path)
        for name in reader.sheet_names:
            sheet, more = _sheet(path, reader, name)
            faults += more
            sheets += [sheet] if sheet is not None else []
    except (fastexcel.FastExcelError, OSError, ValueError, pl.exceptions.PolarsError) as error:
        sentence = str(error).splitlines()[0] if str(error) else type(error).__name__
        return [], [Fault(path.name, "", "unreadable_file", 1, (), sentence, "a workbook (.xlsx) without a password", "Open it in a spreadsheet and save it again as .xlsx.")]
    if not sheets and not faults:
        found = f"the sheets {', '.join(map(repr, reader.sheet_names))}"
        expected = f"a sheet with the heads {', '.join(HEADS[name] for name in _NEEDED)}"
        faults = [Fault(path.name, "", "no_balances", 1, (), found, expected, "'groundplan balances' writes such a workbook; see the how-to on material balances.")]
    return sheets, faults


def _sheet(path: Path, reader: fastexcel.ExcelReader, name: str) -> tuple[_Sheet | None, list[Fault]]:
    """Read a sheet below its heads; None where it has none."""
    text = reader.load_sheet(name, header_row=None, skip_rows=0, dtypes="string").to_polars()
    at, heads = _find_heads(text)
    if heads is None:
        return None, []
    table = f"{path.name}, sheet {name}"
    missing = [column for column in _NEEDED if column not in heads]
    twice = [column for column in HEADS if heads.count(column) > 1]
    faults = [Fault(table, HEADS[column], "missing_column", 0, (), "no such head", f"a head '{HEADS[column]}'", f"Add it to row {at + 1}.") for column in missing]
    faults += [Fault(table, HEADS[column], "duplicate_column", 0, (), "the head twice", "each head once", f"Take one out of row {at + 1}.") for column in twice]
    if faults:
        return None, faults
    numbers = reader.load_sheet(name, header_row=None, skip_rows=0, dtypes="float").to_polars()
    if numbers.shape != text.shape:
        raise ValueError(f"the sheet {name} is read as {text.shape} cells and as {numbers.shape}")
    columns = {column: (text.columns[heads.index(column)] if column in heads else None) for column in HEADS}

    def taken(frame: pl.DataFrame, dtype: type[pl.DataType]) -> pl.DataFrame:
        chosen = [(pl.lit(None, dtype=dtype) if label is None else pl.col(label)).alias(column) for column, label in columns.items()]
        return frame.slice(at + 1).select(chosen)

    return _Sheet(name, table, taken(text, pl.String), taken(numbers, pl.Float64), pl.Series("row", np.arange(at + 2, len(text) + 1))), []


def _find_heads(text: pl.DataFrame) -> tuple[int, list[str] | None]:
    for at, row in enumerate(text.head(_DEEPEST_HEAD).iter_rows()):
        heads = ["_".join((cell or "").lower().split()) for cell in row]
        if "product" in heads and {"source", "use"} & set(heads):
            return at, ["year" if head == "period" else head for head in heads]
    return 0, None


def _rows_of(sheet: _Sheet) -> tuple[pl.DataFrame, list[Fault]]:
    """Take a sheet's sources and uses apart."""
    text = sheet.text.with_columns(pl.all().str.strip_chars().replace("", None))
    held = [text.select(_holds(name, quantity)).to_series() for name, _, quantity, _ in _SIDES]
    # Heads of balances say what follows, and belong to none.
    either = held[0] | held[1]
    named = text.select(pl.when(either).then(pl.col("product", "measure", "year"))).with_columns(pl.col("product", "year").forward_fill())
    period, faults = _periods(sheet, named.filter(either))
    named = named.with_columns(pl.Series("period", [None] * len(named), dtype=pl.String).scatter(either.arg_true(), period))
    faults = renumbered(faults, sheet.rows.filter(either))
    frames = []
    for here, (name, party, quantity, words) in zip(held, _SIDES, strict=True):
        part = pl.concat([named, text.select(pl.col(name).alias("word"), pl.col(party).alias("party"), pl.col(quantity).alias("quantity"))], how="horizontal").filter(here)
        rows, numbers = sheet.rows.filter(here), sheet.numbers[quantity].filter(here)
        frame, found = _side(sheet, part, numbers, (name, quantity), words)
        frames.append(frame.insert_column(0, pl.Series("sheet", [sheet.name] * len(rows), dtype=pl.String)).insert_column(1, rows.cast(pl.Int64)))
        faults += renumbered(found, rows)
    return pl.concat(frames).sort("row", maintain_order=True), faults


def _holds(name: str, quantity: str) -> pl.Expr:
    """Say whether a row names an item or a quantity on this side, and is no total."""
    total = pl.col(name).str.to_lowercase().str.starts_with("total").fill_null(value=False)
    return (pl.col(name).is_not_null() | pl.col(quantity).is_not_null()) & ~total


def _periods(sheet: _Sheet, named: pl.DataFrame) -> tuple[pl.Series, list[Fault]]:
    """Read the periods; null where there is none that can be read. Faults count rows from 2."""
    faults = []
    for column in ("product", "year"):
        bad = named[column].is_null()
        faults += row_faults(sheet.table, HEADS[column], "missing_value", bad, found="empty cells, and none above", expected=f"a {column}", remedy="Fill it in.")
    period = named["year"].str.replace(r"^(\d{4})\.0+$", "$1")
    strange = period.is_in([text for text in period.drop_nulls().unique() if not is_period(text)])
    expected, remedy = "a year such as 2021, or 2021-Q3, 2021-08", "Write it so; format the column as text where a spreadsheet makes it a date."
    faults += row_faults(sheet.table, HEADS["year"], "period", strange, found=period, expected=expected, remedy=remedy)
    return period.set(strange.fill_null(value=False), None), faults


def _side(sheet: _Sheet, part: pl.DataFrame, numbers: pl.Series, columns: tuple[str, str], words: Mapping[str, str]) -> tuple[pl.DataFrame, list[Fault]]:
    """Read the rows of one side; faults count rows from 2."""
    name, quantity = columns
    read = read_column(sheet.table, BalanceSheet.columns()[quantity], part["quantity"], numbers)
    faults = [replace(fault, column=HEADS[quantity]) for fault in read.faults]

    def refuse(column: str, rule: str, bad: pl.Series, found: str | pl.Series, expected: str, remedy: str) -> None:
        faults.extend(row_faults(sheet.table, HEADS[column], rule, bad, found=found, expected=expected, remedy=remedy))

    known = {word.lower(): item for item, word in words.items()} | {item: item for item in words}
    item = part["word"].str.to_lowercase().replace_strict(known, default=None, return_dtype=pl.String)
    strange = item.is_null() & part["word"].is_not_null()
    expected = f"one of {', '.join(words.values())}"
    hint = did_you_mean(part["word"].filter(strange).unique(maintain_order=True).to_list(), list(words.values()))
    beyond = (read.values < 0) | (read.values > LARGEST_AMOUNT)
    refuse(name, "missing_value", part["word"].is_null(), "empty cells beside a quantity", expected, "Name them, or take the quantity out.")
    refuse(name, "unknown_choice", strange, part["word"], expected, f"{hint}Write one of these words.")
    refuse(quantity, "negative_amount", read.values < 0, read.values, "a quantity of 0 or more", "Put it on the other side.")
    refuse(quantity, "absurdly_large", read.values > LARGEST_AMOUNT, read.values, f"at most {LARGEST_AMOUNT:g}", "Mend the figure, or take a larger unit of measure.")
    product, user = (_labels(part[column]) for column in ("product", "party"))
    texts = {"product": product[0], "product_name": product[1], "measure": part["measure"], "period": part["period"], "item": item, "user": user[0], "user_name": user[1]}
    frame = pl.DataFrame(texts | {"quantity": read.values, "unread": read.broken | item.is_null() | beyond.fill_null(value=False)})
    return frame.with_columns(pl.lit(name).alias("side"), pl.col("user", "user_name").fill_null("")).select(*_TEXTS, "quantity", "unread"), faults


def _labels(cells: pl.Series) -> tuple[pl.Series, pl.Series]:
    """Read ids and names, each cell that stands there more than once only once."""
    read = {cell: read_label(cell) for cell in cells.drop_nulls().unique()}
    ids, names = (cells.replace_strict({cell: both[place] for cell, both in read.items()}, default=None, return_dtype=pl.String) for place in (0, 1))
    return ids, names


def _error_faults(path: Path, sheet: _Sheet) -> list[Fault]:
    """Name cells such as #DIV/0!, which are read as empty."""
    cells = error_cells(path, sheet.name)
    if not cells:
        return []
    rows = tuple(dict.fromkeys(row for _, row, _ in cells))[:SHOWN_ROWS]
    found = ", ".join(f"{word} in {letters}{row}" for letters, row, word in cells[:3])
    return [Fault(sheet.table, "", "error_cell", len(cells), rows, found, "values", "Mend the formulas, or write values.")]
