"""Folders as a new user makes them: every fault is named where it is, and nothing else escapes."""

import os
from datetime import date
from pathlib import Path

import polars as pl
import pytest
import xlsxwriter

from groundplan.errors import Fault, FolderError, InputError, MissingTableError, SettingsError
from groundplan.store.folder import check_folder, read_economy, write_economy
from groundplan.store.template import new_economy
from groundplan.tables.economy import Economy

TODAY = date(2026, 1, 1)


@pytest.fixture
def folder(small_economy, tmp_path) -> Path:
    """The small economy as CSV files, as a person would have them: no description beside them."""
    write_economy(small_economy, tmp_path / "e")
    (tmp_path / "e" / "datapackage.json").unlink()
    return tmp_path / "e"


def found(folder: Path) -> list[tuple[str, str, str, tuple[int, ...], str]]:
    return [(fault.table, fault.column, fault.rule, fault.rows, fault.severity) for fault in check_folder(folder, today=TODAY)[1]]


def only_fault(folder: Path) -> Fault:
    economy, (fault,) = check_folder(folder, today=TODAY)
    if fault.severity == "fault":
        with pytest.raises(InputError):
            read_economy(folder, today=TODAY)
    else:
        assert economy is not None
    return fault


def edit(folder: Path, name: str, old: str, new: str) -> None:
    path = folder / f"{name}.csv"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8", newline="")


# --- folders and files -------------------------------------------------------------------------------------------------


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(FolderError, match=r"is not there.*groundplan new"):
        read_economy(tmp_path / "nowhere")


def test_a_file_in_place_of_the_folder(tmp_path):
    (tmp_path / "e").write_text("x")
    with pytest.raises(FolderError, match="is a file"):
        read_economy(tmp_path / "e")


def test_further_rules_see_what_could_be_read_and_number_rows_as_the_file_does(folder):
    edit(folder, "recipes", "recipe,item,role,amount\n", "recipe,item,role,amount\n,,,\n")
    edit(folder, "lines", "100.0", "ten")

    def first_recipe(economy: Economy) -> list[Fault]:
        assert economy.lines["capacity"].has_nulls()
        return [Fault("recipes", "", "mine", 1, (2,), economy.recipes["recipe"][0], "", "")]

    economy, faults = check_folder(folder, today=TODAY, also=[first_recipe])
    assert economy is None
    (mine,) = [fault for fault in faults if fault.rule == "mine"]
    assert mine.rows == (3,)


def test_an_empty_folder(tmp_path):
    economy, faults = check_folder(tmp_path, today=TODAY)
    assert economy is None
    assert [(fault.table, fault.rule) for fault in faults] == [
        ("groundplan.toml", "missing_settings"),
        *[(name, "missing_table") for name in ("units", "products", "recipes", "lines", "goals")],
    ]
    with pytest.raises(InputError, match="6 faults"):
        read_economy(tmp_path)


def test_no_groundplan_toml(folder):
    (folder / "groundplan.toml").unlink()
    fault = only_fault(folder)
    assert (fault.table, fault.rule) == ("groundplan.toml", "missing_settings")
    assert 'base_period = "2020"' in fault.remedy


def test_a_missing_table_that_others_refer_to(folder):
    (folder / "products.csv").unlink()
    faults = check_folder(folder, today=TODAY)[1]
    assert ("products", "missing_table") in {(fault.table, fault.rule) for fault in faults}
    assert all("Add the table products" in fault.remedy for fault in faults if fault.rule == "unknown_id" and fault.table == "goals")


def test_only_missing_tables(folder):
    for path in folder.glob("*.csv"):
        path.unlink()
    with pytest.raises(MissingTableError, match="products"):
        read_economy(folder, today=TODAY)


