"""Worlds of the full-Bayes model as economies, and the estimate of them before its intervals are calibrated."""

from __future__ import annotations

from dataclasses import replace
from unittest.mock import patch

import numpy as np
import polars as pl

from _cross_section import one_period_economy
from _full_bayes import World
from groundplan.estimation import estimate as module
from groundplan.estimation.calibrate import Factors, Residuals, calibrate
from groundplan.tables.bundles import Estimate
from groundplan.tables.economy import Economy

__all__ = ["estimate_uncalibrated", "world_economy"]


def world_economy(world: World) -> Economy:
    """Write a world as an economy of one product and one period."""
    groups, proxies = world.groups, dict(zip(("electricity", "labour", "water"), world.proxies, strict=False))
    return one_period_economy(
        "a draw from the prior", (groups.sector, groups.region, groups.kind), world.report, proxies, world.finding, finding_sd=world.finding_sd, nameplate=world.nameplate
    )


def estimate_uncalibrated(economy: Economy) -> Estimate:
    """Estimate with the posterior's own intervals: factors of calibration are taken as 1."""

    def plain(residuals: Residuals, top: str) -> tuple[Factors, pl.DataFrame]:
        factors, table = calibrate(residuals, top)
        ones = np.ones(len(factors.half))
        return replace(factors, half=ones, ninety=ones), table

    with patch.object(module, "calibrate", plain):
        return module.estimate(economy)
