"""What every line could make: findings of capacity, sustained peaks, nameplates and what units declare, taken together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.sparse import csr_array, diags_array, hstack, vstack

from groundplan.estimation.bearers import Bearers
from groundplan.estimation.calibrate import Residuals, calibrate
from groundplan.estimation.claims import CLAIM_BIAS_SD
from groundplan.estimation.design import Layout, Terms
from groundplan.estimation.evidence import Evidence
from groundplan.estimation.factors import effect_root, shared_loadings
from groundplan.estimation.level import sample_units
from groundplan.estimation.rows import Ground, Rows
from groundplan.maths.groups import group_count, group_mean, group_sum
from groundplan.maths.lognormal import Z50, Z90
from groundplan.maths.measurements import Measurements, Variances
from groundplan.maths.mixed import Posterior, held_out, solve
from groundplan.maths.reml import fit_variances
from groundplan.tables.economy import Economy

__all__ = ["STATED_SD", "CapacityTables", "estimate_capacities", "sustained_peaks"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

_COMMON_SD, _SECTOR_SD, _UNIT_SD = 0.15, 0.03, 0.15
"""Log errors of nameplates before anything is known of them: the country's, its sectors', and each plant's own. Stated, not estimated."""
STATED_SD = float(np.sqrt(_COMMON_SD**2 + _SECTOR_SD**2 + _UNIT_SD**2))
"""Log standard deviation of a capacity that is taken as stated, about 21 %."""
_TOP = 3
"""A sustained peak is the mean of this many best months."""
_PEAK_YEARS = 2
_Basis = tuple[list[str], IntArray]
"""What capacities may rest on, in words, and which of these each series' does."""


@dataclass(frozen=True, slots=True, eq=False)
class CapacityTables:
    """Result tables `capacities` and `capacity_factors`, the rows of `calibration` that belong to them, and by how much variances moved in the end."""

    capacities: pl.DataFrame
    factors: pl.DataFrame
    calibration: pl.DataFrame
    moved: float


@dataclass(frozen=True, slots=True, eq=False)
class _Source:
    name: str
    series: IntArray
    value: FloatArray
    terms: Terms
    known: FloatArray
    error_sd: float


def sustained_peaks(evidence: Evidence, ground: Ground, rows: Rows) -> FloatArray:
    """Give the sustained peak of each series of a part that reports, shape (S,): the mean of the best three periods of the last two years.

    It is in logs, at a yearly rate; NaN where there are fewer periods.
    What others make is itself judged by their nameplates, so their peaks say nothing of these.
    """
    columns = max(1, round(_PEAK_YEARS * float(np.median(evidence.per_year))))
    first = max(len(evidence.periods) - columns, 0)
    output = np.full((len(evidence.series_unit), len(evidence.periods) - first), -np.inf)
    # Months that were found, and not reported, are too few to show a peak.
    live = ~rows.zero & (rows.period >= first) & (ground.reporting & np.isfinite(evidence.reported).any(axis=1))[rows.series]
    output[rows.series[live], rows.period[live] - first] = rows.mean[live] + np.log(evidence.per_year)[rows.period[live]]
    best = -np.sort(-output, axis=1)[:, :_TOP]
    full = np.isfinite(best).all(axis=1) if best.size else np.zeros(len(best), bool)
    return np.where(full, np.where(full[:, None], best, 0.0).sum(axis=1) / max(best.shape[1], 1), np.nan)


