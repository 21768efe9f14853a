"""The demonstration: both examples, checked, reviewed, estimated and planned."""

from __future__ import annotations

from pathlib import Path

from groundplan.flows.examples import write_northland

__all__ = ["example_economies"]


def example_economies(folder: Path) -> list[Path]:
    """Give the economy folders of the examples, northland first; northland is simulated where it is not there.

    Args:
        folder: the examples' folder, as it lies in the repository; made where it is not there.

    Raises:
        FolderError: northland cannot be written.
    """
    northland = folder / "northland"
    if not (northland / "economy").exists():
        write_northland(northland)
    return [northland / "economy", *(path for path in [folder / "united-states" / "economy"] if path.is_dir())]
