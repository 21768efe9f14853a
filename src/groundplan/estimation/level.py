"""How far each unit's reports lie from the truth on the whole: reports, proxies, nameplates, targets and findings taken together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, diags_array, vstack

from groundplan.estimation.design import Layout, Terms
from groundplan.estimation.evidence import Evidence, Grouping
from groundplan.estimation.pattern import Pattern
from groundplan.estimation.sizes import SIZE, size_classes, size_source
from groundplan.estimation.slope import Slope, begin_slope
from groundplan.estimation.sources import Source, claim_sources, finding_source, nameplate_source, proxy_source
from groundplan.estimation.steering import chosen_look_honest
from groundplan.estimation.volume import Volume, unit_volumes
from groundplan.maths.measurements import Measurements, Variances, keep_units
from groundplan.maths.mixed import Posterior, lay_out, solve
from groundplan.maths.outliers import temper
from groundplan.maths.reml import fit_variances

__all__ = ["PRIOR_BIAS_SD", "Level", "fit_level", "sample_units"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

PRIOR_BIAS_SD = 0.3
"""Standard deviation of the prior of the country's mean log bias, around none."""
_CHOSEN_SD = 0.15
"""Standard deviation of the prior of a difference between units that were chosen for a visit and the others, where they look more honest."""
_STAND_SD = 0.5
"""Standard deviation of the prior of what a unit's stand to its target says of its bias, around nothing: learned, of either sign."""
_SIZE_SD, _SIZE_COUNTS = 0.03, 4.0
"""Scale and degrees of freedom of the prior of differences of bias between large and small units."""
_SHARED_SD = 0.2
"""Scale of the prior of what proxies of a unit have in common that is not output: a plant that makes more with its people does so with its electricity."""
_SAMPLE = 2000
_TURNS = 2
_NEAR, _ROUGH = 1e-3, 2e-2
"""Largest change of a variance in a step at which its search ends: the last, and those before, which serve the elasticities."""


@dataclass(frozen=True, slots=True, eq=False)
class Level:
    """The lasting part of reports' errors.

    Args:
        data, variances, posterior: the mixed model; its unit effect u_i is the log bias of unit i.
        names: of the model's effects.
        rows: name of a source -> its rows in `data`.
        slope: indicator -> how it goes along with output between units.
        weight: indicator -> shape (P,), weights with which products add up to volumes that go along with it.
        odd: names of sources and how many of their measurements are gross outliers, set aside in all but name.
        steered: units that were chosen for a visit look less biased than others, so a difference between them is allowed for.
        moved: largest relative change of a variance in the last step of their search.
    """

    data: Measurements
    variances: Variances
    posterior: Posterior
    names: tuple[str, ...]
    rows: dict[str, IntArray]
    slope: dict[str, Slope]
    weight: dict[str, FloatArray]
    odd: dict[str, int]
    steered: bool
    moved: float

    def columns(self) -> dict[str, int]:
        """Give the column of each effect."""
        return {name: at for at, name in enumerate(self.names)}

    def error(self, source: str) -> float:
        """Give the error variance of a source's measurements beside what is known of it."""
        return float(self.variances.error[[name for name in self.rows if name != "finding"].index(source)])


def fit_level(evidence: Evidence, log_report: FloatArray, pattern: Pattern, stand: dict[str, FloatArray], noise: float) -> Level:
    """Estimate each unit's lasting log bias.

    Args:
        evidence: what is known.
        log_report: shape (S, T), log of the usable reports, NaN elsewhere.
        pattern: levels of the reports.
        stand: measure -> shape (U,), how reports stand to targets; 0 where there is no target.
        noise: variance of the log error of a single report around the unit's lasting bias.
    """
    volumes = unit_volumes(evidence, log_report)
    found = _fit(evidence, log_report, pattern, volumes, stand, noise, np.zeros(0, np.int64))
    chosen = _chosen(evidence)
    if not chosen_look_honest(found.data, found.variances, found.posterior, found.rows["finding"], chosen):
        return found
    return _fit(evidence, log_report, pattern, volumes, stand, noise, np.flatnonzero(chosen))


