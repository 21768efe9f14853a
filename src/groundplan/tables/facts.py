"""Schemas of the tables in an economy folder.

Each column's `description` is what the template, the reference and error messages say of it. `metadata` may hold
`default` (filled in where the column or a cell is missing) and `refers_to` ("table.column" that must hold the value).
Ids are strings; periods are ISO strings (`groundplan.period`).
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

import dataframely as dy

__all__ = [
    "CLAIM_THEMES",
    "FACTS",
    "FIXED_FLOWS",
    "GRADES",
    "Claims",
    "Findings",
    "Fixed",
    "Flows",
    "Goals",
    "Investments",
    "Lines",
    "Markets",
    "Plans",
    "Products",
    "Proxies",
    "Recipes",
    "Reports",
    "Resources",
    "Stocks",
    "Targets",
    "Trade",
    "Transfers",
    "Units",
    "Visits",
]

ALL_REGIONS = "all"
"""Region of a resource that is limited for the whole country."""

UNIT_KINDS = ("authority", "enterprise", "collective", "workshop", "team")
VISIT_STATUSES = ("planned", "announced", "begun", "done", "missed")
FINDING_MEASURES = ("output", "capacity")
FLOW_KINDS = ("import", "export", "final_use", "stock_change")
FIXED_FLOWS = ("production", "final_use", "imports", "exports", "closing_stock", "new_capacity")
GRADES = tuple(f"{reliability}{credibility}" for reliability in "ABCDEF" for credibility in range(1, 7))
CLAIM_THEMES = ("output", "capacity")
"""Themes of claims that count in the estimate."""
FINDING_METHODS = ("meter", "weighing", "count", "ledger", "interview", "estimate")


def _id(description: str, *, refers_to: str | None = None, key: bool = True) -> dy.String:
    metadata = {"refers_to": refers_to} if refers_to else None
    return dy.String(primary_key=key, min_length=1, description=description, metadata=metadata)


def _reference(description: str, refers_to: str) -> dy.String:
    return dy.String(nullable=True, min_length=1, description=description, metadata={"refers_to": refers_to})


def _text(description: str) -> dy.String:
    return dy.String(nullable=True, description=description)


def _number(description: str, *, default: float | None = None, nullable: bool = False, **bounds: Any) -> dy.Float64:
    metadata = None if default is None else {"default": default}
    return dy.Float64(nullable=nullable, description=description, metadata=metadata, **bounds)


def _period(description: str, *, key: bool = True, nullable: bool = False) -> dy.String:
    return dy.String(primary_key=key, nullable=nullable, min_length=4, description=description, metadata={"period": True})


def _choice(description: str, choices: tuple[str, ...], *, key: bool = False, default: str | None = None) -> dy.Enum:
    return dy.Enum(choices, primary_key=key, description=description, metadata=None if default is None else {"default": default})


class Units(dy.Schema):
    """Authorities, enterprises, collectives, workshops and teams: a tree."""

    unit = _id("Short id of the unit, for instance E014")
    name = _text("Name as people know it")
    name_ko = _text("Name in Korean")
    kind = _choice("What the unit is", UNIT_KINDS, default="enterprise")
    parent = _reference("Id of the unit above it; empty at the top", "units.unit")
    sector = _text("Sector, by ISIC or your own list")
    region = _text("Region in which it lies")
    latitude = _number("Degrees north, WGS84", nullable=True, min=-90.0, max=90.0)
    longitude = _number("Degrees east, WGS84", nullable=True, min=-180.0, max=180.0)
    employees = _number("Number of persons who work there", nullable=True, min=0.0)
    major = dy.Bool(description="Is it one of the major enterprises?", metadata={"default": False})


class Products(dy.Schema):
    """What is made, traded, stored and used."""

    product = _id("Short id of the product, for instance steel")
    name = _text("Name as people know it")
    name_ko = _text("Name in Korean")
    measure = dy.String(min_length=1, description="Unit of measure: t, MWh, piece, million USD ...")
    group = _text("Group in which reports show it")
    storable = dy.Bool(description="Can it be kept from one plan period to the next?", metadata={"default": True})
    loss_share = _number("Share of a stock that is lost from one plan period to the next, 0 to 1", default=0.0, min=0.0, max=1.0)


class Recipes(dy.Schema):
    """Activities: what goes in and what comes out per unit of activity."""

    recipe = _id("Short id of the recipe, for instance steel_open_hearth")
    item = _id("Product or resource that goes in or comes out", refers_to="products.product|resources.resource")
    role = _choice("Does the item go in or come out?", ("in", "out"), key=True)
    amount = _number("Amount per unit of activity, in the item's own measure", min_exclusive=0.0)


class Lines(dy.Schema):
    """What a unit can run: a recipe with a capacity."""

    line = _id("Short id of the line")
    unit = _id("Unit that runs it", refers_to="units.unit", key=False)
    recipe = _id("Recipe that it runs", refers_to="recipes.recipe", key=False)
    capacity = _number("Nameplate capacity: units of activity per plan period (for instance a year)", min=0.0)
    efficiency = _number("Output per unit of activity as a share of the recipe's, inputs as in the recipe; 1 = as the recipe", default=1.0, min_exclusive=0.0)
    since = _period("First period in which it can run; empty = always", key=False, nullable=True)
    until = _period("Last period in which it can run; empty = never retired", key=False, nullable=True)


class Reports(dy.Schema):
    """What units report of themselves; a later version corrects an earlier one."""

    unit = _id("Unit that reports", refers_to="units.unit")
    product = _id("Product reported on", refers_to="products.product")
    indicator = dy.String(primary_key=True, min_length=1, description="What is reported: output (the default), quality, cost ...", metadata={"default": "output"})
    period = _period("Period reported on")
    version = dy.Int64(primary_key=True, min=1, description="1 = first report, 2 = its correction ...", metadata={"default": 1})
    quantity = _number("Quantity reported for the period, in the product's measure", min=0.0)
    declared_capacity = _number("Capacity that the unit declares for the period, in the product's measure", nullable=True, min=0.0)
    reported_on = dy.Date(nullable=True, description="Day on which it was reported")
    status = _text("draft, submitted, returned, verified, locked")


class Plans(dy.Schema):
    """Plans that were adopted, with their versions."""

    plan = _id("Short id of the plan, for instance P2016")
    version = dy.Int64(primary_key=True, min=1, description="Version of the plan", metadata={"default": 1})
    status = _text("draft, adopted, withdrawn")
    adopted_on = dy.Date(nullable=True, description="Day of adoption")
    parent = _text("Plan from which it was made")


class Targets(dy.Schema):
    """What the last plan (and the current one) asks of each unit."""

    plan = _id("Plan that sets the target")
    version = dy.Int64(primary_key=True, min=1, description="Version of the plan", metadata={"default": 1})
    unit = _id("Unit that is to meet it", refers_to="units.unit")
    product = _id("Product", refers_to="products.product")
    indicator = dy.String(primary_key=True, min_length=1, description="What is asked: output (the default), quality, cost ...", metadata={"default": "output"})
    period = _period("Period for which it is asked")
    quantity = _number("Quantity asked for the period, in the product's measure", min=0.0)


class Visits(dy.Schema):
    """Inspections, planned and done."""

    visit = _id("Short id of the visit")
    unit = _id("Unit that is visited", refers_to="units.unit", key=False)
    team = _text("Team that goes there")
    start = dy.Date(nullable=True, description="First day of the visit")
    end = dy.Date(nullable=True, description="Last day of the visit")
    status = _choice("How far it is", VISIT_STATUSES, default="done")
    chosen_by = _text("Why this unit: random, worth, mandatory ...")
    inclusion_probability = _number("Probability with which it was drawn, where chosen at random", nullable=True, min_exclusive=0.0, max=1.0)


class Findings(dy.Schema):
    """What inspectors measured."""

    visit = _id("Visit on which it was found", refers_to="visits.visit")
    unit = _id("Unit", refers_to="units.unit")
    product = _id("Product", refers_to="products.product")
    period = _period("Period to which the value belongs")
    measure = _choice("What was measured: output made in the period, or capacity per period", FINDING_MEASURES, key=True, default="output")
    value = _number("Value found, in the product's measure", min=0.0)
    method = _choice("How it was measured", FINDING_METHODS, default="ledger")
    relative_error = _number("Standard error of the method as a share of the value; empty = the method's default", nullable=True, min=0.0, max=2.0)
    evidence = _text("Where the evidence lies")


class Proxies(dy.Schema):
    """What goes along with output and is not reported by the unit: electricity, headcount, freight, night lights."""

    unit = _id("Unit", refers_to="units.unit")
    indicator = _id("What is measured: electricity, headcount ...")
    period = _period("Period to which the value belongs")
    value = _number("Value, in any unit of measure that stays the same for the indicator", min=0.0)


class Claims(dy.Schema):
    """What people on the ground say, as the listening office releases it: figures of groups of statements, never a person's. May be left out."""

    claim = _id("Short id of the claim")
    scope = _id("Unit that the statements are about", refers_to="units.unit", key=False)
    period = _period("Period that they are about", key=False)
    theme = dy.String(min_length=1, description="What they are about; output (made in the period) and capacity (per period) count in the estimate, all other themes are kept")
    product = _reference("Product; needed where the theme is output or capacity", "products.product")
    count = dy.Int64(min=1, description="How many distinct statements", metadata={"default": 1})
    mean = _number("Mean of the statements, in the product's measure; needed where the theme is output or capacity", nullable=True, min=0.0)
    variance = _number("Variance of the statements around their mean; empty = not known", nullable=True, min=0.0)
    grade = _choice("Reliability of the sources, A to F, and credibility of what they say, 1 to 6 (the Admiralty system): B2 ...", GRADES)


