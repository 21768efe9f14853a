from pathlib import Path

import numpy as np
import polars as pl
import pytest
from scipy.integrate import quad
from scipy.optimize import approx_fprime

from groundplan.maths import frontier as module
from groundplan.maths.frontier import Frontier, Gap, best_years, capacity_paths, fit_frontier, inefficiency

DATA = Path(__file__).parents[2] / "../shared/data/frontier-benchmarks"
needs_data = pytest.mark.skipif(not DATA.exists(), reason="the frontier benchmarks are not beside the repository (../shared/data/frontier-benchmarks)")
LAWS = ("half-normal", "exponential")


def draw(rng: np.random.Generator, *, rows: int = 400, own: float = 0.4, noise: float = 0.2, law: str = "half-normal") -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    x = np.column_stack([np.ones(rows), rng.normal(size=rows)])
    u = np.abs(rng.normal(0, own, rows)) if law == "half-normal" else rng.exponential(own, rows)
    return x @ [1.0, 0.6] + rng.normal(0, noise, rows) - u, x, u


def density(residual: float, own: float, noise: float, law: str, weight=lambda _u: 1.0) -> float:
    """Density of v - u at a residual by quadrature, weighted by a function of u."""

    def inner(u: float) -> float:
        one_sided = np.sqrt(2 / np.pi) / own * np.exp(-(u**2) / (2 * own**2)) if law == "half-normal" else np.exp(-u / own) / own
        return weight(u) * one_sided * np.exp(-((residual + u) ** 2) / (2 * noise**2)) / (noise * np.sqrt(2 * np.pi))

    return quad(inner, 0, 6, points=[max(-residual, 0.01)], limit=200)[0]


@pytest.mark.parametrize("law", LAWS)
def test_likelihood_and_inefficiency_are_those_of_quadrature(law):
    residual = np.array([-0.9, -0.2, 0.0, 0.3])
    own, noise = 0.4, 0.25
    function = module._half_normal if law == "half-normal" else module._exponential
    value = function(residual, np.full(4, own**2), noise**2)[0]
    exact = [density(e, own, noise, law) for e in residual]
    assert np.exp(value) == pytest.approx(exact, rel=1e-7)
    fitted = Frontier(np.zeros(1), np.array([2 * np.log(own)]), 2 * np.log(noise), np.eye(3), 0.0, law, False, False, True)
    judged = inefficiency(fitted, residual, np.ones((4, 1)))
    means = [density(e, own, noise, law, lambda u: u) / total for e, total in zip(residual, exact, strict=True)]
    efficiencies = [density(e, own, noise, law, lambda u: np.exp(-u)) / total for e, total in zip(residual, exact, strict=True)]
    assert judged.mean == pytest.approx(means, rel=1e-7)
    assert judged.efficiency == pytest.approx(efficiencies, rel=1e-7)
    below = [density(e, own, noise, law, lambda u, q=q: float(u <= q)) / total for e, total, q in zip(residual, exact, judged.quantile(0.3), strict=True)]
    assert below == pytest.approx([0.3] * 4, abs=2e-3)


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_slope_is_that_of_differences(law, sign):
    rng = np.random.default_rng(1)
    y, x, _ = draw(rng, rows=60)
    z = np.column_stack([np.ones(60), rng.normal(size=60)])
    theta = np.array([0.9, 0.4, -1.5, 0.2, -3.0])
    slope = module._log_likelihood(theta, y, x, z, law, sign)[1]
    numeric = approx_fprime(theta, lambda at: module._log_likelihood(at, y, x, z, law, sign)[0], 1e-7)
    # Forward differences of a sum near 100 with steps of 1e-7: about 1e-4 of rounding and curvature.
    assert slope == pytest.approx(numeric, abs=1e-3)


@pytest.mark.parametrize("law", LAWS)
def test_truth_is_found_without_bias_and_intervals_hold(law):
    truth = np.array([1.0, 0.6, 2 * np.log(0.4), 2 * np.log(0.2)])
    found, errors = [], []
    for seed in range(60):
        y, x, _ = draw(np.random.default_rng([7, seed]), law=law)
        fitted = fit_frontier(y, x, law=law)
        assert fitted.converged
        found.append(np.concatenate([fitted.beta, fitted.gamma, [fitted.log_noise]]))
        errors.append(fitted.standard_errors)
    deviation, error = np.array(found) - truth, np.array(errors)
    # Over 60 seeds: mean within four standard errors of none.
    assert (np.abs(deviation.mean(axis=0)) <= 4 * deviation.std(axis=0, ddof=1) / np.sqrt(60)).all()
    # Of 60 x 2 coefficients 90 % is 108, give or take four standard errors of 3.3.
    held = (np.abs(deviation) <= 1.6449 * error)[:, :2].sum()
    assert 94 <= held <= 120


