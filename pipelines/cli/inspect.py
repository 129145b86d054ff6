"""Commands that only look: check and path."""

from dataclasses import asdict

import typer

from pipelines.base.errors import InputError
from pipelines.cli.console import JsonOption, err, out, print_json, say, spoken
from pipelines.cli.options import ConfigOption, HomeOption
from pipelines.config.settings import WEBHOOK_VARIABLE, check_inboxes, load_settings, project_root


@spoken
def check(config: ConfigOption = None, home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Check the config, its mappings, the suites, and the files' names, headers and order statuses, without a run."""
    from pipelines.config.secret_key import load_key
    from pipelines.landing import SourceFiles, check_sources, load_mapping, separate_customers
    from pipelines.quality import suites_in_force

    settings = load_settings(config, home)
    check_inboxes(settings)
    if settings.notify.webhook is not None and settings.webhook_url is None:
        say(err(), "warning", "yellow", f"notify.webhook is set, and {WEBHOOK_VARIABLE} is not: nobody will be told")
    if settings.key_text or settings.paths.key.exists():
        load_key(settings.paths.key, settings.key_text)
    suites_in_force(project_root() / "expectations", settings)
    sources = [SourceFiles(mapping=load_mapping(source.mapping), folder=source.files) for source in settings.sources]
    checked = check_sources(settings.home, sources)
    warnings = separate_customers([source.mapping for source in sources])
    problems = [f"{source.source}: {problem}" for source in checked for problem in source.problems]
    if as_json:
        entries = [asdict(source) for source in checked]
        about = {"config": settings.config_path, "home": settings.home, "sources": entries}
        print_json({**about, "warnings": warnings, "problems": problems})
        raise typer.Exit(InputError.exit_code if problems else 0)
    out().print(f"config {settings.config_path} and its mappings can be used; home is {settings.home}")
    for source in checked:
        out().print(
            f"{source.source}: {source.files} files to land, {source.ignored} ignored, {len(source.problems)} problems"
        )
        for note in source.notes:
            out().print(f"  {note}")
        for warning in [*source.warnings, *(source.outdated.messages() if source.outdated else ())]:
            say(err(), "warning", "yellow", warning)
        for status in source.statuses:
            if status.is_unknown:
                say(out(), "  warning", "yellow", status.message())
    for warning in warnings:
        say(err(), "warning", "yellow", warning)
    if problems:
        raise InputError("\n".join(problems), hint="correct the mapping or the files, or take them out of the inbox")


@spoken
def path(config: ConfigOption = None, home: HomeOption = None) -> None:
    """Print the folder of the current version: resolve it once, then read below it."""
    from pipelines.publication import resolve_current

    typer.echo(resolve_current(load_settings(config, home).paths.published))
