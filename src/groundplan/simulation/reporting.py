"""What managers say of themselves: padded output, hidden capacity, a pull towards the target, late corrections."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from groundplan.simulation.country import REGIONS, SECTORS
from groundplan.simulation.enterprises import Enterprises
from groundplan.simulation.histories import History

__all__ = ["Managers", "Reported", "draw_managers", "report_output", "round_figures", "set_targets"]

FloatArray = NDArray[np.float64]

KINDS = ("honest", "padder", "pleaser")
"""Honest managers report what they made, within their group's habits; padders add to it; pleasers also fill up to the target."""

_GROUP_LEVEL = np.array([-0.06, 0.05, 0.18])
_GROUP_PADDING_CHANCE = np.array([0.35, 0.5, 0.75])
_PLEASER_SHARE = 0.45
_NOISE = 0.03
_FILL_FROM = 0.88
_FILL_CAP = 1.45
# The overreach of a sector is beyond what it could make; reports have covered this much of it already.
_PADDING_TAKEN_FOR_OUTPUT = 0.13
_OVERREACH_BY_YEARS_TO_GO = {0: 1.0, 1: 0.7, 2: 0.4}


@dataclass(frozen=True, slots=True, eq=False)
class Managers:
    """How each unit reports, shape (n,).

    Args:
        kind: position in KINDS.
        log_bias: persistent part of log(reported / made), in logs.
        pull: share of the log gap to the target that a report closes.
        hiding: log(true / declared) capacity, before a manager sees that he declared less than he reports.
    """

    kind: NDArray[np.int64]
    log_bias: FloatArray
    pull: FloatArray
    hiding: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Reported:
    """Reports of s series over T months.

    Args:
        quantity: shape (s, T), what stands in the end.
        declared: shape (s, T), declared capacity a month.
        first: shape (s, T), what was reported first where that was wrong, else NaN.
        missing: shape (s, T), was nothing reported?
    """

    quantity: FloatArray
    declared: FloatArray
    first: FloatArray
    missing: NDArray[np.bool_]


def draw_managers(enterprises: Enterprises, major: NDArray[np.bool_], rng: np.random.Generator) -> Managers:
    """Draw how managers report: a level shared by sector, region and group, and skewed padding of their own.

    The groups are collectives, enterprises and major enterprises. Where the last plan reached too far, padding is heavier.
    """
    count = len(enterprises.sector)
    group = np.where(major, 2, np.where(enterprises.collective, 0, 1))
    overreach = np.array([sector.overreach for sector in SECTORS])
    by_sector = 0.5 * (overreach - overreach.mean()) + rng.normal(0.0, 0.09, len(SECTORS))
    by_region = rng.normal(0.0, 0.04, len(REGIONS))
    by_both = rng.normal(0.0, 0.05, (len(SECTORS), len(_GROUP_LEVEL)))
    pads = rng.random(count) < _GROUP_PADDING_CHANCE[group]
    pleases = rng.random(count) < np.where(pads, _PLEASER_SHARE, 0.05)
    own = np.where(pads, rng.gamma(2.0, 0.09, count), 0.0) + rng.normal(0.0, 0.02, count)
    level = 0.07 + by_sector[enterprises.sector] + by_region[enterprises.region] + _GROUP_LEVEL[group] + by_both[enterprises.sector, group]
    hiding = 0.02 + rng.normal(0.0, 0.03, len(SECTORS))[enterprises.sector] + np.where(pads, rng.gamma(2.0, 0.08, count), 0.0) + rng.normal(0.0, 0.02, count)
    kind = np.where(pleases, 2, np.where(pads, 1, 0))
    return Managers(kind, level + own, np.where(pads, rng.uniform(0.3, 0.5, count), rng.uniform(0.0, 0.15, count)), np.maximum(hiding, 0.0))


