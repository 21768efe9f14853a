from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from groundplan.maths.digits import LAWS, judge_digits, last_digits, leading_digits

FOREST = Path(__file__).parents[2] / "../shared/data/small-checks/sino_forest_2010.csv"


def one_group(digits: np.ndarray) -> np.ndarray:
    return np.zeros(len(digits), np.int64)


def test_leading_digits_by_hand():
    values = np.array([0.3, -4.2e5, 1e-5, 1000.0, 999.999, 0.0019, 0.0, np.nan, np.inf])
    assert leading_digits(values).tolist() == [3, 4, 1, 1, 9, 1, -1, -1, -1]
    assert leading_digits(values, count=2).tolist() == [30, 42, 10, 10, 99, 19, -1, -1, -1]


@given(st.integers(10, 99), st.integers(-200, 200))
def test_leading_digits_of_decimal_figures_do_not_hang_on_how_floats_are_stored(digits, power):
    assert leading_digits(np.array([float(f"{digits}e{power}")]), count=2)[0] == digits


def test_last_digits_by_hand():
    assert last_digits(np.array([120.0, 1237.0, 99.0, -505.0, np.nan])).tolist() == [0, 7, -1, 5, -1]
    assert last_digits(np.array([1.29, 12.4, 0.15]), decimals=2).tolist() == [9, 0, -1]


def test_chances_of_each_law_add_up():
    assert all(chances.sum() == pytest.approx(1.0) for chances in LAWS.values())
    # Two digits summed over the second give the first.
    assert LAWS["first two"].reshape(9, 10).sum(axis=1) == pytest.approx(LAWS["first"])


def test_chi_squared_by_hand():
    # Twenty figures, twelve end in 0 and eight in 5: (12 - 2)^2 / 2 + (8 - 2)^2 / 2 + 8 x 2 = 84.
    digits = np.repeat([0, 5], [12, 8])
    judged = judge_digits(digits, "last", one_group(digits), 1, rng=np.random.default_rng(1))
    assert judged.chi_squared[0] == pytest.approx(84.0)
    assert judged.deviation[0] == pytest.approx((0.5 + 0.3 + 8 * 0.1) / 10)
    assert judged.drawn[0]
    assert judged.p_value[0] == pytest.approx(1 / 10000)


def test_large_groups_get_the_chi_squared_chance():
    scipy_stats = pytest.importorskip("scipy.stats")
    rng = np.random.default_rng(2)
    digits = rng.choice(9, 5000, p=LAWS["first"]) + 1
    judged = judge_digits(digits, "first", one_group(digits), 1, rng=rng)
    expected = scipy_stats.chisquare(np.bincount(digits, minlength=10)[1:], 5000 * LAWS["first"])
    assert not judged.drawn[0]
    assert judged.p_value[0] == pytest.approx(expected.pvalue)


@pytest.mark.parametrize(("law", "size"), [("first", 40), ("first two", 60), ("last", 25)])
def test_honest_groups_are_suspected_as_often_as_stated(law, size):
    rng = np.random.default_rng(3)
    groups, chances = 2000, LAWS[law]
    least = {"first": 1, "first two": 10, "last": 0}[law]
    digits = rng.choice(len(chances), groups * size, p=chances) + least
    judged = judge_digits(digits, law, np.repeat(np.arange(groups), size), groups, rng=rng)
    assert judged.drawn.all()
    # Of 2,000 groups 5 % are 100, give or take four standard errors of 9.7.
    assert abs((judged.p_value <= 0.05).sum() - 100) <= 40


def test_groups_do_not_touch_each_other_and_empty_ones_are_not_suspected():
    digits = np.array([1, 2, 9, 9, 9, 9, -1])
    group = np.array([0, 0, 2, 2, 2, 2, 1])
    judged = judge_digits(digits, "first", group, 3, rng=np.random.default_rng(4))
    alone = judge_digits(digits[2:6], "first", np.zeros(4, np.int64), 1, rng=np.random.default_rng(4))
    assert judged.number.tolist() == [2, 0, 4]
    assert judged.chi_squared[2] == pytest.approx(alone.chi_squared[0])
    assert judged.p_value[1] == 1.0
    assert np.isnan(judged.deviation[1])
    assert judged.p_value[2] < 0.01


def test_invented_figures_are_found():
    # People who invent figures like them to start with any digit alike.
    rng = np.random.default_rng(5)
    values = rng.integers(100, 1000, 500).astype(float)
    digits = leading_digits(values)
    assert judge_digits(digits, "first", one_group(digits), 1, rng=rng).p_value[0] < 1e-6


@pytest.mark.skipif(not FOREST.exists(), reason="the small checks are not beside the repository (../shared/data/small-checks)")
def test_the_first_digit_does_not_give_this_fraud_away():
    values = pl.read_csv(FOREST, infer_schema_length=None)["value"].cast(pl.Float64).to_numpy()
    digits = leading_digits(values)
    judged = judge_digits(digits, "first", one_group(digits), 1, rng=np.random.default_rng(6))
    assert len(values) == 772
    assert judged.p_value[0] > 0.05
