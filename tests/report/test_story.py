"""The story says what the result tables say, and nothing where they are silent."""

import polars as pl
import pytest
from report_runs import all_figures, shown_of

from groundplan.planning.plan import plan
from groundplan.report.bottlenecks import group_bottlenecks, rank_bottlenecks
from groundplan.report.goals import GoalRow, goal_rows
from groundplan.report.names import names_of
from groundplan.report.story import tell_story
from groundplan.tables.bundles import notes_table, result_tables


def test_the_first_answer_counts_the_goals_that_are_missed(northland):
    gaps = northland.table("gaps")
    missed = gaps.filter(pl.col("shortfall") > GoalRow.TOLERANCE * pl.col("goal"))["product"].n_unique()
    wanted = gaps["product"].n_unique()
    verdict = tell_story(northland).answers[0].verdict
    assert verdict == (f"Not all: {missed} of {wanted} products {'falls' if missed == 1 else 'fall'} short" if missed else "Yes, every goal")


def test_goals_add_up_over_the_plan(northland):
    gaps = northland.table("gaps")
    assert sum(row.shortfall for row in goal_rows(gaps)) == pytest.approx(gaps["shortfall"].sum(), rel=1e-12)


def test_shares_of_the_gain_add_up_within_a_priority(northland):
    ranked = rank_bottlenecks(northland, names_of(northland.economy))
    assert ranked
    for priority in {item.priority for item in ranked}:
        assert sum(item.share for item in ranked if item.priority == priority) == pytest.approx(1.0, abs=1e-9)
    together = group_bottlenecks(ranked)
    assert sum(item.value for item in together) == pytest.approx(sum(item.value for item in ranked), rel=1e-9)


def test_every_figure_has_a_title_a_sentence_a_source_and_its_numbers(northland, silent):
    for shown in (northland, silent):
        for figure in all_figures(tell_story(shown)):
            assert figure.title and figure.sentence and figure.source, figure.name
            assert figure.table is not None and figure.table.rows, figure.name
            assert all(len(row) == len(figure.table.columns) for row in figure.table.rows), figure.name
            assert all(panel.description for panel in (*figure.panels, *figure.more)), figure.name


def test_figures_have_names_of_their_own(northland):
    names = [figure.name for figure in all_figures(tell_story(northland))]
    assert len(names) == len(set(names))


def test_rows_of_a_chart_have_labels_of_their_own(northland):
    for figure in all_figures(tell_story(northland)):
        for panel in figure.panels:
            labels = [row["label"] for row in panel.spec.get("data", {}).get("values", []) if "label" in row]
            assert len(labels) == len(set(labels)), figure.name


def test_a_simulated_economy_says_so_first_and_last(northland):
    story = tell_story(northland)
    assert story.warning.startswith("Simulated economy")
    assert story.foot.startswith("Simulated economy")


@pytest.mark.parametrize(("part", "sections"), [("estimate", {"past", "units", "trust"}), ("review", {"past", "trust"}), ("nothing", {"trust"})])
def test_a_part_of_a_run_tells_its_part(parts, part, sections):
    story = tell_story(parts[part])
    assert {section.name for section in story.sections} == sections
    assert [answer.verdict for answer in story.answers[:2]] == ["Not known yet", "Not known yet"]


def test_an_economy_without_reports_has_no_empty_section(silent):
    story = tell_story(silent)
    assert {section.name for section in story.sections} >= {"plan", "limits", "trust"}
    assert all(section.figures for section in story.sections)
    assert "past" not in {section.name for section in story.sections}
    assert story.note == "Made from official tables."
    assert story.warning == ""
    assert any("Nobody reports" in sentence for sentence in story.answers[2].sentences)


def test_goals_that_are_all_met_are_told_as_met(northland):
    gaps = northland.table("gaps").with_columns(pl.col("goal").alias("delivered"), *(pl.lit(0.0).alias(name) for name in ("shortfall", "shortfall_share", "below_minimum")))
    met = shown_of(northland.economy, dict(northland.results) | {"gaps": gaps, "shadow_prices": northland.table("shadow_prices").clear()})
    first, second, _ = tell_story(met).answers
    assert (first.verdict, first.tone) == ("Yes, every goal", "good")
    assert (second.verdict, second.tone) == ("Nothing that binds", "good")


def test_a_minimum_that_is_missed_is_named(northland):
    gaps = northland.table("gaps")
    product = gaps["product"][0]
    below = pl.when(pl.col("product") == product).then(pl.col("goal")).otherwise(0.0)
    broken = shown_of(northland.economy, dict(northland.results) | {"gaps": gaps.with_columns(below.alias("below_minimum"), below.alias("shortfall"))})
    sentences = " ".join(tell_story(broken).answers[0].sentences)
    assert f"minimum itself is not delivered for {names_of(northland.economy).product(product)}" in sentences


def test_what_is_drawn_is_capped_and_says_so(northland, monkeypatch):
    monkeypatch.setattr("groundplan.report.ground._MOST_POINTS", 10)
    monkeypatch.setattr("groundplan.report.products._MOST_PANELS", 5)
    figures = {figure.name: figure for figure in all_figures(tell_story(northland))}
    assert len(figures["map"].panels[0].spec["layer"][0]["data"]["values"]) == 10
    assert "The 10 largest of" in figures["map"].sentence
    assert len(figures["products"].panels) + len(figures["products"].more) == 5
    assert "5 of" in figures["products"].sentence


def with_gaps(northland, gaps, **tables):
    return shown_of(northland.economy, dict(northland.results) | {"gaps": gaps} | tables)


