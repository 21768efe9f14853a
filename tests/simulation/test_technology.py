"""The catalogue: known words and measures, productive, a base year that balances at any efficiency."""

import numpy as np
import pytest

from groundplan.measures import is_known_measure
from groundplan.simulation.country import REGIONS, SECTORS
from groundplan.simulation.plants import PLANTS
from groundplan.simulation.products import PRODUCTS
from groundplan.simulation.recipes import RECIPES, RESOURCES
from groundplan.simulation.technology import balance_base_year, northland_technology


def test_catalogue_has_twelve_regions_twelve_sectors_and_sixty_products():
    assert (len(REGIONS), len(SECTORS), len(PRODUCTS)) == (12, 12, 60)
    assert len({recipe.recipe for recipe in RECIPES}) == len(RECIPES)
    assert {good.sector for good in PRODUCTS} == {sector.name for sector in SECTORS}


def test_every_recipe_has_a_plant_that_runs_it():
    assert set(PLANTS) == {recipe.recipe for recipe in RECIPES}


def test_every_measure_is_known_and_every_item_exists():
    products = {good.product for good in PRODUCTS}

    assert all(is_known_measure(good.measure) for good in PRODUCTS)
    assert all(is_known_measure(measure) for measure in RESOURCES.values())
    for recipe in RECIPES:
        assert set(recipe.outputs) <= products
        assert set(recipe.inputs) <= products | set(RESOURCES)


def test_ways_to_make_a_product_share_it_out():
    technology = northland_technology()

    total = np.bincount(technology.main, technology.share, len(technology.products))
    np.testing.assert_allclose(total[np.unique(technology.main)], 1.0, rtol=1e-9)


@pytest.mark.parametrize("seed", range(20))
def test_base_year_is_productive_and_balances_at_any_efficiency(seed):
    technology = northland_technology()
    efficiency = np.random.default_rng(seed).uniform(0.85, 1.1, len(RECIPES))

    base = balance_base_year(technology, efficiency)

    assert base.radius < 0.8
    assert (base.activity > 0).all()
    assert (base.value > 0).all()
    uses = base.intermediate + base.final_use + base.built + base.exports
    np.testing.assert_allclose(base.output + base.imports, uses, rtol=1e-9)
    np.testing.assert_allclose(base.output, (technology.outputs * efficiency) @ base.activity, rtol=1e-9)
    np.testing.assert_allclose(base.intermediate, technology.inputs @ base.activity, rtol=1e-9)


def test_what_is_imported_is_the_stated_share_of_all_uses():
    technology = northland_technology()
    base = balance_base_year(technology, np.ones(len(RECIPES)))

    share = base.imports / (base.intermediate + base.final_use + base.built + base.exports)
    np.testing.assert_allclose(share, [good.import_share for good in PRODUCTS], atol=1e-12)
