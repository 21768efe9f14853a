"""A name for what a table holds: equal frames have equal fingerprints."""

from __future__ import annotations

import hashlib
import io

import polars as pl

__all__ = ["fingerprint"]


def fingerprint(frame: pl.DataFrame) -> str:
    """Give the SHA-256 of a frame's columns, types, rows and their order, in hexadecimal.

    Hashed is the table as Parquet without compression: it holds values and no more. Arrow's own form also holds what a frame's memory happens to hold (in
    how many chunks, where its texts lie, what stands under missing values), which differs between equal frames that were read from different files.
    """
    buffer = io.BytesIO()
    frame.rechunk().write_parquet(buffer, compression="uncompressed", statistics=False)
    return hashlib.sha256(buffer.getbuffer()).hexdigest()
