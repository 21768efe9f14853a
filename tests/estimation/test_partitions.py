"""Panels cut into parts."""

import itertools

import numpy as np
import polars as pl
import pytest

from groundplan.estimation import partitions
from groundplan.estimation.estimate import estimate
from groundplan.estimation.partitions import cut_series
from groundplan.simulation.northland import simulate_northland
from groundplan.tables.bundles import result_tables


def test_parts_hold_all_units_whole_and_in_order(monkeypatch):
    monkeypatch.setattr(partitions, "_SERIES", 10)
    rng = np.random.default_rng(3)
    series_unit = np.repeat(np.arange(40), rng.integers(1, 4, 40))
    parts = cut_series(series_unit)
    assert len(parts) > 3
    assert parts[0].series.start == 0
    assert parts[-1].series.stop == len(series_unit)
    assert parts[-1].units.stop == 40
    for part, after in itertools.pairwise(parts):
        assert part.series.stop == after.series.start
        assert part.units.stop == after.units.start
    for part in parts:
        assert np.array_equal(np.unique(series_unit[part.series]), np.arange(part.units.start, part.units.stop))


def test_one_unit_with_many_series_is_one_part(monkeypatch):
    monkeypatch.setattr(partitions, "_SERIES", 3)
    (part,) = cut_series(np.zeros(50, np.int64))
    assert (part.units, part.series) == (slice(0, 1), slice(0, 50))


def test_no_units_make_one_empty_part():
    assert [part.series for part in cut_series(np.zeros(0, np.int64))] == [slice(0, 0)]


def test_results_do_not_hang_on_the_cut(monkeypatch):
    economy = simulate_northland(5, enterprises=150, visits=30).economy
    whole = result_tables(estimate(economy))
    monkeypatch.setattr(partitions, "_SERIES", 20)
    cut = result_tables(estimate(economy))
    for name, table in whole.items():
        assert cut[name].shape == table.shape
        for column in table.columns:
            if table[column].dtype == pl.Float64:
                assert cut[name][column].fill_null(0.0).to_numpy() == pytest.approx(table[column].fill_null(0.0).to_numpy(), rel=1e-7, abs=1e-7), (name, column)
            else:
                assert cut[name][column].equals(table[column]), (name, column)
