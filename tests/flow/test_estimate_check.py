"""`groundplan estimate --check`: cover by group in words, a page with the picture, and an exit code for machines."""

from datetime import UTC, datetime
from io import StringIO

import polars as pl
from rich.console import Console
from typer.testing import CliRunner

import groundplan.cli.main as command
from groundplan.loop.chain import run_chain
from groundplan.report.check_page import check_story, show_check
from groundplan.report.content import ReportInput
from groundplan.simulation.northland import simulate_northland
from groundplan.store.folder import write_economy
from groundplan.store.runs import latest_run


def test_check_prints_groups_writes_a_page_and_ends_well(tmp_path):
    write_economy(simulate_northland(3, enterprises=80, months=12, visits=20).economy, tmp_path / "e")
    ended = CliRunner().invoke(command.app, ["estimate", str(tmp_path / "e"), "--check"])
    assert ended.exit_code == 0, ended.output
    page = (latest_run(tmp_path / "e") / "check.html").read_text(encoding="utf-8")
    assert "Do the intervals hold?" in page
    assert "default-src 'none'" in page
    assert 'src="' not in page.split("<script>")[0]


def test_strict_alone_is_refused(tmp_path):
    ended = CliRunner().invoke(command.app, ["estimate", str(tmp_path), "--strict"])
    assert ended.exit_code == 2


def test_strict_ends_with_one_where_a_group_is_off(tmp_path, monkeypatch):
    monkeypatch.setattr(command, "check_estimate", lambda *_: 1)
    assert CliRunner().invoke(command.app, ["estimate", str(tmp_path), "--check", "--strict"]).exit_code == 1
    assert CliRunner().invoke(command.app, ["estimate", str(tmp_path), "--check"]).exit_code == 0


def test_words_follow_the_figures():
    economy = simulate_northland(3, enterprises=80, months=12, visits=20).economy
    tables = run_chain(economy, last="estimate").tables()
    off = pl.when(pl.col("nominal") == 90).then(pl.col("level") == "all")
    tables["predictive_cover"] = tables["predictive_cover"].with_columns(is_off=off, cover=pl.lit(0.6))
    shown = ReportInput(economy, tables, (), "test", datetime(2026, 11, 24, tzinfo=UTC), "0.1.0")
    assert check_story(shown).answers[0].tone == "short"
    console = Console(record=True, width=150, file=StringIO())
    show_check(shown, console)
    assert "Not everywhere" in console.export_text()
