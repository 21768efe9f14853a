"""Real use tables carried forward a year: identities hold, and every method that knows the totals beats plain scaling."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

from use_table import FOLDER, compare, intermediate_block

TABLES = FOLDER / "us_use.csv"


@pytest.mark.skipif(not TABLES.is_file(), reason="the United States' use tables are not in ../shared/data/io-tables")
@pytest.mark.parametrize(("first", "last"), [(2012, 2013), (2018, 2019)])
def test_a_table_is_carried_forward(first, last):
    found = compare(intermediate_block(TABLES, first), intermediate_block(TABLES, last))
    scaled = found.pop("old table scaled")
    for name, (error, residual, _, _) in found.items():
        assert residual < 1e-9, name
        assert error < scaled[0], name
    # With exact totals RAS and the cross-entropy of flows are one.
    assert found["RAS"][0] == pytest.approx(found["cross-entropy of flows"][0], abs=1e-6)
