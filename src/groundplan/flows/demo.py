"""The demonstration: both examples, checked, reviewed, estimated and planned."""

from __future__ import annotations

from pathlib import Path

from groundplan.flows.examples import write_northland, write_united_states

__all__ = ["example_economies"]


def example_economies(folder: Path) -> list[Path]:
    """Give the economy folders of the examples, northland first; each is written where it is not there.

    Args:
        folder: the examples' folder, as it lies in the repository; made where it is not there.

    Raises:
        FolderError: one of them cannot be written.
    """
    economies = []
    for name, write in (("northland", write_northland), ("united-states", write_united_states)):
        economy = folder / name / "economy"
        if not economy.exists():
            write(folder / name)
        economies.append(economy)
    return economies