def _chosen(evidence: Evidence) -> BoolArray:
    """Say which units were visited, and on no visit that was drawn at random; shape (U,)."""
    unit, found = evidence.series_unit[evidence.findings.series], np.zeros(len(evidence.units), bool)
    found[unit] = True
    found[unit[evidence.findings.by_lot]] = False
    return found


def _fit(
    evidence: Evidence, log_report: FloatArray, pattern: Pattern, volumes: dict[str, tuple[Volume, FloatArray]], stand: dict[str, FloatArray], noise: float, apart: IntArray
) -> Level:
    slope, sizes = {name: begin_slope(evidence, name, volumes[name][0]) for name in evidence.proxies}, size_source(evidence, pattern.level)
    classes = size_classes(evidence, pattern.level)
    begin: Variances | None = None
    # Elasticities enter as loadings, so they and the variances are found in turns; they move little after the first.
    turns = _TURNS if evidence.proxies else 0
    for turn in range(turns + 1):
        found = finding_source(evidence, log_report, noise)
        layout, unit_design = _bias_effects(evidence, stand, classes, apart)
        sources = [proxy_source(evidence, slope[name], volumes[name][0], classes, layout) for name in evidence.proxies]
        sources += [nameplate_source(evidence, pattern.level, layout), *claim_sources(evidence, log_report, noise, layout), sizes, found]
        data, start, counts, rows = _assemble(sources, layout, unit_design, apart, tuple(evidence.proxies))
        sample, aside = sample_units(data), list(rows).index(SIZE)
        begin, fitted, odd, moved = _robust_variances(sample, start, counts, begin, aside, tolerance=_NEAR if turn == turns else _ROUGH)
        if turn == turns:
            break
        post = solve(fitted, begin)
        slope = {name: each.corrected(layout.columns(), post.effects) for name, each in slope.items()}
    assert begin is not None
    # All units may hold outliers that the sample does not.
    layout_of_all = lay_out(data)
    whole, odd = (fitted, odd) if sample is data else temper(data, begin, solve(data, begin, layout_of_all), aside)
    post = solve(whole, begin, layout_of_all)
    counted = {name: int(odd[at].sum()) for name, at in rows.items() if odd[at].any()}
    weight = {name: weights for name, (_, weights) in volumes.items()}
    return Level(whole, begin, post, tuple(layout.names), rows, slope, weight, counted, len(apart) > 0, moved)


def _robust_variances(
    data: Measurements, start: Variances, counts: Variances, begin: Variances | None, aside: int, *, tolerance: float
) -> tuple[Variances, Measurements, BoolArray, float]:
    """Fit the variances, gross outliers tempered in turns: variances, tempered measurements, which were set aside, and by how much variances moved in the end."""
    variances, moved = fit_variances(data, start, counts=counts, begin=begin, tolerance=tolerance)
    tempered, odd = temper(data, variances, solve(data, variances), aside)
    for _ in range(3):
        if not odd.any() and (tempered.unit_scale == 1.0).all():
            break
        variances, moved = fit_variances(tempered, start, counts=counts, begin=variances, tolerance=tolerance)
        before = odd
        tempered, odd = temper(data, variances, solve(tempered, variances), aside)
        if (odd == before).all():
            break
    return variances, tempered, odd, moved


def _bias_effects(evidence: Evidence, stand: dict[str, FloatArray], size: Grouping | None, apart: IntArray) -> tuple[Layout, csr_array]:
    """Lay out the effects on units' biases; those of the units `apart` differ from the others' by one more."""
    layout, terms, rows = Layout(), Terms(), np.arange(len(evidence.units))
    terms.add(rows, layout.fixed("bias|common", 0.0, PRIOR_BIAS_SD), 1.0)
    for name, grouping, sd, counts in (("kind", evidence.kind, 0.1, 2.0), ("sector", evidence.sector, 0.1, 3.0), ("region", evidence.region, 0.05, 3.0)):
        if len(grouping.labels) > 1:
            terms.add(rows, layout.random([f"bias|{name}={label}" for label in grouping.labels], sd, counts) + grouping.position, 1.0)
    if len(evidence.kind.labels) > 1 and len(evidence.sector.labels) > 1:
        both = _cross(evidence.sector, evidence.kind)
        terms.add(rows, layout.random([f"bias|{label}" for label in both.labels], 0.05, 5.0) + both.position, 1.0)
    if size is not None:
        shown = np.flatnonzero(size.position >= 0)
        terms.add(shown, layout.random([f"bias|size={label}" for label in size.labels], _SIZE_SD, _SIZE_COUNTS) + size.position[shown], 1.0)
    if len(apart):
        terms.add(apart, layout.fixed("bias|chosen", 0.0, _CHOSEN_SD), 1.0)
    for name, values in stand.items():
        if values.any():
            terms.add(rows, layout.fixed(f"bias|{name}", 0.0, _STAND_SD), values)
    return layout, terms.matrix((len(evidence.units), len(layout.names)))


