"""Factors down the tree: whoever has enough inspected units corrects what wider groups found, thin groups have theirs."""

import numpy as np
import pytest

from groundplan.estimation import estimate as module
from groundplan.estimation.calibrate import LEAST_UNITS, Residuals, Tree, calibrate, grow_tree, leave_out
from groundplan.estimation.estimate import estimate
from groundplan.estimation.gathering import gather
from groundplan.estimation.panel import TablesPanel

# Two sectors and two kinds; kinds differ in spread by a factor of three, sector b is wider by a half.
SECTOR, KIND = np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])
TREE = Tree(
    ("kind in sector", "sector", "kind"),
    (("sector=a, kind=x", "sector=a, kind=y", "sector=b, kind=x", "sector=b, kind=y"), ("sector=a", "sector=b"), ("kind=x", "kind=y")),
    np.stack([np.arange(4), SECTOR, KIND], axis=1),
    np.repeat(np.arange(4), 2_000),
)


def draw(rng: np.random.Generator, sizes: tuple[int, int, int, int]) -> Residuals:
    leaf = np.repeat(np.arange(4), sizes)
    spread = 0.1 * np.array([1.0, 3.0])[KIND[leaf]] * np.array([1.0, 1.5])[SECTOR[leaf]]
    ones = np.ones(len(leaf))
    return Residuals(rng.normal(0, spread), 0.1**2 * ones, 1e-8 * ones, ones.astype(np.int64), leaf, TREE)


def test_kinds_and_sectors_have_the_widths_that_they_need():
    factors, table = calibrate(draw(np.random.default_rng(1), (900, 900, 900, 900)), "all")
    assert factors.ninety == pytest.approx([1.0, 3.0, 1.5, 4.5], rel=0.12)
    assert factors.source == TREE.labels[0]
    assert table["parent"].is_null().all()
    assert table["cover_90"].to_numpy() == pytest.approx(0.9, abs=0.03)


def test_thin_groups_have_the_factors_of_the_wider_ones():
    few = LEAST_UNITS - 10
    factors, table = calibrate(draw(np.random.default_rng(2), (200, 200, few // 2, few // 2)), "all")
    rows = {row["group"]: row for row in table.iter_rows(named=True)}
    # Sector b is thin: its units have what their kinds have, and kinds are not thin.
    assert factors.source == ("sector=a, kind=x", "sector=a, kind=y", "kind=x", "kind=y")
    assert rows["sector=b"]["parent"] == "kind"
    assert rows["kind=x"]["parent"] is None
    assert "sector=b, kind=x" not in rows
    # With kinds thin too, all that is left is what holds of everybody.
    nobody, table = calibrate(draw(np.random.default_rng(3), (10, 10, 10, 10)), "all")
    assert nobody.source == ("all",) * 4
    assert len(set(nobody.ninety.tolist())) == 1
    assert table.filter(table["group"] != "all")["parent"].to_list() == ["all"] * 4


def test_a_unit_has_no_part_in_the_factor_that_judges_it():
    held = draw(np.random.default_rng(4), (80, 80, 80, 80))
    _, ninety, source = leave_out(held, "all")
    worst = int(np.argmax(np.abs(held.residual)))
    wilder = Residuals(held.residual.copy(), held.variance, held.noise, held.findings, held.leaf, TREE)
    wilder.residual[worst] *= 50.0
    assert leave_out(wilder, "all")[1][worst] == pytest.approx(ninety[worst], rel=1e-12)
    assert set(source) == set(TREE.labels[0])


def test_the_tree_of_an_economy_has_every_unit_in_its_own_leaf(northland):
    evidence = gather(northland.economy, TablesPanel(northland.economy.reports, northland.economy.proxies))
    tree = grow_tree(evidence)
    for at, unit in enumerate(evidence.units.labels):
        sector, kind = evidence.sector.labels[evidence.sector.position[at]], evidence.kind.labels[evidence.kind.position[at]]
        line = [labels[group] for labels, group in zip(tree.labels, tree.above[tree.leaf[at]], strict=True)]
        assert line == [f"sector={sector}, kind={kind}", f"sector={sector}", f"kind={kind}"], unit


def test_a_model_that_does_not_settle_is_told_of(northland, monkeypatch):
    told = estimate(northland.economy)
    assert not [note for note in told.notes if "did not settle" in note.sentence]
    real = module.fit_level
    monkeypatch.setattr(module, "fit_level", lambda *given: module.replace(real(*given), moved=0.08))
    told = estimate(northland.economy)
    assert [note.severity for note in told.notes if "did not settle" in note.sentence and "8.0%" in note.sentence] == ["warning"]
