"""Check an economy: all that is wrong with it, at once."""

from __future__ import annotations

from groundplan.errors import Fault, InputError
from groundplan.flows.ports import EconomySource
from groundplan.tables.economy import Economy

__all__ = ["load_checked"]


def load_checked(source: EconomySource) -> tuple[Economy, tuple[Fault, ...]]:
    """Read an economy that is sound enough to work on.

    Returns:
        The economy, and the warnings that stand beside it.

    Raises:
        InputError: there are faults; all of them are in it.
    """
    economy, faults = source.check()
    broken = tuple(fault for fault in faults if fault.severity == "fault")
    if broken or economy is None:
        kinds = "1 fault has" if len(broken) == 1 else f"{len(broken)} faults have"
        raise InputError(f"{source.name}: {kinds} to be mended first", broken)
    return economy, tuple(fault for fault in faults if fault.severity != "fault")
