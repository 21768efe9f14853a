"""Material balances become an economy that repeats them; what is wrong with a workbook is told at once, by sheet, row and column."""

from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
import xlsxwriter

from groundplan.errors import InputError
from groundplan.flows.reading import read_economy
from groundplan.planning.material_balances import material_balances
from groundplan.planning.plan import plan
from groundplan.planning.verify import verify_plan
from groundplan.report.balance_workbook import write_balances
from groundplan.report.content import ReportInput
from groundplan.simulation.northland import simulate_northland
from groundplan.store.folder import write_economy
from groundplan.store.importers.material_balances import import_balances
from groundplan.tables.bundles import result_tables

HEADS = ["Product", "Measure", "Year", "Source", "Producer", "Source quantity", "Use", "User", "Use quantity"]
COAL_AND_STEEL = [
    ["Coal and steel, as the ministry keeps them"],
    HEADS,
    ["Coal", "t", 2020, "Production", None, 100, "Used in production", "Steel works", 60],
    [None, None, None, "Imports", "from abroad", 10, "Final use", None, 40],
    [None, None, None, "Total", None, 110, "Exports", None, 10],
    ["Steel [S1]", "t", 2020, "Opening stock", None, 5, "Used in production", "Coal", 2],
    [None, None, None, "Production", "Steel works", 40, "Building of capacity", "Coal", 10],
    [None, None, None, None, None, None, "Final use", "Households", 20],
    [None, None, None, None, None, None, "Final use", "Army", 5],
    [None, None, None, None, None, None, "Losses of stock", None, 0.5],
    [None, None, None, None, None, None, "Closing stock", None, 7.5],
    ["Slag", "t", 2020, "Production", "Steel works", 8, "Unused", None, 8],
]
FINAL = ["final_use", "exports", "investment"]


def write_book(path: Path, sheets: dict[str, list[list[object]]]) -> Path:
    book = xlsxwriter.Workbook(str(path))
    for name, rows in sheets.items():
        sheet = book.add_worksheet(name)
        for number, row in enumerate(rows):
            for position, cell in enumerate(row):
                if cell is not None:
                    sheet.write(number, position, cell)
    book.close()
    return path


def edited(changes: dict[tuple[int, str], object]) -> list[list[object]]:
    """The balances of coal and steel with cells changed: (row of the sheet, head) -> cell."""
    rows = [list(row) for row in COAL_AND_STEEL]
    for (row, head), cell in changes.items():
        rows[row - 1][HEADS.index(head)] = cell
    return rows


def faults_of(path: Path, **options: object) -> dict[tuple[str, str], tuple[str, tuple[int, ...]]]:
    """(column, rule) -> the fault in words, and its rows."""
    with pytest.raises(InputError) as caught:
        import_balances(path, **options)
    return {(fault.column, fault.rule): (str(fault), fault.rows) for fault in caught.value.faults}


def row_of(frame: pl.DataFrame, **keys: object) -> dict[str, object]:
    return frame.row(by_predicate=pl.all_horizontal(pl.col(name).cast(pl.String) == value for name, value in keys.items()), named=True)


@pytest.fixture
def workbook(tmp_path) -> Path:
    return write_book(tmp_path / "ministry.xlsx", {"Read me": [["nothing to read"]], "Balances": COAL_AND_STEEL})


def test_coefficients_are_use_over_output_by_hand(workbook):
    economy = import_balances(workbook).economy
    recipes = {(row["recipe"], row["item"], row["role"]): row["amount"] for row in economy.recipes.to_dicts()}
    assert recipes == {
        ("coal", "coal", "out"): 1.0, ("coal", "S1", "in"): pytest.approx(0.02), ("steel_works", "S1", "out"): 1.0, ("steel_works", "slag", "out"): pytest.approx(0.2),
        ("steel_works", "coal", "in"): pytest.approx(1.5),
    }  # fmt: skip
    assert dict(economy.lines.select("recipe", "capacity").rows()) == {"coal": 100.0, "steel_works": 40.0}
    assert dict(economy.goals.select("product", "quantity").rows()) == {"coal": 50.0, "S1": 35.0}
    assert economy.trade.select("product", "import_limit", "import_price", "export_limit").rows() == [("coal", 10.0, 0.0, 0.0)]
    assert economy.products.select("product", "name", "measure", "storable", "loss_share").rows() == [
        ("coal", "Coal", "t", False, 0.0), ("S1", "Steel", "t", True, pytest.approx(0.1)), ("slag", "Slag", "t", False, 0.0),
    ]  # fmt: skip


