"""Northland: a made-up country with reports that flatter, and the truth beside them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import dataframely as dy
import numpy as np
import polars as pl
from numpy.typing import NDArray

from groundplan.period import parse_period
from groundplan.simulation.country import REGIONS, SECTORS
from groundplan.simulation.enterprises import Enterprises, draw_enterprises
from groundplan.simulation.histories import History, make_history
from groundplan.simulation.observing import METHOD_ERRORS, Findings, Meters, Visits, choose_visits, find, read_meters
from groundplan.simulation.plants import PLANTS
from groundplan.simulation.products import PRODUCTS
from groundplan.simulation.recipes import RECIPES
from groundplan.simulation.reporting import KINDS, Managers, Reported, draw_managers, report_output, round_figures, set_targets
from groundplan.simulation.technology import BaseYear, Technology, northland_technology
from groundplan.simulation.wishes import goals_table, investments_table, resources_table, stocks_table, trade_table
from groundplan.tables.axes import Axis
from groundplan.tables.economy import Economy
from groundplan.tables.facts import FACTS
from groundplan.tables.settings import Settings

__all__ = ["Simulated", "simulate_northland"]

FloatArray = NDArray[np.float64]

_BASE_YEAR = 2020
_HORIZON = 5
_AS_OF = date(2021, 1, 31)
_MAJOR_SHARE = 0.08
_NAMEPLATE_MEAN, _NAMEPLATE_SD = 0.04, 0.15
_VISIT_DAYS = 10
_TEAMS = 5
_PLAN = "P2016"
_EVIDENCE = {"meter": "meter book", "weighing": "weighbridge", "count": "counted on the spot", "ledger": "ledger"}


@dataclass(frozen=True, slots=True, eq=False)
class Simulated:
    """A simulated economy and what is true of it.

    Args:
        economy: what a planning office would hold; it fits the schemas of `groundplan.tables.facts`.
        truth: tables that no stage may read. `outputs` (unit, product, period, quantity); `capacities` (line, capacity: units of activity a
            year at the end of the base year, activity: those of the base year, utilisation: its share of what could be done then);
            `reporting` (unit, kind, log_bias: the lasting part of log(reported / made), mean_log_error: its mean as it came out, pull,
            hiding); `balances` (product, period, output, imports, intermediate, final_use, built, exports).
    """

    economy: Economy
    truth: dict[str, pl.DataFrame]


@dataclass(frozen=True, slots=True, eq=False)
class _Country:
    """All that was drawn, with the labels of its positions."""

    technology: Technology
    enterprises: Enterprises
    history: History
    managers: Managers
    major: NDArray[np.bool_]
    units: Axis
    lines: Axis
    months: Axis


def simulate_northland(seed: int = 1, *, enterprises: int = 800, months: int = 36, visits: int = 40) -> Simulated:
    """Simulate northland: the same arguments give the same tables, byte for byte.

    Args:
        seed: of every draw.
        enterprises: number of enterprises and collectives; ministries come on top. At least 12, one a sector.
        months: number of months of reports, the last one December 2020. At least 12.
        visits: number of inspections in 2020, at most one a unit.

    Raises:
        ValueError: a number is out of its range.
    """
    if enterprises < len(SECTORS) or months < 12 or visits < 0:
        raise ValueError(f"northland needs at least {len(SECTORS)} enterprises, 12 months and 0 visits; got {enterprises}, {months} and {visits}")
    rng = np.random.default_rng(seed)
    country = _draw_country(enterprises, months, rng)
    history, count = country.history, enterprises
    targets, monthly_targets = set_targets(country.enterprises, country.managers, history, months // 12, rng)
    reported = report_output(country.managers, history, monthly_targets, rng)
    meters = read_meters(country.enterprises, country.technology, history, rng)
    stated: FloatArray = np.bincount(history.series.unit, reported.quantity[:, -12:].sum(axis=1) * history.base.value[history.series.product], count).astype(float)
    size = np.maximum(meters.headcount[:, -1], 1.0)
    chosen = choose_visits(visits, size, _suspicion(stated, meters, country.enterprises), country.major, rng)
    findings = find(chosen, history, rng)
    nameplate = round_figures(history.capacity * np.exp(rng.normal(_NAMEPLATE_MEAN, _NAMEPLATE_SD, len(history.capacity))), 3)
    periods = tuple(str(_BASE_YEAR + 1 + number) for number in range(_HORIZON))
    tables = {
        "units": _units(country, meters),
        "products": _products(),
        "recipes": _recipes(),
        "lines": _lines(country, nameplate),
        "reports": _reports(country, reported, rng),
        "plans": pl.DataFrame({"plan": [_PLAN], "version": [1], "status": ["adopted"], "adopted_on": [date(2015, 12, 20)], "parent": [None]}),
        "targets": _targets(country, targets),
        "visits": _visits(country, chosen),
        "findings": _findings(country, findings),
        "proxies": _proxies(country, meters),
        "goals": goals_table(history.base, periods),
        "resources": resources_table(country.enterprises, country.technology, history, periods),
        "trade": trade_table(history.base, periods),
        "stocks": stocks_table(history.base, rng),
        "investments": investments_table(country.technology, history.base),
    }
    economy = Economy.from_tables(_settings(seed), {name: _fit(table, FACTS[name]) for name, table in tables.items()})
    return Simulated(economy, _truth(country, reported))


def _draw_country(count: int, months: int, rng: np.random.Generator) -> _Country:
    technology = northland_technology()
    enterprises = draw_enterprises(count, technology, rng)
    history = make_history(enterprises, technology, months, rng)
    worth = (history.base.value @ technology.outputs)[enterprises.line_recipe] * history.capacity
    size = np.bincount(enterprises.line_unit, worth, count)
    major = np.zeros(count, bool)
    major[np.argsort(-size, kind="stable")[: max(1, round(_MAJOR_SHARE * count))]] = True
    managers = draw_managers(enterprises, major, rng)
    width = len(str(count))
    units = Axis(tuple(f"E{number:0{width}d}" for number in range(1, count + 1)))
    lines = Axis(tuple(f"L{number:0{width + 1}d}" for number in range(1, len(enterprises.line_unit) + 1)))
    labels = Axis(tuple(f"{_BASE_YEAR - back // 12}-{12 - back % 12:02d}" for back in range(months - 1, -1, -1)))
    return _Country(technology, enterprises, history, managers, major, units, lines, labels)


def _suspicion(stated: FloatArray, meters: Meters, enterprises: Enterprises) -> FloatArray:
    """Log of reported worth to electricity, less the mean of the sector, shape (n,)."""
    ratio = np.log(np.maximum(stated, 1e-9)) - np.log(meters.electricity[:, -12:].sum(axis=1))
    mean = np.bincount(enterprises.sector, ratio) / np.bincount(enterprises.sector)
    return np.asarray(ratio - mean[enterprises.sector])


def _settings(seed: int) -> Settings:
    return Settings(
        name="Northland",
        base_period=str(_BASE_YEAR),
        horizon=_HORIZON,
        currency="USD",
        seed=seed,
        as_of=_AS_OF,
        capacity_chance=0.8,
        simulated=True,
        source=f"simulated by groundplan, seed {seed}",
        note="Northland does not exist: every place, unit and figure is simulated.",
    )


def _fit(table: pl.DataFrame, schema: type[dy.Schema]) -> pl.DataFrame:
    """Put the columns in the schema's order and types; columns that are not given are empty."""
    wanted = dict(schema.create_empty().schema)
    return table.select((pl.col(name) if name in table.columns else pl.lit(None).alias(name)).cast(dtype) for name, dtype in wanted.items())


