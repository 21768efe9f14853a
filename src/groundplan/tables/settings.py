"""Settings of an economy: what groundplan.toml says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal, get_args

from groundplan.errors import Fault, SettingsError
from groundplan.period import Length, Period, parse_period, period_range
from groundplan.tables.facts import GRADES

__all__ = ["Aim", "Settings"]

Aim = Literal["weighted", "levelled"]
"""What a plan aims at within each priority."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings of an economy.

    Args:
        name: name of the economy as reports show it.
        base_period: the last period before the plan, in ISO form; its length is the plan's period length.
        horizon: number of plan periods.
        currency: currency of prices in foreign trade, as shown.
        seed: seed of every random choice.
        as_of: day on which the tables were drawn up; later dates are faults. None: the day of the check.
        capacity_chance: chance with which each product's total capacity must be there, 0.5 to 0.99.
        level_loss: what later priorities may take from an earlier one that cannot be met, as a share of what it would lose if nothing that it wants were there, 0 to 0.1;
            None: 10^-6, and 10^-3 in plans above 5,000 rows, where it is 10^-4 at the least.
        aim: "weighted": within each priority the weighted loss of all gaps is least; "levelled": first the largest gap, as a share of its goal, is as small as can be, then the
            next largest, and so on, and the weighted loss decides what is left.
        simulated: True where the data are made up, which every report then says.
        source: where the figures come from.
        note: a sentence that every report shows.
        claim_errors: grade of claims -> standard error of such a claim as a share of what is true, in place of the default.
    """

    name: str = "economy"
    base_period: str = "2020"
    horizon: int = 5
    currency: str = "currency"
    seed: int = 1
    as_of: date | None = None
    capacity_chance: float = 0.8
    level_loss: float | None = None
    aim: Aim = "weighted"
    simulated: bool = False
    source: str = ""
    note: str = ""
    claim_errors: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse values out of range, all together.

        Raises:
            SettingsError: a value is out of its range.
        """
        faults: list[Fault] = []

        def refuse(column: str, found: object, expected: str) -> None:
            faults.append(Fault("groundplan.toml", column, "out_of_range", 1, (), repr(found), expected, f"Mend {column} in groundplan.toml."))

        try:
            parse_period(self.base_period)
        except ValueError as error:
            refuse("base_period", self.base_period, str(error).partition("; ")[2] or "a period")
        if not 1 <= self.horizon <= 50:
            refuse("horizon", self.horizon, "1 to 50 plan periods")
        if not 0 <= self.seed < 2**63:
            refuse("seed", self.seed, "a whole number from 0 up")
        if not 0.5 <= self.capacity_chance <= 0.99:
            refuse("capacity_chance", self.capacity_chance, "0.5 to 0.99")
        if self.level_loss is not None and not 0.0 <= self.level_loss <= 0.1:
            refuse("level_loss", self.level_loss, "0 to 0.1")
        if self.aim not in get_args(Aim):
            refuse("aim", self.aim, " or ".join(f"'{name}'" for name in get_args(Aim)))
        for grade, share in self.claim_errors.items():
            if grade not in GRADES or isinstance(share, bool) or not isinstance(share, int | float) or not 0.01 <= share <= 3:
                refuse(f"claim_errors.{grade}", share, "a grade A1 to F6 and a share from 0.01 to 3")
        if faults:
            raise SettingsError("groundplan.toml cannot be used", faults)

    @property
    def base(self) -> Period:
        """The base period, parsed."""
        return parse_period(self.base_period)

    @property
    def period_length(self) -> Length:
        """Length of a plan period."""
        return self.base.length

    def plan_periods(self) -> list[Period]:
        """The periods of the plan, first to last."""
        return period_range(self.base.next(), self.horizon)
