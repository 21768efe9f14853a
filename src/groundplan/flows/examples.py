"""Write example economies."""

from __future__ import annotations

import shutil
from pathlib import Path

import groundplan
from groundplan.errors import FolderError
from groundplan.simulation.northland import simulate_northland
from groundplan.store.folder import write_economy

__all__ = ["write_northland", "write_united_states"]

_HERE = Path(groundplan.__file__).parent
_PLACES = (_HERE / "examples", _HERE.parents[1] / "examples")
"""Where examples of official figures lie: in an installed package, and in the repository."""


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


def write_united_states(folder: Path) -> Path:
    """Copy the economy of the United States in 15 sectors, made by the importer from official tables, with its sources.

    Args:
        folder: where `economy/` is written; it may not be there.

    Returns:
        The economy's folder.

    Raises:
        FolderError: it is there already, cannot be written, or this installation came without the example.
    """
    economy_folder = folder / "economy"
    if economy_folder.exists():
        raise FolderError(f"{economy_folder} is there already. Name another folder, or move this one away.")
    source = next((place / "united-states" for place in _PLACES if (place / "united-states" / "economy").is_dir()), None)
    if source is None:
        raise FolderError("this installation came without the example united-states; install groundplan again.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copytree(source / "economy", economy_folder, ignore=shutil.ignore_patterns("runs"))
        for path in source.iterdir():
            if path.is_file():
                shutil.copy(path, folder / path.name)
    except OSError as error:
        shutil.rmtree(economy_folder, ignore_errors=True)
        raise FolderError(f"{economy_folder} cannot be written: {error.strerror or error}") from error
    return economy_folder
