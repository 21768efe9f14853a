"""Two runs, or two folders, compared through the command line, and what is said where that cannot be done."""

import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import fastexcel
import polars as pl
import pytest

from groundplan.cli.main import app
from groundplan.errors import FolderError, InputError, RunIncompleteError
from groundplan.flows.compare import compare_sides, side_of_folder, side_of_run, two_latest_runs
from groundplan.flows.folder_ports import FolderSource, RunFolderSink
from groundplan.flows.run import run_step
from groundplan.simulation.northland import simulate_northland
from groundplan.store.folder import read_economy, write_economy
from groundplan.store.runs import list_runs
from groundplan.tables.economy import Economy

KEYS = ["Measure", "Item", "Period", "Priority"]


def groundplan(*arguments: object, code: int = 0) -> str:
    """Run the command, see that it ends as it should and never in a traceback, and give what it printed, on one line."""
    environment = os.environ | {"COLUMNS": "200", "NO_COLOR": "1", "TERM": "dumb"}
    process = subprocess.run([sys.executable, "-m", "groundplan.cli", *map(str, arguments)], capture_output=True, text=True, env=environment, check=False, timeout=240)
    printed = process.stdout + process.stderr
    assert "Traceback" not in printed, printed
    assert process.returncode == code, printed
    return " ".join(printed.split())


def scaled(economy: Economy, table: str, of: pl.Expr, column: str, factor: float) -> Economy:
    return replace(economy, **{table: economy.tables()[table].with_columns(pl.when(of).then(pl.col(column) * factor).otherwise(pl.col(column)).alias(column))})


def plan_it(folder: Path, last: str = "plan") -> str:
    return run_step(FolderSource(folder), RunFolderSink(folder), last=last)[1].name


@pytest.fixture(scope="session")
def northland(tmp_path_factory) -> Path:
    """A small northland with two runs: between them one resource and one goal were raised."""
    folder = tmp_path_factory.mktemp("compare") / "economy"
    before = simulate_northland(1, enterprises=100, months=12, visits=15).economy
    write_economy(before, folder)
    plan_it(folder)
    after = scaled(before, "resources", pl.col("resource") == "labour", "limit", 1.1)
    write_economy(scaled(after, "goals", pl.col("product") == "furniture", "quantity", 1.2), folder)
    plan_it(folder)
    return folder


@pytest.fixture
def folder(tmp_path, small_economy) -> Path:
    write_economy(small_economy, tmp_path / "e")
    return tmp_path / "e"


def test_the_last_two_runs_are_told_apart_and_their_causes_add_up(northland, tmp_path):
    first, second = two_latest_runs(northland)

    printed = groundplan("compare", northland, "--out", tmp_path / "out")

    assert f"From {first} to {second}" in printed
    assert "2 causes" in printed
    assert printed.index("Missed goals") < printed.index("2 causes")
    assert "labour" in printed
    assert "furniture" in printed
    assert (tmp_path / "out" / "compare.html").stat().st_size > 100_000
    book = fastexcel.read_excel(str(tmp_path / "out" / "compare.xlsx"))
    assert book.sheet_names[:3] == ["Summary", "Changes", "Causes of changes"]
    changes, parts = (book.load_sheet(name, header_row=3).to_polars() for name in ("Changes", "Causes of changes"))
    summed = parts.group_by(KEYS).agg(pl.col("Part").sum()).join(changes, on=KEYS, nulls_equal=True)
    assert len(summed) == len(changes) > 20
    size = summed.select(pl.max_horizontal("Before", "After")).to_series()
    assert ((summed["Part"] - summed["Change"]).abs() <= 1e-9 * size + 1e-12).all()


def test_two_folders_give_what_the_kept_runs_give(northland):
    first, second = two_latest_runs(northland)
    kept = compare_sides(side_of_run(northland, first), side_of_run(northland, second)).comparison

    # The inputs of the first run are an economy folder without runs, so it is estimated and planned anew.
    made = compare_sides(side_of_folder(northland / "runs" / first / "inputs"), side_of_folder(northland)).comparison

    assert side_of_folder(northland).made is not None
    assert side_of_folder(northland / "runs" / first / "inputs").made is None
    assert set(kept.causes) == {"resources", "goals"}
    assert made.outcome == kept.outcome
    assert made.change_parts.equals(kept.change_parts)
    assert made.plan_changes.equals(kept.plan_changes)


def test_a_run_that_another_version_made_is_planned_anew(northland, tmp_path):
    place = tmp_path / "other"
    shutil.copytree(northland, place)
    first, _second = two_latest_runs(place)
    manifest = place / "runs" / first / "manifest.json"
    manifest.write_text(manifest.read_text(encoding="utf-8").replace('"polars": "', '"polars": "0.'), encoding="utf-8")

    assert side_of_run(place, first).made is None


