"""Textbook cases of one period: Leontief's model and its prices, scarce labour, choice of technique, joint products, trade."""

from __future__ import annotations

import numpy as np
import pytest
from cases import case, delivered, level, price, slope

from groundplan.planning.plan import plan

INPUTS = np.array([[0.15, 0.25], [0.20, 0.05]])
LABOUR = np.array([0.30, 0.25])
"""Miller and Blair (2009), section 2.5: two sectors and what households supply to each, per dollar of output."""


def sectors(inputs: np.ndarray, labour: np.ndarray | None = None) -> dict[str, dict[str, float]]:
    """A technique a sector, which yields one of the sector's product net of what it takes of it."""
    found = {}
    for column in range(len(inputs)):
        taken = {f"s{row}": -float(inputs[row, column]) for row in range(len(inputs)) if row != column and inputs[row, column]}
        found[f"s{column}"] = {f"s{column}": 1.0 - float(inputs[column, column]), **taken, **({} if labour is None else {"labour": -float(labour[column])})}
    return found


def test_households_as_a_sector():
    """Miller and Blair (2009), Input-Output Analysis, 2nd ed., section 2.5: the model closed with respect to households.

    Printed there: the inverse to three decimals, with which a final demand of (600, 1500, 0) gives outputs of about 1456, 2338 and 1075.
    """
    closed = np.array([[0.15, 0.25, 0.05], [0.20, 0.05, 0.40], [0.30, 0.25, 0.05]])
    printed_inverse = np.array([[1.365, 0.425, 0.251], [0.527, 1.348, 0.595], [0.570, 0.489, 1.289]])
    demand = np.array([600.0, 1500.0, 0.0])
    exact = np.linalg.solve(np.eye(3) - closed, demand)

    result = plan(case(sectors(closed), {("s0", 1): 600.0, ("s1", 1): 1500.0}))

    assert result.outcome.status == "done"
    activities = np.array([level(result, f"s{place}")[0] for place in range(3)])
    assert activities == pytest.approx(exact, rel=1e-12)
    # Rounding of the printed inverse, 0.0005 for each dollar of demand.
    assert activities == pytest.approx(printed_inverse @ demand, abs=0.0005 * demand.sum())


def test_prices_are_labour_values_where_labour_alone_is_scarce():
    """Leontief's price model, Miller and Blair (2009), section 2.6: p = A'p + v, so p = (I - A')^-1 v, v being labour times its price."""
    demand = np.array([600.0, 1500.0])
    values = np.linalg.solve(np.eye(2) - INPUTS.T, LABOUR)
    limit = 0.7 * float(values @ demand)

    result = plan(case(sectors(INPUTS, LABOUR), {("s0", 1): 600.0, ("s1", 1): 1500.0}, resources={("labour", 1): limit}))

    wage = price(result, "resource", "labour")
    assert wage > 0
    assert [price(result, "product", f"s{place}") / wage for place in range(2)] == pytest.approx(values, rel=1e-12)
    # All labour is used, and what is delivered is worth what it took.
    assert float(values @ [delivered(result)[f"s{place}"] for place in range(2)]) == pytest.approx(limit, rel=1e-12)


def test_a_sector_at_its_capacity_leaves_its_own_demand_what_the_others_do_not_take():
    """Mixed model, Miller and Blair (2009), section 13.2 (exogenous output of one sector): x1 and f2 are given, x2 and f1 follow.

    x2 = (f2 + a21 x1) / (1 - a22); f1 = (1 - a11) x1 - a12 x2. One more of x1 yields (1 - a11) - a12 a21 / (1 - a22) of f1.
    """
    capacity, second_demand = 1200.0, 1500.0
    second = (second_demand + 0.20 * capacity) / 0.95
    first_demand = 0.85 * capacity - 0.25 * second
    # 600 are wanted of the first, 561.8 can be had: 6.4 % are missed. The second comes first.
    goals = {("s0", 1): {"quantity": 600.0, "priority": 2}, ("s1", 1): {"quantity": second_demand, "priority": 1}}

    result = plan(case(sectors(INPUTS), goals, capacity={"s0": capacity, "s1": 1e5}))

    assert delivered(result) == pytest.approx({"s0": first_demand, "s1": second_demand}, rel=1e-12)
    assert level(result, "s1") == pytest.approx([second], rel=1e-12)
    assert price(result, "capacity", "s0 | here") == pytest.approx(slope(1.0 - first_demand / 600.0) / 600.0 * (0.85 - 0.25 * 0.20 / 0.95), rel=1e-12)


@pytest.mark.parametrize("demand", [(600.0, 1500.0), (1500.0, 600.0), (1.0, 2000.0)])
def test_which_techniques_are_best_does_not_depend_on_what_is_wanted(demand):
    """Nonsubstitution theorem, Samuelson (1951), in Koopmans, Activity Analysis, chapter VII: with labour alone scarce, one technique a sector is best for all bills of goods.

    The second technique of each sector takes other inputs. Values of the four pairs by hand, p = (I - A')^-1 l: the least of both goods belong to the same pair.
    """
    techniques = {
        "s0 old": {"s0": 0.85, "s1": -0.20, "labour": -0.30},
        "s0 new": {"s0": 0.85, "s1": -0.45, "labour": -0.18},
        "s1 old": {"s1": 0.95, "s0": -0.25, "labour": -0.25},
        "s1 new": {"s1": 0.95, "s0": -0.10, "labour": -0.31},
    }
    values = {}
    for first in ("s0 old", "s0 new"):
        for second in ("s1 old", "s1 new"):
            net = np.array([[techniques[name].get(good, 0.0) for good in ("s0", "s1")] for name in (first, second)])
            values[first, second] = np.linalg.solve(net, [-techniques[name]["labour"] for name in (first, second)])
    best = min(values, key=lambda pair: values[pair].sum())
    assert all((values[best] <= other + 1e-12).all() for other in values.values())
    limit = 0.7 * float(values[best] @ demand)

    result = plan(case(techniques, {("s0", 1): demand[0], ("s1", 1): demand[1]}, resources={("labour", 1): limit}))

    used = {name for name in techniques if level(result, name)[0] > 1e-9}
    assert used == set(best)
    assert [price(result, "product", good) / price(result, "resource", "labour") for good in ("s0", "s1")] == pytest.approx(values[best], rel=1e-12)


