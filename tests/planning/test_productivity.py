"""Recipes that use up more than they yield are found, with their loop."""

from __future__ import annotations

import pytest
from economies import economy_of

from groundplan.planning.productivity import productivity_faults


def recipes(*rows):
    items = sorted({row[1] for row in rows if row[1] is not None})
    return economy_of(
        {
            "products": [{"product": item, "measure": "t"} for item in items],
            "recipes": [{"recipe": recipe, "item": item, "role": role, "amount": amount} for recipe, item, role, amount in rows],
        }
    )


STEEL = (("smelt", "steel", "out", 1.0), ("smelt", "machines", "in", 2.0), ("build", "machines", "out", 1.0))


def test_a_loop_is_named():
    (fault,) = productivity_faults(recipes(*STEEL, ("build", "steel", "in", 0.6)))

    assert fault.table == "recipes"
    assert fault.rule == "not_productive"
    assert fault.found in ("steel -> machines -> steel", "machines -> steel -> machines")
    assert set(fault.rows) == {3, 5}


def test_a_loop_that_yields_more_than_it_takes_is_no_fault():
    assert productivity_faults(recipes(*STEEL, ("build", "steel", "in", 0.49))) == ()


@pytest.mark.parametrize("amount", [1.0, 1.2])
def test_a_recipe_that_eats_its_own_product_is_a_loop(amount):
    (fault,) = productivity_faults(recipes(("smelt", "steel", "out", 1.0), ("smelt", "steel", "in", amount), ("drive", "car", "out", 1.0), ("drive", "steel", "in", 1.0)))

    assert fault.found == "steel -> steel"


def test_one_productive_recipe_of_several_is_enough():
    assert productivity_faults(recipes(("bad", "steel", "out", 1.0), ("bad", "steel", "in", 1.2), ("good", "steel", "out", 1.0), ("good", "ore", "in", 9.0))) == ()


def test_joint_products_count():
    # Neither recipe alone gives both; together they do, although each takes 1.5 of the other's main product.
    rows = (("a", "x", "out", 2.0), ("a", "y", "in", 1.0), ("b", "y", "out", 2.0), ("b", "x", "in", 1.5))
    assert productivity_faults(recipes(*rows)) == ()


def test_no_recipes_no_faults():
    assert productivity_faults(economy_of({"products": [{"product": "x", "measure": "t"}]})) == ()


def test_rows_that_are_no_use_hide_no_loop():
    broken = (("smelt", "steel", "in", None), ("build", "machines", "in", -1.0), ("build", "steel", "in", float("nan")), (None, "steel", "in", 1.0), ("smelt", None, "in", 1.0))
    (fault,) = productivity_faults(recipes(*STEEL, ("build", "steel", "in", 0.6), *broken))

    assert fault.found in ("steel -> machines -> steel", "machines -> steel -> machines")
    assert set(fault.rows) == {3, 5}


def test_no_loop_is_told_that_mending_a_row_would_undo():
    unreadable_output = (("bad", "steel", "out", 1.0), ("bad", "steel", "in", 1.2), ("good", "steel", "out", None), ("good", "ore", "in", 9.0))
    assert productivity_faults(recipes(*unreadable_output)) == ()
    the_same_row_twice = (("smelt", "steel", "out", 1.0), ("smelt", "steel", "in", 0.6), ("smelt", "steel", "in", 0.6))
    assert productivity_faults(recipes(*the_same_row_twice)) == ()


def test_absurd_amounts_break_no_solver():
    assert productivity_faults(recipes(("smelt", "steel", "out", 1.0), ("smelt", "steel", "in", 1e300))) == ()
