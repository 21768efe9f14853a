"""Plans against an independent model in linopy: python benchmarks/linopy_peer.py [economies] [first seed].

Random economies with every feature at once are planned, and solved again, level after level, by `_linopy_plan`, which was written from the documentation alone.
Then the time and memory that building a programme takes are compared, each in a process of its own.

**Levels.** What all priorities up to one lose is the planner's objective where goals of later priorities have no weight. Each level is compared with the planner
holding levels strictly, and then as it holds them: later levels may take a millionth of the weight of an earlier one (docs/methods/planning.md), so a level that
differs must come to no less than with every earlier level let off by a millionth, and the first that differs to no more than the strict value and a millionth.

**Prices.** With levels held strictly, a shadow price is compared with what moving its limit up and down by a little is worth in linopy: it lies between the two. It
is not compared where moving the limit moves an earlier level.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from unittest.mock import patch

import polars as pl

from _feature_economies import feature_economy
from _linopy_levels import Levels, Nudge, Programme, build, solve, solve_with_room
from _linopy_plan import home, shares_of
from groundplan.planning import levels
from groundplan.planning.chance import capacities_at_chance
from groundplan.planning.columns import lay_out
from groundplan.planning.inputs import read_inputs
from groundplan.planning.plan import plan
from groundplan.planning.pools import make_pools, placed_lines
from groundplan.planning.rows import build_programme
from groundplan.tables.bundles import Plan
from groundplan.tables.economy import Economy
from plan import random_economy

__all__ = ["LevelFound", "PriceFound", "compare_levels", "compare_prices", "strictly"]

TAKEN = 1e-6
"""Share of an earlier level's weight that later levels may take."""
SAME = 1e-6
"""Relative difference up to which two figures are the same."""
NOWHERE = "not stated"
"""How the planner calls the region of a unit that has none."""
STEP = 1e-5
"""By how much a limit is moved, as a share of it."""
ROUNDING = 1e-13
"""Relative error of a level's value, which the step makes larger."""


@dataclass(frozen=True, slots=True)
class LevelFound:
    """A level of one economy: what the planner comes to, the strict value in linopy, the least and most that it may come to, and whether all earlier levels are strict."""

    name: str
    planned: float
    strict: float
    least: float
    most: float
    first: bool

    @property
    def is_strict(self) -> bool:
        """Whether the two figures are the same."""
        return abs(self.planned - self.strict) <= SAME * max(self.strict, 0.01)

    @property
    def is_allowed(self) -> bool:
        """Whether they are, but for what later levels may take."""
        return self.is_strict or (self.planned >= self.least - SAME * max(self.least, 0.01) and (self.planned <= self.most or not self.first))


@dataclass(frozen=True, slots=True)
class PriceFound:
    """A shadow price of one economy, and what one more unit and the last unit are worth in linopy; None where the limit cannot be moved so or moves an earlier level."""

    kind: str
    item: str
    period: str
    price: float
    more: float | None
    less: float | None
    rounding: float

    @property
    def is_compared(self) -> bool:
        """Whether there is anything to compare with."""
        return self.more is not None or self.less is not None

    @property
    def is_unique(self) -> bool:
        """Whether one more and the last unit are worth the same."""
        return self.more is not None and self.less is not None and abs(self.more - self.less) <= SAME * self.price + self.rounding

    @property
    def is_right(self) -> bool:
        """Whether the price lies between the two."""
        tolerance = SAME * self.price + self.rounding
        return (self.more is None or self.price >= self.more - tolerance) and (self.less is None or self.price <= self.less + tolerance)


@contextmanager
def strictly() -> Iterator[None]:
    """Let the planner hold each level strictly, so that later ones can take nothing of it."""
    with patch.object(levels, "_ALLOWED", 0.0):
        yield


def compare_levels(economy: Economy, programme: Programme) -> list[LevelFound]:
    """Compare all levels of an economy, in the order in which they are solved."""
    strict = solve(programme)
    loose = solve_with_room(programme, strict, TAKEN)
    minima, floors, stocks = _missed(plan(economy), economy)
    rows = [("minima", minima, strict.minima, loose.minima, programme.weights["minima"])]
    if economy.investments.is_empty():
        # Floors count in the year after too, which is not published.
        rows.append(("floors", floors, strict.floors, loose.floors, programme.weights["floors"]))
    value = least = weight = 0.0
    for priority in strict.goals:
        counted = economy.goals.with_columns(weight=pl.when(pl.col("priority") <= priority).then("weight").otherwise(0.0))
        value, least, weight = value + strict.goals[priority], least + loose.goals[priority], weight + programme.weights[priority]
        rows.append((f"goals to priority {priority}", plan(replace(economy, goals=counted)).objective, value, least, weight))
    rows.append(("stocks", stocks, strict.stocks, loose.stocks, programme.weights["stocks"]))
    found: list[LevelFound] = []
    for name, planned, value, least, weight in rows:
        found.append(LevelFound(name, planned, value, least, value + TAKEN * weight, all(level.is_strict for level in found)))
    return found


