"""How far each unit's reports lie from the truth on the whole: reports, proxies, nameplates and findings taken together."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, vstack

from groundplan.estimation.design import Layout, Terms
from groundplan.estimation.evidence import Evidence, Grouping
from groundplan.estimation.findings import SHARED_ERROR
from groundplan.estimation.volume import unit_volume
from groundplan.maths.mixed import Measurements, Posterior, Variances, fit_variances, solve

__all__ = ["Level", "fit_level"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

_PRIOR_BIAS_SD = 0.3
_PRIOR_USE_MEAN, _PRIOR_USE_SD = -0.3, 0.2
"""Prior of log(output / nameplate capacity) for the whole country: three quarters are used, give or take a fifth."""
_WINDOW_SD = 0.02
"""Standard deviation of a unit's log bias in the months of a visit against that of all its months."""
_SAMPLE = 4000
_MOST_PRODUCTS = 300


@dataclass(frozen=True, slots=True, eq=False)
class Level:
    """The lasting part of reports' errors.

    Args:
        data, variances, posterior: the mixed model; its unit effect u_i is the log bias of unit i.
        names: of the model's effects.
        mean_report: shape (S,), mean log report of each series over its usable months; NaN where there is none.
        rows: name of a kind of measurement -> its rows in `data`.
        elasticity: indicator -> elasticity to output between units.
        rounds: iterations of the variances.
    """

    data: Measurements
    variances: Variances
    posterior: Posterior
    names: tuple[str, ...]
    mean_report: FloatArray
    rows: dict[str, IntArray]
    elasticity: dict[str, float]
    rounds: int


@dataclass(frozen=True, slots=True, eq=False)
class _Source:
    """Measurements of one kind: value = loading x bias + own effects + error."""

    name: str
    unit: IntArray
    value: FloatArray
    loading: float
    terms: Terms
    known: FloatArray
    error_sd: float
    error_counts: float


def fit_level(evidence: Evidence, log_report: FloatArray, report_variance: float) -> Level:
    """Estimate each unit's lasting log bias.

    Args:
        evidence: what is known.
        log_report: shape (S, T), log of the usable reports, NaN elsewhere.
        report_variance: variance of the log error of a single report around the unit's lasting bias.
    """
    units = len(evidence.units)
    mean_report = _row_means(log_report)
    elasticity = dict.fromkeys(evidence.proxies, 1.0)
    fitted: Level | None = None
    # Elasticities enter as loadings, so they are found in turns; two are enough, for they move little.
    for _ in range(3 if evidence.proxies else 1):
        layout, unit_terms = _bias_effects(evidence)
        sources = [_proxy_source(evidence, name, log_report, elasticity[name], layout) for name in evidence.proxies]
        sources += [_nameplate_source(evidence, mean_report, layout), _finding_source(evidence, log_report, report_variance)]
        fitted = _fit(sources, layout, unit_terms, units, mean_report, elasticity, None if fitted is None else fitted.variances)
        moved = {name: _slope(fitted, name) for name in evidence.proxies}
        elasticity = {name: float(np.clip(elasticity[name] + moved[name], 0.2, 1.8)) for name in evidence.proxies}
    assert fitted is not None
    return fitted


def _bias_effects(evidence: Evidence) -> tuple[Layout, csr_array]:
    layout, terms, rows = Layout(), Terms(), np.arange(len(evidence.units))
    terms.add(rows, layout.fixed("bias|common", 0.0, _PRIOR_BIAS_SD), 1.0)
    for name, grouping, sd, counts in (("kind", evidence.kind, 0.1, 2.0), ("sector", evidence.sector, 0.1, 3.0), ("region", evidence.region, 0.05, 3.0)):
        if len(grouping.labels) > 1:
            terms.add(rows, layout.random([f"bias|{name}={label}" for label in grouping.labels], sd, counts) + grouping.position, 1.0)
    if len(evidence.kind.labels) > 1 and len(evidence.sector.labels) > 1:
        both = _cross(evidence.sector, evidence.kind)
        terms.add(rows, layout.random([f"bias|{label}" for label in both.labels], 0.05, 5.0) + both.position, 1.0)
    gap = _centred_gap(evidence)
    if gap.any():
        terms.add(rows, layout.fixed("bias|target", 0.0, 0.5), gap)
    return layout, terms.matrix((len(evidence.units), len(layout.names)))


