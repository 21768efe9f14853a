"""The whole chain through the command line, as a user meets it."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import polars as pl
import pytest

import groundplan as gp
from groundplan.store.folder import write_economy
from groundplan.store.runs import latest_run, list_runs, read_run
from groundplan.tables.results import RESULTS

WIDE = {"COLUMNS": "200", "NO_COLOR": "1", "TERM": "dumb"}


def start(*arguments: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "groundplan.cli", *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ | WIDE)


def groundplan(*arguments: object, code: int = 0) -> str:
    """Run a command, see that it ends as it should and never in a traceback, and give all that it printed."""
    process = start(*arguments)
    out, err = process.communicate(timeout=240)
    printed = out + err
    assert "Traceback" not in printed, printed
    assert process.returncode == code, printed
    return printed


@pytest.fixture
def folder(tmp_path, small_economy) -> Path:
    write_economy(small_economy, tmp_path / "e")
    return tmp_path / "e"


@pytest.fixture(scope="session")
def northland_run(tmp_path_factory) -> Path:
    """A small northland, run through the command line once; gives the economy's folder."""
    place = tmp_path_factory.mktemp("northland")
    groundplan("example", "northland", place / "n", "--enterprises", 150, "--months", 24, "--visits", 30)
    printed = groundplan("run", place / "n" / "economy")
    assert "Report:" in printed
    return place / "n" / "economy"


def test_a_run_writes_every_table_and_all_three_reports(northland_run):
    stored = read_run(latest_run(northland_run))
    assert set(stored.tables) == set(RESULTS)
    for name, schema in RESULTS.items():
        assert schema.is_valid(stored.tables[name]), name
    assert (stored.folder / "report.html").stat().st_size > 100_000
    assert (stored.folder / "report.pdf").read_bytes().startswith(b"%PDF")
    assert (stored.folder / "report.xlsx").read_bytes().startswith(b"PK")
    assert stored.manifest["repeatable"] is True
    assert stored.manifest["settings"]["simulated"] is True
    assert {"reports", "units", "goals"} <= set(stored.manifest["inputs"])


def test_the_same_inputs_give_the_same_bytes(northland_run, tmp_path):
    twin = tmp_path / "twin"
    shutil.copytree(northland_run, twin, ignore=shutil.ignore_patterns("runs"))
    groundplan("plan", twin)
    first, second = latest_run(northland_run), latest_run(twin)
    for name in RESULTS:
        assert (first / f"{name}.parquet").read_bytes() == (second / f"{name}.parquet").read_bytes(), name


def test_each_step_alone_keeps_what_it_found(northland_run, tmp_path):
    place = tmp_path / "steps"
    shutil.copytree(northland_run, place, ignore=shutil.ignore_patterns("runs"))
    for step, table in (("estimate", "estimates"), ("review", "fulfilment"), ("plan", "outputs")):
        groundplan(step, place)
        stored = read_run(latest_run(place))
        assert stored.manifest["step"] == step
        assert len(stored.tables[table]) > 0
    assert len([line for line in groundplan("runs", place).splitlines() if "finished" in line]) == 3


def test_the_report_of_a_kept_run_is_written_again(northland_run, tmp_path):
    printed = groundplan("report", northland_run, "--out", tmp_path / "again", "--form", "html")
    assert (tmp_path / "again" / "report.html").is_file()
    assert not (tmp_path / "again" / "report.pdf").exists()
    assert "report.html" in printed


def test_a_report_is_of_the_tables_that_the_run_kept_and_says_where_it_kept_none(northland_run, tmp_path):
    place = tmp_path / "changed"
    shutil.copytree(northland_run, place)
    goals = pl.read_csv(place / "goals.csv", infer_schema=False).with_columns(weight=pl.lit("2.0"))
    goals.write_csv(place / "goals.csv")
    groundplan("report", place, "--form", "html", "--out", tmp_path / "kept")
    assert "not those of the run" not in (tmp_path / "kept" / "report.html").read_text(encoding="utf-8")
    # A run of an earlier groundplan keeps no inputs.
    shutil.rmtree(latest_run(place) / "inputs")
    groundplan("report", place, "--form", "html", "--out", tmp_path / "out")
    assert "not those of the run" in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")


