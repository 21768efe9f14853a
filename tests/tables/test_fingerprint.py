"""Equal frames have equal fingerprints, however they came to be; others do not."""

import polars as pl
import pytest

from groundplan.tables.fingerprint import fingerprint

FRAME = pl.DataFrame({"unit": ["a works with a long name", "b", None], "value": [1.0, None, 2.5], "major": [True, False, None]})


@pytest.mark.parametrize(
    "twin",
    [
        pl.concat([FRAME.head(1), FRAME.tail(2)], rechunk=False),
        pl.concat([FRAME, FRAME]).slice(3, 3),
        pl.DataFrame({"unit": ["a works with a long name", "b", "no unit of this name"], "value": [1.0, 9.0, 2.5], "major": [True, False, True]}).select(
            pl.when(pl.col("unit") != "no unit of this name").then("unit"), pl.when(pl.col("value") < 9.0).then("value"), pl.when(pl.col("value") != 2.5).then("major")
        ),
    ],
    ids=["in two chunks", "a slice", "other values under what is missing"],
)
def test_equal_frames_have_equal_fingerprints(twin):
    assert twin.equals(FRAME)
    assert fingerprint(twin) == fingerprint(FRAME)


@pytest.mark.parametrize(
    "other",
    [FRAME.reverse(), FRAME.rename({"unit": "units"}), FRAME.select("value", "unit", "major"), FRAME.with_columns(pl.col("value") + 1), FRAME.cast({"value": pl.Float32})],
    ids=["order", "name", "order of columns", "value", "type"],
)
def test_unlike_frames_have_unlike_fingerprints(other):
    assert fingerprint(other) != fingerprint(FRAME)
