"""Each rule finds what breaks it, in the right table, column and rows, and nothing else."""

from collections.abc import Callable
from datetime import date

import polars as pl
import pytest

from groundplan.errors import Fault
from groundplan.tables.check import check_economy
from groundplan.tables.economy import Economy
from groundplan.tables.facts import FACTS
from groundplan.tables.settings import Settings

Rows = dict[str, list[dict[str, object]]]
TODAY = date(2026, 1, 1)


def put(table: str, row: int, **values: object) -> Callable[[Rows], None]:
    """Change cells of one row, by position."""
    return lambda rows: rows[table][row].update(values)


def add(table: str, **values: object) -> Callable[[Rows], None]:
    """Add a row."""
    return lambda rows: rows[table].append(values)


def several(*changes: Callable[[Rows], None]) -> Callable[[Rows], None]:
    def change(rows: Rows) -> None:
        for one in changes:
            one(rows)

    return change


def key(fault: Fault) -> tuple[str, str, str, tuple[int, ...], str]:
    return fault.table, fault.column, fault.rule, fault.rows, fault.severity


F, W = "fault", "warning"
NAN, INF = float("nan"), float("inf")
# what is done to the small economy, and the faults that follow
CASES: dict[str, tuple[Callable[[Rows], None], list[tuple[str, str, str, tuple[int, ...], str]]]] = {
    "unknown unit": (put("proxies", 0, unit="E9"), [("proxies", "unit", "unknown_id", (2,), F)]),
    "unknown item": (put("recipes", 1, item="oar"), [("recipes", "item", "unknown_id", (3,), F)]),
    "unknown recipe": (add("lines", line="L3", unit="E1", recipe="melt", capacity=1.0), [("lines", "recipe", "unknown_id", (4,), F)]),
    "unknown visit": (add("findings", visit="V7", unit="E1", product="steel", period="2020-01", value=1.0), [("findings", "visit", "unknown_id", (3,), F)]),
    "unknown parent": (put("units", 2, parent="M9"), [("units", "parent", "unknown_id", (4,), F)]),
    "unknown plan": (put("targets", 0, version=2), [("targets", "plan, version", "unknown_plan", (2,), W)]),
    "own parent": (put("units", 0, parent="M1"), [("units", "parent", "parent_cycle", (2,), F)]),
    "loop of parents": (put("units", 0, parent="W1"), [("units", "parent", "parent_cycle", (2, 3, 5), F)]),
    "duplicate unit": (add("units", unit="E2", parent="M1", region="south"), [("units", "unit", "duplicate_key", (4, 6), F)]),
    "duplicate report": (
        add("reports", unit="E2", product="ore", period="2020-01", quantity=1.0),
        [("reports", "unit, product, indicator, period, version", "duplicate_key", (4, 5), F)],
    ),
    "corrected report": (add("reports", unit="E2", product="ore", period="2020-01", quantity=1.0, version=2), []),
    "no goals beside reports": (lambda rows: rows["goals"].clear(), [("goals", "", "missing_for_plan", (), W)]),
    "missing id": (add("products", measure="t"), [("products", "product", "missing_value", (5,), F)]),
    "empty id": (add("products", product="", measure="t"), [("products", "product", "missing_value", (5,), F)]),
    "missing amount": (put("lines", 1, capacity=None), [("lines", "capacity", "missing_value", (3,), F)]),
    "spaces": (add("products", product=" tar", measure="t"), [("products", "product", "surrounding_spaces", (5,), F)]),
    "negative": (put("reports", 1, quantity=-1.0), [("reports", "quantity", "negative_amount", (3,), F)]),
    "zero coefficient": (put("recipes", 1, amount=0.0), [("recipes", "amount", "negative_amount", (3,), F)]),
    "not a number": (put("reports", 1, quantity=NAN), [("reports", "quantity", "not_finite", (3,), F)]),
    "infinite": (put("goals", 1, quantity=INF), [("goals", "quantity", "not_finite", (3,), F)]),
    "goal of 1e30": (put("goals", 1, quantity=1e30), [("goals", "quantity", "absurdly_large", (3,), F)]),
    "share above one": (put("products", 0, loss_share=1.5), [("products", "loss_share", "out_of_range", (2,), F)]),
    "latitude": (put("units", 1, latitude=-91.0), [("units", "latitude", "out_of_range", (3,), F)]),
    "version zero": (put("reports", 0, version=0), [("reports", "version", "out_of_range", (2,), F)]),
    "wide coefficients": (put("recipes", 4, amount=1e-13), [("recipes", "amount", "wide_span", (3, 6), W)]),
    "unknown measure": (put("products", 0, measure="tons"), [("products", "measure", "unknown_measure", (2,), W)]),
    "two measures": (add("resources", resource="labour", period="2022", limit=1.0, measure="person-year"), [("resources", "measure", "two_measures", (2, 4), F)]),
    "product and resource": (add("resources", resource="ore", period="2022", limit=1.0), [("resources", "resource", "product_and_resource", (4,), F)]),
    "no period": (put("reports", 0, period="2020-13"), [("reports", "period", "period", (2,), F)]),
    "short period": (put("reports", 0, period="20"), [("reports", "period", "period", (2,), F)]),
    "day that is none": (put("proxies", 0, period="2019-02-29"), [("proxies", "period", "period", (2,), F)]),
    "overlap": (add("reports", unit="E1", product="steel", period="2020-Q1", quantity=20.0), [("reports", "period", "overlapping_periods", (2, 3, 5), F)]),
    "mixed lengths": (add("reports", unit="E1", product="steel", period="2020-Q2", quantity=20.0), [("reports", "period", "mixed_period_lengths", (), W)]),
    "goal a million times what there could be": (put("goals", 1, quantity=2e8), [("goals", "quantity", "absurdly_large", (3,), F)]),
    "weights that drown others": (put("goals", 1, weight=1e8), [("goals", "weight", "weights_too_far_apart", (3,), F)]),
    "goal without weight": (put("goals", 1, weight=0.0), [("goals", "weight", "goal_without_weight", (3,), W)]),
    "month in a yearly plan": (put("goals", 1, period="2022-01"), [("goals", "period", "not_a_plan_period", (3,), F)]),
    "beyond the horizon": (put("trade", 0, period="2030"), [("trade", "period", "outside_horizon", (2,), W)]),
    "before the plan": (put("resources", 1, period="2020"), [("resources", "period", "outside_horizon", (3,), W)]),
    "goal out of reach": (
        several(add("products", product="gold", measure="kg"), add("goals", product="gold", period="2021", quantity=1.0)),
        [("goals", "product", "nobody_can_supply", (4,), F)],
    ),
    "goal with a recipe and no line": (put("lines", 0, recipe="dig"), [("reports", "unit, product", "report_without_line", (2, 3), W)]),
    "goal from imports": (add("goals", product="power", period="2021", quantity=1.0), []),
    "goal of nothing": (several(add("products", product="gold", measure="kg"), add("goals", product="gold", period="2021", quantity=0.0)), []),
    "minimum above goal": (put("goals", 0, minimum=81.0), [("goals", "minimum", "minimum_above_goal", (2,), F)]),
    "no output": (add("recipes", recipe="burn", item="ore", role="in", amount=1.0), [("recipes", "recipe", "no_output", (7,), F)]),
    "in and out": (add("recipes", recipe="smelt", item="steel", role="in", amount=0.1), [("recipes", "recipe, item", "item_in_and_out", (2, 7), W)]),
    "line of an authority": (put("lines", 0, unit="M1"), [("lines", "unit", "line_of_authority", (2,), F), ("reports", "unit, product", "report_without_line", (2, 3), W)]),
    "retired before it began": (put("lines", 1, until="2018"), [("lines", "since, until", "since_after_until", (3,), F)]),
    "retired in the same year": (put("lines", 1, until="2019"), []),
    "finding on a visit to come": (put("visits", 0, status="planned"), [("findings", "visit", "finding_before_visit", (2,), F)]),
    "finding on a visit after as_of": (
        put("visits", 0, start=date(2021, 3, 1), end=date(2021, 3, 2)),
        [("visits", "start", "date_in_future", (2,), F), ("visits", "end", "date_in_future", (2,), F), ("findings", "visit", "finding_before_visit", (2,), F)],
    ),
    "output not made yet": (put("findings", 0, period="2020-05"), [("findings", "period", "finding_before_period", (2,), F)]),
    "finding of another unit": (put("findings", 0, unit="E2", product="ore"), [("findings", "unit", "finding_of_other_unit", (2,), F)]),
    "visit backwards": (put("visits", 0, end=date(2020, 2, 1)), [("visits", "start, end", "end_before_start", (2,), F)]),
    "random without probability": (put("visits", 0, inclusion_probability=None), [("visits", "inclusion_probability", "no_inclusion_probability", (2,), F)]),
    "probability of zero": (put("visits", 0, inclusion_probability=0.0), [("visits", "inclusion_probability", "negative_amount", (2,), F)]),
    "reported tomorrow": (put("reports", 0, reported_on=date(2021, 1, 1)), [("reports", "reported_on", "date_in_future", (2,), F)]),
    "reported in the year 202": (put("reports", 0, reported_on=date(202, 2, 3)), [("reports", "reported_on", "date_too_early", (2,), F)]),
    "report of next year": (put("reports", 2, period="2021-01"), [("reports", "period", "period_in_future", (4,), F)]),
    "planned visit next year": (add("visits", visit="V2", unit="E2", start=date(2021, 4, 1), status="planned"), []),
    "depreciation differs": (add("investments", recipe="smelt", item="ore", amount=1.0, depreciation=0.1), [("investments", "depreciation", "differs_within_recipe", (2, 3), F)]),
    "limit differs": (add("investments", recipe="smelt", item="ore", amount=1.0, depreciation=0.05, limit=4.0), [("investments", "limit", "differs_within_recipe", (2, 3), F)]),
    "stock of power": (add("stocks", product="power", opening=1.0), [("stocks", "product", "stock_of_non_storable", (3,), F)]),
    "negative import": (add("flows", product="ore", period="2020-01", kind="import", quantity=-1.0), [("flows", "quantity", "negative_flow", (4,), F)]),
    "flow to come": (add("flows", product="ore", period="2021-01", kind="import", quantity=1.0), [("flows", "period", "period_in_future", (4,), F)]),
    "floor above ceiling": (put("stocks", 0, floor=51.0), [("stocks", "floor, ceiling", "floor_above_ceiling", (2,), F)]),
    "report without a line": (add("reports", unit="E2", product="steel", period="2020-01", quantity=1.0), [("reports", "unit, product", "report_without_line", (5,), W)]),
    "unknown column": (put("units", 0, colour="red"), [("units", "colour", "unknown_column", (), W)]),
}