def test_a_report_without_a_period_is_set_aside_and_named(folder, small_economy):
    # Arrange
    lines = (folder / "reports.csv").read_text().splitlines()
    at = lines[0].split(",").index("period")
    cells = lines[2].split(",")
    cells[at] = ""
    (folder / "reports.csv").write_text("\n".join([*lines[:2], ",".join(cells), *lines[3:]]) + "\n")

    # Act
    fault = only_fault(folder)

    # Assert
    assert (fault.table, fault.column, fault.rule, fault.rows, fault.severity) == ("reports", "period", "missing_value", (3,), "warning")
    assert "count for nothing" in fault.remedy
    read = read_economy(folder, today=TODAY)
    assert len(read.reports) == len(small_economy.reports) - 1
    assert read.reports["period"].is_not_null().all()


def test_a_folder_named_like_a_table(folder):
    (folder / "stocks.csv").unlink()
    (folder / "stocks.csv").mkdir()
    assert found(folder) == [("stocks.csv", "", "not_a_file", (), "fault")]


def test_a_link_that_leads_nowhere(folder):
    (folder / "stocks.csv").unlink()
    (folder / "stocks.csv").symlink_to(folder / "gone.csv")
    assert found(folder) == [("stocks.csv", "", "not_a_file", (), "fault")]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes")
def test_a_pipe_does_not_hang(folder):
    (folder / "stocks.csv").unlink()
    os.mkfifo(folder / "stocks.csv")
    assert found(folder) == [("stocks.csv", "", "not_a_file", (), "fault")]


def test_a_table_twice(folder, small_economy):
    small_economy.units.write_parquet(folder / "units.parquet")
    fault = only_fault(folder)
    assert (fault.table, fault.rule) == ("units", "two_sources")
    assert "units.csv" in fault.found
    assert "units.parquet" in fault.found


def test_a_file_without_rows_gives_way(folder, small_economy):
    small_economy.units.write_parquet(folder / "units.parquet")
    (folder / "units.csv").write_text("unit,name\n")
    assert found(folder) == []


@pytest.mark.parametrize("name", ["unit.csv", "prodcts.csv", "reciepts.parquet", "Investment.csv"])
def test_a_misspelt_file_name(folder, name):
    (folder / name).write_bytes(b"")
    fault = only_fault(folder)
    assert (fault.table, fault.rule, fault.severity) == (name, "unknown_table", "warning")
    assert "looks like" in fault.remedy


@pytest.mark.parametrize("name", ["units.tsv", "units.xls", "units.csv.gz", "goals.ods"])
def test_a_form_that_is_not_read(folder, name):
    (folder / name).write_bytes(b"")
    assert found(folder) == [(name, "", "unread_form", (), "warning")]


def test_other_files_are_left_alone(folder):
    for name in (".DS_Store", "~$economy.xlsx", "._units.csv", "notes.txt", "map.geojson"):
        (folder / name).write_bytes(b"\0\1")
    (folder / "runs").mkdir()
    assert found(folder) == []


# --- settings ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('base_period = "2020"\nhorizn = 5', [("horizn", "unknown_setting")]),
        ("base_period = 2020\nas_of = 2020-12-31", []),
        ('base_period = "soon"\nhorizon = 0\nseed = "x"', [("seed", "wrong_type"), ("base_period", "out_of_range"), ("horizon", "out_of_range")]),
        ("name = Northland", [("", "not_toml")]),
        ("[options]\nx = 1\n", [("options", "unknown_setting")]),
        ("as_of = 2020-12-31T10:00:00", [("as_of", "wrong_type")]),
        ("horizon = true\nsimulated = 1", [("horizon", "wrong_type"), ("simulated", "wrong_type")]),
        ("capacity_chance = 1", [("capacity_chance", "out_of_range")]),
        ("level_loss = 0.5", [("level_loss", "out_of_range")]),
        ('aim = "level"', [("aim", "out_of_range")]),
        ("aim = 1", [("aim", "wrong_type")]),
    ],
)
def test_settings(folder, text, expected):
    (folder / "groundplan.toml").write_text(text + ("\nas_of = 2020-12-31" if "as_of" not in text and "[" not in text else ""), encoding="utf-8")
    assert [(column, rule) for table, column, rule, _, severity in found(folder) if severity == "fault"] == expected
    if expected:
        with pytest.raises(SettingsError):
            read_economy(folder, today=TODAY)


def test_a_misspelt_setting_is_suggested(folder):
    (folder / "groundplan.toml").write_text("horizn = 5\n")
    assert "'horizn' looks like 'horizon'" in only_fault(folder).remedy


