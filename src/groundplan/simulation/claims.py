"""What people on the ground would say of a simulated country: claims of its true output, off by their grade's bias and error."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import polars as pl

from groundplan.simulation.northland import Simulated
from groundplan.tables.facts import FACTS

__all__ = ["simulate_claims"]

_MONTH_SD, _SPREAD = 0.05, 0.1
"""Log error of a single month's claim, and the spread of the statements as a share of what is true."""
_STATEMENTS = 6


def simulate_claims(simulated: Simulated, seed: int, *, grades: Mapping[str, tuple[float, float]], share: float = 0.4, months: int = 4) -> pl.DataFrame:
    """Draw claims of the output of some units over their last months: what is true, times the bias of a grade, an error of the people, and one of the month.

    Args:
        simulated: a country with its truth.
        seed: the same seed gives the same claims.
        grades: grade -> its bias and the standard deviation of its error, in logs.
        share: share of the units of which something is said.
        months: how many of their last months.

    Returns:
        The table claims.
    """
    rng, truth = np.random.default_rng(seed), simulated.truth["outputs"].filter(pl.col("quantity") > 0)
    units = truth["unit"].unique().sort().to_list()
    chosen = rng.choice(units, int(share * len(units)), replace=False).tolist()
    schema = dict(FACTS["claims"].create_empty().schema)
    rows: list[tuple[object, ...]] = []
    for (unit, product), part in truth.filter(pl.col("unit").is_in(chosen)).partition_by(["unit", "product"], as_dict=True, maintain_order=True).items():
        grade = list(grades)[rng.integers(len(grades))]
        bias, error = grades[grade]
        off = bias + rng.normal(0, error)
        for period, quantity in part.select("period", "quantity").tail(months).iter_rows():
            said = quantity * float(np.exp(off + rng.normal(0, _MONTH_SD)))
            rows.append((f"C{len(rows)}", unit, period, "output", product, _STATEMENTS, said, (_SPREAD * quantity) ** 2, grade))
    return pl.DataFrame(rows, schema=list(schema), orient="row").select(pl.col(name).cast(kind) for name, kind in schema.items())
