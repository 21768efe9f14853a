"""What a use table does not tell and a plan needs: the importer's assumptions, each with its range."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Literal, get_args

from groundplan.errors import Fault

__all__ = ["STANDARD", "Assumptions", "InvestmentMode", "assumption_faults"]

InvestmentMode = Literal["goal", "planned"]

_RANGES = {
    "horizon": (1, 50),
    "growth": (-0.5, 1.0),
    "labour_growth": (-0.5, 1.0),
    "productivity_growth": (-0.5, 1.0),
    "import_headroom": (0.0, 10.0),
    "minimum_share": (0.0, 1.0),
    "depreciation": (0.0, 1.0),
    "utilisation_shift": (-100.0, 100.0),
}


@dataclass(frozen=True, slots=True)
class Assumptions:
    """What a use table does not tell; shares are fractions, growth is per year and real.

    Args:
        horizon: years of the plan.
        growth: growth of every final use, of supply from outside and of foreign exchange.
        labour_growth: growth of the hours that people work.
        productivity_growth: growth of what an hour does, the same in all sectors.
        import_headroom: share by which imports of a product may exceed the base year's, grown; foreign exchange limits them all.
        minimum_share: share of the base year's consumption, private and public, that comes before all else.
        depreciation: share of capacity that wears out each year.
        investment: "goal" keeps fixed investment among final uses; "planned" leaves it to the plan, as what new capacity takes.
        utilisation_shift: percentage points added to the utilisation, for sensitivity runs.
    """

    horizon: int = 5
    growth: float = 0.02
    labour_growth: float = 0.005
    productivity_growth: float = 0.015
    import_headroom: float = 0.02
    minimum_share: float = 1.0
    depreciation: float = 0.05
    investment: InvestmentMode = "goal"
    utilisation_shift: float = 0.0

    @property
    def labour_factor(self) -> float:
        """Yearly factor on labour, measured in what the work of the base year was paid: hours times what an hour does."""
        return (1 + self.labour_growth) * (1 + self.productivity_growth)

    @property
    def net_investment(self) -> float:
        """Share by which the base year's investment, and in a steady state every year's, adds to capacity."""
        return max(self.growth, 0.0)


STANDARD = Assumptions()
"""What is assumed where nothing else is said."""


def assumption_faults(assumptions: Assumptions) -> list[Fault]:
    """Tell which assumptions are out of range."""
    faults = []
    for field in fields(assumptions):
        value = getattr(assumptions, field.name)
        if field.name == "investment":
            if value not in get_args(InvestmentMode):
                faults.append(_fault(field.name, value, " or ".join(map(repr, get_args(InvestmentMode)))))
            continue
        low, high = _RANGES[field.name]
        if not low <= value <= high:
            faults.append(_fault(field.name, value, f"{low:g} to {high:g}"))
    return faults


def _fault(name: str, value: object, expected: str) -> Fault:
    return Fault("options", name, "out_of_range", 0, (), repr(value), expected, f"Give another {name}.")
