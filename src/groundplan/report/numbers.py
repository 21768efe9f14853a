"""Figures as people read them: rounded to what their interval supports, in a unit of measure of a handy size."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from types import MappingProxyType

from groundplan.measures import conversion_factor

__all__ = ["MISSING", "Scale", "around", "counted", "grouped", "listing", "percent", "plain", "points", "scale_for", "tie", "with_interval"]

MISSING = "–"
"""What stands where there is no figure."""

_MINUS = "−"
# Sentences of other rooms may write 50%.
_TIGHT_PERCENT = re.compile(r"(\d)%")
_LADDERS: MappingProxyType[str, tuple[str, ...]] = MappingProxyType(
    {
        "kg": ("t", "kt", "Mt"),
        "t": ("t", "kt", "Mt"),
        "kt": ("kt", "Mt"),
        "kWh": ("kWh", "MWh", "GWh", "TWh"),
        "MWh": ("MWh", "GWh", "TWh"),
        "GWh": ("GWh", "TWh"),
        "GJ": ("GJ", "TJ", "PJ"),
        "m": ("m", "km"),
        "m3": ("m3", "Mm3"),
        "piece": ("piece", "thousand pieces", "million pieces"),
        "thousand pieces": ("thousand pieces", "million pieces"),
        "pair": ("pair", "thousand pairs"),
        "hour": ("hour", "thousand hours", "million hours"),
        "tkm": ("tkm", "Mtkm"),
        "USD": ("USD", "million USD", "billion USD"),
        "million USD": ("million USD", "billion USD"),
        "EUR": ("EUR", "million EUR", "billion EUR"),
        "million EUR": ("million EUR", "billion EUR"),
    }
)
_SHOWN = {"m3": "m³", "Mm3": "million m³", "m2": "m²", "km2": "km²", "Mtkm": "million tkm", "piece": "pieces", "hour": "hours", "pair": "pairs"}


@dataclass(frozen=True, slots=True)
class Scale:
    """A size of a unit of measure: a value divided by `divisor` is in `measure`."""

    divisor: float
    measure: str


def scale_for(largest: float | None, measure: str | None) -> Scale:
    """Choose the size of a measure in which the largest of some values is easiest to read, from 1 to below 1,000 where there is one.

    Args:
        largest: largest absolute value to be shown; None or 0 keeps the measure.
        measure: unit of measure of the values; None where it is not known.
    """
    name = measure or ""
    size = abs(largest or 0.0)
    rungs = _LADDERS.get(name, ())
    chosen, divisor = name, 1.0
    for rung in rungs:
        factor = conversion_factor(rung, name)
        # "1.5 thousand pieces" is harder to read than "1,470 pieces".
        if size >= (10 * factor if "thousand" in rung else factor):
            chosen, divisor = rung, factor
    shown = _SHOWN.get(chosen, chosen)
    for power, word in ((1e9, "billion"), (1e6, "million"), (1e3, "thousand")):
        # Ten thousand is the first figure that is hard to read; a measure that counts in thousands already is left alone.
        if size / divisor >= max(power, 1e4) and not any(other in shown for other in ("thousand", "million", "billion")):
            return Scale(divisor * power, f"{word} {shown}".strip())
    return Scale(divisor, shown)


def plain(value: float | None, significant: int = 3) -> str:
    """Round to significant figures, never more than three decimals: 1,230; 12.3; 0.012."""
    if value is None or not math.isfinite(value):
        return MISSING
    if value == 0:
        return "0"
    exponent = math.floor(math.log10(abs(value)))
    decimals = significant - 1 - exponent
    if abs(value) < 1e-4 or abs(value) >= 1e12:
        mantissa, _, power = f"{value:.{significant - 1}e}".partition("e")
        return f"{mantissa}e{int(power)}".replace("-", _MINUS)
    return _sign(f"{round(value, decimals):,.{max(decimals, 0)}f}")


def with_interval(value: float | None, lower: float | None, upper: float | None) -> str:
    """Write a value with the ends of its interval, all rounded to what the interval supports: 1.20 (1.10 to 1.31).

    The ends stand there, and not half the width, because few intervals have the value in their middle.
    """
    if value is None or not math.isfinite(value):
        return MISSING
    if lower is None or upper is None or not math.isfinite(upper - lower) or upper <= lower:
        return plain(value)
    half = (upper - lower) / 2
    # An interval that is a millionth of the value supports more figures than anyone reads.
    decimals = min(_decimals_of(half), 3 - math.floor(math.log10(abs(value)))) if value else _decimals_of(half)
    middle, low, high = (_sign(f"{round(figure, decimals):,.{max(decimals, 0)}f}") for figure in (value, lower, upper))
    return f"{middle} ({low} to {high})" if low != high else middle


def around(value: float, lower: float, upper: float) -> str:
    """Write how far an interval reaches around a value, in percent of it: ± 3 %, or −16 to +69 % where the value is not in its middle."""
    below, above = round(100 * (1 - lower / value)), round(100 * (upper / value - 1))
    if below == above:
        return f"± {above} %" if above else "± under 1 %"
    return f"{_sign(f'{-below:+d}')} to {_sign(f'{above:+,d}')} %"


def percent(share: float | None, decimals: int = 0) -> str:
    """Write a share as a percentage: 0.123 is 12 %."""
    if share is None or not math.isfinite(share):
        return MISSING
    if 0 < abs(share) < 0.5 * 10 ** -(decimals + 2):
        return f"under {10**-decimals:g} %"
    # What falls short of the whole is never shown as the whole.
    if 1 - 0.5 * 10 ** -(decimals + 2) <= share < 1 - 1e-9:
        return f"over {100 - 10**-decimals:g} %"
    return f"{_sign(f'{100 * share:,.{decimals}f}')} %"


def points(share: float | None) -> str:
    """Write a difference of shares in percentage points, with its sign."""
    if share is None or not math.isfinite(share):
        return MISSING
    text = f"{100 * share:+,.0f}".replace("-", _MINUS)
    return "0" if text in ("+0", f"{_MINUS}0") else text


def grouped(count: int) -> str:
    """Write a count with its thousands apart: 1,234."""
    return f"{count:,}"


def counted(count: int, one: str, many: str = "") -> str:
    """Write a count with its word: 1 limit, 1,234 limits; `many` where the plural is not made with an s."""
    return f"{grouped(count)} {one if count == 1 else many or one + 's'}"


def listing(words: list[str]) -> str:
    """Write words as a list: a, b and c; from seven on, five and how many others."""
    shown = [*words[:5], f"{len(words) - 5} others"] if len(words) > 6 else words
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"


def tie(text: str) -> str:
    """Keep a figure on one line with its sign or its spread, by spaces at which no line breaks."""
    return _TIGHT_PERCENT.sub("\\1\u00a0%", text).replace(" %", "\u00a0%").replace(" ± ", "\u00a0±\u00a0").replace("± ", "±\u00a0")


def _decimals_of(half: float) -> int:
    """How many decimals an interval supports: one figure of its half-width, two where that begins with a 1."""
    exponent = math.floor(math.log10(half))
    return -exponent + (1 if half / 10**exponent < 1.95 else 0)


def _sign(text: str) -> str:
    return text.replace("-", _MINUS)