class Flows(dy.Schema):
    """What came in and went out beside production in past periods: with it, sources must equal uses. May be left out."""

    product = _id("Product", refers_to="products.product")
    period = _period("Past period: a plan period, or a shorter one inside it")
    kind = _choice("import; export; final_use: consumption, public use, investment; stock_change: stock at the end less that at the start", FLOW_KINDS, key=True)
    quantity = _number("Quantity that really flowed, in the product's measure; below zero only where stocks fell; 0 = nothing flowed", min=-1e30, max=1e30)
    relative_error = _number("Standard error as a share of the quantity; empty = 3 %", nullable=True, min=0.0, max=2.0)


class Goals(dy.Schema):
    """What the country (or group) wants for final use: consumption, public use, reserves."""

    product = _id("Product", refers_to="products.product")
    period = _period("Plan period")
    quantity = _number("Quantity wanted for final use in the period, in the product's measure", min=0.0)
    minimum = _number("Least that must be delivered before anything else (subsistence)", default=0.0, min=0.0)
    weight = _number("Weight among goals of one priority: loss per unit of relative shortfall (1 = the product's whole goal missed)", default=1.0, min=0.0)
    priority = dy.Int64(min=1, description="1 = served first", metadata={"default": 1})


class Resources(dy.Schema):
    """What cannot be made: labour hours, land, transport, foreign exchange."""

    resource = _id("Short id of the resource; foreign_exchange is the one that trade uses and earns")
    region = dy.String(primary_key=True, min_length=1, description="Region in which it is limited; 'all' = the whole country", metadata={"default": ALL_REGIONS})
    period = _period("Plan period")
    limit = _number("How much there is in the period", min=0.0)
    measure = _text("Unit of measure")


