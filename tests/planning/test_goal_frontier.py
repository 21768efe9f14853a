"""The frontier between two goals: by hand, against an independent model with one goal fixed on a grid, and what must hold of any."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

from economies import economy_of, random_rows

from _feature_economies import feature_economy
from _linopy_plan import state_plan
from groundplan.errors import InputError
from groundplan.planning import frontier as frontiers
from groundplan.planning import levels
from groundplan.planning.frontier import frontier
from groundplan.planning.plan import plan
from groundplan.tables.bundles import Frontier
from groundplan.tables.economy import Economy


def guns_and_butter(**limits: float) -> Economy:
    """A ton of guns takes 1 hour and 2 of ore, a ton of butter 2 hours and 1 of ore."""
    takes = {"guns": {"labour": 1.0, "ore": 2.0}, "butter": {"labour": 2.0, "ore": 1.0}, "tea": {"labour": 1.0}}
    periods, available = ("2021", "2022"), {"labour": 120.0, "ore": 120.0} | limits
    return economy_of(
        {
            "products": [{"product": name, "name": name.capitalize(), "measure": "t", "storable": False} for name in (*takes, "sand")],
            "units": [{"unit": "u", "region": "n"}],
            "recipes": [
                {"recipe": name, "item": item, "role": role, "amount": amount}
                for name, inputs in takes.items()
                for item, role, amount in ((name, "out", 1.0), *((item, "in", amount) for item, amount in inputs.items()))
            ],
            "lines": [{"line": name, "unit": "u", "recipe": name, "capacity": 1000.0} for name in takes],
            "goals": [
                *({"product": name, "period": period, "quantity": 80.0, "priority": at} for at, name in ((1, "guns"), (1, "butter")) for period in periods),
                {"product": "tea", "period": "2021", "quantity": 20.0, "minimum": 4.0, "priority": 1},
            ],
            "resources": [{"resource": name, "region": "all", "period": period, "limit": limit} for name, limit in available.items() for period in periods],
        },
        horizon=2,
    )  # fmt: skip


def corners(found: Frontier) -> np.ndarray:
    """Shares of the first and the second goal at each corner, shape (corners, 2)."""
    return found.frontier.filter(pl.col("kind") == "corner").select("first_share", "second_share").to_numpy()


def present(found: Frontier) -> dict[str, float]:
    return found.frontier.filter(pl.col("kind") == "plan").row(0, named=True)


def test_the_production_possibility_frontier_of_a_textbook():
    # In 2022: guns + 2 butter <= 120 hours, 2 guns + butter <= 120 of ore. Corners: (0, 60), (40, 40), (60, 0): one more ton of guns first costs 1/2 a ton of butter, then 2.
    found = frontier(guns_and_butter(), "guns@2022", "butter@2022")

    assert corners(found) == pytest.approx(np.array([(0.0, 60 / 80), (40 / 80, 40 / 80), (60 / 80, 0.0)]), abs=1e-12)
    table = found.frontier
    assert table["first_delivered"].to_list()[1:] == pytest.approx([0.0, 40.0, 60.0], abs=1e-10)
    assert table["second_per_first"].to_list()[1:3] == pytest.approx([0.5, 2.0], rel=1e-9)
    assert table["share_per_share"].to_list()[1:3] == pytest.approx([0.5, 2.0], rel=1e-9)
    assert table["second_per_first"].to_list()[3] is None
    # The plan misses half of both goals and stands on the corner.
    assert (present(found)["first_share"], present(found)["second_share"]) == pytest.approx((0.5, 0.5))
    assert present(found)["second_room"] == pytest.approx(0.0, abs=1e-9)
    assert found.excess <= 1e-9
    assert "Guns in 2022 and Butter in 2022 compete" in found.outcome.sentence
    assert "from there one t more of Guns in 2022 costs 2 t of Butter in 2022" in found.outcome.sentence


def test_all_periods_of_a_product_count_alike():
    # Tea keeps what the plan gives it in 2021; 2022 is as above. A share is the mean of both years.
    found = frontier(guns_and_butter(), "guns", "butter")

    tea = plan(guns_and_butter()).gaps.filter(pl.col("product") == "tea")["delivered"].item()
    hours = 120.0 - tea
    # 2021: (0, hours / 2), the crossing of guns + 2 butter = hours with 2 guns + butter = 120, (60, 0).
    guns = (240.0 - hours) / 3.0
    assert corners(found)[0] == pytest.approx((0.0, (hours / 2 + 60) / 160), abs=1e-9)
    assert corners(found)[-1] == pytest.approx((60 / 80, 0.0), abs=1e-9)
    assert corners(found)[1] == pytest.approx(((guns + 40) / 160, (120 - 2 * guns + 40) / 160), abs=1e-9)


def test_others_that_are_free_give_way_down_to_their_minimum():
    economy = guns_and_butter()
    held, free = (frontier(economy, "guns@2021", "butter@2021", others=others) for others in ("held", "free"))

    # All hours but those for 4 t of tea.
    assert corners(free)[0] == pytest.approx((0.0, 116 / 2 / 80), abs=1e-9)
    assert corners(held)[0][1] < corners(free)[0][1]
    tea = free.frontier_goals.filter((pl.col("product") == "tea") & (pl.col("point") == 1))
    assert tea["delivered"].item() == pytest.approx(4.0, abs=1e-9)
    assert free.frontier.filter(pl.col("point") == 1)["others_worse"].item() == 1
    assert held.frontier["others_worse"].to_list() == [0] * len(held.frontier)
    # What a corner leaves open goes to the others: at the last corner, guns alone, 56 hours are left for tea.
    assert free.frontier_goals.filter((pl.col("product") == "tea") & (pl.col("point") == len(corners(free)))).select("delivered").item() == pytest.approx(20.0)


def test_two_periods_of_one_product_can_be_set_against_each_other():
    found = frontier(guns_and_butter(), "guns@2021", "guns@2022")
    assert len(corners(found)) == 1
    assert "do not compete" in found.outcome.sentence


def test_goals_that_can_be_had_at_once_at_the_cost_of_others_name_that_cost():
    # All hours of both years but those for 4 t of tea make butter; guns and tea get less than in the plan.
    found = frontier(guns_and_butter(), "butter@2021", "butter@2022", others="free")
    assert corners(found) == pytest.approx(np.array([(58 / 80, 60 / 80)]), abs=1e-9)
    assert "can be had at once, for less of 3 other goals than in the plan, and no more of the one by giving up the other" in found.outcome.sentence


def test_goals_that_do_not_compete_are_said_not_to():
    found = frontier(guns_and_butter(labour=1000.0, ore=1000.0), "guns", "butter")
    assert corners(found).tolist() == [[1.0, 1.0]]
    assert found.outcome.sentence == "Guns and Butter do not compete: both can be had in full with all other goals served as in the plan. The plan delivers as much."


def test_minima_and_numbers_that_are_fixed_hold_on_the_whole_curve():
    economy = guns_and_butter()
    fixed = pl.DataFrame({"flow": ["final_use"], "item": ["guns"], "period": ["2022"], "at_least": [20.0], "at_most": [50.0]}).cast({"flow": economy.fixed.schema["flow"]})
    minimum = pl.when((pl.col("product") == "butter") & (pl.col("period") == "2022")).then(30.0).otherwise(pl.col("minimum"))

    found = frontier(replace(economy, fixed=fixed, goals=economy.goals.with_columns(minimum.alias("minimum"))), "guns@2022", "butter@2022")

    # Guns lie between 20 and 50, and butter has 30 at least: ore is then enough for 45 of guns.
    assert corners(found) == pytest.approx(np.array([(20 / 80, 50 / 80), (40 / 80, 40 / 80), (45 / 80, 30 / 80)]), abs=1e-9)


def test_where_a_minimum_cannot_be_met_it_is_missed_no_more_than_in_the_plan():
    economy = guns_and_butter(labour=20.0)
    hungry = replace(economy, goals=economy.goals.with_columns(pl.when(pl.col("product") == "tea").then(30.0).otherwise(pl.col("minimum")).alias("minimum")))

    found = frontier(hungry, "guns", "butter", others="free")

    tea = found.frontier_goals.filter(pl.col("product") == "tea")
    assert tea["delivered"].to_list() == pytest.approx([20.0] * len(tea), rel=1e-6)


def most_of_second(economy: Economy, made: Frontier, least: float) -> float:
    """The most of the second goal with at least so much of the first, by an independent model: one goal fixed, the other maximised."""
    model = state_plan(economy).model
    gaps, outputs = plan(economy).gaps, plan(economy).outputs
    missed, below = model.variables["missed"].sum("segment"), model.variables["below minimum"]
    sums = {"first": [], "second": []}
    for row in made.frontier_goals.filter(pl.col("point") == 0).iter_rows(named=True):
        place = {"product": row["product"], "period": row["period"]}
        lacking = missed.sel(place, drop=True) + below.sel(place, drop=True)
        if row["role"] == "other":
            if made.others == "held":
                model.add_constraints(lacking <= row["goal"] - row["planned"] + 1e-10 * row["goal"])
        else:
            sums[row["role"]].append((1.0 / row["goal"]) * lacking)
    for row in gaps.iter_rows(named=True):
        model.add_constraints(1.0 * below.sel(product=row["product"], period=row["period"], drop=True) <= row["below_minimum"])
    for row in outputs.join(economy.stocks, on="product").filter(pl.col("floor") > 0).iter_rows(named=True):
        model.add_constraints(1.0 * model.variables["shortage"].sel(product=row["product"], period=row["period"], drop=True) <= max(0.0, row["floor"] - row["closing_stock"]))
    first, second = (sum(parts[1:], parts[0]) / len(parts) for parts in (sums["first"], sums["second"]))
    model.add_constraints(first <= 1.0 - least)
    model.add_objective(second, overwrite=True)
    status, _ = model.solve("highs", io_api="direct", output_flag=False, primal_feasibility_tolerance=1e-9, dual_feasibility_tolerance=1e-9)
    assert status == "ok"
    return 1.0 - float(model.objective.value)


@pytest.mark.parametrize(("seed", "others"), [(1, "held"), (2, "held"), (5, "free")])
def test_the_curve_is_that_of_an_independent_model_on_a_grid(seed, others):
    economy = feature_economy(seed, investing=False, regional=False)
    wanted = plan(economy).gaps.group_by("product").agg(pl.col("shortfall_share").sum()).sort("shortfall_share", "product", descending=[True, False])["product"].to_list()

    found = frontier(economy, wanted[0], wanted[1], others=others, most_corners=200)

    places = corners(found)
    lowest, highest = places[0][0], places[-1][0]
    for least in (0.7 * lowest + 0.3 * highest, highest):
        expected = most_of_second(economy, found, float(least) - 1e-9)
        assert np.interp(least, *places.T) == pytest.approx(expected, abs=3e-6), (least, places)


@pytest.mark.parametrize("seed", range(9))
def test_any_curve_is_concave_falls_and_has_the_plan_on_or_under_it(seed):
    rows, horizon = random_rows(seed)
    economy = economy_of(rows, horizon=horizon)
    wanted = sorted(set(economy.goals["product"]))
    if len(wanted) < 2:
        return
    for others in ("held", "free"):
        found = frontier(economy, wanted[0], wanted[-1], others=others, most_corners=200)
        places, plan_point = corners(found), present(found)
        steps = np.diff(places, axis=0)
        assert (steps[:, 0] > 0).all()
        assert (steps[:, 1] < 0).all()
        slopes = -steps[:, 1] / steps[:, 0]
        assert (np.diff(slopes) > 0).all()
        assert plan_point["first_share"] <= places[-1, 0] + 1e-6
        assert plan_point["second_share"] <= np.interp(plan_point["first_share"], *places.T) + 1e-6 * (1.0 + slopes.max(initial=0.0))
        assert found.excess <= 1e-6
        assert found.is_whole
        # The corners' plans deliver what the curve says.
        goals = found.frontier_goals.with_columns((pl.col("delivered") / pl.col("goal")).alias("share"))
        shares = goals.filter(pl.col("role") != "other").group_by("point", "role").agg(pl.col("share").mean()).pivot("role", index="point", values="share").sort("point")
        assert np.abs(shares.select("first", "second").to_numpy()[1:] - places).max() <= 1e-7
        if others == "held":
            worse = goals.filter((pl.col("role") == "other") & (pl.col("planned") - pl.col("delivered") > 1e-8 * pl.col("goal")))
            assert worse.is_empty()


def test_few_corners_bound_what_they_leave_out():
    rows, horizon = random_rows(8)
    economy = economy_of(rows, horizon=horizon)
    whole = frontier(economy, *(sorted(set(economy.goals["product"]))[:2]))
    few = frontier(economy, *(sorted(set(economy.goals["product"]))[:2]), most_corners=4)

    assert len(corners(few)) <= 4 < len(corners(whole))
    assert not few.is_whole
    assert few.notes[0].subject == "corners"
    # Every corner of the truth lies within the excess of the lines between few, in one direction or the other.
    for first, second in corners(whole):
        above = second - np.interp(first, *corners(few).T)
        beyond = first - np.interp(-second, *(corners(few)[:, ::-1] * (-1.0, 1.0)).T)
        assert min(above, beyond) <= few.excess + 1e-9


def test_a_plan_by_steps_has_a_frontier_too(monkeypatch):
    by_vertices = frontier(guns_and_butter(), "guns@2022", "butter@2022")
    monkeypatch.setattr(levels, "_VERTEX_ROWS", 0)
    by_steps = frontier(guns_and_butter(), "guns@2022", "butter@2022")
    assert corners(by_steps) == pytest.approx(corners(by_vertices), abs=1e-3)
    assert any(note.subject == "plan" for note in by_steps.notes)


def test_a_plan_too_large_is_refused_with_the_limit(monkeypatch):
    monkeypatch.setattr(frontiers, "MOST_FRONTIER_ROWS", 3)
    with pytest.raises(InputError, match="at most 3"):
        frontier(guns_and_butter(), "guns", "butter")


@pytest.mark.parametrize(
    ("first", "second", "said"),
    [
        ("gans", "butter", "'gans' looks like 'guns'"),
        ("guns", "butter@2031", "a period of the plan \\(2021 to 2022\\)"),
        ("guns", "sand", "which has no goal within the plan"),
        ("guns", "tea@2022", "which has no goal in 2022"),
        ("guns", "guns", "two different goals"),
        ("guns@2021", "guns", "two different goals"),
    ],
)
def test_what_cannot_be_asked_is_a_fault_in_words(first, second, said):
    with pytest.raises(InputError, match=said):
        frontier(guns_and_butter(), first, second)


def test_without_goals_there_is_no_plan_and_no_frontier():
    economy = guns_and_butter()
    with pytest.raises(InputError, match="there is no plan without any"):
        frontier(replace(economy, goals=economy.goals.clear()), "guns", "butter")


def test_faults_of_both_are_told_together():
    with pytest.raises(InputError) as error:
        frontier(guns_and_butter(), "gans", "butter@1999")
    assert [fault.column for fault in error.value.faults] == ["FIRST", "SECOND"]


def test_options_out_of_range_are_refused():
    with pytest.raises(InputError, match="at least 2"):
        frontier(guns_and_butter(), "guns", "butter", most_corners=1)
    with pytest.raises(InputError, match="'held' or 'free'"):
        frontier(guns_and_butter(), "guns", "butter", others="none")
