"""Two small real checks: the digits of a known fraud, and what people say of their weight and height against what was measured.

    python benchmarks/digits.py                     # about half a minute

Digits rank who might be looked at first; they estimate nothing, and they find only frauds that leave marks in digits.

Weight and height: each person is a unit, sex the kind. A fifth are measured ('inspected'), drawn at random; the others are estimated from what they say. 20 draws;
errors are of those who were not measured and said something. One row has weight and height swapped; it is left as it is.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from _cross_section import fit_schema
from groundplan.estimation.estimate import estimate
from groundplan.maths.digits import NIGRINI_LIMITS, judge_digits, last_digits, leading_digits
from groundplan.tables.economy import Economy
from groundplan.tables.settings import Settings

FloatArray = NDArray[np.float64]
DATA = Path(__file__).parents[1] / "../shared/data/small-checks"
DRAWS = 20
SHARE = 0.2
SWAPPED = 11
"""Row, counted from 0, whose weight and height are swapped in the source; true biases are without it, for it alone would move them by a point."""


def main() -> None:
    """Print both checks."""
    if not DATA.exists():
        print("the small checks are not beside the repository (../shared/data/small-checks): nothing is measured")
        return
    _fraud()
    _weight()


def _fraud() -> None:
    values = pl.read_csv(DATA / "sino_forest_2010.csv", infer_schema_length=None)["value"].cast(pl.Float64).to_numpy()
    print("| digits of Sino-Forest's report of 2010 | figures | chi-squared | p-value | mean absolute deviation | Nigrini's limit of marginal conformity |")
    print("|---|---|---|---|---|---|")
    tests = {"first": leading_digits(values), "first two": leading_digits(values, count=2), "last": last_digits(values)}
    for law, digits in tests.items():
        judged = judge_digits(digits, law, np.zeros(len(digits), np.int64), 1, rng=np.random.default_rng(1))
        limit = f"{NIGRINI_LIMITS[law][2]}" if law in NIGRINI_LIMITS else ""
        print(f"| {law} | {judged.number[0]} | {judged.chi_squared[0]:.1f} | {judged.p_value[0]:.2g} | {judged.deviation[0]:.4f} | {limit} |")
    last = tests["last"]
    ends = last[(last > 0)]
    judged = judge_digits(np.where(last > 0, last, -1), "last", np.zeros(len(last), np.int64), 1, rng=np.random.default_rng(1))
    even = judged.counts[0, 1:]
    statistic = float(((even - len(ends) / 9) ** 2 / (len(ends) / 9)).sum())
    print(f"\nLast digit zero: {int((last == 0).sum())} of {int((last >= 0).sum())}; among the others chi-squared {statistic:.1f} on 8 degrees of freedom (5 % limit 15.5).")


def _weight() -> None:
    table = pl.read_csv(DATA / "self_reported_weight.csv", infer_schema_length=None, null_values=["", "NA"])
    print("\n| figure | sex | measured and said | true mean log bias, % | estimated, % (sd over draws) |")
    print("|---|---|---|---|---|")
    scores = []
    for figure, said in (("weight", "repwt"), ("height", "repht")):
        part = (
            table.select("sex", pl.col(figure).cast(pl.Float64).alias("truth"), pl.col(said).cast(pl.Float64).alias("report"))
            .with_row_index("person")
            .filter(pl.col("report").is_not_null())
        )
        drawn = [_estimate(part, seed, figure) for seed in range(1, DRAWS + 1)]
        for sex in ("F", "M"):
            true = part.filter((pl.col("sex") == sex) & (pl.col("person") != SWAPPED)).select((pl.col("report") / pl.col("truth")).log().mean()).item()
            found = [one.filter((pl.col("sex") == sex) & ~pl.col("seen"))["log_bias"].mean() for one in drawn]
            print(f"| {figure} | {sex} | {part.filter(pl.col('sex') == sex).height} | {100 * true:+.2f} | {100 * np.mean(found):+.2f} ({100 * np.std(found, ddof=1):.2f}) |")
        scores.append((figure, np.array([_score(one.filter(~pl.col("seen"))) for one in drawn])))
    print("\n| figure | log RMSE as said | as estimated | cover of 90 % | cover of 50 % | the same without the swapped row: as said | as estimated |")
    print("|---|---|---|---|---|---|---|")
    for figure, rows in scores:
        mean, error = np.nanmean(rows, axis=0), np.nanstd(rows, axis=0, ddof=1) / np.sqrt(DRAWS)
        covers = " | ".join(f"{mean[at]:.3f} ± {error[at]:.3f}" for at in (2, 3))
        print(f"| {figure} | {mean[0]:.4f} | {mean[1]:.4f} ± {error[1]:.4f} | {covers} | {mean[4]:.4f} | {mean[5]:.4f} ± {error[5]:.4f} |")


def _estimate(part: pl.DataFrame, seed: int, figure: str) -> pl.DataFrame:
    """Measure a fifth, estimate the others; gives truth, report, estimate, and who was measured."""
    rng = np.random.default_rng([20261125, seed])
    people = part.with_columns(unit="P" + pl.col("person").cast(pl.String).str.zfill(3), seen=pl.Series(rng.permutation(part.height) < SHARE * part.height))
    rows = people.with_columns(product=pl.lit(figure), period=pl.lit("2020"), indicator=pl.lit("output"), version=pl.lit(1))
    seen = rows.filter("seen").with_columns(visit="V" + pl.col("unit"))
    tables = {
        "units": people.with_columns(kind=pl.when(pl.col("sex") == "F").then(pl.lit("collective")).otherwise(pl.lit("enterprise"))),
        "products": pl.DataFrame({"product": [figure], "measure": ["kg" if figure == "weight" else "cm"]}),
        "reports": rows.with_columns(quantity=pl.col("report")),
        "visits": seen.with_columns(chosen_by=pl.lit("random"), inclusion_probability=pl.lit(SHARE)),
        "findings": seen.with_columns(value=pl.col("truth"), measure=pl.lit("output"), method=pl.lit("weighing"), relative_error=pl.lit(0.005)),
    }
    economy = Economy.from_tables(Settings(name=figure, base_period="2020"), {name: fit_schema(name, table) for name, table in tables.items()})
    estimated = estimate(economy).estimates.select("unit", "median", "lower_50", "upper_50", "lower_90", "upper_90", "log_bias")
    return people.join(estimated, on="unit", how="left", maintain_order="left")


def _score(rows: pl.DataFrame) -> list[float]:
    """Log RMSE as said and as estimated, covers of 90 and 50 %, and the two errors again without row 12."""
    errors = [_rmse(rows, name) for name in ("report", "median")]
    covers = [float(rows.select(pl.col("truth").is_between(f"lower_{level}", f"upper_{level}").mean()).item()) for level in (90, 50)]
    plain = rows.filter(pl.col("person") != SWAPPED)
    return [*errors, *covers, *(_rmse(plain, name) for name in ("report", "median"))]


def _rmse(rows: pl.DataFrame, name: str) -> float:
    return float(rows.select((pl.col(name) / pl.col("truth")).log().pow(2).mean()).item() ** 0.5)


if __name__ == "__main__":
    main()
