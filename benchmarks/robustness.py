"""What the estimate does when the model is wrong: error and cover in uninspected units, by kind of wrong.

    python benchmarks/robustness.py FILE [SEEDS] [FIRST] [WORDS]

FILE is `estimation_sim.py`, whose `simulate` draws a cross-section of 1,000 units, 5 % of them inspected. Each world below changes the
draw and nothing of the estimate; in those of chosen visits the visits are recorded as chosen. WORDS choose the worlds whose name has
them. The panel worlds have twelve months with an autoregression of their own.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from _cross_section import cross_section_economy, load_simulate
from groundplan.estimation.estimate import estimate
from groundplan.tables.economy import Economy

UNITS = 1_000
MONTHS = 12
FloatArray = NDArray[np.float64]
Drawn = dict[str, Any]


def as_drawn(drawn: Drawn, rng: np.random.Generator) -> None:
    """Leave the draw as it is."""


def heavy_tails(drawn: Drawn, rng: np.random.Generator) -> None:
    """Add a bias from a t-distribution with 2.5 degrees of freedom, scale 0.1."""
    drawn["r"] = drawn["r"] + 0.1 * rng.standard_t(2.5, UNITS)


def colluding_regions(drawn: Drawn, rng: np.random.Generator) -> None:
    """Raise all reports of three regions of ten by 25 %; no team gets there."""
    closed = np.isin(drawn["reg"], rng.choice(10, 3, replace=False))
    drawn["r"] = drawn["r"] + np.where(closed, np.log(1.25), 0.0)
    _visit(drawn, np.where(closed, 0.0, 1.0), rng)


def bribed_inspectors(drawn: Drawn, rng: np.random.Generator) -> None:
    """Let one finding in twenty repeat the report."""
    drawn["a"] = np.where(drawn["aud"] & (rng.random(UNITS) < 0.05), drawn["r"], drawn["a"])


def many_bribed(drawn: Drawn, rng: np.random.Generator) -> None:
    """Let one finding in five repeat the report."""
    drawn["a"] = np.where(drawn["aud"] & (rng.random(UNITS) < 0.20), drawn["r"], drawn["a"])


def steered_visits(drawn: Drawn, rng: np.random.Generator) -> None:
    """Steer teams to the honest: odds of a visit fall by e for each 10 % of padding beyond what the tables show."""
    _visit(drawn, np.exp(-(drawn["r"] - drawn["y"]) / 0.1), rng)


def suspicious_visits(drawn: Drawn, rng: np.random.Generator) -> None:
    """Send teams where reports exceed what electricity supports."""
    gap = drawn["r"] - drawn["e"] / 0.92
    mean = np.bincount(drawn["sec"], gap) / np.bincount(drawn["sec"])
    _visit(drawn, np.exp((gap - mean[drawn["sec"]]) / 0.15), rng)


def gross_errors(drawn: Drawn, rng: np.random.Generator) -> None:
    """Slip the decimal point in one report in fifty, up or down."""
    slip = (rng.random(UNITS) < 0.02) & ~drawn["aud"]
    drawn["r"] = drawn["r"] + np.where(slip, rng.choice([-1.0, 1.0], UNITS) * np.log(10.0), 0.0)


def filled_up(drawn: Drawn, rng: np.random.Generator) -> None:
    """Set targets around what was to be expected, and let six units of ten that would report up to 20 % less fill up to a little above them."""
    plan = drawn["y"] + rng.normal(0.08, 0.15, UNITS)
    short = (drawn["r"] < plan) & (drawn["r"] > plan + np.log(0.8)) & (rng.random(UNITS) < 0.6)
    drawn["r"], drawn["plan"] = np.where(short, plan + rng.exponential(0.006, UNITS), drawn["r"]), plan


def own_elasticities(drawn: Drawn, rng: np.random.Generator) -> None:
    """Let electricity grow with output at each sector's own rate, give or take 0.15."""
    drawn["e"] = drawn["e"] + rng.normal(0.0, 0.15, 20)[drawn["sec"]] * (drawn["y"] - drawn["y"].mean())


def small_pad_more(drawn: Drawn, rng: np.random.Generator) -> None:
    """Let units half as large report 5 % more, against those of middling size."""
    del rng
    drawn["r"] = drawn["r"] - 0.07 * (drawn["y"] - drawn["y"].mean())


def no_findings(drawn: Drawn, rng: np.random.Generator) -> None:
    """Inspect nobody: the common level of bias is not identified."""
    drawn["aud"], drawn["a"] = np.zeros(UNITS, bool), np.full(UNITS, np.nan)


WORLDS: dict[str, Callable[[Drawn, np.random.Generator], None]] = {
    "as the reference draws it": as_drawn,
    "heavy-tailed bias": heavy_tails,
    "colluding regions, no visits there": colluding_regions,
    "5 % of findings repeat the report": bribed_inspectors,
    "20 % of findings repeat the report": many_bribed,
    "visits steered to the honest": steered_visits,
    "visits where reports look padded": suspicious_visits,
    "2 % decimal slips": gross_errors,
    "elasticities of sectors differ": own_elasticities,
    "small units pad more": small_pad_more,
    "no findings at all": no_findings,
    "filled up to the target": filled_up,
}


