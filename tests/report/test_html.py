"""The HTML report is one sound file that needs nothing from outside and lets nothing in."""

import json
import re
from html.parser import HTMLParser

import polars as pl
import pytest
from report_runs import shown_of

from groundplan.report.goals import goal_rows
from groundplan.report.html import render_html, write_html
from groundplan.report.names import names_of
from groundplan.report.numbers import tie
from groundplan.report.story import tell_story

HOSTILE = "</script><script>alert('&\"1')</script><img src=x onerror=alert(1)>"
VOID = {"meta", "link", "br", "img", "hr", "input", "rect", "circle", "line", "path"}


class Page(HTMLParser):
    """Collects elements, and checks that each that is opened is closed in turn."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open and self.open[-1] == tag, f"</{tag}> closes <{self.open[-1:]}>"
        self.open.pop()

    def handle_data(self, data):
        if not self.open or self.open[-1] not in ("script", "style"):
            self.text.append(data)


def read(page: str) -> Page:
    reader = Page()
    reader.feed(page)
    reader.close()
    assert reader.open == []
    return reader


def chart_data(page: str) -> dict:
    return json.loads(re.search(r'<script type="application/json" id="charts">(.*?)</script>', page, re.DOTALL).group(1))


@pytest.fixture(scope="module")
def page(northland) -> str:
    return render_html(tell_story(northland))


def test_the_page_is_well_formed_and_says_its_language(page):
    tags = dict(read(page).elements[:1])
    assert tags == {"html": {"lang": "en"}}


def test_nothing_is_fetched_from_outside(page):
    for tag, attributes in read(page).elements:
        assert tag not in {"link", "iframe", "object", "embed", "base"}
        for name in ("src", "href", "action", "srcset", "data", "xlink:href"):
            assert name not in attributes or attributes[name].startswith("#"), (tag, attributes)
    style = re.search(r"<style>(.*?)</style>", page, re.DOTALL).group(1)
    assert "@import" not in style and "url(" not in style


def test_a_policy_permits_its_own_scripts_and_nothing_from_outside(page):
    policy = next(attributes["content"] for tag, attributes in read(page).elements if attributes.get("http-equiv") == "Content-Security-Policy")
    assert policy.startswith("default-src 'none'")
    assert "http" not in policy
    assert "'unsafe-inline'" not in policy.split("script-src")[1].split(";")[0]


def test_the_main_figures_stand_in_the_text(page, northland):
    text = "".join(read(page).text)
    for answer in tell_story(northland).answers:
        assert answer.question in text
        assert tie(answer.verdict) in text
    worst = goal_rows(northland.table("gaps"))[0].product
    korean = names_of(northland.economy).product_korean(worst)
    assert korean
    assert korean in text


def test_each_chart_has_its_data_and_words_for_those_who_do_not_see_it(page):
    places = [attributes for _, attributes in read(page).elements if "data-chart" in attributes]
    assert {place["data-chart"] for place in places} == set(chart_data(page)["charts"])
    assert all(place["role"] == "img" and place["aria-label"] for place in places)


def test_hostile_names_stay_text(northland):
    economy = northland.economy
    tables = {
        "products": economy.products.with_columns(pl.lit(HOSTILE).alias("name"), pl.lit(HOSTILE).alias("name_ko")),
        "units": economy.units.with_columns(pl.lit(HOSTILE).alias("name"), pl.lit(HOSTILE).alias("sector"), pl.lit(HOSTILE).alias("region")),
    }
    hostile = type(economy).from_tables(economy.settings, economy.tables() | tables)
    notes = northland.table("notes").with_columns(pl.lit(HOSTILE).alias("sentence"))
    fulfilment = northland.table("fulfilment").with_columns(pl.when(pl.col("level") == "sector").then(pl.lit(HOSTILE)).otherwise("key").alias("key"))
    page = render_html(tell_story(shown_of(hostile, dict(northland.results) | {"notes": notes, "fulfilment": fulfilment})))
    reader = read(page)
    assert [tag for tag, _ in reader.elements].count("script") == 3
    assert not any(tag == "img" or "onerror" in attributes for tag, attributes in reader.elements)
    assert HOSTILE in " ".join(reader.text)
    assert HOSTILE in json.dumps(chart_data(page), ensure_ascii=False).replace('\\"', '"')


def test_the_page_stays_small(page):
    assert len(page.encode()) < 3_000_000


@pytest.mark.parametrize("part", ["estimate", "review", "nothing"])
def test_a_part_of_a_run_makes_a_page(parts, part):
    story = tell_story(parts[part])
    text = "".join(read(render_html(story)).text)
    assert {section.name for section in story.sections} == {"estimate": {"past", "units", "trust"}, "review": {"past", "trust"}, "nothing": {"trust"}}[part]
    for section in story.sections:
        assert tie(section.title) in text
    for answer in story.answers:
        assert tie(answer.verdict) in text
    assert ("What was really made?" in text) == (part != "nothing")


def test_an_economy_without_reports_makes_a_page(silent):
    assert "Simulated" not in " ".join(read(render_html(tell_story(silent))).text)


def test_the_file_holds_the_page_in_utf8(northland, page, tmp_path):
    write_html(northland, tmp_path / "report.html")
    assert (tmp_path / "report.html").read_text(encoding="utf-8") == page


def test_the_same_run_gives_the_same_page(page, northland):
    assert render_html(tell_story(northland)) == page


def test_korean_words_are_marked_as_such(page):
    spans = [attributes for tag, attributes in read(page).elements if tag == "span" and attributes.get("lang") == "ko"]
    assert spans
