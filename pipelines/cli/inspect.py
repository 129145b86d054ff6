"""Commands that only read: check and path."""

from dataclasses import asdict
from pathlib import Path

import typer

from pipelines.base.errors import InputError, PublicationError
from pipelines.base.text import counted
from pipelines.cli.console import JsonOption, out, print_json, print_labelled, print_warning, reports_errors
from pipelines.cli.options import ConfigOption, HomeOption
from pipelines.config.settings import WEBHOOK_VARIABLE, Settings, check_inboxes, load_settings, project_root


@reports_errors
def check(config: ConfigOption = None, home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Check config, mappings, suites, and the names, headers and order statuses of files. Builds nothing."""
    print_check(config, home, as_json=as_json)


def print_check(config: Path | None, home: Path | None, *, as_json: bool) -> None:
    """Check a config as `loyalty check` does, and print the result.

    Raises:
        LoyaltyError: There are problems; each is a line of the message.
    """
    from pipelines.config.secret_key import load_key
    from pipelines.landing import SourceFiles, check_sources, load_mapping, separate_customers, separate_orders
    from pipelines.landing.sources import audience_touches
    from pipelines.quality import suites_in_force

    settings = load_settings(config, home)
    check_inboxes(settings)
    if settings.notify.webhook is not None and settings.webhook_url is None:
        print_warning(f"notify.webhook is set, but {WEBHOOK_VARIABLE} is not, so failed runs are not reported")
    if settings.key_text or settings.paths.key.exists():
        load_key(settings.paths.key, settings.key_text)
    suites_in_force(project_root() / "expectations", settings)
    mapped = [SourceFiles(mapping=load_mapping(source.mapping), folder=source.files) for source in settings.sources]
    sources = [source for source in mapped if source.folder.is_dir()]  # one that was never pulled has no folder yet
    touches = audience_touches(settings, {source.mapping.source for source in sources})
    checked = check_sources(settings.home, sources, touches)
    mappings = [source.mapping for source in mapped]
    warnings = [*separate_customers(mappings), *separate_orders(mappings)]
    warnings += _of_audiences(settings)
    problems = [f"{source.source}: {problem}" for source in checked for problem in source.problems]
    if as_json:
        entries = [asdict(source) for source in checked]
        about = {"config": settings.config_path, "home": settings.home, "sources": entries}
        print_json({**about, "warnings": warnings, "problems": problems})
        raise typer.Exit(InputError.exit_code if problems else 0)
    out().print(f"config {settings.config_path} and its mappings are valid; home is {settings.home}")
    for source in checked:
        out().print(
            f"{source.source}: {counted(source.files, 'file')} to land, {source.ignored:,} ignored,"
            f" {counted(len(source.problems), 'problem')}"
        )
        for note in source.notes:
            out().print(f"  {note}")
        for warning in [*source.warnings, *(source.outdated.messages() if source.outdated else ())]:
            print_warning(warning)
        for status in source.statuses:
            if status.is_unknown:
                print_labelled(out(), "  warning", "yellow", status.message())
    for warning in warnings:
        print_warning(warning)
    if problems:
        raise InputError(
            "\n".join(problems), hint="correct the mapping or the files, or remove the files from the inbox"
        )


def _of_audiences(settings: Settings) -> list[str]:
    """The warnings about audiences, as far as the customers of the current version tell them."""
    from pipelines.activation.unmatched import audience_warnings
    from pipelines.reading import open_version

    if not settings.audiences:
        return []
    try:
        with open_version(settings.home) as version:
            return [words for found in audience_warnings(version, settings.audiences).values() for words in found]
    except PublicationError:  # nothing is published yet; `loyalty status` reports a damaged version
        return []


@reports_errors
def path(config: ConfigOption = None, home: HomeOption = None) -> None:
    """Print the folder of the current version. Call it once, then read all files below this folder."""
    from pipelines.publication import resolve_current

    typer.echo(resolve_current(load_settings(config, home).paths.published))
