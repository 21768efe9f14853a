"""How often first-order steps certify small economies whose figures lie ten orders of magnitude apart: python benchmarks/small_steps.py [seeds].

Plans of this size are made by vertices; here they are forced to steps, with three priorities drawn. Counted are those that steps do not certify, and those whose plan does not hold
to the last digits when it is worked out again: both go to vertices.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "planning"))

from economies import economy_of, random_rows

from groundplan.planning import levels
from groundplan.planning.plan import plan
from groundplan.tables.economy import Economy


def economy(seed: int) -> Economy:
    """Draw an economy, and the priorities of its goals."""
    rows, horizon = random_rows(seed, investing=False)
    drawn = economy_of(rows, horizon=horizon)
    priority = pl.Series("priority", np.random.default_rng(seed).integers(1, 4, len(drawn.goals)), dtype=drawn.goals.schema["priority"])
    return replace(drawn, goals=drawn.goals.with_columns(priority))


def main() -> None:
    """Plan each economy by steps and count."""
    levels._VERTEX_ROWS = 0
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 60
    ways: dict[str, list[int]] = {"certified by steps, and holds": [], "by vertices": [], "no goals": []}
    for seed in range(count):
        outcome = plan(economy(seed)).outcome
        way = "no goals" if outcome.status == "no_data" else "certified by steps, and holds" if outcome.method.startswith("primal-dual") else "by vertices"
        ways[way].append(seed)
    for way, seeds in ways.items():
        print(f"{way}: {len(seeds)}{f' (seeds {seeds})' if seeds and way != 'certified by steps, and holds' else ''}")


if __name__ == "__main__":
    main()
