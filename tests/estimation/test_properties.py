"""What must not depend on names, order or units of measure."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from groundplan.estimation.estimate import estimate
from groundplan.simulation.northland import simulate_northland
from groundplan.tables.bundles import result_tables
from groundplan.tables.economy import Economy

SMALL = {"enterprises": 30, "months": 12, "visits": 8}
FEW = settings(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def test_the_estimate_passes_every_check_of_its_tables(estimated, sound):
    sound(estimated)


def test_the_same_input_gives_the_same_bytes(northland, estimated):
    again = estimate(northland.economy)
    for name, table in result_tables(estimated).items():
        assert_frame_equal(table, result_tables(again)[name], check_exact=True)
    assert again.notes == estimated.notes


@given(st.integers(1, 10_000))
@FEW
def test_the_order_of_rows_changes_nothing(seed):
    economy = simulate_northland(seed, **SMALL).economy
    # The order of a recipe's outputs says which is its main product, so that table stays as it is.
    shuffled = replace(economy, **{name: table.sample(fraction=1.0, shuffle=True, seed=seed) for name, table in economy.tables().items() if name != "recipes"})
    first, second = estimate(economy), estimate(shuffled)
    for name, table in result_tables(first).items():
        assert_frame_equal(table, result_tables(second)[name], rel_tol=1e-6, abs_tol=1e-9)


@given(st.integers(1, 10_000))
@FEW
def test_new_names_for_units_change_nothing_but_names(seed):
    economy = simulate_northland(seed, **SMALL).economy
    labels = economy.units["unit"].to_list()
    order = np.random.default_rng(seed).permutation(len(labels))
    new = {label: f"U{place:03d}" for label, place in zip(labels, order, strict=True)}

    def renamed(table: pl.DataFrame) -> pl.DataFrame:
        return table.with_columns(pl.col(name).replace(new) for name in ("unit", "parent") if name in table.columns)

    other = estimate(Economy.from_tables(economy.settings, {name: renamed(table) for name, table in economy.tables().items()}))
    before = estimate(economy).estimates.with_columns(pl.col("unit").replace(new)).sort("unit", "product", "period")
    assert_frame_equal(before, other.estimates, rel_tol=1e-6, abs_tol=1e-9)


@given(st.integers(1, 10_000), st.sampled_from([1000.0, 0.001, 7.3]))
@FEW
def test_another_unit_of_measure_scales_the_estimates_of_its_product(seed, scale):
    economy = simulate_northland(seed, **SMALL).economy
    product = str(economy.reports["product"].value_counts(sort=True).sort("count", "product")["product"][-1])

    def scaled(table: pl.DataFrame, key: str, *columns: str) -> pl.DataFrame:
        return table.with_columns(pl.when(pl.col(key) == product).then(pl.col(name) * scale).otherwise(pl.col(name)).alias(name) for name in columns)

    other = estimate(
        replace(
            economy,
            reports=scaled(economy.reports, "product", "quantity", "declared_capacity"),
            targets=scaled(economy.targets, "product", "quantity"),
            findings=scaled(economy.findings, "product", "value"),
            recipes=scaled(economy.recipes, "item", "amount"),
        )
    )
    names = ["reported", "median", "lower_50", "upper_50", "lower_90", "upper_90"]
    before = scaled(estimate(economy).estimates, "product", *names).select("unit", "product", "period", *names, "log_sd")
    # The search for variances stops at a relative change, so the last digits may differ.
    assert_frame_equal(before, other.estimates.select(before.columns), rel_tol=1e-4, abs_tol=1e-9)


def test_more_findings_narrow_the_totals():
    few, many = (estimate(simulate_northland(11, enterprises=100, months=12, visits=visits).economy) for visits in (5, 60))
    spread = [(made.totals["upper_90"] / made.totals["lower_90"]).log().mean() for made in (few, many)]
    assert spread[1] < spread[0]


def test_totals_are_sums_of_rows_and_shared_errors_do_not_average_out(estimated):
    product = "electricity"
    rows = estimated.estimates.filter((pl.col("product") == product) & pl.col("period").str.starts_with("2020") & pl.col("log_sd").is_not_null())
    rows = rows.with_columns((pl.col("median") * (pl.col("log_sd") ** 2 / 2).exp()).alias("mean"))
    pulls = rows.group_by("unit", "product").agg(pl.col("mean").sum()).join(estimated.estimate_factors, on=["unit", "product"])
    shared = pulls.group_by("factor").agg((pl.col("mean") * pl.col("loading")).sum().alias("pull"))["pull"].pow(2).sum()
    own = (rows["mean"] * rows["own_log_sd"]).pow(2).sum()
    total = estimated.totals.filter((pl.col("level") == "total") & (pl.col("product") == product) & (pl.col("period") == "2020")).row(0, named=True)
    log_sd = np.sqrt(np.log1p((shared + own) / rows["mean"].sum() ** 2))
    assert total["median"] == pytest.approx(rows["mean"].sum() * np.exp(-(log_sd**2) / 2), rel=1e-9)
    assert np.log(total["upper_90"] / total["median"]) == pytest.approx(1.6448536 * log_sd, rel=1e-6)
    # Were all errors independent, the total would seem better known than it is.
    assert shared > own


def test_a_unit_with_two_lines_of_a_product_splits_by_nameplate(make_economy):
    rows = {
        "units": [{"unit": "E1"}],
        "products": [{"product": "steel", "measure": "t"}],
        "recipes": [{"recipe": "smelt", "item": "steel", "role": "out", "amount": 2.0}],
        "lines": [{"line": "L1", "unit": "E1", "recipe": "smelt", "capacity": 300.0}, {"line": "L2", "unit": "E1", "recipe": "smelt", "capacity": 100.0}],
        "reports": [{"unit": "E1", "product": "steel", "period": "2020-01", "quantity": 50.0}],
        "visits": [{"visit": "V1", "unit": "E1"}],
        "findings": [
            {"visit": "V1", "unit": "E1", "product": "steel", "period": "2020-01", "measure": "capacity", "value": 48.0, "method": "count", "relative_error": 0.01},
        ],
    }
    made = estimate(make_economy(rows)).capacities
    # 48 t a month are 576 t a year, 288 units of activity at 2 t each: three quarters and one quarter of it.
    assert made["median"].to_list() == pytest.approx([216.0, 72.0], rel=0.02)
    assert made["basis"][0].startswith("finding")


def test_reports_filled_up_to_the_target_at_the_years_end_are_seen_by_electricity(northland, estimated):
    rows = estimated.estimates.join(northland.truth["outputs"].rename({"quantity": "truth"}), on=["unit", "product", "period"])
    rows = rows.filter((pl.col("truth") > 0) & (pl.col("reported") > 0) & ~pl.col("inspected"))
    year = [pl.col("unit"), pl.col("product"), pl.col("period").str.slice(0, 4).alias("year")]
    late = pl.col("period").str.slice(5, 2).cast(pl.Int64) >= 9
    error = [
        ((pl.col(name) / pl.col("truth")).log().filter(late).mean() - (pl.col(name) / pl.col("truth")).log().filter(~late).mean()).alias(name) for name in ("reported", "median")
    ]
    rise = rows.group_by(*year).agg(error).drop_nulls()
    filled = rise.filter(pl.col("reported") > 0.15)
    # Where reports rise by 15 % or more beyond the truth in the last third of the year, estimates rise by less than half as much.
    assert len(filled) > 5
    assert filled["median"].mean() < 0.5 * filled["reported"].mean()
