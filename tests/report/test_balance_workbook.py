"""The workbook of material balances: what stands where, that figures are exact, and that links lead where they say."""

import re
import zipfile
from dataclasses import replace

import fastexcel
import polars as pl
import pytest
from report_runs import shown_of

from groundplan.planning.material_balances import material_balances
from groundplan.report.balance_blocks import lay_out_blocks
from groundplan.report.balance_workbook import write_balances
from groundplan.tables.balance_sheet import SOURCES, USES, BalanceSheet, read_label

HEAD_ROW = 3
KEYS = ["product", "period", "side", "item", "user"]


@pytest.fixture(scope="module")
def balances(northland):
    return material_balances(northland.economy, northland.results)


@pytest.fixture(scope="module")
def path(northland, balances, tmp_path_factory):
    target = tmp_path_factory.mktemp("balances") / "balances.xlsx"
    write_balances(northland, balances, target)
    return target


def read_flows(path, sheet: str = "Balances") -> pl.DataFrame:
    """The flows of a sheet, both sides below each other."""
    table = fastexcel.read_excel(str(path)).load_sheet(sheet, header_row=HEAD_ROW, dtypes={"Year": "string"}).to_polars()
    table.columns = BalanceSheet.column_names()
    sides = []
    for side, party, words in (("source", "producer", SOURCES), ("use", "user", USES)):
        rows = table.filter(pl.col(side).is_not_null() & (pl.col(side) != "Total"))
        items = {word: item for item, word in words.items()}
        sides.append(rows.select("product", pl.col("year").alias("period"), pl.lit(side).alias("side"), pl.col(side).replace_strict(items).alias("item"),
                                 pl.col(party).fill_null("").alias("user"), pl.col(f"{side}_quantity").cast(pl.Float64).alias("written")))  # fmt: skip
    labels = pl.col("product", "user").map_elements(lambda text: read_label(text)[0], return_dtype=pl.String)
    return pl.concat(sides).with_columns(labels)


def cells_of(path, sheet: int) -> str:
    with zipfile.ZipFile(path) as archive:
        return archive.read(f"xl/worksheets/sheet{sheet}.xml").decode()


def test_every_flow_stands_in_the_workbook_as_it_is(path, balances):
    written = read_flows(path)
    joined = balances.join(written, on=KEYS, how="full", coalesce=True)
    assert len(joined) == len(balances) == len(written)
    assert joined["written"].to_list() == pytest.approx(joined["quantity"].to_list(), rel=1e-15)


def test_totals_are_sums_of_the_cells_above_and_both_sides_agree(path):
    table = fastexcel.read_excel(str(path)).load_sheet("Balances", header_row=HEAD_ROW).to_polars()
    totals = table.filter(pl.col("Source") == "Total")
    assert len(totals) > 0
    assert (totals["Difference"].cast(pl.Float64).abs() <= 1e-9 * totals["Source quantity"].cast(pl.Float64)).all()
    formulas = re.findall(r'<c r="([A-Z])(\d+)"[^>]*><f>([^<]+)</f>', cells_of(path, 3))
    assert {column for column, _, _ in formulas} == {"F", "J", "L"}
    assert len(formulas) == 3 * len(totals)
    for column, row, formula in formulas:
        if column != "L":
            first, last = re.fullmatch(rf"SUM\({column}(\d+):{column}(\d+)\)", formula).groups()
            assert int(first) <= int(last) == int(row) - 1


def test_the_overview_has_the_plan_s_balance_and_the_gap(path, northland):
    overview = fastexcel.read_excel(str(path)).load_sheet("Overview", header_row=HEAD_ROW, dtypes={"Year": "string"}).to_polars()
    expected = northland.table("outputs").join(northland.table("gaps"), on=["product", "period"], how="left")
    joined = overview.join(expected, left_on=["Product", "Year"], right_on=["product", "period"])
    assert len(joined) == len(expected)
    assert joined["Final use"].to_list() == pytest.approx(joined["final_use"].to_list(), rel=1e-15)
    assert joined["Sources in all"].to_list() == pytest.approx(joined["Uses in all"].to_list(), rel=1e-9)
    gaps = joined.filter(pl.col("goal").is_not_null())
    assert gaps["Gap to goal"].to_list() == pytest.approx(gaps["shortfall"].to_list(), rel=1e-15)


