"""RAS: totals are met, zeros stay, proportions within rows and columns are kept."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from groundplan.maths.balance import balance_to_totals, margins_agree

# Rounds grow with the span of the flows (a nearly diagonal table hardly mixes), so the property is shown for two orders of magnitude.
flows = arrays(np.float64, st.tuples(st.integers(1, 5), st.integers(1, 5)), elements=st.floats(1.0, 100.0))


def test_an_even_table_becomes_the_product_of_its_totals():
    balanced = balance_to_totals(np.ones((2, 2)), np.array([3.0, 7.0]), np.array([4.0, 6.0]))
    np.testing.assert_allclose(balanced.table, [[1.2, 1.8], [2.8, 4.2]], rtol=1e-12)
    assert balanced.converged


def test_a_table_that_has_its_totals_stays_as_it_is():
    table = np.array([[5.0, 0.0, 1.0], [2.0, 3.0, 4.0]])
    balanced = balance_to_totals(table, table.sum(axis=1), table.sum(axis=0))
    assert balanced.rounds == 1
    np.testing.assert_allclose(balanced.table, table, rtol=1e-15)


@settings(deadline=None)
@given(prior=flows, data=st.data())
def test_totals_are_met_and_cross_ratios_kept(prior, data):
    goal = data.draw(arrays(np.float64, prior.shape, elements=st.floats(1.0, 100.0)))
    rows, columns = goal.sum(axis=1), goal.sum(axis=0)
    balanced = balance_to_totals(prior, rows, columns)
    assert balanced.converged
    np.testing.assert_allclose(balanced.table.sum(axis=1), rows, atol=1e-11 * goal.sum())
    np.testing.assert_allclose(balanced.table.sum(axis=0), columns, atol=1e-11 * goal.sum())
    # r_i prior_ij s_j: every ratio of four cells is the prior's.
    factors = np.log(balanced.table / prior)
    np.testing.assert_allclose(factors - factors[:1] - factors[:, :1] + factors[0, 0], 0.0, atol=1e-9)


@settings(deadline=None)
@given(prior=flows, seed=st.integers(0, 1000))
def test_relabelling_rows_and_columns_changes_nothing(prior, seed):
    rng = np.random.default_rng(seed)
    rows, columns = rng.permutation(prior.shape[0]), rng.permutation(prior.shape[1])
    goal = rng.uniform(1, 10, prior.shape)
    straight = balance_to_totals(prior, goal.sum(axis=1), goal.sum(axis=0)).table
    relabelled = balance_to_totals(prior[rows][:, columns], goal.sum(axis=1)[rows], goal.sum(axis=0)[columns]).table
    np.testing.assert_allclose(relabelled, straight[rows][:, columns], atol=1e-10 * goal.sum())


def test_zeros_that_make_the_totals_unreachable_are_no_convergence():
    # The first row can put its 2 only into the first column, which is to hold 1.
    balanced = balance_to_totals(np.array([[1.0, 0.0], [1.0, 1.0]]), np.array([2.0, 1.0]), np.array([1.0, 2.0]), max_rounds=100)
    assert not balanced.converged
    assert balanced.rounds == 100
    assert balanced.error > 0.1
    assert balanced.table[0, 1] == 0.0


@pytest.mark.parametrize(
    ("prior", "rows", "columns", "words"),
    [
        (np.ones((2, 2)), [1.0, 1.0], [1.0, 2.0], "one sum"),
        (np.ones((2, 3)), [1.0, 1.0], [1.0, 1.0], "shape"),
        (np.array([[1.0, -1.0], [1.0, 1.0]]), [1.0, 1.0], [1.0, 1.0], "negative"),
        (np.array([[1.0, np.nan], [1.0, 1.0]]), [1.0, 1.0], [1.0, 1.0], "non-finite"),
        (np.array([[0.0, 0.0], [1.0, 1.0]]), [1.0, 1.0], [1.0, 1.0], "without any flow"),
    ],
)
def test_what_cannot_be_balanced_is_refused(prior, rows, columns, words):
    with pytest.raises(ValueError, match=words):
        balance_to_totals(prior, np.array(rows), np.array(columns))


def test_an_empty_row_with_total_zero_is_allowed():
    balanced = balance_to_totals(np.array([[0.0, 0.0], [1.0, 1.0]]), np.array([0.0, 4.0]), np.array([1.0, 3.0]))
    np.testing.assert_allclose(balanced.table, [[0.0, 0.0], [1.0, 3.0]])


def test_sums_that_differ_by_rounding_agree():
    assert margins_agree(np.array([1e9]), np.array([1e9 + 0.5]))
    assert not margins_agree(np.array([1e9]), np.array([1e9 + 2.0]))
