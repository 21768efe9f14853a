"""Plans that start from the ground: review, estimate and plan an economy from a folder of tables.

```python
import groundplan as gp

economy = gp.read_economy("my-economy")
chain = gp.run_chain(economy)
print(chain.plan.outcome.sentence)
```
"""

from __future__ import annotations

from importlib.metadata import version

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
from groundplan.estimation.estimate import estimate
from groundplan.flows.folder_ports import FolderSource, RunFolderSink
from groundplan.flows.reading import check_folder, read_economy
from groundplan.flows.run import run_step, write_reports
from groundplan.loop.chain import Chain, run_chain
from groundplan.outcome import Note, Outcome
from groundplan.planning.plan import plan
from groundplan.planning.verify import verify_plan
from groundplan.simulation.northland import Simulated, simulate_northland
from groundplan.store.folder import write_economy
from groundplan.store.importers.use_table import import_use_table
from groundplan.store.runs import latest_run, list_runs, read_run
from groundplan.store.template import new_economy
from groundplan.tables.bundles import Estimate, Plan, Review
from groundplan.tables.check import check_tables
from groundplan.tables.economy import Economy
from groundplan.tables.settings import Settings
from groundplan.tracking.fulfilment import review

__all__ = [
    "Chain",
    "Economy",
    "Estimate",
    "Fault",
    "FolderError",
    "FolderSource",
    "GroundplanError",
    "InputError",
    "MissingTableError",
    "NotProductiveError",
    "Note",
    "Outcome",
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
    "estimate",
    "import_use_table",
    "latest_run",
    "list_runs",
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
