"""The simulated cross-section of `estimation_sim.py` as an economy, and simple rivals of the estimate on it.

`estimation_sim.simulate` draws logs of true output, report, electricity and a finding for one period; its groups become sector, region and
kind.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from groundplan.tables.economy import Economy
from groundplan.tables.facts import FACTS
from groundplan.tables.settings import Settings

__all__ = ["RIVALS", "cross_section_economy", "fit_schema", "load_simulate", "one_period_economy"]

FloatArray = NDArray[np.float64]
KINDS = ("collective", "enterprise", "workshop")
_Z90 = 1.6448536269514722


def load_simulate(file: Path) -> Callable[[int, int], dict[str, Any]]:
    """Load `simulate` of estimation_sim.py."""
    spec = importlib.util.spec_from_file_location("estimation_sim", file)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.simulate


def cross_section_economy(drawn: dict[str, Any]) -> Economy:
    """Write a drawn cross-section as an economy of one product and one period; findings are random visits with 3 % error, `plan` (where it is drawn) log targets."""
    return one_period_economy("cross-section", (drawn["sec"], drawn["reg"], drawn["typ"]), drawn["r"], {"electricity": drawn["e"]}, drawn["a"], plan=drawn.get("plan"))


def one_period_economy(
    name: str,
    groups: tuple[NDArray[np.int64], ...],
    report: FloatArray,
    proxies: dict[str, FloatArray],
    finding: FloatArray,
    *,
    finding_sd: float = 0.03,
    nameplate: FloatArray | None = None,
    plan: FloatArray | None = None,
) -> Economy:
    """Write logs of N units as an economy of one product and one period.

    Args:
        name: of the economy.
        groups: sector, region and kind, shape (N,) each.
        report: shape (N,).
        proxies: indicator -> shape (N,).
        finding: shape (N,), by random visits; NaN where there was none.
        finding_sd: relative error that findings state.
        nameplate: shape (N,), NaN where there is none.
        plan: targets, shape (N,).
    """
    units = len(report)
    unit = [f"E{number:07d}" for number in range(units)]
    seen = np.flatnonzero(np.isfinite(finding))
    visits = [f"V{number:07d}" for number in seen]
    period, product = pl.lit("2020").alias("period"), pl.lit("goods").alias("product")
    sector, region, kind = groups
    readings = [pl.DataFrame({"unit": unit, "value": np.exp(values), "indicator": [label] * units}) for label, values in proxies.items()]
    tables = {
        "units": pl.DataFrame({"unit": unit, "sector": [f"S{at:02d}" for at in sector], "region": [f"R{at:02d}" for at in region], "kind": [KINDS[at] for at in kind]}),
        "products": pl.DataFrame({"product": ["goods"], "measure": ["t"]}),
        "reports": pl.DataFrame({"unit": unit, "quantity": np.exp(report)}).with_columns(period, product, indicator=pl.lit("output"), version=pl.lit(1)),
        "proxies": pl.concat(readings).with_columns(period),
        "visits": pl.DataFrame({"visit": visits, "unit": [unit[at] for at in seen]}).with_columns(chosen_by=pl.lit("random"), inclusion_probability=pl.lit(len(seen) / units)),
        "findings": pl.DataFrame({"visit": visits, "unit": [unit[at] for at in seen], "value": np.exp(finding[seen])}).with_columns(
            period, product, measure=pl.lit("output"), method=pl.lit("weighing"), relative_error=pl.lit(finding_sd)
        ),
    }
    if plan is not None:
        tables["targets"] = pl.DataFrame({"unit": unit, "quantity": np.exp(plan)}).with_columns(period, product, plan=pl.lit("last"))
    known = np.flatnonzero(np.isfinite(nameplate)) if nameplate is not None else np.zeros(0, np.int64)
    if nameplate is not None and len(known):
        tables["recipes"] = pl.DataFrame({"recipe": ["make"], "item": ["goods"], "role": ["out"], "amount": [1.0]})
        lines = pl.DataFrame({"line": [f"L{at:07d}" for at in known], "unit": [unit[at] for at in known], "capacity": np.exp(nameplate[known])})
        tables["lines"] = lines.with_columns(recipe=pl.lit("make"))
    settings = Settings(name=name, base_period="2020", simulated=True)
    return Economy.from_tables(settings, {label: fit_schema(label, table) for label, table in tables.items()})


def as_reported(drawn: dict[str, Any]) -> tuple[FloatArray, float]:
    """Take reports for the truth."""
    return drawn["r"], float("nan")


def ratio(drawn: dict[str, Any]) -> tuple[FloatArray, float]:
    """Scale all reports by the mean log ratio of finding to report; intervals from its spread over inspected units."""
    gap = (drawn["a"] - drawn["r"])[drawn["aud"]]
    return drawn["r"] + gap.mean(), _Z90 * float(gap.std(ddof=1))


def regression(drawn: dict[str, Any]) -> tuple[FloatArray, float]:
    """Regress findings on report, electricity and groups, by ridge with penalty 1 on groups; intervals from the residuals."""
    X = _features(drawn)
    inspected = drawn["aud"]
    penalty = np.diag([0.0, 1e-6, 1e-6, *np.ones(X.shape[1] - 3)])
    target = (drawn["a"] - drawn["r"])[inspected]
    A = X[inspected]
    solved = np.linalg.solve(A.T @ A + penalty, A.T @ target)
    lever = np.einsum("ij,ji->i", A, np.linalg.solve(A.T @ A + penalty, A.T))
    residual = (target - A @ solved) / (1 - lever)
    return drawn["r"] + X @ solved, float(np.quantile(np.abs(residual), 0.9))


def boosting(drawn: dict[str, Any]) -> tuple[FloatArray, float]:
    """Boost trees on the same features (scikit-learn), intervals by ten-fold conformal residuals."""
    from sklearn.ensemble import HistGradientBoostingRegressor

    X = np.column_stack([drawn["r"], drawn["e"], drawn["sec"], drawn["reg"], drawn["typ"]])
    inspected = np.flatnonzero(drawn["aud"])
    target = (drawn["a"] - drawn["r"])[inspected]

    def fit(rows: NDArray[np.int64]) -> Any:
        model = HistGradientBoostingRegressor(max_iter=120, learning_rate=0.06, max_leaf_nodes=8, min_samples_leaf=10, categorical_features=[2, 3, 4], random_state=0)
        return model.fit(X[inspected[rows]], target[rows])

    fold = np.arange(len(inspected)) % 10
    residual = np.zeros(len(inspected))
    for number in range(10):
        residual[fold == number] = target[fold == number] - fit(np.flatnonzero(fold != number)).predict(X[inspected[fold == number]])
    rank = min(int(np.ceil((len(residual) + 1) * 0.9)), len(residual))
    return drawn["r"] + fit(np.arange(len(inspected))).predict(X), float(np.sort(np.abs(residual))[rank - 1])


RIVALS: dict[str, Callable[[dict[str, Any]], tuple[FloatArray, float]]] = {
    "as reported": as_reported,
    "ratio": ratio,
    "regression": regression,
    "boosting + conformal": boosting,
}
"""Name -> function that gives predicted log output, shape (N,), and the half-width of the 90 % interval."""


def _features(drawn: dict[str, Any]) -> FloatArray:
    columns = [np.ones(drawn["N"]), drawn["r"] - drawn["r"].mean(), drawn["e"] - drawn["e"].mean()]
    for name in ("sec", "reg", "typ"):
        columns += list((drawn[name][:, None] == np.unique(drawn[name])).astype(float).T)
    return np.column_stack(columns)


def fit_schema(name: str, table: pl.DataFrame) -> pl.DataFrame:
    schema = dict(FACTS[name].create_empty().schema)
    defaults = {label: (column.metadata or {}).get("default") for label, column in FACTS[name].columns().items()}
    return table.select((pl.col(label) if label in table.columns else pl.lit(defaults[label]).alias(label)).cast(dtype) for label, dtype in schema.items())
