"""Effects shared by many units, laid out as columns of one sparse design."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

__all__ = ["Layout", "Terms"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(slots=True, eq=False)
class Layout:
    """Columns of effects: blocks of one variance each, and fixed effects with a stated prior.

    Args:
        names: of the columns, as factors are named in results.
        block: which variance each column has; -1: a fixed effect.
        mean, wide: prior mean of each column, prior variance of the fixed ones.
        start, counts: scale (variance) and degrees of freedom of the prior of each block's variance.
    """

    names: list[str] = field(default_factory=list)
    block: list[int] = field(default_factory=list)
    mean: list[float] = field(default_factory=list)
    wide: list[float] = field(default_factory=list)
    start: list[float] = field(default_factory=list)
    counts: list[float] = field(default_factory=list)

    def fixed(self, name: str, mean: float, sd: float) -> int:
        """Add a fixed effect with prior N(mean, sd^2); gives its column."""
        return self._add([name], -1, mean, sd**2)

    def flat(self, names: list[str], sd: float) -> int:
        """Add fixed effects with prior N(0, sd^2) each, so wide that they are not drawn together; gives the first column."""
        return self._add(names, -1, 0.0, sd**2)

    def random(self, names: list[str], sd: float, counts: float, mean: FloatArray | float = 0.0) -> int:
        """Add a block of effects with prior N(mean, variance), the variance about sd^2; gives its first column."""
        self.start.append(sd**2)
        self.counts.append(counts)
        return self._add(names, len(self.start) - 1, mean, 1.0)

    def columns(self) -> dict[str, int]:
        """Give the column of each effect."""
        return {name: at for at, name in enumerate(self.names)}

    def _add(self, names: list[str], block: int, mean: FloatArray | float, wide: float) -> int:
        first = len(self.names)
        self.names += names
        self.block += [block] * len(names)
        self.mean += np.broadcast_to(np.asarray(mean, np.float64), len(names)).tolist()
        self.wide += [wide] * len(names)
        return first


@dataclass(slots=True, eq=False)
class Terms:
    """Entries of a sparse design, gathered row block by row block."""

    rows: list[NDArray[np.int32]] = field(default_factory=list)
    columns: list[NDArray[np.int32]] = field(default_factory=list)
    values: list[FloatArray] = field(default_factory=list)

    def add(self, rows: IntArray, columns: IntArray | int, values: FloatArray | float) -> None:
        """Add entries; columns and values may be one for all rows."""
        # Narrow positions: designs of a million rows are gone through many times.
        self.rows.append(rows.astype(np.int32))
        self.columns.append(np.broadcast_to(np.asarray(columns, np.int32), rows.shape))
        self.values.append(np.broadcast_to(np.asarray(values, np.float64), rows.shape))

    def matrix(self, shape: tuple[int, int]) -> csr_array:
        """Give the design; entries at one place add up."""
        if not self.rows:
            return csr_array(shape)
        entries = (np.concatenate(self.values), (np.concatenate(self.rows), np.concatenate(self.columns)))
        return csr_array(entries, shape=shape)
