"""Time, memory, gap and exactness of `plan` on random economies: python benchmarks/plan.py [case ...].

A case is a number of products, and may go on with x and the lines a product, each of its own efficiency, and with @ and the share of the capacities that is there: 1000,
2000x500, 1000@0.84.

Each size runs in a process of its own, so that its peak memory is its own. The economies are drawn from a seed: about 12 inputs a product
from suppliers whose popularity falls as 1/rank^0.9, capital goods, ten skills, energy, foreign exchange, three priorities of goals that grow faster
than the capacity, and sizes that differ by several orders of magnitude.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import time

import numpy as np
import polars as pl
from scipy.sparse import csr_array, diags_array

from groundplan.planning.plan import plan
from groundplan.planning.verify import verify_plan
from groundplan.tables.economy import Economy
from groundplan.tables.facts import FACTS
from groundplan.tables.settings import Settings

SIZES = ("60", "300", "1000", "1000@0.84")
SKILLS = 10
PERIODS = [str(year) for year in range(2021, 2026)]


def random_economy(products: int, seed: int = 1, *, closed: bool = False) -> Economy:
    """Draw an economy of one line a product that was in balance in the base year; the goals outgrow it. A closed one has no trade, stocks or investment."""
    rng = np.random.default_rng(seed)
    inputs, capital, wear = _technology(products, rng)
    final = np.where(rng.random(products) < 0.45, rng.lognormal(0.0, 1.3, products), 0.0)
    share = np.where(rng.random(products) < 0.6, rng.uniform(0.0, 0.2, products), 0.0)
    if closed:
        share, wear = np.zeros(products), np.zeros(products)
    taken = csr_array(inputs + csr_array(capital @ diags_array(wear)))
    output = _base_year(taken, final, share) + 1e-3
    imports = share * (taken @ output + final)
    # Each product has a unit of measure of its own, so that figures span many orders of magnitude.
    unit = 10.0 ** rng.uniform(-3.0, 4.0, products)
    price = rng.uniform(0.9, 1.5, products)
    labels = [f"P{number:04d}" for number in range(products)]
    labour, skill = rng.uniform(0.1, 0.6, products), rng.integers(0, SKILLS, (2, products))
    energy = np.where(rng.random(products) < 0.5, rng.lognormal(-2.0, 1.0, products), 0.0)
    rows = [(f"make_{labels[column]}", labels[row], "in", amount * unit[row]) for row, column, amount in _entries(inputs)]
    rows += [(f"make_{label}", label, "out", size) for label, size in zip(labels, unit, strict=True)]
    rows += [
        (f"make_{labels[at]}", f"skill_{skill[kind, at]}", "in", part * labour[at])
        for at in range(products)
        for kind, part in ((0, 0.7), (1, 0.3))
        if kind == 0 or skill[0, at] != skill[1, at]
    ]
    rows += [(f"make_{labels[at]}", "energy", "in", energy[at]) for at in np.flatnonzero(energy)]
    recipes = pl.DataFrame(rows, schema=["recipe", "item", "role", "amount"], orient="row")
    used = recipes.filter(pl.col("role") == "in").join(pl.DataFrame({"recipe": [f"make_{label}" for label in labels], "level": output}), on="recipe")
    needs = dict(used.group_by("item").agg((pl.col("amount") * pl.col("level")).sum()).iter_rows())
    growth = rng.choice([1.02, 1.04, 1.08, 1.15], products, p=[0.4, 0.35, 0.2, 0.05])
    priority = rng.choice([1, 2, 3], products, p=[0.1, 0.3, 0.6])
    weight = rng.uniform(0.8, 1.2, products)
    wanted = np.flatnonzero(final)
    goals = [
        (labels[at], period, final[at] * unit[at] * growth[at] ** (year + 1), 0.5 * final[at] * unit[at], weight[at], int(priority[at]))
        for year, period in enumerate(PERIODS)
        for at in wanted
    ]
    limits = [
        (name, "all", period, needs[name] * 1.01 * 1.02 ** (year + 1))
        for year, period in enumerate(PERIODS)
        for name in sorted(needs)
        if name.startswith("skill") or name == "energy"
    ]
    limits += [("foreign_exchange", "all", period, float(price @ imports) * 1.02 ** (year + 1)) for year, period in enumerate(PERIODS) if not closed]
    traded = np.flatnonzero(share > 0)
    trade = [(labels[at], period, (2 * imports[at] + 0.02 * output[at]) * unit[at], price[at] / unit[at], 0.0, 0.0) for period in PERIODS for at in traded]
    goods = [(f"make_{labels[column]}", labels[row], amount * unit[row], 1, wear[column], None) for row, column, amount in _entries(capital)]
    capacity = output * rng.uniform(1.0, 1.25, products)
    tables = {
        "units": pl.DataFrame({"unit": [f"U{label}" for label in labels], "kind": "enterprise", "region": "all places", "major": False}),
        "products": pl.DataFrame({"product": labels, "measure": "t", "storable": not closed, "loss_share": rng.uniform(0.0, 0.1, products)}),
        "recipes": recipes,
        "lines": pl.DataFrame(
            {"line": [f"L{label}" for label in labels], "unit": [f"U{label}" for label in labels], "recipe": [f"make_{label}" for label in labels],
             "capacity": capacity, "efficiency": 1.0}
        ),
        "goals": pl.DataFrame(goals, schema=["product", "period", "quantity", "minimum", "weight", "priority"], orient="row"),
        "resources": pl.DataFrame(limits, schema=["resource", "region", "period", "limit"], orient="row"),
        "trade": pl.DataFrame(trade, schema=["product", "period", "import_limit", "import_price", "export_limit", "export_price"], orient="row"),
        "stocks": pl.DataFrame({"product": labels, "opening": 0.05 * output * unit, "floor": 0.0, "ceiling": 0.3 * output * unit}),
        "investments": pl.DataFrame(goods, schema=["recipe", "item", "amount", "lag", "depreciation", "limit"], orient="row"),
    }  # fmt: skip
    for name in ("trade", "stocks", "investments") if closed else ():
        del tables[name]
    return Economy.from_tables(Settings(name=f"random {products}", base_period="2020"), {name: _fit(name, table) for name, table in tables.items()})


def with_many_lines(economy: Economy, count: int, seed: int = 1) -> Economy:
    """Split each line into `count` of unlike size, each of its own efficiency, 15 % apart; together they have the line's capacity and about its output."""
    rng = np.random.default_rng(seed)
    many = len(economy.lines) * count
    size = rng.lognormal(0.0, 1.0, (len(economy.lines), count))
    share = (size / size.sum(axis=1, keepdims=True)).ravel()
    lines = economy.lines[np.repeat(np.arange(len(economy.lines)), count)].with_columns(
        pl.Series("line", [f"L{number:07d}" for number in range(many)]),
        pl.col("capacity") * pl.Series(share),
        pl.Series("efficiency", rng.lognormal(0.0, 0.15, many)),
    )
    return Economy.from_tables(economy.settings, economy.tables() | {"lines": lines})


