"""How much a plan on a use table rests on the utilisation that was assumed.

    python benchmarks/utilisation.py

Imports the table of examples/united-states (15 sectors, 2019) at several rates of utilisation, with investment as a goal and left to
the plan, and plans each. Shortfall is money of goals that is missed in the last year, over all goals of that year; the busiest
sector is the one that comes nearest to its capacity; investment by the plan is summed over all years.
"""

from __future__ import annotations

import sys
from pathlib import Path

import polars as pl

from groundplan.planning.plan import plan
from groundplan.store.importers.capacity import ASSUMED_UTILISATION
from groundplan.store.importers.use_table import import_use_table
from groundplan.tables.bundles import Plan

EXAMPLE = Path(__file__).parents[1] / "examples" / "united-states"
BASE_RATE = 78.32
"""Per cent: mean of the latest twelve months of the Federal Reserve's series, as in the example."""
SHIFTS = (-5.0, 0.0, 5.0)


def measures(made: Plan, base_output: float) -> tuple[float, str, float, float]:
    """Shortfall in the last year, busiest sector with its load, and investment by the plan over a year's output."""
    last = made.gaps["period"].max()
    gaps = made.gaps.filter(pl.col("period") == last)
    loads = made.activities.filter(~pl.col("recipe").str.starts_with("outside")).group_by("recipe", "period").agg(pl.col("level", "capacity").sum())
    busiest = loads.with_columns(load=pl.col("level") / pl.col("capacity")).sort(pl.col("load").round(6), "recipe", descending=[True, False]).row(0, named=True)
    built = made.outputs["investment"].sum()
    return gaps["shortfall"].sum() / gaps["goal"].sum(), busiest["recipe"], busiest["load"], built / base_output


def main() -> None:
    """Print one row a rate and mode."""
    if not (EXAMPLE / "economy").is_dir():
        sys.exit(f"{EXAMPLE} is not there")
    print("| investment | utilisation, % | goals missed in 2024, % | busiest sector, load in % | built by the plan, % of a year's output |")
    print("|---|---|---|---|---|")
    for investment in ("goal", "planned"):
        for shift in SHIFTS:
            rate = BASE_RATE + shift
            imported = import_use_table(
                EXAMPLE / "economy" / "import_use_table.csv",
                utilisation_shift=rate - 100 * ASSUMED_UTILISATION,
                labour_growth=0.004,
                productivity_growth=0.011,
                investment=investment,
            )
            missed, sector, load, built = measures(plan(imported.economy), imported.base_year["output"].sum())
            name = imported.economy.products.filter(pl.col("product") == sector)["name"][0]
            print(f"| {investment} | {rate:.1f} | {100 * missed:.2f} | {name} {100 * load:.0f} | {100 * built:.1f} |")


if __name__ == "__main__":
    main()