def compare_prices(economy: Economy, programme: Programme, *, a_kind: int = 1) -> Iterator[PriceFound]:
    """Compare the prices that are worth most, so many of each kind."""
    base, result = solve(programme), plan(economy)
    prices = result.shadow_prices.filter(pl.col("price") > 0).sort(pl.max_horizontal("value", "price"), descending=True, maintain_order=True)
    flows = dict(result.outputs.group_by("product").agg(pl.max_horizontal("production", "imports", "final_use", "opening_stock").max()).iter_rows())
    for row in prices.group_by("kind", maintain_order=True).head(a_kind).iter_rows(named=True):
        step = STEP * (row["limit"] if row["limit"] > 0 else flows.get(row["item"], 1.0) or 1.0)
        nudge, level = _nudge(row, result, economy, step), row["priority"] or "minima"
        can_fall = row["limit"] > 0
        more, less = (_worth(programme, replace(nudge, amount=amount), base, level) for amount in (step, -step if can_fall else 0.0))
        yield PriceFound(row["kind"], row["item"], row["period"], row["price"], more, less, ROUNDING * max(base.of(level), 1.0) / step)


def _missed(result: Plan, economy: Economy) -> tuple[float, float, float]:
    """Shares of minima, of floors and of opening stocks (at the end) that a plan misses, summed."""
    wanted = economy.goals.select("product", "period", pl.col("minimum").alias("owed"))
    stored = economy.stocks.select("product", "opening", "floor")
    whole = result.outputs.join(result.regional_outputs.select("product").unique(), on="product", how="anti").with_columns(final_share=1.0, stock_share=1.0)
    rows = [(label.partition(" @ ")[0], label.partition(" @ ")[2], own["final_use"], own["stocks"]) for places in shares_of(economy).values() for label, own in places]
    shares = pl.DataFrame(rows, schema=["product", "region", "final_share", "stock_share"], orient="row", schema_overrides={"product": pl.String, "region": pl.String})
    there = result.regional_outputs.with_columns(pl.col("region").replace({NOWHERE: ""})).join(shares, on=["product", "region"])
    columns = ["product", "period", "final_use", "closing_stock", "final_share", "stock_share"]
    places = pl.concat([whole.select(columns), there.select(columns)]).join(wanted, on=["product", "period"], how="left")
    owed = places.with_columns(pl.col("owed") * pl.col("final_share")).filter(pl.col("owed") > 0)
    minima = owed.select((1.0 - pl.col("final_use") / pl.col("owed")).clip(lower_bound=0.0).sum()).item()
    stocks = places.join(stored, on="product").with_columns(pl.col("opening", "floor") * pl.col("stock_share"))
    floors = stocks.filter(pl.col("floor") > 0).select((1.0 - pl.col("closing_stock") / pl.col("floor")).clip(lower_bound=0.0).sum()).item()
    last = stocks.filter((pl.col("period") == pl.col("period").max()) & (pl.col("opening") > 0))
    return minima, floors, last.select((1.0 - pl.col("closing_stock") / pl.col("opening")).clip(lower_bound=0.0).sum()).item()


def _nudge(row: dict[str, object], result: Plan, economy: Economy, step: float) -> Nudge:
    """What to move for a shadow price."""
    kind, item, period = str(row["kind"]), str(row["item"]), str(row["period"])
    if kind == "transfer":
        item = f"{item}: {row['region']}"
    if kind in ("import", "export", "stock", "product"):
        item = home(economy, item, None if row["region"] == NOWHERE else str(row["region"]))
    if kind == "resource":
        item = f"{item} in {row['region']}"
    if kind == "capacity":
        lines = result.line_activities.filter((pl.col("pool") == item) & (pl.col("period") == period) & pl.col("line").is_in(economy.lines["line"].implode()))
        recipe = item.partition(" | ")[0]
        if not lines.is_empty():
            item = lines["line"][0]
        elif recipe in economy.investments["recipe"]:
            kind, item = "new capacity", f"{recipe} | {'' if row['region'] == NOWHERE else row['region']}"
        else:
            # A pool that is kept at a limit of zero, since no line of its recipe has capacity in the period: that of a line which runs in another one.
            regions = economy.units.select("unit", pl.col("region").fill_null(NOWHERE))
            item = economy.lines.join(regions, on="unit").filter((pl.col("recipe") == recipe) & (pl.col("region") == row["region"]))["line"][0]
    return Nudge(kind, item, period, step)