def _base_year(taken: csr_array, final: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Find the output that covers what is taken and final use, a share of both imported."""
    output = final
    for _ in range(5_000):
        before, output = output, (1 - share) * (taken @ output + final)
        if np.abs(output - before).max() <= 1e-14 * output.max():
            break
    return output


def _entries(matrix: csr_array) -> list[tuple[int, int, float]]:
    """List row, column and value of all entries, by rows."""
    found = matrix.tocoo()
    return list(zip(found.coords[0].tolist(), found.coords[1].tolist(), found.data.tolist(), strict=True))


def _technology(products: int, rng: np.random.Generator) -> tuple[csr_array, csr_array, np.ndarray]:
    popularity = rng.permutation(1.0 / np.arange(1, products + 1) ** 0.9)
    used, built = [], []
    builders = rng.choice(products, max(8, products // 100), replace=False)
    for column in range(products):
        suppliers = rng.choice(products, min(products - 1, int(np.clip(rng.poisson(12), 6, 30))), p=popularity / popularity.sum())
        near = rng.random(len(suppliers)) < 0.4
        suppliers[near] = (column + rng.integers(1, max(3, min(60, products // 20)), near.sum())) % products
        others = suppliers[suppliers != column]
        used.append((others, np.full(len(others), column), rng.lognormal(0.0, 1.2, len(others))))
        goods = rng.choice(builders, rng.integers(3, 7))
        built.append((goods, np.full(len(goods), column), rng.lognormal(0.0, 0.7, len(goods))))
    inputs, capital = (_added_up(parts, products) for parts in (used, built))
    inputs = csr_array(inputs @ diags_array(rng.uniform(0.3, 0.68, products) / np.maximum(inputs.sum(axis=0), 1e-12)))
    capital = csr_array(capital @ diags_array(rng.uniform(0.8, 2.5, products) / capital.sum(axis=0)))
    return inputs, capital, rng.uniform(0.04, 0.12, products)


def _added_up(parts: list[tuple[np.ndarray, np.ndarray, np.ndarray]], products: int) -> csr_array:
    row, column, amount = (np.concatenate(pieces) for pieces in zip(*parts, strict=True))
    matrix = csr_array((amount, (row, column)), shape=(products, products))
    matrix.sum_duplicates()
    return matrix


def _fit(name: str, table: pl.DataFrame) -> pl.DataFrame:
    schema = FACTS[name].create_empty().schema
    return table.select((pl.col(column) if column in table.columns else pl.lit(None)).cast(dtype).alias(column) for column, dtype in schema.items())


def economy_of_case(case: str) -> Economy:
    """Draw the economy of a case."""
    size, _, share = case.partition("@")
    products, _, lines = size.partition("x")
    economy = random_economy(int(products))
    economy = with_many_lines(economy, int(lines)) if lines else economy
    scarce = economy.lines.with_columns(pl.col("capacity") * float(share or 1.0))
    return Economy.from_tables(economy.settings, economy.tables() | {"lines": scarce})


def measure(case: str) -> None:
    """Plan one economy and print a row of the table."""
    economy = economy_of_case(case)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start, worked = time.perf_counter(), time.process_time()
    result = plan(economy)
    seconds, worked = time.perf_counter() - start, time.process_time() - worked
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    flow = result.outputs.select(pl.col("residual").abs() / pl.max_horizontal(pl.sum_horizontal("production", "imports", "opening_stock"), 1e-300)).to_series()
    violations = verify_plan(economy, result)
    missed = int((result.gaps["shortfall_share"] > 1e-9).sum())
    method = result.outcome.method.partition(":")[0]
    peak = f"{memory / 1024:.0f} ({before / 1024:.0f} before)"
    worst = f"{float(flow.max()):.1e}"
    print(f"| {case} | {seconds:.1f} | {worked:.1f} | {peak} | {result.gap:.1e} | {worst} | {len(violations)} | {missed} of {len(result.gaps)} | {method} |")


def main() -> None:
    """Measure each size in a process of its own."""
    if len(sys.argv) > 2 and sys.argv[1] == "--one":
        measure(sys.argv[2])
        return
    heads = ("case", "seconds", "of the processor", "peak memory, MB", "proven gap", "worst residual / flow", "violations", "goals missed", "solver")
    print(f"| {' | '.join(heads)} |\n|{'---|' * len(heads)}", flush=True)
    for case in sys.argv[1:] or SIZES:
        subprocess.run([sys.executable, __file__, "--one", case], check=True)


if __name__ == "__main__":
    main()
