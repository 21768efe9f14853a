"""From supply and use tables to commodity-by-commodity coefficients: the industry-technology assumption."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from groundplan.maths.balance import margins_agree

__all__ = ["diagonal_make", "industry_shares"]

FloatArray = NDArray[np.float64]


def diagonal_make(industry_output: FloatArray, commodity_output: FloatArray, own: NDArray[np.int64]) -> FloatArray:
    """Make up a make matrix that both output totals allow: each industry its own commodity as far as it can.

    The diagonal is min(industry output, own commodity's output). What an industry makes beyond its own commodity is spread over the
    commodities that lack output, in proportion to what they lack: the table of greatest entropy for the rest, since nothing is
    known of it. A purely diagonal matrix could not meet both totals.

    Args:
        industry_output: g, shape (m,), >= 0.
        commodity_output: q, shape (n,), >= 0; the same sum as g.
        own: shape (m,), each industry's own commodity as a position on the commodities, each at most once; -1 where it has none.

    Returns:
        V, shape (m, n): row i = what industry i makes; rows add up to g, columns to q.

    Raises:
        ValueError: the totals differ in sum, or two industries have one own commodity.
    """
    if not margins_agree(industry_output, commodity_output):
        raise ValueError(f"industries make {industry_output.sum():.10g}, commodities add up to {commodity_output.sum():.10g}; the totals must have one sum")
    has_own = own >= 0
    if np.unique(own[has_own]).size != np.count_nonzero(has_own):
        raise ValueError("two industries have one own commodity")
    make = np.zeros((industry_output.size, commodity_output.size))
    rows = np.flatnonzero(has_own)
    make[rows, own[rows]] = np.minimum(industry_output[rows], commodity_output[own[rows]])
    surplus, lack = industry_output - make.sum(axis=1), commodity_output - make.sum(axis=0)
    if lack.sum() > 0:
        make += np.outer(surplus, lack / lack.sum())
    return make


def industry_shares(make: FloatArray, products: NDArray[np.bool_]) -> FloatArray:
    """Give the output that each industry must make, by-products included, for one unit of each product.

    With industry technology an industry's inputs go in proportion to its output, whatever the commodity. Commodities that are no
    products of the plan (scrap) come along with the others: their share p_i of products in an industry's output is divided out,
    so that T q = g holds for the products' output q and the whole industry output g. An input per unit of industry output, B,
    becomes an input per unit of product, B T.

    Args:
        make: V, shape (m, n), industry by commodity, >= 0.
        products: shape (n,), which commodities are products of the plan.

    Returns:
        T = diag(p)^-1 V_products diag(q)^-1, shape (m, number of products); zero columns where a product is not made.

    Raises:
        ValueError: an industry makes nothing but what is no product.

    Source:
        Miller and Blair (2009), Input-Output Analysis, sec. 5.3; for scrap: Horowitz and Planting (2009), Concepts and Methods of
        the U.S. Input-Output Accounts, ch. 12, "transformation matrix".
    """
    kept = make[:, products]
    total, of_products = make.sum(axis=1), kept.sum(axis=1)
    lost = (total > 0) & (of_products <= 0)
    if lost.any():
        raise ValueError(f"industries {np.flatnonzero(lost).tolist()} make nothing but what is no product of the plan")
    whole = np.divide(total, of_products, out=np.ones_like(total), where=of_products > 0)
    output = kept.sum(axis=0)
    shares: FloatArray = whole[:, None] * np.divide(kept, output[None, :], out=np.zeros_like(kept), where=output[None, :] > 0)
    return shares
