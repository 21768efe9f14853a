"""The PDF has pages, takes users' text as text, and gives the same bytes for the same run."""

import re

import polars as pl
import pytest
from report_runs import shown_of

from groundplan.report.pdf import render_pdf, write_pdf
from groundplan.report.story import tell_story


def pages(document: bytes) -> int:
    """Count pages by the count that the page tree states; object streams may hide it, then by page labels."""
    found = [int(count) for count in re.findall(rb"/Type\s*/Pages\b[^>]*?/Count\s+(\d+)", document)] or [int(count) for count in re.findall(rb"/Count\s+(\d+)", document)]
    return max(found, default=0)


def test_the_report_has_pages(northland, tmp_path):
    write_pdf(northland, tmp_path / "report.pdf")
    document = (tmp_path / "report.pdf").read_bytes()
    assert document.startswith(b"%PDF-")
    assert 4 <= pages(document) <= 20


def test_markup_in_names_is_text(northland):
    economy = northland.economy
    hostile = '#panic("read as a command") *bold* $x^2$ \\ <label> @reference [block] #{1 + 1} "quote'
    units = economy.units.with_columns(pl.lit(hostile).alias("name"))
    products = economy.products.with_columns(pl.lit(hostile).alias("name"))
    shown = shown_of(type(economy).from_tables(economy.settings, economy.tables() | {"units": units, "products": products}), dict(northland.results))
    assert render_pdf(tell_story(shown), made_on=shown.made_on).startswith(b"%PDF-")


@pytest.mark.parametrize("part", ["estimate", "review", "nothing"])
def test_a_part_of_a_run_makes_a_document(parts, part):
    shown = parts[part]
    assert pages(render_pdf(tell_story(shown), made_on=shown.made_on)) >= 1


def test_the_same_run_gives_the_same_bytes(parts):
    shown = parts["review"]
    assert render_pdf(tell_story(shown), made_on=shown.made_on) == render_pdf(tell_story(shown), made_on=shown.made_on)


def test_an_economy_without_reports_makes_a_document(silent):
    assert pages(render_pdf(tell_story(silent), made_on=silent.made_on)) >= 3