def test_no_stage_reads_the_truth(northland_run, tmp_path):
    place = tmp_path / "alone"
    shutil.copytree(northland_run, place, ignore=shutil.ignore_patterns("runs"))
    assert not (place / "truth").exists()
    groundplan("plan", place)
    assert (latest_run(place) / "estimates.parquet").read_bytes() == (latest_run(northland_run) / "estimates.parquet").read_bytes()


def test_a_new_folder_says_what_to_fill_in_first(tmp_path):
    groundplan("new", tmp_path / "fresh")
    printed = groundplan("check", tmp_path / "fresh", code=2)
    assert "missing_table" in printed
    for name in ("units", "products", "recipes", "lines", "goals"):
        assert name in printed
    assert "not empty" in groundplan("new", tmp_path / "fresh", code=2)


def test_a_clean_folder_passes_its_check(folder):
    assert "no faults" in groundplan("check", folder)
    assert json.loads(groundplan("check", folder, "--json")) == []


def test_warnings_fail_only_a_strict_check(folder):
    path = folder / "products.csv"
    path.write_text(path.read_text(encoding="utf-8").replace(",t,", ",bushel,", 1), encoding="utf-8")
    assert "bushel" in groundplan("check", folder)
    groundplan("check", folder, "--strict", code=1)


def test_an_empty_folder_is_told_what_it_lacks(tmp_path):
    (tmp_path / "empty").mkdir()
    printed = groundplan("run", tmp_path / "empty", code=2)
    assert "groundplan.toml" in printed
    assert list((tmp_path / "empty").iterdir()) == []


def test_machines_get_json_of_whatever_is_wrong(tmp_path):
    assert json.loads(groundplan("check", tmp_path / "nowhere", "--json", code=2))[0]["rule"] == "no_folder"


def test_a_folder_that_is_not_there(tmp_path):
    assert "groundplan new" in groundplan("run", tmp_path / "nowhere", code=2)


def test_a_check_says_what_a_full_run_will_miss(folder):
    path = folder / "goals.csv"
    path.write_text(path.read_text(encoding="utf-8").splitlines()[0] + "\n", encoding="utf-8")
    (fault,) = json.loads(groundplan("check", folder, "--json"))
    assert (fault["table"], fault["rule"], fault["severity"]) == ("goals", "missing_for_plan", "warning")
    groundplan("check", folder, "--strict", code=1)
    groundplan("run", folder, code=2)
    assert not (folder / "runs").exists()


def test_loops_are_told_together_with_other_faults(folder):
    with (folder / "recipes.csv").open("a", encoding="utf-8") as file:
        file.write("dig,steel,in,0.7\ndig,labuor,in,3\nsmelt,labour,in,abc\n")
    rules = {fault["rule"] for fault in json.loads(groundplan("check", folder, "--json", code=2))}
    assert {"not_productive", "unknown_id", "wrong_type"} <= rules


def test_a_file_in_place_of_the_folder_is_not_told_to_be_made(folder):
    printed = groundplan("check", folder / "goals.csv", code=2).replace("\n", " ")
    assert "is a file" in printed
    assert "groundplan new" not in printed


def test_a_report_that_cannot_be_written_loses_no_results(folder):
    """Files may hold 100 KiB, as where a disk fills up: the tables fit, the report does not."""
    command = f'ulimit -f 100; exec "{sys.executable}" -m groundplan.cli run "{folder}"'
    process = subprocess.run(["bash", "-c", command], capture_output=True, text=True, env=os.environ | WIDE, check=False, timeout=240)
    assert process.returncode == 2, process.stderr
    assert "Traceback" not in process.stderr
    (listing,) = list_runs(folder)
    assert listing.complete
    words = " ".join(process.stderr.split())
    assert str(listing.folder) in words
    assert f"groundplan report {folder}" in words
    groundplan("report", folder, "--form", "html")
    assert (folder / "reports" / listing.run / "report.html").is_file()


def test_a_run_that_lost_a_table_is_listed_as_damaged(northland_run, tmp_path):
    place = tmp_path / "damaged"
    shutil.copytree(northland_run, place)
    (latest_run(place) / "outputs.parquet").unlink()
    assert "damaged: table outputs is missing" in groundplan("runs", place)
    assert "is missing" in groundplan("report", place, code=2).replace("\n", " ")


def test_no_spinner_is_drawn_where_no_terminal_is(folder):
    process = start("estimate", folder)
    _out, err = process.communicate(timeout=240)
    assert err.splitlines() == ["Check the tables", "Estimate what is really made"]