def test_units_inefficiency_is_covered():
    y, x, u = draw(np.random.default_rng(11), rows=4000)
    judged = inefficiency(fit_frontier(y, x), y, x)
    held = (judged.quantile(0.05) <= u) & (u <= judged.quantile(0.95))
    # 90 % of 4,000, give or take four standard errors and what is not known of the scales (up to two points).
    assert held.mean() == pytest.approx(0.9, abs=0.02 + 4 * np.sqrt(0.09 / 4000))
    assert np.corrcoef(judged.mean, u)[0, 1] > 0.7
    assert (judged.efficiency > 0).all()
    assert (judged.efficiency <= 1).all()


def test_a_cost_frontier_is_a_production_frontier_upside_down():
    y, x, _ = draw(np.random.default_rng(3))
    production, cost = fit_frontier(y, x), fit_frontier(-y, x, cost=True)
    assert cost.beta == pytest.approx(-production.beta, abs=1e-6)
    assert cost.log_likelihood == pytest.approx(production.log_likelihood, abs=1e-8)


def test_wrong_skewness_means_no_inefficiency_and_least_squares():
    y, x, _ = draw(np.random.default_rng(3))
    fitted = fit_frontier(-y, x)
    assert fitted.vanished
    assert fitted.beta == pytest.approx(np.linalg.lstsq(x, -y, rcond=None)[0])
    judged = inefficiency(fitted, -y, x)
    assert (judged.mean == 0).all()
    assert (judged.efficiency == 1).all()


def test_bad_input_is_refused_in_words():
    rng = np.random.default_rng(1)
    y, x, _ = draw(rng, rows=20)
    with pytest.raises(ValueError, match="more than 3 rows, found 3"):
        fit_frontier(y[:3], x[:3])
    with pytest.raises(ValueError, match="linearly dependent"):
        fit_frontier(y, np.column_stack([x, x[:, 0]]))
    with pytest.raises(ValueError, match="finite"):
        fit_frontier(np.where(np.arange(20) == 3, np.nan, y), x)


def test_best_years_by_hand():
    values = np.array([[1.0, 3.0, 2.0, np.nan], [5.0, np.nan, np.nan, np.nan], [np.nan] * 4])
    assert best_years(values, 2)[:2].tolist() == [2.5, 5.0]
    assert np.isnan(best_years(values, 2)[2])


def draw_paths(rng: np.random.Generator, gap: Gap, *, units: int, periods: int) -> tuple[np.ndarray, np.ndarray]:
    """Log capacity and log output, shape (units, periods) each."""
    growth = rng.normal(0, 0.01, (units, 1)) + np.cumsum(rng.normal(0, gap.growth_sd, (units, periods)), axis=1)
    capacity = 4.0 + np.cumsum(growth, axis=1)
    away = np.zeros((units, periods))
    away[:, 0] = rng.normal(0, gap.innovation / np.sqrt(1 - gap.persistence**2), units)
    for at in range(1, periods):
        away[:, at] = gap.persistence * away[:, at - 1] + rng.normal(0, gap.innovation, units)
    return capacity, capacity + rng.normal(gap.mean, gap.mean_sd, (units, 1)) + away


def test_capacity_over_time_equals_the_normal_conditioned():
    # A gap so far below zero that nothing is cut off: the filter must then be the joint normal of trend and output, conditioned.
    gap = Gap(mean=-5.0, mean_sd=0.1, persistence=0.8, innovation=0.05, growth_sd=0.004)
    periods = 12
    _, output = draw_paths(np.random.default_rng(5), gap, units=1, periods=periods)
    output[0, 4] = np.nan
    steps = np.arange(periods)
    ramp = np.maximum(steps[:, None] - np.arange(1, periods), 0)
    trend = 100.0 + 0.01**2 * np.outer(steps, steps) + gap.growth_sd**2 * ramp @ ramp.T
    away = gap.innovation**2 / (1 - gap.persistence**2) * gap.persistence ** np.abs(steps[:, None] - steps)
    known = np.isfinite(output[0])
    solved = np.linalg.solve((trend + away)[np.ix_(known, known)], np.column_stack([output[0, known], trend[known, -1]]))
    mean, sd = capacity_paths(output, gap)
    assert mean[0, -1] == pytest.approx(trend[-1, known] @ solved[:, 0] + 5.0, abs=1e-6)
    assert sd[0, -1] ** 2 == pytest.approx(trend[-1, -1] - trend[-1, known] @ solved[:, 1] + 0.1**2, abs=1e-6)


def test_capacity_over_time_is_covered_and_never_far_below_output():
    gap = Gap(mean=-0.25, mean_sd=0.06, persistence=0.95, innovation=0.015, growth_sd=0.0005)
    capacity, output = draw_paths(np.random.default_rng(6), gap, units=2000, periods=80)
    mean, sd = capacity_paths(output, gap)
    held = np.abs(mean - capacity)[:, -1] <= 1.6449 * sd[:, -1]
    # 90 % of 2,000 give or take four standard errors.
    assert held.mean() == pytest.approx(0.9, abs=4 * np.sqrt(0.09 / 2000))
    assert (mean >= output).all()


