"""Labels to positions and back, for all stages."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

__all__ = ["Axis"]


@dataclass(frozen=True, eq=False)
class Axis:
    """An ordered set of labels; position i belongs to label i.

    What labels are looked up in is made when it is first asked for, and kept: axes may be long, and are asked often.
    """

    labels: tuple[str, ...]

    def __post_init__(self) -> None:
        """Check the labels.

        Raises:
            ValueError: a label stands there twice.
        """
        if len(set(self.labels)) != len(self.labels):
            raise ValueError("an axis cannot hold a label twice")

    @classmethod
    def of(cls, labels: Iterable[str]) -> Axis:
        """Make an axis of the distinct labels, in the order in which they first come."""
        return cls(tuple(dict.fromkeys(labels)))

    def __len__(self) -> int:
        """Count the labels."""
        return len(self.labels)

    def __contains__(self, label: object) -> bool:
        """Say whether a label is on the axis."""
        return label in self._positions

    def position(self, label: str) -> int:
        """Give the position of one label.

        Raises:
            KeyError: no such label.
        """
        return self._positions[label]

    def positions(self, labels: pl.Series) -> NDArray[np.int64]:
        """Give the positions of a column of labels, shape (n,); -1 where a label is missing or unknown."""
        return labels.cast(pl.String).cast(self._known, strict=False).to_physical().cast(pl.Int64).fill_null(-1).to_numpy()

    def column(self, name: str, positions: NDArray[Any]) -> pl.Series:
        """Give the labels at positions, as a column."""
        return self._column.gather(pl.Series(positions)).alias(name)

    @cached_property
    def _positions(self) -> dict[str, int]:
        return {label: position for position, label in enumerate(self.labels)}

    @cached_property
    def _column(self) -> pl.Series:
        return pl.Series(self.labels, dtype=pl.String)

    @cached_property
    def _known(self) -> pl.Enum:
        return pl.Enum(self._column)
