"""`groundplan import use-table`: what it writes, what it says, and that a failure leaves nothing behind."""

import sys

import pytest
from small_use_table import USE, with_totals, write_long

from groundplan.cli import main as command
from groundplan.flows import imports as flow
from groundplan.store.folder import read_economy


@pytest.fixture
def groundplan(monkeypatch, capsys):
    """Runs the command line; gives exit code, screen and errors, both without the terminal's line breaks."""

    def run(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["groundplan", *map(str, arguments)])
        code = 0
        try:
            command.main()
        except SystemExit as stopped:
            code = int(stopped.code or 0)
        captured = capsys.readouterr()
        return code, " ".join(captured.out.split()), " ".join(captured.err.split())

    return run


def test_an_economy_is_written_whole_and_can_be_read(groundplan, use_table, make_table, tmp_path):
    out = tmp_path / "made" / "economy"
    code, screen, _ = groundplan("import", "use-table", use_table, "--make", make_table, "--out", out, "--name", "Trinity")
    assert code == 0, screen
    assert read_economy(out).settings.name == "Trinity"
    extra = {path.name for path in out.iterdir() if path.name.startswith("import_")}
    assert extra == {"import_adjustments.csv", "import_assumptions.md", "import_base_year.csv", "import_use_table.csv"}
    assert [path.name for path in out.parent.iterdir()] == ["economy"]
    for words in ("253", "Assumed", "Set apart", "Adjusted", f"groundplan run {out}"):
        assert words in screen, words


def test_the_folder_passes_the_check(groundplan, use_table, tmp_path):
    out = tmp_path / "economy"
    assert groundplan("import", "use-table", use_table, "--out", out)[0] == 0
    assert groundplan("check", out)[0] == 0


def test_the_table_that_was_used_makes_the_same_economy_again(groundplan, use_table, tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"
    sectors = tmp_path / "sectors.csv"
    sectors.write_text("code,sector,name\n211,E,Energy\n22,E,Energy\n331,M,Metal\n")
    assert groundplan("import", "use-table", use_table, "--aggregate", sectors, "--out", first)[0] == 0
    assert groundplan("import", "use-table", first / "import_use_table.csv", "--capacity", first / "import_base_year.csv", "--out", second)[0] == 0
    for name in ("units", "products", "recipes", "lines", "goals", "resources", "trade", "investments"):
        original = (first / f"{name}.csv").read_text().replace(",use,", ",import_use_table,")
        assert (second / f"{name}.csv").read_text() == original, name


def test_bad_files_end_in_words_and_leave_nothing(groundplan, use_table, tmp_path):
    use_table.write_text(use_table.read_text().replace("2019,211,331,20", "2019,211,331,twenty"))
    out = tmp_path / "economy"
    code, _, errors = groundplan("import", "use-table", use_table, "--out", out, "--growth", "9")
    assert code == 2
    assert "Traceback" not in errors
    assert "twenty" in errors
    assert "growth" in errors
    assert not out.exists()


def test_several_years_ask_for_one(groundplan, tmp_path):
    table = write_long(tmp_path / "use.csv", with_totals(USE), years=(2018, 2019))
    code, _, errors = groundplan("import", "use-table", table, "--out", tmp_path / "economy")
    assert code == 2
    assert "--year" in errors


def test_a_folder_that_is_there_is_left_alone(groundplan, use_table, tmp_path):
    out = tmp_path / "economy"
    out.mkdir()
    (out / "mine.txt").write_text("keep")
    code, _, errors = groundplan("import", "use-table", use_table, "--out", out)
    assert code == 2
    assert "there already" in errors
    assert [path.name for path in out.iterdir()] == ["mine.txt"]


def test_a_disk_that_fills_up_leaves_nothing(groundplan, use_table, tmp_path, monkeypatch):
    def full(*_: object, **__: object) -> str:
        raise OSError(28, "No space left on device")

    # The last file is the one that no longer fits; all others have been written.
    monkeypatch.setattr(flow, "_assumptions_text", full)
    out = tmp_path / "target" / "economy"
    code, _, errors = groundplan("import", "use-table", use_table, "--out", out)
    assert code == 2
    assert "No space left" in errors
    assert list(out.parent.iterdir()) == []


def test_a_place_that_cannot_be_written(groundplan, use_table, tmp_path):
    (tmp_path / "file").write_text("")
    code, _, errors = groundplan("import", "use-table", use_table, "--out", tmp_path / "file" / "economy")
    assert code == 2
    assert "cannot be written" in errors


def test_the_help_teaches_the_options(groundplan):
    code, screen, _ = groundplan("import", "use-table", "--help")
    assert code == 0
    for option in ("--year", "--make", "--capacity", "--utilisation", "--aggregate", "--productivity-growth", "--investment"):
        assert option in screen, option
