"""The tree of commands. A command imports what it needs only when it is called, so that `--help` is quick."""

import atexit
import os
import signal
import sys
from importlib.metadata import version
from typing import Annotated, Any

import typer
from pydantic import ValidationError
from typer.core import TyperGroup

from pipelines.base.errors import (
    BuildError,
    ConfigError,
    GateError,
    InputError,
    InternalError,
    LockError,
    LoyaltyError,
    NotificationError,
    PublicationError,
    PullError,
    PushError,
    StaleError,
    UnknownPersonError,
)
from pipelines.base.stopping import stop_signal
from pipelines.cli import (
    audience,
    backfill,
    draft,
    explain,
    export,
    identity,
    init,
    inspect,
    notify,
    operate,
    person,
    pull,
    push,
    quarantine,
    report,
    status,
    versions,
    who,
)
from pipelines.cli.console import print_error
from pipelines.cli.streams import guard_streams
from pipelines.config.faults import value_words

_EXIT_CODES = {
    0: "done",
    LoyaltyError.exit_code: "not confirmed, or the output could not be written",
    ConfigError.exit_code: "the config, a mapping, a file or a folder cannot be used",
    InputError.exit_code: "a file was refused, or there is no file",
    GateError.exit_code: "a blocking check failed",
    BuildError.exit_code: "the build failed",
    PublicationError.exit_code: "the publication failed, or a version cannot be read",
    LockError.exit_code: "another process uses the home, its warehouse or its UI",
    UnknownPersonError.exit_code: "no data are stored about that person",
    StaleError.exit_code: "the publication is stale",
    NotificationError.exit_code: "the webhook did not accept the message",
    PullError.exit_code: "a source could not be pulled",
    PushError.exit_code: "a CRM did not take everything that was pushed",
    InternalError.exit_code: "a bug in Loyalty Marts",
    128 + signal.SIGINT: "stopped by SIGINT (Ctrl-C)",
    128 + signal.SIGTERM: "stopped by SIGTERM (kill)",
}
_EPILOG = "Exit codes: " + "; ".join(f"{code} {meaning}" for code, meaning in sorted(_EXIT_CODES.items())) + "."
_HELP = (
    "Turns files of orders, CRM interactions and survey answers into customer-level loyalty marts, checks the marts and"
    " publishes them. To begin: loyalty sample --out shop, then loyalty run --config shop/loyalty.yml. With your own"
    " files: loyalty init FOLDER."
)


class _PlainErrors(TyperGroup):
    """Reports an invalid value of an option with the project's own message instead of pydantic's."""

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
    cls=_PlainErrors,
    help=_HELP,
    epilog=_EPILOG,
    no_args_is_help=True,
    # a traceback with local variables could show personal data
    pretty_exceptions_enable=False,
)


def _version(is_requested: bool) -> None:
    if is_requested:
        typer.echo(f"loyalty {version('loyalty-marts')}")
        raise typer.Exit


@app.callback(help=_HELP)
def root(
    show_version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Print the version, or run a command."""


app.command("init")(init.init)
app.command("map")(draft.draft_map)
app.command("run")(operate.run)
app.command("pull")(pull.pull)
app.command("push")(push.push)
app.command("backfill")(backfill.backfill)
app.command("sample")(operate.sample)
app.command("dev")(operate.dev)
app.command("check")(inspect.check)
app.command("status")(status.status)
app.command("path")(inspect.path)
app.command("notify")(notify.notify)
app.command("publish")(operate.publish)
app.command("report")(report.report)
app.command("forget")(person.forget)
app.command("forget-again")(person.forget_again)
app.command("export")(export.export)
app.command("who")(who.who)
app.command("audience")(audience.audience)
app.command("explain")(explain.explain)
app.add_typer(identity.app, name="identity")
app.add_typer(versions.app, name="versions")
app.add_typer(quarantine.app, name="quarantine")


def main() -> None:
    """The entry point `loyalty`."""
    output = guard_streams()
    codes: list[int] = []
    # registered before all other exit handlers, so it is called after them
    atexit.register(_leave, codes)
    code: str | int | None = 0
    try:
        app()
    except SystemExit as end:
        code = end.code
    if code and (number := stop_signal()) is not None:
        code = 128 + number  # whatever the command made of it
    sys.stdout.flush()
    if output and output.problem and not code:
        print_error(
            f"standard output could not be written: {output.problem.strerror}",
            "free disk space or redirect the output to another place, then call the command again",
        )
        code = LoyaltyError.exit_code
    if not isinstance(code, str):
        codes.append(code or 0)
    sys.exit(code)


def _leave(codes: list[int]) -> None:
    """End the process without the normal shutdown of the interpreter.

    A thread that is still importing, or a stored exception, can keep DuckDB objects alive. In a normal shutdown
    DuckDB's binding would print pages about leaks, which look like a crash.
    """
    if codes:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        os._exit(codes[0])