def estimate_capacities(economy: Economy, evidence: Evidence, unheard: NDArray[np.bool_], peak: FloatArray, output_variance: FloatArray) -> CapacityTables:
    """Estimate the capacity of each line, in units of activity per plan period.

    The unknown of a series is log(nameplate / true capacity), u. With n, f, p and d the logs of nameplate, capacity found, sustained peak of
    estimated output and declared capacity, all a year in the product's measure: n - f = u + e_f; n - p = u + slack + e_p; n - d = u + hiding + e_d.

    Args:
        economy: the tables.
        evidence: what is known.
        unheard: shape (S,), no output can be estimated of the series.
        peak: shape (S,), log of sustained peak output at a yearly rate; NaN where there is none.
        output_variance: shape (S,), lasting variance of each series' log output.

    Where nobody reports, and inspectors found no capacity anywhere, nameplates are taken as stated: u has mean 0 and standard deviation `STATED_SD`.
    """
    layout, design = _nameplate_effects(evidence)
    sources = [_findings(evidence), *_claims(evidence, layout), _peaks(evidence, peak, output_variance, layout), _declared(evidence, layout)]
    data, start, counts, basis = _measurements(evidence, sources, layout, design)
    variances, moved = fit_variances(sample_units(data), start, counts=counts)
    post = solve(data, variances)
    found = np.flatnonzero(data.component < 0)
    residual, total = held_out(data, variances, post, found)
    noise = data.known[found]
    residuals = Residuals(residual, np.maximum(total - noise, 1e-12), noise, np.ones(len(found), np.int64), np.zeros(len(found), np.int64))
    _, calibration = calibrate(residuals, "capacity")
    half, ninety = (float(calibration[name][0]) for name in ("factor_50", "factor_90"))
    # What reports of other sectors hint at is no ground to move a figure that nobody looked at: such nameplates are taken as stated.
    stated = unheard & (len(evidence.findings.capacity_series) == 0)
    shared = _shared(stated, post, data.unit_design)
    capacities, factors = _tables(economy, evidence, post, stated, shared, variances, (half, ninety), basis, tuple(layout.names))
    return CapacityTables(capacities, factors, calibration, moved)


def _nameplate_effects(evidence: Evidence) -> tuple[Layout, csr_array]:
    layout, terms, series = Layout(), Terms(), np.arange(len(evidence.series_unit))
    terms.add(series, layout.fixed("nameplate|common", 0.0, _COMMON_SD), 1.0)
    if len(evidence.sector.labels) > 1:
        first = layout.random([f"nameplate|sector={label}" for label in evidence.sector.labels], _SECTOR_SD, 6.0)
        terms.add(series, first + evidence.sector.position[evidence.series_unit], 1.0)
    return layout, terms.matrix((len(series), len(layout.names)))


def _findings(evidence: Evidence) -> _Source:
    found = evidence.findings
    known = np.isfinite(evidence.nameplate[found.capacity_series])
    series = found.capacity_series[known]
    # One measurement a series: several capacities found are averaged by their precision.
    count = len(evidence.nameplate)
    precision = group_sum(series, 1.0 / found.capacity_variance[known], count)
    total = group_sum(series, found.capacity_value[known] / found.capacity_variance[known], count)
    at = np.flatnonzero(precision)
    return _Source("finding", at, evidence.nameplate[at] - total[at] / precision[at], Terms(), 1.0 / precision[at], 0.0)


def _claims(evidence: Evidence, layout: Layout) -> list[_Source]:
    """Take, of each series and grade, the mean of the capacities claimed: n - m = u - bias of the grade + error."""
    said, grade, count = evidence.claims.said, evidence.claims.capacity_grade, len(evidence.nameplate)
    known = np.isfinite(evidence.nameplate[said.capacity_series])
    sources = []
    for at in np.unique(grade[known]).tolist():
        mine = known & (grade == at)
        series = said.capacity_series[mine]
        number = group_count(series, count)
        of = np.flatnonzero(number)
        mean, variance = (group_mean(series, values[mine], count)[of] for values in (said.capacity_value, said.capacity_variance))
        terms = Terms()
        terms.add(np.arange(len(of)), layout.fixed(f"claims|{evidence.claims.grades[at]}", 0.0, CLAIM_BIAS_SD), 1.0)
        sources.append(_Source("claims", of, evidence.nameplate[of] - mean, terms, variance / number[of], float(evidence.claims.errors[at])))
    return sources