def test_a_folder_named_like_markup_is_only_a_name(tmp_path):
    place = tmp_path / "[" / "x]"
    place.parent.mkdir()
    groundplan("new", place)
    assert "no runs" in groundplan("runs", place)
    assert "not empty" in groundplan("new", place, code=2)


def test_a_missing_table_names_the_step_that_needs_it(folder):
    (folder / "goals.csv").unlink()
    printed = groundplan("plan", folder, code=2)
    assert "goals" in printed
    assert "plan" in printed
    groundplan("estimate", folder)


def test_ten_kinds_of_broken_rows_are_told_at_once(folder):
    def append(table: str, row: str) -> None:
        with (folder / f"{table}.csv").open("a", encoding="utf-8") as file:
            file.write(row + "\n")

    append("units", "E9,Own Parent,,enterprise,E9,steel,north,,,,false")
    append("units", "E1,Twice,,enterprise,,steel,north,,,,false")
    append("lines", "L9,E1,melt,10,1.0,,")
    append("lines", "L8,E1,smelt,-5,1.0,,")
    append("reports", "E1,steel,output,2020-13,1,5,,,")
    append("reports", "E1,steel,output,2020-05,1,abc,,,")
    append("reports", "E1,steel,output,2020-06,1,nan,,,")
    append("visits", "V9,E2,,2020-06-09,2020-06-01,done,,")
    append("findings", "V7,E2,ore,2020-01,output,5,ledger,,")
    append("goals", "steel,2023,1e30,0,1,1")
    append("goals", "unobtainium,2022,5,0,1,1")
    append("goals", "ore,2022,5,9,1,1")
    faults = json.loads(groundplan("check", folder, "--json", code=2))
    rules = {fault["rule"] for fault in faults if fault["severity"] == "fault"}
    assert len(rules) >= 10, rules
    assert {"parent_cycle", "duplicate_key", "unknown_id", "negative_amount", "period", "wrong_type", "absurdly_large", "minimum_above_goal"} <= rules
    for fault in faults:
        assert fault["table"]
        assert fault["found"]
        assert fault["expected"]
        assert fault["remedy"]
    printed = groundplan("run", folder, code=2)
    assert "parent_cycle" in printed
    assert not (folder / "runs").exists()


def test_recipes_that_use_up_more_than_they_yield_name_the_loop(folder):
    with (folder / "recipes.csv").open("a", encoding="utf-8") as file:
        file.write("dig,steel,in,0.7\n")
    printed = groundplan("check", folder, code=2)
    assert "not_productive" in printed
    assert re.search("steel.*ore.*steel|ore.*steel.*ore", printed.replace("\n", " "))


def test_an_export_of_another_program_is_read_or_refused_in_words(folder):
    path = folder / "reports.csv"
    text = path.read_text(encoding="utf-8")
    path.write_bytes(b"\xef\xbb\xbf" + text.encode("utf-8"))
    assert "no faults" in groundplan("check", folder)
    path.write_text(text.replace(",", ";"), encoding="utf-8")
    assert "semicolons" in groundplan("check", folder)
    path.write_text(text.replace("8.0", '"8,0"'), encoding="utf-8")
    assert "decimal" in groundplan("check", folder, code=2)
    path.write_text(text.replace("2020-01", "2020-01-01 00:00:00"), encoding="utf-8")
    assert "read as months" in groundplan("check", folder)


def test_ctrl_c_in_mid_run_leaves_nothing_half_written(northland_run, tmp_path):
    place = tmp_path / "stopped"
    shutil.copytree(northland_run, place, ignore=shutil.ignore_patterns("runs"))
    process = start("run", place)
    runs = place / "runs"
    deadline = time.monotonic() + 60
    while not (runs.is_dir() and any(runs.iterdir())):
        assert time.monotonic() < deadline
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, out + err
    assert "Traceback" not in out + err
    assert err.splitlines()[-1] == "Stopped; nothing half-written was kept."
    assert not runs.exists()


