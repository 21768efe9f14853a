"""Tests of the digits of reported figures, group by group.

Figures that people make up often have the wrong digits: too few ones in front, too many zeros or fives at the end. So do honest figures with a ceiling, a
least amount, a rounding rule or a narrow range. The tests therefore rank who might be looked at first; they estimate nothing, and prove nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaincc

from groundplan.maths.groups import group_count

__all__ = ["LAWS", "NIGRINI_LIMITS", "DigitTest", "judge_digits", "last_digits", "leading_digits"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

LAWS = {
    "first": np.log10(1.0 + 1.0 / np.arange(1, 10)),
    "first two": np.log10(1.0 + 1.0 / np.arange(10, 100)),
    "last": np.full(10, 0.1),
}
"""Chance of each digit: Benford's law for 1 to 9 and 10 to 99, even chances for the last digit 0 to 9."""

NIGRINI_LIMITS = {"first": (0.006, 0.012, 0.015), "first two": (0.0012, 0.0018, 0.0022)}
"""Mean absolute deviations up to which digits conform closely, acceptably and marginally (Nigrini 2012, Benford's Law, table 7.1)."""

_LEAST_EXPECTED = 5.0
"""With fewer expected figures in some class the chi-squared distribution is a poor guide, and chances are drawn instead."""


@dataclass(frozen=True, slots=True, eq=False)
class DigitTest:
    """Digits of each group against a law, shape (groups,) each but `counts`.

    Args:
        counts: shape (groups, classes).
        number: figures that have such a digit.
        chi_squared: Pearson's statistic; 0 where there is no figure.
        deviation: mean absolute deviation of shares; NaN where there is no figure.
        p_value: chance of a statistic as large under the law; 1 where there is no figure. Groups are tested one by one: with many groups control the false-discovery rate.
        drawn: the chance comes from draws, for some class expects fewer than five figures.
    """

    counts: IntArray
    number: IntArray
    chi_squared: FloatArray
    deviation: FloatArray
    p_value: FloatArray
    drawn: NDArray[np.bool_]


def leading_digits(values: FloatArray, *, count: int = 1) -> IntArray:
    """Give the first one or two significant digits of each value, 1 to 9 or 10 to 99; -1 for zeros and what is not finite.

    Args:
        values: any shape, any sign.
        count: 1 or 2.
    """
    size = np.abs(values)
    usable = np.isfinite(size) & (size >= 1e-300)
    size = np.where(usable, size, 1.0)
    power = np.floor(np.log10(size))
    scaled = size / 10.0**power * 10.0 ** (count - 1)
    # A value that is meant as 0.3 is stored a hair below: what rounds to a whole number within twelve digits is that number.
    near = np.round(scaled)
    digits = np.where(np.abs(scaled - near) <= 1e-12 * near, near, np.floor(scaled)).astype(np.int64)
    lowest, highest = 10 ** (count - 1), 10**count
    digits = np.where(digits >= highest, digits // 10, np.where(digits < lowest, digits * 10, digits))
    return np.where(usable, digits, -1)


def last_digits(values: FloatArray, *, decimals: int = 0) -> IntArray:
    """Give the last digit of each value as it was written down with so many decimals, 0 to 9; -1 for values below 100 units of that digit.

    In figures of fewer than three digits the last digit is not even by itself.
    """
    size = np.abs(values) * 10.0**decimals
    usable = np.isfinite(size) & (size >= 100) & (size < 1e15)
    whole = np.round(np.where(usable, size, 0.0)).astype(np.int64)
    return np.where(usable, whole % 10, -1)


def judge_digits(digits: IntArray, law: str, group: IntArray, groups: int, *, rng: np.random.Generator, draws: int = 9999) -> DigitTest:
    """Compare each group's digits with a law: Pearson's chi-squared and the mean absolute deviation of shares.

    Args:
        digits: shape (n,), as `leading_digits` or `last_digits` give them; -1 is left out.
        law: a key of `LAWS`.
        group: shape (n,), 0 to groups - 1.
        groups: how many there are.
        rng: for the chances of small groups: exact up to the draws, (1 + as large) / (1 + draws).
        draws: how many.

    Source:
        Pearson (1900); Benford (1938); Nigrini (2012) for the mean absolute deviation; Davison and Hinkley (1997), section 4.2, for drawn chances.
    """
    chances, least = LAWS[law], {"first": 1, "first two": 10, "last": 0}[law]
    classes = len(chances)
    inside = (digits >= least) & (digits < least + classes)
    counts = group_count(group[inside] * classes + digits[inside] - least, groups * classes).astype(np.int64).reshape(groups, classes)
    number = counts.sum(axis=1)
    statistic = _chi_squared(counts, number, chances)
    share = counts / np.maximum(number, 1)[:, None]
    deviation = np.where(number > 0, np.abs(share - chances).mean(axis=1), np.nan)
    p_value = np.where(number > 0, gammaincc((classes - 1) / 2, statistic / 2), 1.0)
    drawn = (number > 0) & (number * chances.min() < _LEAST_EXPECTED)
    # Groups of one size have one distribution: it is drawn once.
    for size in np.unique(number[drawn]).tolist():
        null = np.sort(_chi_squared(rng.multinomial(size, chances, size=draws), np.full(draws, size), chances))
        same = drawn & (number == size)
        larger = draws - np.searchsorted(null, statistic[same] * (1 - 1e-12))
        p_value[same] = (1 + larger) / (1 + draws)
    return DigitTest(counts, number, statistic, deviation, p_value, drawn)


def _chi_squared(counts: IntArray, number: IntArray, chances: FloatArray) -> FloatArray:
    expected = number[:, None] * chances
    return np.asarray(np.where(expected > 0, (counts - expected) ** 2 / np.where(expected > 0, expected, 1.0), 0.0).sum(axis=1))