def _visit(drawn: Drawn, odds: FloatArray, rng: np.random.Generator) -> None:
    """Choose as many visits anew, with odds."""
    count = int(drawn["aud"].sum())
    inspected = np.zeros(UNITS, bool)
    inspected[rng.choice(UNITS, count, replace=False, p=odds / odds.sum())] = True
    drawn["aud"], drawn["a"] = inspected, np.where(inspected, drawn["y"] + rng.normal(0.0, 0.03, UNITS), np.nan)


def panel(drawn: Drawn, rng: np.random.Generator, change: str) -> tuple[Economy, FloatArray]:
    """Spread a cross-section over twelve months; `change` is drift, doubled or nothing. Gives the economy and log output, shape (units, months)."""
    base = cross_section_economy(drawn)
    moves = np.zeros((UNITS, MONTHS))
    moves[:, 0] = rng.normal(0.0, 0.10, UNITS)
    for month in range(1, MONTHS):
        moves[:, month] = 0.7 * moves[:, month - 1] + rng.normal(0.0, 0.10 * np.sqrt(1 - 0.7**2), UNITS)
    made = drawn["y"][:, None] + moves
    report = made + (drawn["r"] - drawn["y"])[:, None] + rng.normal(0.0, 0.03, made.shape)
    proxy = drawn["e"][:, None] + 0.92 * moves + rng.normal(0.0, 0.05, made.shape)
    if change == "drift":
        # Machines that need a third less electricity spread over the year, in half of the sectors.
        proxy += np.where(drawn["sec"] % 2 == 0, 1.0, 0.0)[:, None] * np.linspace(0.0, np.log(2 / 3), MONTHS)
    if change == "doubled":
        report += np.where(rng.random(made.shape) < 0.03, np.log(2.0), 0.0)
    labels = [f"2020-{month + 1:02d}" for month in range(MONTHS)]
    unit = base.reports["unit"].to_list()
    long = pl.DataFrame({"unit": np.repeat(unit, MONTHS), "period": labels * UNITS, "quantity": np.exp(report).ravel(), "value": np.exp(proxy).ravel()})
    inspected = np.flatnonzero(drawn["aud"])
    found = pl.DataFrame(
        {"unit": [unit[at] for at in inspected], "period": ["2020-10"] * len(inspected), "value": np.exp(made[inspected, 9] + rng.normal(0.0, 0.03, len(inspected)))}
    )
    tables = base.tables() | {
        "reports": base.reports.drop("period", "quantity").join(long.select("unit", "period", "quantity"), on="unit").select(base.reports.columns),
        "proxies": base.proxies.drop("period", "value").join(long.select("unit", "period", "value"), on="unit").select(base.proxies.columns),
        "findings": base.findings.drop("period", "value").join(found, on="unit").select(base.findings.columns),
    }
    return Economy.from_tables(base.settings, tables), made


def score(economy: Economy, truth: FloatArray, inspected: NDArray[np.bool_]) -> tuple[float, float, float, float]:
    """Give the log RMSE as reported and estimated, and cover of 50 % and 90 % intervals, in uninspected units."""
    rows = estimate(economy).estimates.sort("unit", "period")
    y = truth.reshape(len(inspected), -1)[~inspected].ravel()
    rows = rows.filter(pl.Series(np.repeat(~inspected, len(rows) // len(inspected))))
    log = {name: np.log(rows[name].to_numpy()) for name in ("reported", "median", "lower_50", "upper_50", "lower_90", "upper_90")}
    errors = [float(np.sqrt(np.mean((log[name] - y) ** 2))) for name in ("reported", "median")]
    covers = [float(np.mean((y >= log[f"lower_{level}"]) & (y <= log[f"upper_{level}"]))) for level in (50, 90)]
    return errors[0], errors[1], covers[0], covers[1]


def main() -> None:
    """Print one row a world."""
    simulate = load_simulate(Path(sys.argv[1]))
    seeds, first = int(sys.argv[2]) if len(sys.argv) > 2 else 40, int(sys.argv[3]) if len(sys.argv) > 3 else 1
    only = sys.argv[4] if len(sys.argv) > 4 else ""
    print("| world | log RMSE as reported | log RMSE estimated | cover of 50 % | cover of 90 % |\n|---|---|---|---|---|")
    for name, change in WORLDS.items():
        if only not in name:
            continue
        scores = []
        for seed in range(first, first + seeds):
            drawn = simulate(UNITS, seed)
            change(drawn, np.random.default_rng([seed, 7]))
            economy = cross_section_economy(drawn)
            if "visits" in name and "draws" not in name:
                economy = replace(economy, visits=economy.visits.with_columns(chosen_by=pl.lit("worth"), inclusion_probability=pl.lit(None, dtype=pl.Float64)))
            scores.append(score(economy, drawn["y"], drawn["aud"]))
        _print(name, scores)
    for name, change_name in (("twelve months", ""), ("twelve months, drifting proxy in half of the sectors", "drift"), ("twelve months, 3 % of months doubled", "doubled")):
        if only not in name:
            continue
        scores = []
        for seed in range(first, first + seeds):
            drawn = simulate(UNITS, seed)
            economy, made = panel(drawn, np.random.default_rng([seed, 8]), change_name)
            scores.append(score(economy, made, drawn["aud"]))
        _print(name, scores)


def _print(name: str, scores: list[tuple[float, float, float, float]]) -> None:
    values = np.array(scores)
    cells = [f"{column.mean():.3f} ± {column.std(ddof=1) / np.sqrt(len(column)):.3f}" for column in values.T]
    print(f"| {name} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
