"""Whether the intervals of the estimate hold: cover over many seeds of small cases of northland.

    python benchmarks/calibration.py [SEEDS] [FIRST] [CASE]

The seed is the replicate: each figure is the mean over seeds of a share within a seed, with its standard error over seeds. CASE is 1, 2 or 3; all
three without it. 200 seeds take about five minutes a case on one core.
"""

from __future__ import annotations

import sys

import numpy as np

from _scoring import score
from groundplan.estimation.estimate import estimate
from groundplan.simulation.northland import simulate_northland

CASES = ({"enterprises": 120, "months": 24, "visits": 30}, {"enterprises": 200, "months": 12, "visits": 20}, {"enterprises": 100, "months": 36, "visits": 40})
SHOWN = (
    "ratio", "uninspected_90", "inspected_90", "uninspected_50", "inspected_50", "total_90", "totals_90", "totals_50", "capacities_90", "capacities_50",
)  # fmt: skip


def main() -> None:
    """Print one row a measure and one column a case."""
    seeds = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    first = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    cases = CASES[int(sys.argv[3]) - 1 :][:1] if len(sys.argv) > 3 else CASES
    columns = []
    for case in cases:
        scores = []
        for seed in range(first, first + seeds):
            simulated = simulate_northland(seed, **case)
            scores.append(score(simulated, estimate(simulated.economy)))
        columns.append({name: np.array([entry[name] for entry in scores]) for name in SHOWN})
    print("| measure | " + " | ".join(", ".join(f"{value} {name}" for name, value in case.items()) for case in cases) + " |")
    print("|---" * (len(cases) + 1) + "|")
    for name in SHOWN:
        cells = [f"{np.nanmean(column[name]):.3f} ± {np.nanstd(column[name]) / np.sqrt(np.isfinite(column[name]).sum()):.3f}" for column in columns]
        print(f"| {name} | " + " | ".join(cells) + " |")
    print(_totals(columns, seeds))


def _totals(columns: list[dict[str, np.ndarray]], seeds: int) -> str:
    return "One total a seed holds in " + ", ".join(str(int(column["total_90"].sum())) for column in columns) + f" of {seeds} seeds."


if __name__ == "__main__":
    main()
