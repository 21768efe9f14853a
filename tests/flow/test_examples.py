"""Examples are written whole or not at all."""

import filecmp
from pathlib import Path

import polars as pl
import pytest

import groundplan as gp
from groundplan.errors import FolderError
from groundplan.flows import examples
from groundplan.flows.demo import example_economies
from groundplan.flows.examples import write_northland, write_united_states

OFFICIAL = Path(__file__).parents[2] / "examples" / "united-states"


def test_ctrl_c_while_an_example_is_written_leaves_nothing_in_the_way(tmp_path, monkeypatch):
    whole = pl.DataFrame.write_parquet
    written = []

    def stop_at_the_second(frame: pl.DataFrame, path: object, **options: object) -> None:
        if written:
            raise KeyboardInterrupt
        written.append(path)
        whole(frame, path, **options)

    monkeypatch.setattr(pl.DataFrame, "write_parquet", stop_at_the_second)
    with pytest.raises(KeyboardInterrupt):
        write_northland(tmp_path / "n", enterprises=40, months=12, visits=4)
    assert written
    assert list((tmp_path / "n").iterdir()) == []


def test_the_united_states_are_written_with_their_sources(tmp_path):
    folder = write_united_states(tmp_path / "us")
    assert gp.check_folder(folder)[0] is not None
    _, different, missing = filecmp.cmpfiles(OFFICIAL, tmp_path / "us", ["README.md", "concordance.csv", "economy/recipes.csv", "economy/groundplan.toml"], shallow=False)
    assert (different, missing) == ([], [])
    with pytest.raises(FolderError, match="there already"):
        write_united_states(tmp_path / "us")


def test_an_installation_without_the_example_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(examples, "_PLACES", (tmp_path / "nowhere",))
    with pytest.raises(FolderError, match="without the example"):
        write_united_states(tmp_path / "us")
    assert not (tmp_path / "us").exists()


def test_the_demonstration_has_both_examples_anywhere(tmp_path):
    economies = example_economies(tmp_path)
    assert [economy.parent.name for economy in economies] == ["northland", "united-states"]
    assert example_economies(tmp_path) == economies
