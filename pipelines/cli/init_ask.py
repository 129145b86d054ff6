"""The questions that `loyalty init` asks on a terminal."""

import sys
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

import typer
from pydantic import TypeAdapter, ValidationError

from pipelines.cli.console import err
from pipelines.config.faults import value_words
from pipelines.config.values import DateOrder, DecimalMark

if TYPE_CHECKING:  # imported late elsewhere, so that `--help` is quick
    from pipelines.drafting import Draft, Wishes

T = TypeVar("T")
_LATER = "later"


def is_terminal() -> bool:
    """Whether a user can be asked."""
    return sys.stdin.isatty()


def asked(question: str, kind: TypeAdapter[T], default: str | None = None) -> str:
    """The answer of the user, asked again until it is valid."""
    return str(typer.prompt(question, default=default, value_proc=lambda text: _valid(text, kind), err=True))


def asked_sources(what: str) -> list[str]:
    """The sources, one answer each, until an empty answer."""
    err().print(f"Sources: {what}. An empty line ends the list.")
    found: list[str] = []
    while text := str(typer.prompt("Source", default="", show_default=False, err=True)).strip():
        found.append(text)
    return found


def answered(draft: "Draft", wishes: "Wishes") -> "Wishes":
    """What the user says, with answers about values that can be read in two ways. Only on a terminal are there any."""
    if not is_terminal():
        return wishes
    dates = _reading(draft, "dates", "Order of day and month (day-first, month-first, later)", TypeAdapter(DateOrder))
    decimals = _reading(draft, "decimals", "Decimal mark (point, comma, later)", TypeAdapter(DecimalMark))
    return replace(wishes, dates=dates or wishes.dates, decimals=decimals or wishes.decimals)


def _reading(draft: "Draft", answer: str, question: str, kind: TypeAdapter[T]) -> T | None:
    """The answer to the remarks that wait for it; None if there are none, or if the user decides later."""
    texts = [f"{name}: {remark.text}" for name, remark in draft.remarks if remark.answer == answer]
    if not texts:
        return None
    for text in texts:
        err().print(text)

    def valid(text: str) -> T | None:
        return None if text.strip() == _LATER else _valid(text, kind)

    said: T | None = typer.prompt(question, default=_LATER, value_proc=valid, err=True)
    return said


def _valid(text: str, kind: TypeAdapter[T]) -> T:
    try:
        return kind.validate_python(text.strip())
    except ValidationError as problem:
        raise typer.BadParameter(value_words(problem)) from problem