def test_a_goal_of_weight_zero_that_is_missed_is_not_told_as_met(northland):
    product = northland.table("outputs")["product"][0]
    one = northland.table("gaps").filter(pl.col("product") == northland.table("gaps")["product"][0])
    half = one.with_columns(
        pl.lit(product).alias("product"), pl.lit(0.0).alias("weight"), (pl.col("goal") / 2).alias("shortfall"), (pl.col("goal") / 2).alias("delivered"),
        pl.lit(0.5).alias("shortfall_share"), pl.lit(0.0).alias("below_minimum"),
    )  # fmt: skip
    story = tell_story(with_gaps(northland, half, shadow_prices=northland.table("shadow_prices").clear()))
    figure = next(figure for figure in all_figures(story) if figure.name == "products")
    lines = next(panel.lines for panel in (*figure.panels, *figure.more) if panel.title == names_of(northland.economy).product_both(product))
    assert lines[1].startswith("short by ")
    assert lines[1].endswith("over 2021 to 2025")
    assert story.answers[1].verdict == "Nothing that counts"
    assert "weight of 0" in story.answers[1].sentences[0]
    assert "only several together" not in " ".join(story.answers[1].sentences)


def test_shares_of_several_priorities_say_of_which(northland):
    prices = northland.table("shadow_prices").filter((pl.col("kind") == "capacity") & (pl.col("value") > 0)).head(2)
    two = prices.with_columns(pl.Series("priority", [1, 2], dtype=pl.Int64))
    story = tell_story(with_gaps(northland, northland.table("gaps"), shadow_prices=two))
    answer = story.answers[1]
    assert "gain for the goals of priority 1. Shares are counted within each priority." in answer.sentences[0]
    assert [row[0].rpartition(" (")[2] for row in answer.figure.table.rows] == ["priority 1)", "priority 2)"]
    assert [row[1] for row in answer.figure.table.rows] == ["100", "100"]


def test_one_limit_that_binds_is_told_in_the_singular(northland):
    price = northland.table("shadow_prices").filter((pl.col("kind") == "capacity") & (pl.col("value") > 0)).head(1)
    assert "In all, 1 limit binds somewhere: 1 capacity." in tell_story(with_gaps(northland, northland.table("gaps"), shadow_prices=price)).answers[1].sentences


def test_a_sector_counts_as_overstating_only_above_its_interval(northland):
    last = northland.table("fulfilment").filter((pl.col("level") == "sector") & (pl.col("product") == "all"))["period"].max()
    in_sectors = (pl.col("level") == "sector") & (pl.col("product") == "all")
    ends = {"verified": 0.9, "verified_lower_90": 0.8, "verified_upper_90": 1.0}
    by_hand = northland.table("fulfilment").with_columns(
        pl.when(in_sectors).then(pl.col("target")).otherwise(pl.col("reported")).alias("reported"),
        *(pl.when(in_sectors).then(share * pl.col("target")).otherwise(pl.col(name)).alias(name) for name, share in ends.items()),
        pl.when(in_sectors).then(pl.lit(0.1)).otherwise(pl.col("paper_gap")).alias("paper_gap"),
    )
    sectors = by_hand.filter(in_sectors & (pl.col("period") == last)).height
    inside = shown_of(northland.economy, dict(northland.results) | {"fulfilment": by_hand})
    figure = next(figure for figure in all_figures(tell_story(inside)) if figure.name == "sectors")
    assert figure.title.startswith(f"0 of {sectors} sectors made less than reported")
    assert "Not told apart: " in figure.sentence


def test_cover_is_told_for_output_and_capacity_as_what_was_tried(northland):
    calibration = northland.table("calibration")
    said = " ".join(tell_story(northland).answers[2].sentences)
    for group in ("all", "capacity"):
        row = calibration.filter(pl.col("group") == group).row(0, named=True)
        assert f"lay inside for {round(row['units'] * row['cover_90'])} of {row['units']} (" in said
    assert "the truth" not in said
    few = calibration.filter(pl.col("group") == "all").with_columns(pl.lit(1, pl.Int64).alias("units"), pl.lit(1.0).alias("cover_90"))
    said = " ".join(tell_story(shown_of(northland.economy, dict(northland.results) | {"calibration": few})).answers[2].sentences)
    assert "Only 1 inspected unit: too few" in said


def test_intervals_of_a_plan_are_told_as_such(silent):
    figure = tell_story(silent).answers[2].figure
    assert figure.table.columns[1].measure == "plan = 100"
    assert "around what the plan counts on" in figure.sentence


def test_a_panel_says_of_which_years_each_figure_is(northland):
    gaps = northland.table("gaps")
    figure = next(figure for figure in all_figures(tell_story(northland)) if figure.name == "products")
    short = [panel for panel in (*figure.panels, *figure.more) if len(panel.lines) > 1 and panel.lines[1].startswith("short by")]
    assert len(short) == len([row for row in goal_rows(gaps) if row.is_short])
    for panel in short:
        assert panel.lines[0].endswith("in 2025")
        assert panel.lines[1].endswith("over 2021 to 2025")


def test_a_levelled_plan_says_in_the_first_answer_how_large_the_largest_gap_would_be(make_economy, small_rows):
    small_rows["goals"].append({"product": "ore", "period": "2021", "quantity": 250.0})
    economy = make_economy(small_rows, horizon=2, aim="levelled")
    made = plan(economy)
    story = tell_story(shown_of(economy, result_tables(made) | {"notes": notes_table(made.notes)}))
    (told,) = (sentence for sentence in story.answers[0].sentences if "levelled" in sentence)
    assert told.startswith("Gaps of priority 1 are levelled, the largest first")
