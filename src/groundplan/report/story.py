"""The story of a run, from the three answers of the first screen to the notes at the end; every form of the report tells this one."""

from __future__ import annotations

from groundplan.report.ahead import plan_section
from groundplan.report.answers import answers_of
from groundplan.report.blocks import Section, Story
from groundplan.report.content import ReportInput
from groundplan.report.ground import ground_section
from groundplan.report.limits import limits_section
from groundplan.report.names import names_of
from groundplan.report.opening import opening_of
from groundplan.report.past import past_section
from groundplan.report.sources import day
from groundplan.report.trust import trust_section

__all__ = ["tell_story"]

_PARTS = (past_section, ground_section, plan_section, limits_section, trust_section)


def tell_story(shown: ReportInput) -> Story:
    """Put together all that a report says; parts for which the run has no results are left out."""
    settings = shown.economy.settings
    names = names_of(shown.economy)
    sections: list[Section] = [section for part in _PARTS if (section := part(shown, names)) is not None]
    made = "Simulated economy: every figure is made up. " if settings.simulated else ""
    return Story(
        title=settings.name,
        subtitle=_subtitle(shown),
        facts=_facts(shown),
        warning=f"Simulated economy. {settings.note or 'Every place, unit and figure is made up.'}" if settings.simulated else "",
        note="" if settings.simulated else settings.note,
        opening=opening_of(shown, names),
        answers=answers_of(shown, names),
        sections=sections,
        foot=f"{made}{settings.name}, run {shown.run_id}, {day(shown)}, groundplan {shown.version}",
    )


def _subtitle(shown: ReportInput) -> str:
    periods = [str(period) for period in shown.economy.settings.plan_periods()]
    span = periods[0] if len(periods) == 1 else f"{periods[0]} to {periods[-1]}"
    if shown.has("outputs"):
        return f"Plan {span}, on what can really be made"
    if shown.has("fulfilment"):
        return f"Review of the last plan, up to {shown.economy.settings.base_period}"
    return f"What is really made, up to {shown.economy.settings.base_period}"


def _facts(shown: ReportInput) -> tuple[tuple[str, str], ...]:
    settings = shown.economy.settings
    facts = [("Run", shown.run_id), ("Made on", f"{day(shown)}, groundplan {shown.version}")]
    if settings.source:
        facts.append(("Source of the tables", settings.source))
    if settings.as_of is not None:
        facts.append(("Tables as of", f"{settings.as_of.day} {settings.as_of:%B %Y}"))
    return tuple(facts)