def test_evidence_that_changed_is_a_cause_and_is_estimated_with(small_economy, tmp_path):
    more = scaled(small_economy, "reports", pl.col("unit") == "E1", "quantity", 0.5)
    write_economy(small_economy, tmp_path / "a")
    write_economy(scaled(more, "goals", pl.lit(value=True), "quantity", 2.0), tmp_path / "b")

    found = compare_sides(side_of_folder(tmp_path / "a"), side_of_folder(tmp_path / "b")).comparison

    assert set(found.causes) == {"goals", "evidence"}
    assert found.input_changes.filter(pl.col("cause") == "evidence")["table"].to_list() == ["reports"]
    parts = found.change_parts.filter((pl.col("measure") == "loss") & (pl.col("item") == "") & (pl.col("period") == "") & (pl.col("priority") == 1))
    assert parts.filter(pl.col("cause") == "goals")["part"].item() > 0


def test_a_folder_that_is_not_there(folder, tmp_path):
    assert "is not there" in groundplan("compare", folder, tmp_path / "nowhere", code=2)
    assert "is not there" in groundplan("compare", tmp_path / "nowhere", code=2)


def test_faults_in_either_folder_are_all_told(folder, tmp_path):
    shutil.copytree(folder, tmp_path / "other")
    with (tmp_path / "other" / "goals.csv").open("a", encoding="utf-8") as file:
        file.write("steel,2023,-5,0,1,1\nunobtainium,2022,5,0,1,1\n")
    printed = groundplan("compare", folder, tmp_path / "other", code=2)
    assert "negative_amount" in printed
    assert "unknown_id" in printed


def test_the_same_run_twice_is_refused(northland):
    first, _second = two_latest_runs(northland)
    assert f"Both sides are {first}" in groundplan("compare", northland, first, first, code=2)
    assert "is a run of" in groundplan("compare", northland, first, code=2)


def test_one_run_is_not_enough(folder):
    with pytest.raises(RunIncompleteError, match="no complete run with a plan"):
        two_latest_runs(folder)
    plan_it(folder)
    with pytest.raises(RunIncompleteError, match="one complete run with a plan"):
        two_latest_runs(folder)


def test_a_run_that_is_not_there_names_those_that_are(folder):
    run = plan_it(folder)
    with pytest.raises(RunIncompleteError, match=f"has no run 2019. It has {run};"):
        side_of_run(folder, "2019")
    with pytest.raises(FolderError, match="is not there"):
        side_of_run(folder / "nowhere", run)


def test_a_run_without_a_plan_says_how_far_it_went(folder):
    run = plan_it(folder, last="estimate")
    with pytest.raises(RunIncompleteError, match="ended with the estimate"):
        side_of_run(folder, run)


def test_a_run_that_was_broken_off_is_no_side(folder):
    run = plan_it(folder)
    (folder / "runs" / run).rename(folder / "runs" / f"{run}.incomplete")
    with pytest.raises(RunIncompleteError, match="broken off"):
        side_of_run(folder, f"{run}.incomplete")


def test_a_run_of_before_inputs_were_kept_says_so(folder):
    run = plan_it(folder)
    shutil.rmtree(folder / "runs" / run / "inputs")
    assert list_runs(folder)[0].complete
    with pytest.raises(RunIncompleteError, match="keeps no inputs"):
        side_of_run(folder, run)


def test_inputs_that_were_altered_after_the_run_are_not_taken_for_its_own(folder):
    run = plan_it(folder)
    inputs = folder / "runs" / run / "inputs"
    write_economy(scaled(read_economy(inputs), "goals", pl.lit(value=True), "weight", 2.0), inputs, form="parquet")
    with pytest.raises(RunIncompleteError, match="altered after the run"):
        side_of_run(folder, run)


def test_a_group_that_cannot_be_split_is_told(northland):
    first, second = two_latest_runs(northland)
    with pytest.raises(InputError, match="found 'power', expected one of goals"):
        compare_sides(side_of_run(northland, first), side_of_run(northland, second), split=("power",))


def test_the_page_goes_nowhere_where_a_file_is_in_the_way(northland, tmp_path):
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    assert "cannot be made" in groundplan("compare", northland, "--out", tmp_path / "file", code=2)
    assert (tmp_path / "file").read_text(encoding="utf-8") == "mine"


def test_the_help_teaches_all_three_ways():
    command = next(command for command in app.registered_commands if command.callback is not None and command.callback.__name__ == "compare")
    assert command.callback is not None
    for way in ("compare FOLDER`", "FOLDER RUN_A RUN_B", "FOLDER_A FOLDER_B"):
        assert way in (command.callback.__doc__ or "")
