"""How northland makes things: recipes in physical units, invented but of the right size."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["RECIPES", "RESOURCES", "Recipe"]

RESOURCES: dict[str, str] = {"labour": "hour", "land": "ha", "scrap": "t"}
"""Resource that recipes take -> unit of measure."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """An activity: per unit of it `outputs` come out (the first is the main product) and `inputs` go in, each in its own measure a unit.

    Args:
        recipe: id.
        outputs: what comes out.
        inputs: what goes in: products and resources.
        plants: weight among the recipes of its sector in the choice of what an enterprise makes.
        share: share of the main product made this way in the base year.
        capital_years: worth of the capital of a new unit of capacity, in years of its output.
        lag: years until new capacity runs.
        depreciation: share of capacity lost in a year.
    """

    recipe: str
    outputs: dict[str, float]
    inputs: dict[str, float]
    plants: float = 1.0
    share: float = 1.0
    capital_years: float = 1.6
    lag: int = 1
    depreciation: float = 0.04


def _recipe(recipe: str, outputs: str, inputs: str, plants: float = 1.0, share: float = 1.0, capital_years: float = 1.6, lag: int = 1, depreciation: float = 0.04) -> Recipe:
    return Recipe(recipe, _amounts(outputs), _amounts(inputs), plants, share, capital_years, lag, depreciation)


def _amounts(text: str) -> dict[str, float]:
    words = text.split()
    return {item: float(amount) for item, amount in zip(words[::2], words[1::2], strict=True)}


RECIPES: tuple[Recipe, ...] = (
    _recipe("power_coal", "electricity 1", "coal 0.45 rail_freight 70 spare_parts 0.0001 labour 1.4", 2.5, 0.68, 3.0, 2, 0.03),
    _recipe("power_hydro", "electricity 1", "spare_parts 0.00006 labour 0.9", 1.5, 0.32, 4.5, 2, 0.03),
    _recipe("heat_works", "heat 1", "coal 0.062 electricity 0.012 rail_freight 9 labour 0.3", 1.5, 1.0, 2.0, 1, 0.04),
    _recipe("coal_deep", "coal 1", "electricity 0.035 roundwood 0.018 explosives 0.0004 mining_machines 0.0000012 spare_parts 0.0006 labour 6", 4.0, 0.65, 1.8, 1, 0.06),
    _recipe("coal_open", "coal 1", "diesel 0.0045 electricity 0.012 explosives 0.0006 tyres 0.0006 spare_parts 0.0005 labour 2.6", 1.5, 0.35, 1.8, 1, 0.06),
    _recipe("briquetting", "briquettes 1", "coal 0.96 tar 0.004 electricity 0.02 labour 2", 1.0),
    _recipe("oil_field", "crude_oil 1", "electricity 0.06 spare_parts 0.001 labour 9", 1.0, 1.0, 2.5, 2, 0.06),
    _recipe("oil_refining", "diesel 0.42 petrol 0.22 fuel_oil 0.27", "crude_oil 1 electricity 0.03 heat 0.6 labour 2.2", 1.5, 0.92, 1.5),
    _recipe("coal_to_diesel", "diesel 1 petrol 0.15", "coal 4.6 electricity 1.3 labour 22", 0.8, 0.08, 2.5, 2),
    _recipe("ore_mining", "iron_ore 1", "electricity 0.03 diesel 0.002 explosives 0.0005 mining_machines 0.0000008 spare_parts 0.0003 labour 2.4", 1.2, 1.0, 1.8, 1, 0.05),
    _recipe("coke_ovens", "coke 1 tar 0.045", "coal 1.4 electricity 0.04 rail_freight 250 labour 3", 1.0),
    _recipe("blast_furnace", "pig_iron 1", "iron_ore 1.65 coke 0.55 limestone 0.25 electricity 0.06 rail_freight 420 labour 6", 1.0, 1.0, 1.8, 2),
    _recipe("steel_oxygen", "crude_steel 1", "pig_iron 0.9 scrap 0.2 limestone 0.06 electricity 0.09 labour 5", 1.0, 0.70),
    _recipe("steel_electric", "crude_steel 1", "pig_iron 0.15 scrap 0.9 electricity 0.62 labour 6.5", 0.8, 0.30),
    _recipe("rolling", "rolled_steel 1", "crude_steel 1.12 electricity 0.14 fuel_oil 0.02 rail_freight 150 spare_parts 0.001 labour 7", 1.3),
    _recipe("foundry", "castings 1", "pig_iron 0.75 scrap 0.3 coke 0.12 electricity 0.3 labour 38", 1.5),
    _recipe("copper_mining", "copper_ore 1", "electricity 0.5 explosives 0.002 mining_machines 0.000002 spare_parts 0.003 labour 24", 1.5, 1.0, 1.8, 1, 0.05),
    _recipe("copper_smelting", "copper 1 sulphuric_acid 0.8", "copper_ore 3.8 electricity 1.1 coke 0.3 labour 30", 1.0),
    _recipe("zinc_works", "zinc 1", "electricity 3.9 coal 0.6 explosives 0.004 spare_parts 0.004 labour 55", 1.2),
    _recipe("cable_works", "cable 1", "copper 0.55 plastics 0.3 electricity 0.5 labour 55", 1.2),
    _recipe("tool_building", "machine_tools 1", "rolled_steel 1.1 castings 2.4 electric_motors 2 bearings 30 cable 0.03 electricity 4 labour 1500", 1.6, 1.0, 1.3),
    _recipe("motor_building", "electric_motors 1", "rolled_steel 0.03 castings 0.02 copper 0.008 bearings 2 electricity 0.06 labour 22", 1.2, 1.0, 1.3),
    _recipe("tractor_building", "tractors 1", "rolled_steel 1.3 castings 1.1 bearings 24 tyres 4 electricity 2 labour 650", 1.0, 1.0, 1.3),
    _recipe("lorry_building", "trucks 1", "rolled_steel 2.4 castings 0.9 bearings 30 tyres 6 glass 3 electricity 3 labour 1000", 1.0, 1.0, 1.3),
    _recipe("mining_machine_building", "mining_machines 1", "rolled_steel 6 castings 3 electric_motors 4 bearings 60 cable 0.2 electricity 9 labour 3600", 1.0, 1.0, 1.3),
    _recipe("wagon_building", "wagons 1", "rolled_steel 14 castings 6 bearings 16 sawn_timber 2 electricity 11 labour 2200", 0.8, 1.0, 1.3),
    _recipe("bearing_works", "bearings 1", "rolled_steel 0.0012 electricity 0.003 labour 0.45", 0.8, 1.0, 1.3),
    _recipe("repair_works", "spare_parts 1", "rolled_steel 0.8 castings 0.45 bearings 6 electricity 0.6 labour 150", 2.5, 1.0, 1.3),
    _recipe("ammonia_coal", "ammonia 1", "coal 1.5 electricity 1.3 labour 12", 1.0, 0.75, 2.0, 2),
    _recipe("ammonia_electrolysis", "ammonia 1", "electricity 10.5 labour 9", 0.6, 0.25, 2.0, 2),
    _recipe("fertiliser_works", "fertiliser 1", "ammonia 0.58 electricity 0.18 heat 1 plastics 0.002 rail_freight 300 labour 8", 1.4),
    _recipe("acid_works", "sulphuric_acid 1", "electricity 0.1 coal 0.05 labour 4", 0.8),
    _recipe("soda_works", "caustic_soda 1", "electricity 2.6 limestone 0.1 labour 15", 0.8),
    _recipe("plastics_works", "plastics 1", "coal 1.2 limestone 1.4 electricity 3.2 caustic_soda 0.2 labour 45", 1.0),
    _recipe("fibre_works", "synthetic_fibre 1", "limestone 2 coal 2.2 electricity 6 caustic_soda 0.4 sulphuric_acid 0.6 labour 90", 1.0),
    _recipe("explosives_works", "explosives 1", "ammonia 0.45 sulphuric_acid 0.3 electricity 0.5 labour 60", 0.6),
    _recipe("tyre_works", "tyres 1", "rubber 0.014 synthetic_fibre 0.003 electricity 0.05 labour 4", 0.8),
    _recipe("medicine_works", "medicines 1", "ammonia 0.002 caustic_soda 0.002 glass 0.1 electricity 0.2 labour 30", 1.4),
    _recipe("quarrying", "limestone 1", "explosives 0.0002 electricity 0.006 diesel 0.0012 labour 0.9", 1.5, 1.0, 1.2),
    _recipe("cement_rotary", "cement 1", "limestone 1.35 coal 0.16 electricity 0.11 rail_freight 180 labour 2", 1.0, 0.72, 1.8, 2),
    _recipe("cement_shaft", "cement 1", "limestone 1.4 coal 0.25 electricity 0.08 rail_freight 80 labour 4.2", 1.2, 0.28, 1.2),
    _recipe("brick_works", "bricks 1", "coal 0.28 electricity 0.06 labour 24", 1.5, 1.0, 1.2),
    _recipe("glass_works", "glass 1", "limestone 0.004 caustic_soda 0.003 fuel_oil 0.004 electricity 0.006 labour 0.9", 0.8),
    _recipe(
        "building",
        "construction 1",
        "cement 0.18 bricks 0.12 rolled_steel 0.035 sawn_timber 0.05 glass 0.25 diesel 0.004 road_freight 60 cable 0.002 labour 30",
        2.5,
        1.0,
        0.25,
        1,
        0.05,
    ),
    _recipe("logging", "roundwood 1", "diesel 0.004 spare_parts 0.0006 tyres 0.003 labour 6.5", 2.0, 1.0, 1.0),
    _recipe("sawmill", "sawn_timber 1", "roundwood 1.7 electricity 0.06 labour 10", 1.5, 1.0, 1.0),
    _recipe("paper_mill", "paper 1", "roundwood 3.2 electricity 1.3 coal 0.5 caustic_soda 0.08 sulphuric_acid 0.03 labour 38", 1.0),
    _recipe("furniture_works", "furniture 1", "sawn_timber 0.09 fabric 0.8 electricity 0.03 labour 14", 1.5, 1.0, 0.5),
    _recipe("weaving_cotton", "fabric 1", "cotton 0.00009 synthetic_fibre 0.00008 electricity 0.0011 labour 0.14", 1.6, 0.6, 1.4),
    _recipe("weaving_synthetic", "fabric 1", "synthetic_fibre 0.00018 electricity 0.0014 labour 0.15", 1.0, 0.4, 1.4),
    _recipe("garment_works", "clothing 1", "fabric 2.6 electricity 0.0006 labour 1.3", 2.4, 1.0, 0.4),
    _recipe("knitting", "knitwear 1", "cotton 0.00012 synthetic_fibre 0.00018 electricity 0.0012 labour 0.7", 1.4, 1.0, 1.0),
    _recipe("shoe_works", "shoes 1", "plastics 0.4 rubber 0.12 fabric 250 electricity 1 labour 1700", 1.2, 1.0, 1.0),
    _recipe("grain_machine", "grain 1 straw 0.9", "fertiliser 0.14 diesel 0.011 tractors 0.00028 spare_parts 0.0006 electricity 0.02 land 0.28 labour 26", 5.0, 0.72, 0.6),
    _recipe("grain_hand", "grain 1 straw 0.95", "fertiliser 0.07 land 0.38 labour 95", 3.0, 0.28, 0.3),
    _recipe("vegetable_growing", "vegetables 1", "fertiliser 0.03 diesel 0.004 plastics 0.001 electricity 0.02 road_freight 60 land 0.05 labour 48", 3.0, 1.0, 0.45),
    _recipe("stock_farming", "meat 1", "grain 3.6 straw 0.8 electricity 0.25 labour 240", 2.5, 1.0, 0.35),
    _recipe("fishing", "fish 1", "diesel 0.2 electricity 0.15 plastics 0.004 labour 120", 1.5, 1.0, 1.2),
    _recipe("milling", "flour 1", "grain 1.18 electricity 0.08 coal 0.05 paper 0.004 road_freight 50 labour 16", 1.5, 1.0, 0.25),
    _recipe("oil_pressing", "cooking_oil 1", "grain 3.6 electricity 0.3 labour 42", 1.0, 1.0, 0.4),
    _recipe("railway", "rail_freight 1", "electricity 0.00004 rolled_steel 0.0000015 spare_parts 0.0000004 wagons 0.00000003 labour 0.012", 1.0, 1.0, 2.0),
    _recipe("haulage", "road_freight 1", "diesel 0.00006 tyres 0.00002 spare_parts 0.0000004 labour 0.05", 1.5, 1.0, 0.7, 1, 0.08),
)
"""Every recipe of northland; an activity is one unit of the main product, save in oil refining, where it is one tonne of crude."""
