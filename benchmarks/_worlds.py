"""Worlds of the full-Bayes model as economies, and the estimate of them before its intervals are calibrated."""

from __future__ import annotations

from dataclasses import replace
from unittest.mock import patch

import numpy as np
import polars as pl

from _cross_section import KINDS, fit_schema
from _full_bayes import World
from groundplan.estimation import estimate as module
from groundplan.estimation.calibrate import Factors, Residuals, calibrate
from groundplan.tables.bundles import Estimate
from groundplan.tables.economy import Economy
from groundplan.tables.settings import Settings

__all__ = ["estimate_uncalibrated", "world_economy"]


def world_economy(world: World) -> Economy:
    """Write a world as an economy of one product and one period; findings are random visits."""
    groups, units = world.groups, len(world.report)
    unit = [f"E{number:05d}" for number in range(units)]
    seen = np.flatnonzero(np.isfinite(world.finding))
    visits = [f"V{number:05d}" for number in seen]
    period, product = pl.lit("2020").alias("period"), pl.lit("goods").alias("product")
    tables = {
        "units": pl.DataFrame(
            {
                "unit": unit,
                "sector": [f"S{at:02d}" for at in groups.sector],
                "region": [f"R{at:02d}" for at in groups.region],
                "kind": [KINDS[at] for at in groups.kind],
            }
        ),
        "products": pl.DataFrame({"product": ["goods"], "measure": ["t"]}),
        "reports": pl.DataFrame({"unit": unit, "quantity": np.exp(world.report)}).with_columns(period, product, indicator=pl.lit("output"), version=pl.lit(1)),
        "proxies": pl.concat(
            [
                pl.DataFrame({"unit": unit, "value": np.exp(values), "indicator": [name] * units}).with_columns(period)
                for name, values in zip(("electricity", "labour", "water"), world.proxies, strict=False)
            ]
        ),
        "visits": pl.DataFrame({"visit": visits, "unit": [unit[at] for at in seen]}).with_columns(chosen_by=pl.lit("random"), inclusion_probability=pl.lit(len(seen) / units)),
        "findings": pl.DataFrame({"visit": visits, "unit": [unit[at] for at in seen], "value": np.exp(world.finding[seen])}).with_columns(
            period, product, measure=pl.lit("output"), method=pl.lit("weighing"), relative_error=pl.lit(world.finding_sd)
        ),
    }
    known = np.flatnonzero(np.isfinite(world.nameplate))
    if len(known):
        tables["recipes"] = pl.DataFrame({"recipe": ["make"], "item": ["goods"], "role": ["out"], "amount": [1.0]})
        tables["lines"] = pl.DataFrame({"line": [f"L{at:05d}" for at in known], "unit": [unit[at] for at in known], "capacity": np.exp(world.nameplate[known])}).with_columns(
            recipe=pl.lit("make")
        )
    settings = Settings(name="a draw from the prior", base_period="2020", simulated=True)
    return Economy.from_tables(settings, {name: fit_schema(name, table) for name, table in tables.items()})


def estimate_uncalibrated(economy: Economy) -> Estimate:
    """Estimate with the posterior's own intervals: factors of calibration are taken as 1."""

    def plain(residuals: Residuals, top: str) -> tuple[Factors, pl.DataFrame]:
        factors, table = calibrate(residuals, top)
        ones = np.ones(len(factors.half))
        return replace(factors, half=ones, ninety=ones), table

    with patch.object(module, "calibrate", plain):
        return module.estimate(economy)
