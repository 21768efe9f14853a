"""Run folders are whole or are not results."""

import errno
import json
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from groundplan.errors import FolderError, RunIncompleteError
from groundplan.store import run_inputs, run_lock, runs
from groundplan.store.folder import read_economy
from groundplan.store.run_inputs import inputs_of_run
from groundplan.store.runs import latest_run, list_runs, open_run, read_run
from groundplan.tables.economy import Economy

TABLE = pl.DataFrame({"unit": ["a", "b"], "value": [1.0, 2.5]})


def write(folder: Path, name: str = "r1", finished: str = "2021-01-01T00:00:00") -> Path:
    with open_run(folder, name) as writer:
        writer.write_tables({"outputs": TABLE})
        writer.write_manifest({"step": "plan", "finished": finished})
    return folder / "runs" / writer.run


def test_a_run_is_read_as_it_was_written(tmp_path):
    stored = read_run(write(tmp_path))
    assert stored.tables["outputs"].equals(TABLE)
    assert stored.manifest["step"] == "plan"


def test_the_same_tables_give_the_same_bytes(tmp_path):
    first, second = write(tmp_path, "r1"), write(tmp_path, "r2")
    assert (first / "outputs.parquet").read_bytes() == (second / "outputs.parquet").read_bytes()


def test_two_runs_of_one_second_get_two_names(tmp_path):
    assert write(tmp_path).name == "r1"
    assert write(tmp_path).name == "r1-2"


def test_an_error_half_way_leaves_nothing(tmp_path):
    with pytest.raises(ZeroDivisionError), open_run(tmp_path, "r1") as writer:
        writer.write_tables({"outputs": TABLE})
        raise ZeroDivisionError
    assert list(tmp_path.iterdir()) == []


def test_an_error_half_way_leaves_the_runs_before_it(tmp_path):
    before = write(tmp_path)
    with pytest.raises(ZeroDivisionError), open_run(tmp_path, "r2"):
        raise ZeroDivisionError
    assert list((tmp_path / "runs").iterdir()) == [before]


