"""Simple rivals of the estimate on a panel of plants; intervals are conformal, with folds and weights by plant.

Each rival predicts log output from what all see. Where a plant reports, the target is finding less report; where it does not, the finding itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from _plants import Drawn, FloatArray, IntArray

__all__ = ["RIVALS", "Prediction"]

Prediction = tuple[FloatArray, list[FloatArray], list[FloatArray]]
Fit = Callable[[Drawn, IntArray], FloatArray]
_FOLDS = 10


def as_reported(drawn: Drawn) -> Prediction | None:
    """Take reports for the truth; None where not all report."""
    if not np.isfinite(drawn.report).all():
        return None
    nothing = np.full(len(drawn.truth), np.nan)
    return drawn.report, [nothing, nothing], [nothing, nothing]


def ratio(drawn: Drawn) -> Prediction | None:
    """Scale all reports by the mean log ratio of finding to report; None where not all report."""
    return _conformal(drawn, lambda one, rows: one.report + float(np.mean((one.finding - one.report)[rows]))) if np.isfinite(drawn.report).all() else None


def regression(drawn: Drawn) -> Prediction:
    """Regress on report, proxies, year and groups, by ridge with penalty 1 on groups and years."""
    return _conformal(drawn, _ridge)


def boosting(drawn: Drawn) -> Prediction:
    """Boost trees on the same (scikit-learn)."""
    return _conformal(drawn, _boost)


RIVALS: dict[str, Callable[[Drawn], Prediction | None]] = {"as reported": as_reported, "ratio": ratio, "regression": regression, "boosting + conformal": boosting}
"""Name -> function that gives predicted log output, shape (n,), and lower and upper bounds of 90 and 50 %."""


def _conformal(drawn: Drawn, fit: Fit) -> Prediction:
    """Predict, with half-widths from residuals of plants held out, each plant with weight one in all."""
    rows = np.flatnonzero(drawn.inspected)
    plants, place, number = np.unique(drawn.plant[rows], return_inverse=True, return_counts=True)
    fold = np.random.default_rng(0).permutation(len(plants))[place] % _FOLDS
    residual = np.zeros(len(rows))
    for at in np.unique(fold).tolist():
        residual[fold == at] = (drawn.finding - fit(drawn, rows[fold != at]))[rows[fold == at]]
    mean = fit(drawn, rows)
    order = np.argsort(np.abs(residual))
    weight = np.cumsum((1.0 / number[place])[order]) / (len(plants) + 1)
    # Where the plants are too few for the level, the largest residual has to do.
    halves = [float(np.abs(residual)[order][min(int(np.searchsorted(weight, level)), len(rows) - 1)]) for level in (0.9, 0.5)]
    return mean, [mean - half for half in halves], [mean + half for half in halves]


def _base(drawn: Drawn) -> FloatArray:
    """What the target is a difference to: the report, or nothing."""
    return np.where(np.isfinite(drawn.report), drawn.report, 0.0)


def _ridge(drawn: Drawn, rows: IntArray) -> FloatArray:
    """Fit those who report, and those who do not, apart, both on all findings of their kind."""
    predicted = np.zeros(len(drawn.truth))
    reports = np.isfinite(drawn.report)
    for part in (reports, ~reports):
        # Who does not report is judged by all findings, for a finding is one whether there is a report beside it or not.
        use = rows[part[rows]] if part is reports else rows
        if not part.any():
            continue
        X = _columns(drawn, with_report=part is reports)
        center = X[use].mean(axis=0) if len(use) else np.zeros(X.shape[1])
        X = np.column_stack([np.ones(len(X)), X - center])
        free = 1 + len(drawn.names) + (part is reports)
        penalty = np.diag([0.0, *np.full(free - 1, 1e-6), *np.ones(X.shape[1] - free)])
        target = (drawn.finding - (_base(drawn) if part is reports else 0.0))[use]
        solved = np.linalg.solve(X[use].T @ X[use] + penalty, X[use].T @ target)
        predicted[part] = ((_base(drawn) if part is reports else 0.0) + X @ solved)[part]
    return predicted


def _columns(drawn: Drawn, *, with_report: bool) -> FloatArray:
    proxies = np.where(np.isfinite(drawn.proxies), drawn.proxies, np.nanmean(drawn.proxies, axis=0))
    columns = [*proxies.T] if not with_report else [_base(drawn), *proxies.T]
    for values in (drawn.region, drawn.kind, drawn.year):
        columns += list((values[:, None] == np.unique(values)).astype(float).T)
    return np.column_stack(columns)


def _boost(drawn: Drawn, rows: IntArray) -> FloatArray:
    from sklearn.ensemble import HistGradientBoostingRegressor

    base = _base(drawn)
    features = np.column_stack([drawn.report, drawn.proxies, drawn.proxies - drawn.report[:, None], drawn.year, drawn.region, drawn.kind])
    # Trees cannot carry a line further: those who do not report are predicted from a line in the proxies, and trees on what is left.
    silent = ~np.isfinite(drawn.report)
    if silent.any():
        base = np.where(silent, _ridge(drawn, rows), base)
    features = features[:, [at for at in range(features.shape[1]) if np.isfinite(features[:, at]).any()]]
    categories = [features.shape[1] - 2, features.shape[1] - 1]
    model: Any = HistGradientBoostingRegressor(max_iter=120, learning_rate=0.06, max_leaf_nodes=8, min_samples_leaf=10, categorical_features=categories, random_state=0)
    model.fit(features[rows], (drawn.finding - base)[rows])
    return np.asarray(base + model.predict(features))
