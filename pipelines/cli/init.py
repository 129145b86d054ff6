"""`loyalty init`: asks for what a config needs or takes it as options, drafts the mappings, and checks the result."""

from pathlib import Path
from typing import Annotated

import typer
from pydantic import TypeAdapter, ValidationError

from pipelines.base.durable import write_text_durably
from pipelines.base.errors import ConfigError, InputError, LoyaltyError
from pipelines.cli.console import out, print_error, print_warning, reports_errors
from pipelines.cli.draft import DatesOption, DecimalsOption, checked, print_assumed, print_draft
from pipelines.cli.init_ask import asked, asked_sources, is_terminal
from pipelines.cli.init_files import check_targets, relative, write
from pipelines.cli.init_sources import SOURCES, mapping_paths, planned
from pipelines.cli.inspect import print_check
from pipelines.config.faults import value_words
from pipelines.config.presets import presets
from pipelines.config.settings import CONFIG_NAME
from pipelines.config.values import CurrencyCode, HomeFolder, Industry, Zone


@reports_errors
def init(
    sources: Annotated[
        list[str] | None, typer.Argument(help=f"The sources: {SOURCES}.", show_default=False, metavar="SOURCE...")
    ] = None,
    to: Annotated[Path, typer.Option("--out", help="The folder for the config. No file in it is replaced.")] = Path(),
    industry: Annotated[
        str | None,
        typer.Option(
            "--industry",
            help=f"The industry, which sets the defaults of business settings: {', '.join(presets())}.",
            show_default=False,
        ),
    ] = None,
    timezone: Annotated[
        str | None, typer.Option("--timezone", help="The time zone of the business day, such as Europe/Paris.")
    ] = None,
    currency: Annotated[str | None, typer.Option("--currency", help="The reporting currency, such as EUR.")] = None,
    dates: DatesOption = None,
    decimals: DecimalsOption = None,
) -> None:
    """Write a config and drafts of mappings for your files, and check them. Asks for each missing option."""
    from pipelines.drafting import DraftedConfig, DraftedSource, Wishes, config_text

    config = to / CONFIG_NAME
    if config.exists():
        raise ConfigError(
            f"{config} exists already and is not replaced; nothing was written", hint="choose another folder with --out"
        )
    _check_home(to)
    zone = checked("--timezone", timezone, TypeAdapter(Zone))
    reporting = checked("--currency", currency, TypeAdapter(CurrencyCode))
    preset = checked("--industry", industry, TypeAdapter(Industry))
    given = list(sources or ())
    _refuse_without_terminal({"--timezone": zone, "--currency": reporting, "SOURCE": given})
    if not is_terminal():
        preset = preset or "general"
    preset = preset or asked(f"Industry ({', '.join(presets())})", TypeAdapter(Industry), "general")
    zone = zone or asked("Time zone of the business day, such as Europe/Paris", TypeAdapter(Zone))
    reporting = reporting or asked("Reporting currency, such as EUR", TypeAdapter(CurrencyCode))
    while not given:
        given = asked_sources(SOURCES)
    wishes = Wishes(None, zone, reporting, are_defaults=True, dates=dates, decimals=decimals)
    plan = planned(given, to, wishes)
    found = plan.sources
    for one in found:
        if one.draft:
            print_draft(one.draft)
    paths = mapping_paths(found, to)
    check_targets([*(path for path in paths if path), *(target for one in found for _, target in one.copies())])
    listed = [
        DraftedSource(relative(path, to) if path else one.mapping, relative(one.folder, to))
        for one, path in zip(found, paths, strict=True)
    ]
    for one, path in zip(found, paths, strict=True):
        write(one, path)
    write_text_durably(config, config_text(DraftedConfig(preset, zone, reporting, listed)))
    out().print(f"{config} is written")
    for one, path in zip(found, paths, strict=True):
        if one.draft:
            print_assumed(out(), one.draft, str(path or one.mapping))
    later = [f"draft what is not in the config: {one.command(wishes, to)}" for one in plan.failed]
    for failed in plan.failed:
        print_error(f"{failed.shown} is not in the config: {failed.error.message}", failed.error.hint)
    _check_and_advise(config, [path for path in paths if path], later)


def _check_home(to: Path) -> None:
    """Look at the folder of the home before anything is written.

    Raises:
        ConfigError: No home can be there.
    """
    try:
        TypeAdapter(HomeFolder).validate_python(to / "home", context={"base": Path.cwd()})
    except ValidationError as problem:
        raise ConfigError(
            f"--out: {value_words(problem)}", hint="nothing is written; choose another folder"
        ) from problem


def _refuse_without_terminal(given: dict[str, object]) -> None:
    """Raise an error that names each missing option if nobody can be asked."""
    missing = [name for name, value in given.items() if not value]
    if missing and not is_terminal():
        raise ConfigError(
            f"missing options: {', '.join(missing)}. Without a terminal, loyalty cannot ask for them",
            hint="give them: `loyalty init FOLDER --timezone Europe/Paris --currency EUR --industry retail`",
        )


def _check_and_advise(config: Path, drafts: list[Path], later: list[str]) -> None:
    """Check the config as `loyalty check` does, and print what to do next.

    Args:
        config: The config.
        drafts: The mappings that were drafted.
        later: What to do about sources that could not be drafted.
    """
    from pipelines.landing import open_marks, read_mapping
    from pipelines.landing.open_marks import DECISIVE

    code, others = 0, False
    try:
        print_check(config, None, as_json=False)
    except LoyaltyError as error:
        print_error(error.message, error.hint)
        print_warning("the check found problems; they are listed above")
        code, others = error.exit_code, any(f": {DECISIVE}: " not in line for line in error.message.splitlines())
    steps: list[str] = []
    if open_ones := [path for path in drafts if open_marks(read_mapping(path))]:
        steps.append(f"decide what is marked `to decide` in {', '.join(map(str, open_ones))}")
    if others:
        steps.append(f"correct what {'else ' if open_ones else ''}the check lists above")
    steps += later
    if later:
        steps.append(f"add each of these mappings under `sources` of {config}: docs/first-run.md shows it")
    if steps:
        steps.append(f"check again: loyalty check --config {config}")
    steps.append(f"run: loyalty run --config {config}")
    for number, step in enumerate(steps, start=1):
        out().print(f"next, {number}: {step}" if len(steps) > 1 else f"next: {step}")
    if code or later:
        raise typer.Exit(code or InputError.exit_code)
