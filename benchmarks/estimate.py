"""Time, memory and error of the estimate.

    python benchmarks/estimate.py                       # northland at 1,000, 10,000 and 100,000 units x 36 months
    python benchmarks/estimate.py panel                 # ten northlands of 100,000 units x 60 months in one panel, gone through in batches
    python benchmarks/estimate.py cross-section FILE    # against simple rivals on the draws of estimation_sim.py

Each size of northland is simulated and written as Parquet first, then read and estimated in a process of its own, whose time and peak
resident memory (input and results included) are printed.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict
from functools import partial
from pathlib import Path

import numpy as np
import polars as pl

from groundplan.estimation.estimate import estimate, estimate_panel
from groundplan.simulation.northland import simulate_northland
from groundplan.store.panel_files import ParquetPanel, keep_parquet
from groundplan.tables.economy import Economy
from groundplan.tables.facts import FACTS
from groundplan.tables.settings import Settings

SIZES = (1_000, 10_000, 100_000)
SEED = 77


def main() -> None:
    """Run one of the benchmarks."""
    match sys.argv[1:]:
        case ["one", folder]:
            _one(Path(folder))
        case ["panel", *sizes]:
            _panel(*(int(size) for size in sizes or ("10", "100000", "60")))
        case ["streamed", folder]:
            _streamed(Path(folder))
        case ["cross-section", file]:
            _cross_section(Path(file))
        case _:
            _northland()


def _northland() -> None:
    print("| units | rows | seconds | of these on the processor | peak memory, GB | log RMSE as reported | log RMSE estimated | cover of 90 %, uninspected |")
    print("|---|---|---|---|---|---|---|---|")
    for size in SIZES:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            command = [sys.executable, __file__, "one", name]
            # The simulation has its own process too, so that its memory is given back.
            if size != _written(folder, size):
                sys.exit("the simulation failed")
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            figures = json.loads(done.stdout)
        print("| {units:,} | {rows:,} | {seconds:.1f} | {processor:.1f} | {memory:.2f} | {reported:.3f} | {estimated:.3f} | {cover:.3f} |".format(**figures), flush=True)


def _written(folder: Path, size: int) -> int:
    simulated = simulate_northland(SEED, enterprises=size, visits=max(40, size // 50))
    for name, table in simulated.economy.tables().items():
        table.write_parquet(folder / f"{name}.parquet")
    simulated.truth["outputs"].write_parquet(folder / "truth.parquet")
    (folder / "settings.json").write_text(json.dumps(asdict(simulated.economy.settings), default=str))
    return size


def _one(folder: Path) -> None:
    settings = json.loads((folder / "settings.json").read_text())
    settings.pop("as_of")
    economy = Economy.from_tables(Settings(**settings), {name: pl.read_parquet(folder / f"{name}.parquet") for name in FACTS})
    began, busy = time.perf_counter(), time.process_time()
    estimated = estimate(economy)
    seconds, processor = time.perf_counter() - began, time.process_time() - busy
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    truth = pl.read_parquet(folder / "truth.parquet").rename({"quantity": "truth"})
    rows = estimated.estimates.join(truth, on=["unit", "product", "period"]).filter((pl.col("truth") > 0) & (pl.col("reported") > 0))

    def rmse(name: str) -> float:
        return float(rows.select((pl.col(name) / pl.col("truth")).log().pow(2).mean()).item() ** 0.5)

    cover = rows.filter(~pl.col("inspected")).select(pl.col("truth").is_between("lower_90", "upper_90").mean()).item()
    figures = {"units": economy.reports["unit"].n_unique(), "rows": len(estimated.estimates), "seconds": seconds, "processor": processor, "memory": memory}
    print(json.dumps(figures | {"reported": rmse("reported"), "estimated": rmse("median"), "cover": cover}))


def _panel(provinces: int, enterprises: int, months: int) -> None:
    """Write a panel of several northlands, whose units bear the province's number, and estimate it without ever holding its reports in memory."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for province in range(provinces):
            command = [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r}); from estimate import _province; _province(*sys.argv[1:])"]
            subprocess.run([*command, name, str(province), str(enterprises), str(months)], check=True)
            print(f"province {province + 1} of {provinces} written", file=sys.stderr, flush=True)
        for table in FACTS:
            if table not in ("reports", "proxies"):
                pl.concat([pl.read_parquet(part) for part in sorted((folder / table).glob("*.parquet"))]).write_parquet(folder / f"{table}.parquet")
        done = subprocess.run([sys.executable, __file__, "streamed", name], capture_output=True, text=True, check=True)
        figures = json.loads(done.stdout)
    print("| units | periods | rows | seconds | of these on the processor | peak memory, GB | log RMSE as reported | log RMSE estimated | cover of 90 %, uninspected |")
    print("|---|---|---|---|---|---|---|---|---|")
    print("| {units:,} | {periods} | {rows:,} | {seconds:.0f} | {processor:.0f} | {memory:.2f} | {reported:.3f} | {estimated:.3f} | {cover:.3f} |".format(**figures))