def test_kill_9_in_mid_run_leaves_nothing_that_is_read(northland_run, tmp_path):
    place = tmp_path / "killed"
    shutil.copytree(northland_run, place, ignore=shutil.ignore_patterns("runs"))
    process = start("run", place)
    runs = place / "runs"
    deadline = time.monotonic() + 60
    while not (runs.is_dir() and any(runs.iterdir())):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert "in progress" in groundplan("runs", place)
    assert process.poll() is None
    process.kill()
    process.communicate(timeout=60)
    assert [listing.complete for listing in list_runs(place)] == [False]
    assert "broken off" in groundplan("runs", place)
    assert "no complete run" in groundplan("report", place, code=2)


@pytest.fixture
def small_disk(tmp_path):
    """A real file system of a few hundred kilobytes; mounting one needs root."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", str(disk)], capture_output=True, check=False)
    if mounted.returncode:
        pytest.skip(f"no small disk can be mounted here: {mounted.stderr.decode().strip()}")
    yield disk
    subprocess.run(["umount", "-l", str(disk)], check=True)


def test_a_disk_that_fills_up_in_the_report_is_said_in_words_and_keeps_the_results(small_disk, small_economy):
    write_economy(small_economy, small_disk / "e")
    printed = groundplan("run", small_disk / "e", code=2)
    assert "No space left" in printed.replace("\n", " ")
    (listing,) = list_runs(small_disk / "e")
    assert listing.complete
    assert list(listing.folder.glob(".*")) == []


def test_a_file_where_a_folder_should_be_is_said_in_words(folder, northland_run, tmp_path):
    file = tmp_path / "file"
    file.write_text("mine", encoding="utf-8")
    for arguments in (("run", file), ("runs", file), ("demo", file), ("example", "northland", file), ("report", northland_run, "--out", file)):
        assert str(file) in groundplan(*arguments, code=2).replace("\n", "")
    assert file.read_text(encoding="utf-8") == "mine"


def test_a_disk_that_cannot_be_written_to_is_said_in_words(small_disk, small_economy):
    write_economy(small_economy, small_disk / "e")
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    assert "Read-only" in groundplan("run", small_disk / "e", code=2)
    assert "Read-only" in groundplan("example", "northland", small_disk / "n", code=2)


def test_output_that_cannot_be_written_is_said_in_words(folder):
    with Path("/dev/full").open("w") as full:
        process = subprocess.run([sys.executable, "-m", "groundplan.cli", "check", str(folder)], stdout=full, stderr=subprocess.PIPE, text=True, env=os.environ | WIDE, check=False)
    assert process.returncode != 0
    assert "Traceback" not in process.stderr


def test_one_spoilt_manifest_leaves_the_other_runs_readable(northland_run, tmp_path):
    place = tmp_path / "spoilt"
    shutil.copytree(northland_run, place)
    (place / "runs" / "20200101-000000").mkdir()
    (place / "runs" / "20200101-000000" / "manifest.json").write_text("[]", encoding="utf-8")
    assert "finished" in groundplan("runs", place)
    groundplan("report", place, "--form", "html", "--out", tmp_path / "out")


def test_labour_in_h_is_no_cause_for_a_warning(folder):
    path = folder / "resources.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("hour", "h"), encoding="utf-8")
    assert "no faults, no warnings" in groundplan("check", folder)


def test_the_library_marks_which_lines_are_warnings(folder):
    path = folder / "products.csv"
    path.write_text(path.read_text(encoding="utf-8").replace(",t,", ",bushel,", 1), encoding="utf-8")
    with (folder / "lines.csv").open("a", encoding="utf-8") as file:
        file.write("L9,E1,melt,10,1.0,,\n")
    with pytest.raises(gp.InputError, match="1 fault") as caught:
        gp.read_economy(folder)
    lines = str(caught.value).splitlines()[1:]
    assert [line.startswith("  warning: ") for line in lines] == ["bushel" in line for line in lines] == [False, True]


def test_the_library_refuses_what_the_command_line_refuses(folder):
    with (folder / "recipes.csv").open("a", encoding="utf-8") as file:
        file.write("dig,steel,in,0.7\n")
    with pytest.raises(gp.InputError, match="steel"):
        gp.read_economy(str(folder))


def test_every_command_teaches_in_its_help():
    assert groundplan("--version").strip() == f"groundplan {gp.__version__}"
    pages = groundplan("--help")
    for command in ("new", "check", "run", "review", "estimate", "plan", "report", "balances", "compare", "runs", "demo", "import", "example"):
        assert command in pages
        assert "Usage" in groundplan(command, "--help")