@pytest.mark.parametrize("name", CASES)
def test_a_rule_finds_what_breaks_it(name, small_rows, make_economy):
    change, expected = CASES[name]
    change(small_rows)
    faults = check_economy(make_economy(small_rows), today=TODAY)
    assert [key(fault) for fault in faults] == expected
    assert all(fault.found and fault.expected and fault.remedy for fault in faults)


def test_the_small_economy_has_no_fault(small_economy):
    assert check_economy(small_economy, today=TODAY) == []


def test_without_as_of_the_day_of_the_check_counts(small_rows, make_economy):
    economy = make_economy(small_rows, as_of=None)
    assert check_economy(economy, today=TODAY) == []
    assert {fault.rule for fault in check_economy(economy, today=date(2020, 1, 15))} == {"date_in_future", "period_in_future", "finding_before_visit"}


def test_a_loop_is_named_in_order(small_rows, make_economy):
    put("units", 0, parent="W1")(small_rows)
    (fault,) = check_economy(make_economy(small_rows), today=TODAY)
    assert fault.found in {"M1 > W1 > E1 > M1", "E1 > M1 > W1 > E1", "W1 > E1 > M1 > W1"}
    assert fault.count == 3


def test_a_long_loop_and_a_deep_tree_are_told_apart():
    n = 3000
    deep = pl.DataFrame({"unit": [f"u{i}" for i in range(n)], "parent": [None, *[f"u{i}" for i in range(n - 1)]]})
    ring = deep.with_columns(pl.Series("parent", [f"u{(i - 1) % n}" for i in range(n)]))
    rest = {name: pl.lit(None, dtype=column.dtype).alias(name) for name, column in FACTS["units"].columns().items() if name not in deep.columns}
    rest |= {"kind": pl.lit("enterprise", dtype=FACTS["units"].columns()["kind"].dtype).alias("kind"), "major": pl.lit(value=False).alias("major")}
    rules = []
    for frame in (deep, ring):
        economy = Economy.from_tables(Settings(), {"units": frame.with_columns(**rest)})
        rules.append([(fault.rule, fault.count) for fault in check_economy(economy, today=TODAY) if fault.table == "units"])
    assert rules == [[], [("parent_cycle", n)]]


