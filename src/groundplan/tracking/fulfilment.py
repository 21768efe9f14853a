"""Review: how the last plan was met, on reported and, side by side, on verified figures."""

from __future__ import annotations

import numpy as np
import polars as pl

from groundplan.outcome import Note, Outcome
from groundplan.period import parse_period
from groundplan.tables.bundles import Review
from groundplan.tables.calendar import enclosing_periods
from groundplan.tables.economy import Economy
from groundplan.tables.results import Bunching, Fulfilment
from groundplan.tables.sums import ordered_sum
from groundplan.tracking.bunching import excess_mass
from groundplan.tracking.verified import verified_sums

__all__ = ["review"]

_KEYS = ["unit", "product", "period"]
_LEVELS = ("total", "sector", "region", "product", "unit")
# A sector's own bunching is judged from this many reports up; fewer leave the counterfactual to chance.
_LEAST_REPORTS = 100


def review(economy: Economy, *, estimates: pl.DataFrame | None = None, estimate_factors: pl.DataFrame | None = None) -> Review:
    """Compare the last plan's targets with what was reported and with what was really made.

    The last plan is the one whose targets end latest without going beyond the base period; its latest version counts, and only
    the indicator `output`. Reports are summed over the periods that lie inside the target's.

    Args:
        economy: an economy that has passed its checks.
        estimates: result table `estimates`; None: the verified columns stay empty.
        estimate_factors: result table `estimate_factors`, shared errors of the estimates.

    Returns:
        `fulfilment` and `bunching`, notes, and how it ended: `no_data` where there are no targets or no reports on them.
    """
    targets = _last_targets(economy)
    cells = _cells(economy, targets)
    if cells.is_empty():
        sentence = "No target of a past plan has a report beside it, so fulfilment cannot be reviewed."
        return Review(Outcome("no_data", sentence), Fulfilment.create_empty(), Bunching.create_empty(), (Note("review", "info", "targets", sentence),))
    fulfilment = _fulfilment(cells, estimates, estimate_factors)
    bunching = _bunching(cells, np.random.default_rng(economy.settings.seed))
    sentence = _sentence(fulfilment, str(targets["plan"][0]))
    return Review(Outcome("done", sentence, "sums of reports and of estimates by target period"), fulfilment, bunching, _notes(cells, bunching))


def _last_targets(economy: Economy) -> pl.DataFrame:
    """Keep the output targets of the last plan, latest version, up to the base period."""
    base_end = parse_period(economy.settings.base_period).end
    ends = {text: parse_period(text).end for text in economy.targets["period"].unique().to_list()}
    lookup = pl.DataFrame({"period": list(ends), "end": list(ends.values())}, schema={"period": pl.String, "end": pl.Date})
    past = economy.targets.join(lookup, on="period").filter((pl.col("indicator") == "output") & (pl.col("end") <= base_end))
    if past.is_empty():
        return past
    plan = past.group_by("plan").agg(pl.col("end").max()).sort("end", "plan")["plan"][-1]
    latest = past.filter(pl.col("plan") == plan)
    return latest.filter(pl.col("version") == pl.col("version").max().over("unit", "product", "period"))


def _cells(economy: Economy, targets: pl.DataFrame) -> pl.DataFrame:
    """Give one row a target that has a report: target, reported, storming, sector and region."""
    reports = economy.reports.filter(pl.col("indicator") == "output").sort("version").unique(["unit", "product", "period"], keep="last")
    calendar = enclosing_periods(reports["period"].unique(), targets["period"].unique())
    inside = reports.join(calendar, on="period").sort("unit", "product", "period").drop("period").rename({"outer": "period"})
    sums = inside.group_by(_KEYS, maintain_order=True).agg(
        ordered_sum(pl.col("quantity")).alias("reported"),
        ordered_sum(pl.when(pl.col("position") > 2 / 3).then(pl.col("quantity"))).alias("late"),
        pl.col("length").sum().alias("days"),
        pl.len().alias("parts"),
    )
    years = pl.DataFrame([{"period": text, "full": parse_period(text).days} for text in targets["period"].unique().sort()], schema={"period": pl.String, "full": pl.Int64})
    return (
        targets.select(*_KEYS, pl.col("quantity").alias("target"))
        .join(sums, on=_KEYS)
        .join(years, on="period")
        .join(economy.units.select("unit", "sector", "region"), on="unit", how="left")
        .with_columns(
            pl.col("sector", "region").fill_null("not stated"),
            (pl.col("days") >= 0.95 * pl.col("full")).alias("complete"),
            pl.when((pl.col("parts") >= 3) & (pl.col("reported") > 0)).then(pl.col("late")).alias("late"),
            pl.when(pl.col("parts") >= 3).then(pl.col("reported")).alias("spread"),
        )
        .sort(_KEYS)
    )


