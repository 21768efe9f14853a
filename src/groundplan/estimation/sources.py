"""Sources that measure the bias of reports: proxies, nameplates and findings, each with its own effects and error."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from groundplan.estimation.claims import CLAIM_BIAS_SD
from groundplan.estimation.design import Layout, Terms
from groundplan.estimation.evidence import Evidence, Grouping
from groundplan.estimation.findings import SHARED_ERROR
from groundplan.estimation.slope import Slope
from groundplan.estimation.volume import Volume
from groundplan.estimation.windows import reports_beside_findings
from groundplan.maths.groups import group_count, group_mean, group_sum

__all__ = ["PRIOR_USE_MEAN", "PRIOR_USE_SD", "Source", "claim_name", "claim_sources", "finding_source", "is_claim", "nameplate_source", "proxy_source"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

PRIOR_USE_MEAN, PRIOR_USE_SD = -0.3, 0.2
"""Prior of log(output / nameplate capacity) in the whole country: three quarters are used, give or take a fifth."""
_BEND_SD = 0.1
"""Scale of the prior of what a proxy's intercepts differ by between classes of size."""
_WINDOW_SD = 0.02
"""Standard deviation of a unit's log bias in the months of a visit against that of all its months."""
_PRODUCT_SD = 1.0
"""Standard deviation of the prior of a product's intercept: wide against a unit's error."""
_MOST_PRODUCTS = 300
"""So many products, the commonest, have effects of their own."""


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """Measurements of one kind: value = loading x bias + own effects + error.

    Args:
        name: finding, nameplate, or the proxy's.
        unit: shape (n,), positions.
        value: shape (n,), in logs.
        loading: how the value moves with the bias, one for all or shape (n,).
        terms: the source's own effects.
        known: shape (n,), known error variance.
        error_sd: scale of the prior of a further error; 0: there is none.
        of_own: the value moves with the unit's own part of the bias alone, what it has in common with others taken off.
    """

    name: str
    unit: IntArray
    value: FloatArray
    loading: float | FloatArray
    terms: Terms
    known: FloatArray
    error_sd: float
    of_own: bool = False


def proxy_source(evidence: Evidence, slope: Slope, volume: Volume, size: Grouping | None, layout: Layout) -> Source:
    """Set a proxy against the reported volume of the whole unit: line(v) - q = elasticity x bias + intercept + error, means over the months that have both.

    The intercept is common + sector + size + main product; what the slopes leave open is an effect on the volume within the product. Without a part by size, use that is no
    straight line in volume would be taken for bias by size.
    """
    made, _ = _common(volume.main[volume.count > 0], len(evidence.products))
    unit = np.flatnonzero((volume.count > 0) & np.isin(volume.main, made))
    name, mean_volume = slope.name, volume.log_volume[unit]
    product, sector = volume.main[unit], evidence.sector.position[unit]
    value = slope.line(sector, product, mean_volume) - volume.log_proxy[unit]
    terms, rows = Terms(), np.arange(len(unit))
    if len(unit):
        terms.add(rows, layout.fixed(f"proxy|{name}", float(np.median(value)), 3.0), 1.0)
        _by_label(terms, layout, rows, f"proxy|{name}|sector=", evidence.sector.labels, sector, 0.5, 2.0)
        if len(made) > 1:
            # The weights are fitted to the same data, so what they say of a product's intercept counts for nothing: its prior is wide.
            first = layout.flat([f"proxy|{name}|product={evidence.products.labels[at]}" for at in made], _PRODUCT_SD)
            terms.add(rows, first + np.searchsorted(made, product), 1.0)
    if size is not None:
        _by_label(terms, layout, rows, f"proxy|{name}|size=", size.labels, size.position[unit], _BEND_SD, 4.0)
    slope.lay_out(layout)
    slope.add_terms(terms, layout.columns(), sector, product, mean_volume)
    return Source(name, unit, value, slope.elasticity(sector), terms, np.zeros(len(unit)), 0.3)


