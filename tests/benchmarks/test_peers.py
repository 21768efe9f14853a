"""The comparison with other ways of planning is itself right: one check for all, methods that do what they are named after, and groundplan's optimum found by another solver."""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

from _balancing import cut_alike, cut_pro_rata, leontief
from _harmony import harmony, marginal_harmony, search_harmony
from _peer_task import as_plan, growing_economy, read_task, static_economy
from _plan_check import check_plan
from _programmes import least_loss, most_harmony, worst_best
from groundplan.planning.plan import plan
from groundplan.planning.verify import verify_plan
from peers import _loss, _measures
from plan import random_economy

PRODUCTS = 24
ECONOMIES = {"static": static_economy(PRODUCTS, 4), "growing": growing_economy(PRODUCTS, 4, ambition=0.08)}


@pytest.mark.parametrize("kind", list(ECONOMIES))
def test_groundplans_plan_holds_and_no_other_solver_finds_less_loss(kind):
    # Arrange
    economy = ECONOMIES[kind]
    task = read_task(economy)

    # Act
    made = plan(economy)
    checked = check_plan(economy, made)

    # Assert: HiGHS's own tolerance is 1e-7.
    assert max(checked.imbalance, checked.overshoot) < 1e-12
    assert made.objective > 0.1
    assert made.objective == pytest.approx(_loss(task, least_loss(task)), rel=1e-6)


@pytest.mark.parametrize("kind", list(ECONOMIES))
@pytest.mark.parametrize(
    ("fault", "found"),
    [
        ("more is delivered than is there", "imbalance"),
        ("a line runs above capacity", "overshoot"),
        ("something is below zero", "overshoot"),
        ("more is delivered than is wanted", "overshoot"),
    ],
)
def test_the_check_finds_what_does_not_hold_and_how_far(kind, fault, found):
    # Arrange
    economy = ECONOMIES[kind]
    made = plan(economy)
    busiest = made.activities.sort(pl.col("level") / pl.col("capacity")).row(-1, named=True)
    scarce = made.outputs.filter(pl.col("unused") == 0, pl.col("final_use") > 0).row(0, named=True)
    sources = scarce["production"] + scarce["imports"] + scarce["opening_stock"]
    goal = economy.goals.filter(pl.col("product") == scarce["product"], pl.col("period") == scarce["period"])["quantity"][0]
    table, row, column, value = {
        "more is delivered than is there": ("outputs", scarce, "final_use", scarce["final_use"] + 1e-3 * sources),
        "a line runs above capacity": ("activities", busiest, "level", 1.001 * busiest["capacity"]),
        "something is below zero": ("outputs", scarce, "final_use", -1e-3 * sources),
        "more is delivered than is wanted": ("outputs", scarce, "final_use", 1.001 * goal),
    }[fault]
    frame = getattr(made, table)
    here = pl.all_horizontal(pl.col(key) == row[key] for key in ("product" if table == "outputs" else "pool", "period"))
    wrong = replace(made, **{table: frame.with_columns(pl.when(here).then(value).otherwise(column).alias(column))})

    # Act
    checked = check_plan(economy, wrong)

    # Assert
    assert getattr(checked, found) == pytest.approx(1e-3, rel=1e-3)
    label = row["product" if table == "outputs" else "recipe"]
    assert getattr(checked, f"{found}_at").endswith(f" {label} in {row['period']}")
    assert verify_plan(economy, wrong, nameplates=True)


def test_the_check_finds_capacity_that_is_built_of_nothing():
    economy = ECONOMIES["static"]
    made = plan(economy)
    busiest = made.activities.sort(pl.col("level") / pl.col("capacity")).row(-1, named=True)
    gift = pl.DataFrame([{"pool": busiest["pool"], "period": busiest["period"], "quantity": 0.5 * busiest["capacity"], "recipe": busiest["recipe"], "region": busiest["region"]}])
    checked = check_plan(economy, replace(made, new_capacity=gift))
    assert checked.overshoot == pytest.approx(0.5)
    assert checked.overshoot_at == f"built of nothing: {busiest['recipe']} in {busiest['period']}"


def test_the_check_refuses_what_it_does_not_know():
    economy = random_economy(PRODUCTS, 4)
    exporting = replace(economy, trade=economy.trade.with_columns(pl.lit(1.0).alias("export_limit")))
    with pytest.raises(ValueError, match="exports"):
        check_plan(exporting, plan(economy))


def test_leontiefs_outputs_serve_all_goals_and_break_limits_that_one_cut_keeps():
    # Arrange
    economy = ECONOMIES["static"]
    task = read_task(economy)

    # Act
    asked, cut = leontief(task), cut_alike(task)

    # Assert
    assert task.net(asked)[task.product] == pytest.approx(task.goal[task.product], abs=1e-12)
    assert check_plan(economy, as_plan(economy, task, asked)).overshoot > 0.1
    assert check_plan(economy, as_plan(economy, task, cut)).overshoot < 1e-12
    # One share a year, and no larger one, since years are apart and all goods hang together: it is the best of the worst.
    shares = (task.net(cut) / np.where(task.goal > 0, task.goal, np.nan))[task.product]
    assert np.nanmax(shares, axis=0) == pytest.approx(np.nanmin(shares, axis=0), rel=1e-9)
    assert np.nanmin(shares, axis=0).sum() == pytest.approx(_measures(task)["worst of each year"](task.net(worst_best(task))), rel=1e-6)


@pytest.mark.parametrize("final_first", [False, True])
def test_pro_rata_cuts_end_in_a_plan_that_holds_and_leaves_nothing_that_all_could_share(final_first):
    economy = ECONOMIES["static"]
    task = read_task(economy)
    cut = cut_pro_rata(task, final_first=final_first)
    checked = check_plan(economy, as_plan(economy, task, cut))
    assert max(checked.imbalance, checked.overshoot) < 1e-9
    limits = np.setdiff1d(np.arange(len(task.goal)), task.product)
    left = task.net(cut)[limits] / task.endowment[limits]
    assert all(left[task.period[limits] == year].min() < 1e-9 for year in range(task.planned))


def test_material_balances_refuse_a_choice_of_techniques():
    with pytest.raises(ValueError, match="material balances"):
        leontief(read_task(ECONOMIES["growing"]))


def test_harmony_is_as_described():
    assert harmony(np.array([0.0, 0.5, 1.0, np.e])) == pytest.approx([-1.5, -0.625, 0.0, 1.0])
    at = np.array([0.0, 0.3, 0.999, 1.0, 1.001, 4.0])
    assert marginal_harmony(at) == pytest.approx((harmony(at + 1e-7) - harmony(at)) / 1e-7, abs=1e-5)


@pytest.mark.parametrize("kind", list(ECONOMIES))
def test_harmony_search_holds_and_comes_near_to_the_best_there_is(kind):
    # Arrange
    economy = ECONOMIES[kind]
    task = read_task(economy)
    measures = _measures(task)

    # Act
    found = search_harmony(task, measures, np.random.default_rng(1), rounds=40)

    # Assert
    for name, v in found.items():
        checked = check_plan(economy, as_plan(economy, task, v))
        assert max(checked.imbalance, checked.overshoot) < 1e-12
        assert measures[name](task.net(v)) == max(measures[name](task.net(other)) for other in found.values())
    wanted = task.goal > 0
    reached, most = (harmony((task.net(v) / np.where(wanted, task.goal, 1.0))[wanted]).mean() for v in (found["most harmony"], most_harmony(task)))
    # Tangents overstate harmony by less than 0.001, so the programme may miss its optimum by as much.
    assert most - 0.1 < reached < most + 1e-3
