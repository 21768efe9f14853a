"""Bad files end in words, all at once."""

from pathlib import Path

import pytest
from small_use_table import MAKE, USE, with_totals, write_long

from groundplan.errors import InputError
from groundplan.store.importers.use_table import import_use_table


def rules(call) -> dict[str, str]:
    """Rule -> the fault in words, of a call that must be refused."""
    with pytest.raises(InputError) as caught:
        call()
    assert caught.value.faults, "a refusal names its faults"
    return {fault.rule: str(fault) for fault in caught.value.faults}


def changed(path: Path, old: str, new: str) -> Path:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    return path


def test_a_file_that_is_not_there(tmp_path):
    assert "unreadable_file" in rules(lambda: import_use_table(tmp_path / "none.csv"))


def test_a_folder_in_the_place_of_a_file(tmp_path):
    assert "unreadable_file" in rules(lambda: import_use_table(tmp_path))


def test_an_empty_file_and_one_with_a_header_alone(tmp_path):
    empty, headed = tmp_path / "empty.csv", tmp_path / "headed.csv"
    empty.write_text("")
    headed.write_text("row,col,musd\n")
    assert rules(lambda: import_use_table(empty))
    assert "empty_file" in rules(lambda: import_use_table(headed))


def test_a_table_that_is_no_use_table_names_all_missing_columns(tmp_path):
    path = tmp_path / "towns.csv"
    path.write_text("town,inhabitants\nLeeds,500000\n")
    with pytest.raises(InputError) as caught:
        import_use_table(path)
    assert [fault.column for fault in caught.value.faults if fault.rule == "missing_column"][:3] == ["row", "col", "value"]


def test_a_workbook_under_the_name_of_a_csv_file(tmp_path):
    path = tmp_path / "use.csv"
    path.write_bytes(b"PK\x03\x04 and so on")
    assert "encoding" in rules(lambda: import_use_table(path))


def test_text_in_numbers_is_told_with_its_rows(use_table):
    found = rules(lambda: import_use_table(changed(use_table, "2019,211,331,20", "2019,211,331,twenty")))
    assert "rows 3" in found["not_a_number"]
    assert "twenty" in found["not_a_number"]


def test_a_decimal_comma_in_a_file_with_semicolons(use_table):
    use_table.write_text(use_table.read_text().replace(",", ";").replace("2019;211;331;20", "2019;211;331;20,5"))
    assert "20,5" in rules(lambda: import_use_table(use_table))["not_a_number"]


def test_two_years_and_none_chosen(tmp_path):
    path = write_long(tmp_path / "use.csv", with_totals(USE), years=(2018, 2019))
    assert "2018, 2019" in rules(lambda: import_use_table(path))["several_years"]
    assert import_use_table(path, year=2018).year == 2018


def test_a_year_that_is_not_there_and_a_file_without_years(tmp_path):
    path = write_long(tmp_path / "use.csv", with_totals(USE), years=(2018, 2019))
    assert "2018, 2019" in rules(lambda: import_use_table(path, year=2020))["unknown_year"]
    timeless = write_long(tmp_path / "timeless.csv", with_totals(USE))
    assert "--year" in rules(lambda: import_use_table(timeless))["missing_column"]
    assert import_use_table(timeless, year=2019).year == 2019


def test_a_cell_that_stands_twice(use_table):
    use_table.write_text(use_table.read_text() + "2019,211,331,1\n")
    assert "duplicate_cell" in rules(lambda: import_use_table(use_table))


def test_codes_of_no_known_scheme(tmp_path):
    path = tmp_path / "use.csv"
    path.write_text("row,col,value\nA,B,1\n")
    assert "Total Industry Output" in rules(lambda: import_use_table(path, year=2019))["unknown_codes"]


