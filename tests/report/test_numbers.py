"""Figures are rounded to what their interval supports, in a measure of a handy size."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groundplan.measures import KNOWN_MEASURES
from groundplan.report.numbers import MISSING, around, counted, listing, percent, plain, points, scale_for, tie, with_interval


@pytest.mark.parametrize(
    ("value", "lower", "upper", "text"),
    [
        (1.2034172, 1.10, 1.31, "1.20 (1.10 to 1.31)"),
        (1203.4, 803.0, 1603.0, "1,200 (800 to 1,600)"),
        (0.01234, 0.0100, 0.0146, "0.012 (0.010 to 0.015)"),
        (-5.04, -5.9, -4.1, "−5.0 (−5.9 to −4.1)"),
        (670.0, 623.0, 812.0, "670 (620 to 810)"),
        (12.0, 12.0, 12.0, "12.0"),
        (12.0, None, 13.0, "12.0"),
        (None, 1.0, 2.0, MISSING),
        (math.nan, 1.0, 2.0, MISSING),
    ],
)
def test_a_figure_is_rounded_to_what_its_interval_supports(value, lower, upper, text):
    assert with_interval(value, lower, upper) == text


@pytest.mark.parametrize(
    ("largest", "measure", "shown"),
    [
        (1_203_417.0, "t", "Mt"),
        (999.0, "t", "t"),
        (1_470.0, "piece", "pieces"),
        (14_700.0, "piece", "thousand pieces"),
        (6.6e6, "MWh", "TWh"),
        (3.2e6, "million USD", "billion USD"),
        (2.0e6, "m2", "million m²"),
        (2.0e6, "bushels", "million bushels"),
        (5.0e7, None, "million"),
        (None, "t", "t"),
    ],
)
def test_a_measure_is_chosen_in_which_figures_are_easy_to_read(largest, measure, shown):
    assert scale_for(largest, measure).measure == shown


@given(st.floats(min_value=1e-6, max_value=1e12), st.sampled_from([*KNOWN_MEASURES, None, "bushels"]))
def test_a_scale_never_makes_a_figure_larger_than_it_was(largest, measure):
    assert scale_for(largest, measure).divisor >= 1.0


@given(st.floats(min_value=-1e9, max_value=1e9, allow_nan=False), st.floats(min_value=1e-9, max_value=1e9))
def test_a_value_is_written_within_the_ends_that_are_written(value, half):
    middle, _, ends = with_interval(value, value - half, value + 3 * half).replace(",", "").replace("−", "-").partition(" (")
    if ends:
        low, high = (float(end) for end in ends.removesuffix(")").split(" to "))
        assert low <= float(middle) <= high
        assert low < high


def test_an_interval_is_centred_only_where_it_is():
    assert around(100.0, 97.0, 103.0) == "± 3 %"
    assert around(100.0, 84.4, 169.0) == "−16 to +69 %"
    assert around(100.0, 101.0, 130.0) == "+1 to +30 %"
    assert around(100.0, 99.9, 100.1) == "± under 1 %"


def test_a_count_agrees_with_its_word():
    assert [counted(number, "limit") for number in (0, 1, 2, 1234)] == ["0 limits", "1 limit", "2 limits", "1,234 limits"]
    assert counted(2, "capacity", "capacities") == "2 capacities"


def test_a_near_miss_is_never_written_as_the_whole():
    assert percent(0.9999) == "over 99 %"
    assert percent(1.0) == "100 %"
    assert percent(0.0001) == "under 1 %"
    assert percent(0.0) == "0 %"
    assert percent(None) == MISSING


def test_missing_and_strange_figures_have_a_sign_of_their_own():
    assert plain(None) == plain(math.nan) == plain(math.inf) == MISSING
    assert plain(0.0) == "0"
    assert plain(123456.0) == "123,000"
    assert points(-0.031) == "−3"
    assert points(0.001) == "0"


def test_words_are_listed_as_people_list_them():
    assert listing(["a"]) == "a"
    assert listing(["a", "b", "c"]) == "a, b and c"
    assert listing(list("abcdefgh")) == "a, b, c, d, e and 3 others"


def test_a_figure_stays_on_one_line_with_its_sign():
    assert tie("1.2 ± 0.1 of 50% and 90 %") == "1.2\u00a0±\u00a00.1 of 50\u00a0% and 90\u00a0%"
