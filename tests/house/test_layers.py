"""The folder list is the layer list, and the public names are all there."""

import re
import tomllib
from pathlib import Path

import groundplan
from groundplan import errors
from groundplan.tables.facts import FACTS
from groundplan.tables.results import COMPARISONS, DERIVED, FRONTIERS, RESULTS

ROOT = Path(__file__).parents[2]


def test_every_room_stands_in_a_layer():
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    named = {room for layer in contracts[0]["layers"] for room in re.findall(r"[a-z_]+", layer)}
    rooms = {path.stem for path in (ROOT / "src/groundplan").iterdir() if path.stem not in ("__init__", "__pycache__", "py")}
    assert rooms <= named
    assert contracts[0]["exhaustive"] is True


def test_the_error_tree_is_drawn_and_exported_whole():
    classes = {name for name, value in vars(errors).items() if isinstance(value, type) and issubclass(value, Exception)}
    assert classes <= set(errors.__all__)
    assert all(name in (errors.__doc__ or "") for name in classes)


def test_every_column_says_what_it_is():
    for name, schema in {**FACTS, **RESULTS, **DERIVED, **COMPARISONS, **FRONTIERS}.items():
        silent = [column for column, kind in schema.columns().items() if not kind.description]
        assert not silent, f"{name}: {silent}"


def test_all_public_names_exist():
    assert all(hasattr(groundplan, name) for name in groundplan.__all__)
