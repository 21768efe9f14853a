"""Where records and fields of a CSV file begin and end, found without parsing them (RFC 4180)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Structure", "scan_structure"]

_QUOTE, _NEWLINE, _RETURN = b'"'[0], b"\n"[0], b"\r"[0]


@dataclass(frozen=True, slots=True, eq=False)
class Structure:
    """Shape of a CSV file.

    Args:
        fields: number of fields of each record, header first, shape (records,); 0 for an empty line.
        starts: first byte of each record, and the length of the file behind the last, shape (records + 1,).
        stray_quotes: records (positions, header = 0) with a quote where none can stand, or one that is never closed.
    """

    fields: NDArray[np.int64]
    starts: NDArray[np.int64]
    stray_quotes: NDArray[np.int64]


def scan_structure(data: bytes, separator: str) -> Structure:
    """Count the fields of every record.

    Args:
        data: the file's bytes in UTF-8, lines ended by LF or CRLF.
        separator: one ASCII character.
    """
    signs = np.frombuffer(data, dtype=np.uint8)
    if not len(signs):
        return Structure(*(np.zeros(length, dtype=np.int64) for length in (0, 1, 0)))
    newlines = np.flatnonzero(signs == _NEWLINE)
    separators = np.flatnonzero(signs == ord(separator))
    quotes = np.flatnonzero(signs == _QUOTE)
    if len(quotes):
        # Text inside quotes has an odd number of quotes before it.
        newlines = newlines[np.searchsorted(quotes, newlines) % 2 == 0]
        separators = separators[np.searchsorted(quotes, separators) % 2 == 0]
    ends = newlines if len(newlines) and newlines[-1] == len(signs) - 1 else np.append(newlines, len(signs))
    starts = np.append(0, ends[:-1] + 1)
    lengths = ends - starts
    returned = (lengths > 0) & (signs[np.maximum(ends - 1, 0)] == _RETURN)
    empty = lengths - returned == 0
    counts = np.diff(np.searchsorted(separators, np.append(starts, len(signs)))) + 1
    return Structure(np.where(empty, 0, counts), np.append(starts, len(signs)), _stray_quotes(signs, quotes, starts, separator))


def _stray_quotes(signs: NDArray[np.uint8], quotes: NDArray[np.int64], starts: NDArray[np.int64], separator: str) -> NDArray[np.int64]:
    """A quote opens after a separator or line end and closes before one; inside, it stands twice."""
    if not len(quotes):
        return np.zeros(0, dtype=np.int64)
    edges = np.array([ord(separator), _NEWLINE, _RETURN], dtype=np.uint8)
    opening, closing = quotes[0::2], quotes[1::2]
    before = signs[np.maximum(opening - 1, 0)]
    reopened = np.append(False, opening[1:] == closing[: len(opening) - 1] + 1)
    good_open = (opening == 0) | np.isin(before, edges) | reopened
    after = signs[np.minimum(closing + 1, len(signs) - 1)]
    doubled = np.append(opening[1:], -1)[: len(closing)] == closing + 1
    good_close = (closing == len(signs) - 1) | np.isin(after, edges) | doubled
    bad = np.concatenate([opening[~good_open], closing[~good_close]])
    if len(quotes) % 2:
        bad = np.append(bad, quotes[-1])
    return np.unique(np.searchsorted(starts, bad, side="right") - 1)
