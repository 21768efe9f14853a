"""Joint draws of what pools can really make."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from economies import economy_of

from groundplan.planning.chance import LineCapacities, capacities_at_chance
from groundplan.planning.draws import draw_pools
from groundplan.planning.inputs import Inputs, read_inputs
from groundplan.planning.pools import make_pools, placed_lines
from groundplan.tables.economy import Economy


def bread(lines: int, *, efficiency: tuple[float, ...] = (1.0,), chance: float = 0.8) -> Economy:
    """Bakeries of 10 each; their efficiencies repeat those given."""
    rows = {
        "units": [{"unit": "u", "region": "town"}],
        "products": [{"product": "bread", "measure": "t"}],
        "recipes": [{"recipe": "bake", "item": "bread", "role": "out", "amount": 2.0}],
        "lines": [{"line": f"l{at:02d}", "unit": "u", "recipe": "bake", "capacity": 10.0, "efficiency": efficiency[at % len(efficiency)]} for at in range(lines)],
        "goals": [{"product": "bread", "period": "2021", "quantity": 100.0}],
    }
    return economy_of(rows, horizon=1, capacity_chance=chance)


def estimated(economy: Economy, own: float, shared: float) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Capacities whose medians are the nameplates, with log errors of their own and one that all share."""
    lines = economy.lines.select("line", pl.col("capacity").alias("median")).sort("line")
    spread = (own**2 + shared**2) ** 0.5
    factors = pl.DataFrame({"line": lines["line"], "factor": ["all"] * len(lines), "loading": [shared] * len(lines)})
    return lines.with_columns(pl.lit(spread).alias("log_sd"), pl.lit(own).alias("own_log_sd")), factors


def pooled(economy: Economy, own: float, shared: float, classes: np.ndarray | None = None) -> tuple[Inputs, LineCapacities]:
    lines = capacities_at_chance(economy, *estimated(economy, own, shared))
    return read_inputs(economy, make_pools(economy, placed_lines(economy, lines), classes)), lines


def test_lines_without_errors_have_their_mean_in_every_draw():
    inputs, lines = pooled(bread(3), 0.0, 0.0)

    assert draw_pools(inputs, lines, draws=5, seed=1) == pytest.approx(np.full((1, 5), 30.0), rel=1e-12)


def test_the_chosen_capacity_is_there_with_the_chosen_chance():
    for chance in (0.6, 0.8, 0.95):
        inputs, lines = pooled(bread(12, chance=chance), 0.3, 0.15)

        drawn = draw_pools(inputs, lines, draws=4000, seed=1)

        # 4,000 draws tell a chance to 0.8 points; Fenton's lognormal total is within 2 of the true one at such errors.
        assert (drawn[0] >= inputs.pools.table["chosen"][0]).mean() == pytest.approx(chance, abs=0.03)


def test_moments_are_those_of_lognormal_lines_with_a_shared_error():
    # Two lines of mean 10 e^(s^2 / 2): variances e^(s^2) - 1 and covariance e^(shared^2) - 1, as shares of the mean squared.
    inputs, lines = pooled(bread(2), 0.2, 0.3)

    drawn = draw_pools(inputs, lines, draws=40_000, seed=3)[0]

    mean = 10.0 * np.exp(0.13 / 2)
    assert drawn.mean() == pytest.approx(2 * mean, rel=0.01)
    assert drawn.var() == pytest.approx(mean**2 * (2 * np.expm1(0.13) + 2 * np.expm1(0.09)), rel=0.05)


def test_draws_do_not_depend_on_how_many_are_held_at_a_time():
    inputs, lines = pooled(bread(7, efficiency=(1.0, 0.9)), 0.2, 0.1, np.zeros(7, np.int64))

    whole = draw_pools(inputs, lines, draws=10, seed=4)

    assert draw_pools(inputs, lines, draws=10, seed=4, cells=21) == pytest.approx(whole, rel=1e-13)
    assert draw_pools(inputs, lines, draws=6, seed=4) == pytest.approx(whole[:, :6], rel=1e-13)
    assert (draw_pools(inputs, lines, draws=10, seed=4) == whole).all()
    assert not np.isclose(draw_pools(inputs, lines, draws=10, seed=5), whole).any()


def test_a_class_can_make_what_its_lines_can_make():
    efficiency = (1.0, 0.95, 0.8)
    inputs, lines = pooled(bread(3, efficiency=efficiency), 0.4, 0.0, np.zeros(3, np.int64))
    apart, lines_apart = pooled(bread(3, efficiency=efficiency), 0.4, 0.0)

    together = inputs.made @ draw_pools(inputs, lines, draws=200, seed=2)

    # Lines are alike but for their efficiency, so the numbers that are drawn for the first, second and third, the best first, are the same.
    best, middle, worst = draw_pools(apart, lines_apart, draws=200, seed=2)
    assert together[0] == pytest.approx(2.0 * (1.0 * best + 0.95 * middle + 0.8 * worst), rel=1e-9)
