"""Errors and intervals against northland's truth: the seed is the replicate."""

import sys
from pathlib import Path

import numpy as np
import pytest

from groundplan.estimation.estimate import estimate
from groundplan.simulation.northland import simulate_northland

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

from _scoring import score

SMALL_CASE = {"enterprises": 120, "months": 24, "visits": 30}


def scores(seeds: range, case: dict[str, int]) -> dict[str, np.ndarray]:
    """Scores by name, one value a seed."""
    found = []
    for seed in seeds:
        simulated = simulate_northland(seed, **case)
        found.append(score(simulated, estimate(simulated.economy)))
    return {name: np.array([entry[name] for entry in found]) for name in found[0]}


def within(values: np.ndarray, least: float, most: float) -> bool:
    """Mean over seeds lies in the range, two standard errors allowed for."""
    error = 2 * np.nanstd(values) / np.sqrt(np.isfinite(values).sum())
    return bool(least - error <= np.nanmean(values) <= most + error)


def test_estimates_have_less_than_six_tenths_of_the_error_of_reports():
    found = scores(range(901, 904), {})
    assert (found["ratio"] <= 0.6).all()
    assert found["ratio"].mean() <= 0.5


def test_intervals_hold_as_often_as_they_say_smoke():
    found = scores(range(701, 721), SMALL_CASE)
    for name, least, most in (
        ("uninspected_90", 0.86, 0.94), ("inspected_90", 0.86, 0.94), ("uninspected_50", 0.42, 0.58), ("inspected_50", 0.44, 0.62), ("totals_90", 0.85, 0.95),
        ("capacities_90", 0.83, 0.95),
    ):  # fmt: skip
        assert within(found[name], least, most), (name, found[name].mean())
    assert found["total_90"].sum() >= 14
    assert (found["capacity_rmse"] < found["nameplate_rmse"]).all()


@pytest.mark.full
def test_intervals_hold_as_often_as_they_say():
    found = scores(range(1, 201), SMALL_CASE)
    for name in ("uninspected_90", "inspected_90"):
        values = found[name]
        print(f"{name}: {values.mean():.3f}, standard error {values.std() / np.sqrt(len(values)):.4f}")
        assert 0.86 <= values.mean() <= 0.94
    print(f"one total a seed: {found['total_90'].sum():.0f} of 200; all totals {found['totals_90'].mean():.3f}")
    assert 170 <= found["total_90"].sum() <= 190
    assert (found["ratio"] <= 0.6).mean() > 0.95
