"""The `groundplan` command."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict
from enum import StrEnum
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console
from rich.markup import escape

from groundplan.cli.balances import balances
from groundplan.cli.comparing import compare_plans_of
from groundplan.cli.estimating import check_estimate
from groundplan.cli.frontier import frontier
from groundplan.cli.imports import import_app
from groundplan.cli.progress import has_screen, show_progress
from groundplan.errors import Fault, FolderError, GroundplanError, InputError
from groundplan.flows.demo import example_economies
from groundplan.flows.examples import write_northland, write_united_states
from groundplan.flows.fixing import WithFixed, parse_fixed
from groundplan.flows.folder_ports import FolderSource, RunFolderSink
from groundplan.flows.run import REPORT_FORMS, report_of_run, run_step, write_reports
from groundplan.report.terminal import show_faults, show_summary
from groundplan.store.runs import RunListing, latest_run, list_runs
from groundplan.store.template import new_economy

__all__ = ["app", "main"]

app = typer.Typer(
    help="Plans that start from the ground: what is really made, the best five years that are feasible on it, and what gives way.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    epilog="Begin with `groundplan new FOLDER`, or look at an example: `groundplan example northland FOLDER`, then `groundplan run FOLDER/economy`.",
)
example_app = typer.Typer(help="Write an example economy to try things on.", no_args_is_help=True)
app.add_typer(import_app, name="import")
app.add_typer(example_app, name="example")

Folder = Annotated[Path, typer.Argument(help="The economy folder: groundplan.toml and one table a file (CSV, Parquet, or sheets of one XLSX).", show_default=False)]
_screen = Console()
_errors = Console(stderr=True)
_INTERRUPTED = 130


class Form(StrEnum):
    """A form of the report."""

    html = "html"
    xlsx = "xlsx"
    pdf = "pdf"


Forms = Annotated[list[Form] | None, typer.Option("--form", help="Form of the report; may be given several times. Default: all three.", show_default=False)]


def _print_version(asked: bool) -> None:
    if asked:
        _screen.print(f"groundplan {version('groundplan')}", highlight=False)
        raise typer.Exit


@app.callback()
def _options(show_version: Annotated[bool, typer.Option("--version", help="Print the version.", callback=_print_version, is_eager=True)] = False) -> None:
    """Plans that start from the ground: what is really made, the best five years that are feasible on it, and what gives way."""


Fix = Annotated[list[str] | None, typer.Option("--fix", help='A number to keep to, such as "production steel 2023 >= 1200000"; may be given several times.', show_default=False)]


@app.command()
def new(folder: Annotated[Path, typer.Argument(help="Folder to make; it must be empty or not there.", show_default=False)]) -> None:
    """Write an empty economy: headers, a commented groundplan.toml and an XLSX template with notes and drop-downs."""
    new_economy(folder)
    name = escape(str(folder))
    _screen.print(f"[bold]{name}[/bold] is ready. Fill in units, products, recipes, lines and goals first, then run [bold]groundplan check {name}[/bold].")


@app.command()
def check(
    folder: Folder,
    as_json: Annotated[bool, typer.Option("--json", help="Print the faults as JSON, for machines.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 1 where there are warnings.")] = False,
) -> None:
    """Report all that is wrong with an economy, at once: table, column, rule, rows, what to do.

    Exit code: 0 clean (or warnings only), 1 warnings with --strict, 2 faults.
    """
    try:
        _economy, faults = FolderSource(folder).check()
    except InputError as error:
        if not error.faults:
            raise
        faults = error.faults
    except FolderError as error:
        if not as_json:
            raise
        faults = (Fault(str(folder), "", "no_folder", 1, (), str(error), "an economy folder", "Name another folder."),)
    if as_json:
        sys.stdout.write(json.dumps([asdict(fault) for fault in faults], ensure_ascii=False, indent=2) + "\n")
    elif faults:
        show_faults(faults, _screen)
    else:
        _screen.print(f"[bold]{escape(str(folder))}[/bold]: no faults, no warnings.")
    if any(fault.severity == "fault" for fault in faults):
        raise typer.Exit(2)
    if faults and strict:
        raise typer.Exit(1)


@app.command()
def run(folder: Folder, form: Forms = None, fix: Fix = None) -> None:
    """Do it all: check, estimate, review, plan, report. Results go to FOLDER/runs/."""
    _run(folder, "plan", [str(item) for item in form] if form else list(REPORT_FORMS), fix)


@app.command()
def review(folder: Folder) -> None:
    """Review how the last plan was met, on reported and on verified figures."""
    _run(folder, "review", [])


@app.command()
def estimate(
    folder: Folder,
    checked: Annotated[bool, typer.Option("--check", help="Say whether the intervals hold: predict every inspected unit without its own visits, and compare.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="With --check: exit with 1 where the intervals of a group hold too seldom or too often.")] = False,
) -> None:
    """Estimate what every unit really makes and could make, and how sure that is.

    With --check it shows how often intervals held what inspectors found, by sector, region, kind of unit and how visits were chosen: of each inspected unit
    all visits are left out, its output is predicted from everything else, and the prediction is set against what was found. A 90 % interval should hold
    90 % of the findings; fewer means that figures are less sure than shown. The picture goes to check.html in the run's folder, the figures to its tables
    predictive_checks (one row a unit) and predictive_cover (one row a group and interval). Sectors with fewer than 50 inspected units share the width that
    holds for all.

    Exit code: 0, or 1 with --check --strict where a group is further off than chance allows (5 %, all groups looked at together).
    """
    if strict and not checked:
        raise typer.BadParameter("--strict judges what --check finds; give both.")
    if not checked:
        _run(folder, "estimate", [])
    elif check_estimate(folder, _screen, _errors) and strict:
        raise typer.Exit(1)


@app.command()
def plan(folder: Folder, fix: Fix = None) -> None:
    """Compute the best feasible plan, what binds and what gives way.

    A number that is decided already can be fixed for this run: --fix "production steel 2023 >= 1200000". The flow is one of production, final_use, imports,
    exports, closing_stock and new_capacity (whose item is a recipe); the bound is >=, <= or =. The plan keeps to it before it serves any goal, after minima
    and floors of stocks; where that cannot be, it says so and comes as near as can be. What is always fixed stands in the table `fixed` of the folder.
    """
    _run(folder, "plan", [], fix)


@app.command()
def report(
    folder: Folder,
    run_name: Annotated[str | None, typer.Option("--run", help="Id of the run; default: the latest.", show_default=False)] = None,
    out: Annotated[Path | None, typer.Option("--out", help="Folder for the files; default: FOLDER/reports/RUN/.", show_default=False)] = None,
    form: Forms = None,
) -> None:
    """Write the report of a run that was kept anew, from its tables: one HTML file, an XLSX workbook, a PDF.

    The files go to FOLDER/reports/RUN/, or where --out says; those in FOLDER/runs/RUN/ stay as they are.
    """
    run_folder = folder / "runs" / run_name if run_name else latest_run(folder)
    shown = report_of_run(FolderSource(folder), run_folder)
    target = out or folder / "reports" / run_folder.name
    target.mkdir(parents=True, exist_ok=True)
    with show_progress(_errors) as progress:
        paths = write_reports(shown, target, [str(item) for item in form] if form else list(REPORT_FORMS), progress=progress)
    for path in paths:
        _screen.print(str(path), soft_wrap=True, highlight=False, markup=False)


app.command()(balances)


@app.command()
def compare(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="An economy folder.", show_default=False)],
    other: Annotated[str | None, typer.Argument(metavar="FOLDER_B|RUN_A", help="Another economy folder; or a run of FOLDER, with a second run.", show_default=False)] = None,
    run_b: Annotated[str | None, typer.Argument(metavar="RUN_B", help="The later run of FOLDER.", show_default=False)] = None,
    split: Annotated[
        list[str] | None,
        typer.Option(
            "--split",
            metavar="GROUP",
            help="Make each resource, product or recipe of a group a cause of its own (resources, goals, lines, recipes ...). May be given several times.",
            show_default=False,
        ),
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Add the causes in one order and in its reverse only, which takes 2 n - 2 plans for n causes.")] = False,
    out: Annotated[Path | None, typer.Option("--out", help="Folder for compare.html (with the picture) and compare.xlsx (with all rows).", show_default=False)] = None,
) -> None:
    """Compare two plans: what changed, and which input change caused it.

    `groundplan compare FOLDER` takes the last two runs of an economy; `groundplan compare FOLDER RUN_A RUN_B` any two of them (`groundplan runs FOLDER` lists them);
    `groundplan compare FOLDER_A FOLDER_B` two economy folders as they are now.

    Inputs that differ count in groups, each a cause: goals, resources, lines, recipes, investments, trade, stocks, products, units (new and gone ones with
    their lines and reports), evidence (reports, findings and all else that tells what can be made), chance, plan periods. Plans are made of mixtures that take some
    groups from the one economy and the rest from the other, and each cause gets what it changes on average over all orders in which the causes could have come
    (its Shapley value). So the parts add up to the change, and no order matters. Groups that are no sound economy the one without the other count as one.

    Each mixture is a plan of its own: 2, 6, 14 or 30 beyond the two for 2, 3, 4 or 5 causes, and from 6 causes on one order and its reverse. Where only one group changed, none.
    """
    compare_plans_of(folder, other, run_b, split=split or (), quick=quick, out=out, screen=_screen, errors=_errors)


app.command()(frontier)


@app.command()
def runs(folder: Folder) -> None:
    """List the runs of an economy."""
    listings = list_runs(folder)
    for listing in listings:
        _screen.print(f"{escape(listing.run.ljust(32))} {_state(listing)}", soft_wrap=True, highlight=False)
    if not listings:
        _screen.print(f"{folder} has no runs yet; 'groundplan run {folder}' makes one.", highlight=False, markup=False)


@app.command()
def demo(
    folder: Annotated[Path, typer.Argument(help="Folder of the examples; they are written into it where they are not there.")] = Path("examples"),
    browse: Annotated[bool | None, typer.Option("--open/--no-open", help="Open the reports in a browser. Default: where there is a screen.", show_default=False)] = None,
) -> None:
    """Run both examples, northland (simulated) and the United States (official tables), and say where the reports are."""
    pages = []
    for economy in example_economies(folder):
        _screen.rule(f"[bold]{escape(economy.parent.name)}[/bold]", align="left")
        pages.append(_run(economy, "plan", list(REPORT_FORMS)) / REPORT_FORMS["html"][0])
    _screen.rule("[bold]Look at[/bold]", align="left")
    for page in pages:
        _screen.print(page.resolve().as_uri(), soft_wrap=True, highlight=False)
    if has_screen() if browse is None else browse:
        for page in pages:
            typer.launch(page.resolve().as_uri())


@example_app.command()
def northland(
    folder: Annotated[Path, typer.Argument(help="Folder in which economy/ and truth/ are written.", show_default=False)],
    seed: Annotated[int, typer.Option(min=0, help="Seed: the same one gives the same bytes.")] = 1,
    enterprises: Annotated[int, typer.Option(min=20, max=1_000_000, help="Number of units.")] = 800,
    months: Annotated[int, typer.Option(min=12, max=120, help="Months of reports.")] = 36,
    visits: Annotated[int, typer.Option(min=0, help="Inspections done.")] = 40,
) -> None:
    """Simulate a country of 12 regions whose units pad and hide, with the truth beside."""
    economy, truth = write_northland(folder, seed=seed, enterprises=enterprises, months=months, visits=visits)
    _screen.print(f"Simulated economy: {economy}\nIts truth, which no step reads: {truth}\nNext: groundplan run {economy}", highlight=False, markup=False, soft_wrap=True)


@example_app.command()
def united_states(folder: Annotated[Path, typer.Argument(help="Folder in which economy/ is written.", show_default=False)]) -> None:
    """Write the United States in 15 sectors, from official tables."""
    economy = write_united_states(folder)
    _screen.print(f"Economy from official tables: {economy}\nSources: {folder / 'README.md'}\nNext: groundplan run {economy}", highlight=False, markup=False, soft_wrap=True)


def _state(listing: RunListing) -> str:
    if listing.state == "running":
        return "in progress: a process writes it now, leave it alone"
    if listing.state == "broken off":
        return "[yellow]broken off: holds no result, can be deleted[/yellow]"
    finished = f"{listing.step:<9} finished {listing.finished}"
    if listing.state == "complete":
        return escape(finished)
    tables = f"table {listing.missing[0]} is missing" if len(listing.missing) == 1 else f"tables {', '.join(listing.missing)} are missing"
    return f"{escape(finished)}  [yellow]damaged: {escape(tables)}; run again[/yellow]"


def _run(folder: Path, last: str, reports: list[str], fix: list[str] | None = None) -> Path:
    source = WithFixed(FolderSource(folder), parse_fixed(fix)) if fix else FolderSource(folder)
    with show_progress(_errors) as progress:
        shown, run_folder = run_step(source, RunFolderSink(folder), last=last, reports=reports, progress=progress)
    show_summary(shown, _screen)
    _screen.print(f"\nResults: {run_folder}", highlight=False, markup=False, soft_wrap=True)
    for form in reports:
        _screen.print(f"Report:  {run_folder / REPORT_FORMS[form][0]}", highlight=False, markup=False, soft_wrap=True)
    return run_folder


def main() -> None:
    """Run the command line; a user's mistake ends in words and exit code 2, never in a traceback."""
    try:
        app()
    except InputError as error:
        _errors.print(f"[bold]{escape(error.message)}[/bold]", highlight=False)
        if error.faults:
            show_faults(error.faults, _errors)
        sys.exit(2)
    except GroundplanError as error:
        _errors.print(str(error), highlight=False, markup=False, soft_wrap=True)
        sys.exit(2)
    except BrokenPipeError:
        # Whoever reads has seen enough, as `| head` does; what is left must not be written at exit either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except OSError as error:
        _errors.print(f"{error.filename or 'the output'} cannot be written or read: {error.strerror or error}", highlight=False, markup=False)
        sys.exit(2)
    except KeyboardInterrupt:
        _stop()
    except SystemExit as leaving:
        # Typer turns Ctrl-C into this exit code, without a word.
        if leaving.code == _INTERRUPTED:
            _stop()
        raise


def _stop() -> NoReturn:
    _errors.print("Stopped; nothing half-written was kept.", highlight=False)
    sys.exit(_INTERRUPTED)
