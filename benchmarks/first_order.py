"""Time to a certificate: own first-order steps against HiGHS's HiPDLP followed by the same repair, on one random plan.

    python benchmarks/first_order.py FILE [PRODUCTS ...]

FILE is `plan_lp.py`, whose `economy` and `build` make a five-year plan as a linear programme (12 inputs a product, scale-free). A certificate is a plan whose rows are met
to 1e-11 of what flows through them and whose cost is proven to lie within 1e-4 of the weighted goals of the least. HiPDLP's tolerance is tightened until the repair
certifies; it is given the programme as it is built, which it solves faster than in units of the base year, in which groundplan and the repair work. Each runs in this
process, one after the other, three times (above 5,000 products once), HiPDLP for ten minutes at most; times by the clock.
"""

from __future__ import annotations

import importlib.util
import sys
import time
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse import csc_array

from groundplan.maths.certify import Certified, certificate, certify
from groundplan.maths.first_order import begin_walk
from groundplan.maths.highs import _highs_lp, _QuietHighs
from groundplan.maths.programme import Programme, Scaling, scale_programme

GAP = 1e-4
TIMES = 3
TOLERANCES = (1e-3, 1e-4, 1e-5, 1e-6, 1e-7)
LONGEST = 600.0


def main() -> None:
    """Run the comparison."""
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    spec = importlib.util.spec_from_file_location("plan_lp", sys.argv[1])
    assert spec is not None and spec.loader is not None
    instances = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(instances)
    # Machine code is made, or fetched, before anything is timed.
    _own(_Instance.of(instances, 60))
    print("| products | rows | entries | method | seconds, median | least to most | proven gap / weighted goals | rows off at most | steps |")
    print("|---|---|---|---|---|---|---|---|---|")
    for products in [int(size) for size in sys.argv[2:] or ("1000", "5000")]:
        instance = _Instance.of(instances, products)
        rows, entries = instance.programme.matrix.shape[0], instance.programme.matrix.nnz
        runs: dict[str, list[tuple[float, Certified | None, str]]] = {"groundplan": [], "HiPDLP and the same repair": []}
        for _ in range(TIMES if products <= 5_000 else 1):
            for name, solve in (("groundplan", _own), ("HiPDLP and the same repair", _peer)):
                began = time.perf_counter()
                found, told = solve(instance)
                runs[name].append((time.perf_counter() - began, found, told))
        for name, done in runs.items():
            seconds = sorted(each[0] for each in done)
            found, told = done[-1][1:]
            certified = f"{(found.objective - found.bound) / instance.weights:.1e} | {found.off:.0e} | {told}" if found is not None else f"none | | {told}"
            print(f"| {products:,} | {rows:,} | {entries:,} | {name} | {seconds[len(seconds) // 2]:.2f} | {seconds[0]:.2f} to {seconds[-1]:.2f} | {certified} |", flush=True)
        middle = [sorted(each[0] for each in done)[len(done) // 2] for done in runs.values()]
        print(f"\n{products:,} products: HiPDLP takes {middle[1] / middle[0]:.1f} times as long.\n", flush=True)


@dataclass(frozen=True, slots=True, eq=False)
class _Instance:
    """A plan as it is built and in units of the base year: built = diag(rows) programme diag(1 / columns)."""

    built: Programme
    programme: Programme
    rows: np.ndarray
    columns: np.ndarray
    implied: np.ndarray
    weights: float

    @classmethod
    def of(cls, instances: Any, products: int) -> _Instance:
        """Draw a plan; what has no upper bound is bounded far beyond what labour, which grows by two per cent, allows: a thousand times the base year."""
        drawn = instances.economy(products)
        made = instances.build(drawn)
        periods, base = drawn["T"], drawn["x0"]
        most, wanted = np.where(drawn["mub"] > 0, drawn["mub"], 1.0), np.where(drawn["f"].ravel() > 0, drawn["f"].ravel(), 1.0)
        columns = np.concatenate(
            [np.tile(base, periods), np.tile(most, periods), np.tile(0.05 * base, periods), wanted, np.tile(base, periods - 1), np.tile(0.1 * base, periods - 1)]
        )
        rows = np.concatenate([np.tile(base, periods), np.tile(base, 2 * (periods - 1)), drawn["L"].ravel(), drawn["E"], made["ru"][-periods:]])
        built = Programme(made["c"], csc_array(made["G"]), made["rl"], made["ru"], made["lb"], made["ub"])
        programme = scale_programme(built, Scaling(1.0 / rows, columns))
        weights = float((drawn["prio"] * drawn["f"] * (0.95 ** np.arange(periods))[:, None]).sum())
        return cls(built, programme, rows, columns, 1e3 * np.ones(len(columns)), weights)


def _own(instance: _Instance) -> tuple[Certified, str]:
    found = certify(instance.programme, instance.implied, gap=GAP * instance.weights)
    return found, f"{found.steps:,}"


def _peer(instance: _Instance) -> tuple[Certified | None, str]:
    began, tried = time.perf_counter(), []
    for tolerance in TOLERANCES:
        left = LONGEST - (time.perf_counter() - began)
        if left <= 0:
            break
        solver = _QuietHighs()
        options = {
            "output_flag": False, "threads": 1, "solver": "hipdlp", "run_crossover": "off", "pdlp_optimality_tolerance": tolerance, "primal_feasibility_tolerance": tolerance,
            "dual_feasibility_tolerance": tolerance, "time_limit": left,
        }  # fmt: skip
        for option, value in options.items():
            solver.setOptionValue(option, value)
        solver.passModel(_highs_lp(instance.built))
        began_one = time.perf_counter()
        solver.run()
        tried.append(f"{tolerance:.0e} in {time.perf_counter() - began_one:.1f} s")
        point = solver.getSolution()
        walk = begin_walk(instance.programme, x=np.array(point.col_value) / instance.columns, y=np.array(point.row_dual) * instance.rows)
        found = certificate(instance.programme, instance.implied, walk, gap=GAP * instance.weights)
        if found.done:
            return found, ", ".join(tried)
    return None, ", ".join(tried)


if __name__ == "__main__":
    main()
