"""Units of measure: what can be written, and which are the same quantity in another size."""

from __future__ import annotations

from types import MappingProxyType

__all__ = ["KNOWN_MEASURES", "conversion_factor", "is_known_measure"]

# Dimension and size in the dimension's base measure. A day has a dimension of its own: a day of labour and a day of the clock differ
# in hours, so no factor between them holds. toe: 41.868 GJ, the International Energy Agency's.
_TABLE: dict[str, tuple[str, float]] = {
    "mg": ("mass", 1e-9), "g": ("mass", 1e-6), "kg": ("mass", 1e-3), "t": ("mass", 1.0), "kt": ("mass", 1e3), "Mt": ("mass", 1e6),
    "tonne": ("mass", 1.0), "tonnes": ("mass", 1.0), "lb": ("mass", 4.5359237e-4),
    "Wh": ("energy", 1e-6), "kWh": ("energy", 1e-3), "MWh": ("energy", 1.0), "GWh": ("energy", 1e3), "TWh": ("energy", 1e6),
    "J": ("energy", 1 / 3.6e9), "kJ": ("energy", 1 / 3.6e6), "MJ": ("energy", 1 / 3.6e3), "GJ": ("energy", 1 / 3.6), "TJ": ("energy", 1e3 / 3.6), "PJ": ("energy", 1e6 / 3.6),
    "toe": ("energy", 11.63), "ktoe": ("energy", 11.63e3), "Mtoe": ("energy", 11.63e6),
    "W": ("power", 1e-6), "kW": ("power", 1e-3), "MW": ("power", 1.0), "GW": ("power", 1e3),
    "ml": ("volume", 1e-6), "mL": ("volume", 1e-6), "l": ("volume", 1e-3), "L": ("volume", 1e-3), "hl": ("volume", 0.1),
    "m3": ("volume", 1.0), "m³": ("volume", 1.0), "Mm3": ("volume", 1e6), "bbl": ("volume", 0.158987294928),
    "mm": ("length", 1e-3), "cm": ("length", 1e-2), "m": ("length", 1.0), "km": ("length", 1e3),
    "m2": ("area", 1.0), "m²": ("area", 1.0), "ha": ("area", 1e4), "km2": ("area", 1e6), "km²": ("area", 1e6),
    "piece": ("count", 1.0), "pieces": ("count", 1.0), "pc": ("count", 1.0), "pcs": ("count", 1.0), "dozen": ("count", 12.0),
    "thousand pieces": ("count", 1e3), "million pieces": ("count", 1e6), "head": ("count", 1.0),
    "pair": ("count", 2.0), "pairs": ("count", 2.0), "thousand pairs": ("count", 2e3),
    "s": ("labour", 1 / 3600), "min": ("labour", 1 / 60), "minute": ("labour", 1 / 60), "minutes": ("labour", 1 / 60),
    "h": ("labour", 1.0), "hr": ("labour", 1.0), "hrs": ("labour", 1.0), "hours": ("labour", 1.0), "person-hour": ("labour", 1.0),
    "d": ("day", 1.0), "day": ("day", 1.0), "days": ("day", 1.0), "person-day": ("day", 1.0),
    "hour": ("labour", 1.0), "thousand hours": ("labour", 1e3), "million hours": ("labour", 1e6), "person-year": ("labour", 1800.0),
    "pkm": ("passenger_transport", 1.0), "tkm": ("transport", 1.0), "Mtkm": ("transport", 1e6),
    "currency": ("money", 1.0), "thousand currency": ("money", 1e3), "million currency": ("money", 1e6),
    "USD": ("us_dollar", 1.0), "million USD": ("us_dollar", 1e6), "billion USD": ("us_dollar", 1e9),
    "EUR": ("euro", 1.0), "million EUR": ("euro", 1e6), "billion EUR": ("euro", 1e9),
    "%": ("share", 0.01), "index": ("index", 1.0),
}  # fmt: skip

KNOWN_MEASURES: MappingProxyType[str, tuple[str, float]] = MappingProxyType(_TABLE)
"""Measure -> (dimension, size in the dimension's base measure)."""


def is_known_measure(measure: str) -> bool:
    """Say whether a unit of measure is one that groundplan knows."""
    return measure in _TABLE


def conversion_factor(source: str, target: str) -> float:
    """Give the factor that turns a quantity in `source` into one in `target`.

    Raises:
        ValueError: a measure is unknown, or the two are not of one dimension.
    """
    for measure in (source, target):
        if measure not in _TABLE:
            raise ValueError(f"unknown unit of measure {measure!r}; known are {', '.join(sorted(_TABLE))}")
    (source_dimension, source_size), (target_dimension, target_size) = _TABLE[source], _TABLE[target]
    if source_dimension != target_dimension:
        raise ValueError(f"{source!r} measures {source_dimension}, {target!r} measures {target_dimension}: no factor between them")
    return source_size / target_size
