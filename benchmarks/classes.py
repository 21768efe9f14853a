"""A plan in classes of efficiency against the same plan with all lines told apart, one after the other in one run: python benchmarks/classes.py [case ...].

A case is as in benchmarks/plan.py: 200x50@0.84 is 200 products of 50 lines each, of which 84 % of the capacity is there. Each is planned with all goals in one priority, where the
optimum is one number, and with the three of the economy, where later ones hang on the last digits of the first.
"""

from __future__ import annotations

import sys
import time
from dataclasses import replace

import polars as pl

from groundplan.planning import classes
from groundplan.planning.plan import plan
from groundplan.planning.verify import verify_plan
from groundplan.tables.bundles import Plan
from groundplan.tables.economy import Economy
from plan import economy_of_case

CASES = ("200x50@0.84",)


def timed(economy: Economy, most_pools: int) -> tuple[Plan, float]:
    """Plan an economy in which so many pools may be told apart."""
    classes._MOST_POOLS = most_pools
    start = time.perf_counter()
    return plan(economy), time.perf_counter() - start


def losses(found: Plan) -> list[float]:
    """Sum what each priority misses, by weight and share."""
    by_priority = found.gaps.group_by("priority").agg((pl.col("weight") * pl.col("shortfall_share")).sum().alias("missed")).sort("priority")
    return by_priority["missed"].to_list()


def measure(case: str) -> None:
    """Print a row for each way of planning a case."""
    economy = economy_of_case(case)
    single = replace(economy, goals=economy.goals.with_columns(pl.lit(1).cast(economy.goals.schema["priority"]).alias("priority")))
    weights = float(economy.goals["weight"].sum())
    for name, one in (("one priority", single), ("three priorities", economy)):
        results = {}
        for way, most in (("classes", 5_000), ("lines apart", 10**9)):
            found, seconds = timed(one, most)
            results[way] = found
            pools, broken, missed = found.activities["pool"].n_unique(), len(verify_plan(one, found)), ", ".join(f"{loss:.6g}" for loss in losses(found))
            print(f"| {case}, {name} | {way} | {pools:,} | {seconds:.1f} | {found.objective:.9g} | {found.gap:.1e} | {missed} | {broken} |", flush=True)
        off = (results["classes"].objective - results["lines apart"].objective) / weights
        print(f"| | difference, share of the weights | | | {off:.1e} | | | |", flush=True)


def main() -> None:
    """Measure each case."""
    heads = ("case", "way", "pools", "seconds", "objective", "proven gap", "missed by priority", "violations")
    print(f"| {' | '.join(heads)} |\n|{'---|' * len(heads)}", flush=True)
    for case in sys.argv[1:] or CASES:
        measure(case)


if __name__ == "__main__":
    main()
