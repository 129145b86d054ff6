"""`loyalty init`: asks for what a config needs or takes it as options, drafts the mappings, and checks the result."""

import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from pydantic import TypeAdapter, ValidationError

from pipelines.base.durable import write_text_durably
from pipelines.base.errors import ConfigError
from pipelines.cli.console import err, out, print_warning, reports_errors
from pipelines.cli.draft import checked, files_of, print_assumed, print_draft
from pipelines.cli.init_files import PlannedSource, check_targets, relative, write
from pipelines.cli.inspect import check
from pipelines.config.faults import value_words
from pipelines.config.presets import presets
from pipelines.config.settings import CONFIG_NAME
from pipelines.config.values import CurrencyCode, HomeFolder, Industry, MappingName, Zone

if TYPE_CHECKING:  # imported late elsewhere, so that `--help` is quick
    from pipelines.drafting import Draft

_SOURCES = "a folder of files, a file, or MAPPING=FOLDER with a built-in mapping or your own one"


@reports_errors
def init(
    sources: Annotated[
        list[str] | None, typer.Argument(help=f"The sources: {_SOURCES}.", show_default=False, metavar="SOURCE...")
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
) -> None:
    """Write a config and drafts of mappings for your files, and check them. Asks for each missing option."""
    from pipelines.drafting import DraftedConfig, DraftedSource, config_text

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
    preset = preset or _asked(f"Industry ({', '.join(presets())})", TypeAdapter(Industry), "general")
    zone = zone or _asked("Time zone of the business day, such as Europe/Paris", TypeAdapter(Zone))
    reporting = reporting or _asked("Reporting currency, such as EUR", TypeAdapter(CurrencyCode))
    while not given:
        given = _asked_sources()
    found = [one for text in _grouped(given) for one in _sources(text, to, zone, reporting)]
    found = _named_apart(found, zone, reporting)
    for one in found:
        if one.draft:
            print_draft(one.draft)
    paths = _mapping_paths(found, to)
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
    _check_and_advise(config, [path for path in paths if path])


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


def is_terminal() -> bool:
    """Whether a user can be asked."""
    return sys.stdin.isatty()


def _refuse_without_terminal(given: dict[str, object]) -> None:
    """Raise an error that names each missing option if nobody can be asked."""
    missing = [name for name, value in given.items() if not value]
    if missing and not is_terminal():
        raise ConfigError(
            f"missing options: {', '.join(missing)}. Without a terminal, loyalty cannot ask for them",
            hint="give them: `loyalty init FOLDER --timezone Europe/Paris --currency EUR --industry retail`",
        )


def _asked(question: str, kind: TypeAdapter[str] | TypeAdapter[str | None], default: str | None = None) -> str:
    """The answer of the user, asked again until it is valid."""

    def valid(text: str) -> str:
        try:
            return str(kind.validate_python(text.strip()))
        except ValidationError as problem:
            raise typer.BadParameter(value_words(problem)) from problem

    return str(typer.prompt(question, default=default, value_proc=valid, err=True))


def _asked_sources() -> list[str]:
    """The sources, one answer each, until an empty answer."""
    err().print(f"Sources: {_SOURCES}. An empty line ends the list.")
    found: list[str] = []
    while text := str(typer.prompt("Source", default="", show_default=False, err=True)).strip():
        found.append(text)
    return found


def _grouped(given: list[str]) -> list[list[str]]:
    """Each folder or MAPPING=FOLDER by itself, and all single files together."""
    files = [text for text in given if Path(text).expanduser().is_file()]
    return [*([text] for text in given if text not in files), *([files] if files else [])]


def _sources(texts: list[str], to: Path, zone: str, currency: str) -> list[PlannedSource]:
    """The sources that the user means.

    Raises:
        ConfigError: There is no such folder or mapping.
    """
    from pipelines.drafting import systems_of

    text = texts[0]
    path = Path(text).expanduser()
    if path.is_file():
        files = [Path(one).expanduser() for one in texts]
        groups = systems_of(files)
        # the name of a built-in mapping is that of its source
        drafts = [(_draft(group, None if name else "files", zone, currency), group) for name, group in groups.items()]
        return [
            PlannedSource(one.built_in or "", to / "inbox" / one.source, one, tuple(group)) for one, group in drafts
        ]
    if path.is_dir():
        draft = _draft(files_of([path]), None, zone, currency)
        return [PlannedSource(draft.built_in or "", path, draft)]
    mapping, equals, folder = text.partition("=")
    try:
        adapter: TypeAdapter[str] = TypeAdapter(MappingName)
        known = adapter.validate_python(mapping, context={"base": Path.cwd()})
    except ValidationError as problem:
        raise ConfigError(
            f"`{text}`: there is no such file or folder; {value_words(problem)}", hint=f"a source is {_SOURCES}"
        ) from problem
    return [PlannedSource(known, Path(folder).expanduser() if equals else to / "inbox" / mapping)]


def _draft(files: list[Path], source: str | None, zone: str, currency: str) -> "Draft":
    from pipelines.drafting import Wishes, draft_mapping

    wishes = Wishes(source, zone, currency, are_defaults=True)
    return draft_mapping(files, wishes, datetime.now(UTC).date())


def _named_apart(found: list[PlannedSource], zone: str, currency: str) -> list[PlannedSource]:
    """The sources, of which those of one name have the names of their folders too: two shops of one system.

    Keys are those of a source, so that equal numbers of two shops are two orders.
    """
    from pipelines.drafting import Draft, distinct_names

    names = distinct_names([(one.name, one.folder) for one in found])

    def renamed(one: PlannedSource, name: str) -> PlannedSource:
        if name == one.name or one.copied or one.mapping.endswith((".yml", ".yaml")):
            return one
        if one.draft is None:
            return replace(one, draft=Draft(f"extends: {one.mapping}\nsource: {name}\n", name))
        return replace(one, draft=_draft(files_of([one.folder]), name, zone, currency))

    return [renamed(one, name) for one, name in zip(found, names, strict=True)]


def _mapping_paths(found: list[PlannedSource], to: Path) -> list[Path | None]:
    """Where each drafted mapping is written; None for a source that needs no file.

    Raises:
        ConfigError: Two sources have one name.
    """
    names = [one.name for one in found]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise ConfigError(
            f"two sources would be called {twice}",
            hint="give the folder of each system, not single files; or write a mapping with `extends` and its own"
            " `source` for one of them",
        )
    return [to / "mappings" / f"{one.written.source}.yml" if one.written else None for one in found]


def _check_and_advise(config: Path, drafts: list[Path]) -> None:
    """Check the config as `loyalty check` does, and print what to do next."""
    code = 0
    try:
        check(config=config, home=None, as_json=False)
    except typer.Exit as end:
        code = end.exit_code
    if code:
        print_warning("the check found problems; they are listed above")
    steps: list[str] = []
    open_ones = [path for path in drafts if "to decide:" in path.read_text(encoding="utf-8")]
    if open_ones:
        steps.append(f"decide what is marked `to decide:` in {', '.join(map(str, open_ones))}")
    elif code:
        steps.append("correct what the check lists above")
    if code or open_ones:
        steps.append(f"check again: loyalty check --config {config}")
    steps.append(f"run: loyalty run --config {config}")
    for number, step in enumerate(steps, start=1):
        out().print(f"next, {number}: {step}" if len(steps) > 1 else f"next: {step}")
    if code:
        raise typer.Exit(code)