def set_targets(enterprises: Enterprises, managers: Managers, history: History, years: int, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
    """Set the last plan's targets from the level that each unit used to report, reaching further beyond it from year to year.

    Whoever sets them knows reports and not the truth: a unit that pads is given more.

    Args:
        enterprises: who runs what.
        managers: how each unit reports, and so what was known of it.
        history: the truth.
        years: full years that the months cover, the last one the base year.
        rng: source of chance.

    Returns:
        Yearly targets, shape (s, years), and their parts by month, shape (s, 12 x years).
    """
    per_line = history.series.per_line
    usual = enterprises.utilisation * history.capacity
    season = np.exp(history.season[:, -12:])
    by_month = np.asarray(per_line @ (usual[:, None] * season)) / 12.0
    unit = history.series.unit
    yearly = by_month.sum(axis=1) * np.exp(managers.log_bias[unit])
    series = len(yearly)
    beyond_reports = np.array([sector.overreach for sector in SECTORS]) - _PADDING_TAKEN_FOR_OUTPUT
    overreach = beyond_reports[enterprises.sector[unit]] + rng.normal(0.0, 0.08, series)
    to_go = np.arange(years - 1, -1, -1)
    reach = np.array([_OVERREACH_BY_YEARS_TO_GO.get(int(left), 0.2) for left in to_go])
    targets = yearly[:, None] * np.exp(np.outer(overreach, reach) - 0.012 * to_go + rng.normal(0.0, 0.02, (series, years)))
    parts = by_month / by_month.sum(axis=1, keepdims=True)
    return targets, np.asarray((targets[:, :, None] * parts[:, None, :]).reshape(series, -1))


def report_output(managers: Managers, history: History, monthly_targets: FloatArray, rng: np.random.Generator) -> Reported:
    """Report what was made, as each manager does.

    Args:
        managers: how each unit reports.
        history: the truth, T months.
        monthly_targets: shape (s, 12 x years), parts of the targets for the last months; earlier months have none.
        rng: source of chance.
    """
    unit, output = history.series.unit, history.output
    ran = output > 0
    log_output = np.log(np.where(ran, output, 1.0))
    stated = log_output + managers.log_bias[unit][:, None]
    covered = monthly_targets.shape[1]
    gap = np.maximum(np.log(monthly_targets) - stated[:, -covered:], 0.0)
    stated[:, -covered:] += managers.pull[unit][:, None] * gap
    quantity = np.where(ran, np.exp(stated + rng.normal(0.0, _NOISE, output.shape)), 0.0)
    _fill_up(quantity, monthly_targets, managers.kind[unit] == 2, rng)
    quantity = round_figures(quantity, 4)
    missing = rng.random(output.shape) < 0.01
    wrong = (rng.random(output.shape) < 0.015) & ~missing & ran
    wrong[:, -1] = False
    slip = rng.choice(np.array([10.0, 0.1, 2.0, 0.7, 1.3]), size=output.shape)
    return Reported(quantity, _declare(managers, history, quantity), np.where(wrong, round_figures(quantity * slip, 4), np.nan), missing)


def _fill_up(quantity: FloatArray, monthly_targets: FloatArray, pleases: NDArray[np.bool_], rng: np.random.Generator) -> None:
    """Raise the last four months of a year, in place, where the year would end a little below its target."""
    years = monthly_targets.shape[1] // 12
    window = quantity[:, -12 * years :].reshape(len(quantity), years, 12)
    target = monthly_targets.reshape(len(quantity), years, 12).sum(axis=2)
    total, last = window.sum(axis=2), window[:, :, 8:].sum(axis=2)
    wanted = target * (1.0 + rng.exponential(0.006, target.shape))
    factor = 1.0 + (wanted - total) / np.where(last > 0, last, np.inf)
    chosen = pleases[:, None] & (total >= _FILL_FROM * target) & (total < target) & (factor <= _FILL_CAP)
    window[:, :, 8:] *= np.where(chosen, factor, 1.0)[:, :, None]


def _declare(managers: Managers, history: History, quantity: FloatArray) -> FloatArray:
    """Declare a capacity for each year: less than there is, but not less than what is said to be made, shape (s, T)."""
    capacity = np.asarray(history.series.per_line @ history.monthly_capacity)
    months = quantity.shape[1]
    year = (np.arange(months) - months) // 12 + -(-months // 12)
    declared = np.empty_like(quantity)
    for number in np.unique(year):
        inside = year == number
        hidden = capacity[:, inside].mean(axis=1) * np.exp(-managers.hiding[history.series.unit])
        declared[:, inside] = np.maximum(hidden, 1.02 * quantity[:, inside].mean(axis=1))[:, None]
    return round_figures(declared, 3)


def round_figures(values: FloatArray, digits: int) -> FloatArray:
    """Round to significant digits, as people write figures."""
    size = np.floor(np.log10(np.where(values > 0, values, 1.0)))
    unit = 10.0 ** np.maximum(digits - 1 - size, -300)
    return np.asarray(np.where(values > 0, np.round(values * unit) / unit, 0.0))