def _units(country: _Country, meters: Meters) -> pl.DataFrame:
    """The planning commission, the ministries, then enterprises and collectives."""
    enterprises, capital = country.enterprises, REGIONS[0]
    offices = pl.DataFrame(
        {
            "unit": ["A00", *(f"A{number:02d}" for number in range(1, len(SECTORS) + 1))],
            "name": ["Planning Commission", *(sector.ministry for sector in SECTORS)],
            "name_ko": ["국가계획위원회", *(sector.ministry_ko for sector in SECTORS)],
            "kind": "authority",
            "parent": [None, *["A00"] * len(SECTORS)],
            "sector": ["planning", *(sector.name for sector in SECTORS)],
            "region": capital.name,
            "latitude": capital.latitude,
            "longitude": capital.longitude,
            "employees": None,
            "major": False,
        },
        schema_overrides={"employees": pl.Float64},
    )
    # A unit's main line stands first among its lines.
    main = enterprises.line_recipe[np.searchsorted(enterprises.line_unit, np.arange(len(country.units)))]
    sector, region = Axis(tuple(entry.name for entry in SECTORS)), Axis(tuple(entry.name for entry in REGIONS))
    plants = pl.DataFrame(
        {
            "unit": country.units.labels,
            "sector": sector.column("sector", enterprises.sector),
            "region": region.column("region", enterprises.region),
            "region_ko": _named([entry.name_ko for entry in REGIONS], enterprises.region),
            "plant": _named([PLANTS[recipe.recipe][0] for recipe in RECIPES], main),
            "plant_ko": _named([PLANTS[recipe.recipe][1] for recipe in RECIPES], main),
            "parent": _named([f"A{number + 1:02d}" for number in range(len(SECTORS))], enterprises.sector),
            "kind": np.where(enterprises.collective, "collective", "enterprise"),
            "latitude": enterprises.latitude,
            "longitude": enterprises.longitude,
            "employees": meters.headcount[:, -1],
            "major": country.major,
        }
    )
    number = pl.int_range(1, pl.len() + 1).over("plant", "region").cast(pl.String)
    plants = plants.with_columns(name=pl.format("{} {} No. {}", "region", "plant", number), name_ko=pl.format("{} 제{}{}", "region_ko", number, "plant_ko"))
    return pl.concat([offices, plants.select(offices.columns)])


