"""Ids that are written for people are read back as they were."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groundplan.tables.balance_sheet import read_label, write_label


@pytest.mark.parametrize(
    ("label", "name", "text"),
    [
        ("blast_furnace", None, "Blast furnace"),
        ("crude_steel", "Crude steel", "Crude steel"),
        ("fertiliser", "Nitrogen fertiliser", "Nitrogen fertiliser [fertiliser]"),
        ("31G", "Manufacturing", "Manufacturing [31G]"),
        ("E014", None, "E014 [E014]"),
        ("강괴", None, "강괴"),
    ],
)
def test_a_label_is_written_as_people_read_it(label, name, text):
    assert write_label(label, name) == text
    assert read_label(text)[0] == label


def test_what_people_write_becomes_an_id_and_keeps_its_name():
    assert read_label("  Crude steel ") == ("crude_steel", "Crude steel")
    assert read_label("Steel, crude [S1]") == ("S1", "Steel, crude")
    assert read_label("[S1]") == ("S1", "S1")


@given(st.text(min_size=1).map(str.strip).filter(lambda text: text and "[" not in text and "]" not in text), st.none() | st.text())
def test_every_id_is_read_back(label, name):
    assert read_label(write_label(label, name))[0] == label
