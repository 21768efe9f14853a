"""The benchmarks on real data are themselves right: nobody sees what is hidden, and nothing comes from the future."""

import sys
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "benchmarks"))

import capacity_utilisation  # noqa: E402
import gdp_vintages  # noqa: E402
from _plant_rivals import ratio, regression  # noqa: E402
from _plants import DATA, PANELS, SCENARIOS, draw, plants_economy, read_panel  # noqa: E402
from groundplan.tables.check import check_economy  # noqa: E402

needs_plants = pytest.mark.skipif(not DATA.exists(), reason="the plant panels are not beside the repository (../shared/data/plant-panels)")
needs_vintages = pytest.mark.skipif(not gdp_vintages.FILE.exists(), reason="the vintages are not beside the repository (../shared/data/gdp-vintages)")


@needs_plants
@pytest.mark.parametrize("file", sorted(PANELS))
def test_five_per_cent_of_plants_are_inspected_and_all_scenarios_see_the_same(file):
    panel = read_panel(file)
    drawn = [draw(panel, scenario, 3) for scenario in SCENARIOS]
    for one in drawn:
        share = len(np.unique(one.plant[one.inspected])) / len(np.unique(one.plant))
        assert share == pytest.approx(0.05, abs=0.002)
        assert np.isnan(one.finding[~one.inspected]).all()
        assert (one.inspected == drawn[0].inspected).all()
        # A plant is inspected in all its years or in none.
        assert len(np.unique(one.plant[one.inspected])) + len(np.unique(one.plant[~one.inspected])) == len(np.unique(one.plant))
    assert np.isnan(drawn[-1].report).all()
    assert np.std(drawn[1].report - drawn[1].truth) == pytest.approx(0.03, abs=0.002)


@needs_plants
def test_plants_are_an_economy_without_faults_that_does_not_hold_the_truth():
    drawn = draw(read_panel("chile.csv"), "biased reports", 1)
    economy = plants_economy(drawn, "chile.csv")
    assert not [fault for fault in check_economy(economy, today=date(2026, 1, 1)) if fault.severity == "fault"]
    assert economy.findings.height == drawn.inspected.sum()
    assert economy.reports["quantity"].sort().to_numpy() == pytest.approx(np.sort(np.exp(drawn.report)))


@needs_plants
def test_rivals_do_not_look_at_the_truth():
    drawn = draw(read_panel("chile.csv"), "biased reports", 1)
    before = [method(drawn)[0] for method in (ratio, regression)]
    blind = replace(drawn, truth=np.zeros(len(drawn.truth)))
    after = [method(blind)[0] for method in (ratio, regression)]
    assert all((one == other).all() for one, other in zip(before, after, strict=True))


@needs_vintages
def test_no_vintage_of_the_future_is_looked_at():
    vintages = gdp_vintages._read()
    growth = np.stack([vintages[name] for name in sorted(vintages)])
    vintage = 40
    blind = growth.copy()
    blind[:, vintage + 1 :] = np.where(np.isfinite(blind[:, vintage + 1 :]), 99.0, np.nan)
    for fixed in (False, True):
        seen, unseen = (gdp_vintages._revisions(which, vintage, 8, fixed=fixed) for which in (growth, blind))
        assert np.isfinite(seen).sum() >= 2 * gdp_vintages.LEAST
        assert np.array_equal(seen, unseen, equal_nan=True)


def test_an_autoregression_is_found_again():
    rng = np.random.default_rng(1)
    found = []
    for _ in range(40):
        values = np.zeros(600)
        for at in range(1, 600):
            values[at] = 0.9 * values[at - 1] + rng.normal(0, 0.01)
        found.append(capacity_utilisation.autoregression(values - 0.2))
    mean, error, persistence, innovation = np.mean(found, axis=0)
    assert mean == pytest.approx(-0.2, abs=4 * error / np.sqrt(40))
    # A persistence of 0.9 is known to sqrt((1 - 0.81) / 600) = 0.018 from one series, to 0.003 from forty.
    assert persistence == pytest.approx(0.9, abs=0.012)
    assert innovation == pytest.approx(0.01, abs=4 * 0.01 / np.sqrt(2 * 600 * 40))
