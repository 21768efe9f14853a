"""HiGHS behind a small port: a programme in, a solution out; the same programme gives the same bytes."""

from __future__ import annotations

import highspy
import numpy as np

from groundplan.errors import SolverError
from groundplan.maths.programme import Basis, Method, Programme, Solution, SolveStatus

__all__ = ["choose_method", "solve_programme"]

_SIMPLEX_ROWS = 1_000
"""Up to this many rows the dual simplex method ends soonest on plans; at 4,000 an interior point takes a third of its time (docs/benchmarks.md)."""
_PDLP_ENTRIES = 30_000_000
"""Above this many entries a factorisation no longer fits a laptop, so a first-order method leads the way."""
_MAX_ITERATIONS = 2_147_483_647
_TOLERANCE = 1e-9
_STATUS: dict[highspy.HighsModelStatus, SolveStatus] = {
    highspy.HighsModelStatus.kOptimal: "optimal",
    highspy.HighsModelStatus.kInfeasible: "infeasible",
    highspy.HighsModelStatus.kUnboundedOrInfeasible: "infeasible",
    highspy.HighsModelStatus.kUnbounded: "unbounded",
}
_BASIS_STATUS = (
    highspy.HighsBasisStatus.kLower,
    highspy.HighsBasisStatus.kBasic,
    highspy.HighsBasisStatus.kUpper,
    highspy.HighsBasisStatus.kZero,
)


def choose_method(programme: Programme) -> tuple[Method, str]:
    """Choose a method by size, and say why."""
    rows, entries = programme.matrix.shape[0], programme.matrix.nnz
    size = f"{rows:,} rows and {entries:,} entries"
    if entries > _PDLP_ENTRIES:
        return "pdlp", f"{size} are too many to factorise, so a first-order method (PDLP) leads and crossover finds the vertex"
    if rows > _SIMPLEX_ROWS:
        return "ipm", f"{size} are many for simplex, so an interior point is found first and crossover finds the vertex"
    return "simplex", f"{size} are few enough for the dual simplex method, whose vertex can be repaired exactly"


def solve_programme(programme: Programme, *, method: Method | None = None, max_iterations: int | None = None) -> Solution:
    """Minimise a linear programme with HiGHS, on one thread.

    Args:
        programme: well scaled; tolerances are absolute, 1e-9 on rows and on reduced costs.
        method: None: chosen by size.
        max_iterations: bound on iterations; there is no bound on time, so runs are repeatable.

    Returns:
        The solution; without a basis where crossover did not end. Infeasible is a status.

    Raises:
        SolverError: HiGHS refused the programme.
    """
    chosen, why = (method, "asked for") if method is not None else choose_method(programme)
    found = _run(programme, chosen, why, max_iterations)
    if found.status in ("optimal", "infeasible") and (found.basis is not None or found.status == "infeasible"):
        return found
    # Without an answer, or without a vertex, which alone can be repaired exactly, the other method decides.
    other: Method = "simplex" if chosen != "simplex" else "ipm"
    second = _run(programme, other, f"{why}; it gave no vertex, so another method was taken", max_iterations)
    return second if second.status in ("optimal", "infeasible") else found


def _run(programme: Programme, method: Method, why: str, max_iterations: int | None) -> Solution:
    solver = _set_up(method, max_iterations)
    if solver.passModel(_highs_lp(programme)) == highspy.HighsStatus.kError:
        raise SolverError("HiGHS refused the programme: a coefficient is not finite or out of its range")
    solver.run()
    # Whatever is neither an optimum nor a proof that there is none counts as stopped.
    return _solution(solver, _STATUS.get(solver.getModelStatus(), "stopped"), method, why)


class _QuietHighs(highspy.Highs):
    """HiGHS greets on the standard output when callbacks are enabled, which its constructor does: it is silenced just before."""

    def enableCallbacks(self) -> None:  # noqa: N802  # the name is highspy's
        self.setOptionValue("output_flag", False)
        super().enableCallbacks()  # type: ignore[no-untyped-call]  # highspy has types in part


def _set_up(method: Method, max_iterations: int | None) -> highspy.Highs:
    solver = _QuietHighs()  # type: ignore[no-untyped-call]  # highspy has types in part
    options: dict[str, bool | int | float | str] = {
        "output_flag": False,
        "threads": 1,
        "parallel": "off",
        "random_seed": 0,
        "solver": method,
        "primal_feasibility_tolerance": _TOLERANCE,
        "dual_feasibility_tolerance": _TOLERANCE,
        "run_crossover": "on",
        # Entries that HiGHS would drop as too small are real amounts here.
        "small_matrix_value": 1e-12,
        "simplex_iteration_limit": max_iterations if max_iterations is not None else _MAX_ITERATIONS,
        "ipm_iteration_limit": 1000,
        "pdlp_iteration_limit": 1_000_000,
    }
    for name, value in options.items():
        solver.setOptionValue(name, value)
    return solver


def _highs_lp(programme: Programme) -> highspy.HighsLp:
    lp = highspy.HighsLp()
    rows, columns = programme.matrix.shape
    lp.num_col_, lp.num_row_ = columns, rows
    lp.col_cost_, lp.col_lower_, lp.col_upper_ = programme.cost, programme.lower, programme.upper
    lp.row_lower_, lp.row_upper_ = programme.row_lower, programme.row_upper
    lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    lp.a_matrix_.start_ = programme.matrix.indptr.astype(np.int32)
    lp.a_matrix_.index_ = programme.matrix.indices.astype(np.int32)
    lp.a_matrix_.value_ = programme.matrix.data
    return lp


def _solution(solver: highspy.Highs, status: SolveStatus, method: Method, why: str) -> Solution:
    found, info, basis = solver.getSolution(), solver.getInfo(), solver.getBasis()
    place = {status_: number for number, status_ in enumerate(_BASIS_STATUS)}
    columns = np.array([place.get(status_, 0) for status_ in basis.col_status], dtype=np.int8)
    rows = np.array([place.get(status_, 0) for status_ in basis.row_status], dtype=np.int8)
    kept = Basis(columns, rows) if basis.valid else None
    names = {"simplex": "HiGHS simplex", "ipm": "HiGHS interior point with crossover", "pdlp": "HiGHS PDLP with crossover"}
    iterations = max(0, info.simplex_iteration_count) + max(0, info.ipm_iteration_count) + max(0, info.crossover_iteration_count) + max(0, info.pdlp_iteration_count)
    return Solution(status, np.array(found.col_value), np.array(found.row_dual), kept, int(iterations), names[method], why)
