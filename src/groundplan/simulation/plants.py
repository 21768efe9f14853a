"""What a plant is called by what it mainly makes."""

from __future__ import annotations

from types import MappingProxyType

__all__ = ["PLANTS"]

_NAMES = {
    "Thermal Power Station|화력발전소": "power_coal",
    "Hydropower Station|수력발전소": "power_hydro",
    "Heating Works|난방사업소": "heat_works",
    "Colliery|탄광": "coal_deep coal_open",
    "Briquette Works|연탄공장": "briquetting",
    "Oil Field|유전": "oil_field",
    "Refinery|정유공장": "oil_refining",
    "Coal Liquefaction Works|석탄액화공장": "coal_to_diesel",
    "Iron Mine|철광산": "ore_mining",
    "Coking Plant|코크스공장": "coke_ovens",
    "Ironworks|제철소": "blast_furnace",
    "Steelworks|제강소": "steel_oxygen steel_electric",
    "Rolling Mill|압연공장": "rolling",
    "Foundry|주물공장": "foundry",
    "Copper Mine|구리광산": "copper_mining",
    "Smelter|제련소": "copper_smelting zinc_works",
    "Cable Works|전선공장": "cable_works",
    "Machine Tool Works|공작기계공장": "tool_building",
    "Electric Motor Works|전동기공장": "motor_building",
    "Tractor Works|뜨락또르공장": "tractor_building",
    "Motor Works|자동차공장": "lorry_building",
    "Mining Machine Works|채굴기계공장": "mining_machine_building",
    "Wagon Works|차량공장": "wagon_building",
    "Bearing Works|베어링공장": "bearing_works",
    "Machine Works|기계공장": "repair_works",
    "Nitrogen Works|질소공장": "ammonia_coal ammonia_electrolysis",
    "Fertiliser Works|비료공장": "fertiliser_works",
    "Chemical Works|화학공장": "acid_works soda_works",
    "Plastics Works|합성수지공장": "plastics_works",
    "Fibre Works|합성섬유공장": "fibre_works",
    "Explosives Works|폭약공장": "explosives_works",
    "Tyre Works|타이어공장": "tyre_works",
    "Pharmaceutical Works|제약공장": "medicine_works",
    "Quarry|채석장": "quarrying",
    "Cement Works|시멘트공장": "cement_rotary cement_shaft",
    "Brickworks|벽돌공장": "brick_works",
    "Glassworks|유리공장": "glass_works",
    "Building Enterprise|건설사업소": "building",
    "Forest Enterprise|임산사업소": "logging",
    "Sawmill|제재공장": "sawmill",
    "Paper Mill|제지공장": "paper_mill",
    "Furniture Works|가구공장": "furniture_works",
    "Textile Mill|방직공장": "weaving_cotton weaving_synthetic",
    "Clothing Factory|피복공장": "garment_works",
    "Knitting Mill|편직공장": "knitting",
    "Shoe Factory|신발공장": "shoe_works",
    "Farm|농장": "grain_machine grain_hand",
    "Vegetable Farm|남새농장": "vegetable_growing",
    "Stock Farm|목장": "stock_farming",
    "Fishery|수산사업소": "fishing",
    "Flour Mill|제분공장": "milling",
    "Oil Mill|식용유공장": "oil_pressing",
    "Railway Depot|철도사업소": "railway",
    "Haulage Depot|자동차운수사업소": "haulage",
}

PLANTS: MappingProxyType[str, tuple[str, str]] = MappingProxyType(
    {recipe: (names.partition("|")[0], names.partition("|")[2]) for names, recipes in _NAMES.items() for recipe in recipes.split()}
)
"""Recipe -> what an enterprise that mainly runs it is called, in English and in Korean."""
