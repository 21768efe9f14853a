"""What a report says first: what was really made beside what was reported."""

from __future__ import annotations

from groundplan.report.blocks import Answer, Figure
from groundplan.report.content import ReportInput
from groundplan.report.measured import Measured, measured_output
from groundplan.report.names import Names
from groundplan.report.numbers import percent
from groundplan.report.past import measured_table, told_apart
from groundplan.report.sources import source_line

__all__ = ["opening_of"]


def opening_of(shown: ReportInput, names: Names) -> Answer | None:
    """Tell what was made beside what was reported, with its table by sector; None where nothing was both reported and estimated."""
    found = measured_output(shown, names)
    if found is None:
        return None
    really = _with_ends(found.total)
    if found.is_of_target:
        verdict = f"{percent(found.total.reported)} of the target by the reports, {really} really"
        what = f"Output of {found.period} over all that has a target, each product with its target's share"
    else:
        verdict = f"{really} of what was reported"
        what = f"Output of {found.period} over all that is reported, each product alike"
    sentences = [f"{what}; in brackets the 90 % interval."]
    if len(found.sectors) > 1:
        sentences.append(told_apart(found.sectors))
    elif not (found.total.is_over or found.total.is_under):
        sentences.append("The reports lie inside that interval: they cannot be told from what was made.")
    figure = Figure("opening", "Reported and really made", sentences[0], table=measured_table(found), source=source_line(shown, "reports and estimates of output"))
    return Answer("What was really made?", verdict, "measured", tuple(sentences), figure)


def _with_ends(item: Measured) -> str:
    """Write a share with the ends of its interval: 74 % (72 to 77 %)."""
    low, high = percent(item.lower), percent(item.upper)
    return percent(item.value) if low == high else f"{percent(item.value)} ({low.removesuffix(' %')} to {high})"
