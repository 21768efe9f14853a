"""What must hold of given material balances before an economy can be made of them."""

from __future__ import annotations

import polars as pl

from groundplan.errors import Fault
from groundplan.store.importers.balance_rows import HEADS, numbered_faults
from groundplan.tables.balance_sheet import read_label
from groundplan.tables.faulty import did_you_mean

__all__ = ["balance_faults", "choose_period", "with_known_users"]

_EXACT = 1e-9
"""Share of the flow up to which two sides are the same."""


def choose_period(rows: pl.DataFrame, year: str | None, source: str) -> tuple[str | None, list[Fault]]:
    """Find the period whose balances are meant: the one that is asked for, or the only one."""
    known = sorted(rows["period"].drop_nulls().unique())
    if year is None and len(known) > 1:
        return None, [Fault(source, "Year", "several_years", 0, (), f"balances of {', '.join(known)}", "one year", "Choose one of them with --year (option year).")]
    if year is not None and year not in known:
        found = f"balances of {', '.join(known)}" if known else "no balances"
        return None, [Fault(source, "Year", "unknown_year", 0, (), found, f"balances of {year}", "Ask for one of the years that are there.")]
    return year or (known[0] if known else None), []


def with_known_users(rows: pl.DataFrame) -> pl.DataFrame:
    """Name who makes and who uses: production without a producer is by the recipe that is called like its product.

    A user that is no producer, but is called like one whose id is another word, is that one; a name that two producers share stands for neither.
    """
    is_made = pl.col("item") == "production"
    own = {"user": pl.col("product"), "user_name": pl.col("product_name")}
    rows = rows.with_columns(pl.when(is_made & (pl.col("user") == "")).then(expression).otherwise(pl.col(name)).alias(name) for name, expression in own.items())
    makers = rows.filter(is_made).select("user", pl.col("user_name").map_elements(lambda name: read_label(name)[0], return_dtype=pl.String).alias("alias")).unique()
    named = makers.filter(~pl.col("alias").is_in(makers["user"].implode()) & pl.col("alias").is_unique())
    return rows.with_columns(pl.when(pl.col("item") == "intermediate").then(pl.col("user").replace(named["alias"], named["user"])).otherwise(pl.col("user")).alias("user"))


def balance_faults(rows: pl.DataFrame, source: str) -> list[Fault]:
    """Find all that is wrong with the balances of one period.

    Args:
        rows: rows of `read_balance_rows` of one period whose quantity is above zero or could not be read, with known users.
        source: name of the file.
    """
    rows = rows.filter(pl.col("product").is_not_null())

    def refuse(column: str, rule: str, bad: pl.Series, found: str | pl.Series, expected: str, remedy: str) -> list[Fault]:
        return numbered_faults(rows, column, rule, bad, source=source, found=found, expected=expected, remedy=remedy)

    made, used = rows.filter(pl.col("item") == "production"), rows["item"] == "intermediate"
    unknown = used & (rows["user"] != "") & ~rows["user"].is_in(made["user"].implode())
    hint = did_you_mean(rows["user_name"].filter(unknown.fill_null(value=False)).unique(maintain_order=True).to_list(), made["user_name"].unique(maintain_order=True).to_list())
    keys = rows.select(pl.struct("product", "side", "item", "user")).to_series()
    measures = rows.select(pl.col("measure").drop_nulls().n_unique().over("product")).to_series()
    told = rows.select(pl.struct("product_name", "measure")).to_series()
    measure, user, item = HEADS["measure"], HEADS["user"], f"{HEADS['source']}, {HEADS['use']}"
    producer = "a producer of some product: a row of Production with a quantity above 0"
    return [
        *refuse(measure, "missing_value", measures == 0, rows["product_name"], "a unit of measure of each product: t, MWh, piece ...", "Write it beside the product."),
        *refuse(measure, "two_measures", measures > 1, told, "one unit of measure a product", "Convert the quantities to one of them."),
        *refuse(user, "missing_value", used & (rows["user"] == ""), "empty cells", producer, "Name who uses it up, or make it a final use."),
        *refuse(user, "unknown_user", unknown, rows["user_name"], producer, f"{hint}Name a producer, or make it a final use."),
        *refuse(item, "duplicate_row", keys.is_duplicated() & rows["item"].is_not_null(), keys, "one row for each item and user of a product", "Add the quantities up in one row."),
        *_sides(rows, source),
        *_losses(rows, source),
    ]


def _sides(rows: pl.DataFrame, source: str) -> list[Fault]:
    """Sources and uses of each product must be equal; a fault names the first of its rows."""
    # Where a row could not be read, its fault is told, and nothing follows from the rest.
    rows = rows.filter(~pl.col("unread").any().over("product"))
    of_side = {side: pl.col("quantity").filter(pl.col("side") == side).sum().alias(side) for side in ("source", "use")}
    sums = rows.group_by("product", maintain_order=True).agg(pl.col("product_name", "sheet", "row").first(), *of_side.values())
    off = sums.filter((pl.col("source") - pl.col("use")).abs() > _EXACT * pl.max_horizontal("source", "use"))
    faults = []
    for sheet in off["sheet"].unique(maintain_order=True):
        here = off.filter(pl.col("sheet") == sheet)
        shown = ", ".join(f"{row['product_name']}: sources {row['source']:,.10g}, uses {row['use']:,.10g}" for row in here.head(3).to_dicts())
        more = f" and {len(here) - 3} more" if len(here) > 3 else ""
        column, expected = f"{HEADS['source_quantity']}, {HEADS['use_quantity']}", "sources that equal uses, to a billionth of the flow"
        remedy = "Mend the figure that is wrong; what nobody uses is Unused, and what is rounded can go there too."
        faults.append(Fault(f"{source}, sheet {sheet}", column, "sides_differ", len(here), tuple(here["row"].head(5)), shown + more, expected, remedy))
    return faults


def _losses(rows: pl.DataFrame, source: str) -> list[Fault]:
    """What is lost is a share of the stock at the start, so it cannot be more than that."""
    opening = pl.col("quantity").filter(pl.col("item") == "opening_stock").sum().over("product")
    bad = rows.select((pl.col("item") == "losses") & (pl.col("quantity") > opening) & ~pl.col("unread").any().over("product")).to_series()
    expected, remedy = "losses no larger than the opening stock", "What is lost on the way or spoilt in use belongs to Used in production, or to Unused."
    return numbered_faults(rows, HEADS["use"], "losses_beyond_stock", bad, source=source, found=rows["product_name"], expected=expected, remedy=remedy)
