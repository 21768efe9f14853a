"""Panels cut into parts of consecutive units, which are gone through side by side: only sums and figures by series are kept of a part."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, vstack

__all__ = ["Part", "cut_series", "put_together"]

Arrays = TypeVar("Arrays")
IntArray = NDArray[np.int64]

_SERIES = 6_000
"""So many series of some years of months are a few megabytes an array, so that what is worked on stays near the processor. The cut hangs on the data alone:
sums are taken part by part, and so do not depend to the last digit on how many processors or files there are."""


@dataclass(frozen=True, slots=True)
class Part:
    """Consecutive units and all their series."""

    units: slice
    series: slice


def cut_series(series_unit: IntArray) -> tuple[Part, ...]:
    """Cut series between units, into parts of nearly the same number of series.

    Args:
        series_unit: shape (S,), the unit of each series, 0 to U - 1, each at least once, not decreasing.
    """
    series = len(series_unit)
    first = np.flatnonzero(np.diff(series_unit, prepend=-1))
    wanted = max(-(-series // _SERIES), 1)
    units = np.unique(np.concatenate([np.searchsorted(first, np.linspace(0, series, wanted + 1)[:-1]), [len(first)]]))
    places = np.append(first, series)[units]
    if len(units) < 2:
        return (Part(slice(0, 0), slice(0, 0)),)
    return tuple(Part(slice(*map(int, units[at : at + 2])), slice(*map(int, places[at : at + 2]))) for at in range(len(units) - 1))


def put_together(parts: Sequence[Arrays]) -> Arrays:
    """Join what was found of all parts: dataclasses whose fields are arrays with a row a series, or a row of the part."""
    names = [field.name for field in fields(parts[0])]  # type: ignore[arg-type]
    columns = [[getattr(part, name) for part in parts] for name in names]
    return type(parts[0])(*(csr_array(vstack(column)) if isinstance(column[0], csr_array) else np.concatenate(column) for column in columns))
