"""Files that are written whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from groundplan.errors import FolderError

__all__ = ["whole_file"]


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Give a temporary file beside `path` that takes its place when the block ends without an error.

    Whatever ends the block early (an error, Ctrl-C, a full disk) leaves what was at `path` as it was.

    Raises:
        FolderError: the file cannot be written.
    """
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.stem}-", suffix=path.suffix, dir=path.parent)
    except OSError as error:
        raise _refusal(path, error) from error
    os.close(handle)
    draft = Path(name)
    try:
        yield draft
        with draft.open("rb") as written:
            os.fsync(written.fileno())
        # Temporary files are private; a report may be read by whoever may read its folder.
        draft.chmod(0o666 & ~_umask())
        draft.replace(path)
    except OSError as error:
        raise _refusal(path, error) from error
    finally:
        draft.unlink(missing_ok=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _refusal(path: Path, error: OSError) -> FolderError:
    return FolderError(f"{path} cannot be written: {error.strerror or error}. Nothing was left half-written; free some space or name another folder, then write it again.")
