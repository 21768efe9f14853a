"""Plans agree with an independent model in linopy, level by level and price by price; benchmarks/linopy_peer.py does the same for more economies."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

from cases import case

from _feature_economies import feature_economy
from _linopy_levels import build, solve, solve_with_room
from linopy_peer import compare_levels, compare_prices, strictly


@pytest.mark.parametrize("seed", range(1, 11))
def test_levels_and_prices_are_those_of_the_independent_model(seed):
    # Every fourth economy does not invest, so that floors can be compared too.
    economy = feature_economy(seed, investing=seed % 4 > 0)
    programme = build(economy)

    with strictly():
        levels, prices = compare_levels(economy, programme), list(compare_prices(economy, programme))
    usual = compare_levels(economy, programme)

    assert all(level.is_strict for level in levels), levels
    assert all(price.is_right for price in prices), prices
    assert any(price.is_unique for price in prices)
    assert all(level.is_allowed for level in usual), usual


def test_the_independent_model_is_right_by_hand():
    # 5 of grain are grown and 9 of the 10 in store are left: 14. A minimum of 3 comes first, then a floor of 12, of which 11 can be kept: 1/12 is missed. Of the goal of 20
    # that leaves 85 % missed: 0.56 at the break of 70 % and 15 % more at the last slope, 4.4/3. The stock at the end is above that of the start.
    stocks = {"grain": {"opening": 10.0, "floor": 12.0}}
    economy = case({"farm": {"grain": 1.0}}, {("grain", 1): {"quantity": 20.0, "minimum": 3.0}}, capacity=5.0, stocks=stocks, loss_share=0.1)

    programme = build(economy)
    found = solve(programme)

    assert [found.minima, found.floors, found.goals[1], found.stocks] == pytest.approx([0.0, 1.0 / 12.0, 0.56 + 0.15 * 4.4 / 3.0, 0.0], rel=1e-12)
    # A millionth of the floor, 12 millionths of grain, is a goal's 0.6 millionths.
    assert solve_with_room(programme, found, 1e-6).goals[1] == pytest.approx(found.goals[1] - 12e-6 / 20.0 * 4.4 / 3.0, abs=1e-12)