def test_balances_of_the_base_year_hand_on_their_closing_stocks(workbook):
    base, first = import_balances(workbook).economy, import_balances(workbook, year_is="plan").economy
    assert base.stocks.select("product", "opening", "floor", "ceiling").rows() == [("S1", 7.5, 7.5, 7.5)]
    assert first.stocks.select("product", "opening", "floor", "ceiling").rows() == [("S1", 5.0, 7.5, 7.5)]
    assert [str(period) for period in base.settings.plan_periods()] == ["2021"]
    assert [str(period) for period in first.settings.plan_periods()] == ["2020"]
    assert import_balances(workbook, horizon=3).economy.goals["period"].unique().sort().to_list() == ["2021", "2022", "2023"]


def test_balances_of_a_quarter_make_a_plan_in_quarters(tmp_path):
    rows = [[("2020-Q1" if cell == 2020 else cell) for cell in row] for row in COAL_AND_STEEL]
    path = write_book(tmp_path / "quarter.xlsx", {"Balances": rows})
    assert [import_balances(path, year_is=role).economy.settings.base_period for role in ("base", "plan")] == ["2020-Q1", "2019-Q4"]


def test_every_figure_names_the_cells_that_it_comes_from(workbook):
    imported = import_balances(workbook)
    origins = imported.origins
    assert row_of(origins, table="recipes", key="steel_works | coal | in")["cells"] == "Balances 3 (use); Balances 7 (source)"
    assert row_of(origins, table="goals", key="S1")["cells"] == "Balances 7 (use); Balances 8 (use); Balances 9 (use)"
    assert row_of(origins, table="stocks", key="S1", column="floor")["value"] == 7.5
    for name, keys, column in (("recipes", ["recipe", "item", "role"], "amount"), ("lines", ["line"], "capacity"), ("stocks", ["product"], "ceiling")):
        table = getattr(imported.economy, name).select(pl.concat_str(pl.col(keys).cast(pl.String), separator=" | ").alias("key"), column)
        told = origins.filter((pl.col("table") == name) & (pl.col("column") == column)).select("key", pl.col("value").alias(column))
        assert table.sort("key").rows() == told.sort("key").rows()


def test_a_hand_made_balance_is_repeated_by_the_plan(workbook):
    economy = import_balances(workbook, year_is="plan").economy
    planned = plan(economy)
    assert planned.outcome.status == "done"
    assert verify_plan(economy, planned, nameplates=True) == ()
    steel = row_of(planned.outputs, product="S1")
    assert [steel[name] for name in ("production", "opening_stock", "losses", "intermediate", "closing_stock")] == pytest.approx([40.0, 5.0, 0.5, 2.0, 7.5], rel=1e-9)
    assert row_of(planned.outputs, product="slag")["unused"] == pytest.approx(8.0, rel=1e-9)
    assert row_of(planned.outputs, product="coal")["imports"] == pytest.approx(10.0, rel=1e-9)


def as_goals(balances: pl.DataFrame, period: str) -> pl.DataFrame:
    """Flows of a period, with all that the importer makes a goal of as final use."""
    wanted = pl.col("item").is_in(FINAL)
    flows = balances.filter(pl.col("period") == period).with_columns(pl.when(wanted).then(pl.lit("final_use")).otherwise("item").alias("item"))
    return flows.with_columns(pl.when(wanted).then(pl.lit("")).otherwise("user").alias("user")).group_by("product", "side", "item", "user").agg(pl.col("quantity").sum())


