"""What holds of every plan, on random economies."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from economies import economy_of, random_rows
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from groundplan.maths import highs
from groundplan.planning.plan import plan
from groundplan.planning.verify import verify_plan
from groundplan.tables.bundles import result_tables
from groundplan.tables.results import RESULTS

SEEDS = st.integers(0, 10_000)
QUICK = settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


@given(seed=SEEDS, investing=st.booleans(), hungry=st.booleans())
@QUICK
def test_every_plan_closes_its_balances_and_keeps_its_limits(seed, investing, hungry):
    rows, horizon = random_rows(seed, investing=investing, hungry=hungry)
    economy = economy_of(rows, horizon=horizon)

    result = plan(economy)

    assert verify_plan(economy, result, nameplates=True) == ()
    assert result.bound <= result.objective
    assert result.gap <= 1e-6
    for name, table in result_tables(result).items():
        RESULTS[name].validate(table)


@given(seed=SEEDS)
@QUICK
def test_relabelling_and_the_order_of_rows_change_nothing(seed):
    rows, horizon = random_rows(seed)
    economy = economy_of(rows, horizon=horizon)
    rng = np.random.default_rng(seed)
    names = {f"p{place}": f"q{9 - place}" for place in range(10)}
    shuffled = {}
    for name, table in economy.tables().items():
        order = rng.permutation(len(table))
        moved = table[order.tolist()] if len(table) else table
        shuffled[name] = moved.with_columns(pl.col(column).replace(names) for column in ("product", "item") if column in moved.columns)

    first, second = plan(economy), plan(replace(economy, **shuffled))

    assert second.objective == pytest.approx(first.objective, rel=1e-9, abs=1e-12)
    keys = ["product", "period"]
    renamed = first.gaps.with_columns(pl.col("product").replace(names)).sort(keys)
    levels = [renamed.group_by("priority").agg((pl.col("weight")).sum()).sort("priority"), second.gaps.group_by("priority").agg(pl.col("weight").sum()).sort("priority")]
    assert levels[0]["weight"].to_list() == pytest.approx(levels[1]["weight"].to_list())
    assert second.outcome.status == first.outcome.status


@given(seed=SEEDS, which=st.integers(0, 100))
@QUICK
def test_more_of_a_limit_never_makes_the_plan_worse(seed, which):
    rows, horizon = random_rows(seed)
    before = plan(economy_of(_one_priority(rows), horizon=horizon))
    if before.outcome.status == "infeasible" or not rows["resources"]:
        return
    more = [dict(row) for row in rows["resources"]]
    more[which % len(more)]["limit"] *= 1.5
    after = plan(economy_of(_one_priority(rows) | {"resources": more}, horizon=horizon))

    assert after.objective <= before.objective + 1e-9 * max(1.0, before.objective)


def test_the_same_inputs_give_the_same_bytes():
    rows, horizon = random_rows(11)
    economy = economy_of(rows, horizon=horizon)

    first, second = (result_tables(plan(economy)) for _ in range(2))

    for name, table in first.items():
        assert table.equals(second[name], null_equal=True), name
        for column in table.columns:
            if table[column].dtype == pl.Float64:
                assert table[column].fill_null(0.0).to_numpy().tobytes() == second[name][column].fill_null(0.0).to_numpy().tobytes()


def _one_priority(rows):
    return rows | {"goals": [row | {"priority": 1} for row in rows["goals"]]}


@pytest.mark.parametrize("seed", [3, 17, 29])
def test_a_plan_led_by_a_first_order_method_is_as_good_and_as_exact(seed, monkeypatch):
    rows, horizon = random_rows(seed)
    economy = economy_of(rows, horizon=horizon)
    usual = plan(economy)
    monkeypatch.setattr(highs, "choose_method", lambda _programme: ("pdlp", "forced"))

    result = plan(economy)

    assert result.outcome.method.startswith("HiGHS PDLP")
    assert result.objective == pytest.approx(usual.objective, rel=1e-12, abs=1e-12)
    assert result.gap <= 1e-9
    assert verify_plan(economy, result, nameplates=True) == ()
