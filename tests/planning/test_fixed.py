"""Numbers that are decided already: kept before any goal, and where that cannot be, said and come as near to as can be."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import polars as pl
import pytest
from economies import economy_of, random_rows

from groundplan.errors import InputError
from groundplan.flows.fixing import parse_fixed
from groundplan.planning import large, levels
from groundplan.planning.plan import plan
from groundplan.planning.verify import verify_plan
from groundplan.tables.bundles import Plan
from groundplan.tables.check import check_economy
from groundplan.tables.economy import Economy


def mill(*fixed: dict[str, object], minimum: float = 0.0) -> Economy:
    """Power makes bread, of priority 1, or cloth, of priority 2; more looms can be built from cloth."""
    return economy_of(
        {
            "products": [{"product": name, "measure": "t", "storable": name == "cloth"} for name in ("bread", "cloth")],
            "units": [{"unit": "u", "region": "n"}],
            "recipes": [
                row
                for name in ("bread", "cloth")
                for row in ({"recipe": name, "item": name, "role": "out", "amount": 1.0}, {"recipe": name, "item": "power", "role": "in", "amount": 1.0})
            ],
            "lines": [{"line": name, "unit": "u", "recipe": name, "capacity": 80.0} for name in ("bread", "cloth")],
            "goals": [
                {"product": name, "period": period, "quantity": 80.0, "minimum": minimum if name == "bread" else 0.0, "priority": at}
                for at, name in ((1, "bread"), (2, "cloth"))
                for period in ("2021", "2022")
            ],
            "resources": [{"resource": "power", "region": "all", "period": period, "limit": 100.0} for period in ("2021", "2022")],
            "trade": [{"product": "cloth", "period": "2021", "import_limit": 30.0, "export_limit": 20.0, "export_price": 1.0}],
            "investments": [{"recipe": "cloth", "item": "cloth", "amount": 0.5, "lag": 1, "depreciation": 0.0}],
            "fixed": list(fixed),
        },
        horizon=2,
    )


def of(result: Plan, flow: str, product: str, period: str = "2021") -> float:
    return result.outputs.filter((pl.col("product") == product) & (pl.col("period") == period))[flow].item()


@pytest.fixture(params=["vertices", "steps"])
def planned(request, monkeypatch):
    """Plan by vertices, and by steps whatever the size."""

    def made(economy: Economy) -> Plan:
        with monkeypatch.context() as patch:
            if request.param == "steps":
                patch.setattr(levels, "_VERTEX_ROWS", 0)
            result = plan(economy)
        assert verify_plan(economy, result, nameplates=True) == ()
        return result

    return made


@pytest.mark.parametrize(
    ("flow", "item", "bound", "number"),
    [
        ("production", "cloth", "at_least", 60.0),
        ("production", "cloth", "at_most", 5.0),
        ("final_use", "cloth", "at_least", 70.0),
        ("final_use", "bread", "at_most", 30.0),
        ("imports", "cloth", "at_most", 12.0),
        ("imports", "cloth", "at_least", 30.0),
        ("exports", "cloth", "at_least", 15.0),
        ("closing_stock", "cloth", "at_least", 25.0),
        ("closing_stock", "cloth", "at_most", 0.0),
    ],
)
def test_what_is_fixed_holds_before_goals_are_served(planned, flow, item, bound, number):
    result = planned(mill({"flow": flow, "item": item, "period": "2021", bound: number}))

    found = of(result, flow, item)
    assert found >= number - 1e-6 if bound == "at_least" else found <= number + 1e-6
    assert result.outcome.status == "limited"


def test_new_capacity_of_a_recipe_is_fixed_over_all_its_regions(planned):
    result = planned(mill({"flow": "new_capacity", "item": "cloth", "period": "2022", "at_least": 8.0}))

    assert result.new_capacity.filter(pl.col("period") == "2022")["quantity"].sum() == pytest.approx(8.0, abs=1e-6)
    assert of(result, "investment", "cloth") == pytest.approx(4.0, abs=1e-6)


def test_what_was_not_binding_changes_nothing(planned):
    free = planned(mill())
    fixed = planned(mill({"flow": "production", "item": "bread", "period": "2021", "at_least": 10.0, "at_most": 80.0}))

    assert of(fixed, "production", "bread") == pytest.approx(of(free, "production", "bread"), abs=1e-6)
    assert fixed.objective == pytest.approx(free.objective, abs=1e-4)


def test_what_cannot_be_is_said_with_how_near_it_comes(planned):
    result = planned(mill({"flow": "production", "item": "cloth", "period": "2021", "at_least": 120.0}))

    assert result.outcome.status == "infeasible"
    assert "Production of cloth in 2021 cannot be at least 120 t, as was fixed: it is " in result.outcome.sentence
    assert of(result, "production", "cloth") == pytest.approx(80.0, abs=0.02)
    assert [note.sentence[:10] for note in result.notes if note.subject == "fixed" and note.severity == "alert"] == ["Production"]


def test_minima_come_before_what_is_fixed(planned):
    result = planned(mill({"flow": "production", "item": "cloth", "period": "2021", "at_least": 60.0}, minimum=50.0))

    assert of(result, "final_use", "bread") == pytest.approx(50.0, abs=0.02)
    assert of(result, "production", "cloth") == pytest.approx(50.0, abs=0.02)
    assert result.outcome.status == "infeasible"


@pytest.mark.parametrize(
    ("row", "rule"),
    [
        ({"flow": "production", "item": "cloth", "period": "2021"}, "nothing_fixed"),
        ({"flow": "production", "item": "cloth", "period": "2021", "at_least": 2.0, "at_most": 1.0}, "least_above_most"),
        ({"flow": "production", "item": "cloht", "period": "2021", "at_least": 2.0}, "unknown_item"),
        ({"flow": "new_capacity", "item": "bread", "period": "2021", "at_least": 2.0}, "unknown_item"),
        ({"flow": "final_use", "item": "cloth", "period": "2021", "at_least": 81.0}, "beyond_what_may_be"),
        ({"flow": "imports", "item": "cloth", "period": "2022", "at_least": 1.0}, "beyond_what_may_be"),
        ({"flow": "exports", "item": "cloth", "period": "2021", "at_least": 21.0}, "beyond_what_may_be"),
        ({"flow": "closing_stock", "item": "bread", "period": "2021", "at_least": 1.0}, "beyond_what_may_be"),
        ({"flow": "production", "item": "cloth", "period": "2019", "at_least": 1.0}, "outside_horizon"),
    ],
)
def test_what_cannot_be_meant_is_a_fault(row, rule):
    faults = [fault for fault in check_economy(mill(row), today=date(2021, 1, 1)) if fault.table == "fixed"]
    assert [fault.rule for fault in faults] == [rule]


def test_numbers_of_the_command_line():
    found = parse_fixed(["production crude steel 2023 >= 1.2e6", "production crude steel 2023 <= 2e6", "imports oil 2022 = 5"])
    assert found.rows() == [("production", "crude steel", "2023", 1.2e6, 2e6), ("imports", "oil", "2022", 5.0, 5.0)]
    with pytest.raises(InputError) as error:
        parse_fixed(["steel 2023 >= 1", "production steel 2023 > 1", "production steel 2023 >= much", ""])
    assert len(error.value.faults) == 4


def test_steps_are_what_is_tested(monkeypatch):
    # The fixture must not fall back on vertices unseen.
    told = []
    monkeypatch.setattr(levels, "_VERTEX_ROWS", 0)
    solve = large.solve_large
    monkeypatch.setattr(large, "solve_large", lambda *given, **named: told.append(solve(*given, **named)) or told[-1])
    plan(mill({"flow": "production", "item": "cloth", "period": "2021", "at_least": 60.0}))
    assert told[0] is not None


def price_of(result: Plan, item: str) -> dict[str, object]:
    return result.shadow_prices.filter((pl.col("kind") == "fixed") & (pl.col("item") == item)).row(0, named=True)


def test_what_a_number_costs_the_goals_is_its_price(planned):
    # 100 of power: 45 of cloth leave 55 of bread, of 80; it misses between 25 and 35 %, where one more costs (1 + 2 (0.25 + 0.35)) / 3 over 80. That holds from 40 to 48 of cloth.
    result = planned(mill({"flow": "production", "item": "cloth", "period": "2021", "at_least": 45.0}))
    price = price_of(result, "production cloth >=")

    assert price["price"] == pytest.approx(2.2 / 3.0 / 80.0, rel=1e-3)
    assert (price["limit"], price["priority"], price["measure"]) == (45.0, 1, "t")
    if price["valid_from"] is not None:
        assert (price["valid_from"], price["valid_to"]) == pytest.approx((40.0, 48.0), rel=1e-9)

    # 50 of bread at the most, of 80: between 35 and 50 % are missed, and one more would gain (1 + 2 (0.35 + 0.5)) / 3 over 80. That holds from 40 to 52.
    result = planned(mill({"flow": "final_use", "item": "bread", "period": "2021", "at_most": 50.0}))
    price = price_of(result, "final_use bread <=")

    assert price["price"] == pytest.approx(2.7 / 3.0 / 80.0, rel=1e-3)
    if price["valid_from"] is not None:
        assert (price["valid_from"], price["valid_to"]) == pytest.approx((40.0, 52.0), rel=1e-9)


def test_of_a_number_with_both_bounds_the_one_that_binds_has_a_price():
    both = {"flow": "production", "item": "cloth", "period": "2021", "at_least": 45.0, "at_most": 45.0}
    result = plan(mill(both))

    fixed = result.shadow_prices.filter(pl.col("kind") == "fixed")

    assert fixed["item"].to_list() == ["production cloth >="]
    assert "the number fixed for production of cloth" in result.outcome.sentence


@pytest.mark.parametrize("seed", range(8))
def test_easing_a_number_a_little_gains_its_price(seed):
    rows, horizon = random_rows(seed)
    rows["goals"] = [row | {"priority": 1} for row in rows["goals"]]
    free = plan(economy_of(rows, horizon=horizon))
    made = free.outputs.filter(pl.col("production") > 0).row(seed, named=True)
    for bound, share in (("at_least", 1.02), ("at_most", 0.8)):
        fixed = {"flow": "production", "item": made["product"], "period": made["period"], bound: share * made["production"]}
        result = plan(economy_of(rows | {"fixed": [fixed]}, horizon=horizon))
        prices = result.shadow_prices.filter((pl.col("kind") == "fixed") & (pl.col("priority") == 1))
        if result.outcome.status == "infeasible" or prices.is_empty():
            continue
        price = prices.row(0, named=True)
        end = price["valid_from"] if bound == "at_least" else price["valid_to"]
        step = 0.5 * ((end - price["limit"]) if end is not None else (0.01 if bound == "at_most" else -0.01) * price["limit"])
        eased = plan(economy_of(rows | {"fixed": [fixed | {bound: fixed[bound] + step}]}, horizon=horizon))

        assert result.objective - eased.objective == pytest.approx(price["price"] * abs(step), rel=1e-6, abs=1e-11)


@pytest.mark.parametrize(
    ("flow", "item", "period", "bound", "number"),
    [
        ("production", "cloth", "2021", "at_least", 61.0),
        ("final_use", "cloth", "2021", "at_least", 66.0),
        ("final_use", "bread", "2021", "at_most", 50.0),
        ("imports", "cloth", "2021", "at_most", 20.0),
        ("exports", "cloth", "2021", "at_least", 15.0),
        ("new_capacity", "cloth", "2022", "at_least", 60.0),
    ],
)
def test_what_a_number_costs_holds_to_the_ends_of_its_range_and_is_the_most_that_easing_gains_beyond(flow, item, period, bound, number):
    economy = mill({"flow": flow, "item": item, "period": period, bound: number})
    # Both goals alike, so that the plan's loss is that of the number's priority.
    economy = replace(economy, goals=economy.goals.with_columns(pl.lit(1, dtype=economy.goals.schema["priority"]).alias("priority")))
    result = plan(economy)
    price = result.shadow_prices.filter(pl.col("kind") == "fixed").row(0, named=True)
    eased = 1.0 if bound == "at_most" else -1.0

    def gained(at: float) -> float:
        return result.objective - plan(replace(economy, fixed=economy.fixed.with_columns(pl.lit(at).alias(bound)))).objective

    for end, beyond in ((price["valid_from"], -2.0), (price["valid_to"], 2.0)):
        inside, outside = end - 1e-3 * (end - number), max(end + beyond, 0.5)
        assert gained(inside) == pytest.approx(price["price"] * eased * (inside - number), rel=1e-9, abs=1e-12)
        # Easing gains ever less, and tightening costs ever more. A range may also end where only the vertex changes.
        assert gained(outside) <= price["price"] * eased * (outside - number) + 1e-12
