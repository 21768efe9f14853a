"""Totals that rest on visits drawn by lot alone: by inclusion probabilities, with and without the model's predictions, beside the model's own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.stats import t as student

from groundplan.estimation.design_sample import Sample
from groundplan.estimation.evidence import Evidence
from groundplan.maths.groups import group_sum
from groundplan.maths.lognormal import Z90, lognormal_mean
from groundplan.maths.multiple import holm
from groundplan.outcome import Note
from groundplan.period import parse_period
from groundplan.tables.results import DesignTotals

__all__ = ["design_notes", "design_totals", "hajek_variance"]

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

_LEAST_OF_SECTOR = 10
"""Sectors in which fewer makers were drawn and measured get no total of their own."""
_LEAST_TESTED = 5
"""With fewer, the design's variance is itself a guess, and no disagreement is claimed."""
_ERROR = 0.05


@dataclass(frozen=True, slots=True, eq=False)
class _Cell:
    """The makers of a product that were visited or drawn, k of them, in a plan period: what was found, predicted without the visit, and modelled."""

    found: FloatArray
    predicted: FloatArray
    modelled: FloatArray
    at: NDArray[np.int64]


def hajek_variance(values: FloatArray, probability: FloatArray, others: FloatArray) -> float:
    """Estimate the design variance of sum values / probability, for draws of a fixed number of units with unequal probabilities.

    Args:
        values: shape (k,), of the units drawn for which it is not zero by definition.
        probability: shape (k,), their inclusion probabilities; units drawn with certainty add nothing.
        others: shape (m,), inclusion probabilities of the units drawn that have no part in the sum: their value is zero.

    Returns:
        The variance; NaN with fewer than two units that were not certain.

    Source:
        Hajek (1964), Annals of Mathematical Statistics 35, in the form of Deville (1999): n / (n - 1) sum (1 - pi) (e / pi - A)^2.
    """
    value = np.concatenate([values / probability, np.zeros(len(others))])
    room = 1.0 - np.concatenate([probability, others])
    number = int((room > 0).sum())
    if number < 2:
        return float("nan")
    middle = float((room * value).sum() / room.sum())
    return float(number / (number - 1) * (room * (value - middle) ** 2).sum())


def design_totals(evidence: Evidence, sample: Sample, totals: pl.DataFrame) -> pl.DataFrame:
    """Estimate totals from the visits drawn by lot: the result table `design_totals`.

    Args:
        evidence: what is known.
        sample: units visited or drawn.
        totals: the model's totals, before balances.
    """
    empty = DesignTotals.create_empty()
    if not np.isfinite(sample.probability).any() or totals.is_empty():
        return empty
    rows = [row for level, key, model in _wanted(evidence, sample, totals) for row in _cell_rows(evidence, sample, level, key, model)]
    if not rows:
        return empty
    table = pl.DataFrame(rows, schema=dict(empty.schema))
    parts = []
    for _, part in table.group_by("level", maintain_order=True):
        p_values = part["p_value"].to_numpy().copy()
        tested = np.isfinite(p_values)
        p_values[tested] = holm(p_values[tested])
        parts.append(part.with_columns(p_value=pl.Series(p_values).fill_nan(None)))
    return pl.concat(parts).sort("level", "key", "product", "period", "estimator")


@cache
def _student_95(freedom: int) -> float:
    return float(student.ppf(0.95, freedom))


def design_notes(evidence: Evidence, sample: Sample, table: pl.DataFrame) -> tuple[Note, ...]:
    """Say where the model's totals and those of the visits by lot disagree, and what is odd about the draw."""
    notes = []
    drawn = np.isfinite(sample.probability)
    if not drawn.any():
        return ()
    number, weight, units = int(drawn.sum()), float((1.0 / sample.probability[drawn]).sum()), len(evidence.units)
    if number >= _LEAST_OF_SECTOR and not 0.5 <= weight / units <= 2.0:
        notes.append(
            Note(
                "estimate", "warning", "visits",
                f"The {number} units drawn by lot stand for {weight:,.0f} by their inclusion probabilities, but there are {units:,}: either only a part of the country could be "
                "drawn, or the column inclusion_probability is not that of the draw. Totals by design are off by as much; the ratio of Hajek is not.",
            )
        )  # fmt: skip
    if sample.unmeasured:
        notes.append(
            Note(
                "estimate", "info", "visits",
                f"At {sample.unmeasured} of {number + sample.missed} units drawn by lot no output was measured: the others stand for them in totals by design, which "
                "is right only if they were missed by chance.",
            )
        )  # fmt: skip
    if table.is_empty():
        notes.append(Note("estimate", "info", "design_totals", f"{number} units were visited by lot, too few of any one product for totals that rest on them alone."))
    off = table.filter((pl.col("p_value") < _ERROR) & (pl.col("level") == "total")).sort("p_value", maintain_order=True)
    for row in off.head(5).iter_rows(named=True):
        more = "more" if row["difference"] > 0 else "less"
        notes.append(
            Note(
                "estimate", "alert", "design_totals",
                f"Visits drawn by lot say that {abs(row['difference']) / row['model_total']:.0%} {more} {row['product']} was made in {row['period']} than the model says "
                f"({row['total']:,.4g} against {row['model_total']:,.4g}), further apart than chance allows: trust the model's total of it no further than that.",
            )
        )  # fmt: skip
    return tuple(notes)


