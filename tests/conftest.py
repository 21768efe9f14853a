"""Fixtures that many tests share."""

from datetime import date

import pytest
from hypothesis import settings

from groundplan.tables.economy import Economy
from groundplan.tables.settings import Settings
from small_economy import SMALL_ROWS, table_of

# The same examples in every run, so that a run says something about a change; `make test-full` draws new ones.
settings.register_profile("same", derandomize=True)
settings.load_profile("same")


@pytest.fixture
def small_rows() -> dict[str, list[dict[str, object]]]:
    """Rows of the small economy by table, to be changed by a test."""
    return {name: [dict(row) for row in rows] for name, rows in SMALL_ROWS.items()}


@pytest.fixture
def make_economy():
    """Makes an economy of rows by table."""

    def make(rows: dict[str, list[dict[str, object]]], **settings: object) -> Economy:
        tables = {name: table_of(name, table) for name, table in rows.items() if table}
        return Economy.from_tables(Settings(**{"as_of": date(2020, 12, 31)} | settings), tables)

    return make


@pytest.fixture
def small_economy(make_economy, small_rows) -> Economy:
    """The small economy: no rule finds a fault in it."""
    return make_economy(small_rows)