def _cross(sector: Grouping, kind: Grouping) -> Grouping:
    code, position = np.unique(sector.position * len(kind.labels) + kind.position, return_inverse=True)
    labels = tuple(f"sector={sector.labels[at // len(kind.labels)]}, kind={kind.labels[at % len(kind.labels)]}" for at in code)
    return Grouping(labels, position.astype(np.int64))


def _assemble(
    sources: list[Source], layout: Layout, design: csr_array, apart: IntArray, proxies: tuple[str, ...]
) -> tuple[Measurements, Variances, Variances, dict[str, IntArray]]:
    width, units = len(layout.names), design.shape[0]
    unit_design = csr_array((design.data, design.indices, design.indptr), shape=(units, width))
    free = [source.name for source in sources if source.error_sd > 0]
    loadings = [np.broadcast_to(np.asarray(source.loading, np.float64), source.unit.shape) for source in sources]
    moved = [csr_array((0 if source.of_own else 1) * diags_array(loading) @ unit_design[source.unit]) for source, loading in zip(sources, loadings, strict=True)]
    parts = [csr_array(source.terms.matrix((len(source.unit), width)) + part) for source, part in zip(sources, moved, strict=True)]
    sizes = [len(source.unit) for source in sources]
    data = Measurements(
        unit=np.concatenate([source.unit for source in sources]),
        value=np.concatenate([source.value for source in sources]),
        loading=np.concatenate(loadings),
        design=csr_array(vstack(parts)),
        component=np.repeat([free.index(source.name) if source.error_sd > 0 else -1 for source in sources], sizes),
        known=np.concatenate([source.known for source in sources]),
        unit_design=unit_design,
        unit_scale=np.ones(units),
        block=np.array(layout.block, np.int64),
        mean=np.array(layout.mean),
        wide=np.array(layout.wide),
        common=np.concatenate([loading * (source.name in proxies) for source, loading in zip(sources, loadings, strict=True)]) if len(proxies) > 1 else None,
        apart=np.isin(np.arange(units), apart) if len(apart) else None,
    )
    shared = _SHARED_SD**2 if len(proxies) > 1 else 0.0
    start = Variances(0.15**2, np.array([source.error_sd**2 for source in sources if source.error_sd > 0]), np.array(layout.start), shared, 0.15**2 if len(apart) else 0.0)
    counts = Variances(4.0, np.full(len(free), 4.0), np.array(layout.counts), 4.0, 4.0)
    ends = np.cumsum(sizes)
    rows = {source.name: np.arange(end - size, end) for source, size, end in zip(sources, sizes, ends, strict=True)}
    return data, start, counts, rows


def sample_units(data: Measurements) -> Measurements:
    """Keep all inspected units and an even selection of the others for the variances, which need no more."""
    units = data.unit_design.shape[0]
    if units <= _SAMPLE:
        return data
    keep = np.zeros(units, bool)
    keep[np.linspace(0, units - 1, _SAMPLE).astype(np.int64)] = True
    trusted = np.unique(data.unit[data.component < 0])
    # Of very many inspected units an even selection will do too.
    keep[trusted[:: max(1, len(trusted) // _SAMPLE)]] = True
    rows = np.flatnonzero(keep[data.unit])
    return keep_units(data, np.flatnonzero(keep), rows, (np.cumsum(keep) - 1)[data.unit[rows]])
