"""Elasticities differ by sector, bias by size, and the spread of biases between chosen units and others: each is found where it is so, and drawn to none where it is not."""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

from _cross_section import one_period_economy
from groundplan.estimation import estimate as module
from groundplan.estimation.estimate import estimate
from groundplan.estimation.level import fit_level
from groundplan.estimation.slope import Slope

UNITS = 1_200
SECTOR, REGION, KIND = np.arange(UNITS) % 3, np.arange(UNITS) // 3 % 4, np.arange(UNITS) // 12 % 2
STEEP = np.array([0.7, 1.0, 1.3])


def draw(seed, *, steep=(1.0, 1.0, 1.0), by_size=0.0):
    """Draw log output, reports, electricity and a tenth of findings."""
    rng = np.random.default_rng(seed)
    output = 6.0 + 0.8 * SECTOR + rng.normal(0, 1.0, UNITS)
    report = output + 0.1 + by_size * (output - output.mean()) + rng.normal(0, 0.1, UNITS)
    electricity = np.array([-1.0, 0.5, 0.0])[SECTOR] + np.asarray(steep)[SECTOR] * (output - 6.0) + rng.normal(0, 0.15, UNITS)
    finding = np.full(UNITS, np.nan)
    seen = rng.choice(UNITS, UNITS // 10, replace=False)
    finding[seen] = output[seen] + rng.normal(0, 0.03, len(seen))
    return output, report, electricity, finding


@pytest.fixture
def levels(monkeypatch):
    """Keep what is fitted on the way to an estimate."""
    kept = []
    monkeypatch.setattr(module, "fit_level", lambda *given: kept.append(fit_level(*given)) or kept[-1])
    return kept


def economy(report, electricity, finding):
    return one_period_economy("three sectors", (SECTOR, REGION, KIND), report, {"electricity": electricity}, finding)


def effect(level, name):
    return level.posterior.effects[level.names.index(name)]


@pytest.mark.parametrize("steep", [STEEP, np.ones(3)])
def test_each_sector_has_its_own_elasticity(levels, steep):
    _, report, electricity, finding = draw(1, steep=steep)
    estimate(economy(report, electricity, finding))
    slope = levels[-1].slope["electricity"]
    assert slope.elasticity(np.arange(3)) == pytest.approx(steep, abs=0.04)


def test_thin_sectors_are_drawn_to_the_others_elasticity(levels):
    # Arrange: four units of the third sector, whose readings lie on a much steeper line.
    _, report, electricity, finding = draw(2, steep=(1.0, 1.0, 1.5))
    kept = (SECTOR < 2) | (np.arange(UNITS) < 12)
    thin = economy(report, electricity, finding)
    inside = pl.col("unit").is_in([f"E{at:07d}" for at in np.flatnonzero(kept)])
    tables = {name: table.filter(inside) if "unit" in table.columns else table for name, table in thin.tables().items()}

    # Act
    estimate(type(thin).from_tables(thin.settings, tables))

    # Assert
    assert 1.0 < levels[-1].slope["electricity"].elasticity(np.array([2]))[0] < 1.45
    assert levels[-1].slope["electricity"].elasticity(np.arange(2)) == pytest.approx(np.ones(2), abs=0.05)


def test_lines_turn_about_the_middle_and_are_undone():
    slope = Slope("water", 0.9, np.array([0.2, -0.3]), ("a", "b"), np.array([3.0, 7.0]), np.array([[3.5, 7.0], [2.5, 6.0]]))
    sector, product, volume = np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1]), np.array([1.0, 8.0, 3.0, 6.0])
    line = slope.line(sector, product, volume)
    assert line == pytest.approx(3 * np.ones(4) + np.array([0.9 * -2 + 0.2 * -2.5, 4 + 0.9 + 0.2, -0.3 * 0.5, 4 - 0.9]))
    assert slope.volume(sector, product, line) == pytest.approx(volume)


@pytest.mark.parametrize(("by_size", "low", "high"), [(-0.1, 0.1, 0.3), (0.0, -0.04, 0.04)])
def test_small_units_that_pad_more_are_found_by_their_class(levels, by_size, low, high):
    output, report, electricity, finding = draw(3, by_size=by_size)
    table = estimate(economy(report, electricity, finding)).estimates.sort("unit")
    gap = effect(levels[-1], "bias|size=smallest quarter") - effect(levels[-1], "bias|size=largest quarter")
    assert low < gap < high
    # The error is a unit's own, whatever its size.
    silent, large = np.isnan(finding), output > np.median(output)
    reported, estimated = (values[silent & large].mean() - values[silent & ~large].mean() for values in (report - output, table["log_mean"].to_numpy() - output))
    assert abs(estimated) < 0.6 * abs(reported) + 0.02


def test_honest_ones_that_teams_were_steered_to_leave_the_others_their_spread(levels):
    # Arrange: half of all units are honest, and only honest ones are visited.
    rng = np.random.default_rng(4)
    output, _, electricity, _ = draw(4)
    padding = np.where(rng.random(UNITS) < 0.5, rng.gamma(2.0, 0.15, UNITS), 0.0) + rng.normal(0, 0.02, UNITS)
    seen = rng.choice(np.flatnonzero(padding < 0.05), 80, replace=False)
    finding = np.full(UNITS, np.nan)
    finding[seen] = output[seen] + rng.normal(0, 0.03, 80)
    drawn = economy(output + padding, electricity, finding)
    steered = replace(drawn, visits=drawn.visits.with_columns(chosen_by=pl.lit("worth"), inclusion_probability=pl.lit(None, dtype=pl.Float64)))

    # Act
    table = estimate(steered).estimates.sort("unit")

    # Assert
    level, truth = levels[-1], np.exp(output)
    assert level.steered
    assert level.variances.apart < 0.1 * level.variances.unit
    assert np.sqrt(level.variances.unit) > 0.7 * padding.std()
    holds = ((table["lower_90"].to_numpy() <= truth) & (truth <= table["upper_90"].to_numpy()))[np.isnan(finding)]
    assert holds.mean() > 0.75


def test_units_without_reports_are_as_sure_as_a_bent_line_lets_them_be(levels):
    # Arrange: large and small units use four fifths more than those in between, and a third of the units do not report.
    rng = np.random.default_rng(6)
    output, report, electricity, finding = draw(6)
    silent = rng.random(UNITS) < 1 / 3
    distance = np.abs(output - output.mean())
    bent = electricity + np.where(distance > 0.8, 0.6, 0.0)

    # Act
    table = estimate(economy(np.where(silent, np.nan, report), bent, np.where(silent, np.nan, finding))).estimates.sort("unit")

    # Assert
    truth = np.exp(output)
    holds = ((table["lower_90"].to_numpy() <= truth) & (truth <= table["upper_90"].to_numpy()))[silent]
    assert 0.87 < holds.mean() < 0.97
    classes = [effect(levels[-1], name) for name in levels[-1].names if name.startswith("proxy|electricity|size=")]
    assert np.ptp(classes) > 0.25