def test_settings_in_another_encoding(folder):
    (folder / "groundplan.toml").write_bytes('name = "북쪽"\n'.encode("cp949"))
    fault = only_fault(folder)
    assert (fault.table, fault.rule) == ("groundplan.toml", "encoding")


# --- text files --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("separator", "word"), [(";", "semicolons"), ("\t", "tabs"), ("|", "bars")])
def test_another_separator_is_read_and_named(folder, separator, word, small_economy):
    path = folder / "units.csv"
    path.write_text(path.read_text(encoding="utf-8").replace(",", separator), encoding="utf-8")
    fault = only_fault(folder)
    assert (fault.table, fault.rule, fault.severity) == ("units.csv", "separator", "warning")
    assert word in fault.found
    assert read_economy(folder, today=TODAY).units.equals(small_economy.units)


def test_a_decimal_comma_between_commas(folder):
    edit(folder, "reports", "7.5", "7,5")
    fault = only_fault(folder)
    assert (fault.table, fault.rule, fault.rows) == ("reports.csv", "number_of_cells", (3,))
    assert "1.5, not 1,5" in fault.remedy


@pytest.mark.parametrize(
    ("cell", "remedy"),
    [
        ("7,5", "7.5"),
        ("1,500", "two ways"),
        ("1.500,5", "without marks for thousands"),
        ("5%", "0.05, not 5%"),
        ("1 500", "without spaces"),
        ("n/a", "Leave the cell empty"),
        ("-", "Leave the cell empty"),
        ("12 t", "without a unit of measure"),
        ("2020-08-01", "turned the number into a date"),
    ],
)
def test_a_cell_that_is_no_number(folder, cell, remedy):
    edit(folder, "reports", "7.5", f'"{cell}"')
    fault = only_fault(folder)
    assert (fault.table, fault.column, fault.rule, fault.rows) == ("reports", "quantity", "wrong_type", (3,))
    assert cell in fault.found
    assert remedy in fault.remedy


def test_a_byte_order_mark_and_windows_line_ends(folder, small_economy):
    for path in folder.glob("*.csv"):
        path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    toml = folder / "groundplan.toml"
    toml.write_bytes(b"\xef\xbb\xbf" + toml.read_bytes())
    assert found(folder) == []
    assert read_economy(folder, today=TODAY).units.equals(small_economy.units)


def test_old_macintosh_line_ends(folder):
    path = folder / "lines.csv"
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r"))
    assert found(folder) == []


@pytest.mark.parametrize(("encoding", "word"), [("utf-16", "UTF-16"), ("utf-16-le", "UTF-16"), ("utf-16-be", "UTF-16"), ("cp949", "CP949")])
def test_another_encoding_is_named(folder, encoding, word):
    path = folder / "units.csv"
    path.write_bytes(path.read_text(encoding="utf-8").encode(encoding))
    fault = only_fault(folder)
    assert (fault.table, fault.rule) == ("units.csv", "encoding")
    assert word in fault.found


def test_latin_1_is_named_with_its_row(folder):
    path = folder / "products.csv"
    path.write_bytes(path.read_bytes().replace(b"power,,", b"power,\xe9nergie,"))
    fault = only_fault(folder)
    assert (fault.table, fault.rule, fault.rows) == ("products.csv", "encoding", (4,))
    assert "Windows-1252" in fault.found


@pytest.mark.parametrize("data", [b"PK\x03\x04rest", b"unit\0,x\n", b"\x89PNG\r\n\x1a\n\0\0"])
def test_a_file_that_is_no_text(folder, data):
    (folder / "units.csv").write_bytes(data)
    assert only_fault(folder).rule == "encoding"


@pytest.mark.parametrize("data", [b"", b"\n\n", b"\xef\xbb\xbf", b"  \r\n"])
def test_a_file_of_nothing(folder, data):
    (folder / "stocks.csv").write_bytes(data)
    assert found(folder) == [("stocks.csv", "", "empty_file", (), "warning")]