def written_plan(economy, path: Path) -> pl.DataFrame:
    """Plan an economy and write its balances; gives them."""
    tables = result_tables(plan(economy))
    balances = material_balances(economy, tables)
    write_balances(ReportInput(economy, tables, (), "20261124-120000", datetime(2026, 11, 24, tzinfo=UTC), "0.1.0"), balances, path)
    return balances


@pytest.mark.parametrize("period", ["2021", "2024"])
def test_northland_s_balances_are_the_same_after_export_import_and_planning(tmp_path, period):
    economy = simulate_northland(1, enterprises=120, months=12, visits=0).economy
    balances = written_plan(economy, tmp_path / "balances.xlsx")
    assert {"unused", "investment", "exports", "losses", "imports"} <= set(balances.filter(pl.col("period") == period)["item"])

    imported = import_balances(tmp_path / "balances.xlsx", year=period, year_is="plan")
    write_economy(imported.economy, tmp_path / "again")
    again = read_economy(tmp_path / "again")
    planned = plan(again)

    assert planned.outcome.status == "done"
    flows = as_goals(balances, period).join(as_goals(material_balances(again, planned), period), on=["product", "side", "item", "user"], how="full", coalesce=True, suffix="_again")
    of_product = balances.filter((pl.col("period") == period) & (pl.col("side") == "source")).group_by("product").agg(pl.col("quantity").sum().alias("flow"))
    moved = flows.join(of_product, on="product").select(((pl.col("quantity").fill_null(0.0) - pl.col("quantity_again").fill_null(0.0)).abs() / pl.col("flow")).max()).item()
    assert len(flows) > 300
    assert moved <= 1e-9


def test_what_is_read_is_what_was_written_ids_and_all(tmp_path):
    economy = simulate_northland(2, enterprises=120, months=12, visits=0).economy
    balances = written_plan(economy, tmp_path / "balances.xlsx").filter(pl.col("period") == "2022")
    rows = import_balances(tmp_path / "balances.xlsx", year="2022").rows
    joined = balances.join(rows, on=["product", "side", "item", "user"], how="full", coalesce=True, suffix="_read")
    assert len(joined) == len(balances)
    assert joined["quantity_read"].to_list() == pytest.approx(joined["quantity"].to_list(), rel=1e-15)
    assert set(rows["measure"]) == set(economy.products.filter(pl.col("product").is_in(balances["product"].unique().implode()))["measure"])


def test_all_faults_of_a_workbook_are_told_at_once(tmp_path):
    rows = edited(
        {
            (3, "User"): "Steel wroks",
            (4, "Source quantity"): -10,
            (4, "Use quantity"): "forty",
            (6, "Measure"): None,
            (6, "Source"): "Stock",
            (6, "User"): None,
            (8, "Use quantity"): "20,5",
            (12, "Year"): "2020-13",
        }
    )
    more = [HEADS, ["Coal", "kg", 2020, "Imports", "from the sea", 1, "Unused", None, 1], [None, None, None, None, None, 4, None, None, None]]
    found = faults_of(write_book(tmp_path / "bad.xlsx", {"One": rows, "Two": more, "Three": [["Product", "Use"], ["Coal", "Exports"]]}))
    assert {key: rows for key, (_, rows) in found.items()} == {
        ("User", "unknown_user"): (3,),
        ("User", "missing_value"): (6,),
        ("Source quantity", "negative_amount"): (4,),
        ("Use quantity", "wrong_type"): (4, 8),
        ("Source", "unknown_choice"): (6,),
        ("Source", "missing_value"): (3,),
        ("Measure", "missing_value"): (6, 7, 8, 9, 10),
        ("Measure", "two_measures"): (2, 3),
        ("Year", "period"): (12,),
        **{(head, "missing_column"): () for head in HEADS if head not in ("Product", "Use", "Producer")},
    }
    assert "'Steel wroks' looks like 'Steel works'" in found["User", "unknown_user"][0]
    assert "bad.xlsx, sheet One" in found["User", "unknown_user"][0]
    assert "'forty'" in found["Use quantity", "wrong_type"][0]


