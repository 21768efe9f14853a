"""The frontier between two goals on the terminal, as a page, as a workbook and as a table."""

import io
import json
from dataclasses import replace
from datetime import UTC, datetime

import fastexcel
import polars as pl
import pytest
import vl_convert
from rich.console import Console

from groundplan.planning.frontier import frontier
from groundplan.report.content import ReportInput
from groundplan.report.frontier_page import FrontierShown, frontier_story, show_frontier, write_frontier, write_frontier_book, write_frontier_table
from groundplan.report.look import CONFIG, resolve
from groundplan.tables.bundles import notes_table, result_tables
from groundplan.tables.economy import Economy


def found(economy: Economy, first: str, second: str, **named: object) -> FrontierShown:
    made = frontier(economy, first, second, **named)
    tables = result_tables(made) | {"notes": notes_table(made.notes)}
    return FrontierShown(made, ReportInput(economy=economy, results=tables, faults=(), run_id="x", made_on=datetime(2026, 11, 24, 12, tzinfo=UTC), version="0.1.0"))


def printed(shown: FrontierShown) -> str:
    out = io.StringIO()
    show_frontier(shown, Console(file=out, width=160))
    return " ".join(out.getvalue().split())


@pytest.fixture
def economy(make_economy, small_rows) -> Economy:
    """Ore is wanted for itself in 2021, and for steel."""
    small_rows["goals"].append({"product": "ore", "period": "2021", "quantity": 150.0})
    small_rows["products"][1]["name"] = "Iron <ore>"
    return make_economy(small_rows, horizon=2)


@pytest.fixture
def shown(economy) -> FrontierShown:
    return found(economy, "steel@2021", "ore")


def test_the_answer_comes_first_and_then_the_corners(shown):
    text = printed(shown)
    assert text.index("They compete") < text.index("steel in 2021 and Iron <ore> compete") < text.index("what one more of steel in 2021 costs") < text.index("ichotomic search")
    assert "One t more of steel in 2021 costs" in text


def test_the_picture_shows_the_corners_and_the_plan(shown):
    (panel,) = frontier_story(shown).answers[0].figure.panels
    corners = shown.frontier.frontier.filter(pl.col("kind") == "corner")
    assert [(row["first"], row["second"]) for row in panel.spec["data"]["values"]] == corners.select("first_share", "second_share").rows()
    plan = shown.frontier.frontier.filter(pl.col("kind") == "plan").row(0, named=True)
    drawn = [layer["data"]["values"] for layer in panel.spec["layer"] if layer["mark"].get("shape") == "diamond"]
    assert drawn == [[{"first": plan["first_share"], "second": plan["second_share"]}]]
    assert "corner 1: " in panel.description
    svg = vl_convert.vegalite_to_svg(json.dumps(resolve({**panel.spec, "width": 500, "config": dict(CONFIG)})))
    assert svg.count("<path") > len(corners)


def test_page_workbook_and_table_are_written(shown, tmp_path):
    write_frontier(shown, tmp_path / "f.html")
    write_frontier_book(shown, tmp_path / "f.xlsx")
    write_frontier_table(shown, tmp_path / "f.csv")

    page = (tmp_path / "f.html").read_text(encoding="utf-8")
    assert "Iron &lt;ore&gt;" in page
    assert "<ore>" not in page
    book = fastexcel.read_excel(str(tmp_path / "f.xlsx"))
    assert book.sheet_names == ["Summary", "Frontier", "Goals at each corner"]
    assert len(book.load_sheet("Frontier", header_row=3).to_polars()) == len(shown.frontier.frontier)
    assert pl.read_csv(tmp_path / "f.csv")["first_share"].to_list() == pytest.approx(shown.frontier.frontier["first_share"].to_list())


def test_goals_that_do_not_compete_have_no_price(economy):
    text = printed(found(replace(economy, goals=economy.goals.with_columns(pl.col("quantity") / 5.0, pl.col("minimum") / 5.0)), "steel@2021", "ore"))
    assert "Both can be had in full" in text
    assert "do not compete" in text
    assert "costs" not in text.partition("Every point")[0]


def test_others_that_give_way_are_counted(economy):
    text = printed(found(economy, "steel@2021", "steel@2022", others="free"))
    assert "Other goals served less" in text
    assert "down to their minima" in text
