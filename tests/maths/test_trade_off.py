"""The trade-off between two costs: corners by hand, what is left between them, and programmes in which the two do not compete."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog
from scipy.sparse import csc_array

from groundplan.maths.programme import Programme
from groundplan.maths.trade_off import at_corner, trade_off

FIRST, SECOND, THIRD = np.eye(3)


def covering(rows: list[list[float]], least: list[float]) -> Programme:
    """Columns x, y and a third from 0 to 5 of which each row takes at least so much."""
    matrix = csc_array(np.array(rows, dtype=float))
    return Programme(np.zeros(3), matrix, np.array(least, dtype=float), np.full(len(least), np.inf), np.zeros(3), np.full(3, 5.0))


# x + y >= 2 and 2 x + y >= 3: the corners are (0, 3), (1, 1) and (2, 0).
BENT = covering([[1, 1, 0], [2, 1, 0]], [2, 3])


def found(programme: Programme, **limits: int):
    return trade_off(programme, FIRST, SECOND, implied=np.full(3, 5.0), **limits)


def test_all_corners_are_found():
    curve = found(BENT)
    assert np.array([(corner.first, corner.second) for corner in curve.corners]) == pytest.approx(np.array([(0, 3), (1, 1), (2, 0)]), abs=1e-9)
    assert curve.is_whole
    assert curve.excess <= 1e-6


def test_what_lies_below_the_lines_is_bounded_where_corners_are_left_out():
    curve = found(BENT, most=2)
    assert np.array([(corner.first, corner.second) for corner in curve.corners]) == pytest.approx(np.array([(0, 3), (2, 0)]), abs=1e-9)
    assert not curve.is_whole
    # At x = 1 the line stands at 1.5, and the truth at 1.
    assert curve.excess >= 0.5


def test_costs_that_do_not_compete_have_one_corner():
    curve = found(covering([[1, 0, 0], [0, 1, 0]], [1, 2]))
    assert np.array([(corner.first, corner.second) for corner in curve.corners]) == pytest.approx(np.array([(1, 2)]), abs=1e-9)


def test_what_a_corner_leaves_open_goes_to_a_third_cost():
    programme = covering([[1, 1, 0], [2, 1, 0], [0, 0, 1]], [2, 3, 0.5])
    corner = found(programme).corners[1]
    assert at_corner(programme, FIRST, SECOND, corner, THIRD) == pytest.approx(np.array([1, 1, 0.5]), abs=1e-9)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.floats(0.1, 2.0), st.floats(0.1, 2.0), st.floats(0.1, 2.0)), min_size=1, max_size=6), st.floats(0.0, 1.0))
def test_the_curve_is_the_least_of_the_second_for_each_amount_of_the_first(cuts, where):
    programme = covering([[a, b, 0.0] for a, b, _ in cuts], [least for *_, least in cuts])
    bounds = [(0, 5)] * 3
    if linprog(np.zeros(3), A_ub=-programme.matrix, b_ub=-programme.row_lower, bounds=bounds).status != 0:
        return
    curve = found(programme)
    firsts, seconds = (np.array([getattr(corner, name) for corner in curve.corners]) for name in ("first", "second"))
    first = firsts[0] + where * (firsts[-1] - firsts[0])
    truth = linprog(SECOND, A_ub=-programme.matrix, b_ub=-programme.row_lower, bounds=[(0, first + 1e-12), *bounds[1:]])
    if truth.status == 0:
        assert np.interp(first, firsts, seconds) == pytest.approx(truth.fun, abs=2e-6)
