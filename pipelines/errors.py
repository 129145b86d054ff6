"""Errors that a user can act on: what happened, where, and what to do. Each kind has its own exit code.

Only kinds and codes live here; the words are written where the error is found.
"""


class LoyaltyError(Exception):
    """An error with a remedy.

    Args:
        message: What was found, and where (file, line, column).
        hint: What to do about it.
    """

    exit_code = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


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


class UnknownPersonError(LoyaltyError):
    """Nothing is held about the person that was asked for."""

    exit_code = 8
