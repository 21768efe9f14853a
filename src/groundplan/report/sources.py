"""Where the figures of a chart come from, in a line."""

from __future__ import annotations

import re

from groundplan.report.content import ReportInput

__all__ = ["day", "source_line"]

_LONGEST = 60


def source_line(shown: ReportInput, what: str) -> str:
    """Say which result tables a chart rests on, the source of the economy's tables, and the date."""
    settings = shown.economy.settings
    origin = settings.source or f"tables of {settings.name}"
    # The foot of the report names a long source in full.
    if len(origin) > _LONGEST:
        origin = re.split(r"[,;(]", origin, maxsplit=1)[0].strip()
    return f"Source: {origin}; {what}. {day(shown)}."


def day(shown: ReportInput) -> str:
    """Write the day of a run: 24 November 2026."""
    return f"{shown.made_on.day} {shown.made_on:%B %Y}"