def test_ctrl_c_half_way_leaves_nothing(tmp_path):
    with pytest.raises(KeyboardInterrupt), open_run(tmp_path, "r1") as writer:
        writer.write_tables({"outputs": TABLE})
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def writing(tmp_path):
    """Another process that has begun a run and stays in it."""
    code = (
        "import sys, time, polars as pl\nfrom pathlib import Path\nfrom groundplan.store.runs import open_run\n"
        "with open_run(Path(sys.argv[1]), 'r1') as writer:\n"
        "    writer.write_tables({'outputs': pl.DataFrame({'a': [1]})})\n    print('written', flush=True)\n    time.sleep(600)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "written\n"
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def test_a_run_that_another_process_writes_is_in_progress_until_that_process_is_killed(tmp_path, writing):
    left = tmp_path / "runs" / "r1.incomplete"
    assert [listing.state for listing in list_runs(tmp_path)] == ["running"]
    with pytest.raises(RunIncompleteError, match="being written now"):
        read_run(left)
    writing.send_signal(signal.SIGKILL)
    writing.wait()
    assert left.is_dir()
    assert [listing.state for listing in list_runs(tmp_path)] == ["broken off"]


def test_a_killed_run_is_marked_and_never_read(tmp_path, writing):
    writing.send_signal(signal.SIGKILL)
    writing.wait()
    with pytest.raises(RunIncompleteError, match="broken off"):
        read_run(tmp_path / "runs" / "r1.incomplete")
    with pytest.raises(RunIncompleteError, match="no complete run"):
        latest_run(tmp_path)
    assert [listing.complete for listing in list_runs(tmp_path)] == [False]
    assert write(tmp_path).name != "r1.incomplete"


def test_a_whole_run_holds_no_lock_file(tmp_path):
    assert sorted(path.name for path in write(tmp_path).iterdir()) == ["manifest.json", "outputs.parquet"]


def test_a_run_is_kept_where_the_file_system_knows_no_locks(tmp_path, monkeypatch):
    def refuse(_descriptor: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(run_lock, "_take", refuse)
    with open_run(tmp_path, "r1") as writer:
        assert [listing.state for listing in list_runs(tmp_path)] == ["running"]
        writer.write_manifest({"step": "plan", "finished": "2021-01-01T00:00:00"})
    assert [listing.state for listing in list_runs(tmp_path)] == ["complete"]


def test_a_run_that_lost_a_table_is_damaged_and_hides_behind_no_older_one(tmp_path):
    write(tmp_path, "a", "2021-01-01T00:00:00")
    later = write(tmp_path, "b", "2021-01-02T00:00:00")
    (later / "outputs.parquet").unlink()
    assert [(listing.state, listing.missing) for listing in list_runs(tmp_path)] == [("complete", ()), ("damaged", ("outputs",))]
    with pytest.raises(RunIncompleteError, match="outputs.parquet is missing"):
        read_run(latest_run(tmp_path))


def test_a_file_has_no_runs(tmp_path):
    (tmp_path / "goals.csv").write_text("x", encoding="utf-8")
    with pytest.raises(FolderError, match=r"goals\.csv is a file"):
        list_runs(tmp_path / "goals.csv")


def test_an_altered_table_is_not_read(tmp_path):
    folder = write(tmp_path)
    TABLE.with_columns(value=pl.lit(9.0)).write_parquet(folder / "outputs.parquet")
    with pytest.raises(RunIncompleteError, match="altered"):
        read_run(folder)


def test_a_folder_without_a_manifest_is_no_run(tmp_path):
    folder = write(tmp_path)
    (folder / "manifest.json").unlink()
    with pytest.raises(RunIncompleteError, match="manifest"):
        read_run(folder)
    assert not list_runs(tmp_path)[0].complete


def test_a_full_disk_is_said_in_words_and_leaves_nothing(tmp_path, monkeypatch):
    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(runs.os, "fsync", full)
    with pytest.raises(FolderError, match="disk is full"):
        write(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_runs_in_the_way_of_a_file_are_said_in_words(tmp_path):
    (tmp_path / "runs").write_text("not a folder")
    with pytest.raises(FolderError, match="cannot be written to"):
        write(tmp_path)


def test_the_latest_run_is_the_one_that_finished_last(tmp_path):
    write(tmp_path, "b", "2021-01-01T00:00:00")
    write(tmp_path, "a", "2021-01-02T00:00:00")
    assert latest_run(tmp_path).name == "a"
    manifest = json.loads((latest_run(tmp_path) / "manifest.json").read_text())
    assert manifest["tables"]["outputs"]["rows"] == 2


def write_with_inputs(folder: Path, economy: Economy, name: str, finished: str) -> Path:
    with open_run(folder, name) as writer:
        writer.write_inputs(economy)
        writer.write_manifest({"step": "plan", "finished": finished})
    return folder / "runs" / writer.run


def test_a_run_keeps_its_inputs_as_an_economy_folder(tmp_path, small_economy):
    kept = read_economy(inputs_of_run(write_with_inputs(tmp_path, small_economy, "a", "2021-01-01")))

    assert kept.settings == small_economy.settings
    for name, frame in small_economy.tables().items():
        assert kept.tables()[name].equals(frame), name


def test_inputs_that_did_not_change_take_no_room_again_and_outlive_the_earlier_run(tmp_path, small_economy):
    first = write_with_inputs(tmp_path, small_economy, "a", "2021-01-01")
    changed = replace(small_economy, goals=small_economy.goals.with_columns(pl.lit(3.0).alias("weight")))
    second = write_with_inputs(tmp_path, changed, "b", "2021-01-02")

    def same_file(name: str) -> bool:
        return (first / "inputs" / name).samefile(second / "inputs" / name)

    assert same_file("reports.parquet")
    assert not same_file("goals.parquet")
    assert list(second.rglob("*.link")) == []
    shutil.rmtree(first)
    assert read_economy(inputs_of_run(second)).reports.equals(small_economy.reports)


def test_inputs_are_kept_where_the_file_system_knows_no_links(tmp_path, small_economy, monkeypatch):
    def refuse(_twin: Path, _link: Path) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    write_with_inputs(tmp_path, small_economy, "a", "2021-01-01")
    monkeypatch.setattr(run_inputs.os, "link", refuse)
    second = write_with_inputs(tmp_path, small_economy, "b", "2021-01-02")

    assert read_economy(inputs_of_run(second)).reports.equals(small_economy.reports)


def test_a_run_without_inputs_says_so(tmp_path):
    with pytest.raises(RunIncompleteError, match="keeps no inputs"):
        inputs_of_run(write(tmp_path))
