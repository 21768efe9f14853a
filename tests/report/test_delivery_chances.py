"""How the report tells chances of deliveries: all together year by year, the least sure goals first, and nothing where nothing was worked out."""

import polars as pl
import pytest
from report_runs import shown_of

from groundplan.report.delivery_chances import chances_figure, joint_chance
from groundplan.report.names import names_of
from groundplan.report.sheets import sheets_of
from groundplan.report.story import tell_story
from groundplan.tables.results import Chances, JointChances


@pytest.fixture
def unsure(northland):
    """Two goals over two years: 80 and 60 % by themselves, 50 % together; the minimum is never missed."""
    first, second = northland.economy.goals["product"].unique().sort().to_list()[:2]
    goals = [(first, "2021", 1, 10.0, 0.8, 0.04, 8.0, 10.0, 5.0, 1.0, 100), (second, "2022", 2, 20.0, 0.6, 0.05, 12.0, 20.0, 0.0, None, 100)]
    joint = [("deliveries", 1, "2021", 0.8), ("deliveries", 1, "2022", 0.8), ("deliveries", 2, "2021", 0.8), ("deliveries", 2, "2022", 0.5), ("minima", 0, "2021", 1.0)]
    tables = dict(northland.results) | {
        "chances": pl.DataFrame(goals, schema=dict(Chances.create_empty().schema), orient="row"),
        "joint_chances": pl.DataFrame([(*row, 0.05, 100) for row in joint], schema=dict(JointChances.create_empty().schema), orient="row"),
    }
    return shown_of(northland.economy, tables)


def test_the_chance_of_all_is_that_of_the_last_priority_in_the_last_year(unsure):
    found = joint_chance(unsure)

    assert (found.chance, found.error, found.text) == (0.5, 0.05, "50 %")


def test_the_least_sure_goal_stands_first_in_chart_table_and_sheet(unsure):
    figure = chances_figure(unsure, names_of(unsure.economy))
    together, least = figure.panels

    assert figure.title.endswith("all together with a chance of 50 %")
    assert "2 of 2 goals by themselves have a chance below 95 %" in figure.sentence
    assert together.description == "up to 2021: 80 %; up to 2022: 50 %"
    assert least.description.endswith("2021: 80 %")
    assert [row[-2:] for row in figure.table.rows] == [("60", "–"), ("80", "100")]
    sheets = {sheet.title: sheet for sheet in sheets_of(unsure)}
    assert sheets["Chances"].frame["chance"].to_list() == [0.6, 0.8]
    assert len(sheets["Joint chances"].frame) == 5


def test_the_first_screen_tells_the_chance_of_all(unsure):
    sentences = [sentence for answer in tell_story(unsure).answers for sentence in answer.sentences]

    assert any(sentence.endswith("all planned deliveries are made in full has a chance of 50 %.") for sentence in sentences)


def test_a_run_without_chances_shows_none(unsure):
    older = shown_of(unsure.economy, {name: table for name, table in unsure.results.items() if "chances" not in name})

    assert joint_chance(older) is None
    assert chances_figure(older, names_of(older.economy)) is None
    assert "chances" not in [figure.name for section in tell_story(older).sections for figure in section.figures]
    assert not {"Chances", "Joint chances"} & {sheet.title for sheet in sheets_of(older)}