def _cross(sector: Grouping, kind: Grouping) -> Grouping:
    code, position = np.unique(sector.position * len(kind.labels) + kind.position, return_inverse=True)
    labels = tuple(f"sector={sector.labels[at // len(kind.labels)]}, kind={kind.labels[at % len(kind.labels)]}" for at in code)
    return Grouping(labels, position.astype(np.int64))


def _centred_gap(evidence: Evidence) -> FloatArray:
    """Log of reported to targeted output against the sector's mean, at most 0.7 either way; zero where there is no target."""
    gap, sector = evidence.target_gap, evidence.sector.position
    there = np.isfinite(gap)
    filled = np.where(there, gap, 0.0)
    number = np.bincount(sector, there, len(evidence.sector.labels))
    mean = np.bincount(sector, filled, len(evidence.sector.labels)) / np.maximum(number, 1)
    return np.where(there, np.clip(filled - mean[sector], -0.7, 0.7), 0.0)


def _proxy_source(evidence: Evidence, name: str, log_report: FloatArray, elasticity: float, layout: Layout) -> _Source:
    values = evidence.proxies[name]
    volume, main = unit_volume(evidence, log_report, values)
    there = np.isfinite(volume) & np.isfinite(values)
    unit = np.flatnonzero(there.any(axis=1))
    count = there.sum(axis=1)[unit]
    mean_volume = np.where(there, volume, 0.0).sum(axis=1)[unit] / count
    mean_value = np.where(there, values, 0.0).sum(axis=1)[unit] / count
    sector, product = evidence.sector.position[unit], main[unit]
    value = elasticity * mean_volume - mean_value
    centre = float(np.median(value)) if len(value) else 0.0
    terms, rows = Terms(), np.arange(len(unit))
    terms.add(rows, layout.fixed(f"proxy|{name}", centre, 3.0), 1.0)
    if len(evidence.sector.labels) > 1:
        terms.add(rows, layout.random([f"proxy|{name}|sector={label}" for label in evidence.sector.labels], 0.5, 2.0) + sector, 1.0)
    made = np.unique(product)
    if 1 < len(made) <= _MOST_PRODUCTS:
        names = [f"proxy|{name}|product={evidence.products.labels[at]}" for at in made]
        terms.add(rows, layout.random(names, 1.0, 1.0) + np.searchsorted(made, product), 1.0)
    # The slope is measured within products (measures differ), so levels do not lean on it.
    number = np.bincount(product, minlength=len(evidence.products))
    mean = np.bincount(product, mean_volume, len(evidence.products)) / np.maximum(number, 1)
    within = mean_volume - mean[product]
    terms.add(rows, layout.fixed(f"proxy|{name}|elasticity", 0.0, 0.3), -within)
    return _Source(name, unit, value, elasticity, terms, np.zeros(len(unit)), 0.3, 4.0)


def _nameplate_source(evidence: Evidence, mean_report: FloatArray, layout: Layout) -> _Source:
    there = np.flatnonzero(np.isfinite(evidence.nameplate) & np.isfinite(mean_report))
    unit, product = evidence.series_unit[there], evidence.series_product[there]
    rate = np.log(np.median(evidence.per_year))
    value = mean_report[there] + rate - evidence.nameplate[there]
    terms, rows = Terms(), np.arange(len(there))
    if len(there):
        terms.add(rows, layout.fixed("nameplate", _PRIOR_USE_MEAN, _PRIOR_USE_SD), 1.0)
        if len(evidence.sector.labels) > 1:
            sector = evidence.sector.position[unit]
            terms.add(rows, layout.random([f"nameplate|sector={label}" for label in evidence.sector.labels], 0.08, 4.0) + sector, 1.0)
        made = np.unique(product)
        if 1 < len(made) <= _MOST_PRODUCTS:
            names = [f"nameplate|product={evidence.products.labels[at]}" for at in made]
            terms.add(rows, layout.random(names, 0.05, 5.0) + np.searchsorted(made, product), 1.0)
    return _Source("nameplate", unit, value, 1.0, terms, np.zeros(len(there)), 0.2, 4.0)