# Corn by much labour on little land (1 of land, 4 of labour), or by little labour on much land (3 and 1): Ricardo's intensive and extensive use of land.
CORN = {"intensive": {"corn": 1.0, "land": -1.0, "labour": -4.0}, "extensive": {"corn": 1.0, "land": -3.0, "labour": -1.0}}


@pytest.mark.parametrize(
    ("labour", "intensive", "extensive", "land_value", "labour_value"),
    [
        # Labour to spare: all land by the technique that takes least of it; land alone has a price.
        (300.0, 60.0, 0.0, 1.0, 0.0),
        # Both scarce: land a + 3 b = 60, labour 4 a + b = 130 gives a = 30, b = 10; r + 4 w = 3 r + w = 1 gives r = 3/11, w = 2/11.
        (130.0, 30.0, 10.0, 3.0 / 11.0, 2.0 / 11.0),
        # Land to spare: all labour by the technique that takes least of it; labour alone has a price.
        (15.0, 0.0, 15.0, 0.0, 1.0),
    ],
)
def test_technique_follows_the_price_of_the_scarce_resource(labour, intensive, extensive, land_value, labour_value):
    """Rent and choice of technique, Dorfman, Samuelson and Solow (1958), Linear Programming and Economic Analysis; figures of our own, solved by hand."""
    result = plan(case(CORN, {("corn", 1): 100.0}, resources={("land", 1): 60.0, ("labour", 1): labour}))

    worth = slope(1.0 - (intensive + extensive) / 100.0) / 100.0
    assert [level(result, "intensive")[0], level(result, "extensive")[0]] == pytest.approx([intensive, extensive], rel=1e-12, abs=1e-12)
    assert [price(result, "resource", name) for name in ("land", "labour")] == pytest.approx([worth * land_value, worth * labour_value], rel=1e-12, abs=1e-15)
    assert price(result, "product", "corn") == pytest.approx(worth, rel=1e-12)


def test_a_joint_product_in_excess_is_free():
    """Rule of free goods, von Neumann (1937); Koopmans (1951), chapter III. Figures of our own.

    One sheep gives 2 of wool and 1 of mutton; 10 of each are wanted and pasture feeds 8: 8 of mutton, 16 of wool, 6 of them for nobody.
    """
    result = plan(case({"sheep": {"wool": 2.0, "mutton": 1.0, "pasture": -1.0}}, {("wool", 1): 10.0, ("mutton", 1): 10.0}, resources={("pasture", 1): 8.0}))

    unused = dict(result.outputs.select("product", "unused").iter_rows())
    assert delivered(result) == pytest.approx({"wool": 10.0, "mutton": 8.0}, rel=1e-12)
    assert unused == pytest.approx({"wool": 6.0, "mutton": 0.0}, rel=1e-12, abs=1e-12)
    assert price(result, "product", "wool") == 0.0
    assert price(result, "product", "mutton") == pytest.approx(slope(0.2) / 10.0, rel=1e-12)
    assert price(result, "resource", "pasture") == pytest.approx(slope(0.2) / 10.0, rel=1e-12)


def test_two_processes_price_two_joint_products():
    """Sraffa (1960), Production of Commodities by Means of Commodities, chapter VII: as many processes as joint products, each of which just pays. Figures of our own.

    Merinos give 3 of wool and 1 of mutton, Suffolks 1 and 2, each on 1 of pasture; 40 of pasture, 100 of wool and 60 of mutton wanted. Both
    just pay, so 3 p + q = p + 2 q = r: q = 2 p, r = 5 p. Goods along that line, wool + 2 mutton = 200, are best where wool misses 3 %, a break:
    with 1.46/3 for mutton (14.2 % missed), its price over wool's is 1.46/60 over 1.06/100 (less of wool missed) to 1.22/100 (more): 2.30 to 1.995, about 2.
    """
    techniques = {"merino": {"wool": 3.0, "mutton": 1.0, "pasture": -1.0}, "suffolk": {"wool": 1.0, "mutton": 2.0, "pasture": -1.0}}

    result = plan(case(techniques, {("wool", 1): 100.0, ("mutton", 1): 60.0}, resources={("pasture", 1): 40.0}))

    assert delivered(result) == pytest.approx({"wool": 97.0, "mutton": 51.5}, rel=1e-12)
    assert [level(result, "merino")[0], level(result, "suffolk")[0]] == pytest.approx([28.5, 11.5], rel=1e-12)
    mutton = slope(8.5 / 60.0) / 60.0
    assert price(result, "product", "mutton") == pytest.approx(mutton, rel=1e-12)
    assert price(result, "product", "wool") == pytest.approx(0.5 * mutton, rel=1e-12)
    assert price(result, "resource", "pasture") == pytest.approx(2.5 * mutton, rel=1e-12)
