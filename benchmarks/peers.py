"""The plan beside other ways of planning, on the same economies: python benchmarks/peers.py [products ...].

Two kinds of economies, of three seeds each. *Static* ones have no trade, stocks or investment, so that every method can express them. *Growing* ones have all three; Leontief's
inverse and pro-rata cuts know no choice of technique and are left out there. Goals all have one priority and one weight and no minima, which not every method knows. Where an
economy invests, all methods plan one year more than is judged, with the last year's goals, so that none eats the future.

Each method's plan is written in groundplan's tables and checked twice: by `_plan_check`, and by `groundplan.planning.verify`. Methods have aims of their own (groundplan's
plan with gaps levelled stands beside the weighted one), so all are judged by all of them: the sum over years of the worst fulfilment of a goal (Cockshott's aim for a plan
ray), mean harmony (what his search goes up), and the loss that groundplan minimises. For the first two the best that there is comes from a programme by scipy's HiGHS; for the
third scipy's HiGHS says whether groundplan's own optimum is one.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from _balancing import cut_alike, cut_pro_rata, leontief
from _harmony import harmony, search_harmony
from _peer_task import FloatArray, Task, as_plan, growing_economy, read_task, static_economy
from _plan_check import check_plan
from _programmes import least_loss, most_harmony, worst_best
from groundplan.planning.loss import relative_loss
from groundplan.planning.plan import plan
from groundplan.planning.verify import verify_plan
from groundplan.tables.bundles import Plan
from groundplan.tables.economy import Economy

SIZES = (50, 200)
SEEDS = (1, 2, 3)
AMBITION = 0.08
"""What goals of growing economies grow by beyond those of `plan.random_economy`, a year: without it nearly all can be met, and nothing is to be compared."""
MET = 1e-6
"""A goal counts as met from this share missed down, and a plan as one that holds up to this share of a flow or limit."""
_HEADS = ("goals met, %", "fulfilment, %", "worst of each year, summed", "mean harmony", "mean loss", "imbalance / flow", "over a limit", "rules broken", "processor, s")


@dataclass(frozen=True, slots=True)
class Judged:
    """A plan's figures: shares of goals met and of fulfilment, the sum of the worst fulfilment of each year, mean harmony, mean loss; and whether it holds."""

    met: float
    fulfilment: float
    worst: float
    harmony: float
    loss: float
    imbalance: float
    overshoot: float
    broken: int
    seconds: float


def main() -> None:
    """Plan and judge all economies, and print a table of means over seeds (largest faults)."""
    print(f"| economy | method | {' | '.join(_HEADS)} |\n|{'---|' * (2 + len(_HEADS))}", flush=True)
    told = []
    for products in map(int, sys.argv[1:] or SIZES):
        for kind, draw in (("static", static_economy), ("growing", lambda size, seed: growing_economy(size, seed, ambition=AMBITION))):
            runs = [_run(draw(products, seed), seed) for seed in SEEDS]
            if kind == "growing":
                print(f"| {kind}, {products} | Leontief, pro-rata cuts | cannot express this {'| ' * (len(_HEADS) - 1)}|", flush=True)
            for name in runs[0][0]:
                print(f"| {kind}, {products} | {name} | {_row([judged[name] for judged, _ in runs])} |", flush=True)
            told.append((f"{kind}, {products}", [away for _, away in runs]))
    print("\n| economy | loss of groundplan, above HiGHS's least: largest difference, share | below the best other method that holds, %, by seed |\n|---|---|---|")
    for name, away in told:
        print(f"| {name} | {max(abs(optimum) for optimum, _ in away):.0e} | {', '.join(f'{-100 * rival:.1f}' for _, rival in away)} |")