def test_empty_lines_are_passed_over_and_rows_keep_their_numbers(folder):
    edit(folder, "reports", "E2,ore", "\n,,,,,,,,\nE2,oar")
    assert found(folder) == [
        ("reports", "", "empty_rows", (4, 5), "warning"),
        ("reports", "product", "unknown_id", (6,), "fault"),
        ("reports", "unit, product", "report_without_line", (6,), "warning"),
    ]


def test_lines_above_the_header_keep_the_numbers(folder):
    path = folder / "reports.csv"
    path.write_bytes(b"\r\n\n" + path.read_bytes().replace(b"E2,ore", b"E9,ore"))
    assert ("reports", "unit", "unknown_id", (6,), "fault") in found(folder)


def test_an_open_quote(folder):
    edit(folder, "units", "Works No. 2", '"Works No. 2')
    fault = only_fault(folder)
    assert (fault.table, fault.rule, fault.rows) == ("units.csv", "unbalanced_quotes", (4,))


def test_a_quote_inside_a_cell(folder):
    edit(folder, "units", "Works No. 2", 'Works "No." 2')
    fault = only_fault(folder)
    assert (fault.table, fault.rule, fault.rows) == ("units.csv", "unbalanced_quotes", (4,))


def test_a_line_cut_short(folder):
    path = folder / "reports.csv"
    path.write_bytes(path.read_bytes()[:-12])
    fault = only_fault(folder)
    assert (fault.table, fault.rule, fault.rows) == ("reports.csv", "number_of_cells", (4,))


# --- headers -----------------------------------------------------------------------------------------------------------


def test_a_header_in_other_letters(folder, small_economy):
    edit(
        folder,
        "reports",
        "unit,product,indicator,period,version,quantity,declared_capacity,reported_on",
        "Unit , PRODUCT,Indicator,period,version,Quantity,Declared Capacity,reported-on",
    )
    fault = only_fault(folder)
    assert (fault.table, fault.rule, fault.severity) == ("reports", "header_spelling", "warning")
    assert read_economy(folder, today=TODAY).reports.equals(small_economy.reports)


def test_a_header_twice(folder):
    edit(folder, "reports", "declared_capacity", "quantity")
    assert ("reports", "quantity", "duplicate_column", (), "fault") in found(folder)


def test_a_misspelt_header(folder):
    edit(folder, "reports", "quantity", "quantitty")
    faults = check_folder(folder, today=TODAY)[1]
    assert [(fault.column, fault.rule, fault.severity) for fault in faults] == [("quantity", "missing_column", "fault"), ("quantitty", "unknown_column", "warning")]
    assert "'quantitty' looks like 'quantity'" in faults[0].remedy


def test_a_column_without_a_name(folder):
    path = folder / "stocks.csv"
    lines = path.read_text().splitlines()
    path.write_text("\n".join(line + "," for line in lines))
    assert found(folder) == []
    path.write_text("\n".join([lines[0] + ",", *[line + ",x" for line in lines[1:]]]))
    assert found(folder) == [("stocks", "", "nameless_column", (), "fault")]


def test_a_file_without_a_header(folder):
    path = folder / "products.csv"
    path.write_text(path.read_text().split("\n", 1)[1])
    assert {("products", "product", "missing_column", (), "fault"), ("products", "measure", "missing_column", (), "fault")} <= set(found(folder))


def test_columns_with_defaults_may_be_left_out(folder):
    (folder / "goals.csv").write_text("product,period,quantity\nsteel,2021,80\nsteel,2022,\n")
    assert found(folder) == [("goals", "quantity", "missing_value", (3,), "fault")]
    (folder / "goals.csv").write_text("product,period,quantity\nsteel,2021,80\n")
    goals = read_economy(folder, today=TODAY).goals
    assert goals.row(0, named=True) == {"product": "steel", "period": "2021", "quantity": 80.0, "minimum": 0.0, "weight": 1.0, "priority": 1}


# --- cells -------------------------------------------------------------------------------------------------------------


def test_spaces_around_ids_are_taken_off(folder):
    edit(folder, "lines", "L1,W1", "L1, W1 ")
    assert found(folder) == [("lines", "unit", "surrounding_spaces", (2,), "warning")]
    assert read_economy(folder, today=TODAY).lines["unit"].to_list() == ["W1", "E2"]


