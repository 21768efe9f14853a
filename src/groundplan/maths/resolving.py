"""A programme that is solved again and again with other bounds of its columns, each time from where the last solution stood."""

from __future__ import annotations

from collections.abc import Callable

import highspy
import numpy as np
from numpy.typing import NDArray

from groundplan.errors import SolverError
from groundplan.maths.highs import load_programme
from groundplan.maths.programme import Programme

__all__ = ["solver_for"]

FloatArray = NDArray[np.float64]


def solver_for(programme: Programme) -> Callable[[FloatArray, FloatArray], FloatArray]:
    """Give a function that takes lower and upper bounds of all columns, shape (n,), and gives the least-cost point, shape (n,).

    The cost stays, so the last basis is dual feasible for any bounds, and the dual simplex method goes on from it (Lemke 1954) in few iterations. Which of several
    equally good points is found depends on the bounds asked for before: the same calls in the same order give the same bytes.

    Args:
        programme: well scaled; it has a solution for whatever bounds it will be given.

    Raises:
        SolverError: HiGHS refused the programme; or, by the function that is given, found no solution for some bounds.
    """
    solver = load_programme(programme, "simplex")
    columns = np.arange(programme.matrix.shape[1], dtype=np.int32)
    # Presolve would throw the basis away.
    solver.setOptionValue("presolve", "off")

    def solve(lower: FloatArray, upper: FloatArray) -> FloatArray:
        solver.changeColsBounds(len(columns), columns, lower, upper)
        solver.run()
        if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            # A basis that has become too ill to go on from is forgotten, and presolve may take out what made it so.
            solver.clearSolver()
            solver.setOptionValue("presolve", "on")
            solver.run()
            solver.setOptionValue("presolve", "off")
        if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            raise SolverError(f"HiGHS found no solution: {solver.modelStatusToString(solver.getModelStatus())}")
        return np.array(solver.getSolution().col_value)

    return solve
