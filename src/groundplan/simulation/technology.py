"""The catalogue as arrays, and the base year in which all that is made is used."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from groundplan.errors import NotProductiveError
from groundplan.simulation.country import SECTORS
from groundplan.simulation.products import PRODUCTS
from groundplan.simulation.recipes import RECIPES, RESOURCES
from groundplan.tables.axes import Axis

__all__ = ["BaseYear", "Technology", "balance_base_year", "northland_technology"]

FloatArray = NDArray[np.float64]

_WAGE_COST = 8.0
"""Value added per hour of labour, in northland's money; only relative worth depends on it, so any figure would do."""
_LAND_COST = 400.0
_SCRAP_COST = 60.0


@dataclass(frozen=True, slots=True, eq=False)
class Technology:
    """Recipes as arrays; P products, R recipes, K resources.

    Args:
        products, recipes, resources: what the positions mean.
        inputs: shape (P, R), product used per unit of activity.
        outputs: shape (P, R), product made per unit of activity.
        resource_inputs: shape (K, R), resource used per unit of activity.
        main: shape (R,), position of each recipe's main product.
        share: shape (R,), share of the main product that is made by the recipe in the base year.
        sector: shape (R,), position of the sector of each recipe.
    """

    products: Axis
    recipes: Axis
    resources: Axis
    inputs: FloatArray
    outputs: FloatArray
    resource_inputs: FloatArray
    main: NDArray[np.int64]
    share: FloatArray
    sector: NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class BaseYear:
    """The base year, balanced: output + imports = intermediate + final_use + built + exports, in each product's measure a year.

    Args:
        activity: shape (R,), units of activity of each recipe.
        output, imports, intermediate, final_use, built, exports: shape (P,).
        value: shape (P,), worth of a unit of each product, from labour, land and scrap up the chain of recipes.
        radius: spectral radius of the input coefficients; below 1 means productive.
    """

    activity: FloatArray
    output: FloatArray
    imports: FloatArray
    intermediate: FloatArray
    final_use: FloatArray
    built: FloatArray
    exports: FloatArray
    value: FloatArray
    radius: float


def northland_technology() -> Technology:
    """Write the catalogue as arrays."""
    products, recipes, resources = Axis.of(good.product for good in PRODUCTS), Axis.of(recipe.recipe for recipe in RECIPES), Axis.of(RESOURCES)
    inputs, outputs = np.zeros((len(products), len(recipes))), np.zeros((len(products), len(recipes)))
    resource_inputs = np.zeros((len(resources), len(recipes)))
    sectors = Axis.of(sector.name for sector in SECTORS)
    main, sector = np.zeros(len(recipes), np.int64), np.zeros(len(recipes), np.int64)
    for column, recipe in enumerate(RECIPES):
        main[column] = products.position(next(iter(recipe.outputs)))
        sector[column] = sectors.position(PRODUCTS[main[column]].sector)
        for item, amount in recipe.outputs.items():
            outputs[products.position(item), column] = amount
        for item, amount in recipe.inputs.items():
            table, axis = (resource_inputs, resources) if item in resources else (inputs, products)
            table[axis.position(item), column] = amount
    share = np.array([recipe.share for recipe in RECIPES])
    return Technology(products, recipes, resources, inputs, outputs, resource_inputs, main, share, sector)


def balance_base_year(technology: Technology, efficiency: FloatArray) -> BaseYear:
    """Find the activities that make what the base year uses, with nothing left over.

    Joint products without a recipe of their own (tar, straw, petrol, fuel oil) go to final use as far as no recipe takes them.

    Args:
        technology: the recipes.
        efficiency: shape (R,), mean efficiency of each recipe's lines, weighted by activity: output as a share of the recipe's.

    Raises:
        NotProductiveError: the catalogue uses up more than it yields, or some joint product falls short of its uses.
    """
    outputs = technology.outputs * efficiency
    count, made = len(technology.products), np.arange(len(technology.recipes))
    final_use, built, exports, bought = (np.array([getattr(good, name) for good in PRODUCTS]) for name in ("final_use", "built", "exports", "import_share"))
    # Activity of recipe r = plan[r, p] x own output of its main product p.
    plan = np.zeros((len(made), count))
    plan[made, technology.main] = technology.share / outputs[technology.main, made]
    own = outputs[technology.main, made]
    joint = outputs.copy()
    joint[technology.main, made] -= own
    coefficients = technology.inputs @ plan
    radius = float(np.abs(np.linalg.eigvals(coefficients)).max())
    if radius >= 1:
        raise NotProductiveError("northland's recipes use up more than they yield", technology.products.labels)
    has_recipe = plan.sum(axis=0) > 0
    kept = np.where(has_recipe, 1.0 - bought, 0.0)[:, None]
    system = np.eye(count) - kept * coefficients + np.where(has_recipe[:, None], joint @ plan, 0.0)
    own_output = np.linalg.solve(system, kept[:, 0] * (final_use + built + exports))
    activity = plan @ own_output
    output, intermediate = outputs @ activity, technology.inputs @ activity
    uses = intermediate + final_use + built + exports
    imports = bought * uses
    left = output + imports - uses
    final_use = np.where(has_recipe | (bought >= 1), final_use, final_use + left)
    if (own_output < 0).any() or (final_use < 0).any():
        short = tuple(technology.products.labels[position] for position in np.flatnonzero((own_output < 0) | (final_use < 0)))
        raise NotProductiveError(f"northland's base year does not balance: {', '.join(short)}", short)
    return BaseYear(activity, output, imports, intermediate, final_use, built, exports, _value(technology, plan, coefficients), radius)


def _value(technology: Technology, plan: FloatArray, coefficients: FloatArray) -> FloatArray:
    """Worth of a unit of each product, shape (P,): its main makers' cost. Joint products without a recipe of their own count at their price abroad."""
    cost = np.array([{"labour": _WAGE_COST, "land": _LAND_COST, "scrap": _SCRAP_COST}[name] for name in technology.resources.labels])
    added = cost @ technology.resource_inputs @ plan
    # What nobody in the country makes is worth what it costs abroad; money and dollars are about at par by choice of the wage cost.
    abroad = np.array([good.price_abroad for good in PRODUCTS])
    made = plan.sum(axis=0) > 0
    value = np.linalg.solve(np.eye(len(made)) - np.where(made[:, None], coefficients.T, 0.0), np.where(made, added, abroad))
    floor = 0.1 * np.median(value)
    return np.asarray(np.where(value > 0, value, floor))
