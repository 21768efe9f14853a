"""What each of several causes has to do with a change: Shapley values, over all coalitions of causes or over two orders of them.

The Shapley value of a cause is what it changes when it is added, averaged over all orders in which causes can be added one after the other
(Shapley 1953). It is the one share-out that adds up to the whole, treats causes alike that act alike, gives nothing to a cause that changes
nothing, and adds up over figures that add up; so it depends on no order (as a decomposition of a difference: Shorrocks 2013).

Over one order and its reverse the mean is the Shapley value too where causes act by themselves or in pairs: in the one order what two do together falls to the
later of them, in the reverse to the other, so each gets half. Only what three or more do together is then shared out by their places.
"""

from __future__ import annotations

from itertools import combinations
from math import comb

import numpy as np
from numpy.typing import NDArray

__all__ = ["MOST_EXACT", "coalitions", "shapley_weights"]

MOST_EXACT = 5
"""Up to so many causes all coalitions are taken, which are 2 to that power."""


def coalitions(causes: int, *, exact_up_to: int = MOST_EXACT) -> list[tuple[int, ...]]:
    """List the coalitions whose figures are needed, from none to all.

    Args:
        causes: how many there are.
        exact_up_to: up to so many all coalitions are listed, beyond only those of two orders: 2 * causes of them.

    Returns:
        Positions of the causes in each, ascending. The empty one stands first and the whole one last; without causes they are the same.
    """
    if _takes_all(causes, exact_up_to):
        return [some for size in range(causes + 1) for some in combinations(range(causes), size)]
    starts = [tuple(range(size)) for size in range(causes)]
    ends = [tuple(range(causes - size, causes)) for size in range(1, causes + 1)]
    return [*starts, *ends]


def shapley_weights(causes: int, *, exact_up_to: int = MOST_EXACT) -> NDArray[np.float64]:
    """Give the weights that share out a change.

    Args:
        causes: how many there are.
        exact_up_to: as for `coalitions`.

    Returns:
        W, shape (causes, coalitions): with figures v, shape (coalitions, figures), W v holds each cause's part in each figure, and its rows add up
        to the figures of the whole less those of none.

    Source:
        Shapley (1953), A value for n-person games.
    """
    listed = coalitions(causes, exact_up_to=exact_up_to)
    place = {some: number for number, some in enumerate(listed)}
    weights = np.zeros((causes, len(listed)))
    for some, number in place.items():
        for cause in set(range(causes)) - set(some):
            larger = place.get(tuple(sorted((*some, cause))))
            if larger is None:
                continue
            # How many of all orders, as a share, begin with these causes and go on with this one; each of two orders is a half.
            share = 1.0 / (causes * comb(causes - 1, len(some))) if _takes_all(causes, exact_up_to) else 0.5
            weights[cause, larger] += share
            weights[cause, number] -= share
    return weights


def _takes_all(causes: int, exact_up_to: int) -> bool:
    # Two causes have two orders, which are all.
    return causes <= max(exact_up_to, 2)