def _products() -> pl.DataFrame:
    columns = ("product", "name", "name_ko", "measure", "storable", "loss_share")
    return pl.DataFrame({column: [getattr(good, column) for good in PRODUCTS] for column in columns} | {"group": [good.sector for good in PRODUCTS]})


def _recipes() -> pl.DataFrame:
    rows = [(recipe.recipe, item, role, amount) for recipe in RECIPES for role, items in (("in", recipe.inputs), ("out", recipe.outputs)) for item, amount in items.items()]
    return pl.DataFrame(rows, schema=["recipe", "item", "role", "amount"], orient="row")


def _lines(country: _Country, nameplate: FloatArray) -> pl.DataFrame:
    enterprises = country.enterprises
    return pl.DataFrame(
        {
            "line": country.lines.labels,
            "unit": country.units.column("unit", enterprises.line_unit),
            "recipe": country.technology.recipes.column("recipe", enterprises.line_recipe),
            "capacity": nameplate,
            "efficiency": enterprises.efficiency,
        }
    )


def _reports(country: _Country, reported: Reported, rng: np.random.Generator) -> pl.DataFrame:
    """First reports a few days after the month, corrections some weeks later; a month that was not reported has no row."""
    corrected = np.isfinite(reported.first).ravel()
    # A month that was corrected has two rows, one after the other; a month that was not reported has none.
    rows = np.repeat(np.arange(corrected.size), np.where(reported.missing.ravel(), 0, 1 + corrected))
    second = np.concatenate([[False], rows[1:] == rows[:-1]])
    series, month = np.divmod(rows, len(country.months))
    days = rng.integers(4, 12, len(rows)) + np.where(second, 7 + rng.integers(15, 39, len(rows)), 0)
    ends = pl.Series([parse_period(label).end for label in country.months.labels])
    return _by_series(country, series, month).with_columns(
        indicator=pl.lit("output"),
        version=pl.Series(1 + second.astype(np.int64)),
        quantity=pl.Series(np.where(corrected[rows] & ~second, reported.first.ravel()[rows], reported.quantity.ravel()[rows])),
        declared_capacity=pl.Series(reported.declared.ravel()[rows]),
        reported_on=ends.gather(pl.Series(month)) + pl.Series(days).cast(pl.Duration("us")) * 86_400_000_000,
        status=pl.lit("submitted"),
    )


def _targets(country: _Country, targets: FloatArray) -> pl.DataFrame:
    series, year = (index.ravel() for index in np.indices(targets.shape))
    return pl.DataFrame(
        {
            "plan": _PLAN,
            "version": 1,
            "unit": country.units.column("unit", country.history.series.unit[series]),
            "product": country.technology.products.column("product", country.history.series.product[series]),
            "indicator": "output",
            "period": pl.Series(year + _BASE_YEAR + 1 - targets.shape[1]).cast(pl.String),
            "quantity": round_figures(targets, 3).ravel(),
        }
    )


