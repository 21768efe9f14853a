"""How many of a list are wrong, against plain simulation."""

import numpy as np
from scipy.sparse import csr_array

from groundplan.maths.multiple import false_shares


def test_shares_agree_with_drawing_the_quantities_themselves():
    rng = np.random.default_rng(5)
    mean, own, loading = np.sort(rng.uniform(0.0, 0.6, 60))[::-1], rng.uniform(0.1, 0.3, 60), rng.uniform(0.0, 0.4, 60)
    expected, exceeded = false_shares(mean, own, csr_array(loading[:, None]), chance=0.9, rng=np.random.default_rng(1))
    drawn = mean + loading * rng.standard_normal((20_000, 1)) + own * rng.standard_normal((20_000, 60))
    share = np.cumsum(drawn <= 0, axis=1) / np.arange(1, 61)
    assert np.abs(expected - share.mean(axis=0)).max() < 0.01
    # Given the factors, the share of many is nearly its mean, so from some length on its quantile is that over draws of factors.
    assert np.abs(exceeded - np.quantile(share, 0.9, axis=0))[30:].max() < 0.06


def test_a_common_error_makes_the_share_less_sure_and_leaves_its_mean():
    mean, size = np.full(500, 0.5), 500
    apart = false_shares(mean, np.full(size, 0.5), csr_array((size, 0)), chance=0.9, rng=np.random.default_rng(1))
    together = false_shares(mean, np.full(size, 0.3), csr_array(np.full((size, 1), 0.4)), chance=0.9, rng=np.random.default_rng(1))
    assert np.allclose(apart[0], together[0], rtol=0, atol=1e-12)
    assert np.allclose(apart[1], apart[0])
    assert together[1][-1] > 1.5 * together[0][-1]


def test_shares_of_a_long_list_do_not_depend_on_how_it_is_cut(monkeypatch):
    rng = np.random.default_rng(2)
    mean, own, shared = rng.uniform(0, 1, 900), rng.uniform(0.1, 1, 900), csr_array(rng.normal(0, 0.3, (900, 3)))
    whole = false_shares(mean, own, shared, chance=0.9, rng=np.random.default_rng(4))
    monkeypatch.setattr("groundplan.maths.multiple._CHUNK", 70)
    cut = false_shares(mean, own, shared, chance=0.9, rng=np.random.default_rng(4))
    assert np.allclose(whole, cut, rtol=1e-12, atol=0)


def test_an_empty_list_and_sure_entries():
    assert all(len(part) == 0 for part in false_shares(np.zeros(0), np.zeros(0), csr_array((0, 0)), chance=0.9, rng=np.random.default_rng(0)))
    expected, exceeded = false_shares(np.array([np.inf, 5.0]), np.array([0.1, 0.1]), csr_array((2, 0)), chance=0.9, rng=np.random.default_rng(0))
    assert np.allclose([expected, exceeded], 0.0, atol=1e-12)
