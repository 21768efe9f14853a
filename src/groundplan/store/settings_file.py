"""groundplan.toml: the settings of an economy, read, and given as text."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import fields
from datetime import date, datetime
from pathlib import Path
from typing import Any

from groundplan.errors import Fault, FolderError, SettingsError
from groundplan.store.text_encoding import encoding_fault
from groundplan.tables.faulty import did_you_mean
from groundplan.tables.settings import Settings

__all__ = ["SETTINGS_FILE", "read_settings", "settings_text"]

SETTINGS_FILE = "groundplan.toml"

_TYPES: dict[str, tuple[type, str]] = {
    "name": (str, 'text in quotes: "Northland"'),
    "base_period": (str, 'a period in quotes: "2020"'),
    "horizon": (int, "a whole number: 5"),
    "currency": (str, 'text in quotes: "USD"'),
    "seed": (int, "a whole number: 1"),
    "as_of": (date, "a date without quotes: 2020-12-31"),
    "capacity_chance": (float, "a number: 0.8"),
    "level_loss": (float, "a number: 0.001"),
    "aim": (str, 'one of "weighted" and "levelled", in quotes'),
    "simulated": (bool, "true or false"),
    "source": (str, "text in quotes"),
    "note": (str, "text in quotes"),
    "claim_errors": (dict, "a section [claim_errors] with lines such as B2 = 0.2"),
}

_COMMENTS = {
    "name": "Name of the economy, as reports show it.",
    "base_period": 'The last period before the plan: "2020" for a plan in years, "2020-H2", "2020-Q4" or "2020-12" for shorter plan periods.',
    "horizon": "Number of plan periods, 1 to 50.",
    "currency": "Currency of the prices in trade, as shown.",
    "seed": "Seed of every random choice: the same seed gives the same results.",
    "as_of": "Day on which the tables were drawn up; later dates in them are faults. Without it, the day of the check.",
    "capacity_chance": "Chance with which each product's total capacity must be there, 0.5 to 0.99.",
    "level_loss": "What later priorities may take from an earlier one that is missed, as a share of all it wants, 0 to 0.1. Without it, next to nothing (large plans: 0.001).",
    "aim": 'Within a priority: "weighted" makes the weighted loss of all gaps least; "levelled" first makes the largest gap as small as can be, then the next, and so on.',
    "simulated": "true where the figures are made up; every report then says so.",
    "source": "Where the figures come from.",
    "note": "A sentence that every report shows.",
    "claim_errors": "Standard errors of claims by grade, as shares, where the defaults do not fit; see the method note on estimation. It must stand last.",
}


def read_settings(path: Path) -> Settings:
    """Read groundplan.toml.

    Raises:
        SettingsError: it is not TOML, has an unknown key, or a value of a wrong type or out of range; all faults together.
        FolderError: it is not there or cannot be read.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise FolderError(f"{path} cannot be read: {error.strerror or error}. Put a {SETTINGS_FILE} there; `groundplan new` writes one.") from error
    text = _decoded(path, data)
    try:
        values = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError, ValueError) as error:
        fault = Fault(path.name, "", "not_toml", 1, (), str(error), "TOML: key = value, a line each", "Mend the line; text stands in quotes.")
        raise SettingsError(f"{path.name} is not TOML", [fault]) from error
    faults = _unknown_keys(path, values) + [wrong for name, value in values.items() if name in _TYPES and (wrong := _type_fault(path, name, value))]
    right = {name: _converted(name, value) for name, value in values.items() if name in _TYPES and not _type_fault(path, name, value)}
    try:
        settings = Settings(**right)
    except SettingsError as error:
        raise SettingsError(error.message, [*faults, *error.faults]) from error
    if faults:
        raise SettingsError(f"{path.name} cannot be used", faults)
    return settings


def settings_text(settings: Settings) -> str:
    """Give settings as commented TOML."""
    lines = ["# Settings of this economy. Lines that begin with # are comments.", ""]
    for field in fields(settings):
        value = getattr(settings, field.name)
        lines.append(f"# {_COMMENTS[field.name]}")
        if isinstance(value, Mapping):
            # A section, which stands last; without entries it is an example.
            lines += [f"[{field.name}]", *(f"{key} = {_toml(entry)}" for key, entry in value.items())] if value else [f"# [{field.name}]", "# B2 = 0.2"]
            lines.append("")
            continue
        lines.append(f"# {field.name} = {_TYPES[field.name][1].rpartition(': ')[2]}" if value is None else f"{field.name} = {_toml(value)}")
        lines.append("")
    return "\n".join(lines)


def _decoded(path: Path, data: bytes) -> str:
    data = data.removeprefix(b"\xef\xbb\xbf")
    bad_encoding = encoding_fault(path.name, data)
    if bad_encoding:
        raise SettingsError(f"{path.name} cannot be read", [bad_encoding])
    return data.decode("utf-8")


def _unknown_keys(path: Path, values: dict[str, Any]) -> list[Fault]:
    return [
        Fault(
            path.name,
            name,
            "unknown_setting",
            1,
            (),
            f"{'a section' if isinstance(value, dict) else 'a setting'} '{name}'",
            f"one of {', '.join(_TYPES)}",
            f"{did_you_mean([name], _TYPES)}Take it out, or mend its name.",
        )
        for name, value in values.items()
        if name not in _TYPES
    ]


def _type_fault(path: Path, name: str, value: Any) -> Fault | None:
    kind, expected = _TYPES[name]
    good = isinstance(value, kind) and not (kind is not bool and isinstance(value, bool)) and not isinstance(value, datetime)
    if good or (kind is float and isinstance(value, int) and not isinstance(value, bool)) or (name == "base_period" and _is_year(value)):
        return None
    return Fault(path.name, name, "wrong_type", 1, (), repr(value), expected, f"Mend {name} in {path.name}.")


def _is_year(value: Any) -> bool:
    """base_period = 2020 without quotes can only mean the year."""
    return isinstance(value, int) and not isinstance(value, bool)


def _converted(name: str, value: Any) -> Any:
    if name == "base_period":
        return str(value)
    if isinstance(value, dict):
        return {key: float(entry) if isinstance(entry, int) and not isinstance(entry, bool) else entry for key, entry in value.items()}
    return float(value) if _TYPES[name][0] is float else value


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        # JSON's escapes are TOML's; DEL is the one control character that JSON leaves as it is.
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return value.isoformat() if isinstance(value, date) else repr(value)
