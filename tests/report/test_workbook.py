"""The workbook holds the results as they are, and text as text."""

import zipfile

import fastexcel
import polars as pl
import pytest
import xlsxwriter
from report_runs import shown_of
from xlsxwriter.exceptions import FileCreateError

from groundplan.errors import FolderError
from groundplan.report import workbook_pages
from groundplan.report.workbook import write_workbook

HEAD_ROW = 3


def read_sheet(path, title: str) -> pl.DataFrame:
    return fastexcel.read_excel(str(path)).load_sheet(title, header_row=HEAD_ROW).to_polars()


@pytest.fixture(scope="module")
def path(northland, tmp_path_factory):
    target = tmp_path_factory.mktemp("workbook") / "report.xlsx"
    write_workbook(northland, target)
    return target


def test_it_has_the_sheets_that_a_planner_asks_for(path):
    names = fastexcel.read_excel(str(path)).sheet_names
    assert names[0] == "Summary"
    assert set(names) >= {"Goals and gaps", "Balances", "Bottlenecks", "Targets by line", "Estimates by unit", "Fulfilment", "Capacities", "Notes"}


@pytest.mark.parametrize(
    ("title", "table", "column"),
    [("Balances", "outputs", "production"), ("Capacities", "capacities", "median"), ("Targets by line", "line_activities", "level"), ("Fulfilment", "fulfilment", "target")],
)
def test_figures_are_those_of_the_results(path, northland, title, table, column):
    written = read_sheet(path, title)[column.replace("_", " ").capitalize()].cast(pl.Float64)
    assert written.to_list() == pytest.approx(northland.table(table)[column].to_list(), rel=1e-15, nan_ok=True)


def test_gaps_are_those_of_the_results_in_the_order_of_what_matters(path, northland):
    written = read_sheet(path, "Goals and gaps")
    expected = northland.table("gaps").sort("product", "period")
    assert written.sort("Product", "Period")["Shortfall"].to_list() == pytest.approx(expected["shortfall"].to_list(), rel=1e-15)
    assert written["Priority"].is_sorted()


def test_estimates_are_summed_by_year(path, northland):
    written = read_sheet(path, "Estimates by unit")
    whole = northland.table("estimates")
    assert written["Median"].sum() == pytest.approx(whole["median"].sum(), rel=1e-9)
    assert set(written["Period"].cast(pl.String)) == {"2019", "2020"}


def test_text_that_looks_like_a_formula_stays_text(northland, tmp_path):
    economy = northland.economy
    names = ["=1+1", "+SUM(A1)", "-2", "@cmd", "http://example.org", "=HYPERLINK(1)"]
    units = economy.units.with_columns(pl.Series("name", [names[number % len(names)] for number in range(len(economy.units))]))
    target = tmp_path / "report.xlsx"
    write_workbook(shown_of(type(economy).from_tables(economy.settings, economy.tables() | {"units": units}), {"capacities": northland.table("capacities")}), target)
    assert set(read_sheet(target, "Capacities")["Unit name"]) <= set(names)
    with zipfile.ZipFile(target) as archive:
        sheets = [archive.read(name).decode() for name in archive.namelist() if name.startswith("xl/worksheets/sheet")]
    assert not any("<f>" in sheet or "<hyperlink" in sheet for sheet in sheets)


def test_a_table_longer_than_a_sheet_is_cut_and_says_so(northland, tmp_path, monkeypatch):
    monkeypatch.setattr(workbook_pages, "MOST_ROWS", 24)
    target = tmp_path / "report.xlsx"
    write_workbook(shown_of(northland.economy, {"capacities": northland.table("capacities")}), target)
    assert len(read_sheet(target, "Capacities")) == 20
    told = fastexcel.read_excel(str(target)).load_sheet("Capacities", header_row=None, n_rows=2).to_polars()
    assert "do not fit on a sheet" in " ".join(str(cell) for cell in told.row(1))


def test_columns_are_explained_at_their_heads(path):
    with zipfile.ZipFile(path) as archive:
        comments = "".join(archive.read(name).decode() for name in archive.namelist() if "comments" in name)
    assert "5 % quantile" in comments
    assert "Unit of measure of the quantities in this row" in comments


@pytest.mark.parametrize("part", ["estimate", "review", "nothing"])
def test_a_part_of_a_run_makes_a_workbook(parts, part, tmp_path):
    write_workbook(parts[part], tmp_path / "report.xlsx")
    assert fastexcel.read_excel(str(tmp_path / "report.xlsx")).sheet_names[0] == "Summary"


def test_the_same_run_gives_the_same_bytes(parts, tmp_path):
    for name in ("one.xlsx", "two.xlsx"):
        write_workbook(parts["review"], tmp_path / name)
    assert (tmp_path / "one.xlsx").read_bytes() == (tmp_path / "two.xlsx").read_bytes()


def test_a_disk_that_fills_up_while_the_workbook_is_packed_is_told_in_words(northland, tmp_path, monkeypatch):
    def no_room(_workbook: object) -> None:
        raise FileCreateError(OSError(28, "No space left on device"))

    monkeypatch.setattr(xlsxwriter.Workbook, "_store_workbook", no_room)
    with pytest.raises(FolderError, match=r"report\.xlsx cannot be written: No space left on device"):
        write_workbook(northland, tmp_path / "report.xlsx")
    assert list(tmp_path.iterdir()) == []
