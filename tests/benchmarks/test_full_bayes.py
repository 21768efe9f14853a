"""The estimate agrees with a full-Bayes version of its model that was written apart from it, and its intervals hold on draws from its prior."""

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

from _full_bayes import draw_world, full_posterior
from _worlds import estimate_uncalibrated, world_economy
from full_bayes import ranks

UNITS = 300


@pytest.mark.parametrize(("seed", "proxies", "plates"), [(2, 1, False), (5, 2, True)])
def test_medians_and_intervals_are_those_of_the_full_posterior(seed, proxies, plates):
    # Arrange
    world, _ = draw_world(np.random.default_rng(seed), units=UNITS, proxies=proxies, plates=plates, visits=40)
    full = full_posterior(world, draws=600, warmup=400).output

    # Act
    table = estimate_uncalibrated(world_economy(world)).estimates.sort("unit")

    # Assert
    off = np.abs(table["log_mean"].to_numpy() - np.median(full, axis=0)) / full.std(axis=0)
    low, high = np.quantile(full, [0.05, 0.95], axis=0)
    width = np.log(table["upper_90"].to_numpy() / table["lower_90"].to_numpy()) / (high - low)
    assert len(table) == UNITS
    assert off.mean() < 0.1
    assert width.mean() == pytest.approx(1.0, abs=0.1)


def test_ranks_of_the_truth_are_uniform_on_draws_from_the_prior():
    # Act
    found = ranks(40, 1)

    # Assert: bounds that 40 uniform ranks pass in all but one of some thousand cases.
    for values in found.values():
        assert abs(values.mean() - 0.5) < 3.5 * np.sqrt(1 / 12 / 40)
        assert (np.abs(values - 0.5) <= 0.45).mean() > 0.72
