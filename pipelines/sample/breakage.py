"""Ways to break a rule, and the invalid texts for them. breakages.py has the lists for each feed."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from pipelines.landing.spans import Rule

Edits = dict[str, str | None]

AMOUNTS = ("12,50", "1e3", "0x1F", "12.", "twelve", "NaN", "12.5€", "1.000.000")
PRICES = ("1,5", "1e3", "0x1F", ".5", "free", "1 2")
WHOLES = ("12.0", "1e2", "0x1F", "12s")
TIMES = ("yesterday", "2017", "2024-13-01 10:00:00", "2024-02-30 10:00:00", "31/12/24", "24:00")
DAYS = ("2024-02-30", "31.12.1990", "199O-01-01", "2017")
FLAGS = ("maybe", "2", "ja")
CODES = ("EURO", "€", "eur", "US")
FUTURE = "2099-01-01T10:00:00Z"


@dataclass(frozen=True)
class Breakage:
    """One way to break one rule.

    Attributes:
        rule: The code of the rule that must be reported.
        edits: Column to its new text.
        damage: For records that landing cannot read: how the line is damaged, see dirt.py.
    """

    rule: str
    edits: Edits = field(default_factory=dict)
    damage: str = ""


def each(rule: str, column: str, texts: tuple[str, ...], **others: None) -> Iterator[Breakage]:
    """One breakage for each of the texts."""
    for text in texts:
        yield Breakage(rule, {column: text, **others})


def one(rule: str, column: str, text: str | None, **others: str | None) -> Iterator[Breakage]:
    """A single breakage."""
    yield Breakage(rule, {column: text, **others})


def negative(rule: str, column: str) -> Iterator[Breakage]:
    """A value just below zero."""
    return one(rule, column, "-0.01")


def table_damage(*, with_nul: bool = False) -> Iterator[Breakage]:
    """The ways in which a line of CSV can be unreadable."""
    for rule, damage in ((Rule.RAGGED, "surplus"), (Rule.RAGGED, "short"), (Rule.NO_RECORD, "quote")):
        yield Breakage(rule, damage=damage)
    if with_nul:
        yield Breakage(Rule.NUL, damage="nul")
