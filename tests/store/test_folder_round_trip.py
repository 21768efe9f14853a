"""What is written comes back the same, in every form."""

import shutil
import tempfile
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from groundplan.errors import FolderError, InputError
from groundplan.store.folder import check_folder, read_economy, write_economy
from groundplan.tables.economy import Economy
from groundplan.tables.settings import Settings

FORMS = ("csv", "parquet", "xlsx")


def assert_same(one: Economy, other: Economy) -> None:
    assert one.settings == other.settings
    for name, frame in one.tables().items():
        again = other.tables()[name]
        assert again.schema == frame.schema, name
        assert again.equals(frame), name


@pytest.mark.parametrize("form", FORMS)
def test_a_small_economy_comes_back_and_has_no_fault(small_economy, tmp_path, form):
    write_economy(small_economy, tmp_path / "e", form=form)
    economy, faults = check_folder(tmp_path / "e")
    assert faults == ()
    assert_same(economy, small_economy)


@pytest.mark.parametrize("form", FORMS)
def test_ids_floats_empty_texts_and_unknown_columns_come_back_exactly(small_rows, make_economy, tmp_path, form):
    small_rows["units"] += [
        {"unit": "007", "name": "", "name_ko": '제7호 공장\n남쪽, "문"', "note": " a ", "code": "01", "score": 0.1 + 0.2, "count": 2**60, "seen": date(2020, 2, 29), "good": True},
        {"unit": "1e5", "name": None, "name_ko": "=1+1", "note": "", "code": None, "score": 5e-324, "count": None, "seen": None, "good": None},
        *[{"unit": unit} for unit in ("TRUE", "2020-08-01", "-", "+1", "None")],
    ]
    economy = make_economy(small_rows)
    write_economy(economy, tmp_path, form=form)
    assert_same(read_economy(tmp_path), economy)


TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc", "Cn", "Co")), max_size=20) | st.sampled_from(
    ["", " ", '"', ",", "\n", "a\r\nb", "007", "1e5", "강철", "null"]
)
IDS = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S")), min_size=1, max_size=8).filter(lambda text: text == text.strip())
AMOUNTS = st.floats(min_value=0, max_value=1e15, allow_subnormal=True)
EXTRAS = {
    "text": (pl.String, TEXTS),
    "number": (pl.Float64, st.floats(allow_nan=False, allow_infinity=False)),
    "whole": (pl.Int64, st.integers(-(2**63), 2**63 - 1)),
    "day": (pl.Date, st.dates()),
}


