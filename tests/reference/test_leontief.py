"""With no binding limit a plan's gross output is Leontief's: (I - A)^-1 f."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from scipy.sparse import csc_array

from groundplan.errors import NotProductiveError
from groundplan.maths.leontief import gross_output
from groundplan.planning.plan import plan
from groundplan.store.importers.use_table import read_structure

# Miller and Blair (2009), Input-Output Analysis, 2nd ed., section 2.3: two sectors, Z, x; the new final demand is (600, 1500).
FLOWS = np.array([[150.0, 500.0], [200.0, 100.0]])
OUTPUT = np.array([1000.0, 2000.0])
NEW_DEMAND = np.array([600.0, 1500.0])
NEW_OUTPUT = np.array([1247.5, 1841.6])
"""As printed there, to one decimal."""

US_TABLE = Path(__file__).parents[2] / "../shared/data/io-tables/us_use.csv"


def leontief_rows(coefficients: np.ndarray, demand: np.ndarray, capacity: float) -> dict[str, list[dict[str, object]]]:
    labels = [f"s{number:03d}" for number in range(len(demand))]
    inputs = [{"recipe": labels[column], "item": labels[row], "role": "in", "amount": coefficients[row, column]} for row, column in zip(*np.nonzero(coefficients), strict=True)]
    return {
        "units": [{"unit": label, "region": "land"} for label in labels],
        "products": [{"product": label, "measure": "USD"} for label in labels],
        "recipes": inputs + [{"recipe": label, "item": label, "role": "out", "amount": 1.0} for label in labels],
        "lines": [{"line": label, "unit": label, "recipe": label, "capacity": capacity} for label in labels],
        "goals": [{"product": label, "period": "2021", "quantity": quantity} for label, quantity in zip(labels, demand, strict=True) if quantity > 0],
    }


def test_textbook_example_by_the_inverse():
    output = gross_output(csc_array(FLOWS / OUTPUT), NEW_DEMAND)

    assert output == pytest.approx(NEW_OUTPUT, abs=0.05)


def test_textbook_example_by_a_plan(make_economy):
    coefficients = FLOWS / OUTPUT

    result = plan(make_economy(leontief_rows(coefficients, NEW_DEMAND, 1e5), horizon=1))

    exact = np.linalg.solve(np.eye(2) - coefficients, NEW_DEMAND)
    assert result.outcome.status == "done"
    assert result.outputs["production"].to_numpy() == pytest.approx(exact, rel=1e-8)
    assert result.outputs["production"].to_numpy() == pytest.approx(NEW_OUTPUT, abs=0.05)


@pytest.mark.skipif(not US_TABLE.exists(), reason="the US use table (../shared/data/io-tables) is not there")
def test_us_table_by_a_plan(make_economy):
    structure = read_structure(US_TABLE, year=2019)
    coefficients = structure.coefficients
    demand = np.sum(list(structure.final.values()), axis=0)

    result = plan(make_economy(leontief_rows(coefficients, demand, 1e9), horizon=1))

    exact = np.linalg.solve(np.eye(len(demand)) - coefficients, demand)
    assert result.outcome.status == "done"
    made = result.outputs.sort("product")["production"].to_numpy()
    assert np.abs(made - exact).max() <= 1e-8 * exact.max()
    large = exact > 1e-6 * exact.max()
    assert made[large] == pytest.approx(exact[large], rel=1e-8)
    assert result.outputs.select((pl.col("residual").abs() / pl.col("production").clip(lower_bound=1e-300)).max()).item() <= 1e-9


def test_a_loop_that_eats_itself_is_refused():
    with pytest.raises(NotProductiveError):
        gross_output(csc_array(np.array([[0.5, 0.6], [0.9, 0.1]])), np.ones(2))