def test_a_misspelt_code_is_named_with_the_one_it_looks_like(use_table):
    found = rules(lambda: import_use_table(changed(use_table, "2019,211,F010,25", "2019,211,F01O,25")))
    assert "'F01O' looks like 'F010'" in found["unknown_codes"]


def test_a_missing_row_shows_in_the_totals(use_table):
    found = rules(lambda: import_use_table(changed(use_table, "2019,211,331,20\n", "")))
    assert "331: 180 where the total is 200" in found["total_mismatch"] or "211" in found["total_mismatch"]


def test_options_out_of_range_and_a_bad_file_are_told_together(tmp_path):
    path = tmp_path / "use.csv"
    path.write_text("row,col\nA,B\n")
    with pytest.raises(InputError) as caught:
        import_use_table(path, growth=7.0, horizon=0, depreciation=float("nan"), utilisation=tmp_path / "none.csv")
    told = {(fault.table, fault.column) for fault in caught.value.faults}
    assert {("options", "growth"), ("options", "horizon"), ("options", "depreciation"), ("use.csv", "value")} <= told


def test_a_make_table_with_other_codes_or_negative_output(use_table, tmp_path):
    other = {"211": {"211": 95, "coal": 5}, "331": {"331": 190, "Used": 10}, "22": {"22": 100}}
    assert "(211, coal)" in rules(lambda: import_use_table(use_table, make=write_long(tmp_path / "a.csv", other)))["unknown_code"]
    negative = {"211": {"211": 105, "22": -5}, "331": MAKE["331"], "22": {"22": 105}}
    assert "negative_make" in rules(lambda: import_use_table(use_table, make=write_long(tmp_path / "b.csv", negative)))


def test_a_make_table_that_cannot_meet_the_totals(use_table, tmp_path):
    # Nobody makes metal here, while the use table has 190 of it.
    none = {"211": {"211": 95, "22": 5}, "331": {"Used": 10}, "22": {"22": 100}}
    assert "cannot_balance" in rules(lambda: import_use_table(use_table, make=write_long(tmp_path / "make.csv", none)))


def test_a_capacity_file_with_all_its_faults(use_table, tmp_path):
    path = tmp_path / "capacity.csv"
    path.write_text("product,capacity\n211,many\n211,5\nsteel,4\n22,-1\n")
    found = rules(lambda: import_use_table(use_table, capacity=path))
    assert {"not_a_number", "duplicate_key", "unknown_product", "missing_product"} <= found.keys()
    assert "331" in found["missing_product"]


def test_a_utilisation_of_more_than_all(use_table, tmp_path):
    path = tmp_path / "rates.csv"
    path.write_text("year,utilisation_pct\n2019,140\n2018,x\n")
    assert "out_of_range" in rules(lambda: import_use_table(use_table, utilisation=path))
    path.write_text("year,utilisation_pct\n2019,80\n")
    capacity = tmp_path / "capacity.csv"
    capacity.write_text("product,capacity\n211,120\n331,200\n22,150\n")
    assert "one of the two" in rules(lambda: import_use_table(use_table, capacity=capacity, utilisation=path))["at_odds"]
    assert "Choose another shift" in rules(lambda: import_use_table(use_table, utilisation_shift=30.0))["out_of_range"]


def test_a_concordance_that_leaves_codes_out(use_table, tmp_path):
    path = tmp_path / "sectors.csv"
    path.write_text("code,sector\n211,E\n22,E\n")
    assert "331" in rules(lambda: import_use_table(use_table, aggregate=path))["missing_code"]
    path.write_text("code,sector\n211,E\n211,F\n22,\n331,M\n")
    assert {"duplicate_key", "missing_value"} <= rules(lambda: import_use_table(use_table, aggregate=path)).keys()


def test_negative_output(use_table):
    text = use_table.read_text().replace("2019,Total Industry Output,211,100", "2019,Total Industry Output,211,-100")
    use_table.write_text(text)
    assert "negative_output" in rules(lambda: import_use_table(use_table))