@pytest.mark.parametrize(
    ("cell", "remedy"),
    [("44044", "2020-08"), ("Aug-20", "dates"), ("01.08.2020", "dates"), ("2020-8", "2020-08"), ("2020q1", "2020-Q1"), ("2020/21", "forms"), ("1/2020", "forms")],
)
def test_a_period_that_a_spreadsheet_or_a_hand_spoilt(folder, cell, remedy):
    edit(folder, "reports", "E2,ore,output,2020-01", f"E2,ore,output,{cell}")
    fault = only_fault(folder)
    assert (fault.table, fault.column, fault.rule, fault.rows) == ("reports", "period", "period", (4,))
    assert remedy in fault.remedy


def test_months_as_midnights_are_months(folder):
    for month in ("01", "02"):
        edit(folder, "reports", f"output,2020-{month},", f"output,2020-{month}-01 00:00:00,")
    fault = only_fault(folder)
    assert (fault.table, fault.column, fault.rule, fault.rows, fault.severity) == ("reports", "period", "date_as_period", (2, 3, 4), "warning")
    assert read_economy(folder, today=TODAY).reports["period"].to_list() == ["2020-01", "2020-02", "2020-01"]


def test_years_with_a_decimal_are_years(folder):
    edit(folder, "goals", ",2021,", ",2021.0,")
    assert found(folder) == []


@pytest.mark.parametrize(
    ("cell", "remedy"), [("43864", "2020-02-03"), ("03/02/2020", "Day and month"), ("2020-02-30", "year, month and day"), ("3 Feb 2020", "year, month and day")]
)
def test_a_date_that_is_none(folder, cell, remedy):
    edit(folder, "reports", "2020-02-03", cell)
    fault = only_fault(folder)
    assert (fault.table, fault.column, fault.rule, fault.rows) == ("reports", "reported_on", "wrong_type", (2,))
    assert remedy in fault.remedy


def test_a_choice_that_is_none(folder):
    edit(folder, "findings", "weighing", "wieghing")
    edit(folder, "products", "false", "perhaps")
    faults = check_folder(folder, today=TODAY)[1]
    assert [(fault.table, fault.column, fault.rule, fault.rows) for fault in faults] == [
        ("products", "storable", "unknown_choice", (4,)),
        ("findings", "method", "unknown_choice", (2,)),
    ]
    assert "looks like 'weighing'" in faults[1].remedy


def test_truth_in_several_words(folder):
    for cell in ("FALSE", "no", "0", "False "):
        edit(folder, "products", ",false,", f",{cell},")
        assert found(folder) == []
        edit(folder, "products", f",{cell},", ",false,")


def test_whole_numbers_with_a_decimal_are_taken_and_others_are_not(folder):
    edit(folder, "reports", "2020-01,1,8.0", "2020-01,1.0,8.0")
    assert found(folder) == []
    edit(folder, "reports", "2020-01,1.0,8.0", "2020-01,1.5,8.0")
    assert found(folder) == [("reports", "version", "wrong_type", (2,), "fault")]


def test_ten_kinds_of_broken_rows_at_once(folder):
    edit(folder, "units", "E1,Works No. 1", "E1,Works No. 1")
    with (folder / "units.csv").open("a") as file:
        file.write("X1,,,enterprise,X1,,,,,,\n")  # its own parent
        file.write("E2,,,enterprise,M1,,,,,,\n")  # a key twice
        file.write("X2,,,factory,M1,,,,,,\n")  # a kind that is none
        file.write(",,,enterprise,M1,,,,,,\n")  # no id
    with (folder / "goals.csv").open("a") as file:
        file.write("steel,2023,1e30,0,1,1\n")  # absurd
        file.write("steel,2024,-5,0,1,1\n")  # negative
        file.write("steel,2025,many,0,1,1\n")  # no number
        file.write("stel,2025,1,0,1,1\n")  # unknown id
        file.write("steel,2021-Q1,1,0,1,1\n")  # no plan period
        file.write("steel,20-21,1,0,1,1\n")  # no period
    faults = {(fault.table, fault.column, fault.rule): fault.rows for fault in check_folder(folder, today=TODAY)[1]}
    assert faults == {
        ("units", "parent", "parent_cycle"): (6,),
        ("units", "unit", "duplicate_key"): (4, 7),
        ("units", "kind", "unknown_choice"): (8,),
        ("units", "unit", "missing_value"): (9,),
        ("units", "region", "no_region"): (7,),
        ("goals", "quantity", "absurdly_large"): (4,),
        ("goals", "quantity", "negative_amount"): (5,),
        ("goals", "quantity", "wrong_type"): (6,),
        ("goals", "product", "unknown_id"): (7,),
        ("goals", "product", "nobody_can_supply"): (7,),
        ("goals", "period", "not_a_plan_period"): (8,),
        ("goals", "period", "overlapping_periods"): (2, 8),
        ("goals", "period", "period"): (9,),
    }


