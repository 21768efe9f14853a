"""Rules on products that are balanced by region: where they are made and wanted, and what moves them."""

from __future__ import annotations

import polars as pl

from groundplan.errors import Fault
from groundplan.tables.facts import ALL_REGIONS
from groundplan.tables.faulty import Frames, did_you_mean, row_faults

__all__ = ["check_regions"]

_FIGURES = (
    ("goals", "quantity", "final_use"),
    ("trade", "import_limit", "imports"),
    ("trade", "export_limit", "exports"),
    ("stocks", "opening", "stocks"),
    ("stocks", "floor", "stocks"),
)
"""Figures of the country, and the column of `markets` that shares them out."""


def check_regions(frames: Frames) -> list[Fault]:
    """Check the tables `transfers` and `markets`, against each other and against what is to be shared out."""
    if frames["transfers"].is_empty() and frames["markets"].is_empty():
        return []
    return [*_roads(frames), *_regions(frames), *_places_of_lines(frames), *_weights(frames)]


def _roads(frames: Frames) -> list[Fault]:
    transfers = frames["transfers"]
    shown = transfers.select(pl.struct("product", "from", "to")).to_series()
    faults = row_faults(
        "transfers", "from, to", "nowhere", transfers["from"] == transfers["to"], found=shown, expected="two regions", remedy="Mend one of the two, or take it out."
    )
    half = transfers["item"].is_not_null() != transfers["amount"].is_not_null()
    shown = transfers.select(pl.struct("product", "from", "to", "item", "amount")).to_series()
    expected = "an item and its amount per unit moved, or neither"
    return faults + row_faults("transfers", "item, amount", "half_stated", half, found=shown, expected=expected, remedy="Fill in the other of the two, or empty both.")


def _regions(frames: Frames) -> list[Fault]:
    """A region that nobody knows is a slip of the pen: nothing would be made, used or wanted there."""
    of_units, wanted = (frames[table]["region"].drop_nulls().unique() for table in ("units", "markets"))
    faults: list[Fault] = []
    for table, name in (("transfers", "from"), ("transfers", "to"), ("markets", "region")):
        values = frames[table][name]
        everywhere = values == ALL_REGIONS
        remedy = f"Name one region; '{ALL_REGIONS}' is the whole country, and a product that is one pool needs no row."
        faults += row_faults(table, name, "not_one_region", everywhere, found=values, expected="one region", remedy=remedy)
        if "units" in frames.unread:
            continue
        known = of_units if table == "markets" else pl.concat([of_units, wanted]).unique()
        bad = values.is_not_null() & ~everywhere & ~values.is_in(known.implode())
        hint = did_you_mean(values.filter(bad.fill_null(value=False)).unique(maintain_order=True).to_list(), of_units.to_list())
        remedy = f"{hint}Mend it; or, where people live there and nothing is made, {'leave it' if table == 'markets' else 'give it a row in markets'}."
        severity = "warning" if table == "markets" else "fault"
        faults += row_faults(table, name, "unknown_region", bad, found=values, expected="a region in which some unit lies", remedy=remedy, severity=severity)
    return faults


def _places_of_lines(frames: Frames) -> list[Fault]:
    """Whoever makes or uses a product that is balanced by region must lie in one."""
    units = frames["units"]
    recipes = frames["recipes"].filter(pl.col("item").is_in(_regional(frames).implode()))["recipe"].drop_nulls().unique()
    running = frames["lines"].filter(pl.col("recipe").is_in(recipes.implode()))["unit"].drop_nulls().unique()
    # An authority runs no lines, which is told elsewhere.
    bad = units["region"].is_null() & (units["kind"].cast(pl.String) != "authority") & units["unit"].is_in(running.implode())
    expected = "a region for each unit that makes or uses a product of transfers or markets"
    return row_faults("units", "region", "no_region", bad, found=units["unit"], expected=expected, remedy="Say in which region the unit lies.")


def _weights(frames: Frames) -> list[Fault]:
    """Figures of the country for a product with several markets must be shared out by somebody who knows."""
    markets, regional = frames["markets"], _regional(frames)
    sums = markets.group_by("product").agg(pl.col("final_use", "imports", "exports", "stocks").fill_null(0.0).sum())
    faults: list[Fault] = []
    for table, figure, weight in _FIGURES:
        if table in frames.unread or "markets" in frames.unread:
            continue
        frame = frames[table].select("product", pl.col(figure).alias("figure")).join(sums, on="product", how="left", maintain_order="left")
        shared = (frame[weight].fill_null(0.0) > 0) | (frame["final_use"].fill_null(0.0) > 0)
        bad = (frame["figure"] > 0) & frame["product"].is_in(regional.implode()) & ~shared
        remedy = f"Add rows to markets: product, region and its {weight} (a weight beside the other regions: people, shares, tonnes)."
        expected = f"weights in markets by which {figure} is shared out among the product's regions"
        faults += row_faults(table, "product", "not_shared_out", bad, found=frame["product"], expected=expected, remedy=remedy)
    return faults


def _regional(frames: Frames) -> pl.Series:
    return pl.concat([frames["transfers"]["product"], frames["markets"]["product"]]).drop_nulls().unique()
