"""Periods: reading, writing, order and containment."""

import itertools
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groundplan.period import parse_period, period_range


@pytest.mark.parametrize("text", ["2020", "2020-H1", "2020-H2", "2020-Q3", "2020-08", "2020-12", "2020-08-14", "2020-02-29"])
def test_a_period_is_written_as_it_was_read(text):
    assert str(parse_period(text)) == text


@pytest.mark.parametrize("text", ["", "20", "2020-13", "2020-Q5", "2020-H3", "2020-02-30", "2021-02-29", "44044", "2020/08", "2020-8", "Aug 2020", "2020-08-14 00:00:00"])
def test_what_is_no_period_is_refused_with_the_forms_that_are(text):
    with pytest.raises(ValueError, match="period|day of the calendar"):
        parse_period(text)


def test_a_quarter_covers_its_three_months():
    quarter = parse_period("2020-Q3")
    assert (quarter.start, quarter.end) == (date(2020, 7, 1), date(2020, 10, 1))
    assert [str(month) for month in period_range(parse_period("2020-07"), 3)] == ["2020-07", "2020-08", "2020-09"]
    assert all(quarter.contains(month) for month in period_range(parse_period("2020-07"), 3))
    assert not quarter.contains(parse_period("2020-10"))


@given(st.dates(date(1900, 1, 1), date(2100, 1, 1)), st.sampled_from(["year", "half", "quarter", "month", "day"]), st.integers(1, 40))
def test_periods_in_a_row_leave_no_gap(day, length, count):
    texts = {"year": f"{day:%Y}", "half": f"{day:%Y}-H{1 + (day.month > 6)}", "quarter": f"{day:%Y}-Q{(day.month + 2) // 3}", "month": f"{day:%Y-%m}", "day": day.isoformat()}
    periods = period_range(parse_period(texts[length]), count)
    assert all(before.end == after.start for before, after in itertools.pairwise(periods))
    assert all(after.previous() == before for before, after in itertools.pairwise(periods))
    assert all(parse_period(str(period)) == period for period in periods)