def test_one_unreadable_file_does_not_hide_or_invent_others(folder):
    edit(folder, "products", "steel,", 'st"eel,')
    edit(folder, "goals", "80.0", "-80.0")
    assert found(folder) == [("products.csv", "", "unbalanced_quotes", (2,), "fault"), ("goals", "quantity", "negative_amount", (2,), "fault")]


# --- Parquet and workbooks ---------------------------------------------------------------------------------------------


def test_parquet_in_other_types(folder, small_economy):
    (folder / "goals.csv").unlink()
    goals = small_economy.goals.with_columns(
        pl.col("period").cast(pl.Int64), pl.col("quantity").cast(pl.Int32), pl.col("product").cast(pl.Categorical), pl.col("priority").cast(pl.Float64)
    )
    goals.write_parquet(folder / "goals.parquet")
    (folder / "reports.csv").unlink()
    small_economy.reports.with_columns(pl.col("reported_on").cast(pl.Datetime), (pl.col("period") + "-01").str.to_date().alias("period")).write_parquet(folder / "reports.parquet")
    assert found(folder) == [("reports", "period", "date_as_period", (2, 3, 4), "warning")]
    economy = read_economy(folder, today=TODAY)
    assert economy.goals.equals(small_economy.goals)
    assert economy.reports.equals(small_economy.reports)


def test_parquet_that_is_none(folder):
    (folder / "units.csv").rename(folder / "units.parquet")
    fault = only_fault(folder)
    assert (fault.table, fault.rule) == ("units.parquet", "unreadable_file")


@pytest.fixture
def book(folder):
    """Writes sheets of cells into a workbook in the folder, in place of the CSV files of the same name."""

    def write(name: str = "book.xlsx", **sheets: list[list[object]]) -> Path:
        with xlsxwriter.Workbook(folder / name) as workbook:
            form = workbook.add_format({"num_format": "yyyy-mm-dd"})
            for title, rows in sheets.items():
                sheet = workbook.add_worksheet(title)
                (folder / f"{title}.csv").unlink(missing_ok=True)
                for row, cells in enumerate(rows):
                    for column, cell in enumerate(cells):
                        if isinstance(cell, date):
                            sheet.write_datetime(row, column, cell, form)
                        elif cell is not None:
                            sheet.write(row, column, cell)
        return folder

    return write


GOALS = ["product", "period", "quantity"]


def test_a_workbook_beside_csv_files(book):
    folder = book(goals=[GOALS, ["steel", 2021, 80], ["steel", "2022", 90.5]])
    assert found(folder) == []
    goals = read_economy(folder, today=TODAY).goals
    assert goals["period"].to_list() == ["2021", "2022"]
    assert goals["quantity"].to_list() == [80.0, 90.5]


def test_months_that_a_spreadsheet_made_dates(book):
    folder = book(
        reports=[["unit", "product", "period", "quantity", "reported_on"], ["E2", "ore", date(2020, 1, 1), 15, date(2020, 2, 1)], ["E2", "ore", date(2020, 2, 1), 15, None]]
    )
    fault = only_fault(folder)
    assert (fault.table, fault.column, fault.rule, fault.rows, fault.severity) == ("reports", "period", "date_as_period", (2, 3), "warning")
    reports = read_economy(folder, today=TODAY).reports
    assert reports["period"].to_list() == ["2020-01", "2020-02"]
    assert reports["reported_on"].to_list() == [date(2020, 2, 1), None]