def test_capacity_rises_where_more_was_made_than_the_prior_allows():
    gap = Gap(mean=0.0, mean_sd=0.05, persistence=0.9, innovation=0.02, growth_sd=0.0005)
    _, output = draw_paths(np.random.default_rng(7), gap, units=50, periods=60)
    mean, sd = capacity_paths(output, gap)
    # A mean gap of zero cannot be: half of all gaps would be above it.
    assert (mean - output).mean() > 0.02
    assert np.isfinite(sd).all()


def test_nothing_is_said_before_the_first_output():
    gap = Gap(mean=-0.2, mean_sd=0.05, persistence=0.9, innovation=0.02, growth_sd=0.0005)
    mean, sd = capacity_paths(np.array([[np.nan, np.nan, 1.0, np.nan]]), gap)
    assert np.isnan(mean[0, :2]).all()
    assert mean[0, 2] == pytest.approx(1.2, abs=0.05)
    assert sd[0, 3] > sd[0, 2]


@needs_data
def test_utilities_as_in_the_reference_output_of_sfar():
    # Cobb-Douglas cost frontier of 791 plant-years, half-normal, scale by regulation: reference output of the R package sfaR 1.0.1, tests/sfacross.Rout.save.
    table = pl.read_csv(DATA / "utility.csv", infer_schema_length=None)
    tc, wf, y, wl, wk, regu = (table[name].cast(pl.Float64).to_numpy() for name in ("tc", "wf", "y", "wl", "wk", "regu"))
    x = np.column_stack([np.ones(len(y)), np.log(y), np.log(wl / wf), np.log(wk / wf)])
    z = np.column_stack([np.ones(len(y)), regu])
    fitted = fit_frontier(np.log(tc / wf), x, z=z, cost=True)
    assert fitted.converged
    assert fitted.log_likelihood == pytest.approx(56.41206, abs=5e-6)
    assert [*fitted.beta, *fitted.gamma, fitted.log_noise] == pytest.approx([-2.388, 0.993, 0.016, 0.718, -2.572, 1.023, -5.083], abs=5.1e-4)
    assert fitted.standard_errors == pytest.approx([0.194, 0.008, 0.028, 0.042, 0.112, 0.117, 0.218], abs=5.1e-4)
    judged = inefficiency(fitted, np.log(tc / wf), x, z=z)
    assert [judged.mean.min(), np.median(judged.mean), judged.mean.mean(), judged.mean.max()] == pytest.approx([0.027, 0.238, 0.310, 1.340], abs=5.1e-4)
    assert [judged.efficiency.min(), judged.efficiency.mean(), judged.efficiency.max()] == pytest.approx([0.263, 0.756, 0.974], abs=5.1e-4)


@needs_data
@pytest.mark.parametrize(
    ("terce", "rows", "likelihood", "beta", "error", "scales"),
    [
        (0, 125, -50.98578, [-1.58745, 0.24014, 0.43464, 0.30516], [0.51274, 0.11834, 0.12292, 0.05701], [-1.45093, -2.93406]),
        (1, 104, -15.28164, [-0.08182, 0.47410, 0.17935, 0.20255], [0.50668, 0.13984, 0.10201, 0.08130], [-1.51367, -4.54846]),
        (2, 115, -8.02197, [-1.31194, 0.38278, 0.42105, 0.23143], [0.41859, 0.14297, 0.10992, 0.06065], [-1.78673, -4.26963]),
    ],
)
def test_rice_farms_by_size_as_in_the_documentation_of_smfa(terce, rows, likelihood, beta, error, scales):
    # Philippine rice farms in thirds of their area, half-normal: documentation of the R package smfa 1.0.1, README, "Standard SFA metafrontier".
    table = pl.read_csv(DATA / "ricephil.csv", infer_schema_length=None)
    area, labour, fertiliser, rice = (table[name].cast(pl.Float64).to_numpy() for name in ("AREA", "LABOR", "NPK", "PROD"))
    place = np.searchsorted(np.quantile(area, [1 / 3, 2 / 3]), area, side="left") == terce
    assert place.sum() == rows
    x = np.column_stack([np.ones(len(area)), np.log(area), np.log(labour), np.log(fertiliser)])[place]
    fitted = fit_frontier(np.log(rice[place]), x)
    assert fitted.log_likelihood == pytest.approx(likelihood, abs=1e-5)
    assert fitted.beta == pytest.approx(beta, abs=1.1e-5)
    assert [*fitted.gamma, fitted.log_noise] == pytest.approx(scales, abs=1.1e-5)
    assert fitted.standard_errors[:4] == pytest.approx(error, abs=1.1e-5)
