"""How the command line speaks: two consoles, JSON on request, and errors that say what to do.

Results go to standard output, everything else (progress, errors) to standard error.
"""

import functools
import json
import secrets
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from textwrap import fill
from typing import Annotated, Any, ParamSpec, TextIO, TypeVar

import typer
from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from pipelines.base.errors import LoyaltyError
from pipelines.base.text import escaped, printable_json, printable_lines
from pipelines.config.settings import load_settings

INTERRUPTED = 130  # as shells have it: 128 + SIGINT

P = ParamSpec("P")
R = TypeVar("R")

JsonOption = Annotated[bool, typer.Option("--json", help="Print the result as JSON, and nothing else.")]


class _Console(Console):
    """A console that takes words as they are: names and cells come from outside, and may look like markup or emoji.

    What is to be styled is a `Text`.
    """

    def render_str(self, text: str, **how: Any) -> Text:
        """A text without its control characters, also in a table's cell."""
        return super().render_str(printable_lines(text), **how)


def _console(file: TextIO) -> Console:
    return _Console(file=file, soft_wrap=True, highlight=False, markup=False, emoji=False)


def out() -> Console:
    """For results."""
    return _console(sys.stdout)


def err() -> Console:
    """For progress and errors."""
    return _console(sys.stderr)


def whole_table(*names: str, title: str | None = None) -> Table:
    """A table that cuts nothing short: a file's name that is too long for the screen goes on in the next line."""
    return Table(*(Column(name, overflow="fold") for name in names), title=title, title_justify="left")


def print_rows(names: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Rows below their names, one line per row: never broken or cut, so that grep and awk work on them."""
    for line in _aligned([names, *rows]):
        out().print(line)


def print_entries(entries: Iterable[tuple[Sequence[str], Sequence[str]]]) -> None:
    """Short facts, and sentences about them: on a terminal a few lines per entry, elsewhere one line per entry.

    Args:
        entries: The facts, as many for each entry, and the sentences.
    """
    listed = list(entries)
    heads = _aligned([head for head, _ in listed], is_last_padded=not out().is_terminal)
    for head, (_, sentences) in zip(heads, listed, strict=True):
        if out().is_terminal:
            wrapped = (fill(one, out().width, initial_indent="  ", subsequent_indent="  ") for one in sentences)
            out().print("\n".join([head, *wrapped]))
        else:
            out().print("  ".join([head, *sentences]))


def _aligned(rows: Sequence[Sequence[str]], *, is_last_padded: bool = False) -> list[str]:
    """Each row as one line, its fields below those of the other rows."""
    shown = [[escaped(field) for field in row] for row in rows]
    widths = [max(map(cell_len, column)) for column in zip(*shown, strict=True)]
    lines = ("  ".join(set_cell_size(field, width) for field, width in zip(row, widths, strict=True)) for row in shown)
    return [line if is_last_padded else line.rstrip() for line in lines]


def print_json(value: object) -> None:
    """One JSON document on standard output."""
    sys.stdout.write(printable_json(json.dumps(value, indent=2, default=str, ensure_ascii=False)) + "\n")


def say_error(message: str, hint: str) -> None:
    """What went wrong and what to do about it, on standard error."""
    say(err(), "error", "bold red", message)
    if hint:
        say(err(), "to do", "bold", hint)


def say(console: Console, head: str, style: str, words: str) -> None:
    """Words behind a styled head."""
    console.print(Text.assemble((head, style), " ", printable_lines(words)))


def spoken(command: Callable[P, R]) -> Callable[P, R]:
    """Let a command end with an error's words and exit code instead of a traceback, whatever goes wrong in it."""

    @functools.wraps(command)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except LoyaltyError as problem:
            raise _told(problem, as_json=bool(kwargs.get("as_json"))) from problem
        except KeyboardInterrupt as interrupt:
            err().print("interrupted; what was published before is untouched")
            raise typer.Exit(INTERRUPTED) from interrupt
        except (typer.Exit, typer.Abort, BrokenPipeError):
            raise  # how a command ends on purpose; and nobody is there to read what is written
        except Exception as problem:
            error = _unexpected(problem, kwargs.get("config"), kwargs.get("home"))
            raise _told(error, as_json=bool(kwargs.get("as_json"))) from problem

    return wrapped


def _told(problem: LoyaltyError, *, as_json: bool) -> typer.Exit:
    if as_json:
        print_json({"error": problem.message, "hint": problem.hint, "exit_code": problem.exit_code})
    say_error(problem.message, problem.hint)
    return typer.Exit(problem.exit_code)


def _unexpected(problem: Exception, config: object, home: object) -> LoyaltyError:
    """What an exception means to a user; the traceback of a fault of ours goes to the home's logs, if there are any."""
    # imported late: it takes a second
    from pipelines.base.unexpected import explanation, internal_error, write_traceback

    logs = Path(tempfile.gettempdir())
    root = Path.cwd()
    with suppress(Exception):
        settings = load_settings(*(path if isinstance(path, Path) else None for path in (config, home)))
        root, logs = settings.home, settings.paths.logs if settings.paths.logs.is_dir() else logs
    error = explanation(problem, root)
    if error is None:
        path = logs / f"error-{datetime.now(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(4)}.log"
        error = internal_error(problem, path)
        with suppress(OSError):
            write_traceback(path, problem)
    return error
