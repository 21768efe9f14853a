"""Runs that the report's tests show: northland in small, estimate or review alone, and an economy of which nobody reports."""

from dataclasses import replace

import pytest
from report_runs import FAULT, shown_of

from groundplan.loop.chain import run_chain
from groundplan.report.content import ReportInput
from groundplan.simulation.northland import simulate_northland


@pytest.fixture(scope="session")
def northland() -> ReportInput:
    """A small northland that was estimated, reviewed and planned."""
    economy = simulate_northland(1, enterprises=120, months=24, visits=20).economy
    return shown_of(economy, run_chain(economy).tables(), (FAULT,))


@pytest.fixture(scope="session")
def silent(northland) -> ReportInput:
    """Northland planned from its tables alone: nobody reports, nobody was visited, no targets, as in an economy made from a use table."""
    nothing = {name: frame.clear() for name in ("reports", "targets", "plans", "visits", "findings", "proxies") for frame in (getattr(northland.economy, name),)}
    settings = replace(northland.economy.settings, simulated=False, note="Made from official tables.")
    economy = replace(northland.economy, settings=settings, **nothing)
    return shown_of(economy, run_chain(economy).tables())


@pytest.fixture(scope="session")
def parts(northland) -> dict[str, ReportInput]:
    """The same run broken off: after the estimate, the review alone, and nothing at all."""
    of_estimate = ("estimates", "estimate_factors", "totals", "capacities", "capacity_factors", "calibration", "suspects")
    keep = {"estimate": of_estimate, "review": ("fulfilment", "bunching"), "nothing": ()}
    return {name: shown_of(northland.economy, {table: northland.results[table] for table in tables}) for name, tables in keep.items()}
