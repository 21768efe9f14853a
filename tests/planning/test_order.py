"""What comes first: minima, then stock floors, then goals by priority; and that the objective is what the goals lose."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from economies import economy_of, random_rows
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from groundplan.planning import levels
from groundplan.planning.loss import SLOPES, relative_loss
from groundplan.planning.plan import plan
from groundplan.planning.verify import verify_plan
from groundplan.tables.bundles import Plan

SEEDS = st.integers(0, 10_000)
QUICK = settings(max_examples=20, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


def granary(opening: float, floor: float, *, minimum: float = 40.0) -> dict[str, list[dict[str, object]]]:
    """Half a tonne can be grown; all else of the 60 tonnes wanted must come from stock."""
    return {
        "products": [{"product": "grain", "measure": "t", "name": "Grain"}],
        "units": [{"unit": "u", "region": "n"}],
        "recipes": [{"recipe": "grow", "item": "grain", "role": "out", "amount": 1.0}],
        "lines": [{"line": "l", "unit": "u", "recipe": "grow", "capacity": 0.5}],
        "goals": [{"product": "grain", "period": "2021", "quantity": 60.0, "minimum": minimum}],
        "stocks": [{"product": "grain", "opening": opening, "floor": floor}],
    }


@pytest.mark.parametrize(
    ("opening", "floor", "delivered", "kept"),
    [(50.0, 30.0, 40.0, 10.5), (50.0, 49.0, 40.0, 10.5), (30.0, 30.0, 30.5, 0.0), (29.9, 30.0, 30.4, 0.0), (80.0, 30.0, 50.5, 30.0), (45.0, 50.0, 40.0, 5.5)],
)
def test_minima_come_before_floors_whatever_the_opening_stock(opening, floor, delivered, kept):
    economy = economy_of(granary(opening, floor), horizon=1)

    result = plan(economy)

    assert result.gaps["delivered"][0] == pytest.approx(delivered, rel=1e-12)
    assert result.outputs["closing_stock"][0] == pytest.approx(kept, rel=1e-12, abs=1e-12)
    assert result.outcome.status == ("infeasible" if delivered < 40.0 else "limited")
    told = [note for note in result.notes if note.subject == "stocks"]
    assert [note.severity for note in told] == (["alert"] if kept < floor else [])
    assert all("(Grain), beside the minima, which come first" in note.sentence for note in told)
    assert verify_plan(economy, result, nameplates=True) == ()


def test_all_goals_met_below_a_floor_is_a_limited_plan():
    rows = granary(0.0, 30.0, minimum=0.0)
    rows["goals"] = [row | {"quantity": 0.25} for row in rows["goals"]]

    result = plan(economy_of(rows, horizon=1))

    # The floor comes before the goal: what is grown is put in store.
    assert result.outputs["closing_stock"][0] == pytest.approx(0.5)
    assert result.outcome.status == "limited"
    assert any("whatever is done" in note.sentence for note in result.notes)

    met = plan(economy_of(rows | {"goals": [row | {"minimum": 0.25} for row in rows["goals"]]}, horizon=1))
    assert met.outcome.status == "limited"
    assert met.outcome.sentence == "All goals can be met, but the stock of Grain falls below its floor."


@given(seed=SEEDS, investing=st.booleans())
@QUICK
def test_floors_take_nothing_from_minima(seed, investing):
    rows, horizon = random_rows(seed, investing=investing, hungry=True)
    stocks = [row | {"floor": float(np.random.default_rng(seed).choice([0.5, 1.0])) * row["opening"]} for row in rows["stocks"]]
    free = [row | {"floor": 0.0} for row in stocks]

    with_floors, without = (plan(economy_of(rows | {"stocks": some}, horizon=horizon)) for some in (stocks, free))

    missed = [float((result.gaps.filter(pl.col("minimum") > 0).select(pl.col("below_minimum") / pl.col("minimum"))).sum().item()) for result in (with_floors, without)]
    assert missed[0] == pytest.approx(missed[1], rel=1e-6, abs=1e-8)


@given(seed=SEEDS, hungry=st.booleans())
@QUICK
def test_the_objective_is_what_all_goals_lose(seed, hungry):
    rows, horizon = random_rows(seed, investing=False, hungry=hungry)

    result = plan(economy_of(rows, horizon=horizon))

    # What is missed beyond the goal's free part falls below the minimum, where the slope is the steepest.
    gaps = result.gaps.filter(pl.col("goal") > 0)
    free = ((gaps["shortfall"] - gaps["below_minimum"]) / gaps["goal"]).to_numpy()
    below = (gaps["below_minimum"] / gaps["goal"]).to_numpy()
    lost = float(gaps["weight"].to_numpy() @ (relative_loss(np.clip(free, 0.0, 1.0)) + SLOPES[-1] * below))
    assert result.objective == pytest.approx(lost, rel=1e-7, abs=1e-9)
    assert result.bound <= result.objective


def two_goals(weight: float, minimum: float = 0.0) -> dict[str, list[dict[str, object]]]:
    """Ten hours of work for ten tonnes of either of two goods; the first has the higher priority."""
    rows: dict[str, list[dict[str, object]]] = {"units": [{"unit": "u", "region": "n"}], "products": [], "recipes": [], "lines": [], "goals": []}
    for product in ("first", "second", "third"):
        rows["products"].append({"product": product, "measure": "t", "storable": False})
        rows["recipes"] += [{"recipe": product, "item": product, "role": "out", "amount": 1.0}, {"recipe": product, "item": "labour", "role": "in", "amount": 1.0}]
        rows["lines"].append({"line": product, "unit": "u", "recipe": product, "capacity": 10.0})
        goal = {"product": product, "period": "2021", "quantity": 5.0, "priority": 2 if product == "second" else 1, "weight": weight if product == "third" else 1.0}
        rows["goals"].append(goal | {"minimum": minimum if product == "first" else 0.0})
    rows["resources"] = [{"resource": "labour", "region": "all", "period": "2021", "limit": 10.0}]
    return rows


def test_a_goal_without_weight_takes_nothing_from_a_lower_priority():
    result = plan(economy_of(two_goals(0.0), horizon=1))

    delivered = dict(result.gaps.select("product", "delivered").iter_rows())
    assert [delivered["first"], delivered["second"]] == pytest.approx([5.0, 5.0])


def test_minima_missed_at_a_priority_without_a_level_count_in_the_objective():
    # The first good cannot be made beyond 2 of its 5, all of it minimum: 3 missed at the steepest slope. The second has all it wants.
    rows = two_goals(1.0, minimum=5.0)
    rows["lines"] = [row | {"capacity": 2.0} if row["line"] == "first" else row for row in rows["lines"]]
    rows["goals"] = rows["goals"][:2]

    result = plan(economy_of(rows, horizon=1))

    assert result.objective == pytest.approx(0.6 * SLOPES[-1], rel=1e-12)
    assert result.bound == pytest.approx(result.objective, rel=1e-12)


def tight(gain: float) -> dict[str, list[dict[str, object]]]:
    """A priority that is missed by half, to which all power together would add `gain` of the goal; the second priority lives on power."""
    made = [("mine", "ore", 1.0, 0.0), ("squeeze", "ore", gain, 1.0), ("weave", "cloth", 1.0, 1.0)]
    return {
        "products": [{"product": name, "measure": "t"} for name in ("ore", "cloth")],
        "units": [{"unit": "u", "region": "n"}],
        "recipes": [
            row
            for recipe, product, amount, power in made
            for row in (
                {"recipe": recipe, "item": product, "role": "out", "amount": amount},
                *([{"recipe": recipe, "item": "power", "role": "in", "amount": power}] if power else []),
            )
        ],
        "lines": [{"line": recipe, "unit": "u", "recipe": recipe, "capacity": 50.0 if recipe == "mine" else 100.0} for recipe, *_ in made],
        "goals": [{"product": name, "period": "2021", "quantity": 100.0, "priority": at} for at, name in ((1, "ore"), (2, "cloth"))],
        "resources": [{"resource": "power", "region": "all", "period": "2021", "limit": 100.0}],
    }


@pytest.mark.parametrize(("gain", "cloth"), [(1e-7, 100.0), (1e-4, 0.0)])
def test_an_earlier_priority_gives_way_where_what_it_gains_is_below_a_millionth_and_not_above(gain, cloth):
    result = plan(economy_of(tight(gain), horizon=1))

    delivered = dict(result.gaps.select("product", "delivered").iter_rows())
    assert delivered["cloth"] == pytest.approx(cloth, abs=1e-6)
    assert delivered["ore"] == pytest.approx(50.0 + (0.0 if cloth else 100.0 * gain), rel=1e-9)
    # All the power would add 100 gain to the ore, a loss at a slope between 1 and 3 a share missed.
    told = [note for note in result.notes if "give up" in note.sentence]
    assert len(told) == (1 if cloth else 0)


def test_settings_say_what_an_earlier_priority_may_lose():
    kept = plan(economy_of(tight(1e-4), horizon=1, level_loss=1e-6))
    given_up = plan(economy_of(tight(1e-4), horizon=1, level_loss=1e-2))

    assert dict(kept.gaps.select("product", "delivered").iter_rows())["cloth"] == pytest.approx(0.0, abs=1e-6)
    assert dict(given_up.gaps.select("product", "delivered").iter_rows())["cloth"] == pytest.approx(100.0)
    note = next(note for note in given_up.notes if "give up" in note.sentence)
    assert "beyond the least loss" in note.sentence
    assert "all they weigh is 1;" in note.sentence


@given(seed=SEEDS)
@QUICK
def test_priorities_solved_in_pairs_lose_what_they_lose_one_after_the_other(seed):
    rows, horizon = random_rows(seed, investing=False, hungry=True)
    rng = np.random.default_rng(seed)
    rows["goals"] = [row | {"priority": int(rng.integers(1, 4)), "minimum": 0.0} for row in rows["goals"]]
    economy = economy_of(rows, horizon=horizon)

    strict = plan(economy)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(levels, "_TOGETHER_ROWS", 0)
        paired = plan(economy)

    lost = [_lost_by_priority(result) for result in (strict, paired)]
    assert lost[1] == pytest.approx(lost[0], rel=1e-5, abs=1e-5)
    assert paired.bound <= paired.objective <= paired.bound + 1e-5 * paired.gaps["weight"].sum()
    assert verify_plan(economy, paired, nameplates=True) == ()


def _lost_by_priority(result: Plan) -> dict[int, float]:
    shares = relative_loss(result.gaps["shortfall_share"].to_numpy())
    lost = result.gaps.select("priority", pl.Series("lost", shares) * pl.col("weight")).group_by("priority").agg(pl.col("lost").sum())
    return dict(lost.sort("priority").iter_rows())