class Trade(dy.Schema):
    """What can be imported and exported, at which price in foreign exchange."""

    product = _id("Product", refers_to="products.product")
    period = _period("Plan period")
    import_limit = _number("Most that can be imported in the period", default=0.0, min=0.0)
    import_price = _number("Foreign exchange paid per unit", default=0.0, min=0.0)
    export_limit = _number("Most that can be exported in the period", default=0.0, min=0.0)
    export_price = _number("Foreign exchange earned per unit", default=0.0, min=0.0)


class Stocks(dy.Schema):
    """Stocks at the start of the plan and the bounds within which they are kept."""

    product = _id("Product", refers_to="products.product")
    opening = _number("Stock at the start of the plan", default=0.0, min=0.0)
    floor = _number("Least stock at the end of every period", default=0.0, min=0.0)
    ceiling = _number("Most that can be stored; empty = no limit", nullable=True, min=0.0)


class Investments(dy.Schema):
    """What one unit of new capacity of a recipe takes; one row a capital good."""

    recipe = _id("Recipe whose capacity grows", refers_to="recipes.recipe")
    item = _id("Capital good", refers_to="products.product")
    amount = _number("Amount per unit of new capacity, in the item's own measure", min_exclusive=0.0)
    lag = dy.Int64(min=0, description="Plan periods from the delivery of this item to the first use of the capacity", metadata={"default": 1})
    depreciation = _number("Share of the recipe's capacity that is lost per plan period, the same on all rows of a recipe", default=0.0, min=0.0, max=1.0)
    limit = _number("Most new capacity of the recipe per plan period in the whole country; empty = no limit", nullable=True, min=0.0)


