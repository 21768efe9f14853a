"""The simulated cross-section of `estimation_sim.py` as an economy, and simple rivals of the estimate on it.

`estimation_sim.simulate` draws logs of true output, report, electricity and a finding for one period; its groups become sector, region and
kind.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from groundplan.tables.economy import Economy
from groundplan.tables.facts import FACTS
from groundplan.tables.settings import Settings

__all__ = ["RIVALS", "cross_section_economy", "fit_schema"]

FloatArray = NDArray[np.float64]
KINDS = ("collective", "enterprise", "workshop")
_Z90 = 1.6448536269514722


def cross_section_economy(drawn: dict[str, Any]) -> Economy:
    """Write a drawn cross-section as an economy of one product and one period; findings are random visits with 3 % error, `plan` (where it is drawn) log targets."""
    unit = [f"E{number:07d}" for number in range(drawn["N"])]
    audited = np.flatnonzero(drawn["aud"])
    visits = [f"V{number:07d}" for number in audited]
    period, product = pl.lit("2020").alias("period"), pl.lit("goods").alias("product")
    tables = {
        "units": pl.DataFrame(
            {
                "unit": unit,
                "sector": [f"S{at:02d}" for at in drawn["sec"]],
                "region": [f"R{at:02d}" for at in drawn["reg"]],
                "kind": [KINDS[at] for at in drawn["typ"]],
            }
        ),
        "products": pl.DataFrame({"product": ["goods"], "measure": ["t"]}),
        "reports": pl.DataFrame({"unit": unit, "quantity": np.exp(drawn["r"])}).with_columns(period, product, indicator=pl.lit("output"), version=pl.lit(1)),
        "proxies": pl.DataFrame({"unit": unit, "value": np.exp(drawn["e"])}).with_columns(period, indicator=pl.lit("electricity")),
        "visits": pl.DataFrame({"visit": visits, "unit": [unit[at] for at in audited]}).with_columns(
            chosen_by=pl.lit("random"), inclusion_probability=pl.lit(len(audited) / drawn["N"])
        ),
        "findings": pl.DataFrame({"visit": visits, "unit": [unit[at] for at in audited], "value": np.exp(drawn["a"][audited])}).with_columns(
            period, product, measure=pl.lit("output"), method=pl.lit("weighing"), relative_error=pl.lit(0.03)
        ),
    }
    if "plan" in drawn:
        tables["targets"] = pl.DataFrame({"unit": unit, "quantity": np.exp(drawn["plan"])}).with_columns(period, product, plan=pl.lit("last"))
    return Economy.from_tables(Settings(name="cross-section", base_period="2020", simulated=True), {name: fit_schema(name, table) for name, table in tables.items()})


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
