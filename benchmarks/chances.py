"""Chances of deliveries as the plan tells them, beside those of perfect foresight, and what they take: python benchmarks/chances.py [draws [case ...]].

A case is northland, or a number of products of a random economy (`benchmarks/plan.py`), whose lines err by 10 % of their own and 5 % that all share, on logs. Perfect
foresight solves the whole programme again for each draw; it is left out above 200 products. Draws 0: as many as the plan takes, without perfect foresight.
"""

from __future__ import annotations

import subprocess
import sys
import time

import numpy as np
import polars as pl

from _perfect_recourse import all_in_full, perfectly_in_full, planned
from groundplan.estimation.estimate import estimate
from groundplan.planning.delivery_chances import delivery_chances
from groundplan.planning.draws import draw_pools
from groundplan.planning.plan import plan
from groundplan.planning.recourse import deliveries_of
from groundplan.simulation.northland import simulate_northland
from groundplan.tables.economy import Economy
from plan import random_economy

CASES = ("northland", "60", "100", "200", "500")
_FORESEEN = 200
_OWN, _SHARED = 0.1, 0.05


def case_of(name: str) -> tuple[Economy, pl.DataFrame, pl.DataFrame]:
    """Give the economy of a case with its capacities and their shared errors."""
    if name == "northland":
        economy = simulate_northland(1).economy
        estimated = estimate(economy)
        return economy, estimated.capacities, estimated.capacity_factors
    economy = random_economy(int(name))
    lines = economy.lines.sort("line").select("line", pl.col("capacity").alias("median"))
    capacities = lines.with_columns(pl.lit((_OWN**2 + _SHARED**2) ** 0.5).alias("log_sd"), pl.lit(_OWN).alias("own_log_sd"))
    return economy, capacities, lines.select("line", pl.lit("all").alias("factor"), pl.lit(_SHARED).alias("loading"))


def measure(name: str, draws: int) -> None:
    """Print a row of the table."""
    economy, capacities, factors = case_of(name)
    start = time.perf_counter()
    plan(economy, capacities=capacities, capacity_factors=factors, draws=0)
    alone = time.perf_counter() - start
    inputs, layout, levels, lines = planned(economy, capacities, factors)
    start, worked = time.perf_counter(), time.process_time()
    told = delivery_chances(economy, inputs, levels, lines)
    seconds, worked = time.perf_counter() - start, time.process_time() - worked
    taken = int(told.joint["draws"][0])
    by_goal = float(np.mean(told.chances["chance"].to_numpy()))
    whole = told.joint.filter(pl.col("what") == "deliveries").sort("priority", "period").row(-1, named=True)
    cells = [name, f"{len(inputs.products)}", f"{alone:.1f}", f"{seconds:.1f}", f"{worked:.1f}", f"{taken}", f"{by_goal:.0%}", f"{whole['chance']:.0%}"]
    if draws and (name == "northland" or int(name) <= _FORESEEN):
        drawn = draw_pools(inputs, lines, draws=draws, seed=economy.settings.seed)
        ruled = all_in_full(levels, deliveries_of(inputs, levels, drawn))
        built, free = (perfectly_in_full(inputs, layout, levels, drawn, as_built=as_built) for as_built in (True, False))
        cells += [f"{draws}", f"{ruled.mean():.0%}", f"{built.mean():.0%}", f"{free.mean():.0%}", f"{int((ruled & ~free).sum())}"]
    else:
        cells += [""] * 5
    print(f"| {' | '.join(cells)} |", flush=True)


def main() -> None:
    """Measure each case in a process of its own."""
    if len(sys.argv) > 3 and sys.argv[1] == "--one":
        measure(sys.argv[2], int(sys.argv[3]))
        return
    heads = (
        "case", "products", "plan alone, s", "chances, s", "of the processors, s", "draws", "chance of a goal, mean", "of all together", "draws solved again", "the rule in these",
        "foresight, all built", "foresight, less built", "the rule alone",
    )  # fmt: skip
    print(f"| {' | '.join(heads)} |\n|{'---|' * len(heads)}", flush=True)
    draws = sys.argv[1] if len(sys.argv) > 1 else "100"
    for case in sys.argv[2:] or CASES:
        subprocess.run([sys.executable, __file__, "--one", case, draws], check=True)


if __name__ == "__main__":
    main()
