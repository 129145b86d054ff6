"""Errors that a user can act on: what was found, where, and what to do. Each class has its own exit code.

Only the classes and exit codes are here. The code that finds an error writes its message.
"""

import traceback
from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One failure that may be sent outside: a name from code or config and a count, never a value from a row.

    Attributes:
        name: The rule, test or source.
        count: The number of rows or files; None if nothing is counted.
    """

    name: str
    count: int | None = None

    def __str__(self) -> str:
        return self.name if self.count is None else f"{self.name}: {self.count}"


class LoyaltyError(Exception):
    """An error with advice for the user.

    Args:
        message: What was found, and where (file, line, column).
        hint: What to do about it.
        findings: What failed, by name and count. Messages to other systems use these, because `message` may quote
            private data.
    """

    exit_code = 1

    def __init__(self, message: str, hint: str = "", findings: tuple[Finding, ...] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.findings = findings


class ConfigError(LoyaltyError):
    """The configuration or a mapping cannot be used; nothing was run."""

    exit_code = 2


class InputError(LoyaltyError):
    """A file was refused as a whole, or there is no file."""

    exit_code = 3


class GateError(LoyaltyError):
    """A blocking check failed; nothing was published."""

    exit_code = 4


class BuildError(LoyaltyError):
    """A step of the build failed; nothing was published."""

    exit_code = 5


class PublicationError(LoyaltyError):
    """The marts were built but could not be published, or a published version cannot be read."""

    exit_code = 6


class LockError(LoyaltyError):
    """Another process has the warehouse open, or the run lock cannot be acquired."""

    exit_code = 7


class UnknownPersonError(LoyaltyError):
    """There is no data about the person who was searched for."""

    exit_code = 8


class StaleError(LoyaltyError):
    """The published version is older than allowed."""

    exit_code = 9


class NotificationError(LoyaltyError):
    """The webhook did not accept a message."""

    exit_code = 10


class PullError(LoyaltyError):
    """A source, or an object of it, could not be pulled. What earlier pulls delivered stays.

    Args:
        message: What happened, without secrets and without data.
        hint: What to do about it.
        is_temporary: Whether the same pull may succeed some minutes later.
    """

    exit_code = 11

    def __init__(self, message: str, hint: str = "", *, is_temporary: bool = False) -> None:
        super().__init__(message, hint)
        self.is_temporary = is_temporary


class PushError(LoyaltyError):
    """A CRM did not take everything that was pushed. What it has confirmed is not pushed again."""

    exit_code = 12


class InternalError(LoyaltyError):
    """A fault of this program that no other class describes."""

    exit_code = 70  # EX_SOFTWARE of sysexits.h: an internal software error


def places_of(problem: BaseException) -> str:
    """Where in the code an exception was raised, for a log. Its message, which may quote a record, is left out."""
    return "".join(traceback.format_tb(problem.__traceback__))
