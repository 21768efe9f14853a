"""Whether intervals hold in the reference cross-section, over many seeds and group by group, and what rivals make of the same draws.

    python benchmarks/cover.py FILE [UNITS] [SEEDS] [FIRST]

FILE is `estimation_sim.py`, whose `simulate` draws a cross-section of units, 5 % of them inspected. The seed is the replicate: a group's cover is the mean over
seeds of the share that holds within a seed, with the standard error over seeds. A group (sector, tenth of units by output, kind of manager, inspected or not) is out
where its mean cover lies beyond 85 to 95 % and a t-test over seeds says so at 5 % after Holm's adjustment over all groups; it is not judged with less than 200
findings in all seeds together. 200 seeds of 1,000 units take about two minutes on two cores, 20 seeds of 100,000 three.
"""

from __future__ import annotations

import os
import sys
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy import stats

from _cross_section import RIVALS, cross_section_economy, load_simulate
from groundplan.estimation.estimate import estimate
from groundplan.maths.multiple import holm

LOW, HIGH, NOMINAL = 0.85, 0.95, (0.88, 0.92)
LEAST_FINDINGS = 200
FloatArray = NDArray[np.float64]


def main() -> None:
    """Print the errors, covers and groups."""
    file = Path(sys.argv[1])
    units, seeds, first = (int(sys.argv[at]) if len(sys.argv) > at else default for at, default in ((2, 1_000), (3, 200), (4, 1)))
    # Boosting's threads, two in each of two processes, wait for each other at work when anything else runs beside them.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        scores = list(pool.map(partial(one, file, units), range(first, first + seeds)))
    _errors({name: np.array([score["rmse"][name] for score in scores]) for name in scores[0]["rmse"]}, units)
    held, size, found = (
        np.array([[score[name].get(group, (np.nan, 0, 0))[at] for group in scores[0]["groups"]] for score in scores]) for at, name in ((0, "groups"), (1, "groups"), (2, "groups"))
    )
    _covers(list(scores[0]["groups"]), held, size, found)
    for level in (50, 90):
        totals = np.array([score["totals"][level] for score in scores])
        print(f"\nThe country's total holds in {int(totals.sum())} of {seeds} seeds at {level} %.", end="")
    bias = np.array([score["total_error"] for score in scores])
    print(f" Its error is {bias.mean():+.2%} ± {bias.std(ddof=1) / np.sqrt(seeds):.2%} on the mean, {np.sqrt(np.mean(bias**2)):.2%} as a root mean square.")


def one(file: Path, units: int, seed: int) -> dict[str, Any]:
    """Give what one seed shows: errors, held shares by group with their sizes and findings, totals."""
    drawn = load_simulate(file)(units, seed)
    seen, y = drawn["aud"], drawn["y"]
    made = estimate(cross_section_economy(drawn))
    table = made.estimates.sort("unit")
    errors = {name: float(np.sqrt(np.mean((predict(drawn)[0] - y)[~seen] ** 2))) for name, predict in RIVALS.items()}
    errors["groundplan"] = float(np.sqrt(np.mean((table["log_mean"].to_numpy() - y)[~seen] ** 2)))
    truth = np.exp(y)
    holds = {level: (table[f"lower_{level}"].to_numpy() <= truth) & (truth <= table[f"upper_{level}"].to_numpy()) for level in (50, 90)}
    by_report, by_output = (np.argsort(np.argsort(values)) * 10 // units for values in (drawn["r"], y))
    members = {"all, 90 %": np.ones(units, bool), "uninspected, 90 %": ~seen, "inspected, 90 %": seen}
    members |= {f"sector {at + 1}": drawn["sec"] == at for at in range(drawn["S"])}
    members |= {f"tenth {at + 1} by report": by_report == at for at in range(10)} | {f"tenth {at + 1} by output": by_output == at for at in range(10)}
    members |= {f"manager {name}": drawn["typ"] == at for at, name in enumerate("abc")}
    groups = {name: (float(holds[90][inside].mean()), int(inside.sum()), int((inside & seen).sum())) for name, inside in members.items() if inside.any()}
    groups["uninspected, 50 %"] = (float(holds[50][~seen].mean()), int((~seen).sum()), 0)
    total = made.totals.filter(pl.col("level") == "total").row(0, named=True)
    real = float(truth.sum())
    return {
        "rmse": errors,
        "groups": groups,
        "totals": {level: total[f"lower_{level}"] <= real <= total[f"upper_{level}"] for level in (50, 90)},
        "total_error": total["median"] / real - 1,
    }


def _errors(errors: dict[str, FloatArray], units: int) -> None:
    seeds = len(errors["groundplan"])
    print(f"{units:,} units, {seeds} seeds; log RMSE of the uninspected, and groundplan's over it, with the upper 95 % bound of the mean ratio\n")
    print("| method | log RMSE | ratio | upper bound | seeds in which groundplan errs more |\n|---|---|---|---|---|")
    for name, values in errors.items():
        ratio = errors["groundplan"] / values
        bound = ratio.mean() + stats.t.ppf(0.95, seeds - 1) * ratio.std(ddof=1) / np.sqrt(seeds)
        rest = "| | |" if name == "groundplan" else f"{ratio.mean():.3f} | {bound:.3f} | {int((ratio > 1).sum())} |"
        print(f"| {name} | {values.mean():.4f} ± {values.std(ddof=1) / np.sqrt(seeds):.4f} | {rest}")


def _covers(names: list[str], held: FloatArray, size: FloatArray, found: FloatArray) -> None:
    seeds = len(held)
    mean, error = np.nanmean(held, axis=0), np.nanstd(held, axis=0, ddof=1) / np.sqrt(np.isfinite(held).sum(axis=0))
    judged = np.array(
        [at for at, name in enumerate(names) if "50 %" not in name and not name.startswith(("all", "uninspected", "inspected")) and found[:, at].sum() >= LEAST_FINDINGS]
    )
    judged = np.concatenate([judged, [names.index("uninspected, 90 %"), names.index("inspected, 90 %")]]).astype(int)
    outside = np.maximum(LOW - mean[judged], mean[judged] - HIGH) / np.maximum(error[judged], 1e-12)
    adjusted = dict(zip(judged.tolist(), holm(stats.t.sf(outside, seeds - 1)), strict=True))
    print("\n| group | units a seed | findings | cover | 95 % interval | p, adjusted | |\n|---|---|---|---|---|---|---|")
    for at, name in enumerate(names):
        half = stats.t.ppf(0.975, seeds - 1) * error[at]
        word = "" if "," in name and at not in adjusted else "not judged" if at not in adjusted else "out" if adjusted[at] < 0.05 else "holds"
        if at == names.index("all, 90 %"):
            word = "within 88 to 92 %" if mean[at] - half >= NOMINAL[0] and mean[at] + half <= NOMINAL[1] else "not within 88 to 92 %"
        p = f"{adjusted[at]:.2f}" if at in adjusted else ""
        print(f"| {name} | {np.nanmean(size[:, at]):,.0f} | {int(found[:, at].sum()):,} | {mean[at]:.3f} | {mean[at] - half:.3f} to {mean[at] + half:.3f} | {p} | {word} |")


if __name__ == "__main__":
    main()
