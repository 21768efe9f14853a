"""Files that are the same but for the last digits: processors' vector units round sums, powers and logarithms in ways of their own."""

import re
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

_NUMBER = re.compile(rb"(?<![\w.])-?\d+(?:\.\d+)?(?:e[+-]?\d+)?(?![\w.])")
_LAST = 1e-12
"""Relative difference that is one of last digits."""


def assert_same_text(made: Path, kept: Path) -> None:
    """Compare two files: what is no number to the byte, numbers but for their last digits."""
    texts = [path.read_bytes() for path in (made, kept)]
    if texts[0] == texts[1]:
        return
    numbers = [[float(number) for number in _NUMBER.findall(text)] for text in texts]
    assert _NUMBER.sub(b"0", texts[0]) == _NUMBER.sub(b"0", texts[1]), kept.name
    assert numbers[0] == pytest.approx(numbers[1], rel=_LAST, abs=1e-300), kept.name


def assert_same_frame(made: pl.DataFrame, kept: pl.DataFrame) -> None:
    """Compare two tables, numbers but for their last digits."""
    assert_frame_equal(made, kept, rel_tol=_LAST, abs_tol=_LAST)