def _run(economy: Economy, seed: int) -> tuple[dict[str, Judged], tuple[float, float]]:
    """Plan one economy by all methods, and say by what share groundplan's loss, the year after included, is above the least and above the best rival's."""
    task = read_task(economy)
    found: dict[str, tuple[FloatArray, float]] = {}
    if not task.inputs.has_year_after:
        found["Leontief, as it is"] = _timed(lambda: leontief(task))
        found["Leontief, all cut alike"] = _timed(lambda: cut_alike(task))
        found["pro-rata cuts, all users alike"] = _timed(lambda: cut_pro_rata(task, final_first=False))
        found["pro-rata cuts, final use first"] = _timed(lambda: cut_pro_rata(task, final_first=True))
    began = time.process_time()
    searched = search_harmony(task, _measures(task), np.random.default_rng(seed))
    spent = time.process_time() - began
    found |= {f"harmony search, {name}": (v, spent) for name, v in searched.items()}
    found["programme: most harmony"] = _timed(lambda: most_harmony(task))
    found["programme: worst of each year"] = _timed(lambda: worst_best(task))
    judged = {name: _judge(economy, as_plan(economy, task, v), seconds) for name, (v, seconds) in found.items()}
    began = time.process_time()
    ours = plan(economy)
    judged["groundplan"] = _judge(economy, ours, time.process_time() - began)
    began = time.process_time()
    levelled = plan(replace(economy, settings=replace(economy.settings, aim="levelled")))
    judged["groundplan, levelled"] = _judge(economy, levelled, time.process_time() - began)
    least = _loss(task, least_loss(task))
    rivals = min(_loss(task, v) for name, (v, _) in found.items() if judged[name].overshoot < MET and judged[name].imbalance < MET)
    return judged, (ours.objective / least - 1.0, ours.objective / rivals - 1.0)


def _timed(method: Callable[[], FloatArray]) -> tuple[FloatArray, float]:
    began = time.process_time()
    return method(), time.process_time() - began


def _measures(task: Task) -> dict[str, Callable[[FloatArray], float]]:
    """Give what a search's best is chosen by, each of net output in the years that are judged."""
    wanted = np.flatnonzero((task.goal > 0) & (task.period < task.planned))
    years = [wanted[task.period[wanted] == year] for year in range(task.planned)]
    return {
        "most harmony": lambda net: float(harmony(net[wanted] / task.goal[wanted]).mean()),
        "worst of each year": lambda net: sum(min(1.0, float((net[year] / task.goal[year]).min())) for year in years),
        "most fulfilled": lambda net: float(np.minimum(net[wanted] / task.goal[wanted], 1.0).mean()),
    }


def _loss(task: Task, v: FloatArray) -> float:
    """Give the loss of techniques, the year after included, as groundplan counts it."""
    wanted = task.goal > 0
    return float(relative_loss(np.clip(1.0 - task.net(v)[wanted] / task.goal[wanted], 0.0, 1.0)).sum())


def _judge(economy: Economy, made: Plan, seconds: float) -> Judged:
    checked, broken = check_plan(economy, made), verify_plan(economy, made, nameplates=True)
    goals = economy.goals.join(made.outputs, on=["product", "period"]).with_columns((pl.col("final_use") / pl.col("quantity")).alias("share"))
    share = goals["share"].to_numpy()
    worst = goals.group_by("period").agg(pl.col("share").min())["share"].sum()
    left = ((goals["final_use"] + goals["unused"]) / goals["quantity"]).to_numpy()
    return Judged(
        float((share > 1.0 - MET).mean()), float(share.mean()), worst, float(harmony(left).mean()), float(relative_loss(np.clip(1.0 - share, 0.0, 1.0)).mean()), checked.imbalance,
        checked.overshoot, len(broken), seconds,
    )  # fmt: skip


def _row(runs: list[Judged]) -> str:
    def mean(name: str) -> float:
        # Rounded here and added to zero, so that no figure reads -0.
        return round(float(np.mean([getattr(run, name) for run in runs])), 6) + 0.0

    def most(name: str) -> float:
        return float(max(getattr(run, name) for run in runs))

    figures = (f"{100 * mean('met'):.1f}", f"{100 * mean('fulfilment'):.2f}", f"{mean('worst'):.3f}", f"{mean('harmony'):.4f}", f"{mean('loss'):.4f}")
    return " | ".join([*figures, f"{most('imbalance'):.0e}", f"{most('overshoot'):.0e}", f"{most('broken'):.0f}", f"{mean('seconds'):.2f}"])


if __name__ == "__main__":
    main()
