"""Records of hostile files, each with what must become of it; known from how it was made, not from any reader.

How records become the bytes of a file is hostile_files.py's.
"""

import random
from dataclasses import dataclass

AT = "2024-05-01 10:00:00"
# What a cell may hold without being anything but text.
NOTES = [
    "plain",
    "=cmd|' /C calc'!A0",
    "<script>alert(1)</script>",
    "{{ 7 * 7 }}{% endraw %}",
    "${HOME} $(id) `id`",
    "'; drop table staging.stg_orders; --",
    'he said "no"',
    "../../etc/passwd",
    "a,b;c|d",
    "tab\there",
    "two\nlines",
    "three\n\nlines \r\n of it",
    "\x1b[31mred\x1b]8;;http://x\x07",
    "[bold red]x[/] :smile:",
    "café",
    "绿茶",
    "🍵 and \u202eaet",
    "NULL",
    "\\N",
    "#",
]


@dataclass(frozen=True)
class Fate:
    """What must become of one record.

    Attributes:
        rule: By which it is unreadable; empty where it is taken or skipped.
        skipped: Whether a declared skip takes it.
        order: The order's id and note, where it is taken.
        lines: Order lines that it makes.
        quarantined: Whether staging refuses the order.
    """

    rule: str = ""
    skipped: bool = False
    order: tuple[str, str] | None = None
    lines: int = 0
    quarantined: bool = False


@dataclass(frozen=True)
class Order:
    """The values of a record that is well formed.

    Attributes:
        id: The key.
        kind: `sale` is taken, `draft` is skipped, anything else is nobody's.
        at: A time, or what stands in its place.
        gross: An amount, or what stands in its place.
        note: Any text.
    """

    id: str
    kind: str = "sale"
    at: str = AT
    gross: str = "12.50"
    note: str = "plain"

    @property
    def values(self) -> list[str]:
        """In the order of the header."""
        return [self.id, self.kind, self.at, self.gross, self.note]

    def fate(self, lines: int = 0, rule: str = "") -> Fate:
        """What must become of it where its text can be read."""
        if rule:
            return Fate(rule)
        if self.kind != "sale":
            return Fate(skipped=True) if self.kind == "draft" else Fate("LND-003")
        bad = self.at != AT or self.gross not in ("12.50", "0", "7.1", "12.345")
        return Fate(order=(self.id, self.note), lines=lines, quarantined=bad)


def any_order(dice: random.Random, id: str, encoding: str = "utf-8") -> Order:
    """An order that can be read: mostly good, some for staging to refuse, some for a skip, some for nobody."""
    note = dice.choice(NOTES)
    if note != note.encode(encoding, errors="ignore").decode(encoding):
        note = "plain"
    kind = dice.choices(["sale", "draft", "refund?", ""], [90, 5, 3, 2])[0]
    gross = dice.choices(["12.50", "0", "7.1", "1e3", "=1+1", "0x1F", "12.345"], [60, 20, 15, 1, 1, 1, 1])[0]
    at = dice.choices([AT, "soon", "2024-02-30 10:00:00", AT + "Z x"], [97, 1, 1, 1])[0]
    return Order(id, kind, at, gross, note)
