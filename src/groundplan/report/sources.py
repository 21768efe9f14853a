"""Where the figures of a chart come from, in a line."""

from __future__ import annotations

from groundplan.report.content import ReportInput

__all__ = ["source_line"]


def source_line(shown: ReportInput, what: str) -> str:
    """Say which result tables a chart rests on, the source of the economy's tables, and the date."""
    settings = shown.economy.settings
    origin = settings.source or f"tables of {settings.name}"
    return f"Source: {origin}; {what}. {day(shown)}."


def day(shown: ReportInput) -> str:
    """Write the day of a run: 24 November 2026."""
    return f"{shown.made_on.day} {shown.made_on:%B %Y}"
