"""Write example economies."""

from __future__ import annotations

import shutil
from pathlib import Path

from groundplan.errors import FolderError
from groundplan.simulation.northland import simulate_northland
from groundplan.store.folder import write_economy

__all__ = ["write_northland"]


def write_northland(folder: Path, *, seed: int = 1, enterprises: int = 800, months: int = 36, visits: int = 40) -> tuple[Path, Path]:
    """Simulate northland and write it, with the truth in a folder beside it that no stage reads.

    Args:
        folder: where `economy/` and `truth/` are written; neither may be there.
        seed: the same seed gives the same bytes.
        enterprises: number of units.
        months: number of months of reports.
        visits: number of inspections.

    Returns:
        The economy's folder and the truth's.

    Raises:
        FolderError: one of them is there already, or cannot be written.
    """
    economy_folder, truth_folder = folder / "economy", folder / "truth"
    for path in (economy_folder, truth_folder):
        if path.exists():
            raise FolderError(f"{path} is there already. Name another folder, or move this one away.")
    simulated = simulate_northland(seed, enterprises=enterprises, months=months, visits=visits)
    try:
        write_economy(simulated.economy, economy_folder)
        truth_folder.mkdir()
        for name, frame in simulated.truth.items():
            frame.write_parquet(truth_folder / f"{name}.parquet", statistics=False)
    except BaseException as error:
        # Both or neither: an economy without its truth, or with half of it, would stand in the way of the next try.
        for path in (economy_folder, truth_folder):
            shutil.rmtree(path, ignore_errors=True)
        if isinstance(error, OSError) and not isinstance(error, FolderError):
            raise FolderError(f"{truth_folder} cannot be written: {error.strerror or error}") from error
        raise
    return economy_folder, truth_folder
