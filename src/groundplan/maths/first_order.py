"""Primal-dual steps for linear programmes: they come near an optimum, or onto what is feasible, and need nothing but products with the matrix."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from threading import Lock

import numpy as np
from numba import get_num_threads, set_num_threads
from numpy.typing import NDArray
from scipy.sparse import csr_array, diags_array

from groundplan.maths.programme import Programme
from groundplan.maths.steps import column_step, equilibrate, row_step
from groundplan.workers.threads import calm_blas

__all__ = ["Walk", "begin_walk"]

FloatArray = NDArray[np.float64]
_Pieces = tuple[NDArray[np.uint32], NDArray[np.uint32], FloatArray]

_RUIZ_ROUNDS = 10
_NORM_ROUNDS = 40
_SAFE = 0.99
"""Steps times the matrix's norm: the norm comes from power iterations, which find it from below."""
_CHECK = 50
"""So many steps lie between two looks at how far they still move."""
_MUCH, _SOME, _LONG = 0.2, 0.8, 0.36
"""A walk begins anew when moves have fallen to the first share of what they were at its beginning; to the second, and fall no more; or when it makes up the third of all steps."""
_WHOLE, _SUM = 0.99, 0.01
"""Gains of the controller of the primal weight: on the last imbalance of primal and dual distances, and on their sum."""
_SMALL = 300_000
"""Matrices with fewer entries are gone through by one thread: a second one gains a third at most, and on a busy machine each waits for the other."""
_ALONE = Lock()
"""Compiled loops share one set of threads, which not every threading layer lets several callers use at once."""


@dataclass(frozen=True, slots=True, eq=False)
class _Ready:
    """A scaled programme: columns and rows equilibrated, right-hand sides and costs of a size near 1.

    Args:
        cost, lower, upper: shape (n,).
        row_lower, row_upper: shape (m,).
        matrix: by rows.
        by_rows, by_columns: starts, positions and values for the compiled steps.
        rows, columns: scaled matrix = diag(rows) A diag(columns).
        size, cost_size: bounds and costs are divided by them.
        step: steps of the product 1 / (norm of the matrix), a little less.
    """

    cost: FloatArray
    lower: FloatArray
    upper: FloatArray
    row_lower: FloatArray
    row_upper: FloatArray
    matrix: csr_array
    by_rows: _Pieces
    by_columns: _Pieces
    rows: FloatArray
    columns: FloatArray
    size: float
    cost_size: float
    step: float


@dataclass(slots=True, eq=False)
class Walk:
    """A walk towards a saddle point of a programme: reflected steps, drawn back to an anchor ever less, which moves up whenever the walk has come nearer.

    Source:
        Chambolle and Pock (2011), J. Math. Imaging and Vision 40, for the step; Lieder (2021), Optimization Letters 15, and Lu and Yang (2024), arXiv 2407.16144, for
        reflected Halpern steps with restarts; Lu, Peng and Yang (2025), arXiv 2507.14051, for restarts by the moves' size and the controller of the primal weight; Ruiz
        (2001) and Pock and Chambolle (2011) for the scaling.
    """

    ready: _Ready
    x: FloatArray
    y: FloatArray
    weight: float = 1.0
    taken: int = 0
    since: int = 0
    moved: float = np.inf
    _anchor: tuple[FloatArray, FloatArray] | None = None
    _first: float = np.inf
    _summed: float = 0.0

    def point(self) -> FloatArray:
        """Give x in the programme's units."""
        return self.x * self.ready.columns * self.ready.size

    def duals(self) -> FloatArray:
        """Give y in the programme's units."""
        return self.y * self.ready.rows * self.ready.cost_size

    def pace(self) -> float:
        """Give how far duals move for what columns move, in the programme's units."""
        return self.weight * self.ready.cost_size / self.ready.size

    def go(self, steps: int, until: Callable[[FloatArray], bool] | None = None) -> bool:
        """Take steps; every 50, ask whether the point will do, and begin anew where that pays.

        Args:
            steps: most of them.
            until: told the point in the programme's units; the walk ends when it says so.

        Returns:
            Whether it said so.
        """
        ready = self.ready
        x, y = self.x, self.y
        anchor_x, anchor_y = self._anchor if self._anchor is not None else (x.copy(), y.copy())
        ahead, next_x, next_y = np.empty_like(x), np.empty_like(x), np.empty_like(y)
        last, done = self.taken + steps, False
        with _ALONE, calm_blas(), _one_thread() if ready.matrix.nnz < _SMALL else nullcontext():
            while self.taken < last and not done:
                share = (self.since + 1.0) / (self.since + 2.0)
                primal, dual = ready.step / self.weight, ready.step * self.weight
                column_step(*ready.by_columns, y, x, anchor_x, ready.cost, ready.lower, ready.upper, primal, share, ahead, next_x)
                row_step(*ready.by_rows, ahead, y, anchor_y, ready.row_lower, ready.row_upper, dual, share, next_y)
                self.taken += 1
                self.since += 1
                look = self.taken % _CHECK == 0
                if look or self.since == 1:
                    # The steps themselves, taken back out of what is drawn to the anchor.
                    there_x, there_y = (ahead + x) / 2.0, ((next_y - (1.0 - share) * anchor_y) / share + y) / 2.0
                    self.moved, before = self._size(there_x - x, there_y - y), self.moved
                    if self.since == 1:
                        self._first = before = self.moved
                    if look and until is not None and until(there_x * ready.columns * ready.size):
                        done = True
                    nearer = self.moved <= _MUCH * self._first or (self.moved <= _SOME * self._first and self.moved > before)
                    if done or (look and self.since > 1 and (nearer or self.since >= _LONG * self.taken)):
                        self._balance(there_x - anchor_x, there_y - anchor_y)
                        x, y, self.since = there_x, there_y, 0
                        anchor_x, anchor_y = x.copy(), y.copy()
                        continue
                x, next_x = next_x, x
                y, next_y = next_y, y
        self.x, self.y, self._anchor = x, y, (anchor_x, anchor_y)
        return done

    def _size(self, move_x: FloatArray, move_y: FloatArray) -> float:
        """Give the size of a move in the metric in which steps contract."""
        step, weight = self.ready.step, self.weight
        crossed = float(move_y @ (self.ready.matrix @ move_x))
        square = weight / step * float(move_x @ move_x) + float(move_y @ move_y) / (step * weight) + 2.0 * crossed
        return float(np.sqrt(max(square, 0.0)))

    def _balance(self, far_x: FloatArray, far_y: FloatArray) -> None:
        """Steer the primal weight to where primal and dual distances, each in its own metric, are alike."""
        first, second = float(np.linalg.norm(far_x)), float(np.linalg.norm(far_y))
        if first > 1e-16 and second > 1e-16:
            off = np.log(second) - np.log(first) - np.log(self.weight)
            self._summed += off
            self.weight = float(np.exp(np.log(self.weight) + _WHOLE * off + _SUM * self._summed))