def nameplate_source(evidence: Evidence, level: FloatArray, layout: Layout) -> Source:
    """Set the reported level of each series against its nameplate: r - n = bias + log utilisation of the group + error.

    Products that come from one line (grain and straw) have one nameplate and one utilisation: the main product's counts, once.

    Args:
        evidence: what is known.
        level: shape (S,), mean log report at a yearly rate.
        layout: effects, to which the source adds its own.
    """
    there = np.flatnonzero(np.isfinite(evidence.nameplate) & np.isfinite(level) & ~evidence.by_product)
    unit, product = evidence.series_unit[there], evidence.series_product[there]
    terms, rows = Terms(), np.arange(len(there))
    # The effects are there even where no reported series has a nameplate: units that do not report are judged by them.
    terms.add(rows, layout.fixed("nameplate", PRIOR_USE_MEAN, PRIOR_USE_SD), 1.0)
    _by_label(terms, layout, rows, "nameplate|sector=", evidence.sector.labels, evidence.sector.position[unit], 0.08, 4.0)
    made, inside = _common(product, len(evidence.products))
    _by_label(terms, layout, rows[inside], "nameplate|product=", tuple(evidence.products.labels[at] for at in made), np.searchsorted(made, product[inside]), 0.05, 5.0)
    return Source("nameplate", unit, level[there] - evidence.nameplate[there], 1.0, terms, np.zeros(len(there)), 0.2)


def finding_source(evidence: Evidence, log_report: FloatArray, noise: float) -> Source:
    """Take, of each inspected unit, the mean of log(report / found) over its findings as one measurement of its bias.

    Part of a method's error is shared by a visit's findings of a product and does not average out; a single report's noise does.
    """
    found = evidence.findings
    report, months = reports_beside_findings(evidence, log_report)
    usable = np.isfinite(report)
    series, units = found.series[usable], len(evidence.units)
    unit = evidence.series_unit[series]
    number = group_count(unit, units)
    inspected = np.flatnonzero(number)
    count = number[inspected]
    pairs = group_count(evidence.series_unit[np.unique(series)], units)[inspected]
    variance = group_mean(unit, found.variance[usable], units)[inspected]
    # The noise of single reports averages out within a finding of several.
    single = group_mean(unit, 1.0 / months[usable], units)[inspected]
    known = SHARED_ERROR * variance / np.maximum(pairs, 1) + ((1 - SHARED_ERROR) * variance + noise * single) / count + _WINDOW_SD**2
    value = group_sum(unit, report[usable] - found.log_rate[usable], units)[inspected] / count
    return Source("finding", inspected, value, 1.0, Terms(), known, 0.0)


def claim_sources(evidence: Evidence, log_report: FloatArray, noise: float, layout: Layout) -> list[Source]:
    """Take, of each unit and grade, the mean of log(report / claimed) over its claims as one measurement of its bias: r - m = bias - bias of the grade + error.

    A grade's claims of one unit come from the same people, so their error does not average out over them; how large it is on the whole, and what all of a grade
    have too much or too little, inspections show.
    """
    claims = evidence.claims
    report, months = reports_beside_findings(evidence, log_report, claims.said)
    usable = np.isfinite(report)
    unit, grade = evidence.series_unit[claims.said.series[usable]], claims.grade[usable]
    sources = []
    for at in np.unique(grade).tolist():
        mine = grade == at
        number = group_count(unit[mine], len(evidence.units))
        of = np.flatnonzero(number)
        single = group_mean(unit[mine], claims.said.variance[usable][mine] + noise / months[usable][mine], len(evidence.units))[of]
        value = group_mean(unit[mine], (report - claims.said.log_rate)[usable][mine], len(evidence.units))[of]
        terms = Terms()
        terms.add(np.arange(len(of)), layout.fixed(f"claim|{claims.grades[at]}", 0.0, CLAIM_BIAS_SD), 1.0)
        sources.append(Source(claim_name(claims.grades[at]), of, value, 1.0, terms, single / number[of] + _WINDOW_SD**2, float(claims.errors[at])))
    return sources


def claim_name(grade: str) -> str:
    """Name the source that claims of a grade are."""
    return f"claims {grade}"


def is_claim(source: str) -> bool:
    """Say whether a source is what people on the ground say."""
    return source.startswith("claims ")


def _by_label(terms: Terms, layout: Layout, rows: IntArray, prefix: str, labels: tuple[str, ...], position: IntArray, sd: float, counts: float) -> None:
    """Add a random effect of a partition that has more than one class."""
    if len(labels) > 1:
        terms.add(rows, layout.random([prefix + label for label in labels], sd, counts) + position, 1.0)


def _common(product: IntArray, products: int) -> tuple[IntArray, NDArray[np.bool_]]:
    """Give the commonest products, sorted, and which rows have one of them."""
    number = np.bincount(product[product >= 0], minlength=products)
    best = np.argsort(-number, kind="stable")[:_MOST_PRODUCTS]
    made = np.sort(best[number[best] > 0])
    return made, np.isin(product, made)