_SHARED = ("products", "recipes", "plans", "goals", "resources", "trade", "stocks", "investments", "flows")


def _province(folder: str, number: str, enterprises: str, months: str) -> None:
    """Simulate one northland and write its part of each table; what the country has once is written with the first."""
    simulated = simulate_northland(SEED + int(number), enterprises=int(enterprises), months=int(months), visits=max(40, int(enterprises) // 50))
    own = {"unit", "parent", "line", "visit"}
    for name, table in (simulated.economy.tables() | {"truth": simulated.truth["outputs"]}).items():
        if name in _SHARED and number != "0":
            continue
        marked = table if name in _SHARED else table.with_columns(pl.format(f"{number}-{{}}", column).alias(column) for column in table.columns if column in own)
        (Path(folder) / name).mkdir(exist_ok=True)
        marked.write_parquet(Path(folder) / name / f"{number}.parquet")
    (Path(folder) / "settings.json").write_text(json.dumps(asdict(simulated.economy.settings), default=str))


def _streamed(folder: Path) -> None:
    settings = json.loads((folder / "settings.json").read_text())
    settings.pop("as_of")
    economy = Economy.from_tables(Settings(**settings), {name: pl.read_parquet(folder / f"{name}.parquet") for name in FACTS if name not in ("reports", "proxies")})
    began, busy = time.perf_counter(), time.process_time()
    estimate_panel(economy, ParquetPanel.of(folder), partial(keep_parquet, folder / "estimates.parquet"))
    seconds, processor = time.perf_counter() - began, time.process_time() - busy
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    made = pl.scan_parquet(folder / "estimates.parquet")
    # One province at a time: the truth does not fit beside the estimates.
    sums = []
    for path in sorted((folder / "truth").glob("*.parquet")):
        truth = pl.read_parquet(path).rename({"quantity": "truth"})
        part = made.filter(pl.col("unit").str.starts_with(f"{path.stem}-")).select("unit", "product", "period", "reported", "median", "lower_90", "upper_90", "inspected").collect()
        rows = part.join(truth, on=["unit", "product", "period"]).filter((pl.col("truth") > 0) & (pl.col("reported") > 0))
        off = [(pl.col(column) / pl.col("truth")).log().pow(2).sum().alias(column) for column in ("reported", "median")]
        held = pl.col("truth").is_between("lower_90", "upper_90").filter(~pl.col("inspected"))
        sums.append(rows.select(*off, pl.len().alias("count"), held.sum().alias("held"), held.len().alias("of")))
    total = pl.concat(sums).sum().row(0, named=True)
    shape = made.select(pl.len().alias("rows"), pl.col("period").n_unique().alias("periods"), pl.col("unit").n_unique().alias("units")).collect().row(0, named=True)
    figures = {"seconds": seconds, "processor": processor, "memory": memory, "cover": total["held"] / total["of"]}
    print(json.dumps(shape | figures | {"reported": (total["reported"] / total["count"]) ** 0.5, "estimated": (total["median"] / total["count"]) ** 0.5}))


def _cross_section(file: Path) -> None:
    """Mean over seeds of log RMSE and cover of 90 % on the uninspected, and seconds a run."""
    from _cross_section import RIVALS, cross_section_economy, load_simulate

    simulate = load_simulate(file)
    print("| units | seeds | estimator | log RMSE | cover of 90 % | seconds |")
    print("|---|---|---|---|---|---|")
    for units, seeds in ((1_000, 20), (100_000, 1)):
        results: dict[str, list[tuple[float, float, float]]] = {}
        for seed in range(1, seeds + 1):
            drawn = simulate(units, seed)
            out = ~drawn["aud"]
            for name, predict in RIVALS.items():
                began = time.perf_counter()
                predicted, half = predict(drawn)
                error = (predicted - drawn["y"])[out]
                results.setdefault(name, []).append((float(np.sqrt(np.mean(error**2))), float(np.mean(np.abs(error) <= half)), time.perf_counter() - began))
            economy = cross_section_economy(drawn)
            began = time.perf_counter()
            table = estimate(economy).estimates
            seconds = time.perf_counter() - began
            error = (table["log_mean"].to_numpy() - drawn["y"])[out]
            truth = np.exp(drawn["y"])[out]
            held = (table["lower_90"].to_numpy()[out] <= truth) & (truth <= table["upper_90"].to_numpy()[out])
            results.setdefault("groundplan", []).append((float(np.sqrt(np.mean(error**2))), float(held.mean()), seconds))
        for name, values in results.items():
            error_mean, cover, seconds = np.mean(values, axis=0)
            print(f"| {units:,} | {seeds} | {name} | {error_mean:.3f} | {'' if name == 'as reported' else f'{cover:.2f}'} | {seconds:.2f} |", flush=True)


if __name__ == "__main__":
    main()
