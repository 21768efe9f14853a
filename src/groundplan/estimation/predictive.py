"""Predictive checks: every inspected unit predicted without its own visits, and how often the intervals held what was found there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.stats import beta, binomtest, norm

from groundplan.estimation.calibrate import LEAST_UNITS, Residuals, leave_out
from groundplan.estimation.evidence import Evidence
from groundplan.estimation.level import Level
from groundplan.estimation.silence import nobody_reports
from groundplan.estimation.sources import finding_source
from groundplan.estimation.windows import reports_beside_findings
from groundplan.maths.groups import group_mean
from groundplan.maths.lognormal import Z50, Z90
from groundplan.maths.mixed import held_out
from groundplan.maths.multiple import holm
from groundplan.outcome import Note
from groundplan.tables.economy import Economy
from groundplan.tables.results import PredictiveChecks, PredictiveCover

__all__ = ["NOMINALS", "Checks", "check_predictions", "cover_table", "predictive_notes"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

NOMINALS = (10, 20, 30, 40, 50, 60, 70, 80, 90, 95)
"""Shares, in %, at which cover is set against what intervals promise."""

_JUDGED = (50, 90)
"""Intervals of these shares are published, so these are tested."""

_ERROR = 0.05


@dataclass(frozen=True, slots=True, eq=False)
class Checks:
    """Units predicted without their own visits, n inspected units whose findings stand beside reports.

    Args:
        unit: shape (n,), positions of the units.
        error: shape (n,), mean log found less mean log predicted.
        variance: shape (n,), of what was predicted, before calibration.
        noise: shape (n,), variance of the mean finding's own error.
        half, ninety: shape (n,), factors on the predicted standard deviation in which the unit itself has no part.
        table: the result table `predictive_checks`, in the order of the units.
    """

    unit: IntArray
    error: FloatArray
    variance: FloatArray
    noise: FloatArray
    half: FloatArray
    ninety: FloatArray
    table: pl.DataFrame

    def sd(self, nominal: float) -> FloatArray:
        """Give the standard deviation of prediction and finding for the interval that should hold `nominal` % of the findings, shape (n,).

        At 50 and 90 % the factors are those of the published intervals; between them they go over evenly along the normal quantile, beyond them they stay.
        """
        share = float(np.clip((norm.ppf((1 + nominal / 100) / 2) - Z50) / (Z90 - Z50), 0.0, 1.0))
        return np.asarray(np.sqrt((self.half + share * (self.ninety - self.half)) ** 2 * self.variance + self.noise))


def check_predictions(economy: Economy, evidence: Evidence, level: Level, log_report: FloatArray, report_noise: float, residuals: Residuals) -> Checks:
    """Predict each inspected unit without its visits, and set that against what was found.

    The unit is the cluster: all its visits are left out together, and what is predicted is the mean of log output over its findings, which the model predicts exactly.
    Neither the factor nor a widening of the unit's own variance may know its finding: factors are formed from all others, and where a
    finding was set aside as a slip, or had the unit's variance raised, its error and the unit's prior are put back to what they were.

    Args:
        economy: the tables.
        evidence: what is known.
        level: lasting biases by unit.
        log_report: shape (S, T), log of the usable reports, NaN elsewhere.
        report_noise: variance of the log error of a single report around its unit's lasting bias.
        residuals: of the inspected units, as `calibrate` takes them; in the order of the model's findings.
    """
    if nobody_reports(evidence) or not len(residuals.residual):
        # Where nobody reports, findings stand in for reports, so nothing is predicted without them.
        nothing = np.zeros(0)
        return Checks(np.zeros(0, np.int64), nothing, nothing, nothing, nothing, nothing, PredictiveChecks.create_empty())
    rows = level.rows["finding"]
    unit = level.data.unit[rows]
    residual, variance, noise = residuals.residual.copy(), residuals.variance.copy(), residuals.noise.copy()
    plain = _untempered(evidence, level, log_report, report_noise)
    if plain is not None:
        changed = plain[0]
        residual[changed], variance[changed], noise[changed] = (part[changed] for part in plain[1:])
    half, ninety, source = leave_out(residuals, "all")
    there = np.isfinite(reports_beside_findings(evidence, log_report)[0])
    series = evidence.findings.series[there]
    found = group_mean(evidence.series_unit[series], evidence.findings.log_rate[there], len(evidence.units))[unit]
    by_lot = np.zeros(len(evidence.units), bool)
    by_lot[evidence.series_unit[evidence.findings.series[evidence.findings.by_lot]]] = True
    products = np.bincount(evidence.series_unit[np.unique(series)], minlength=len(evidence.units))
    findings = np.bincount(evidence.series_unit[series], minlength=len(evidence.units))
    checks = Checks(unit, -residual, variance, noise, half, ninety, PredictiveChecks.create_empty())
    sd = checks.sd(90)
    tree = residuals.tree
    assert tree is not None
    labels = [tree.labels[0][at] for at in tree.above[residuals.leaf, 0].tolist()]
    table = pl.DataFrame(
        {
            "unit": evidence.units.column("unit", unit),
            "products": products[unit],
            "findings": findings[unit],
            "log_found": found,
            "log_predicted": found + residual,
            "log_sd": ninety * np.sqrt(variance),
            "log_sd_50": half * np.sqrt(variance),
            "raw_log_sd": np.sqrt(variance),
            "finding_log_sd": np.sqrt(noise),
            "standardised": -residual / sd,
            "inside_50": np.abs(residual) <= Z50 * checks.sd(50),
            "inside_90": np.abs(residual) <= Z90 * sd,
            "group": pl.Series(labels, dtype=pl.String),
            "factor_from": pl.Series(source, dtype=pl.String),
            **{
                name: pl.Series(grouping.labels, dtype=pl.String).gather(pl.Series(grouping.position[unit]))
                for name, grouping in (("sector", evidence.sector), ("region", evidence.region), ("kind", evidence.kind))
            },
            "by_lot": by_lot[unit],
        }
    ).join(_visits(economy, evidence), on="unit", how="left", maintain_order="left")
    return replace(checks, table=table.select(pl.col(name).cast(kind) for name, kind in PredictiveChecks.create_empty().schema.items()))


def cover_table(checks: Checks, evidence: Evidence) -> pl.DataFrame:
    """Count how often intervals held what was found: the result table `predictive_cover`, by all, sector, region, kind and how visits were chosen."""
    if not len(checks.unit):
        return PredictiveCover.create_empty()
    held = {nominal: np.abs(checks.error) <= norm.ppf((1 + nominal / 100) / 2) * checks.sd(nominal) for nominal in NOMINALS}
    raw = {nominal: np.abs(checks.error) <= norm.ppf((1 + nominal / 100) / 2) * np.sqrt(checks.variance + checks.noise) for nominal in NOMINALS}
    rows = []
    for level, key, inside in _groups(checks, evidence):
        units = int(inside.sum())
        for nominal in NOMINALS:
            count = int(held[nominal][inside].sum())
            rows.append(
                {
                    "level": level, "key": key, "nominal": nominal, "units": units, "held": count, "cover": count / units,
                    "lower_95": float(beta.ppf(0.025, count, units - count + 1)) if count else 0.0,
                    "upper_95": float(beta.ppf(0.975, count + 1, units - count)) if count < units else 1.0,
                    "raw_cover": float(raw[nominal][inside].mean()),
                    "p_value": binomtest(count, units, nominal / 100).pvalue if nominal in _JUDGED else None,
                    "has_own_factor": units >= LEAST_UNITS if level in ("sector", "kind") else None,
                }
            )  # fmt: skip
    tested = [row for row in rows if row["p_value"] is not None]
    for row, adjusted in zip(tested, holm(np.array([row["p_value"] for row in tested], float)), strict=True):
        row["p_value"], row["is_off"] = float(adjusted), bool(adjusted < _ERROR)
    return pl.DataFrame(rows, schema=dict(PredictiveCover.create_empty().schema))


def predictive_notes(cover: pl.DataFrame) -> tuple[Note, ...]:
    """Warn of groups that have no factor of their own, and of groups whose intervals hold too seldom or too often."""
    notes = []
    thin = cover.filter((pl.col("level") == "sector") & (pl.col("nominal") == 90) & ~pl.col("has_own_factor"))
    if len(thin):
        several = len(thin) > 1
        names, by_kind = _listed(thin["key"].to_list()), bool(cover.filter(pl.col("level") == "kind")["has_own_factor"].any())
        sentence = (
            f"{len(thin)} {'sectors have' if several else 'sector has'} fewer than {LEAST_UNITS} inspected units ({names}): {'their' if several else 'its'} intervals have the "
            f"width that holds for {'all inspected units of a kind' if by_kind else 'all inspected units'} together, and may be too narrow or too wide there."
        )
        notes.append(Note("estimate", "warning", "calibration", sentence))
    for row in cover.filter(pl.col("is_off")).sort("p_value", maintain_order=True).iter_rows(named=True):
        narrow = row["cover"] < row["nominal"] / 100
        sentence = (
            f"Intervals that should hold {row['nominal']} % of the findings of {_named(row['level'], row['key'])} held {row['cover']:.0%} ({row['held']} of {row['units']} units, "
            f"each predicted without its visits): they are too {'narrow; figures are less sure than shown' if narrow else 'wide; figures are surer than shown'}."
        )
        notes.append(Note("estimate", "alert" if narrow else "warning", "calibration", sentence))
    return tuple(notes)


def _untempered(evidence: Evidence, level: Level, log_report: FloatArray, report_noise: float) -> tuple[BoolArray, FloatArray, FloatArray, FloatArray] | None:
    """Give residual, variance and noise as if no finding had been set aside and no inspected unit's variance raised, and where that changes them; None where nothing was.

    The effects are those fitted while such findings hardly counted, so they are in effect those without them.
    """
    rows, data = level.rows["finding"], level.data
    unit, known = data.unit[rows], finding_source(evidence, log_report, report_noise).known
    changed = (data.unit_scale[unit] > 1.0) | (data.known[rows] > 1.000001 * known)
    if not changed.any():
        return None
    scale, noise = data.unit_scale.copy(), data.known.copy()
    scale[unit[changed]] = 1.0
    noise[rows] = known
    residual, total = held_out(replace(data, unit_scale=scale, known=noise), level.variances, level.posterior, rows)
    return changed, residual, np.maximum(total - known, 1e-12), known


def _groups(checks: Checks, evidence: Evidence) -> Sequence[tuple[str, str, BoolArray]]:
    every: list[tuple[str, str, BoolArray]] = [("all", "all", np.ones(len(checks.unit), bool))]
    for name, grouping in (("sector", evidence.sector), ("region", evidence.region), ("kind", evidence.kind)):
        position = grouping.position[checks.unit]
        if len(grouping.labels) > 1:
            every += [(name, grouping.labels[at], position == at) for at in np.unique(position).tolist()]
    by_lot = checks.table["by_lot"].to_numpy()
    every += [("chosen", name, inside) for name, inside in (("by lot", by_lot), ("not by lot", ~by_lot)) if inside.any()]
    return every


def _visits(economy: Economy, evidence: Evidence) -> pl.DataFrame:
    """Name the visits of each unit that output findings come from, in order of their days."""
    labels = pl.Series(evidence.units.labels, dtype=pl.String)
    found = evidence.bearers.findings.filter((pl.col("measure").cast(pl.String) == "output") & pl.col("covers") & pl.col("series").is_not_null())
    placed = found.select("visit", unit=labels.gather(pl.Series(evidence.series_unit[found["series"].to_numpy()])))
    days = economy.visits.unique("visit", keep="first", maintain_order=True).select("visit", "start")
    ordered = placed.unique(maintain_order=True).join(days, on="visit", how="left", maintain_order="left").sort("unit", "start", "visit")
    return ordered.group_by("unit", maintain_order=True).agg(pl.col("visit").str.join(", ").alias("visits"))


def _named(level: str, key: str) -> str:
    if level == "all":
        return "all inspected units"
    if level == "chosen":
        return "units drawn by lot" if key == "by lot" else "units that were chosen for a visit"
    return f"{level} {key}"


def _listed(names: list[str]) -> str:
    return ", ".join(names[:5]) + (", ..." if len(names) > 5 else "")
