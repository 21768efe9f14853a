"""The full official tables, where they are: 71 industries and 73 commodities of the United States by year, and Germany 1995."""

import numpy as np
import polars as pl
import pytest

from groundplan.store.importers.use_table import import_use_table, read_structure


@pytest.mark.parametrize("year", range(2012, 2020))
def test_the_american_accounts_close_every_year(tables, year):
    imported = import_use_table(tables / "us_use.csv", year=year, codes=tables / "codes.csv")
    assert imported.base_year.height == 71
    assert imported.base_year["residual"].abs().max() <= 1e-9 * imported.base_year["output"].sum()
    # 73 commodities by 20 final uses, each rounded to a million.
    assert abs(imported.product.by_use - imported.product.published) <= 73 * 20 / 2
    assert abs(imported.product.by_income - imported.product.published) <= 71 * 3 / 2


def test_gross_domestic_product_of_2019_is_the_published_one(tables):
    product = import_use_table(tables / "us_use.csv", year=2019).product
    assert product.published == 21_539_980
    assert round(product.by_use / 1e6, 3) == round(product.by_income / 1e6, 3) == 21.54


def test_only_scrap_and_noncomparable_imports_have_no_industry(tables):
    imported = import_use_table(tables / "us_use.csv", year=2019)
    outside = imported.adjustments.filter(pl.col("kind") == "outside_commodity")
    assert set(outside["row"]) == {"Used", "Other"}
    assert set(imported.base_year["product"]).isdisjoint({"Used", "Other"})


def test_output_is_the_leontief_inverse_of_final_uses(tables):
    structure = read_structure(tables / "us_use.csv", year=2019)
    final = sum(structure.final.values()) + structure.outside_use - structure.imports - structure.outside_supply
    output = np.linalg.solve(np.eye(len(final)) - structure.coefficients, final)
    np.testing.assert_allclose(output, structure.output, rtol=1e-10)
    assert structure.coefficients.sum(axis=0).max() < 1.0


def test_germany_1995_closes_by_use_and_by_income(tables):
    imported = import_use_table(tables / "germany_1995.csv", year=1995)
    assert imported.base_year["product"].to_list() == ["CPA_A", "CPA_B-E", "CPA_F", "CPA_G-I", "CPA_J-N", "CPA_O-T"]
    # Gross domestic product of Germany in 1995 in the table: 1,801,300 million euros (value added and net taxes on products).
    assert (imported.product.by_use, imported.product.by_income, imported.product.published) == (1_801_300, 1_801_300, 1_801_300)
    assert imported.base_year["residual"].abs().max() <= 1e-9 * imported.base_year["output"].sum()
    assert any("straight to final uses" in note.sentence for note in imported.notes)
