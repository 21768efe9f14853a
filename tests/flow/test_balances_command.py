"""Material balances through the command line: written from a run, read back as an economy, and what a user may get wrong."""

import shutil
import subprocess
import sys
from pathlib import Path

import fastexcel
import polars as pl
import pytest

from groundplan.cli import main as command
from groundplan.store.folder import write_economy
from groundplan.store.runs import latest_run, read_run


@pytest.fixture(scope="module")
def planned(tmp_path_factory) -> Path:
    """A small northland with a plan and, after it, an estimate."""
    place = tmp_path_factory.mktemp("northland")
    for arguments in (("example", "northland", place, "--enterprises", 60, "--months", 12, "--visits", 20), ("plan", place / "economy"), ("estimate", place / "economy")):
        subprocess.run([sys.executable, "-m", "groundplan.cli", *map(str, arguments)], capture_output=True, check=True, timeout=240)
    return place / "economy"


@pytest.fixture
def groundplan(monkeypatch, capsys):
    """Runs the command line and sees that it ends as it should; gives what it printed, without the terminal's line breaks."""
    monkeypatch.setenv("COLUMNS", "160")

    def run(*arguments: object, code: int = 0) -> str:
        monkeypatch.setattr(sys, "argv", ["groundplan", *map(str, arguments)])
        ended = 0
        try:
            command.main()
        except SystemExit as stopped:
            ended = int(stopped.code or 0)
        printed = "".join(capsys.readouterr())
        assert ended == code, printed
        return " ".join(printed.split())

    return run


def test_balances_are_written_imported_and_planned_again(groundplan, planned, tmp_path):
    printed = groundplan("balances", planned)
    run = latest_run(planned, step="plan")
    path = planned / "reports" / run.name / "balances.xlsx"
    assert str(path) in printed
    assert "60 products" in printed
    assert fastexcel.read_excel(str(path)).sheet_names == ["Contents", "Overview", "Balances"]

    printed = groundplan("import", "balances", path, tmp_path / "again", "--year", 2021, "--year-is", "plan", "--name", "Northland again")
    assert "both sides agree" in printed
    assert f"groundplan run {tmp_path / 'again'}" in printed
    assert "no faults" in groundplan("check", tmp_path / "again")
    assert {"import_assumptions.md", "import_balances.csv", "import_origins.csv"} < {file.name for file in (tmp_path / "again").iterdir()}

    groundplan("plan", tmp_path / "again")
    outputs = [read_run(folder).tables["outputs"].filter(pl.col("period") == "2021").sort("product") for folder in (run, latest_run(tmp_path / "again"))]
    # The command line estimates capacities first: where several recipes make a product their total is there with a chance of one half at a little more than their sum.
    for name in ("production", "imports", "intermediate", "closing_stock"):
        flows = outputs[0].select(pl.sum_horizontal("production", "imports", "opening_stock")).to_series()
        moved = (outputs[0][name] - outputs[1][name]).abs()
        assert (moved <= 0.01 * flows).all(), name


def test_some_products_alone_and_a_file_of_ones_own(groundplan, planned, tmp_path):
    out = tmp_path / "made" / "two.xlsx"
    printed = groundplan("balances", planned, "--product", "coal", "--product", "heat", "--out", out)
    assert "2 products" in printed
    overview = fastexcel.read_excel(str(out)).load_sheet("Overview", header_row=3).to_polars()
    assert set(overview["Product"]) == {"coal", "heat"}


def test_what_a_user_may_get_wrong_is_said_in_words(groundplan, planned, tmp_path):
    estimate = latest_run(planned)
    assert "went up to 'estimate'" in groundplan("balances", planned, "--run", estimate.name, code=2)
    assert "not a complete run" in groundplan("balances", planned, "--run", "20200101-000000", code=2)
    assert "'coals' looks like 'coal'" in groundplan("balances", planned, "--product", "coals", code=2)
    assert ".xlsx" in groundplan("balances", planned, "--out", tmp_path / "book.csv", code=2)
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    assert "cannot be written" in groundplan("balances", planned, "--out", tmp_path / "file" / "book.xlsx", code=2)
    (tmp_path / "folder.xlsx").mkdir()
    assert "cannot be written" in groundplan("balances", planned, "--out", tmp_path / "folder.xlsx", code=2)
    assert list((tmp_path / "folder.xlsx").iterdir()) == []
    assert "not there" in groundplan("balances", tmp_path / "nowhere", code=2)
    assert "not a complete run" in groundplan("balances", planned, "--run", "..", code=2)


def test_a_run_that_was_broken_off_or_damaged_is_refused(groundplan, planned, tmp_path):
    place = tmp_path / "damaged"
    shutil.copytree(planned, place)
    run = latest_run(place, step="plan")
    (place / "runs" / "20990101-000000.incomplete").mkdir()
    assert "broken off" in groundplan("balances", place, "--run", "20990101-000000.incomplete", code=2)
    (run / "allocations.parquet").unlink()
    assert "is missing" in groundplan("balances", place, code=2)


def test_of_a_run_that_kept_no_inputs_changed_recipes_are_refused_and_changed_names_told(groundplan, planned, tmp_path):
    place = tmp_path / "changed"
    shutil.copytree(planned, place)
    path = place / "products.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("Electricity", "Power"), encoding="utf-8")
    assert "not those of the run" not in groundplan("balances", place)
    # A run of an earlier groundplan keeps no inputs.
    shutil.rmtree(latest_run(place, step="plan") / "inputs")
    assert "not those of the run" in groundplan("balances", place)
    path = place / "recipes.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("coal_deep,coal,out,1.0", "coal_deep,coal,out,1.5"), encoding="utf-8")
    assert "Run again" in groundplan("balances", place, "--out", tmp_path / "book.xlsx", code=2)
    assert not (tmp_path / "book.xlsx").exists()


def test_a_folder_without_a_plan_says_how_to_get_one(groundplan, small_economy, tmp_path):
    write_economy(small_economy, tmp_path / "e")
    assert f"groundplan plan {tmp_path / 'e'}" in groundplan("balances", tmp_path / "e", code=2)


def test_a_product_of_which_nothing_flows_is_told(groundplan, make_economy, small_rows, tmp_path):
    small_rows["products"].append({"product": "gas", "measure": "m3"})
    write_economy(make_economy(small_rows), tmp_path / "e")
    groundplan("plan", tmp_path / "e")
    assert "no_flow" in groundplan("balances", tmp_path / "e", "--product", "gas", code=2)
    assert "1 product;" in groundplan("balances", tmp_path / "e", "--product", "gas", "--product", "steel")


def test_a_workbook_that_is_none_leaves_no_folder(groundplan, planned, tmp_path):
    (tmp_path / "book.xlsx").write_text("not a workbook", encoding="utf-8")
    assert "unreadable_file" in groundplan("import", "balances", tmp_path / "book.xlsx", tmp_path / "e", code=2)
    assert "no such file" in groundplan("import", "balances", tmp_path / "none.xlsx", tmp_path / "e", code=2)
    assert "there already" in groundplan("import", "balances", tmp_path / "book.xlsx", tmp_path, code=2)
    report = planned / "reports" / "other.xlsx"
    groundplan("balances", planned, "--product", "coal", "--out", report)
    # Coal alone: its users make nothing in this workbook.
    printed = groundplan("import", "balances", report, tmp_path / "e", "--year", 2021, code=2)
    assert "unknown_user" in printed
    assert not (tmp_path / "e").exists()
