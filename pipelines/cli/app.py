"""The command's tree. Each command is in a module of its own, imported when called: `--help` stays quick."""

import atexit
import os
import sys
from importlib.metadata import version
from typing import Annotated, Any

import typer
from pydantic import ValidationError
from typer.core import TyperGroup

from pipelines.base.errors import LoyaltyError
from pipelines.cli import backfill, inspect, notify, operate, person, quarantine, status, versions
from pipelines.cli.console import say_error
from pipelines.cli.streams import guard_streams
from pipelines.config.faults import value_words

_EPILOG = (
    "Exit codes: 0 done, 1 not confirmed or output not written, 2 config, mapping, file or folder cannot be"
    " used, 3 a file was refused, 4 a blocking check failed, 5 the build failed, 6 publication failed or a version"
    " cannot be read, 7 another process has the home, its warehouse or its UI in use, 8 nothing is held about that"
    " person, 9 the publication is stale, 10 the webhook did not take a message, 70 a fault of Loyalty Marts."
)


class _PlainSpoken(TyperGroup):
    """Says what is wrong with an option's value in our words instead of pydantic's."""

    def invoke(self, ctx: Any) -> Any:
        """Invoke the command that was called."""
        try:
            return super().invoke(ctx)
        except typer.BadParameter as problem:
            if isinstance(problem.__cause__, ValidationError):
                problem.message = value_words(problem.__cause__)
            raise


app = typer.Typer(
    name="loyalty",
    cls=_PlainSpoken,
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
app.command("status")(status.status)
app.command("path")(inspect.path)
app.command("notify")(notify.notify)
app.command("publish")(operate.publish)
app.command("forget")(person.forget)
app.command("forget-again")(person.forget_again)
app.command("export")(person.export)
app.add_typer(versions.app, name="versions")
app.add_typer(quarantine.app, name="quarantine")


def main() -> None:
    """The entry point `loyalty`."""
    output = guard_streams()
    codes: list[int] = []
    # registered before all others, and so called after them
    atexit.register(_leave, codes)
    code: str | int | None = 0
    try:
        app()
    except SystemExit as end:
        code = end.code
    sys.stdout.flush()
    if output and output.problem and not code:
        say_error(f"the output could not be written: {output.problem.strerror}", "write it elsewhere, and run again")
        code = LoyaltyError.exit_code
    if not isinstance(code, str):
        codes.append(code or 0)
    sys.exit(code)


def _leave(codes: list[int]) -> None:
    """End the process without taking the interpreter apart.

    A thread that still imports, or an error that is kept somewhere, holds DuckDB's objects; at the interpreter's end
    its binding would print pages about leaks, which look like a crash.
    """
    if codes:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        os._exit(codes[0])
