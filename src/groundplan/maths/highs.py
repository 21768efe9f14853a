"""HiGHS behind a small port: a programme in, a solution out; the same programme gives the same bytes."""

from __future__ import annotations

from dataclasses import replace

import highspy
import numpy as np

from groundplan.errors import SolverError
from groundplan.maths.programme import Basis, Method, Programme, Solution, SolveStatus

__all__ = ["choose_method", "load_programme", "solve_programme"]

_SIMPLEX_ROWS = 1_000
"""Up to this many rows the dual simplex method ends soonest on plans; above, see docs/decisions/0004-solving-large-plans.md."""
_PDLP_ROWS = 3_000
"""From this many rows on PDLP leads: at 2,343 rows (Northland) an interior point takes half its time, at 3,672 six times as long."""
_LARGE_ROWS = 10_000
"""Above, HiGHS takes so long to factorise a basis (12 s at 12,072 rows) that every simplex iteration saved counts; see decision 0004."""
_NEAR, _NEARER = 1e-4, 1e-5
"""How near PDLP comes, relative; what is left takes the simplex method a few hundred iterations, another digit takes PDLP as long as all before. It pays for large programmes."""
_NEAR_ITERATIONS = 30_000
"""PDLP comes near in some 10,000 iterations or hardly at all."""
_LAST_STEPS = 1_000
"""The primal simplex method ends from a near vertex in some hundred iterations; where it needs more, a level has many equally good plans, and an interior point is quicker."""
_PRIMAL = 4
"""HiGHS's number for the primal simplex method."""
_MAX_ITERATIONS = 2_147_483_647
_TOLERANCE = 1e-9
_STATUS: dict[highspy.HighsModelStatus, SolveStatus] = {
    highspy.HighsModelStatus.kOptimal: "optimal",
    highspy.HighsModelStatus.kInfeasible: "infeasible",
    highspy.HighsModelStatus.kUnboundedOrInfeasible: "infeasible",
    highspy.HighsModelStatus.kUnbounded: "unbounded",
}
_SOLVER: dict[Method, str] = {"simplex": "simplex", "ipm": "ipx", "pdlp": "pdlp"}
_BASIS_STATUS = (
    highspy.HighsBasisStatus.kLower,
    highspy.HighsBasisStatus.kBasic,
    highspy.HighsBasisStatus.kUpper,
    highspy.HighsBasisStatus.kZero,
)


def choose_method(programme: Programme) -> tuple[Method, str]:
    """Choose a method by size and by how much is left to decide, and say why."""
    rows, entries = programme.matrix.shape[0], programme.matrix.nnz
    size = f"{rows:,} rows and {entries:,} entries"
    if rows <= _SIMPLEX_ROWS:
        return "simplex", f"{size} are few enough for the dual simplex method, whose vertex can be repaired exactly"
    if rows > _PDLP_ROWS and int((programme.lower < programme.upper).sum()) > rows:
        return "pdlp", f"{size} are many, so a first-order method (PDLP) comes near and crossover and the primal simplex method find the vertex"
    return "ipm", f"{size} are many for simplex and few for PDLP, or few columns are free, so an interior point is found first and crossover finds the vertex"


def solve_programme(programme: Programme, *, method: Method | None = None, start: Basis | None = None, max_iterations: int | None = None) -> Solution:
    """Minimise a linear programme with HiGHS, on one thread.

    Args:
        programme: well scaled; tolerances are absolute, 1e-9 on rows and on reduced costs.
        method: None: chosen by size.
        start: a basis that is primal feasible or nearly so; up to 10,000 rows the primal simplex method goes on from it for as many
            iterations as there are rows, before any other method is tried.
        max_iterations: bound on iterations; there is no bound on time, so runs are repeatable.

    Returns:
        The solution; without a basis where crossover did not end. Infeasible is a status.

    Raises:
        SolverError: HiGHS refused the programme.
    """
    rows = programme.matrix.shape[0]
    # A level that asks for too much often shows it at once, and going on from a basis would be long in finding it.
    if start is not None and _presolved_away(programme):
        return _run(programme, "simplex", "presolve proves that there is no solution", max_iterations)
    if start is not None and rows <= _LARGE_ROWS:
        found = _go_on(programme, _highs_basis(start), "simplex", "going on from a basis that is near", max_iterations)
        if _is_answer(found):
            return found
    chosen, why = (method, "asked for") if method is not None else choose_method(programme)
    if start is not None and rows > _LARGE_ROWS and chosen == "pdlp":
        # Where earlier levels hold much, PDLP does not come near enough, and simplex iterations from their vertex are dear.
        chosen, why = "ipm", f"{rows:,} rows are many for simplex, and what earlier levels hold keeps PDLP away, so an interior point is found first"
    found = _approach(programme, why, max_iterations) if chosen == "pdlp" else _run(programme, chosen, why, max_iterations)
    if _is_answer(found):
        return found
    # Without an answer, or without a vertex, which alone can be repaired exactly, the other method decides.
    other: Method = "simplex" if chosen == "ipm" else "ipm"
    second = _run(programme, other, f"{why}; it gave no vertex, so another method was taken", max_iterations)
    return second if second.status in ("optimal", "infeasible") else found


