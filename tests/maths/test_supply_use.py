"""Industry technology: inputs follow the industry that makes a commodity."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from groundplan.maths.supply_use import diagonal_make, industry_shares

EVERY = np.ones(2, dtype=np.bool_)


def test_two_sectors_with_a_by_product():
    """A = B D with B = U diag(g)^-1 and D = V diag(q)^-1, the textbook formula (Miller and Blair 2009, sec. 5.3), worked by hand."""
    use, make = np.array([[12.0, 8.0], [10.0, 7.0]]), np.array([[90.0, 0.0], [10.0, 100.0]])
    coefficients = (use / make.sum(axis=1)) @ industry_shares(make, EVERY)
    expected = [[0.9 * 12 / 90 + 0.1 * 8 / 110, 8 / 110], [0.9 * 10 / 90 + 0.1 * 7 / 110, 7 / 110]]
    np.testing.assert_allclose(coefficients, expected, rtol=1e-14)
    np.testing.assert_allclose(coefficients, [[0.127, 0.073], [0.106, 0.064]], atol=5e-4)


def test_scrap_is_divided_out_so_that_products_carry_all_inputs():
    # The second industry makes 190 of its product and 10 of scrap: each unit of product takes 200 / 190 of its output.
    make = np.array([[95.0, 0.0, 5.0, 0.0], [0.0, 190.0, 0.0, 10.0], [0.0, 0.0, 100.0, 0.0]])
    shares = industry_shares(make, np.array([True, True, True, False]))
    np.testing.assert_allclose(shares, [[1.0, 0.0, 5 / 105], [0.0, 200 / 190, 0.0], [0.0, 0.0, 100 / 105]], rtol=1e-14)
    np.testing.assert_allclose(shares @ [95.0, 190.0, 105.0], make.sum(axis=1), rtol=1e-14)


@settings(deadline=None)
@given(make=arrays(np.float64, (4, 5), elements=st.one_of(st.just(0.0), st.floats(0.1, 100.0))))
def test_products_bring_forth_the_whole_output_of_industries(make):
    products = np.array([True, True, True, True, False])
    made = make.sum(axis=1)
    if ((made > 0) & (make[:, products].sum(axis=1) == 0)).any():
        with pytest.raises(ValueError, match="nothing but what is no product"):
            industry_shares(make, products)
        return
    shares = industry_shares(make, products)
    np.testing.assert_allclose(shares @ make[:, products].sum(axis=0), made, rtol=1e-12, atol=1e-12)


def test_a_made_up_make_matrix_is_as_diagonal_as_both_totals_allow():
    make = diagonal_make(np.array([100.0, 50.0]), np.array([90.0, 55.0, 5.0]), np.array([0, 1]))
    # The first industry has 10 left; the second commodity lacks 5, the third 5.
    np.testing.assert_allclose(make, [[90.0, 5.0, 5.0], [0.0, 50.0, 0.0]])


@settings(deadline=None)
@given(outputs=arrays(np.float64, (3, 5), elements=st.floats(0.0, 100.0, allow_subnormal=False)))
def test_a_made_up_make_matrix_meets_both_totals(outputs):
    industry, commodity = outputs.sum(axis=1), outputs.sum(axis=0)
    make = diagonal_make(industry, commodity, np.array([1, -1, 4]))
    assert (make >= 0).all()
    scale = outputs.sum()
    np.testing.assert_allclose(make.sum(axis=1), industry, atol=1e-12 * scale)
    np.testing.assert_allclose(make.sum(axis=0), commodity, atol=1e-12 * scale)
    for row, own in ((0, 1), (2, 4)):
        assert make[row, own] >= min(industry[row], commodity[own]) - 1e-12 * scale


def test_relabelling_industries_and_commodities_changes_nothing():
    rng = np.random.default_rng(5)
    make = rng.uniform(0, 10, (4, 5))
    rows, columns = rng.permutation(4), rng.permutation(5)
    products = np.array([True, False, True, True, True])
    kept = [position for position in columns if products[position]]
    straight = np.zeros((4, 5))
    straight[:, products] = industry_shares(make, products)
    np.testing.assert_allclose(industry_shares(make[rows][:, columns], products[columns]), straight[rows][:, kept], rtol=1e-14)


def test_totals_that_differ_and_doubled_commodities_are_refused():
    with pytest.raises(ValueError, match="one sum"):
        diagonal_make(np.array([100.0]), np.array([90.0]), np.array([0]))
    with pytest.raises(ValueError, match="one own commodity"):
        diagonal_make(np.array([50.0, 50.0]), np.array([100.0]), np.array([0, 0]))
