"""`loyalty backfill`: builds a range of past days, and shows the result of each day."""

import logging
import os
from contextlib import redirect_stdout
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table
from rich.text import Text

from pipelines.base.errors import ConfigError
from pipelines.cli.console import JsonOption, err, out, print_error, print_json, reports_errors
from pipelines.cli.options import ConfigOption, HomeOption
from pipelines.cli.progress import Screen
from pipelines.config.settings import load_settings

if TYPE_CHECKING:
    from pipelines.runs.backfill import DayOutcome


@reports_errors
def backfill(
    first: Annotated[str, typer.Option("--from", help="The first day to build, such as 2024-01-31.")],
    last: Annotated[str, typer.Option("--to", help="The last day to build.")],
    config: ConfigOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Build and publish past days, one run per day. If it stopped, the same command continues with the missing days."""
    settings = load_settings(config, home)
    first_day, last_day = _day("--from", first), _day("--to", last)
    # imported late: Dagster takes seconds to import, and an invalid config is reported at once
    from pipelines.orchestration.execute import build_aside
    from pipelines.runs.backfill import backfill as build_days
    from pipelines.runs.backfill import days_between

    days = days_between(settings, first_day, last_day)
    logging.getLogger("loyalty").addHandler(logging.NullHandler())
    outcomes: list[DayOutcome] = []

    def announce(day: date, number: int) -> None:
        err().print(Text(str(day), "bold"), f"({number} of {len(days)})")

    try:
        with Screen(quiet=as_json) as screen, Path(os.devnull).open("w") as nowhere, redirect_stdout(nowhere):
            for outcome in build_days(settings, days, build_aside, listener=screen, on_day=announce):
                outcomes.append(outcome)  # one by one: an interrupt must not lose the days before it
    finally:
        # also after an interrupt: show the days that are done
        _show(days, outcomes, as_json=as_json)
    failed = [outcome.problem for outcome in outcomes if outcome.problem]
    if failed:
        raise typer.Exit(failed[0].exit_code)


def _day(option: str, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as problem:
        raise ConfigError(f"{option}: {text!r} is not a day", hint="write the day as 2024-01-31") from problem


def _show(days: list[date], outcomes: "list[DayOutcome]", *, as_json: bool) -> None:
    known = {outcome.day: outcome for outcome in outcomes}
    rows = [(day, known[day].status.value if day in known else "not built", known.get(day)) for day in days]
    if as_json:
        print_json(
            {
                "days": [
                    {
                        "day": day,
                        "status": status,
                        "version": outcome.version if outcome else "",
                        "error": outcome.problem.message if outcome and outcome.problem else "",
                        "hint": outcome.problem.hint if outcome and outcome.problem else "",
                        "exit_code": outcome.problem.exit_code if outcome and outcome.problem else 0,
                    }
                    for day, status, outcome in rows
                ]
            }
        )
        return
    table = Table("day", "status", "version", title="backfill", title_justify="left")
    for day, status, outcome in rows:
        table.add_row(day.isoformat(), status, Path(outcome.version).name if outcome else "")
    out().print(table)
    for outcome in outcomes:
        if outcome.problem:
            print_error(f"{outcome.day}: {outcome.problem.message}", outcome.problem.hint)
    if any(status == "not built" for _, status, _ in rows):
        err().print("to build the days that are not built, call the same command again")