def _peaks(evidence: Evidence, peak: FloatArray, output_variance: FloatArray, layout: Layout) -> _Source:
    at = np.flatnonzero(np.isfinite(peak) & np.isfinite(evidence.nameplate))
    terms, place = Terms(), np.arange(len(at))
    if len(at):
        terms.add(place, layout.fixed("peak|common", 0.15, 0.10), 1.0)
        if len(evidence.sector.labels) > 1:
            first = layout.random([f"peak|sector={label}" for label in evidence.sector.labels], 0.05, 4.0)
            terms.add(place, first + evidence.sector.position[evidence.series_unit[at]], 1.0)
    return _Source("peaks", at, evidence.nameplate[at] - peak[at], terms, output_variance[at], 0.10)


def _declared(evidence: Evidence, layout: Layout) -> _Source:
    at = np.flatnonzero(np.isfinite(evidence.declared) & np.isfinite(evidence.nameplate))
    unit = evidence.series_unit[at]
    terms, place = Terms(), np.arange(len(at))
    if len(at):
        terms.add(place, layout.fixed("hiding|common", 0.10, 0.15), 1.0)
        for name, grouping in (("kind", evidence.kind), ("sector", evidence.sector)):
            if len(grouping.labels) > 1:
                first = layout.random([f"hiding|{name}={label}" for label in grouping.labels], 0.05, 4.0)
                terms.add(place, first + grouping.position[unit], 1.0)
    return _Source("declared", at, evidence.nameplate[at] - evidence.declared[at], terms, np.zeros(len(at)), 0.12)


def _measurements(evidence: Evidence, sources: list[_Source], layout: Layout, design: csr_array) -> tuple[Measurements, Variances, Variances, _Basis]:
    count, width = len(evidence.series_unit), len(layout.names)
    unit_design = csr_array((design.data, design.indices, design.indptr), shape=(count, width))
    free = [source for source in sources if source.error_sd > 0]
    parts = [csr_array(source.terms.matrix((len(source.series), width)) + unit_design[source.series]) for source in sources]
    component = np.concatenate([np.full(len(source.series), free.index(source) if source.error_sd > 0 else -1) for source in sources])
    series = np.concatenate([source.series for source in sources])
    data = Measurements(
        unit=series,
        value=np.concatenate([source.value for source in sources]),
        loading=np.ones(len(series)),
        design=csr_array(vstack(parts)),
        component=component,
        known=np.concatenate([source.known for source in sources]),
        unit_design=unit_design,
        unit_scale=np.ones(count),
        block=np.array(layout.block, np.int64),
        mean=np.array(layout.mean),
        wide=np.array(layout.wide),
    )
    start = Variances(_UNIT_SD**2, np.array([source.error_sd**2 for source in free]), np.array(layout.start))
    counts = Variances(6.0, np.full(len(free), 6.0), np.array(layout.counts))
    # Which sources there are, one bit each; the last word is always the nameplate's.
    bits = sum((group_count(source.series, count).astype(bool) * (1 << at) for at, source in enumerate(sources)), np.zeros(count, np.int64))
    codes, place = np.unique(bits, return_inverse=True)
    words = [", ".join([*dict.fromkeys(source.name for at, source in enumerate(sources) if code >> at & 1), "nameplate"]) for code in codes.tolist()]
    return data, start, counts, (["nameplate", *words], place + 1)


def _shared(stated: NDArray[np.bool_], post: Posterior, design: csr_array) -> csr_array:
    """Give the loadings of each series on the effects; those of nameplates that are taken as stated are the prior's."""
    prior = np.where(np.arange(design.shape[1]) == 0, _COMMON_SD, _SECTOR_SD)
    return csr_array(
        diags_array((~stated).astype(float)) @ shared_loadings(post.unit_shared, effect_root(post.covariance)) + diags_array(stated.astype(float)) @ design @ diags_array(prior)
    )