def test_sides_that_do_not_agree_are_named_with_both_sums(tmp_path):
    found = faults_of(write_book(tmp_path / "bad.xlsx", {"Balances": edited({(3, "Use quantity"): 59, (12, "Use quantity"): 7})}))
    words, rows = found["Source quantity, Use quantity", "sides_differ"]
    assert rows == (3, 12)
    assert "Coal: sources 110, uses 109, Slag: sources 8, uses 7" in words


def test_losses_beyond_the_stock_and_rows_that_stand_twice(tmp_path):
    found = faults_of(write_book(tmp_path / "bad.xlsx", {"Balances": edited({(10, "Use quantity"): 6, (11, "Use quantity"): 2, (9, "User"): "Households"})}))
    assert found["Use", "losses_beyond_stock"][1] == (10,)
    assert found["Source, Use", "duplicate_row"][1] == (8, 9)


def test_error_cells_are_named(tmp_path):
    path = tmp_path / "bad.xlsx"
    book = xlsxwriter.Workbook(str(path))
    sheet = book.add_worksheet("Balances")
    for number, row in enumerate(COAL_AND_STEEL):
        for position, cell in enumerate(row):
            if cell is not None:
                sheet.write(number, position, cell)
    sheet.write_formula("I4", "=1/0", None, "#DIV/0!")
    book.close()
    assert "#DIV/0! in I4" in faults_of(path)["", "error_cell"][0]


def test_a_user_called_by_the_name_alone_of_a_producer_with_an_id_is_that_producer(tmp_path):
    rows = edited({(7, "Producer"): "Steel works [W1]", (12, "Producer"): "Steel works [W1]"})
    recipes = import_balances(write_book(tmp_path / "ids.xlsx", {"Balances": rows})).economy.recipes
    assert set(recipes["recipe"]) == {"coal", "W1"}


def test_several_years_ask_for_one_and_a_year_that_is_not_there_is_told(tmp_path):
    path = write_book(tmp_path / "two.xlsx", {"Balances": [*COAL_AND_STEEL, ["Coal", "t", 2021, "Imports", None, 4, "Final use", None, 4]]})
    assert "--year" in faults_of(path)["Year", "several_years"][0]
    assert "2020, 2021" in faults_of(path, year="1990")["Year", "unknown_year"][0]
    assert import_balances(path, year="2021").economy.trade["import_limit"].to_list() == [4.0]


@pytest.mark.parametrize(("content", "rule"), [(b"not a workbook", "unreadable_file"), (None, "unreadable_file")])
def test_what_is_no_workbook_is_told(tmp_path, content, rule):
    path = tmp_path / "book.xlsx"
    if content is not None:
        path.write_bytes(content)
    assert ("", rule) in faults_of(path)


def test_a_workbook_without_balances_says_which_heads_it_needs(tmp_path):
    path = write_book(tmp_path / "units.xlsx", {"units": [["unit", "name"], ["E1", "Works"]]})
    assert "'units'" in faults_of(path)["", "no_balances"][0]
    assert "Use quantity" in faults_of(path)["", "no_balances"][0]


def test_heads_without_quantities_are_no_balances(tmp_path):
    assert ("", "no_balances") in faults_of(write_book(tmp_path / "empty.xlsx", {"Balances": [HEADS]}))
    zero = write_book(tmp_path / "zero.xlsx", {"Balances": [HEADS, ["Coal", "t", 2020, "Imports", None, 0, "Unused", None, 0]]})
    assert ("", "no_balances") in faults_of(zero)


def test_options_out_of_range_are_told_with_the_rest(workbook):
    found = faults_of(workbook, horizon=0, year_is="next", year="1990")
    assert {rule for _, rule in found} == {"out_of_range", "unknown_year"}
