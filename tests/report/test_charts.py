"""Charts are sound Vega-Lite, drawn without a warning, in the one palette."""

import re

import altair as alt
import pytest
import vl_convert
from report_runs import all_figures

from groundplan.report.charts.ranked_bars import ranked_bars
from groundplan.report.look import CONFIG, DARK, LIGHT, paint, resolve
from groundplan.report.marks import MARKS, mark_svg
from groundplan.report.story import tell_story

REQUIRED_CONTRAST = 4.5


def luminance(colour: str) -> float:
    """Relative luminance, WCAG 2.2."""
    channels = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4 for channel in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours, WCAG 2.2."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("name", ["ink", "muted", "blue", "reported", "alert", "support"])
def test_text_and_signs_can_be_read(palette, name):
    assert contrast(palette[name], palette["paper"]) >= REQUIRED_CONTRAST


def test_both_palettes_have_the_same_names():
    assert set(LIGHT) == set(DARK)


def test_a_colour_that_is_not_in_the_palette_is_refused():
    with pytest.raises(KeyError):
        paint("mauve")


def test_every_chart_is_sound_vega_lite(northland):
    seen = set()
    for figure in all_figures(tell_story(northland)):
        for panel in figure.panels[:1]:
            alt.Chart.from_dict({**resolve(panel.spec), "width": 400}, validate=True)
            svg = vl_convert.vegalite_to_svg({**resolve(panel.spec), "width": 400}, config=resolve(dict(CONFIG)))
            assert svg.count("<path") + svg.count("<text") > 3
            seen.add(figure.name)
    assert {"answer-goals", "sectors", "heap", "map", "uncertain", "products", "bottlenecks"} <= seen


def test_charts_are_painted_by_name_only(northland):
    for figure in all_figures(tell_story(northland)):
        for panel in figure.panels:
            assert not re.search(r"#[0-9a-fA-F]{6}", str({key: value for key, value in panel.spec.items() if key != "data"})), figure.name


def test_every_mark_of_a_legend_can_be_drawn(northland, silent):
    for shown in (northland, silent):
        for figure in all_figures(tell_story(shown)):
            assert {name for name, _ in figure.legend} <= set(MARKS), figure.name
    assert "var(--" not in "".join(mark_svg(name, painted=True) for name in MARKS)


@pytest.mark.parametrize("width", [300, 340, 900])
def test_a_long_name_is_broken_and_not_cut(width):
    names = ["Labour", "Capacity for Ammonia (ammonia coal) in 5 regions", "Capacity for Electricity (power hydro) in 12 regions"]
    spec = ranked_bars([{"label": name, "text": "1 %", "value": 1.0, "solid": True} for name in names], title="%")
    svg = vl_convert.vegalite_to_svg({**resolve(spec), "width": width}, config=resolve(dict(CONFIG)))
    drawn = re.findall(r"<text[^>]*>([^<]+)</text>", svg)
    assert not any("…" in text for text in drawn), drawn
    for name in names:
        assert name in drawn or any(f"{head} {tail}" == name for head in drawn for tail in drawn), name
    assert (names[2] in drawn) == (width == 900)
