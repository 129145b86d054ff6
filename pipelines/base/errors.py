"""Errors that a user can act on: what happened, where, and what to do. Each kind has its own exit code.

Only kinds and codes live here; the words are written where the error is found.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One thing that failed, fit to be told outside: a name from code or config and a count, never a row's value.

    Attributes:
        name: The rule, test or source.
        count: Rows or files; None where nothing is counted.
    """

    name: str
    count: int | None = None

    def __str__(self) -> str:
        return self.name if self.count is None else f"{self.name}: {self.count}"


class LoyaltyError(Exception):
    """An error with a remedy.

    Args:
        message: What was found, and where (file, line, column).
        hint: What to do about it.
        findings: What failed, by name and count, for messages to others: `message` may quote what must stay here.
    """

    exit_code = 1

    def __init__(self, message: str, hint: str = "", findings: tuple[Finding, ...] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.findings = findings


class ConfigError(LoyaltyError):
    """The config or a mapping cannot be used; nothing was run."""

    exit_code = 2


class InputError(LoyaltyError):
    """A file was refused whole."""

    exit_code = 3


class GateError(LoyaltyError):
    """A blocking check failed; nothing was published."""

    exit_code = 4


class BuildError(LoyaltyError):
    """A step of the build failed; nothing was published."""

    exit_code = 5


class PublicationError(LoyaltyError):
    """The marts were built and could not be published, or a version cannot be read."""

    exit_code = 6


class LockError(LoyaltyError):
    """Something that outlived its run holds the warehouse, or the lock cannot be had."""

    exit_code = 7


class StaleError(LoyaltyError):
    """What is published is older than it may be."""

    exit_code = 9


class NotificationError(LoyaltyError):
    """The webhook did not take a message."""

    exit_code = 10


class UnknownPersonError(LoyaltyError):
    """Nothing is held about the person that was asked for."""

    exit_code = 8


class InternalError(LoyaltyError):
    """A fault of this program: something went wrong that no other kind describes."""

    exit_code = 70  # as sysexits.h has it: an internal software error