def _wanted(evidence: Evidence, sample: Sample, totals: pl.DataFrame) -> Iterator[tuple[str, str, pl.DataFrame]]:
    """Give level, key and the model's totals of the products that enough units drawn by lot make."""
    measured = np.isfinite(sample.probability[sample.unit]) & np.isfinite(sample.ratio)
    product, sector = evidence.series_product[sample.series][measured], evidence.sector.position[sample.unit][measured]
    counts = pl.DataFrame(
        {
            "key": pl.Series(evidence.sector.labels, dtype=pl.String).gather(pl.Series(sector)),
            "product": evidence.products.column("product", product),
        }
    )
    whole = counts.group_by("product").len()
    parts = counts.group_by("key", "product").len().filter(pl.col("len") >= _LEAST_OF_SECTOR)
    total = totals.filter(pl.col("level") == "total").join(whole, on="product", how="semi")
    yield from (("total", "all", part) for _, part in total.group_by("product", maintain_order=True))
    by_sector = totals.filter(pl.col("level") == "sector").join(parts, on=["key", "product"], how="semi")
    yield from (("sector", str(key), part) for (key, _), part in by_sector.group_by("key", "product", maintain_order=True))


def _cell_rows(evidence: Evidence, sample: Sample, level: str, key: str, model: pl.DataFrame) -> Iterator[dict[str, object]]:
    product = evidence.products.positions(model["product"][:1])[0]
    inside = evidence.series_product[sample.series] == product
    if level == "sector":
        inside &= evidence.sector.position[sample.unit] == evidence.sector.labels.index(key)
    series = np.flatnonzero(inside)
    place = np.full(len(sample.series), -1)
    place[series] = np.arange(len(series))
    row = np.flatnonzero(place[sample.row_series] >= 0)
    for total in model.iter_rows(named=True):
        around = parse_period(total["period"])
        columns = np.array([around.contains(parse_period(label)) for label in evidence.periods])
        used = row[columns[sample.row_period[row]]]
        at, there = place[sample.row_series[used]], np.unique(place[sample.row_series[used]])
        sums = [group_sum(at, part[used], len(series))[there] for part in (sample.row_found, sample.row_predicted, sample.row_modelled)]
        yield from _estimators(sample, _Cell(sums[0], sums[1], sums[2], series[there]), {"level": level, "key": key, **total})


def _estimators(sample: Sample, cell: _Cell, total: dict[str, object]) -> Iterator[dict[str, object]]:
    """Give the three estimates of a total; none where nobody was drawn but with certainty, while others make the product too."""
    unit = sample.unit[cell.at]
    probability = sample.probability[unit]
    drawn = np.isfinite(probability)
    used = drawn & np.isfinite(cell.found)
    certain = used & (probability >= 1.0)
    loose, makers = int((used & ~certain).sum()), int(str(total["units"]))
    if not used.any() or (loose == 0 and certain.sum() < makers):
        return
    chance, found = probability[used], cell.found[used]
    # Makers drawn at whom the product was not measured: the measured stand for them.
    scale = float((1.0 / probability[drawn & ~(probability >= 1.0)]).sum() / max((1.0 / chance[chance < 1.0]).sum(), 1e-300)) if loose else 1.0
    weight = np.where(chance < 1.0, scale, 1.0) / chance
    everyone = np.isfinite(sample.probability)
    everyone[unit] = False
    others = sample.probability[everyone]
    median, upper = float(str(total["median"])), float(str(total["upper_90"]))
    model = float(lognormal_mean(np.array(median), np.array(np.log(upper / median) / Z90))) if median > 0 else 0.0
    noise = np.nan_to_num(sample.noise[unit[used]])
    measuring = float((weight * found**2 * noise).sum())
    mean = float((weight * found).sum() / weight.sum())
    gap = found - cell.predicted[used]
    figures = {
        "horvitz_thompson": (float((weight * found).sum()), found),
        "hajek": (makers * mean, (found - mean) * makers / weight.sum()),
        "difference": (model + float((cell.predicted - cell.modelled).sum() + (weight * gap).sum()), gap),
    }
    shown = {name: total[name] for name in ("level", "key", "product", "period", "units")}
    shown |= {"drawn_units": int(used.sum()), "certain_units": int(certain.sum()), "model_total": model, "model_lower_90": total["lower_90"], "model_upper_90": total["upper_90"]}
    freedom = loose - 1
    for name, (value, error) in figures.items():
        sampling = 0.0 if loose == 0 else hajek_variance(error * scale, chance, others) if loose > 1 else float("nan")
        deviation = float(np.sqrt(sampling + measuring))
        known = np.isfinite(deviation)
        reach = deviation * _student_95(freedom) if freedom > 0 else deviation * Z90
        row: dict[str, object] = shown | {
            "estimator": name, "total": value, "standard_error": deviation if known else None, "lower_90": max(value - reach, 0.0) if known else None,
            "upper_90": value + reach if known else None,
        }  # fmt: skip
        if name == "difference":
            lever = np.zeros(len(unit))
            lever[used] = weight
            apart = max(deviation**2, sample.model_variance(unit, (lever - 1.0) * cell.predicted)) ** 0.5
            tested = known and freedom + 1 >= _LEAST_TESTED and apart > 0
            chance_of = 2.0 * float(student.sf(abs(value - model) / apart, freedom)) if tested else None
            row |= {"difference": value - model, "difference_sd": apart if known else None, "p_value": chance_of}
        yield row
