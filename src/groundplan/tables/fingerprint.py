"""A name for what a table holds: equal frames have equal fingerprints."""

from __future__ import annotations

import hashlib
import io

import polars as pl

__all__ = ["fingerprint"]


def fingerprint(frame: pl.DataFrame) -> str:
    """Give the SHA-256 of a frame's columns, types, rows and their order, in hexadecimal."""
    buffer = io.BytesIO()
    frame.write_ipc(buffer, compression="uncompressed")
    return hashlib.sha256(buffer.getbuffer()).hexdigest()
