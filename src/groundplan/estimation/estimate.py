"""Estimate: what every unit really makes and could make, with how sure we are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from groundplan.errors import Fault, InputError
from groundplan.estimation.balances import reconcile
from groundplan.estimation.calibrate import Residuals, calibrate, grow_tree
from groundplan.estimation.capacity import STATED_SD, CapacityTables, estimate_capacities
from groundplan.estimation.clues import Clue, read_clues
from groundplan.estimation.design_sample import Lot, Sample, draw_sample, read_lot
from groundplan.estimation.design_totals import design_notes, design_totals
from groundplan.estimation.digest import Basis, Digest, Keep, digest_rows
from groundplan.estimation.evidence import Evidence
from groundplan.estimation.gathering import gather
from groundplan.estimation.heard import hear_claims
from groundplan.estimation.level import Level, fit_level
from groundplan.estimation.notes import claim_notes, estimation_notes, unsettled_notes
from groundplan.estimation.panel import Panel, TablesPanel
from groundplan.estimation.pattern import report_pattern
from groundplan.estimation.predictive import Checks, check_predictions, cover_table, predictive_notes
from groundplan.estimation.rows import find_ground, report_noise
from groundplan.estimation.screening import Screened, screen_reports
from groundplan.estimation.silence import findings_as_reports, nobody_reports, unheard_series
from groundplan.estimation.smoothing import learn_swings
from groundplan.estimation.sources import is_claim
from groundplan.estimation.spread import Loadings, join_loadings
from groundplan.estimation.suspects import TOLERANCE, suspects_table
from groundplan.estimation.tables_out import factors_table
from groundplan.estimation.targets import read_targets, target_stand
from groundplan.estimation.totals import plan_periods, totals_table
from groundplan.estimation.unreported import judge_unreported
from groundplan.estimation.wrong_measures import screen_measures
from groundplan.estimation.year_bias import year_bias
from groundplan.estimation.yearend import year_end_filling
from groundplan.maths.mixed import held_out
from groundplan.outcome import Note, Outcome
from groundplan.tables.bundles import Estimate
from groundplan.tables.economy import Economy
from groundplan.tables.results import Calibration, Capacities, CapacityFactors, EstimateFactors, Estimates, Totals
from groundplan.workers.memory import give_back_memory
from groundplan.workers.threads import both, calm_blas

__all__ = ["estimate", "estimate_panel"]

_METHOD = "empirical Bayes on logs: reports, proxies, nameplates and findings in one mixed model (variances by EM), intervals calibrated on units held out"


def estimate(economy: Economy, *, progress: Callable[[str, float], None] | None = None) -> Estimate:
    """Estimate outputs, totals and capacities from reports, findings, proxies and lines.

    Args:
        economy: an economy that has passed its checks.
        progress: called with what is being done and the share of the step that is done, 0 to 1.

    Returns:
        Result tables and notes; `no_data` where there is nothing to estimate from.
    """
    tell = progress or (lambda _at, _share: None)
    tables: list[pl.DataFrame] = []
    found = _estimate(economy, TablesPanel(economy.reports, economy.proxies), tables.extend, tell)
    if found.outcome.status != "done":
        return found
    tell("balances", 0.95)
    with calm_blas():
        balanced = reconcile(economy, pl.concat(tables), found.estimate_factors, found.totals)
    tell("done", 1.0)
    return replace(
        found,
        estimates=balanced.estimates,
        estimate_factors=balanced.estimate_factors,
        totals=balanced.totals,
        balances=balanced.balances,
        notes=(*found.notes, *balanced.notes),
    )


def estimate_panel(economy: Economy, panel: Panel, keep: Keep, *, progress: Callable[[str, float], None] | None = None) -> Estimate:
    """Estimate from reports and proxies that do not fit into memory, and hand the table `estimates` on part by part.

    The results are those of `estimate`, to the last byte, however reports and proxies are cut into batches; but balances of sources and uses, which need all rows at once, do not
    adjust them: a note says so where there are flows.

    Args:
        economy: all tables but reports and proxies, which count for nothing here; it has passed its checks.
        panel: reports and proxies, in batches.
        keep: is handed the pieces of the table `estimates`, sorted by unit, product and period, and goes through all of them.
        progress: called with what is being done and the share of the step that is done, 0 to 1.

    Returns:
        Result tables and notes; `estimates` is empty.

    Raises:
        InputError: units or products are unknown, a report stands there more than once, or there is none; or what the panel raises.
    """
    found = _estimate(economy, panel, keep, progress or (lambda _at, _share: None))
    if economy.flows.is_empty() or found.outcome.status != "done":
        return found
    sentence = "Estimates of a panel that is gone through in batches are not reconciled with balances of sources and uses (table flows)."
    return replace(found, notes=(*found.notes, Note("estimate", "warning", "flows", sentence)))


def _estimate(economy: Economy, panel: Panel, keep: Keep, tell: Callable[[str, float], None]) -> Estimate:
    with calm_blas():
        return _of_evidence(economy, panel, keep, tell)


def _of_evidence(economy: Economy, panel: Panel, keep: Keep, tell: Callable[[str, float], None]) -> Estimate:
    tell("gathering reports, findings and proxies", 0.0)
    evidence = gather(economy, panel)
    give_back_memory()
    if not isinstance(panel, TablesPanel):
        _refuse_strangers(economy, evidence)
    if not len(evidence.series_unit) and economy.lines.is_empty():
        sentence = "There are no reports, findings or lines, so nothing can be estimated."
        return Estimate(
            Outcome("no_data", sentence), Estimates.create_empty(), EstimateFactors.create_empty(), Totals.create_empty(), Capacities.create_empty(),
            CapacityFactors.create_empty(), Calibration.create_empty(),
        )  # fmt: skip
    worked = _work_out(economy, evidence, keep, tell)
    # From here on only what was kept of the rows is needed; the panel would lie beside large result tables in memory.
    evidence = replace(evidence, reported=evidence.reported[:0].copy(), proxies={})
    give_back_memory()
    tell("totals, suspects and capacities", 0.8)
    digest, loadings = worked.digest, worked.loadings

    def totals() -> tuple[pl.DataFrame, pl.DataFrame]:
        made = totals_table(evidence, digest.periods, loadings, worked.inspected, worked.labels)
        return made, design_totals(evidence, worked.sample, made)

    def suspects_and_capacities() -> tuple[pl.DataFrame, CapacityTables]:
        suspected = suspects_table(economy, evidence, year_bias(evidence, digest.base, loadings), worked.inspected, worked.clues)
        lasting = np.asarray(loadings.matrix.power(2).sum(axis=1), np.float64).ravel()
        return suspected, estimate_capacities(economy, evidence, worked.unheard, digest.peak, lasting)

    (total, by_lot), (suspected, capacity) = both(totals, suspects_and_capacities)
    return Estimate(
        outcome=Outcome("done", worked.sentence, _METHOD),
        estimates=Estimates.create_empty(),
        estimate_factors=factors_table(evidence, loadings, digest.live),
        totals=total,
        capacities=capacity.capacities,
        capacity_factors=capacity.factors,
        calibration=pl.concat([worked.calibration, capacity.calibration]),
        notes=(*worked.notes, *unsettled_notes(worked.moved, capacity.moved), *predictive_notes(worked.cover), *design_notes(evidence, worked.sample, by_lot)),
        predictive_checks=worked.checks,
        predictive_cover=worked.cover,
        design_totals=by_lot,
        suspects=suspected,
    )


def _refuse_strangers(economy: Economy, evidence: Evidence) -> None:
    """Refuse a panel with units or products that the economy's tables do not know, and one without a single report: nothing else has checked it."""
    faults = []
    for table, labels in (("units", evidence.units.labels), ("products", evidence.products.labels)):
        column = table.removesuffix("s")
        unknown = sorted(set(labels) - set(getattr(economy, table)[column].to_list()))
        if unknown:
            found = f"{len(unknown):,} that are not there: {', '.join(unknown[:5])}{', ...' if len(unknown) > 5 else ''}"
            faults.append(Fault("reports", column, "unknown_id", len(unknown), (), found, f"ids that stand in {table}.{column}", f"Mend the ids, or add them to {table}."))
    if nobody_reports(evidence):
        faults.append(Fault("reports", "quantity", "missing_table", 0, (), "not one report of output", "reports of output", "Name the files that hold them."))
    if faults:
        raise InputError("the panel cannot be used", faults)