def test_the_contents_lead_to_each_balance(path, northland):
    links = re.findall(r"<hyperlink ref=\"([A-Z]+)\d+\" location=\"'([^']+)'!A(\d+)\" display=\"([^\"]*)\"", cells_of(path, 1))
    sheet = fastexcel.read_excel(str(path)).load_sheet("Balances", header_row=None, skip_rows=0, dtypes="string").to_polars().to_series(0)
    products = [(int(row), name) for column, place, row, name in links if column == "A" and place == "Balances" and int(row) > 1]
    assert len(products) == len(northland.economy.products)
    assert all(sheet[row - 1].startswith(f"{name}, ") for row, name in products)
    years = [(column, int(row)) for column, _, row, _ in links if column >= "D"]
    assert len(years) == len(products) * northland.economy.settings.horizon
    assert all(f", {2021 + ord(column) - ord('D')}: " in sheet[row - 1] for column, row in years)


def test_heads_stay_in_sight_and_rows_can_be_folded(path):
    xml = cells_of(path, 3)
    assert '<pane xSplit="1" ySplit="4" topLeftCell="B5"' in xml
    assert set(re.findall(r'outlineLevel="(\d)"', xml)) == {"1", "2"}
    assert 'summaryBelow="0"' in xml


def test_a_gap_is_told_in_the_contents_and_at_the_balance(path, northland):
    worst = northland.table("gaps").sort("shortfall_share").row(-1, named=True)
    assert worst["shortfall_share"] > 0.01
    texts = fastexcel.read_excel(str(path)).load_sheet("Contents", header_row=None, skip_rows=0, dtypes="string").to_polars()
    assert f"short {worst['shortfall_share']:.0%}".replace("%", " %") in [cell for row in texts.iter_rows() for cell in row]


def test_a_product_with_another_name_keeps_its_id_and_text_is_no_formula(northland, balances, tmp_path):
    economy = northland.economy
    names = economy.products.with_columns(pl.when(pl.col("product") == "coal").then(pl.lit("=1+1")).otherwise(pl.col("name")).alias("name"))
    shown = shown_of(type(economy).from_tables(economy.settings, economy.tables() | {"products": names}), northland.results)
    target = tmp_path / "balances.xlsx"
    write_balances(shown, balances.filter(pl.col("product") == "coal"), target)
    assert set(read_flows(target)["product"]) == {"coal"}
    assert all(formula.startswith("SUM(") or re.fullmatch(r"F\d+-J\d+", formula) for formula in re.findall(r"<f>([^<]+)</f>", cells_of(target, 3)))
    assert "<f>" not in cells_of(target, 1) + cells_of(target, 2)


def test_a_long_sheet_is_carried_on_in_another_between_products(balances):
    products = balances["product"].unique(maintain_order=True).to_list()
    placed = lay_out_blocks(balances, products, most_rows=400)
    assert [blocks.product for blocks in placed] == products
    assert {blocks.sheet for blocks in placed} >= {"Balances", "Balances 2"}
    for sheet in {blocks.sheet for blocks in placed}:
        here = [blocks for blocks in placed if blocks.sheet == sheet]
        assert here[0].row == HEAD_ROW + 1
        ends = [blocks.blocks[-1].row + blocks.blocks[-1].length + 2 for blocks in here]
        assert [blocks.row for blocks in here[1:]] == [end + 1 for end in ends[:-1]]


def test_the_same_run_gives_the_same_bytes(northland, balances, tmp_path):
    few = balances.filter(pl.col("product").is_in(["coal", "heat"]))
    for name in ("one.xlsx", "two.xlsx"):
        write_balances(northland, few, tmp_path / name)
    assert (tmp_path / "one.xlsx").read_bytes() == (tmp_path / "two.xlsx").read_bytes()


def test_products_and_years_that_the_economy_no_longer_has_are_shown_all_the_same(northland, balances, tmp_path):
    economy = northland.economy
    fewer = economy.products.filter(pl.col("product") != "coal")
    shown = shown_of(type(economy).from_tables(replace(economy.settings, horizon=2), economy.tables() | {"products": fewer}), northland.results)
    target = tmp_path / "balances.xlsx"
    write_balances(shown, balances, target)
    written = read_flows(target)
    assert len(written) == len(balances)
    assert written["product"].unique(maintain_order=True)[-1] == "coal"