@st.composite
def economies(draw: st.DrawFn) -> Economy:
    ids = draw(st.lists(IDS, min_size=1, max_size=8, unique=True))
    n = len(ids)
    many = lambda values: draw(st.lists(values, min_size=n, max_size=n))  # noqa: E731
    parents = [None, *[draw(st.none() | st.sampled_from(ids[:position])) for position in range(1, n)]]
    units = pl.DataFrame(
        {
            "unit": ids,
            "name": many(st.none() | TEXTS),
            "name_ko": many(st.none() | TEXTS),
            "kind": pl.Series(many(st.sampled_from(["enterprise", "collective"])), dtype=pl.String),
            "parent": pl.Series(parents, dtype=pl.String),
            "sector": many(st.none() | TEXTS),
            "region": many(st.none() | TEXTS),
            "latitude": pl.Series(many(st.none() | st.floats(-90, 90)), dtype=pl.Float64),
            "longitude": pl.Series(many(st.none() | st.floats(-180, 180)), dtype=pl.Float64),
            "employees": pl.Series(many(st.none() | AMOUNTS), dtype=pl.Float64),
            "major": many(st.booleans()),
        },
        schema_overrides={"name": pl.String, "name_ko": pl.String, "sector": pl.String, "region": pl.String},
    )
    units = units.with_columns(pl.col("kind").cast(pl.Enum(["authority", "enterprise", "collective", "workshop", "team"])))
    for label in draw(st.sets(st.sampled_from(sorted(EXTRAS)))):
        dtype, values = EXTRAS[label]
        units = units.with_columns(pl.Series(f"my {label}", many(st.none() | values), dtype=dtype))
    goods = [f"p{position}" for position in range(n)]
    products = pl.DataFrame(
        {"product": goods, "name": [None] * n, "name_ko": [None] * n, "measure": ["t"] * n, "group": [None] * n, "storable": [True] * n, "loss_share": [0.0] * n}
    )
    products = products.cast({"name": pl.String, "name_ko": pl.String, "group": pl.String})
    trade = pl.DataFrame({"product": goods, "period": ["2021"] * n, **{c: many(AMOUNTS) for c in ("import_limit", "import_price", "export_limit", "export_price")}})
    reports = pl.DataFrame(
        {"unit": ids, "product": goods, "indicator": ["output"] * n, "period": ["2020-03"] * n, "version": many(st.integers(1, 10**15)), "quantity": many(AMOUNTS)}
    )
    reports = reports.with_columns(
        pl.Series("declared_capacity", many(st.none() | AMOUNTS), dtype=pl.Float64),
        pl.Series("reported_on", many(st.none() | st.dates(date(1900, 1, 1), date(2020, 12, 31))), dtype=pl.Date),
        pl.Series("status", many(st.none() | TEXTS), dtype=pl.String),
    )
    name = draw(TEXTS)
    return Economy.from_tables(
        Settings(name=name, as_of=date(2020, 12, 31), seed=draw(st.integers(0, 2**63 - 1))), {"units": units, "products": products, "trade": trade, "reports": reports}
    )


@pytest.mark.parametrize("form", FORMS)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(economy=economies())
def test_any_economy_comes_back_exactly(form, economy):
    folder = Path(tempfile.mkdtemp())
    try:
        write_economy(economy, folder / "e", form=form)
        assert_same(read_economy(folder / "e"), economy)
    finally:
        shutil.rmtree(folder)


def test_writing_in_another_form_takes_the_old_files_away_and_leaves_others(small_economy, tmp_path):
    write_economy(small_economy, tmp_path, form="csv")
    (tmp_path / "notes.txt").write_text("mine")
    write_economy(small_economy, tmp_path, form="parquet")
    assert not list(tmp_path.glob("*.csv"))
    assert (tmp_path / "notes.txt").read_text() == "mine"
    assert_same(read_economy(tmp_path), small_economy)


def test_a_write_that_fails_leaves_what_was_there(small_economy, tmp_path, monkeypatch):
    folder = tmp_path / "e"
    write_economy(small_economy, folder)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}

    def full_disk(frame, path):
        path.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("groundplan.store.writing.write_parquet_table", full_disk)
    with pytest.raises(FolderError, match="No space left"):
        write_economy(small_economy, folder, form="parquet")
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert [path.name for path in tmp_path.iterdir()] == ["e"]


def test_a_column_that_csv_cannot_hold_is_refused(small_economy, tmp_path):
    odd = small_economy.units.with_columns(parts=pl.Series([[1], [2], [3], [4]]))
    economy = Economy.from_tables(small_economy.settings, small_economy.tables() | {"units": odd})
    with pytest.raises(InputError) as raised:
        write_economy(economy, tmp_path / "e")
    assert [(fault.table, fault.column, fault.rule) for fault in raised.value.faults] == [("units", "parts", "unwritable_type")]
    write_economy(economy, tmp_path / "e", form="parquet")
    assert_same(read_economy(tmp_path / "e"), economy)


@pytest.mark.parametrize("form", FORMS)
def test_whole_numbers_beyond_what_a_workbook_counts_come_back_exactly(form, small_economy, tmp_path):
    units = small_economy.units.with_columns(pl.Series("my whole", [None, 2**61, 2**63 - 1, -7], dtype=pl.Int64))
    economy = Economy.from_tables(small_economy.settings, small_economy.tables() | {"units": units})
    write_economy(economy, tmp_path / "e", form=form)
    assert_same(read_economy(tmp_path / "e"), economy)