@dataclass(frozen=True, slots=True, eq=False)
class _Worked:
    """What is left of the panel when its rows are worked out.

    Args:
        sentence, notes: of the outcome.
        digest: what is kept of the rows.
        loadings: of the series on shared factors.
        inspected: shape (S,), a finding of output exists.
        unheard: shape (S,), no output can be estimated of the series.
        labels: of the plan periods.
        calibration, checks, cover: result tables.
        clues: what each source says of each unit by itself.
        sample: the visits by lot.
        moved: by what share variances moved in the last step of their search.
    """

    sentence: str
    notes: tuple[Note, ...]
    digest: Digest
    loadings: Loadings
    inspected: NDArray[np.bool_]
    unheard: NDArray[np.bool_]
    labels: tuple[str, ...]
    calibration: pl.DataFrame
    checks: pl.DataFrame
    cover: pl.DataFrame
    clues: tuple[Clue, ...]
    sample: Sample
    moved: float


def _work_out(economy: Economy, evidence: Evidence, keep: Keep, tell: Callable[[str, float], None]) -> _Worked:
    """Find how far reports lie from the truth, and work out the rows."""
    ready = _prepare(economy, evidence, tell)
    basis, ground = ready.basis, ready.basis.ground
    # The mixed model is done with; large tables come next.
    give_back_memory()
    digest = digest_rows(evidence, basis, keep, lambda share: tell("outputs by period", 0.55 + 0.25 * share))
    return _Worked(
        sentence=ready.sentence,
        notes=(*estimation_notes(evidence, ready.screened, ready.odd, ready.steered, ground.reporting, digest.shown, digest.stopped), *ready.said),
        digest=digest,
        loadings=join_loadings(evidence, digest.lasting, ready.effects),
        inspected=ground.inspected,
        unheard=unheard_series(evidence),
        labels=ready.labels,
        calibration=ready.calibration,
        checks=ready.checks.table,
        cover=cover_table(ready.checks, evidence),
        clues=ready.clues,
        sample=draw_sample(evidence, basis.log_report, ground.reporting, ready.lot, digest.picked, ready.checks),
        moved=ready.moved,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Prepared:
    """What the rows follow from, and what is known before they are worked out; the mixed model itself is given back.

    Args:
        basis: what the rows follow from.
        screened: usable reports.
        labels: of the plan periods.
        effects: names of the model's effects.
        odd, steered: as in `Level`.
        sentence: of the outcome.
        said: notes on claims.
        calibration: rows of the result table.
        checks: units predicted without their own visits.
        clues: what each source says of each unit by itself.
        lot: who was drawn by lot.
        moved: as in `Level`.
    """

    basis: Basis
    screened: Screened
    labels: tuple[str, ...]
    effects: tuple[str, ...]
    odd: dict[str, int]
    steered: bool
    sentence: str
    said: tuple[Note, ...]
    calibration: pl.DataFrame
    checks: Checks
    clues: tuple[Clue, ...]
    lot: Lot
    moved: float


def _prepare(economy: Economy, evidence: Evidence, tell: Callable[[str, float], None]) -> _Prepared:
    """Screen the reports, and find how far they lie from the truth on the whole."""
    tell("screening reports", 0.15)
    targets = read_targets(economy, evidence)
    screened = screen_measures(evidence, screen_reports(evidence))
    filling = year_end_filling(evidence, targets, screened.log_report)
    log_report = screened.log_report
    for part in evidence.parts:
        log_report[part.series] -= filling.by_period(part.series)[0]
    if nobody_reports(evidence):
        log_report = findings_as_reports(evidence)
    noise, new = report_noise(evidence, log_report)
    pattern = report_pattern(evidence, log_report)
    tell("biases of reports", 0.3)
    level = fit_level(evidence, log_report, pattern, target_stand(evidence, targets, log_report), noise)
    residuals = _held_out(evidence, level)
    factors, calibration = calibrate(residuals, "all")
    checks = check_predictions(economy, evidence, level, log_report, noise, residuals)
    tell("outputs by period", 0.55)
    unreported = judge_unreported(evidence, level, log_report)
    ground = find_ground(evidence, level, pattern, unreported, log_report, noise)
    lot = read_lot(economy, evidence, level, unreported, checks)
    labels, year = plan_periods(evidence.periods, economy.settings.period_length)
    basis = Basis(
        log_report=log_report,
        pattern=pattern,
        ground=ground,
        noise=noise,
        new=new,
        filling=filling,
        heard=hear_claims(evidence, level, ground.reporting),
        swings=learn_swings(evidence, pattern, log_report),
        factors=factors,
        covariance=level.posterior.covariance,
        year=year,
        years=len(labels),
        base=economy.settings.base,
        visited=lot.visited,
    )
    return _Prepared(
        basis=basis,
        screened=screened,
        labels=labels,
        effects=level.names,
        odd=level.odd,
        steered=level.steered,
        sentence=_sentence(evidence, level, ground.reporting),
        said=claim_notes(evidence, level),
        calibration=calibration,
        checks=checks,
        clues=read_clues(evidence, level, TOLERANCE),
        lot=lot,
        moved=level.moved,
    )


def _held_out(evidence: Evidence, level: Level) -> Residuals:
    """What findings said of each inspected unit against what would have been said without them."""
    rows: NDArray[np.int64] = level.rows.get("finding", np.zeros(0, np.int64))
    residual, total = held_out(level.data, level.variances, level.posterior, rows)
    noise = level.data.known[rows]
    unit = level.data.unit[rows]
    number = np.bincount(evidence.series_unit[evidence.findings.series], minlength=len(evidence.units))
    tree = grow_tree(evidence)
    return Residuals(residual, np.maximum(total - noise, 1e-12), noise, number[unit], tree.leaf[unit], tree)


def _sentence(evidence: Evidence, level: Level, reporting: NDArray[np.bool_]) -> str:
    unheard = unheard_series(evidence)
    heard = len(np.unique(evidence.series_unit[~unheard]))
    if not heard:
        found = len(evidence.findings.capacity_series)
        basis = f"judged by their nameplates and {found} findings of capacity" if found else f"taken as stated, with an assumed error of {np.expm1(STATED_SD):.0%}"
        return f"Nobody reports output, so none is estimated: the capacities of {len(evidence.units)} {'unit' if len(evidence.units) == 1 else 'units'} are {basis}."
    inspected = len(np.unique(evidence.series_unit[evidence.findings.series]))
    told = ("what people on the ground say",) if any(is_claim(name) for name in level.rows) else ()
    sources = [*(() if nobody_reports(evidence) else ("reports",)), *evidence.proxies, *told, *((f"findings at {inspected} of them",) if inspected else ())]
    text = f"Output of {heard} units was estimated from their {', '.join(sources[:-1])}{' and ' if len(sources) > 1 else ''}{sources[-1]}"
    if reporting.any() and not nobody_reports(evidence):
        bias = float(np.median(level.posterior.unit_mean[np.unique(evidence.series_unit[reporting])]))
        text += f": half of the units report {abs(np.expm1(bias)):.0%} or more {'above' if bias >= 0 else 'below'} what they make."
    else:
        text += "."
    return text
