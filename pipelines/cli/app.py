"""The command's tree. Each command is in a module of its own, imported when called: `--help` stays quick."""

import io
import sys
from importlib.metadata import version
from typing import Annotated

import typer

from pipelines.cli import backfill, inspect, operate, person, quarantine, versions

_EPILOG = (
    "Exit codes: 0 done, 1 declined at a question, 2 config, mapping, file or folder cannot be used, 3 a file was"
    " refused, 4 a blocking check failed, 5 the build failed, 6 publication failed or a version cannot be read, 7 a"
    " killed run holds the warehouse, 8 nothing is held about that person, 70 a fault of Loyalty Marts."
)

app = typer.Typer(
    name="loyalty",
    help="Raw orders, CRM interactions and survey responses in; published loyalty marts out.",
    epilog=_EPILOG,
    no_args_is_help=True,
    # a traceback with local variables could show personal data
    pretty_exceptions_enable=False,
)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"loyalty {version('loyalty-marts')}")
        raise typer.Exit


@app.callback()
def root(
    show_version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Raw orders, CRM interactions and survey responses in; published loyalty marts out."""


app.command("run")(operate.run)
app.command("backfill")(backfill.backfill)
app.command("sample")(operate.sample)
app.command("dev")(operate.dev)
app.command("check")(inspect.check)
app.command("status")(inspect.status)
app.command("path")(inspect.path)
app.command("publish")(operate.publish)
app.command("forget")(person.forget)
app.command("export")(person.export)
app.add_typer(versions.app, name="versions")
app.add_typer(quarantine.app, name="quarantine")


def main() -> None:
    """The entry point `loyalty`."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        # a terminal that has no sign for a character shows its number, and the command goes on
        sys.stdout.reconfigure(errors="backslashreplace")
    app()