def test_a_near_miss_is_suggested(small_rows, make_economy):
    put("recipes", 1, item="oar")(small_rows)
    put("proxies", 0, unit="e1")(small_rows)
    faults = check_economy(make_economy(small_rows), today=TODAY)
    assert "'oar' looks like 'ore'" in faults[0].remedy
    assert "'e1' looks like 'E1'" in faults[1].remedy


def test_wrong_and_missing_columns_are_faults_not_crashes(small_economy):
    wrong = small_economy.lines.with_columns(pl.col("capacity").cast(pl.String) + " t").drop("unit")
    economy = Economy.from_tables(small_economy.settings, small_economy.tables() | {"lines": wrong, "goals": pl.DataFrame({"product": [1, 2]})})
    found = {(fault.table, fault.column, fault.rule) for fault in check_economy(economy, today=TODAY) if fault.severity == "fault"}
    assert {("lines", "capacity", "wrong_type"), ("lines", "unit", "missing_column"), ("goals", "period", "missing_column"), ("goals", "product", "unknown_id")} <= found


def test_an_empty_economy_says_what_to_fill_in_first():
    faults = check_economy(Economy.from_tables(Settings(), {}), today=TODAY)
    assert {(fault.table, fault.rule) for fault in faults} == {(name, "missing_table") for name in ("units", "products", "recipes", "lines", "goals")}
    assert all("products and units first" in fault.remedy for fault in faults)


def test_faults_come_together_in_the_order_of_the_tables(small_rows, make_economy):
    for name in ("own parent", "negative", "goal of 1e30", "depreciation differs", "visit backwards", "no period", "unknown measure"):
        CASES[name][0](small_rows)
    faults = check_economy(make_economy(small_rows), today=TODAY)
    tables = list(FACTS)
    positions = [tables.index(fault.table) for fault in faults]
    assert positions == sorted(positions)
    assert {fault.rule for fault in faults} >= {"parent_cycle", "negative_amount", "absurdly_large", "differs_within_recipe", "end_before_start", "period", "unknown_measure"}
