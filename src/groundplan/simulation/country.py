"""The made-up country of northland: its regions and sectors. No such place exists."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["REGIONS", "SECTORS", "Region", "Sector"]


@dataclass(frozen=True, slots=True)
class Region:
    """A region: `latitude` and `longitude` (degrees) of its middle lie in the open sea, so nobody takes them for a real place."""

    name: str
    name_ko: str
    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True)
class Sector:
    """A sector with the ministry that leads it.

    Args:
        name: id of the sector.
        ministry: name of its ministry.
        ministry_ko: the same in Korean.
        weight: its share of enterprises, any scale.
        collective: share of its units that are collectives.
        regions: the regions (positions) where its enterprises stand, the first the most likely.
        utilisation: mean share of true capacity that is used, before season and shocks.
        season: amplitude of the yearly wave of log output.
        peak: month of the wave's crest, 1 to 12.
        overreach: how far (log) the last plan's final year lay above what could be made.
    """

    name: str
    ministry: str
    ministry_ko: str
    weight: float
    collective: float
    regions: tuple[int, ...]
    utilisation: float
    season: float
    peak: int
    overreach: float


REGIONS: tuple[Region, ...] = (
    Region("Aldermere", "알더미어", 40.6, 164.2),
    Region("Brisken", "브리스켄", 42.3, 162.4),
    Region("Corvane", "코르베인", 41.9, 165.1),
    Region("Dunhollow", "던할로", 39.7, 162.6),
    Region("Elmsund", "엘름순드", 40.9, 161.7),
    Region("Farrowmoor", "패로무어", 38.9, 163.9),
    Region("Gullhaven", "걸헤이븐", 39.3, 166.2),
    Region("Hallowick", "할로윅", 41.2, 166.8),
    Region("Ivarfell", "이바르펠", 42.7, 164.0),
    Region("Juniper Coast", "주니퍼코스트", 40.1, 167.9),
    Region("Kestrelmark", "케스트럴마크", 42.2, 167.3),
    Region("Larkenvale", "라켄베일", 38.6, 165.3),
)

SECTORS: tuple[Sector, ...] = (
    Sector("power", "Ministry of Power", "전력공업부", 5.0, 0.0, (8, 1, 2, 0, 4, 10, 6, 3), 0.82, 0.09, 1, 0.22),
    Sector("coal", "Ministry of Coal", "석탄공업부", 7.0, 0.0, (1, 8, 2, 10), 0.81, 0.05, 12, 0.25),
    Sector("oil", "Ministry of Oil", "원유공업부", 2.0, 0.0, (9, 6, 7), 0.72, 0.03, 7, 0.10),
    Sector("steel", "Ministry of Metallurgy", "금속공업부", 6.0, 0.0, (2, 1, 7, 0), 0.74, 0.03, 10, 0.28),
    Sector("nonferrous", "Ministry of Mining", "채취공업부", 4.0, 0.0, (10, 8, 7, 2), 0.75, 0.03, 10, 0.14),
    Sector("machines", "Ministry of Machine Building", "기계공업부", 13.0, 0.02, (0, 2, 4, 7, 3, 9), 0.70, 0.04, 11, 0.24),
    Sector("chemicals", "Ministry of Chemical Industry", "화학공업부", 9.0, 0.02, (7, 0, 9, 4, 2), 0.78, 0.05, 3, 0.30),
    Sector("building", "Ministry of Construction", "건설건재공업부", 10.0, 0.08, (0, 3, 4, 6, 11, 1, 2), 0.72, 0.14, 8, 0.20),
    Sector("timber", "Ministry of Forestry", "임업부", 7.0, 0.30, (8, 10, 1, 2, 7), 0.73, 0.10, 2, 0.12),
    Sector("textiles", "Ministry of Light Industry", "경공업부", 10.0, 0.30, (4, 0, 9, 3, 5, 11), 0.74, 0.05, 9, 0.17),
    Sector("food", "Ministry of Agriculture and Food", "농업식료부", 22.0, 0.75, (11, 5, 3, 6, 4, 9, 0), 0.72, 0.20, 9, 0.18),
    Sector("transport", "Ministry of Transport", "운수부", 5.0, 0.04, (0, 6, 2, 4, 9, 1, 3, 7), 0.82, 0.05, 10, 0.21),
)
