"""How a proxy goes along with output from unit to unit: one slope for the country, and what each sector's differs by."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from groundplan.estimation.design import Layout, Terms
from groundplan.estimation.evidence import Evidence
from groundplan.estimation.volume import Volume
from groundplan.maths.groups import group_mean

__all__ = ["Slope", "begin_slope"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

_PRIOR, _PRIOR_SD = 1.0, 0.3
"""Mean and standard deviation of the prior of the country's elasticity."""
_SECTOR_SD, _SECTOR_COUNTS = 0.1, 4.0
"""Scale and degrees of freedom of the prior of what sectors' elasticities differ by: a third of what the country's may be off."""
_LEAST, _MOST = 0.2, 1.8


@dataclass(frozen=True, slots=True, eq=False)
class Slope:
    """Log use against log volume: q = intercept + line(v), with line(v) = c_p + d (v - c_p) + b_k (v - c_kp) for product p in sector k.

    Lines turn about the mean volumes c of those who showed them, so that slopes tell nothing of intercepts.

    Args:
        name: of the proxy.
        common: d, the country's elasticity.
        sector: b, shape (K,), what the sectors' differ by.
        labels: of the K sectors.
        middle: c_p, shape (P,), mean log volume of the units whose main product each is.
        apart: c_kp, shape (K, P), of those in each sector; c_p where there are none.
    """

    name: str
    common: float
    sector: FloatArray
    labels: tuple[str, ...]
    middle: FloatArray
    apart: FloatArray

    def elasticity(self, sector: IntArray) -> FloatArray:
        """Give the elasticity of units of the sectors."""
        return self.common + self.sector[sector]

    def line(self, sector: IntArray, product: IntArray, volume: FloatArray) -> FloatArray:
        """Give log use but for the intercept."""
        return self._start(sector, product) + self.elasticity(sector) * volume

    def volume(self, sector: IntArray, product: IntArray, line: FloatArray) -> FloatArray:
        """Give the log volume at which the line has a value."""
        return (line - self._start(sector, product)) / self.elasticity(sector)

    def _start(self, sector: IntArray, product: IntArray) -> FloatArray:
        middle = self.middle[product]
        return middle - self.common * middle - self.sector[sector] * self.apart[sector, product]

    def lay_out(self, layout: Layout) -> None:
        """Add the effects that correct the slopes: priors are around what the slopes' own priors leave to correct."""
        layout.fixed(self._common, _PRIOR - self.common, _PRIOR_SD)
        if len(self.labels) > 1:
            layout.random(self._sectors, _SECTOR_SD, _SECTOR_COUNTS, -self.sector)

    def add_terms(self, terms: Terms, names: dict[str, int], sector: IntArray, product: IntArray, volume: FloatArray) -> None:
        """Add what the corrections mean for line(v) less use at the log volumes.

        Args:
            terms: of a design with a row for each unit.
            names: columns of the effects.
            sector: shape (n,), positions.
            product: shape (n,), positions.
            volume: shape (n,), log volumes.
        """
        rows = np.arange(len(sector))
        terms.add(rows, names[self._common], self.middle[product] - volume)
        if len(self.labels) > 1:
            terms.add(rows, names[self._sectors[0]] + sector, self.apart[sector, product] - volume)

    def corrected(self, names: dict[str, int], effects: FloatArray) -> Slope:
        """Give the slopes with what the effects correct, elasticities held between 0.2 and 1.8."""
        common = float(np.clip(self.common + effects[names[self._common]], _LEAST, _MOST))
        if len(self.labels) < 2:
            return replace(self, common=common)
        first = names[self._sectors[0]]
        sector = self.sector + effects[first : first + len(self.labels)]
        return replace(self, common=common, sector=np.clip(common + sector, _LEAST, _MOST) - common)

    @property
    def _common(self) -> str:
        return f"proxy|{self.name}|elasticity"

    @property
    def _sectors(self) -> list[str]:
        return [f"proxy|{self.name}|elasticity|sector={label}" for label in self.labels]


def begin_slope(evidence: Evidence, name: str, volume: Volume) -> Slope:
    """Begin with use in proportion to volume everywhere."""
    sectors, products = len(evidence.sector.labels), len(evidence.products)
    shown = (volume.count > 0) & (volume.main >= 0)
    product, log_volume = volume.main[shown], volume.log_volume[shown]
    middle = group_mean(product, log_volume, products)
    pair = evidence.sector.position[shown] * products + product
    there = np.bincount(pair, minlength=sectors * products) > 0
    apart = np.where(there, group_mean(pair, log_volume, sectors * products), np.tile(middle, sectors)).reshape(sectors, products)
    return Slope(name, _PRIOR, np.zeros(sectors), evidence.sector.labels, middle, apart)
