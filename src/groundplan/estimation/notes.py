"""What the reader of the estimates should know, in sentences."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from groundplan.estimation.capacity import STATED_SD
from groundplan.estimation.evidence import Evidence
from groundplan.estimation.level import Level
from groundplan.estimation.screening import Screened
from groundplan.estimation.silence import nobody_reports, unheard_series
from groundplan.estimation.sources import claim_name
from groundplan.estimation.windows import reports_beside_findings
from groundplan.outcome import Note

__all__ = ["claim_notes", "estimation_notes", "unsettled_notes"]

_SETTLED = 0.01
"""Variances that move by less than this share in a step are known as well as intervals need them."""


def estimation_notes(
    evidence: Evidence, screened: Screened, odd: Mapping[str, int], steered: bool, reporting: NDArray[np.bool_], shown: NDArray[np.bool_], stopped: int
) -> tuple[Note, ...]:
    """Say what was assumed, left out or cannot be known.

    Args:
        evidence: what is known.
        screened: usable reports.
        odd: names of sources and how many of their measurements were set aside.
        steered: units that were chosen for a visit look less biased than others.
        reporting: shape (S,), the series has a usable report.
        shown: shape (S,), the series has a row.
        stopped: rows in which nothing was made.
    """
    notes: list[Note] = []

    def note(severity: str, subject: str, sentence: str) -> None:
        notes.append(Note("estimate", severity, subject, sentence))  # type: ignore[arg-type]

    unheard = unheard_series(evidence)
    if unheard.any():
        note("warning", "reports", _unheard(evidence, unheard))
    if unheard.all():
        return tuple(notes)
    if not len(evidence.findings.series) and nobody_reports(evidence):
        note(
            "alert", "findings",
            "Nobody reports and nobody has measured output on the spot: what is made rests on nameplates and proxies, under the stated prior that plants use 75 % of their "
            "nameplate capacity, give or take a fifth.",
        )  # fmt: skip
    elif not len(evidence.findings.series):
        note(
            "alert", "findings",
            "Nobody has measured output on the spot, so how far reports flatter cannot be known from the data: intervals rest on the stated prior that the average report "
            "is within about 60 % of the truth (90 % of cases) and that plants use 75 % of their nameplate capacity, give or take a fifth.",
        )  # fmt: skip
    if steered:
        note(
            "warning", "visits",
            "Units that were chosen for a visit look more honest than the others, for all that proxies and nameplates say: teams may have been steered to them. The estimate "
            "allows for a difference, so intervals are wider; visits drawn at random (column chosen_by) settle it.",
        )  # fmt: skip
    if not evidence.proxies:
        note("info", "proxies", "There are no proxies (electricity, headcount ...): uninspected units are judged by their group, nameplate and targets alone.")
    if evidence.findings.left_out:
        note("warning", "findings", f"{evidence.findings.left_out} findings cover a part of what is reported only, and were not used.")
    beside = np.isfinite(reports_beside_findings(evidence, screened.log_report)[0])
    summed = int((beside & (evidence.findings.period < 0)).sum())
    if summed:
        note("info", "findings", f"{summed} findings of output are of longer periods than the reports, and were set against the sum of the reports inside them.")
    unused = int((~beside & (evidence.findings.period < 0)).sum())
    if unused:
        note("warning", "findings", f"{unused} findings of output belong to periods that reports neither have nor make up, and were not used.")
    silent = np.flatnonzero(~shown & ~unheard)
    if len(silent):
        names = ", ".join(f"{evidence.units.labels[evidence.series_unit[at]]} {evidence.products.labels[evidence.series_product[at]]}" for at in silent[:5])
        note(
            "warning",
            "reports",
            f"{len(silent)} products of units cannot be estimated: no report, finding, proxy or nameplate speaks of them ({names}{', ...' if len(silent) > 5 else ''}).",
        )
    unreported = int((shown & ~reporting & ~(evidence.reported == 0).any(axis=1)).sum())
    if unreported:
        note("warning", "reports", f"{unreported} products of units have no usable report: they are estimated from nameplate, group and findings, with wide intervals.")
    if evidence.implausible:
        note("warning", "reports", f"{evidence.implausible} reports are beyond any measure (above 1e30, or below 1e-30 and not zero) and count as missing.")
    aside = screened.set_aside
    if len(aside):
        names = ", ".join(
            f"{evidence.units.labels[evidence.series_unit[at]]} {evidence.products.labels[evidence.series_product[at]]} {evidence.periods[when]}" for at, when in aside[:5]
        )
        note("warning", "reports", f"{len(aside)} reports look like slips (a decimal point, a month counted twice) and were set aside: {names}{', ...' if len(aside) > 5 else ''}.")
    wrong = np.flatnonzero(screened.factor != 1.0)
    if len(wrong):
        named = ", ".join(_wrong_measure(evidence, at, float(screened.factor[at])) for at in wrong[:5])
        note(
            "warning", "reports",
            f"{len(wrong)} products of units are reported in what looks like another measure, or with a slipped decimal point, for all that their proxies and nameplates say, "
            f"and their reports were set aside: {named}{', ...' if len(wrong) > 5 else ''}. Ask these units.",
        )  # fmt: skip
    for name, number in odd.items():
        note("warning", name, f"{number} {'readings' if name in evidence.proxies else 'figures'} of {name} lie so far from all else that they were set aside.")
    if stopped:
        note("info", "reports", f"In {stopped} months of units' products nothing was made by the report or a finding; they count as zero.")
    return tuple(notes)


def unsettled_notes(output: float, capacity: float) -> tuple[Note, ...]:
    """Say where the search for variances ended before they had settled: they then moved by so large a share in its last step."""
    return tuple(
        Note(
            "estimate",
            "warning",
            subject,
            f"The model of {what} did not settle: the search for its variances was ended while they still moved by {moved:.1%} a step. Medians lean on them little, widths of "
            "intervals more; cover on findings (table calibration) tells how well they hold.",
        )
        for subject, what, moved in (("variances", "outputs", output), ("capacities", "capacities", capacity))
        if moved > _SETTLED
    )


def claim_notes(evidence: Evidence, level: Level) -> tuple[Note, ...]:
    """Say what inspections have shown of the claims of each grade, and which claims could not be used."""
    notes = []
    inspected = np.unique(level.data.unit[level.rows["finding"]])
    for grade, stated in zip(evidence.claims.grades, evidence.claims.errors.tolist(), strict=True):
        name = claim_name(grade)
        if name not in level.rows:
            continue
        units = level.data.unit[level.rows[name]]
        overlap = int(np.isin(units, inspected).sum())
        error = float(np.sqrt(level.error(name)))
        effect = level.names.index(f"claim|{grade}")
        # Report less claim is bias less what the grade has too much.
        bias, unsure = float(np.expm1(-level.posterior.effects[effect])), float(np.sqrt(level.posterior.covariance[effect, effect]))
        units_named = f"{len(units)} {'unit' if len(units) == 1 else 'units'}"
        sentence = (
            f"Claims of grade {grade} speak of {units_named} that report: they say {abs(bias):.0%} {'more' if bias >= 0 else 'less'} than what is made (give or take "
            f"{unsure:.0%}), with an error of {error:.0%} each; {stated:.0%} was assumed. "
        )
        if overlap:
            sentence += f"{overlap} of these units {'was' if overlap == 1 else 'were'} inspected."
        else:
            sentence += "None of these units was inspected, so what all of them get wrong together rests on other sources and the stated prior."
        notes.append(Note("estimate", "info" if overlap else "warning", "claims", sentence))
    if evidence.claims.said.left_out:
        sentence = (
            f"{evidence.claims.said.left_out} claims of output or capacity were not used: nobody at or above their unit reports the product, they cover a part of what is "
            "reported only, or they claim that nothing was made."
        )
        notes.append(Note("estimate", "warning", "claims", sentence))
    return tuple(notes)


def _wrong_measure(evidence: Evidence, series: int, factor: float) -> str:
    name = f"{evidence.units.labels[evidence.series_unit[series]]} {evidence.products.labels[evidence.series_product[series]]}"
    return f"{name} ({round(max(factor, 1.0 / factor)):,} times too {'large' if factor > 1 else 'small'})"


def _unheard(evidence: Evidence, unheard: NDArray[np.bool_]) -> str:
    """Say whose output nothing speaks of, and what their capacities rest on."""
    units = np.unique(evidence.series_unit[unheard])
    sectors = [evidence.sector.labels[at] for at in np.unique(evidence.sector.position[units])]
    if unheard.all():
        start = "Nobody reports, and neither inspectors nor proxies speak of output: none is estimated"
    else:
        names = f"{', '.join(sectors[:5])}{', ...' if len(sectors) > 5 else ''}"
        where = f"{len(sectors)} {'sector' if len(sectors) == 1 else 'sectors'} ({names})"
        start = f"Nobody reports in {where}, and neither inspectors nor proxies speak of output there: none is estimated"
    if len(evidence.findings.capacity_series):
        basis = "judged by their nameplates and by what inspectors found of capacities"
    else:
        basis = f"taken as stated, with an assumed error of {np.expm1(STATED_SD):.0%} (one standard deviation)"
    return f"{start}, and the capacities of {len(units)} {'unit' if len(units) == 1 else 'units'} are {basis}."
