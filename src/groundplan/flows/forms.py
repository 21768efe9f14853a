"""The same answer in several forms: a page, a workbook, a table, side by side in a folder."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

from groundplan.errors import FolderError

__all__ = ["write_forms"]

Shown = TypeVar("Shown")


def write_forms(shown: Shown, folder: Path, forms: Mapping[str, Callable[[Shown, Path], None]]) -> list[Path]:
    """Write an answer in all its forms into a folder, which is made where it is not there.

    Args:
        shown: the answer.
        folder: where to.
        forms: name of the file -> what writes it.

    Raises:
        FolderError: the folder cannot be made, or a file not written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FolderError(f"{folder} cannot be made: {error.strerror or error}. Name another folder.") from error
    for name, write in forms.items():
        write(shown, folder / name)
    return [folder / name for name in forms]
