"""Classes of efficiency: the plan of all lines told apart, at the cost of a few pools, and lines in merit order."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

from groundplan.planning import classes
from groundplan.planning.plan import plan
from groundplan.planning.verify import verify_plan
from groundplan.tables.bundles import Plan
from groundplan.tables.economy import Economy
from plan import random_economy, with_many_lines


def scarce(seed: int, *, priorities: bool = False) -> Economy:
    economy = with_many_lines(random_economy(40, seed), 12, seed)
    goals = economy.goals if priorities else economy.goals.with_columns(pl.lit(1).cast(economy.goals.schema["priority"]).alias("priority"))
    return replace(economy, goals=goals, lines=economy.lines.with_columns(pl.col("capacity") * 0.85))


def in_classes(economy: Economy) -> Plan:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(classes, "_MOST_POOLS", 0)
        return plan(economy)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_classes_lose_nothing_against_lines_told_apart(seed):
    economy = scarce(seed)
    apart, classed = plan(economy), in_classes(economy)

    assert apart.objective > 0.01
    # Cutting ends where no more than a hundred millionth of the weights is at stake.
    assert classed.objective == pytest.approx(apart.objective, abs=2e-8 * economy.goals["weight"].sum())
    assert classed.bound <= apart.objective * (1 + 1e-9)
    assert len(classed.activities) < len(apart.activities) * 0.6
    assert verify_plan(economy, classed, nameplates=True) == ()


def test_each_priority_stays_within_its_proven_gap():
    economy = scarce(2, priorities=True)
    classed = in_classes(economy)

    assert classed.bound <= classed.objective <= classed.bound + 1e-6 * economy.goals["weight"].sum()
    assert verify_plan(economy, classed, nameplates=True) == ()


def test_lines_run_in_merit_order_and_make_what_their_pool_makes():
    economy = scarce(1)
    classed = in_classes(economy)
    lines = classed.line_activities.join(economy.lines.select("line", "efficiency"), on="line").with_columns((pl.col("level") / pl.col("capacity")).alias("share"))

    made = lines.group_by("pool", "period").agg((pl.col("level") * pl.col("efficiency")).sum().alias("made"), pl.col("level").sum().alias("run"), pl.len())
    told = made.join(classed.activities.filter(pl.col("new_capacity").cum_sum().over("pool") == 0), on=["pool", "period"]).filter(pl.col("len") > 1)
    assert len(told) > 100
    assert told["made"].to_numpy() == pytest.approx((told["level"] * told["efficiency"]).to_numpy(), rel=1e-9, abs=1e-12)
    # Where a line of a pool runs at all, all better ones run in full.
    ordered = lines.sort("pool", "period", "efficiency", descending=[False, False, True])
    better_full = ordered.with_columns((pl.col("share").cum_min().shift(1).over("pool", "period")).alias("better")).filter(
        pl.col("better").is_not_null() & (pl.col("share") > 1e-9)
    )
    partly = better_full.group_by("pool").agg(pl.col("better").min(), pl.col("efficiency").n_unique().alias("kinds")).filter(pl.col("kinds") > 1)
    assert len(partly) > 3
    assert partly["better"].min() == pytest.approx(1.0, abs=1e-9)


def test_few_efficiencies_are_told_apart_as_ever():
    economy = random_economy(20, 1)
    assert classes.first_classes(economy, economy.lines.with_columns(pl.lit("r").alias("region"), pl.col("capacity").alias("chosen"))) is None


def test_no_two_lines_of_one_efficiency_are_in_two_classes():
    economy = with_many_lines(random_economy(12, 1), 40)
    rounded = economy.lines.with_columns(pl.col("efficiency").round(1), pl.lit("r").alias("region"), pl.col("capacity").alias("chosen")).sort("line")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(classes, "_MOST_POOLS", 0)
        found = classes.first_classes(economy, rounded)

    assert found is not None
    table = rounded.with_columns(pl.Series("class", found))
    assert table.group_by("recipe", "efficiency").agg(pl.col("class").n_unique())["class"].max() == 1
    # Best first, and the best by itself: new capacity is as good.
    order = table.group_by("recipe", "class").agg(pl.col("efficiency").max().alias("high"), pl.col("efficiency").min().alias("low")).sort("recipe", "class")
    assert (order["high"].to_numpy()[1:] < order["low"].to_numpy()[:-1])[order["recipe"].to_numpy()[1:] == order["recipe"].to_numpy()[:-1]].all()
    assert np.array_equal(order.filter(pl.col("class") == 1)["high"], order.filter(pl.col("class") == 1)["low"])


def test_small_pools_keep_their_digits_beside_large_ones():
    """Sums that run over all pools would leave a pool that comes after one ten orders of magnitude larger with six digits."""
    economy = with_many_lines(random_economy(20, 1), 12)
    large = economy.lines["recipe"] == "make_P0000"
    economy = replace(
        economy,
        lines=economy.lines.with_columns(pl.when(large).then(pl.col("capacity") * 1e10).otherwise(pl.col("capacity") * 0.85)),
    )
    classed = in_classes(economy)

    lines = classed.line_activities.join(economy.lines.select("line", "efficiency"), on="line")
    made = lines.group_by("pool", "period").agg((pl.col("level") * pl.col("efficiency")).sum().alias("made"))
    told = made.join(classed.activities.filter(pl.col("new_capacity").cum_sum().over("pool") == 0), on=["pool", "period"])
    assert told["made"].to_numpy() == pytest.approx((told["level"] * told["efficiency"]).to_numpy(), rel=1e-12)