def _finding_source(evidence: Evidence, log_report: FloatArray, report_variance: float) -> _Source:
    """One measurement an inspected unit: the mean of log(report / found) over its findings."""
    found = evidence.findings
    usable = (found.period >= 0) & (found.value > 0)
    report = np.where(usable, log_report[found.series, np.maximum(found.period, 0)], np.nan)
    usable &= np.isfinite(report)
    series, units = found.series[usable], len(evidence.units)
    unit = evidence.series_unit[series]
    gap = report[usable] - np.log(found.value[usable])
    number = np.bincount(unit, minlength=units)
    inspected = np.flatnonzero(number)
    count = number[inspected]
    pairs = np.bincount(evidence.series_unit[np.unique(series)], minlength=units)[inspected]
    variance = np.bincount(unit, found.variance[usable], units)[inspected] / count
    known = SHARED_ERROR * variance / np.maximum(pairs, 1) + ((1 - SHARED_ERROR) * variance + report_variance) / count + _WINDOW_SD**2
    return _Source("finding", inspected, np.bincount(unit, gap, units)[inspected] / count, 1.0, Terms(), known, 0.0, 0.0)


def _fit(sources: list[_Source], layout: Layout, unit_terms: csr_array, units: int, mean_report: FloatArray, elasticity: dict[str, float], begin: Variances | None) -> Level:
    width = len(layout.names)
    unit_design = csr_array((unit_terms.data, unit_terms.indices, unit_terms.indptr), shape=(units, width))
    sources = [source for source in sources if len(source.unit)]
    unit = np.concatenate([source.unit for source in sources]) if sources else np.zeros(0, np.int64)
    free = [source for source in sources if source.error_sd > 0]
    component = [np.full(len(source.unit), free.index(source) if source.error_sd > 0 else -1) for source in sources]
    design = [csr_array(source.terms.matrix((len(source.unit), width)) + source.loading * unit_design[source.unit]) for source in sources]
    data = Measurements(
        unit=unit,
        value=np.concatenate([source.value for source in sources]) if sources else np.zeros(0),
        loading=np.concatenate([np.full(len(source.unit), source.loading) for source in sources]) if sources else np.zeros(0),
        design=csr_array(vstack(design)) if sources else csr_array((0, width)),
        component=np.concatenate(component) if sources else np.zeros(0, np.int64),
        known=np.concatenate([source.known for source in sources]) if sources else np.zeros(0),
        unit_design=unit_design,
        block=np.array(layout.block, np.int64),
        mean=np.array(layout.mean),
        wide=np.array(layout.wide),
    )
    start = Variances(0.15**2, np.array([source.error_sd**2 for source in free]), np.array(layout.start))
    counts = Variances(4.0, np.array([source.error_counts for source in free]), np.array(layout.counts))
    ends = np.cumsum([len(source.unit) for source in sources])
    rows = {source.name: np.arange(end - len(source.unit), end) for source, end in zip(sources, ends, strict=True)}
    variances, rounds = fit_variances(_sample(data, rows.get("finding")), start, counts=counts, begin=begin)
    return Level(data, variances, solve(data, variances), tuple(layout.names), mean_report, rows, elasticity, rounds)


def _sample(data: Measurements, findings: IntArray | None) -> Measurements:
    """Keep all inspected units and an even selection of the others for the variances, which need no more."""
    units = data.unit_design.shape[0]
    if units <= _SAMPLE:
        return data
    keep = np.zeros(units, bool)
    keep[np.linspace(0, units - 1, _SAMPLE).astype(np.int64)] = True
    if findings is not None:
        keep[data.unit[findings]] = True
    place = np.cumsum(keep) - 1
    rows = np.flatnonzero(keep[data.unit])
    return replace(
        data,
        unit=place[data.unit[rows]],
        value=data.value[rows],
        loading=data.loading[rows],
        design=csr_array(data.design[rows]),
        component=data.component[rows],
        known=data.known[rows],
        unit_design=csr_array(data.unit_design[np.flatnonzero(keep)]),
    )


def _slope(fitted: Level, name: str) -> float:
    return float(fitted.posterior.effects[fitted.names.index(f"proxy|{name}|elasticity")])


def _row_means(values: FloatArray) -> FloatArray:
    there = np.isfinite(values)
    number = there.sum(axis=1)
    return np.where(number > 0, np.where(there, values, 0.0).sum(axis=1) / np.maximum(number, 1), np.nan)
