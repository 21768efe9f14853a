"""Units whose reports are probably off by more than a tenth, with the evidence in words: reasons for a visit, not verdicts."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.sparse import csr_array, diags_array
from scipy.special import ndtr

from groundplan.estimation.clues import LEAST_PEERS, Clue
from groundplan.estimation.evidence import Evidence
from groundplan.estimation.sources import is_claim
from groundplan.estimation.year_bias import YearBias
from groundplan.maths.groups import group_sum
from groundplan.maths.multiple import false_shares
from groundplan.tables.economy import Economy
from groundplan.tables.results import Suspects

__all__ = ["FALSE_SHARE", "TOLERANCE", "suspects_table"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

TOLERANCE = 0.1
"""Share by which reports may be off: honest books err by some per cent."""
FALSE_SHARE, _CHANCE = 0.1, 0.9
"""Units are flagged as long as, with this chance, no more than this share of them is not off by the tolerance."""
_ROWS = 1000
"""So many units, the surest first, are listed: more than anyone can visit."""
_SLIGHT = 0.005
"""A gap that would be told as 0 % is none."""
_CLAUSES = 3
_NINETY = 1.6448536269514722


def suspects_table(economy: Economy, evidence: Evidence, bias: YearBias, inspected: NDArray[np.bool_], clues: tuple[Clue, ...]) -> pl.DataFrame:
    """List the units whose reports of the base period are more likely than not off by more than a tenth, the surest first.

    Args:
        economy: the tables.
        evidence: what is known.
        bias: how far reports of the base period lie from what was made.
        inspected: shape (S,), a finding of output exists.
        clues: what each source says by itself.
    """
    over, under = bias.mean - np.log1p(TOLERANCE), np.log1p(-TOLERANCE) - bias.mean
    margin, sd = np.maximum(over, under), bias.log_sd()
    order = np.argsort(-margin / sd, kind="stable")
    order = order[margin[order] > 0]
    if not len(order):
        return Suspects.create_empty()
    sign = np.where(over >= under, 1.0, -1.0)
    signed = csr_array(diags_array(sign[order]) @ bias.shared[order])
    expected, exceeded = false_shares(margin[order], bias.own_sd[order], signed, chance=_CHANCE, rng=np.random.default_rng(economy.settings.seed))
    within = np.flatnonzero(exceeded <= FALSE_SHARE)
    flagged = int(within[-1]) + 1 if len(within) else 0
    kept = order[:_ROWS]
    unit = bias.unit[kept]
    visited = group_sum(evidence.series_unit, inspected.astype(float), len(evidence.units)) > 0
    ends = [np.where(np.isfinite(bias.mean[kept]), np.expm1(bias.mean[kept] + width * sd[kept]), np.nan) for width in (0.0, -_NINETY, _NINETY)]
    table = pl.DataFrame(
        {
            "unit": evidence.units.column("unit", unit),
            "rank": np.arange(1, len(kept) + 1),
            "direction": np.where(sign[kept] > 0, "above", "below"),
            "bias": ends[0],
            "lower_90": ends[1],
            "upper_90": ends[2],
            "probability": ndtr((margin / sd)[kept]),
            "false_share": expected[: len(kept)],
            "flagged": np.arange(len(kept)) < flagged,
            "inspected": visited[unit],
            "evidence": _words(clues, unit, sign[kept]),
        }
    )
    schema = Suspects.create_empty().schema
    return table.select((pl.col(name).fill_nan(None) if dtype == pl.Float64 else pl.col(name)).cast(dtype) for name, dtype in schema.items())


def _words(clues: tuple[Clue, ...], unit: IntArray, sign: FloatArray) -> list[str]:
    """Tell, for each unit, what weighs most: the sources by how far each moves the estimate its way."""
    pulls, places = [], []
    for clue in clues:
        place = np.full(int(max(clue.unit.max(initial=-1), unit.max(initial=-1))) + 1, -1)
        place[clue.unit] = np.arange(len(clue.unit))
        at = place[unit]
        pulls.append(np.where((at >= 0) & (np.abs(clue.gap[at]) >= _SLIGHT), clue.information[at] * clue.gap[at] * sign, 0.0) if len(clue.unit) else np.zeros(len(unit)))
        places.append(at)
    weight = np.array(pulls)
    ranked = np.argsort(-weight, axis=0, kind="stable")[:_CLAUSES]
    words = []
    for column, direction in enumerate(sign):
        chosen = [source for source in ranked[:, column] if weight[source, column] > 0]
        clauses = [_clause(clues[source], int(places[source][column]), direction > 0) for source in chosen]
        words.append("; ".join(clauses) if clauses else "no source says so by itself, all of them together do")
    return words


def _clause(clue: Clue, at: int, above: bool) -> str:
    size, side = f"{abs(np.expm1(clue.gap[at])):.0%}", "above" if above else "below"
    number, of = int(clue.number[at]), int(clue.of[at])
    if clue.source == "finding":
        return f"reports {size} {side} what {'its one finding' if number == 1 else f'its {number} findings'} measured"
    if clue.source == "group":
        counted = number if above else of - number
        if above and of >= LEAST_PEERS:
            return f"{counted} of {of} inspected units like it report over {TOLERANCE:.0%} more than was found"
        return f"units like it report {size} {side} what they make"
    if is_claim(clue.source):
        return f"reports {size} {side} what people on the ground say ({clue.source})"
    if not above:
        number = of - number
    rank = f", further than {number} of {of} others in its sector" if of else ""
    return f"reports {size} {side} what its {clue.source.replace('_', ' ')} supports{rank}"