def _worth(programme: Programme, nudge: Nudge, base: Levels, level: str | int) -> float | None:
    """What a level gains per unit of a limit that is moved; None where it is not moved or an earlier level moves with it."""
    if nudge.amount == 0.0:
        return None
    found = solve(programme, nudge=nudge, until=level if isinstance(level, int) else 0)
    for earlier in programme.costs:
        if earlier == level:
            break
        if abs(base.of(earlier) - found.of(earlier)) > 1e-9:
            return None
    return (base.of(level) - found.of(level)) / nudge.amount


def _compare(economies: int, first: int) -> None:
    """Compare some economies; prints what disagrees, and how many agree."""
    strict, usual, prices = Counter[str](), Counter[str](), Counter[str]()
    building = dict.fromkeys(BUILDERS, 0.0)
    largest = 0.0
    for seed in range(first, first + economies):
        economy = feature_economy(seed, investing=seed % 4 > 0)
        for name, builder in BUILDERS.items():
            start = time.process_time()
            builder(economy)
            building[name] += (time.process_time() - start) / economies
        programme = build(economy)
        try:
            solve(programme)
        except RuntimeError as error:
            print(f"economy {seed}: left out, HiGHS finds no plan of the linopy model with each level held strictly: {error}", flush=True)
            continue
        with strictly():
            found, priced = compare_levels(economy, programme), list(compare_prices(economy, programme, a_kind=3))
        strict.update("the same" if level.is_strict else "OFF" for level in found)
        largest = max(largest, *(abs(level.planned - level.strict) / max(level.strict, 0.01) for level in found))
        taken = compare_levels(economy, programme)
        usual.update("the same" if level.is_strict else "within what later levels may take" if level.is_allowed else "OFF" for level in taken)
        for price in priced:
            prices["OFF" if not price.is_right else "not compared" if not price.is_compared else "the same" if price.is_unique else "between the two"] += 1
        wrong = [*(level for level in found if not level.is_strict), *(level for level in taken if not level.is_allowed), *(price for price in priced if not price.is_right)]
        print(*(f"economy {seed}: OFF: {one}" for one in wrong), sep="\n", end="", flush=True)
    print(f"{economies} economies. Levels held strictly: {dict(strict)}, largest relative difference {largest:.1e}; as usual: {dict(usual)}. Prices: {dict(prices)}", flush=True)
    print(f"Building one of these takes, seconds of the processor: {', '.join(f'{name} {seconds:.3f}' for name, seconds in building.items())}", flush=True)


def _groundplan_programme(economy: Economy) -> tuple[int, int, int]:
    """Build the planner's own programme, as `plan` does; gives rows, columns and entries."""
    inputs = read_inputs(economy, make_pools(economy, placed_lines(economy, capacities_at_chance(economy, None, None))))
    matrix = build_programme(inputs, lay_out(inputs)).matrix
    return *matrix.shape, matrix.nnz


def _linopy_programme(economy: Economy) -> tuple[int, int, int]:
    """Build the programme in linopy, up to the instance of HiGHS."""
    highs = build(economy).highs
    return highs.getNumRow(), highs.getNumCol(), highs.getNumNz()


BUILDERS = {"groundplan": _groundplan_programme, "linopy": _linopy_programme}
SIZES = (60, 300, 1000)


def _measure_building(builder: str, products: int) -> None:
    """Build one programme and print a row of the table; nothing else has been built in this process but a small one, which loads what is loaded once."""
    economy = random_economy(products)
    BUILDERS[builder](feature_economy(1))
    # The highest resident size is counted anew from here on (Linux).
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    before = _resident("VmRSS")
    start, worked = time.perf_counter(), time.process_time()
    rows, columns, entries = BUILDERS[builder](economy)
    seconds, worked = time.perf_counter() - start, time.process_time() - worked
    memory = _resident("VmHWM") - before
    print(f"| {products:,} | {builder} | {rows:,} | {columns:,} | {entries:,} | {seconds:.2f} | {worked:.2f} | {memory:.0f} |", flush=True)


def _resident(field: str) -> float:
    """Resident memory of this process, MB: VmRSS now, VmHWM at its highest."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return int(next(line for line in lines if line.startswith(field)).split()[1]) / 1024


def main() -> None:
    """Compare economies, then measure building."""
    if sys.argv[1:2] == ["build"]:
        _measure_building(sys.argv[2], int(sys.argv[3]))
        return
    economies, first = (int(sys.argv[at]) if len(sys.argv) > at else default for at, default in ((1, 50), (2, 1)))
    _compare(economies, first)
    print("| products | builder | rows | columns | entries | seconds | of the processor | peak memory added, MB |\n|---|---|---|---|---|---|---|---|", flush=True)
    for products in SIZES:
        for builder in BUILDERS:
            done = subprocess.run([sys.executable, __file__, "build", builder, str(products)], check=True, capture_output=True, text=True)
            print(done.stdout.strip().splitlines()[-1], flush=True)


if __name__ == "__main__":
    main()
