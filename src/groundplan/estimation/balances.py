"""Reconcile estimates with balances: what is made and comes in must equal what is used, stored and goes out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.special import ndtr
from scipy.stats import chi2

from groundplan.estimation.balance_inputs import BalanceInputs, Live, balance_inputs, live_rows
from groundplan.estimation.balance_suspects import Suspects, name_suspects
from groundplan.estimation.balance_tables import adjusted_estimates, adjusted_factors, adjusted_totals, balances_table
from groundplan.maths.conditioning import Conditioned, condition, covariance_root, sums
from groundplan.maths.groups import group_sum
from groundplan.maths.multiple import holm
from groundplan.outcome import Note
from groundplan.tables.calendar import enclosing_periods
from groundplan.tables.economy import Economy
from groundplan.tables.results import Balances

__all__ = ["RECIPE_ERROR", "Reconciled", "reconcile"]

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

RECIPE_ERROR = 0.05
"""Relative standard error of what all makers of a product use up of another, against their recipes."""
_LEVEL = 0.05
_HAIR = 1e-9
"""Balances are known no better than to this share of their flow, or exact ones that say the same could not be solved."""


@dataclass(frozen=True, slots=True, eq=False)
class Reconciled:
    """Result tables after reconciling (those given, where there was nothing to reconcile with), the table `balances`, and notes."""

    estimates: pl.DataFrame
    estimate_factors: pl.DataFrame
    totals: pl.DataFrame
    balances: pl.DataFrame
    notes: tuple[Note, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Judged:
    """Residuals before, shape (K,): their value, standard deviation and Holm-adjusted p-value; which balances are used."""

    residual: FloatArray
    sd: FloatArray
    p_value: FloatArray
    used: BoolArray
    noise: FloatArray
    suspects: dict[int, Suspects]
    chance_of_all: float | None


def reconcile(economy: Economy, estimates: pl.DataFrame, estimate_factors: pl.DataFrame, totals: pl.DataFrame, *, recipe_error: float = RECIPE_ERROR) -> Reconciled:
    """Adjust estimates of output so that sources equal uses, each by as much as its error allows.

    For each product and plan period with flows: output + imports - exports - change of stocks = intermediate use by recipes + final use.
    Balances whose final use is known for the whole period adjust the estimates, by least squares on logs with all shared errors counted
    (`groundplan.maths.conditioning`), unless their residual is too large for the errors: then a note says so and names the units that could
    explain it, and the balance is left aside, since one unit's slip must not be spread over its peers.

    Args:
        economy: an economy that has passed its checks; the table `flows` tells what flowed beside production.
        estimates: result table.
        estimate_factors: result table.
        totals: result table.
        recipe_error: relative standard error of what the makers of a product use up of another, against their recipes.
    """
    if economy.flows.is_empty() or estimates.is_empty():
        return Reconciled(estimates, estimate_factors, totals, Balances.create_empty(), ())
    live = live_rows(estimates, estimate_factors)
    inputs = balance_inputs(economy, estimates, live)
    if inputs.keys.is_empty():
        return Reconciled(estimates, estimate_factors, totals, Balances.create_empty(), ())
    judged = _judge(estimates, live, inputs, recipe_error)
    use = np.flatnonzero(judged.used)
    weight = inputs.made - inputs.used
    made = condition(live.quantities, weight[use], inputs.known[use], judged.noise[use])
    adjust = bool(len(use)) and made.converged
    after = made if adjust else condition(live.quantities, weight[:0], np.zeros(0), np.zeros(0))
    balances = balances_table(live, inputs, (judged.residual, judged.sd, judged.p_value, judged.used & adjust), judged.suspects, after)
    notes = _notes(inputs, judged, made, balances)
    if not adjust:
        return Reconciled(estimates, estimate_factors, totals, balances, notes)
    factors, common = adjusted_factors(live, after)
    return Reconciled(adjusted_estimates(estimates, live, after, common), factors, adjusted_totals(economy, estimates, totals, live, after), balances, notes)


def _judge(estimates: pl.DataFrame, live: Live, inputs: BalanceInputs, recipe_error: float) -> _Judged:
    """Compare each residual with its errors, before anything is adjusted."""
    rows, weight = live.quantities, inputs.made - inputs.used
    log_sd = rows.log_sd()
    total, jacobian = sums(weight, rows.mean, log_sd)
    noise = inputs.variance + _recipe_variance(estimates, live, inputs, recipe_error) + (_HAIR * (np.asarray(abs(jacobian).sum(axis=1)).ravel() + np.abs(inputs.known))) ** 2
    noise = np.maximum(noise, np.finfo(np.float64).tiny)
    residual = total + inputs.known
    root, _ = covariance_root(rows, jacobian, log_sd, noise)
    sd = np.sqrt((root**2).sum(axis=1))
    kind = inputs.keys["kind"].to_numpy()
    equality, bound = kind == "equality", kind == "bound"
    chance = np.where(equality, 2 * ndtr(-np.abs(residual) / sd), ndtr(residual / sd))
    p_value = np.full(len(kind), np.nan)
    p_value[equality | bound] = holm(chance[equality | bound])
    failing = p_value < _LEVEL
    # Suspects are judged by all equalities: a unit that is wrong shows in the balances of its inputs too.
    chosen = np.flatnonzero(equality | failing)
    suspects: dict[int, Suspects] = {}
    chance_of_all = None
    if len(chosen):
        inner, _ = covariance_root(rows, jacobian[chosen], log_sd, noise[chosen])
        labels = _cells(estimates, live, inputs)
        suspects = {int(at): name_suspects(int(np.flatnonzero(chosen == at)[0]), labels, jacobian[chosen], residual[chosen], inner) for at in np.flatnonzero(failing)}
    if equality.any():
        inner, _ = covariance_root(rows, jacobian[equality], log_sd, noise[equality])
        chance_of_all = float(chi2.sf(float((np.linalg.solve(inner, residual[equality]) ** 2).sum()), int(equality.sum())))
    return _Judged(residual, sd, p_value, equality & ~failing, noise, suspects, chance_of_all)


def _recipe_variance(estimates: pl.DataFrame, live: Live, inputs: BalanceInputs, recipe_error: float) -> FloatArray:
    """Give the variance that recipes bring, shape (K,): one error a balance and product that uses it, shared by its makers."""
    entries = inputs.used.tocoo()
    balance, row = entries.coords
    product = estimates["product"][live.at].rank("dense").to_numpy().astype(np.int64)
    expected = np.exp(live.quantities.mean + live.quantities.log_sd() ** 2 / 2)
    products = int(product.max(initial=0)) + 1
    taken = group_sum(balance * products + product[row], entries.data * expected[row], inputs.used.shape[0] * products)
    return np.asarray(((recipe_error * taken.reshape(-1, products)) ** 2).sum(axis=1))


def _cells(estimates: pl.DataFrame, live: Live, inputs: BalanceInputs) -> pl.DataFrame:
    rows = estimates.select("unit", "product", "period")[live.at]
    inside = enclosing_periods(rows["period"].unique(), inputs.keys["period"].unique().to_list()).select("period", "outer")
    return rows.join(inside, on="period", how="left", maintain_order="left").select("unit", "product", "outer")


def _notes(inputs: BalanceInputs, judged: _Judged, made: Conditioned, balances: pl.DataFrame) -> tuple[Note, ...]:
    notes: list[Note] = []
    used = int(balances["used"].sum())
    if used:
        before, after = (float(np.sqrt((balances.filter("used")[name] ** 2).mean())) for name in ("residual_in_sd", "residual_after_in_sd"))  # type: ignore[arg-type]
        sentence = (
            f"Estimates were adjusted to {used} balances of sources and uses; residuals were {before:.1f} standard deviations before and are {after:.1f} after (root mean square)."
        )
        notes.append(Note("estimate", "info", "balances", sentence))
    elif judged.used.any() and not made.converged:
        notes.append(Note("estimate", "alert", "balances", f"Adjusting estimates to balances did not settle in {made.rounds} rounds: estimates stay as they were."))
    for row, at in zip(balances.to_dicts(), range(len(balances)), strict=True):
        if row["p_value"] is not None and row["p_value"] < _LEVEL:
            notes.append(Note("estimate", "alert", row["product"], _residual_sentence(row, judged.suspects.get(at, Suspects()))))
    if judged.chance_of_all is not None and judged.chance_of_all < _LEVEL and not (balances["p_value"].fill_null(1.0) < _LEVEL).any():
        sentence = f"Taken together the balances miss by more than their errors allow (chi-squared, p = {judged.chance_of_all:.2g}), though no single one does."
        notes.append(Note("estimate", "warning", "balances", sentence))
    for kind, words in (
        ("bound", "final use is not known in flows, so estimates were only checked against what is known to be used"),
        ("incomplete", "some units that make or use them by their lines are not estimated, so these balances cannot be closed"),
    ):
        names = inputs.keys.filter(pl.col("kind") == kind)["product"].unique().sort().to_list()
        if names:
            notes.append(Note("estimate", "info", "flows", f"Balances of {', '.join(names[:5])}{', ...' if len(names) > 5 else ''}: {words}."))
    return tuple(notes)


def _residual_sentence(row: dict[str, float | str | None], suspects: Suspects) -> str:
    residual, sds = float(row["residual"] or 0.0), abs(float(row["residual_in_sd"] or 0.0))
    side = "more sources than uses" if residual > 0 else "more uses than sources"
    text = f"The balance of {row['product']} in {row['period']} shows {side} by {abs(residual):.4g}, {sds:.1f} standard deviations; estimates were not adjusted to it."
    if suspects:
        return f"{text} What {' or '.join(unit for unit, _ in suspects)} makes could explain it alone, the likeliest first: {suspects.sentence()} times the estimate."
    return f"{text} No single unit's output explains it: look at flows and recipes."
