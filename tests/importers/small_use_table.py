"""A small use table that closes: oil, metal and power, and the scrap that the metal industry gives off."""

from pathlib import Path

USE = {
    "211": {"211": 10, "331": 20, "22": 30, "F010": 25, "F040": 20, "F050": -10},
    "331": {"211": 5, "331": 40, "22": 10, "F010": 40, "F02E": 60, "F030": -5, "F040": 50, "F050": -10},
    "22": {"211": 8, "331": 15, "22": 4, "F010": 70, "F06C": 8},
    "Used": {"331": 5, "F010": 8, "F02E": -3},
    "V001": {"211": 20, "331": 50, "22": 30},
    "V002": {"211": 2, "331": 5, "22": 6},
    "V003": {"211": 55, "331": 65, "22": 20},
}
INDUSTRIES = ("211", "331", "22")
COMMODITIES = ("211", "331", "22", "Used")
MAKE = {"211": {"211": 95, "22": 5}, "331": {"331": 190, "Used": 10}, "22": {"22": 100}}


def with_totals(use: dict[str, dict[str, int]]) -> dict[str, dict[str, int]]:
    """The table with the two rows of totals and the published product of the American scheme."""
    table = {row: dict(cells) for row, cells in use.items()}
    for commodity in COMMODITIES:
        table[commodity]["Total Commodity Output"] = sum(use[commodity].values())
    table["Total Industry Output"] = {industry: sum(cells.get(industry, 0) for cells in use.values()) for industry in INDUSTRIES}
    table["Total Value Added"] = {"Total Final Uses (GDP)": sum(sum(use[code].values()) for code in ("V001", "V002", "V003"))}
    return table


def write_long(path: Path, table: dict[str, dict[str, int]], *, value: str = "musd", years: tuple[int, ...] = ()) -> Path:
    """The table as a long CSV file, once for each year."""
    head = f"row,col,{value}"
    rows = [f"{row},{column},{cell}" for row, cells in table.items() for column, cell in cells.items()]
    lines = [f"year,{head}", *(f"{year},{row}" for year in years for row in rows)] if years else [head, *rows]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path