class Fixed(dy.Schema):
    """Numbers of the plan that are decided already: the plan keeps to them before it serves any goal. May be left out."""

    flow = _choice("What is decided", FIXED_FLOWS, key=True)
    item = dy.String(primary_key=True, min_length=1, description="Product; for new_capacity the recipe")
    period = _period("Plan period")
    at_least = _number("Least that it may be, in the item's own measure; empty = no such bound", nullable=True, min=0.0)
    at_most = _number("Most that it may be; empty = no such bound", nullable=True, min=0.0)


class Transfers(dy.Schema):
    """What can be moved from region to region, and what that takes. A product in it, or in markets, is balanced region by region. May be left out."""

    product = _id("Product that is moved", refers_to="products.product")
    origin = dy.String(primary_key=True, min_length=1, alias="from", description="Region from which it is moved")
    target = dy.String(primary_key=True, min_length=1, alias="to", description="Region to which it is moved")
    limit = _number("Most that can be moved per plan period; empty = no limit", nullable=True, min=0.0)
    loss_share = _number("Share that is lost on the way, 0 to 1", default=0.0, min=0.0, max=1.0)
    item = _reference("What moving takes: transport, a product or a resource, had in the region from which it is moved; empty = nothing", "products.product|resources.resource")
    amount = _number("Amount of the item per unit moved, in the item's own measure; needed where an item is named", nullable=True, min_exclusive=0.0)


class Markets(dy.Schema):
    """Where the country's figures for a product belong that is balanced region by region. May be left out where transfers says all."""

    product = _id("Product", refers_to="products.product")
    region = _id("Region")
    final_use = _number("Weight of the region in the product's goals, beside the other regions (its population, say)", default=0.0, min=0.0)
    imports = _number("Weight of the region in the limit on imports; empty in all regions = as final_use", nullable=True, min=0.0)
    exports = _number("Weight of the region in the limit on exports; empty in all regions = as final_use", nullable=True, min=0.0)
    stocks = _number("Weight of the region in stocks, their floor and their ceiling; empty in all regions = as final_use", nullable=True, min=0.0)


FACTS: MappingProxyType[str, type[dy.Schema]] = MappingProxyType(
    {
        "units": Units,
        "products": Products,
        "recipes": Recipes,
        "lines": Lines,
        "reports": Reports,
        "plans": Plans,
        "targets": Targets,
        "visits": Visits,
        "findings": Findings,
        "proxies": Proxies,
        "claims": Claims,
        "flows": Flows,
        "goals": Goals,
        "resources": Resources,
        "trade": Trade,
        "stocks": Stocks,
        "investments": Investments,
        "transfers": Transfers,
        "markets": Markets,
        "fixed": Fixed,
    }
)
"""Table name (which is also the file and sheet name) -> schema."""
