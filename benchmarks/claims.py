"""Whether claims of people on the ground help, and whether intervals still hold: `python benchmarks/claims.py SEEDS`.

Each seed is a country of 150 enterprises over 24 months with 20 visits. Two of five units have claims, half of them B2 with a bias of -8 % and an error of 18 %, half D4
with 15 % and 50 %. Figures are of the uninspected.
"""

from __future__ import annotations

import sys
from dataclasses import replace

import numpy as np
import polars as pl

from groundplan.estimation.estimate import estimate
from groundplan.simulation.claims import simulate_claims
from groundplan.simulation.northland import Simulated, simulate_northland
from groundplan.tables.economy import Economy

GRADES = {"B2": (-0.08, 0.18), "D4": (0.15, 0.5)}


def main() -> None:
    """Print mean log RMSE and cover over the seeds, with and without claims and proxies."""
    seeds = int(sys.argv[1]) if len(sys.argv) > 1 else 6
    found: dict[str, list[tuple[float, float]]] = {}
    for seed in range(seeds):
        simulated = simulate_northland(50 + seed, enterprises=150, months=24, visits=20)
        with_claims = replace(simulated.economy, claims=simulate_claims(simulated, seed, grades=GRADES))
        for proxies in (True, False):
            for name, economy in (("without claims", simulated.economy), ("with claims", with_claims)):
                used = economy if proxies else replace(economy, proxies=economy.proxies.clear())
                found.setdefault(f"{name}, {'with' if proxies else 'without'} proxies", []).append(_figures(used, simulated))
    print(f"| {seeds} seeds | log RMSE | cover of 90 % |\n|---|---|---|")
    for name, figures in found.items():
        rmse, cover = np.mean(figures, axis=0)
        print(f"| {name} | {rmse:.3f} | {cover:.3f} |")


def _figures(economy: Economy, simulated: Simulated) -> tuple[float, float]:
    rows = estimate(economy).estimates.join(simulated.truth["outputs"].rename({"quantity": "truth"}), on=["unit", "product", "period"])
    rows = rows.filter((pl.col("truth") > 0) & (pl.col("reported") > 0) & ~pl.col("inspected"))
    rmse = rows.select((pl.col("median") / pl.col("truth")).log().pow(2).mean()).item() ** 0.5
    return rmse, rows.select(pl.col("truth").is_between("lower_90", "upper_90").mean()).item()


if __name__ == "__main__":
    main()
