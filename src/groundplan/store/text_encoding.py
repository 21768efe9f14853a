"""Which encoding a text file is in, where it is not the one that was asked for."""

from __future__ import annotations

from groundplan.errors import Fault

__all__ = ["encoding_fault"]

_REMEDY = "Save it as 'CSV UTF-8', or as a workbook (.xlsx)."


def encoding_fault(file: str, data: bytes) -> Fault | None:
    """Say what is wrong with the encoding of a file; None where it is good UTF-8.

    Args:
        file: its name, for the message.
        data: its bytes, without a UTF-8 byte-order mark.
    """
    if data.startswith((b"\xff\xfe", b"\xfe\xff")) or _looks_like_utf_16(data):
        return _fault(file, "UTF-16 text ('Unicode text' in a spreadsheet)", ())
    if data.startswith(b"PK\x03\x04"):
        return _fault(file, "a workbook or zip archive under the name of a CSV file", ())
    if b"\0" in data:
        return _fault(file, "NUL bytes: not a text file", (1 + data.count(b"\n", 0, data.index(b"\0")),))
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        row = 1 + data.count(b"\n", 0, error.start)
        return _fault(file, f"bytes that are not UTF-8, from row {row} on{_guess(data)}", (row,))
    return None


def _fault(file: str, found: str, rows: tuple[int, ...]) -> Fault:
    return Fault(file, "", "encoding", max(1, len(rows)), rows, found, "UTF-8 text", _REMEDY)


def _looks_like_utf_16(data: bytes) -> bool:
    """ASCII in UTF-16 has a NUL in every other byte."""
    head = data[:200]
    return len(head) >= 4 and (head[1::2].count(0) > 0.4 * len(head) or head[0::2].count(0) > 0.4 * len(head))


def _guess(data: bytes) -> str:
    sample = data[:1_000_000]
    sample = sample[: sample.rfind(b"\n") + 1] or sample
    try:
        text = sample.decode("cp949")
    except UnicodeDecodeError:
        return "; it may be Windows-1252 (Latin-1)"
    if any("가" <= sign <= "힣" for sign in text):
        return "; it looks like CP949 (EUC-KR), the encoding of Korean Windows"
    return "; it may be Windows-1252 (Latin-1)"