def test_days_in_a_workbook_stay_days(book):
    folder = book(proxies=[["unit", "indicator", "period", "value"], ["E1", "power", date(2020, 1, 1), 5], ["E1", "power", date(2020, 1, 2), 6]])
    assert found(folder) == []
    assert read_economy(folder, today=TODAY).proxies["period"].to_list() == ["2020-01-01", "2020-01-02"]


def test_errors_of_formulas_are_named(book, folder):
    book(goals=[GOALS, ["steel", "2021", 80], ["steel", "2022", None]])
    with xlsxwriter.Workbook(folder / "book.xlsx") as workbook:
        sheet = workbook.add_worksheet("goals")
        for row, cells in enumerate([GOALS, ["steel", "2021", 80], ["steel", "2022", None]]):
            sheet.write_row(row, 0, cells)
        sheet.write_formula("C3", "=1/0", None, "#DIV/0!")
    faults = check_folder(folder, today=TODAY)[1]
    assert ("goals", "error_cell", (3,)) in [(fault.table, fault.rule, fault.rows) for fault in faults]
    assert "#DIV/0! in C3" in faults[0].found


def test_empty_rows_and_columns_of_a_workbook(book):
    folder = book(goals=[[*GOALS, None, None], ["steel", "2021", 80], [None], ["steel", "2022", -1, None, " "]])
    assert [fault for fault in found(folder) if fault[4] == "fault"] == [("goals", "quantity", "negative_amount", (4,), "fault")]


def test_a_table_in_a_workbook_and_in_a_file(book, folder, small_economy):
    book(goals=[GOALS, ["steel", "2021", 80]])
    small_economy.goals.write_csv(folder / "goals.csv")
    fault = only_fault(folder)
    assert (fault.table, fault.rule) == ("goals", "two_sources")
    assert "book.xlsx, sheet goals" in fault.found


def test_a_misspelt_sheet(book):
    folder = book(prodcts=[["product"]], Legend=[["x"]])
    fault = only_fault(folder)
    assert (fault.table, fault.rule, fault.severity) == ("book.xlsx", "unknown_table", "warning")


def test_a_sheet_with_rows_above_the_header(book):
    folder = book(goals=[["Goals of the plan"], [], GOALS, ["steel", "2021", 80]])
    assert {("goals", "product", "missing_column"), ("goals", "period", "missing_column")} <= {fault[:3] for fault in found(folder)}


@pytest.mark.parametrize("data", [b"", b"hello", b"PK\x03\x04" + b"\0" * 40])
def test_a_workbook_that_is_none(folder, data):
    (folder / "book.xlsx").write_bytes(data)
    fault = only_fault(folder)
    assert (fault.table, fault.rule) == ("book.xlsx", "unreadable_file")


def test_a_folder_one_too_high_is_shown_the_way(folder):
    faults = check_folder(folder.parent, today=TODAY)[1]
    assert faults[0].rule == "missing_settings"
    assert f"Did you mean {folder}?" in faults[0].remedy


def test_rows_with_a_cell_too_few_do_not_hide_what_is_wrong_elsewhere(folder):
    edit(folder, "reports", "E2,ore", "E9,oar,output,2020-13,1,-7,,,\nE2\nE2,ore")
    told = {(fault.table, fault.rule): fault.rows for fault in check_folder(folder, today=TODAY)[1] if fault.severity == "fault"}
    assert told[("reports.csv", "number_of_cells")] == (5,)
    assert told[("reports", "unknown_id")] == (4,)
    assert told[("reports", "period")] == (4,)
    assert told[("reports", "negative_amount")] == (4,)


def test_the_template_of_a_new_economy_raises_no_doubt_about_itself(tmp_path):
    new_economy(tmp_path / "fresh")
    assert {fault.rule for fault in check_folder(tmp_path / "fresh", today=TODAY)[1]} == {"missing_table"}
