"""The comparison of two plans on the terminal and as a page."""

import io
import shutil
from dataclasses import replace
from datetime import UTC, datetime

import polars as pl
import pytest
import vl_convert
from rich.console import Console

from groundplan.planning.compare import compare_plans
from groundplan.report.changes import Compared, moved_losses
from groundplan.report.charts.waterfall import waterfall
from groundplan.report.comparison import comparison_story, show_comparison, write_comparison
from groundplan.report.content import ReportInput
from groundplan.report.look import CONFIG, resolve
from groundplan.tables.bundles import notes_table, result_tables
from groundplan.tables.economy import Economy


def compared(before: Economy, after: Economy) -> Compared:
    found = compare_plans(before, after)
    tables = result_tables(found) | {"notes": notes_table(found.notes), "activities": found.after.activities}
    return Compared(found, "A", "B", ReportInput(economy=after, results=tables, faults=(), run_id="A to B", made_on=datetime(2026, 11, 24, 12, tzinfo=UTC), version="0.1.0"))


def scaled(economy: Economy, table: str, column: str, factor: float) -> Economy:
    return replace(economy, **{table: economy.tables()[table].with_columns(pl.col(column) * factor)})


@pytest.fixture
def shown(make_economy, small_rows) -> Compared:
    """More is wanted of steel and there is more labour: the one costs, the other does not help, for smelting is what binds."""
    economy = make_economy(small_rows, horizon=2)
    return compared(economy, scaled(scaled(economy, "goals", "quantity", 1.5), "resources", "limit", 2.0))


def printed(shown: Compared) -> str:
    out = io.StringIO()
    show_comparison(shown, Console(file=out, width=160))
    return " ".join(out.getvalue().split())


def test_the_answer_comes_first_and_then_the_causes(shown):
    text = printed(shown)
    assert "From A to B" in text
    assert text.index("Missed goals cost") < text.index("causes, of which goals did most") < text.index("Method: Shapley values of 2 causes")
    assert "steel, 2022: quantity 90 to 135, +50 %" in text or "steel, 2021: quantity 80 to 120, +50 %" in text


def test_steps_lead_from_the_first_plan_to_the_second(shown):
    figure = comparison_story(shown).answers[0].figure
    assert figure is not None
    (row,) = moved_losses(shown).iter_rows(named=True)
    steps = figure.panels[0].spec["data"]["values"]
    assert (steps[0]["end"], steps[-1]["end"]) == (row["before"], row["after"])
    levels = [steps[0]["end"], *(step["end"] for step in steps[1:-1])]
    assert [step["start"] for step in steps[1:-1]] == levels[:-1]
    assert levels[-1] == pytest.approx(row["after"], rel=1e-12)
    assert min(levels) >= 0.0


def test_the_same_plan_twice_says_so(small_economy):
    story = comparison_story(compared(small_economy, small_economy))
    assert story.answers[0].verdict == "Nothing"
    assert story.answers[0].figure is None
    assert [section.name for section in story.sections] == ["to-know"]


def test_a_product_that_only_one_plan_knows_is_named(make_economy, small_rows):
    before = make_economy(small_rows, horizon=2)
    small_rows["products"].append({"product": "pipe", "name": "Steel pipe", "measure": "t"})
    small_rows["recipes"] += [{"recipe": "draw", "item": "pipe", "role": "out", "amount": 1.0}, {"recipe": "draw", "item": "steel", "role": "in", "amount": 1.1}]
    small_rows["lines"].append({"line": "L3", "unit": "W1", "recipe": "draw", "capacity": 5.0})
    small_rows["goals"].append({"product": "pipe", "period": "2022", "quantity": 10.0})
    text = printed(compared(before, make_economy(small_rows, horizon=2)))
    assert "Steel pipe" in text
    assert "One cause: goals and lines" in text
    assert "count as one cause" in text


def test_the_waterfall_is_drawn_without_a_warning():
    rows = [
        {"label": "Before", "text": "2", "start": 0.0, "end": 2.0, "kind": "total"},
        {"label": "Goals", "text": "+1", "start": 2.0, "end": 3.0, "kind": "more"},
        {"label": "Power", "text": "−2", "start": 3.0, "end": 1.0, "kind": "less"},
        {"label": "After", "text": "1", "start": 0.0, "end": 1.0, "kind": "total"},
    ]
    drawn = vl_convert.vegalite_to_svg(resolve(waterfall(rows, title="cost") | {"width": 500, "config": dict(CONFIG)}))
    places = [drawn.index(f">{row['label']}<") for row in rows]
    assert places == sorted(places)


def test_in_a_browser_the_page_fits_and_is_silent(shown, tmp_path):
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    chromium = next((found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None)
    if chromium is None:
        pytest.skip("no Chromium on this machine")
    write_comparison(shown, tmp_path / "compare.html")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_context(viewport={"width": 360, "height": 800}).new_page()
        said: list[str] = []
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.goto((tmp_path / "compare.html").as_uri())
        page.wait_for_selector("html[data-ready]", state="attached", timeout=60_000)
        assert said == []
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        assert page.locator(".chart svg").count() == 1
        browser.close()
