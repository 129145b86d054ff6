"""`loyalty pull`: records of CRMs, shops and databases, pulled into the inboxes of their sources."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.base.errors import LoyaltyError, PullError
from pipelines.cli.console import (
    JsonOption,
    err,
    out,
    print_error,
    print_json,
    print_rows,
    print_warning,
    reports_errors,
)
from pipelines.cli.options import ConfigOption, HomeOption
from pipelines.config.settings import load_settings

if TYPE_CHECKING:  # imported late elsewhere: the libraries of the connectors take time
    from pipelines.connectors.pull_report import PullReport


@reports_errors
def pull(
    name: Annotated[
        str | None, typer.Argument(metavar="SOURCE", help="One source, or all sources of one connector. Default: all.")
    ] = None,
    is_dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print what would be pulled, and pull nothing.")
    ] = False,
    config: ConfigOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Pull new and changed records into the inboxes of the sources. `loyalty run` does this too, before it lands files.

    If a pull was stopped, it continues where it stopped. If one source fails, the others are still pulled.
    """
    from pipelines.connectors.pulled_source import chosen, pulled_sources
    from pipelines.connectors.pulling import planned_pull, pull_source

    settings = load_settings(config, home)
    sources = chosen(pulled_sources(settings), name)
    reports: list[PullReport] = []
    problems: list[tuple[str, LoyaltyError]] = []
    if is_dry_run:
        for source in sources:
            try:
                for line in planned_pull(source):
                    out().print(f"{source.name}: {line}")
            except LoyaltyError as error:
                problems.append((source.name, error))
        _raise(problems)
        return
    console = err()
    with console.status("") as status:
        for source in sources:

            def say(words: str, of: str = source.name) -> None:
                status.update(f"{of}: {words}")

            try:
                reports.append(pull_source(source, say=say))
            except LoyaltyError as error:
                problems.append((source.name, error))
    if as_json:
        print_json([report.model_dump(mode="json") for report in reports])
    else:
        print_rows(("source", "object", "records", "new", "pages", "seconds", "file"), _rows(reports))
        for report in reports:
            for words in report.warnings + [each for one in report.objects for each in one.warnings]:
                print_warning(f"{report.source}: {words}")
    failed = [(report, one) for report in reports for one in report.failed]
    _raise([*problems, *((f"{report.source}: {one.name}", PullError(one.problem, one.hint)) for report, one in failed)])


def _raise(problems: Sequence[tuple[str, LoyaltyError]]) -> None:
    """Print all problems but the first, and raise that one; each with the name of its source."""
    for name, problem in problems[1:]:
        print_error(f"{name}: {problem.message}", problem.hint)
    for name, problem in problems[:1]:
        problem.message = f"{name}: {problem.message}"
        raise problem


def _rows(reports: "list[PullReport]") -> Iterator[list[str]]:
    for report in reports:
        for one in report.objects:
            file = "failed" if one.problem else one.file or "nothing new"
            yield [
                report.source,
                one.name,
                *(f"{n:,}" for n in (one.records, one.new_records, one.pages)),
                f"{one.seconds:.1f}",
                file,
            ]
