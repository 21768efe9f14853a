"""Run the loop, or one step of it, and keep the results with a report."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import polars as pl

from groundplan.errors import Fault, FolderError
from groundplan.flows.check import load_checked
from groundplan.flows.folder_ports import FolderSource
from groundplan.flows.ports import EconomySource, ResultSink
from groundplan.loop.chain import Progress, run_chain
from groundplan.report.check_page import write_check
from groundplan.report.content import ReportInput
from groundplan.report.html import write_html
from groundplan.report.pdf import write_pdf
from groundplan.report.workbook import write_workbook
from groundplan.store.run_inputs import INPUTS
from groundplan.store.runs import new_run_id, read_run
from groundplan.tables.economy import Economy
from groundplan.tables.fingerprint import fingerprint

__all__ = ["CHECK_PAGE", "REPORT_FORMS", "is_made_alike", "is_made_from", "report_of_run", "run_step", "write_reports"]

REPORT_FORMS = {"html": ("report.html", write_html), "xlsx": ("report.xlsx", write_workbook), "pdf": ("report.pdf", write_pdf)}
"""Form of the report -> file name and the function that writes it."""

CHECK_PAGE = "check.html"
"""Page of the predictive checks; its form is called check."""

_FORMS = REPORT_FORMS | {"check": (CHECK_PAGE, write_check)}

_LIBRARIES = ("numpy", "scipy", "polars", "highspy")
"""Libraries whose versions a result may hang on."""


def run_step(source: EconomySource, sink: ResultSink, *, last: str = "plan", reports: Sequence[str] = (), progress: Progress | None = None) -> tuple[ReportInput, Path]:
    """Check an economy, run the stages up to `last`, and keep what they gave.

    Args:
        source: where the economy comes from.
        sink: where the run is kept, whole or not at all.
        last: "estimate", "review" or "plan".
        reports: forms of the report to write, of `REPORT_FORMS`, or "check".
        progress: called as the steps go on.

    Returns:
        What was found, ready to be shown, and the folder that holds it.

    Raises:
        InputError: the economy has faults.
        FolderError: the results cannot be written, and nothing is kept; or only a report cannot, and the run is kept without it.
    """
    began = datetime.now(UTC)
    tell = progress or (lambda _step, _at, _share: None)
    tell("check", "tables", 0.0)
    economy, warnings = load_checked(source)
    tell("check", "done", 1.0)
    unwritten: FolderError | None = None
    with sink.open(new_run_id(began)) as writer:
        tables = run_chain(economy, last=last, progress=progress).tables()
        writer.write_inputs(economy)
        writer.write_tables(tables)
        shown = ReportInput(economy=economy, results=tables, faults=warnings, run_id=writer.run, made_on=began, version=version("groundplan"))
        writer.write_manifest(_manifest(economy, warnings, tables, last, began))
        final = writer.folder.parent / writer.run
        try:
            write_reports(shown, writer.folder, reports, progress=progress)
        except FolderError as error:
            # What took long to compute is whole by now; a report can be written from it at any time.
            unwritten = error
    if unwritten is not None:
        cause = unwritten.__cause__
        reason = (cause.strerror if isinstance(cause, OSError) else None) or unwritten
        again = "estimate --check" if "check" in reports else "report"
        raise FolderError(
            f"The {'page' if 'check' in reports else 'report'} could not be written: {reason}. The results are kept in {final}; make room, then "
            f"'groundplan {again} {source.name}' writes it."
        ) from unwritten
    return shown, final


def write_reports(shown: ReportInput, folder: Path, forms: Sequence[str], *, progress: Progress | None = None) -> list[Path]:
    """Write reports into a folder, each whole or not at all."""
    paths = []
    for done, form in enumerate(forms):
        name, write = _FORMS[form]
        if progress is not None:
            progress("report", name, done / len(forms))
        write(shown, folder / name)
        paths.append(folder / name)
    if forms and progress is not None:
        progress("report", "done", 1.0)
    return paths


def report_of_run(source: EconomySource, run_folder: Path) -> ReportInput:
    """Gather what the report of a kept run shows, with the inputs that the run keeps.

    Args:
        source: the economy beside the run, for a run that keeps no inputs, as those of an earlier groundplan.
        run_folder: folder of the run.

    Raises:
        InputError: that economy has faults by the rules of this version.
        RunIncompleteError: the run is not complete.
    """
    stored = read_run(run_folder)
    economy, warnings = load_checked(FolderSource(run_folder / INPUTS) if (run_folder / INPUTS).is_dir() else source)
    if not is_made_from(economy, stored.manifest):
        warnings = (*warnings, _changed_since(str(stored.manifest["run"])))
    made_on = datetime.fromisoformat(stored.manifest["began"])
    return ReportInput(economy=economy, results=stored.tables, faults=warnings, run_id=str(stored.manifest["run"]), made_on=made_on, version=str(stored.manifest["groundplan"]))


def is_made_from(economy: Economy, manifest: Mapping[str, object]) -> bool:
    """Say whether a run was made from these very tables and settings."""
    return manifest.get("inputs") == _inputs(economy) and manifest.get("settings") == _settings(economy)


def is_made_alike(manifest: Mapping[str, object]) -> bool:
    """Say whether a run was made by this version with these libraries, which would make the same of the same tables."""
    return manifest.get("groundplan") == version("groundplan") and manifest.get("libraries") == _libraries()


def _libraries() -> dict[str, str]:
    return {name: version(name) for name in _LIBRARIES}


def _changed_since(run: str) -> Fault:
    found = f"tables or settings that are not those of the run {run}"
    remedy = "Run again; until then names and shares in this report may not fit its figures."
    return Fault("runs", "", "changed_since_run", 1, (), found, "the tables from which the run was made", remedy, "warning")


def _settings(economy: Economy) -> dict[str, object]:
    return {name: value if isinstance(value, bool | int | float | str | dict | None) else str(value) for name, value in asdict(economy.settings).items()}


def _inputs(economy: Economy) -> dict[str, str]:
    return {name: fingerprint(frame) for name, frame in economy.tables().items() if not frame.is_empty()}


def _manifest(economy: Economy, warnings: Sequence[Fault], tables: Mapping[str, pl.DataFrame], last: str, began: datetime) -> dict[str, object]:
    return {
        "step": last,
        "began": began.isoformat(timespec="seconds"),
        "finished": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "groundplan": version("groundplan"),
        "python": platform.python_version(),
        "libraries": _libraries(),
        "settings": _settings(economy),
        "seed": economy.settings.seed,
        "inputs": _inputs(economy),
        "warnings": [str(fault) for fault in warnings],
        "outcomes": tables["outcomes"].select("step", "status", "sentence", "method").to_dicts(),
        # Solvers stop by iterations and never by the clock, so the same inputs, seed and versions give the same bytes.
        "repeatable": True,
    }
