"""`loyalty export`: a mart as a file for people (with --format), or all data about a person as JSON (without it)."""

import shutil
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from pipelines.base.errors import ConfigError, LoyaltyError, UnknownPersonError
from pipelines.base.text import counted
from pipelines.cli.console import JsonOption, err, out, print_json, reports_errors
from pipelines.cli.options import ConfigOption, HomeOption
from pipelines.cli.out_file import require_writable
from pipelines.cli.person import By, ByOption, SourceOption, export_person_data
from pipelines.config.settings import Settings, load_settings
from pipelines.reading import Exported, Format, export_mart, open_version


@reports_errors
def export(
    asked: Annotated[
        str,
        typer.Argument(
            metavar="MART|REF|EMAIL|PHONE",
            help="A mart's name; or a customer's reference, e-mail or phone number.",
        ),
    ],
    kind: Annotated[
        Format | None, typer.Option("--format", help="Write a mart in this format. Without it: data about a person.")
    ] = None,
    where: Annotated[
        str | None, typer.Option("--where", help="A SQL condition on the columns of the mart. Default: all rows.")
    ] = None,
    columns: Annotated[
        str | None, typer.Option("--columns", metavar="A,B,...", help="Columns of the mart, in order. Default: all.")
    ] = None,
    version: Annotated[
        str | None, typer.Option("--version", metavar="ID", help="The version of the mart. Default: the current one.")
    ] = None,
    to: Annotated[
        Path | None,
        typer.Option(
            "--out",
            help="The file to write (readable by you only); an existing file is replaced. Default: standard output.",
        ),
    ] = None,
    by: ByOption = None,
    source: SourceOption = None,
    config: ConfigOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write a mart as a file for people (--format csv, xlsx, parquet or arrow), or all data about a person as JSON.

    In CSV and XLSX, texts that look like formulas are written as text, and numbers stay numbers.
    """
    settings = load_settings(config, home)
    if to is not None:
        require_writable(to, settings)
    of_a_mart = {"--where": where, "--columns": columns, "--version": version}
    of_a_person: dict[str, str | None] = {"--by": by, "--source": source}
    if kind is None:
        _refuse(of_a_mart, "applies only to the export of a mart", "add --format to export a mart")
        _person(settings, asked, to, by, source)
        return
    _refuse(
        of_a_person,
        "applies only to the export of a person's data",
        "leave out --format to export the data of a person",
    )
    chosen = None if columns is None else [name.strip() for name in columns.split(",")]
    with open_version(settings.home, version) as opened:
        if to is not None:
            _report(export_mart(opened, asked, to, kind, columns=chosen, where=where), kind, to, as_json=as_json)
            return
        if as_json:
            raise ConfigError("standard output cannot have both the rows and JSON", hint="name a file: --out FILE")
        if kind is not Format.CSV and sys.stdout.isatty():
            raise ConfigError(f"{kind} is not text, and standard output is a terminal", hint="name a file: --out FILE")
        with tempfile.TemporaryDirectory(prefix="loyalty-") as folder:
            staged = Path(folder) / "rows"
            exported = export_mart(opened, asked, staged, kind, columns=chosen, where=where)
            with staged.open("rb") as file:
                shutil.copyfileobj(file, sys.stdout.buffer)
            sys.stdout.buffer.flush()
        _report(exported, kind, None, as_json=False)


def _refuse(options: dict[str, str | None], why: str, hint: str) -> None:
    for name, value in options.items():
        if value is not None:
            raise ConfigError(f"{name} {why}", hint=hint)


def _person(settings: Settings, asked: str, to: Path | None, by: By | None, source: str | None) -> None:
    try:
        export_person_data(settings, asked, to, by, source)
    except UnknownPersonError as problem:
        if asked in _marts(settings):
            raise UnknownPersonError(
                f"{problem.message}; {asked} is the name of a mart", hint="to export the mart, add --format csv"
            ) from problem
        raise


def _marts(settings: Settings) -> list[str]:
    try:
        with open_version(settings.home) as opened:
            return opened.marts
    except LoyaltyError:  # the message is about a person, and names no mart then
        return []


def _report(exported: Exported, kind: Format, to: Path | None, *, as_json: bool) -> None:
    if as_json:
        print_json({"file": to, "format": kind, **asdict(exported)})
        return
    place = f" in {to}" if to else ""
    size = f"{counted(exported.rows, 'row')} and {counted(exported.columns, 'column')}"
    text = f"exported {size} of {exported.mart} ({exported.version}){place}"
    if exported.formulas:
        mark = "begin with an apostrophe" if kind is Format.CSV else "are marked as text"
        text += f"; texts that look like formulas {mark}: {exported.formulas:,}"
    if exported.as_text:
        text += f"; written as text, because Excel would change them: {', '.join(exported.as_text)}"
    (out() if to else err()).print(text)
