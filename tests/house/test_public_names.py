"""What the package says that it offers is there, all of it, and the documented example runs."""

import ast
import importlib
import pkgutil
import re
from pathlib import Path

import pytest

import groundplan as gp
from groundplan.simulation.northland import simulate_northland
from groundplan.store.folder import write_economy

ROOT = Path(__file__).parents[2]
MODULES = sorted(module.name for module in pkgutil.walk_packages(gp.__path__, "groundplan.") if not module.name.endswith("__main__"))


@pytest.mark.parametrize("name", MODULES)
def test_a_module_lists_its_public_names(name):
    module = importlib.import_module(name)
    assert module.__doc__
    defined = {node.name for node in ast.parse(Path(module.__file__).read_text(encoding="utf-8")).body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    public = {label for label in defined if not label.startswith("_")}
    listed = set(getattr(module, "__all__", ()))
    # Commands of the command line are found by their decorators, not by import.
    assert public <= listed or name.startswith("groundplan.cli.")
    for label in listed:
        assert hasattr(module, label)


def test_the_package_offers_what_it_imports():
    tree = ast.parse(Path(gp.__file__).read_text(encoding="utf-8"))
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module.startswith("groundplan.")]
    typed = {alias.name: node.module for node in imports for alias in node.names}
    assert set(typed) == set(gp.__all__)
    # Those who check types and those who run the code are told the same homes.
    assert typed == {name: f"groundplan.{room}" for name, room in gp._HOME.items()}


def test_the_worked_example_runs_as_documented(tmp_path, monkeypatch):
    write_economy(simulate_northland(1, enterprises=60, months=12, visits=20).economy, tmp_path / "examples" / "northland" / "economy")
    monkeypatch.chdir(tmp_path)
    page = (ROOT / "docs" / "reference" / "library.md").read_text(encoding="utf-8")
    code = re.search(r"```python\n(.*?)```", page, re.DOTALL)
    assert code is not None
    names: dict[str, object] = {}
    exec(compile(code[1], "library.md", "exec"), names)  # The documentation's own code, from this repository.
    assert names["planned"].gaps.height > 0
    assert names["planned"].gap < 1e-4
