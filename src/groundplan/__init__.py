"""Plans that start from the ground: review, estimate and plan an economy from a folder of tables.

```python
import groundplan as gp

economy = gp.read_economy("my-economy")
chain = gp.run_chain(economy)
print(chain.plan.outcome.sentence)
```
"""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import version
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from groundplan.errors import (
        Fault,
        FolderError,
        GroundplanError,
        InputError,
        MissingTableError,
        NotProductiveError,
        RunIncompleteError,
        SettingsError,
        SolverError,
    )
    from groundplan.estimation.any_total import total_output
    from groundplan.estimation.estimate import estimate, estimate_panel
    from groundplan.flows.folder_ports import FolderSource, RunFolderSink
    from groundplan.flows.reading import check_folder, read_economy
    from groundplan.flows.run import run_step, write_reports
    from groundplan.loop.chain import Chain, run_chain
    from groundplan.loop.compare import compare
    from groundplan.outcome import Note, Outcome
    from groundplan.planning.compare import compare_plans
    from groundplan.planning.frontier import frontier
    from groundplan.planning.material_balances import material_balances
    from groundplan.planning.plan import plan
    from groundplan.planning.verify import verify_plan
    from groundplan.simulation.northland import Simulated, simulate_northland
    from groundplan.store.folder import write_economy
    from groundplan.store.importers.material_balances import import_balances
    from groundplan.store.importers.use_table import import_use_table
    from groundplan.store.panel_files import ParquetPanel, keep_parquet
    from groundplan.store.runs import latest_run, list_runs, read_run
    from groundplan.store.template import new_economy
    from groundplan.tables.bundles import Comparison, Estimate, Frontier, Plan, Review
    from groundplan.tables.check import check_tables
    from groundplan.tables.economy import Economy
    from groundplan.tables.settings import Settings
    from groundplan.tracking.fulfilment import review

__all__ = [
    "Chain",
    "Comparison",
    "Economy",
    "Estimate",
    "Fault",
    "FolderError",
    "FolderSource",
    "Frontier",
    "GroundplanError",
    "InputError",
    "MissingTableError",
    "NotProductiveError",
    "Note",
    "Outcome",
    "ParquetPanel",
    "Plan",
    "Review",
    "RunFolderSink",
    "RunIncompleteError",
    "Settings",
    "SettingsError",
    "Simulated",
    "SolverError",
    "check_folder",
    "check_tables",
    "compare",
    "compare_plans",
    "estimate",
    "estimate_panel",
    "frontier",
    "import_balances",
    "import_use_table",
    "keep_parquet",
    "latest_run",
    "list_runs",
    "material_balances",
    "new_economy",
    "plan",
    "read_economy",
    "read_run",
    "review",
    "run_chain",
    "run_step",
    "simulate_northland",
    "total_output",
    "verify_plan",
    "write_economy",
    "write_reports",
]

__version__ = version("groundplan")

_ROOMS = {
    "errors": ("Fault", "FolderError", "GroundplanError", "InputError", "MissingTableError", "NotProductiveError", "RunIncompleteError", "SettingsError", "SolverError"),
    "estimation.any_total": ("total_output",),
    "estimation.estimate": ("estimate", "estimate_panel"),
    "flows.folder_ports": ("FolderSource", "RunFolderSink"),
    "flows.reading": ("check_folder", "read_economy"),
    "flows.run": ("run_step", "write_reports"),
    "loop.chain": ("Chain", "run_chain"),
    "loop.compare": ("compare",),
    "outcome": ("Note", "Outcome"),
    "planning.compare": ("compare_plans",),
    "planning.frontier": ("frontier",),
    "planning.material_balances": ("material_balances",),
    "planning.plan": ("plan",),
    "planning.verify": ("verify_plan",),
    "simulation.northland": ("Simulated", "simulate_northland"),
    "store.folder": ("write_economy",),
    "store.importers.material_balances": ("import_balances",),
    "store.importers.use_table": ("import_use_table",),
    "store.panel_files": ("ParquetPanel", "keep_parquet"),
    "store.runs": ("latest_run", "list_runs", "read_run"),
    "store.template": ("new_economy",),
    "tables.bundles": ("Comparison", "Estimate", "Frontier", "Plan", "Review"),
    "tables.check": ("check_tables",),
    "tables.economy": ("Economy",),
    "tables.settings": ("Settings",),
    "tracking.fulfilment": ("review",),
}
_HOME = {name: room for room, names in _ROOMS.items() for name in names}


def __getattr__(name: str) -> object:
    """Import a name when it is first asked for, so that `import groundplan` costs nothing (PEP 562).

    Raises:
        AttributeError: there is no such name.
    """
    if name not in _HOME:
        raise AttributeError(f"module 'groundplan' has no attribute {name!r}")
    value = getattr(import_module(f"groundplan.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