@contextmanager
def _one_thread() -> Iterator[None]:
    before = get_num_threads()
    set_num_threads(1)
    try:
        yield
    finally:
        set_num_threads(before)


def begin_walk(
    programme: Programme, *, x: FloatArray | None = None, y: FloatArray | None = None, pace: float | None = None, metric: FloatArray | None = None
) -> Walk:  # fmt: skip
    """Make a programme ready and stand at a point.

    Args:
        programme: minimise cost'x; well scaled, values near 1.
        x: shape (n,), where to begin, in the programme's units; at zero, or the bound next to it, where it is not given.
        y: shape (m,), where its duals begin; at zero, where they are not given.
        pace: how far duals move for what columns move, as a walk near there found it; alike in the walk's own units, where it is not given.
        metric: shape (n,), > 0: how readily each column moves, 1 where it is not given; the scaling of columns is then left at this times what equilibrates them, and rows are
            scaled to length 1.
    """
    with calm_blas():
        return _begin(programme, x, y, pace, metric)


def _begin(programme: Programme, x: FloatArray | None, y: FloatArray | None, pace: float | None, metric: FloatArray | None) -> Walk:
    rows, columns, matrix = _equilibrated(csr_array(programme.matrix))
    if metric is not None:
        columns = columns * metric
        matrix = csr_array(matrix @ diags_array(metric))
        length = np.maximum(np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel()), 1e-3)
        rows, matrix = rows / length, csr_array(diags_array(1.0 / length) @ matrix)
    ends = [np.where(np.isfinite(values), values, 0.0) for values in (programme.row_lower * rows, programme.row_upper * rows)]
    size = float(np.linalg.norm(np.maximum(np.abs(ends[0]), np.abs(ends[1])))) + 1.0
    cost = programme.cost * columns
    cost_size = float(np.linalg.norm(cost)) + 1.0
    ready = _Ready(
        cost=cost / cost_size,
        lower=programme.lower / columns / size,
        upper=programme.upper / columns / size,
        row_lower=programme.row_lower * rows / size,
        row_upper=programme.row_upper * rows / size,
        matrix=matrix,
        by_rows=_pieces(matrix),
        by_columns=_pieces(csr_array(matrix.T)),
        rows=rows,
        columns=columns,
        size=size,
        cost_size=cost_size,
        step=_SAFE / max(_norm(matrix), 1e-300),
    )
    start = np.zeros(len(cost)) if x is None else x / columns / size
    weight = 1.0 if pace is None else pace * size / cost_size
    return Walk(ready, np.clip(start, ready.lower, ready.upper), np.zeros(len(rows)) if y is None else y / rows / cost_size, weight)


def _equilibrated(matrix: csr_array) -> tuple[FloatArray, FloatArray, csr_array]:
    """Scale rows and columns until their largest entries are near 1, then by the roots of their sums, which keeps the norm near 1."""
    rows, columns = np.ones(matrix.shape[0]), np.ones(matrix.shape[1])
    equilibrate(*_pieces(matrix), _RUIZ_ROUNDS, rows, columns)
    scaled = matrix.data * np.repeat(rows, np.diff(matrix.indptr)) * columns[matrix.indices]
    return rows, columns, csr_array((scaled, matrix.indices, matrix.indptr), shape=matrix.shape)


def _norm(matrix: csr_array) -> float:
    """Find the largest singular value by power iterations."""
    vector, across, size = np.random.default_rng(0).standard_normal(matrix.shape[1]), csr_array(matrix.T), 0.0
    for _ in range(_NORM_ROUNDS):
        length = float(np.linalg.norm(vector))
        if length == 0.0:
            return 0.0
        vector = across @ (matrix @ (vector / length))
        size = float(np.sqrt(np.linalg.norm(vector)))
    return size


def _pieces(matrix: csr_array) -> _Pieces:
    return matrix.indptr.astype(np.uint32), matrix.indices.astype(np.uint32), matrix.data