def _tables(
    economy: Economy,
    evidence: Evidence,
    post: Posterior,
    taken_as_stated: NDArray[np.bool_],
    shared: csr_array,
    variances: Variances,
    factor: tuple[float, float],
    basis: _Basis,
    names: tuple[str, ...],
) -> tuple[pl.DataFrame, pl.DataFrame]:
    lines = _lines(economy, evidence.bearers)
    series = lines["series"].fill_null(-1).to_numpy()
    known = (series >= 0) & np.isfinite(np.append(evidence.nameplate, np.nan)[series])
    at = np.maximum(series, 0)
    share = lines["share"].fill_null(1.0).to_numpy()
    nameplate = lines["capacity"].fill_null(0.0).to_numpy()
    prior_mean, prior_variance = float(post.effects[0]), float(post.covariance[0, 0]) + variances.unit
    empty = len(post.unit_mean) == 0
    stated = np.append(taken_as_stated, False)[series]
    shift = np.where(stated, 0.0, np.where(known, 0.0 if empty else post.unit_mean[at], prior_mean))
    loadings = csr_array((len(series), len(names))) if empty else csr_array(diags_array(known.astype(float)) @ csr_array(-shared)[at])
    unit_sd = np.zeros(len(series)) if empty else np.where(known, np.where(stated, _UNIT_SD, np.sqrt(post.unit_own[at])), 0.0)
    # Lines of one product in one unit share what is known of their sum; how it splits is known by their nameplates alone.
    own = np.where(known, (1.0 - share) * variances.unit, prior_variance)
    half, ninety = factor
    common = np.asarray(loadings.power(2).sum(axis=1)).ravel() + unit_sd**2
    log_sd, half_sd = ninety * np.sqrt(common + own), half * np.sqrt(common + own)
    positive = nameplate > 0
    median = np.where(positive, nameplate * np.exp(-shift), 0.0)
    wide, narrow = np.exp(Z90 * log_sd), np.exp(np.minimum(Z50 * half_sd, Z90 * log_sd))
    log_mean = np.log(np.where(positive, median, np.nan))

    def where(values: FloatArray) -> pl.Series:
        return pl.Series(np.where(positive, values, np.nan), dtype=pl.Float64).fill_nan(None)

    table = lines.select("line", "unit", "recipe", "region", "product", pl.col("capacity").alias("nameplate")).with_columns(
        median=pl.Series(median),
        lower_50=pl.Series(median / narrow),
        upper_50=pl.Series(median * narrow),
        lower_90=pl.Series(median / wide),
        upper_90=pl.Series(median * wide),
        log_mean=where(log_mean),
        log_sd=where(log_sd),
        own_log_sd=where(ninety * np.sqrt(own)),
        basis=pl.Series(basis[0], dtype=pl.String).gather(pl.Series(np.where(known, np.append(basis[1], 0)[series], 0))),
    )
    series_part = csr_array((unit_sd, (np.arange(len(series)), at)), shape=(len(series), max(len(evidence.series_unit), 1)))
    whole = csr_array(hstack([loadings, series_part]) * ninety)
    whole.eliminate_zeros()
    entries = whole.tocoo()
    row, column = entries.coords
    keep = positive[row]
    row, column, loading = row[keep], column[keep], entries.data[keep]
    keys = [evidence.units.column("unit", evidence.series_unit), evidence.products.column("product", evidence.series_product)]
    labels = pl.concat([pl.Series(names, dtype=pl.String), pl.DataFrame(keys).select(pl.format("capacity|{}|{}", "unit", "product")).to_series()])
    factors = pl.DataFrame(
        [
            table["line"].gather(pl.Series(row.astype(np.int64))),
            labels.gather(pl.Series(column.astype(np.int64))).alias("factor"),
            pl.Series("loading", loading),
        ]
    )
    return table.sort("line"), factors.sort("line", "factor")


def _lines(economy: Economy, bearers: Bearers) -> pl.DataFrame:
    """Give each line with its region, main product, series and its share in the series' nameplate."""
    region = economy.units.unique("unit", keep="first", maintain_order=True).select("unit", "region")
    weight = pl.col("capacity") * pl.col("per_activity")
    outputs = bearers.outputs.filter("active").with_columns(weight.alias("weight")).with_columns(pl.col("weight").cum_sum().last().over("series").alias("sum"))
    shares = outputs.select("line", "series", pl.when(pl.col("sum") > 0).then(pl.col("weight") / pl.col("sum")).otherwise(1.0).alias("share"))
    return bearers.lines.join(region, on="unit", how="left", maintain_order="left").join(shares, on=["line", "series"], how="left", maintain_order="left")
