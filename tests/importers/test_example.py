"""examples/united-states is what its README's commands make, from the full table and from the table that lies in it."""

import shlex
import sys
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from groundplan.cli import main as command
from groundplan.store.folder import check_folder, read_economy
from last_digits import assert_same_frame, assert_same_text

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "united-states"
TABLES = ("units", "products", "recipes", "lines", "goals", "resources", "trade", "investments")


def commands_of_the_readme() -> list[list[str]]:
    """The import commands in the README, as arguments, in order."""
    text = (EXAMPLE / "README.md").read_text(encoding="utf-8").replace("\\\n", " ")
    return [shlex.split(line.strip()) for line in text.splitlines() if line.strip().startswith("groundplan import")]


def run(arguments: list[str], out: Path, monkeypatch) -> None:
    """Run a command of the README from the root, with its result elsewhere."""
    place = arguments.index("--out") + 1
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(sys, "argv", [*arguments[:place], str(out), *arguments[place + 1 :]])
    try:
        command.main()
    except SystemExit as stopped:
        assert not stopped.code, stopped.code


def test_the_full_table_makes_the_example(tables, tmp_path, monkeypatch):
    assert tables.is_dir()
    run(commands_of_the_readme()[0], tmp_path / "economy", monkeypatch)
    kept = {path.name: path for path in (EXAMPLE / "economy").iterdir() if path.is_file()}
    assert {path.name for path in (tmp_path / "economy").iterdir()} == kept.keys()
    for name, path in kept.items():
        assert_same_text(tmp_path / "economy" / name, path)


def test_the_table_in_the_example_makes_the_same_economy_without_the_full_one(tmp_path, monkeypatch):
    run(commands_of_the_readme()[1], tmp_path / "economy", monkeypatch)
    made, kept = read_economy(tmp_path / "economy"), read_economy(EXAMPLE / "economy")
    for name in TABLES:
        assert_same_frame(getattr(made, name), getattr(kept, name))


def test_the_example_has_no_faults_and_names_its_source():
    economy, faults = check_folder(EXAMPLE / "economy", today=date(2026, 1, 1))
    assert {fault.rule for fault in faults} <= {"item_in_and_out"}
    assert not economy.settings.simulated
    assert "Bureau of Economic Analysis" in economy.settings.source


def test_the_concordance_covers_each_industry_once_in_fifteen_sectors():
    concordance = pl.read_csv(EXAMPLE / "concordance.csv", infer_schema=False)
    assert concordance["code"].is_unique().all()
    assert (concordance.height, concordance["sector"].n_unique()) == (71, 15)


@pytest.mark.parametrize("column", ["residual"])
def test_its_base_year_closes(column):
    balance = pl.read_csv(EXAMPLE / "economy" / "import_base_year.csv", schema_overrides={"product": pl.String})
    assert balance[column].abs().max() <= 1e-9 * balance["output"].max()
