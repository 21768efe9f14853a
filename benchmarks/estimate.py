"""Time, memory and error of the estimate.

    python benchmarks/estimate.py                       # northland at 1,000, 10,000 and 100,000 units x 36 months
    python benchmarks/estimate.py cross-section FILE    # against simple rivals on the draws of estimation_sim.py

Each size of northland is simulated and written as Parquet first, then read and estimated in a process of its own, whose time and peak
resident memory (input and results included) are printed.
"""

from __future__ import annotations

import importlib.util
import json
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path

import numpy as np
import polars as pl

from groundplan.estimation.estimate import estimate
from groundplan.simulation.northland import simulate_northland
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


def _cross_section(file: Path) -> None:
    """Mean over seeds of log RMSE and cover of 90 % on the uninspected, and seconds a run."""
    from _cross_section import RIVALS, cross_section_economy

    spec = importlib.util.spec_from_file_location("estimation_sim", file)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    print("| units | seeds | estimator | log RMSE | cover of 90 % | seconds |")
    print("|---|---|---|---|---|---|")
    for units, seeds in ((1_000, 20), (100_000, 1)):
        results: dict[str, list[tuple[float, float, float]]] = {}
        for seed in range(1, seeds + 1):
            drawn = module.simulate(units, seed)
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
