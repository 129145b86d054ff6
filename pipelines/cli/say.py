"""How the command line speaks: two consoles, JSON on request, and errors that say what to do.

Results go to standard output, everything else (progress, errors) to standard error.
"""

import functools
import json
import sys
from collections.abc import Callable
from typing import Annotated, ParamSpec, TypeVar

import typer
from rich.console import Console
from rich.markup import escape

from pipelines.errors import LoyaltyError

INTERRUPTED = 130  # as shells have it: 128 + SIGINT

P = ParamSpec("P")
R = TypeVar("R")

JsonOption = Annotated[bool, typer.Option("--json", help="Print the result as JSON, and nothing else.")]


def out() -> Console:
    """For results."""
    return Console(file=sys.stdout, soft_wrap=True, highlight=False)


def err() -> Console:
    """For progress and errors."""
    return Console(file=sys.stderr, soft_wrap=True, highlight=False)


def print_json(value: object) -> None:
    """One JSON document on standard output."""
    sys.stdout.write(json.dumps(value, indent=2, default=str, ensure_ascii=False) + "\n")


def say_error(message: str, hint: str) -> None:
    """What went wrong and what to do about it, on standard error."""
    err().print(f"[bold red]error[/] {escape(message)}")
    if hint:
        err().print(f"[bold]to do[/] {escape(hint)}")


def spoken(command: Callable[P, R]) -> Callable[P, R]:
    """Let a command end with an error's words and exit code instead of a traceback."""

    @functools.wraps(command)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except LoyaltyError as problem:
            if kwargs.get("as_json"):
                content = {"error": problem.message, "hint": problem.hint, "exit_code": problem.exit_code}
                print_json(content)
            say_error(problem.message, problem.hint)
            raise typer.Exit(problem.exit_code) from problem
        except KeyboardInterrupt as interrupt:
            err().print("interrupted; what was published before is untouched")
            raise typer.Exit(INTERRUPTED) from interrupt

    return wrapped
