"""Commands that do something: run, sample, publish, dev."""

import logging
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import redirect_stdout
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.base.errors import ConfigError
from pipelines.base.text import counted
from pipelines.cli.console import JsonOption, out, print_json, print_labelled, print_warning, reports_errors
from pipelines.cli.exclusive import print_progress
from pipelines.cli.options import ConfigOption, HomeOption
from pipelines.cli.progress import Screen
from pipelines.cli.summary import summary_json, summary_table
from pipelines.config.settings import Settings, dagster_environment, load_settings, project_root
from pipelines.config.values import parse_as_of

if TYPE_CHECKING:  # imported late elsewhere, so that an invalid config is reported at once
    from pipelines.runs.dry_run import DryRun


@reports_errors
def run(
    config: ConfigOption = None,
    home: HomeOption = None,
    as_of: Annotated[
        str | None,
        typer.Option(
            "--as-of", help="The day to build: 2024-01-31, latest or yesterday. Default: `as_of` of the config."
        ),
    ] = None,
    full_refresh: Annotated[
        bool, typer.Option("--full-refresh", help="Rebuild everything from the landed files.")
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Build the day even if it is before the first event or long after the last.")
    ] = False,
    is_dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run",
            help="Print what a run would do (files, day, kind of build), and change nothing. The exit code is that of"
            " the run, as far as it is known in advance.",
        ),
    ] = False,
    originals: Annotated[
        Path | None,
        typer.Option(
            "--originals",
            help="Folder with landed files that are no longer in the inbox; they land again if the mapping changed.",
            exists=True,
            file_okay=False,
        ),
    ] = None,
    pull: Annotated[
        bool, typer.Option("--pull/--no-pull", help="Whether sources with `pull` are pulled before files land.")
    ] = True,
    as_json: JsonOption = False,
) -> None:
    """Pull sources, land new files, build the marts of a day, check them, and publish them."""
    settings = load_settings(config, home)
    try:
        if as_of is not None:
            parse_as_of(as_of)
    except ValueError as problem:
        raise ConfigError(f"--as-of: {problem}") from problem
    if is_dry_run:
        show_dry_run(settings, as_of, full_refresh=full_refresh, force=force, originals=originals, as_json=as_json)
        return
    # imported late: Dagster takes seconds to import, and an invalid config is reported at once
    from pipelines.orchestration.execute import run_pipeline

    # logs go to the run's log file; what the user needs is shown by Screen. Nothing is logged to stderr directly
    logging.getLogger("loyalty").addHandler(logging.NullHandler())
    with Screen(quiet=as_json) as screen, Path(os.devnull).open("w") as nowhere, redirect_stdout(nowhere):
        # dagster-dbt prints dbt's output, which dbt's own log has too
        report = run_pipeline(
            settings,
            as_of=as_of,
            full_refresh=full_refresh,
            force=force,
            originals=originals,
            pull=pull,
            listener=screen,
        )
    if as_json:
        print_json(summary_json(report))
    else:
        out().print(summary_table(report))
        if report.status == "unchanged":
            out().print("nothing was built: the day is already published from the same data and code")
        if report.latest:
            out().print(str(report.latest))
        for warning in report.warnings:
            print_warning(warning)
        out().print(report.published)


def show_dry_run(
    settings: Settings, as_of: str | None, *, full_refresh: bool, force: bool, originals: Path | None, as_json: bool
) -> None:
    """Print what a run would do.

    Raises:
        typer.Exit: The run would fail; with its exit code.
    """
    from pipelines.runs.dry_run import dry_run

    found = dry_run(settings, as_of=as_of, full_refresh=full_refresh, force=force, originals=originals)
    if as_json:
        print_json(asdict(found))
    else:
        for line in dry_run_lines(found):
            out().print(line)
        if found.problem:
            print_labelled(out(), "the run would fail:", "bold red", found.problem)
    if found.exit_code:
        raise typer.Exit(found.exit_code)


