"""The frontier between two goals through the command line, and what is said where there is none."""

import sys
from pathlib import Path

import pytest

from groundplan.cli import main as command
from groundplan.flows import frontier as flow
from groundplan.flows.folder_ports import FolderSource, RunFolderSink
from groundplan.flows.run import run_step
from groundplan.store.folder import write_economy


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


@pytest.fixture
def folder(tmp_path, make_economy, small_rows) -> Path:
    small_rows["goals"].append({"product": "ore", "period": "2021", "quantity": 150.0})
    write_economy(make_economy(small_rows, horizon=2), tmp_path / "e")
    return tmp_path / "e"


def test_a_frontier_is_shown_and_written(groundplan, folder, tmp_path):
    printed = groundplan("frontier", folder, "steel@2021", "ore", "--out", tmp_path / "out")

    assert "Estimate what is really made" in printed
    assert "They compete" in printed
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["frontier.csv", "frontier.html", "frontier.xlsx"]


def test_the_estimate_of_a_run_made_from_these_tables_is_taken(groundplan, folder, monkeypatch):
    without = groundplan("frontier", folder, "steel@2021", "ore")
    run_step(FolderSource(folder), RunFolderSink(folder), last="estimate")
    monkeypatch.setattr(flow, "estimate", lambda *_given, **_named: pytest.fail("estimated anew"))

    assert groundplan("frontier", folder, "steel@2021", "ore") == without.replace(" Estimate what is really made", "")


def test_a_number_is_fixed_for_the_whole_curve(groundplan, folder):
    printed = groundplan("frontier", folder, "steel@2021", "ore", "--fix", "final_use ore 2021 >= 60", "--others", "free", "--corners", 5)
    assert "They compete" in printed
    assert "from 0%" not in printed


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("steal", "ore"), "'steal' looks like 'steel'"),
        (("steel", "steel"), "two different goals"),
        (("steel@2030", "ore"), "a period of the plan (2021 to 2022)"),
        (("power", "ore"), "Products with goals: ore, steel"),
        (("steel", "ore", "--corners", 1), "--corners"),
        (("steel", "ore", "--others", "some"), "--others"),
    ],
)
def test_what_cannot_be_asked_ends_in_words(groundplan, folder, arguments, said):
    assert said in groundplan("frontier", folder, *arguments, code=2)


def test_without_goals_there_is_no_plan(groundplan, folder):
    (folder / "goals.csv").unlink()
    assert "goals" in groundplan("frontier", folder, "steel", "ore", code=2)


def test_without_a_folder_that_is_said(groundplan, tmp_path):
    assert "nowhere" in groundplan("frontier", tmp_path / "nowhere", "steel", "ore", code=2)
