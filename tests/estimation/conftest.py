"""Changed copies of small northlands, and checks that every estimate has to pass."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from groundplan.estimation.estimate import estimate
from groundplan.simulation.northland import Simulated, simulate_northland
from groundplan.tables.bundles import Estimate, result_tables
from groundplan.tables.economy import Economy
from groundplan.tables.results import RESULTS


@pytest.fixture(scope="session")
def northland() -> Simulated:
    return simulate_northland(61, enterprises=90, months=24, visits=25)


@pytest.fixture(scope="session")
def estimated(northland) -> Estimate:
    return estimate(northland.economy)


@pytest.fixture
def changed(northland) -> Callable[..., Economy]:
    """Gives the small northland with tables replaced; a function is called with the table."""

    def change(**tables: object) -> Economy:
        given = {name: made(getattr(northland.economy, name)) if callable(made) else made for name, made in tables.items()}
        return replace(northland.economy, **given)

    return change


@pytest.fixture(scope="session")
def sound() -> Callable[[Estimate], Estimate]:
    """Checks what holds of every estimate: schemas, nesting, shares, factors that make up the spread."""

    def check(made: Estimate) -> Estimate:
        for name, table in result_tables(made).items():
            assert dict(table.schema) == dict(RESULTS[name].create_empty().schema), name
            RESULTS[name].validate(table)
        rows = made.estimates
        for part in (rows, made.totals, made.capacities):
            order = part.select("lower_90", "lower_50", "median", "upper_50", "upper_90").to_numpy()
            assert np.isfinite(order).all()
            assert (np.diff(order, axis=1) >= -1e-12 * np.abs(order[:, 1:])).all()
        if len(rows):
            shares = rows.select("share_report", "share_finding", "share_claim", "share_proxy", "share_prior").to_numpy()
            assert (shares >= 0).all()
            assert np.allclose(shares.sum(axis=1), 1.0)
        for table, factors, keys in ((rows, made.estimate_factors, ["unit", "product"]), (made.capacities, made.capacity_factors, ["line"])):
            common = factors.group_by(keys).agg((pl.col("loading") ** 2).sum().alias("common"))
            both = table.filter(pl.col("log_sd").is_not_null()).join(common, on=keys, how="left").with_columns(pl.col("common").fill_null(0.0))
            assert np.allclose(both["log_sd"] ** 2, both["own_log_sd"] ** 2 + both["common"], rtol=1e-9)
        return made

    return check