def dry_run_lines(found: "DryRun") -> Iterator[str]:
    """What a run would do, up to the point where it would fail."""
    files = [f"{count:,} of {source}" for source, count in found.new_files.items() if count]
    yield f"new files: {', '.join(files) or 'none'}"
    if found.files_again:
        again = ", ".join(f"{count:,} of {source}" for source, count in found.files_again.items())
        yield f"landed files to update after a change of the mapping or of look-ups: {again}"
    yield from found.look_ups
    if found.staging:
        yield f"staging: {found.staging}"
    if found.as_of:
        yield f"as-of day: {found.as_of}{'; new files may change it' if found.may_move else ''}"
    elif not found.problem:
        yield f"as-of day: known only after the {'new' if files else 'landed'} files are staged"
    if not found.problem:
        yield f"build: {found.kind} ({found.reason})"


@reports_errors
def sample(
    to: Annotated[Path, typer.Option("--out", help="The folder to write to.")],
    customers: Annotated[int, typer.Option(min=1, help="Number of customers.")] = 5000,
    days: Annotated[int, typer.Option(min=1, help="Number of days of history.")] = 500,
    seed: Annotated[int, typer.Option(help="Seed of the random numbers. The same seed gives the same files.")] = 7,
    dirty: Annotated[
        float, typer.Option(min=0, max=0.5, help="Bad rows to add, as a share of the good rows (0 to 0.5).")
    ] = 0.01,
    as_json: JsonOption = False,
) -> None:
    """Write sample files of a shop, its CRM and its survey tool, a config for them, and the expected results."""
    from pipelines.sample import write_sample

    report = write_sample(to, customers=customers, days=days, seed=seed, dirty=dirty)
    config = to / "loyalty.yml"
    if as_json:
        print_json({"config": config, "files": report.files, "rows": report.rows, "bad_rows": report.bad_rows})
        return
    records, bad = sum(report.rows.values()), sum(report.bad_rows.values())
    out().print(f"{counted(report.files, 'file')}, {counted(records, 'record')}, {bad:,} of them with intended errors")
    out().print(f"next: loyalty run --config {config}")


@reports_errors
def publish(
    current: Annotated[str, typer.Option("--current", help="The version's id, as `loyalty status` lists it.")],
    config: ConfigOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make another kept version current, to roll back or to undo a rollback."""
    from pipelines.publication import refuse_if_pinned, set_current
    from pipelines.publication.targets import follow_or_warn

    settings = load_settings(config, home)
    published = settings.paths.published
    refuse_if_pinned(published, current)
    version = set_current(published, current)
    follow_or_warn(settings, print_progress, print_warning)
    if as_json:
        print_json({"current": version.id, "as_of": version.as_of, "path": version.path})
    else:
        out().print(f"readers now see {version.id}")


@reports_errors
def dev(
    config: ConfigOption = None,
    home: HomeOption = None,
    port: Annotated[int, typer.Option(min=1, max=65535, help="The port on 127.0.0.1.")] = 3000,
) -> None:
    """Start Dagster's UI and daemon. They accept connections from this machine only."""
    settings = load_settings(config, home)
    from pipelines.orchestration.instance import dagster_home, prepare_instance
    from pipelines.runs.dev_server import LOOPBACK, claim_home

    prepare_instance(settings.paths.dagster)
    claim_home(settings.paths, port)
    environment = dagster_environment(settings, dagster_home(settings.paths.dagster))
    root = project_root()
    dagster = Path(sys.executable).parent / "dagster"
    command = [str(dagster), "dev", "-h", LOOPBACK, "-p", str(port), "-w", str(root / "workspace.yaml")]
    os.chdir(root)
    # shells start background jobs with SIGINT ignored, and Dagster needs SIGINT to stop its child processes
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    # replaces this process, so that a signal to this process stops Dagster
    os.execve(dagster, command, environment)
