"""Output of the command line: two consoles, JSON on request, and errors with a hint.

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
from pipelines.base.stopping import Stopped, go_on, stop_signal, stopped
from pipelines.base.text import escaped, printable_json, printable_lines
from pipelines.config.settings import load_settings

INTERRUPTED = 130  # the convention of shells: 128 + SIGINT

P = ParamSpec("P")
R = TypeVar("R")

JsonOption = Annotated[bool, typer.Option("--json", help="Print only the result, as JSON.")]


class _Console(Console):
    """A console that prints texts as they are: names and cells from outside may look like markup or emoji.

    Styled output must be a `Text`.
    """

    def render_str(self, text: str, **how: Any) -> Text:
        """The text without control characters, also in cells of tables."""
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
    """A table that does not truncate cells: a long file name continues in the next line."""
    return Table(*(Column(name, overflow="fold") for name in names), title=title, title_justify="left")


def print_rows(names: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Rows below a header, one line per row. Lines are not wrapped or truncated, so that grep and awk can read them."""
    for line in _aligned([names, *rows]):
        out().print(line)


def print_entries(entries: Iterable[tuple[Sequence[str], Sequence[str]]]) -> None:
    """Short facts with sentences about them: several lines per entry on a terminal, otherwise one line per entry.

    Args:
        entries: For each entry its facts (always the same number) and its sentences.
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
    """Each row as one line, with its fields aligned in columns."""
    shown = [[escaped(field) for field in row] for row in rows]
    widths = [max(map(cell_len, column)) for column in zip(*shown, strict=True)]
    lines = ("  ".join(set_cell_size(field, width) for field, width in zip(row, widths, strict=True)) for row in shown)
    return [line if is_last_padded else line.rstrip() for line in lines]


def print_json(value: object) -> None:
    """One JSON document on standard output."""
    sys.stdout.write(printable_json(json.dumps(value, indent=2, default=str, ensure_ascii=False)) + "\n")


def print_error(message: str, hint: str) -> None:
    """Print what went wrong and what to do about it to standard error."""
    print_labelled(err(), "error", "bold red", message)
    if hint:
        print_labelled(err(), "to do", "bold", hint)


def print_warning(message: str) -> None:
    """Print a warning to standard error."""
    print_labelled(err(), "warning", "yellow", message)


def print_labelled(console: Console, label: str, style: str, text: str) -> None:
    """Print a text behind a styled label."""
    console.print(Text.assemble((label, style), " ", printable_lines(text)))


def reports_errors(command: Callable[P, R]) -> Callable[P, R]:
    """Decorator of commands: every error ends with a message, a hint and an exit code instead of a traceback."""

    @functools.wraps(command)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            go_on()  # a signal may have come while Python could not raise an exception
            return command(*args, **kwargs)
        except (typer.Exit, BrokenPipeError):
            raise  # the normal ends of a command; for BrokenPipeError, no process reads the output any more
        except BaseException as problem:
            # a question that is interrupted ends with Abort, a query with RuntimeError, and so on
            if (number := stop_signal()) is not None:
                stop = problem if isinstance(problem, Stopped) else stopped(number)
                raise _print_problem(stop, as_json=bool(kwargs.get("as_json"))) from problem
            if isinstance(problem, LoyaltyError):
                raise _print_problem(problem, as_json=bool(kwargs.get("as_json"))) from problem
            if isinstance(problem, KeyboardInterrupt):
                err().print("interrupted")
                raise typer.Exit(INTERRUPTED) from problem
            if isinstance(problem, typer.Abort) or not isinstance(problem, Exception):
                raise
            error = _unexpected(problem, kwargs.get("config"), kwargs.get("home"), kwargs.get("to"))
            raise _print_problem(error, as_json=bool(kwargs.get("as_json"))) from problem

    return wrapped


def _print_problem(problem: LoyaltyError | Stopped, *, as_json: bool) -> typer.Exit:
    if as_json:
        print_json({"error": problem.message, "hint": problem.hint, "exit_code": problem.exit_code})
    print_error(problem.message, problem.hint)
    return typer.Exit(problem.exit_code)


def _unexpected(problem: Exception, config: object, home: object, to: object) -> LoyaltyError:
    """The error that a user sees for an exception. The traceback of an internal error goes to a file in the logs.

    `config`, `home` and `to` are the options of the command; `to` is the path given with --out.
    """
    # imported late: this takes a second
    from pipelines.base.scarcity import scarcity_behind
    from pipelines.base.unexpected import explanation, internal_error, write_traceback

    if isinstance(to, Path) and (scarce := scarcity_behind(problem, to.absolute())):
        return scarce  # a command with --out writes nothing to the home
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