def _visits(country: _Country, visits: Visits) -> pl.DataFrame:
    width = max(3, len(str(len(visits.unit))))
    frame = pl.DataFrame(
        {
            "visit": [f"V{number:0{width}d}" for number in range(1, len(visits.unit) + 1)],
            "unit": country.units.column("unit", visits.unit),
            "team": [f"team {number % _TEAMS + 1}" for number in range(len(visits.unit))],
            "day": visits.day,
            "chosen_by": np.where(np.isnan(visits.probability), "worth", "random"),
            "inclusion_probability": pl.Series(visits.probability, dtype=pl.Float64).fill_nan(None),
        },
        schema_overrides={"visit": pl.String, "team": pl.String},
    )
    start = pl.date(_BASE_YEAR, 1, 1) + pl.duration(days="day")
    return frame.with_columns(start=start, end=start + pl.duration(days=_VISIT_DAYS - 1), status=pl.lit("done"))


def _findings(country: _Country, findings: Findings) -> pl.DataFrame:
    width = max(3, len(str(int(findings.visit.max(initial=0)) + 1)))
    method = _named(list(METHOD_ERRORS), findings.method)
    frame = _by_series(country, findings.series, findings.month).with_columns(
        visit=pl.Series(findings.visit + 1).cast(pl.String).str.zfill(width),
        measure=pl.Series(findings.is_capacity.astype(np.int64)).replace_strict({0: "output", 1: "capacity"}, return_dtype=pl.String),
        value=pl.Series(round_figures(findings.value, 5)),
        method=method,
        relative_error=pl.Series(findings.relative_error),
    )
    evidence = pl.when(pl.col("measure") == "capacity").then(pl.lit("machines counted, test run")).otherwise(pl.col("method").replace_strict(_EVIDENCE, return_dtype=pl.String))
    return frame.with_columns(visit="V" + pl.col("visit"), evidence=evidence).sort("visit", "unit", "product", "period", "measure")


def _proxies(country: _Country, meters: Meters) -> pl.DataFrame:
    readings = np.stack([round_figures(meters.electricity, 4), meters.headcount], axis=1)
    names = Axis(("electricity", "headcount"))
    unit, indicator, month = (index.ravel() for index in np.indices(readings.shape))
    return pl.DataFrame(
        {
            "unit": country.units.column("unit", unit),
            "indicator": names.column("indicator", indicator),
            "period": country.months.column("period", month),
            "value": readings.ravel(),
        }
    )


def _truth(country: _Country, reported: Reported) -> dict[str, pl.DataFrame]:
    history, managers = country.history, country.managers
    series, month = (index.ravel() for index in np.indices(history.output.shape))
    outputs = _by_series(country, series, month).with_columns(quantity=pl.Series(history.output.ravel()))
    compared = (history.output > 0) & ~reported.missing
    ratio = np.where(compared, np.log(np.where(compared, reported.quantity, 1.0)) - np.log(np.where(compared, history.output, 1.0)), 0.0)
    count = len(country.units)
    error = np.bincount(history.series.unit, ratio.sum(axis=1), count) / np.maximum(np.bincount(history.series.unit, compared.sum(axis=1), count), 1)
    reporting = pl.DataFrame(
        {
            "unit": country.units.labels,
            "kind": _named(list(KINDS), managers.kind),
            "log_bias": managers.log_bias,
            "mean_log_error": error,
            "pull": managers.pull,
            "hiding": managers.hiding,
        }
    )
    activity = history.activity[:, -12:].sum(axis=1)
    could = history.monthly_capacity[:, -12:].sum(axis=1)
    capacities = pl.DataFrame({"line": country.lines.labels, "capacity": history.capacity, "activity": activity, "utilisation": activity / could})
    return {"outputs": outputs, "capacities": capacities, "reporting": reporting, "balances": _balances(country.technology, history.base)}


def _balances(technology: Technology, base: BaseYear) -> pl.DataFrame:
    names = ("output", "imports", "intermediate", "final_use", "built", "exports")
    return pl.DataFrame({"product": technology.products.labels, "period": str(_BASE_YEAR)} | {name: getattr(base, name) for name in names})


def _by_series(country: _Country, series: NDArray[np.int64], month: NDArray[np.int64]) -> pl.DataFrame:
    pairs = country.history.series
    return pl.DataFrame(
        {
            "unit": country.units.column("unit", pairs.unit[series]),
            "product": country.technology.products.column("product", pairs.product[series]),
            "period": country.months.column("period", month),
        }
    )


def _named(names: list[str], positions: NDArray[np.int64]) -> pl.Series:
    return pl.Series(names, dtype=pl.String).gather(pl.Series(positions))
