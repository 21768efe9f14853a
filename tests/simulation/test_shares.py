"""Whole numbers that add up, within their bounds."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from groundplan.simulation.shares import share_out


def test_splits_by_largest_remainder():
    assert share_out(10, np.array([1.0, 1.0, 1.0])).tolist() == [4, 3, 3]
    assert share_out(7, np.array([5.0, 1.0, 1.0]), least=1).tolist() == [4, 2, 1]
    assert share_out(10, np.array([8.0, 1.0, 1.0]), most=np.array([3, 9, 9])).tolist() == [3, 4, 3]


@given(
    count=st.integers(0, 500),
    cells=st.lists(st.tuples(st.floats(0.01, 100.0), st.integers(0, 60)), min_size=1, max_size=20),
    least=st.integers(0, 2),
)
def test_adds_up_within_its_bounds(count, cells, least):
    weights, most = np.array([weight for weight, _ in cells]), np.array([limit for _, limit in cells])

    free, bounded = share_out(count, weights, least=least), share_out(count, weights, least=least, most=most)

    assert free.sum() == count
    assert (free >= (least if count >= least * len(cells) else 0)).all()
    assert bounded.sum() == min(count, most.sum())
    assert (bounded <= most).all()
    assert (bounded >= 0).all()