def load_programme(programme: Programme, method: Method, max_iterations: int | None = None) -> highspy.Highs:
    """Hand a programme to HiGHS, set up for a method as `solve_programme` does.

    Raises:
        SolverError: HiGHS refused the programme.
    """
    solver = _set_up(method, max_iterations, programme.matrix.shape[0])
    if solver.passModel(_highs_lp(programme)) == highspy.HighsStatus.kError:
        raise SolverError("HiGHS refused the programme: a coefficient is not finite or out of its range")
    return solver


def _is_answer(solution: Solution) -> bool:
    return solution.status == "infeasible" or (solution.status == "optimal" and solution.basis is not None)


def _run(programme: Programme, method: Method, why: str, max_iterations: int | None) -> Solution:
    solver = load_programme(programme, method, max_iterations)
    solver.run()
    # Whatever is neither an optimum nor a proof that there is none counts as stopped.
    return _solution(solver, _STATUS.get(solver.getModelStatus(), "stopped"), method, why)


def _approach(programme: Programme, why: str, max_iterations: int | None) -> Solution:
    """Come near the optimum by PDLP, cross over to a vertex, and let the primal simplex method take the last steps.

    The point need not be exact: what it gets wrong the simplex method puts right. "Stopped" where it did not come near, as where there is no
    solution; its own word on that is not taken, since its tolerance is wide.
    """
    solver = load_programme(programme, "pdlp", max_iterations)
    solver.run()
    # "Unknown" is a point that lost a little of its nearness when what presolve took out was put back: it serves as well.
    if solver.getModelStatus() not in (highspy.HighsModelStatus.kOptimal, highspy.HighsModelStatus.kUnknown):
        return replace(_solution(solver, "stopped", "pdlp", why), basis=None)
    near, taken = solver.getSolution(), max(0, solver.getInfo().pdlp_iteration_count)
    crossing = load_programme(programme, "ipm", None)
    crossing.crossover(near)
    basis = crossing.getBasis()
    if not basis.valid:
        return replace(_solution(solver, "stopped", "pdlp", why), basis=None)
    taken += max(0, crossing.getInfo().crossover_iteration_count)
    found = _go_on(programme, basis, "pdlp", why, min(max_iterations or _LAST_STEPS, _LAST_STEPS))
    return replace(found, status=found.status if found.status == "optimal" else "stopped", iterations=found.iterations + taken)


def _presolved_away(programme: Programme) -> bool:
    solver = load_programme(programme, "simplex", None)
    solver.presolve()
    return bool(solver.getModelPresolveStatus() == highspy.HighsPresolveStatus.kInfeasible)


def _go_on(programme: Programme, basis: highspy.HighsBasis, method: Method, why: str, max_iterations: int | None) -> Solution:
    """Let the primal simplex method go on from a basis, for at most as many iterations as there are rows: beyond that others are quicker."""
    solver = load_programme(programme, "simplex", min(max_iterations or _MAX_ITERATIONS, max(1000, programme.matrix.shape[0])))
    solver.setOptionValue("simplex_strategy", _PRIMAL)
    solver.setBasis(basis)
    solver.run()
    return _solution(solver, _STATUS.get(solver.getModelStatus(), "stopped"), method, why)


class _QuietHighs(highspy.Highs):
    """HiGHS greets on the standard output when callbacks are enabled, which its constructor does: it is silenced just before."""

    def enableCallbacks(self) -> None:  # noqa: N802  # the name is highspy's
        self.setOptionValue("output_flag", False)
        super().enableCallbacks()  # type: ignore[no-untyped-call]  # highspy has types in part


def _set_up(method: Method, max_iterations: int | None, rows: int) -> highspy.Highs:
    solver = _QuietHighs()  # type: ignore[no-untyped-call]  # highspy has types in part
    near = method == "pdlp"
    tolerance = (_NEARER if rows > _LARGE_ROWS else _NEAR) if near else _TOLERANCE
    options: dict[str, bool | int | float | str] = {
        "output_flag": False,
        "threads": 1,
        "parallel": "off",
        "random_seed": 0,
        "solver": _SOLVER[method],
        "primal_feasibility_tolerance": tolerance,
        "dual_feasibility_tolerance": tolerance,
        "optimality_tolerance": tolerance if near else 1e-7,
        "pdlp_optimality_tolerance": tolerance if near else 1e-7,
        # A point that is only near goes through crossover by itself.
        "run_crossover": "off" if near else "on",
        # Entries that HiGHS would drop as too small are real amounts here.
        "small_matrix_value": 1e-12,
        "simplex_iteration_limit": max_iterations if max_iterations is not None else _MAX_ITERATIONS,
        "ipm_iteration_limit": 1000,
        "pdlp_iteration_limit": min(max_iterations or _NEAR_ITERATIONS, _NEAR_ITERATIONS),
    }
    for name, value in options.items():
        solver.setOptionValue(name, value)
    return solver


def _highs_basis(basis: Basis) -> highspy.HighsBasis:
    wanted = highspy.HighsBasis()
    wanted.col_status = [_BASIS_STATUS[place] for place in basis.columns]
    wanted.row_status = [_BASIS_STATUS[place] for place in basis.rows]
    wanted.valid = True
    return wanted


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
    names = {"simplex": "HiGHS simplex", "ipm": "HiGHS interior point with crossover", "pdlp": "HiGHS PDLP, crossover and primal simplex"}
    iterations = max(0, info.simplex_iteration_count) + max(0, info.ipm_iteration_count) + max(0, info.crossover_iteration_count) + max(0, info.pdlp_iteration_count)
    return Solution(status, np.array(found.col_value), np.array(found.row_dual), kept, int(iterations), names[method], why)
