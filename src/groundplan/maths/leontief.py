"""Leontief solves: the output that covers a demand, and whether a technology yields more than it uses up."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import block_array, csc_array, diags_array, eye_array
from scipy.sparse.linalg import splu

from groundplan.errors import NotProductiveError, SolverError
from groundplan.maths.highs import solve_programme
from groundplan.maths.programme import Programme, power_of_two

__all__ = ["gross_output", "producible"]

FloatArray = NDArray[np.float64]


def gross_output(inputs: csc_array, demand: FloatArray) -> FloatArray:
    """Find the output that covers a demand and all that is used up to make it.

    Args:
        inputs: A, shape (n, n), input per unit of output; row = what goes in.
        demand: d, shape (n,), each product's own unit per period, >= 0, no NaN.

    Returns:
        x with (I - A) x = d, shape (n,), same units as `demand`.

    Raises:
        NotProductiveError: some product uses up more of itself than it yields.

    Source:
        Leontief (1936); Hawkins and Simon (1949) for the condition; the numbers of tests/reference/test_leontief.py.
    """
    count = len(demand)
    stuck = np.flatnonzero(~producible(csc_array(eye_array(count)), csc_array(inputs)))
    if len(stuck):
        raise NotProductiveError(f"the technology uses up more than it yields of products {stuck.tolist()}", [str(place) for place in stuck])
    matrix = csc_array(eye_array(count) - inputs)
    factor = splu(matrix)
    output: FloatArray = factor.solve(demand)
    for _ in range(2):
        output = output + factor.solve(demand - matrix @ output)
    return output


def producible(made: csc_array, used: csc_array) -> NDArray[np.bool_]:
    """Say which products some mix of activities yields, net of all that it uses up; what nobody makes is given from outside.

    All that can be yielded can be yielded together, since mixes add up. So one linear programme settles it: maximise sum s
    subject to net output >= s, 0 <= s <= 1; each s is 0 or 1 at the optimum.

    Args:
        made: shape (P, R), output per unit of activity.
        used: shape (P, R), input per unit of activity.

    Returns:
        Shape (P,); True for what nobody makes.

    Raises:
        SolverError: the solver broke down.

    Source:
        Koopmans (1951), Analysis of Production as an Efficient Combination of Activities; Gale (1960), ch. 9.
    """
    some = np.flatnonzero(np.asarray(made.sum(axis=1)).ravel() > 0)
    answer = np.ones(made.shape[0], dtype=bool)
    if not len(some):
        return answer
    net = csc_array((made - used).tocsr()[some, :])
    net = _equilibrated(net)
    rows, columns = net.shape
    matrix = csc_array(block_array([[net, -eye_array(rows)]], format="csc"))
    cost = np.concatenate([np.zeros(columns), -np.ones(rows)])
    upper = np.concatenate([np.full(columns, np.inf), np.ones(rows)])
    solution = solve_programme(Programme(cost, matrix, np.zeros(rows), np.full(rows, np.inf), np.zeros(columns + rows), upper))
    if solution.status != "optimal":
        raise SolverError(f"the solver ended '{solution.status}' on whether recipes are productive")
    answer[some] = solution.x[columns:] > 0.5
    return answer


def _equilibrated(matrix: csc_array, *, rounds: int = 8) -> csc_array:
    """Scale rows and columns by powers of two until their largest entries are near 1."""
    for _ in range(rounds):
        rows = np.asarray(abs(matrix).max(axis=1).toarray()).ravel()
        matrix = csc_array(diags_array(1.0 / power_of_two(np.sqrt(rows))) @ matrix)
        columns = np.asarray(abs(matrix).max(axis=0).toarray()).ravel()
        matrix = csc_array(matrix @ diags_array(1.0 / power_of_two(np.sqrt(columns))))
    return matrix