def _fulfilment(cells: pl.DataFrame, estimates: pl.DataFrame | None, factors: pl.DataFrame | None) -> pl.DataFrame:
    """Sum cells at each level: by product in its own measure, and over products by shares of the target."""
    by_product = _with_levels(cells).with_columns(pl.lit(1.0).alias("weight"))
    # Over products, each is measured in shares of its whole target, so that tonnes and pieces can stand in one sum.
    national = cells.group_by("product", "period", maintain_order=True).agg(ordered_sum(pl.col("target")).alias("whole"))
    weighted = by_product.filter(pl.col("level") != "product").join(national, on=["product", "period"], maintain_order="left")
    over_products = weighted.filter(pl.col("whole") > 0).with_columns((1.0 / pl.col("whole")).alias("weight"), pl.lit("all").alias("group_product")).drop("whole")
    rows = pl.concat([by_product.with_columns(pl.col("product").alias("group_product")), over_products.select(*by_product.columns, "group_product")])
    keys = ["level", "key", "group_product", "period"]
    sums = rows.group_by(keys, maintain_order=True).agg(
        *(ordered_sum(pl.col(name) * pl.col("weight")).alias(name) for name in ("target", "reported")),
        (ordered_sum(pl.col("late") * pl.col("weight")) / ordered_sum(pl.col("spread") * pl.col("weight"))).alias("storming_index"),
    )
    verified = verified_sums(rows.select(*keys, "unit", "product", "weight"), estimates, factors)
    table = sums.join(verified, on=keys, how="left").rename({"group_product": "product"})
    positive = pl.col("target") > 0
    return table.select(
        "level", "key", "product", "period", "target", "reported", "verified", "verified_lower_90", "verified_upper_90",
        pl.when(positive).then(pl.col("reported") / pl.col("target")).alias("reported_fulfilment"),
        pl.when(positive).then(pl.col("verified") / pl.col("target")).alias("verified_fulfilment"),
        pl.when(positive).then((pl.col("reported") - pl.col("verified")) / pl.col("target")).alias("paper_gap"),
        ((pl.col("reported") >= pl.col("target") * (1 - 1e-9)) & (pl.col("verified_upper_90") < pl.col("target"))).alias("met_on_paper_only"),
        pl.when(pl.col("storming_index").is_nan()).then(None).otherwise(pl.col("storming_index")).alias("storming_index"),
    ).sort("level", "key", "product", "period")  # fmt: skip


def _with_levels(cells: pl.DataFrame) -> pl.DataFrame:
    """Repeat each cell at each level to which it belongs."""
    keys = {"total": pl.lit("all"), "sector": pl.col("sector"), "region": pl.col("region"), "product": pl.col("product"), "unit": pl.col("unit")}
    # At the level of products, the whole country is meant: the same cells as 'total', under the product's own key.
    return pl.concat([cells.with_columns(pl.lit(level).alias("level"), keys[level].alias("key")) for level in _LEVELS])


def _bunching(cells: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
    """Measure bunching over all reports, and by sector where there are enough."""
    judged = cells.filter((pl.col("target") > 0) & pl.col("complete")).with_columns((pl.col("reported") / pl.col("target")).alias("ratio"))
    groups = [("all", "all", judged)]
    groups += [("sector", str(sector), part) for (sector,), part in sorted(judged.partition_by("sector", as_dict=True).items()) if len(part) >= _LEAST_REPORTS]
    rows = []
    for level, key, part in groups:
        bunch = excess_mass(part["ratio"].to_numpy(), part["unit"].rank("dense").cast(pl.Int64).to_numpy(), rng)
        rows.append(
            {"level": level, "key": key, "reports": len(part), "just_above": bunch.just_above, "expected": bunch.expected,
             "excess_mass": bunch.excess, "standard_error": bunch.standard_error}
        )  # fmt: skip
    return pl.DataFrame(rows, schema=dict(Bunching.create_empty().schema)).with_columns(pl.col("excess_mass", "standard_error").fill_nan(None))


def _sentence(fulfilment: pl.DataFrame, plan: str) -> str:
    total = fulfilment.filter((pl.col("level") == "total") & (pl.col("product") == "all")).sort("period").tail(1).to_dicts()[0]
    text = f"In {total['period']} the plan {plan} was fulfilled to {total['reported_fulfilment']:.0%} by the reports"
    if total["verified_fulfilment"] is None:
        return text + "; nothing has been estimated beside them."
    sd = (total["verified_upper_90"] - total["verified_lower_90"]) / (2 * total["target"])
    return text + f" and to {total['verified_fulfilment']:.0%} ± {sd:.0%} by what was really made."


def _notes(cells: pl.DataFrame, bunching: pl.DataFrame) -> tuple[Note, ...]:
    notes = []
    partial = cells.filter(~pl.col("complete"))
    if not partial.is_empty():
        share = len(partial) / len(cells)
        sentence = f"{len(partial)} of {len(cells)} targets ({share:.0%}) are reported for part of their period only; reported fulfilment is too low there."
        notes.append(Note("review", "warning", "reports", sentence))
    whole = bunching.row(0, named=True)
    if whole["excess_mass"] is not None and whole["excess_mass"] > 2 * whole["standard_error"] and whole["excess_mass"] > 0.1:
        sentence = (
            f"{whole['just_above']} reports stand at 100 to 103 % of the target where a smooth distribution would have {whole['expected']:.0f}: figures are pulled to the target."
        )
        notes.append(Note("review", "alert", "bunching", sentence))
    return tuple(notes)
