"""The small use table as files, and the full official tables where they are."""

from pathlib import Path

import pytest
from small_use_table import MAKE, USE, with_totals, write_long

SHARED = Path(__file__).parents[3] / "shared" / "data"


@pytest.fixture
def use_table(tmp_path) -> Path:
    """The small use table of 2019, in long form."""
    return write_long(tmp_path / "use.csv", with_totals(USE), years=(2019,))


@pytest.fixture
def make_table(tmp_path) -> Path:
    """Its make table: the oil industry also makes power."""
    return write_long(tmp_path / "make.csv", MAKE)


@pytest.fixture
def tables():
    """The folder of the full official tables, which are not part of the project."""
    if not (SHARED / "io-tables" / "us_use.csv").is_file():
        pytest.skip("the full tables are not at ../shared/data/io-tables")
    return SHARED / "io-tables"
