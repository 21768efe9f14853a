"""What northland makes and uses: 60 products, with what was used of them in the base year."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["PRODUCTS", "Good"]


@dataclass(frozen=True, slots=True)
class Good:
    """A product; quantities are in its own measure a year.

    Args:
        product: id.
        name: name in English.
        name_ko: name in Korean.
        measure: unit of measure.
        sector: sector that makes it, or uses it where nobody makes it.
        final_use: households, public use and reserves in the base year.
        built: built into plant in the base year.
        exports: sold abroad in the base year.
        import_share: share of all uses that is bought abroad, 0 to 1.
        price_abroad: foreign exchange (USD) per unit; 0 = not traded.
        storable: can it be kept from year to year?
        loss_share: share of a stock that is lost in a year.
        growth: yearly growth of the goal; 0 = no goal is set.
        minimum: least to be delivered, as a share of the base year's final use.
        priority: 1 = served first.
        weight: weight among goals of one priority.
    """

    product: str
    name: str
    name_ko: str
    measure: str
    sector: str
    final_use: float
    built: float = 0.0
    exports: float = 0.0
    import_share: float = 0.0
    price_abroad: float = 0.0
    storable: bool = True
    loss_share: float = 0.0
    growth: float = 0.0
    minimum: float = 0.0
    priority: int = 3
    weight: float = 1.0


def _good(names: str, final_use: float, **more: float) -> Good:
    product, name, name_ko, measure, sector = (part.strip() for part in names.split("|"))
    options = {key: bool(value) if key == "storable" else int(value) if key == "priority" else value for key, value in more.items()}
    return Good(product, name, name_ko, measure, sector, final_use, **options)  # type: ignore[arg-type]


PRODUCTS: tuple[Good, ...] = (
    _good("electricity | Electricity | 전력 | MWh | power", 5.6e6, storable=0, growth=0.08, minimum=0.75, priority=1, weight=3),
    _good("heat | District heat | 난방열 | GJ | power", 4.4e7, storable=0, growth=0.06, minimum=0.80, priority=1, weight=2),
    _good("coal | Coal | 석탄 | t | coal", 4e5, exports=1.1e6, price_abroad=62, loss_share=0.02, growth=0.06),
    _good("briquettes | Coal briquettes | 연탄 | t | coal", 2.0e6, loss_share=0.02, growth=0.06, minimum=0.75, priority=1, weight=2),
    _good("crude_oil | Crude oil | 원유 | t | oil", 0.0, import_share=0.78, price_abroad=430),
    _good("diesel | Diesel oil | 디젤유 | t | oil", 6e4, import_share=0.12, price_abroad=640, growth=0.06, priority=2),
    _good("petrol | Petrol | 휘발유 | t | oil", 0.0, price_abroad=690),
    _good("fuel_oil | Fuel oil | 중유 | t | oil", 0.0, price_abroad=410),
    _good("iron_ore | Iron ore | 철광석 | t | steel", 0.0, exports=6e5, price_abroad=88),
    _good("coke | Coke | 코크스 | t | steel", 3e4, import_share=0.10, price_abroad=290, loss_share=0.01),
    _good("tar | Coal tar | 콜타르 | t | steel", 0.0),
    _good("pig_iron | Pig iron | 선철 | t | steel", 2e4, exports=3e4, price_abroad=330),
    _good("crude_steel | Crude steel | 강괴 | t | steel", 1e4),
    _good("rolled_steel | Rolled steel | 압연강재 | t | steel", 1.2e5, built=2.0e5, exports=2.5e4, price_abroad=560, growth=0.10, priority=2, weight=2),
    _good("castings | Castings | 주물 | t | steel", 1e4),
    _good("copper_ore | Copper concentrate | 동정광 | t | nonferrous", 0.0, exports=3e4, price_abroad=1400),
    _good("copper | Copper | 구리 | t | nonferrous", 2e3, exports=6e3, price_abroad=6100),
    _good("zinc | Zinc | 아연 | t | nonferrous", 5e3, exports=4e4, price_abroad=2200, growth=0.04),
    _good("cable | Cable | 전선 | t | nonferrous", 6e3, built=9e3, growth=0.08, priority=2),
    _good("machine_tools | Machine tools | 공작기계 | piece | machines", 1.2e3, built=1e4, import_share=0.18, price_abroad=24000, growth=0.10, priority=2, weight=2),
    _good("electric_motors | Electric motors | 전동기 | piece | machines", 5e4, built=5.5e4, price_abroad=190, growth=0.09, priority=2),
    _good("tractors | Tractors | 뜨락또르 | piece | machines", 2.4e3, price_abroad=11000, growth=0.12, minimum=0.5, priority=2, weight=2),
    _good("trucks | Lorries | 화물자동차 | piece | machines", 3.0e3, built=1.6e3, import_share=0.15, price_abroad=21000, growth=0.10, priority=2),
    _good("mining_machines | Mining machines | 채굴기계 | piece | machines", 60, built=5e2, import_share=0.2, price_abroad=90000, growth=0.10),
    _good("wagons | Railway wagons | 화차 | piece | machines", 4e2, built=2.6e2, price_abroad=38000, growth=0.08, priority=2),
    _good("bearings | Bearings | 베어링 | piece | machines", 4e5, import_share=0.12, price_abroad=5, growth=0.05),
    _good("spare_parts | Spare parts | 부속품 | t | machines", 6e3, import_share=0.08, price_abroad=3800, growth=0.06),
    _good("ammonia | Ammonia | 암모니아 | t | chemicals", 1e4),
    _good("fertiliser | Nitrogen fertiliser | 질소비료 | t | chemicals", 8e4, import_share=0.10, price_abroad=310, growth=0.10, minimum=0.6, priority=2, weight=2),
    _good("sulphuric_acid | Sulphuric acid | 황산 | t | chemicals", 2e4),
    _good("caustic_soda | Caustic soda | 가성소다 | t | chemicals", 3e4, growth=0.05),
    _good("plastics | Plastics | 합성수지 | t | chemicals", 5e4, price_abroad=1150, import_share=0.10, growth=0.10, priority=3),
    _good("synthetic_fibre | Synthetic fibre | 합성섬유 | t | chemicals", 2e3, price_abroad=1700),
    _good("explosives | Mining explosives | 산업용 폭약 | t | chemicals", 1e3),
    _good("rubber | Natural rubber | 천연고무 | t | chemicals", 0.0, import_share=1.0, price_abroad=1600),
    _good("tyres | Tyres | 타이어 | piece | chemicals", 2e5, price_abroad=62, growth=0.07),
    _good("medicines | Medicines | 의약품 | thousand pieces | chemicals", 4.8e5, import_share=0.15, price_abroad=70, growth=0.08, minimum=0.7, priority=1, weight=3),
    _good("limestone | Limestone | 석회석 | t | building", 1e5),
    _good("cement | Cement | 시멘트 | t | building", 7e5, built=5.5e5, price_abroad=60, growth=0.10, priority=2, weight=2),
    _good("bricks | Bricks | 벽돌 | thousand pieces | building", 1.6e5, growth=0.06),
    _good("glass | Window glass | 판유리 | m2 | building", 2.4e6, growth=0.07),
    _good("construction | Buildings | 건물 건축 | m2 | building", 3.6e6, built=1.45e6, storable=0, growth=0.10, minimum=0.5, priority=2, weight=2),
    _good("roundwood | Roundwood | 통나무 | m3 | timber", 2e5, price_abroad=80, growth=0.03),
    _good("sawn_timber | Sawn timber | 제재목 | m3 | timber", 2.2e5, growth=0.05),
    _good("paper | Paper | 종이 | t | timber", 1.8e5, price_abroad=720, import_share=0.05, growth=0.08, priority=3),
    _good("furniture | Furniture | 가구 | piece | timber", 1.6e6, growth=0.07),
    _good("cotton | Cotton | 목화 | t | textiles", 0.0, import_share=1.0, price_abroad=1750),
    _good("fabric | Fabric | 직물 | m | textiles", 4.0e7, exports=1e7, price_abroad=1.1, growth=0.07, priority=3),
    _good("clothing | Clothing | 옷 | piece | textiles", 3.6e7, exports=6e6, price_abroad=6.5, growth=0.08, minimum=0.7, priority=1, weight=2),
    _good("knitwear | Knitwear | 편직물 | piece | textiles", 2.8e7, price_abroad=3.2, growth=0.07, minimum=0.5, priority=2),
    _good("shoes | Shoes | 신발 | thousand pairs | textiles", 2.0e4, price_abroad=7500, growth=0.08, minimum=0.6, priority=2),
    _good("grain | Grain | 알곡 | t | food", 2e5, import_share=0.08, price_abroad=235, loss_share=0.05, growth=0.06, minimum=0.7, priority=1, weight=3),
    _good("straw | Straw | 볏짚 | t | food", 0.0, loss_share=0.2),
    _good("vegetables | Vegetables | 남새 | t | food", 3.0e6, storable=0, growth=0.06, minimum=0.7, priority=1, weight=2),
    _good("meat | Meat | 고기 | t | food", 2.4e5, price_abroad=2600, loss_share=0.1, growth=0.12, minimum=0.6, priority=1, weight=2),
    _good("fish | Fish | 물고기 | t | food", 4.4e5, exports=2e4, price_abroad=2100, loss_share=0.15, growth=0.09, minimum=0.6, priority=1, weight=2),
    _good("flour | Flour and bread | 밀가루와 빵 | t | food", 2.4e6, loss_share=0.05, growth=0.06, minimum=0.8, priority=1, weight=4),
    _good("cooking_oil | Cooking oil | 식용유 | t | food", 9e4, import_share=0.20, price_abroad=1050, growth=0.10, minimum=0.6, priority=1, weight=2),
    _good("rail_freight | Rail freight | 철도 화물수송 | tkm | transport", 8e8, storable=0, growth=0.05, priority=2),
    _good("road_freight | Road freight | 자동차 화물수송 | tkm | transport", 1.2e9, storable=0, growth=0.06, priority=2),
)
"""Every product of northland. The Korean names are the words used in planned production in Korean."""
