"""Examples are written whole or not at all."""

import polars as pl
import pytest

from groundplan.flows.examples import write_northland


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
