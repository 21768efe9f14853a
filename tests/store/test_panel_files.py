"""Panels in Parquet files, estimated without holding their rows in memory."""

from dataclasses import replace
from functools import partial

import polars as pl
import pytest

from groundplan.errors import FolderError, InputError
from groundplan.estimation.estimate import estimate, estimate_panel
from groundplan.simulation.northland import simulate_northland
from groundplan.store import panel_files
from groundplan.store.panel_files import ParquetPanel, keep_parquet
from groundplan.tables.bundles import result_tables


@pytest.fixture(scope="module")
def country():
    return simulate_northland(11, enterprises=90, visits=25).economy


def without_panel(economy):
    return replace(economy, reports=economy.reports.clear(), proxies=economy.proxies.clear())


def write_in_files(economy, folder, count):
    """Cut by unit, so that files hold different units, in no order."""
    for name in ("reports", "proxies"):
        (folder / name).mkdir(parents=True)
        table = getattr(economy, name)
        number = table["unit"].hash(seed=1) % count
        for at in range(count):
            table.filter(number == at).write_parquet(folder / name / f"part-{at}.parquet")


@pytest.mark.parametrize("count", [1, 50])
def test_results_are_those_of_the_whole_however_the_panel_is_cut(country, tmp_path, monkeypatch, count):
    monkeypatch.setattr(panel_files, "_ROWS", 700)
    write_in_files(country, tmp_path, count)
    whole = estimate(country)
    streamed = estimate_panel(without_panel(country), ParquetPanel.of(tmp_path), partial(keep_parquet, tmp_path / "estimates.parquet"))
    for name, table in result_tables(whole).items():
        assert (pl.read_parquet(tmp_path / "estimates.parquet") if name == "estimates" else result_tables(streamed)[name]).equals(table), name
    assert streamed.outcome == whole.outcome
    assert streamed.notes == whole.notes


def test_a_single_file_of_each_will_do_and_no_proxies_as_well(country, tmp_path):
    country.reports.write_parquet(tmp_path / "reports.parquet")
    rows = []
    streamed = estimate_panel(without_panel(country), ParquetPanel.of(tmp_path), rows.extend)
    assert pl.concat(rows).equals(estimate(replace(country, proxies=country.proxies.clear())).estimates)
    assert streamed.estimates.is_empty()


def test_a_folder_without_reports_is_refused(tmp_path):
    with pytest.raises(FolderError, match="neither reports"):
        ParquetPanel.of(tmp_path)


@pytest.mark.parametrize(
    ("table", "spoil", "rule"),
    [
        ("reports", lambda rows: rows.drop("quantity"), "missing_column"),
        ("proxies", lambda rows: rows.drop("value"), "missing_column"),
        ("reports", lambda rows: rows.with_columns(quantity=pl.lit("much")), "wrong_type"),
        ("reports", lambda rows: rows.with_columns(quantity=pl.lit(float("nan"))), "not_finite"),
        ("reports", lambda rows: rows.with_columns(quantity=-1.0 - pl.col("quantity")), "negative_amount"),
        ("reports", lambda rows: rows.with_columns(period=pl.lit("Jan 2018")), "period"),
        ("proxies", lambda rows: rows.with_columns(unit=pl.lit(None, pl.String)), "missing_value"),
        ("reports", lambda rows: rows.with_columns(pl.col("unit").replace({rows["unit"][0]: "ZZZ"})), "unknown_id"),
        ("reports", lambda rows: pl.concat([rows, rows.head(7).with_columns(quantity=5 * pl.col("quantity"))]), "duplicate_key"),
        ("reports", lambda rows: rows.clear(), "missing_table"),
    ],
)
def test_what_is_wrong_with_a_panel_is_told_with_the_file(country, tmp_path, table, spoil, rule):
    write_in_files(country, tmp_path, 1)
    path = tmp_path / table / "part-0.parquet"
    spoil(pl.read_parquet(path)).write_parquet(path)
    with pytest.raises(InputError) as refused:
        estimate_panel(without_panel(country), ParquetPanel.of(tmp_path), partial(keep_parquet, tmp_path / "estimates.parquet"))
    assert rule in [fault.rule for fault in refused.value.faults]
    assert not (tmp_path / "estimates.parquet").exists()


def test_files_that_are_no_parquet_are_named_all_together(country, tmp_path):
    write_in_files(country, tmp_path, 2)
    (tmp_path / "reports" / "empty.parquet").write_bytes(b"")
    (tmp_path / "proxies" / "text.parquet").write_text("unit,value\n")
    with pytest.raises(InputError) as refused:
        ParquetPanel.of(tmp_path)
    assert [(fault.table, fault.rule) for fault in refused.value.faults] == [("empty.parquet", "unreadable_file"), ("text.parquet", "unreadable_file")]


def test_columns_that_have_a_default_may_be_left_out(country, tmp_path):
    write_in_files(country, tmp_path, 1)
    path = tmp_path / "reports" / "part-0.parquet"
    pl.read_parquet(path).filter(pl.col("version") == 1).drop("indicator", "version", "declared_capacity").write_parquet(path)
    rows = []
    estimate_panel(without_panel(country), ParquetPanel.of(tmp_path), rows.extend)
    first = country.reports.filter(pl.col("version") == 1).with_columns(declared_capacity=pl.lit(None, pl.Float64))
    assert pl.concat(rows).equals(estimate(replace(country, reports=first)).estimates)


def test_flows_that_cannot_count_are_told(country, tmp_path):
    country.reports.write_parquet(tmp_path / "reports.parquet")
    flow = {"product": "coal", "period": country.settings.base_period, "kind": "import", "quantity": 1.0}
    flows = pl.DataFrame([flow]).select(pl.col(name).cast(dtype) if name in flow else pl.lit(None, dtype).alias(name) for name, dtype in country.flows.schema.items())
    streamed = estimate_panel(replace(without_panel(country), flows=flows), ParquetPanel.of(tmp_path), lambda parts: [None for _ in parts])
    assert [note.subject for note in streamed.notes].count("flows") == 1


def test_what_is_kept_stands_there_whole_or_not_at_all(tmp_path):
    def broken():
        yield pl.DataFrame({"value": [1.0]})
        raise ValueError("half-way")

    path = tmp_path / "estimates.parquet"
    with pytest.raises(Exception, match="half-way"):
        keep_parquet(path, broken())
    assert list(tmp_path.iterdir()) == []
    keep_parquet(path, iter([pl.DataFrame({"value": [1.0]}), pl.DataFrame({"value": [2.0]})]))
    with pytest.raises(Exception, match="half-way"):
        keep_parquet(path, broken())
    assert pl.read_parquet(path)["value"].to_list() == [1.0, 2.0]
    assert [child.name for child in tmp_path.iterdir()] == ["estimates.parquet"]
