"""Connections to PostgreSQL: opens them with psycopg, and makes errors without addresses and passwords.

No schema or table of ours is known here.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from pydantic import SecretStr

from pipelines.base.postgres_errors import without_quoted
from pipelines.base.stopping import stop_signal, stopped
from pipelines.base.text import without_values
from pipelines.publication.targets.target import TargetError

NAME = "PostgreSQL"  # in messages
_SETTINGS = (
    "set client_encoding = 'UTF8'",
    "set search_path = pg_catalog",
    "set timezone = 'UTC'",  # of times without a zone
    "set application_name = 'loyalty'",
    "set statement_timeout = 0",
    "set lock_timeout = 0",
    "set idle_in_transaction_session_timeout = 0",
)
# SQLSTATE of a statement that waited too long: statement_timeout, lock_timeout, and a deadlock with a reader
_BUSY = {"57014", "55P03", "40P01"}
_DEPENDED_ON = "2BP01"
_NO_RIGHT = "42501"
_ABOUT_VALUES = "22"  # SQLSTATE class of data exceptions: the message quotes a value
_OTHER_HINT = "Readers see what they saw before. Correct the cause; docs/postgres.md names the rights of the user."


class BusyError(TargetError):
    """Readers have a table in use."""


@contextmanager
def session(uri: SecretStr, doing: str) -> Iterator[Any]:
    """A cursor of a new connection. Everything in the block is one transaction, committed at its end.

    Args:
        uri: The connection URI.
        doing: What the block does, for errors: `it could not be ...`.

    Raises:
        BusyError: A statement waited longer than its time limit.
        TargetError: The server cannot be reached, or refused a statement. Nothing was changed.
        Stopped: A signal has arrived.
    """
    psycopg = _driver()
    try:
        connection = psycopg.connect(uri.get_secret_value())
    except (psycopg.Error, ValueError) as error:  # ValueError: no name of a host can be made of the text
        words = type(error).__name__ if isinstance(error, ValueError) else _driver_message(error, uri)
        raise TargetError(
            f"{NAME} cannot be reached: {words}",
            hint="Check that the server runs, and the user, password, host and database in the environment variable.",
        ) from None
    try:
        with connection.cursor() as cursor:
            for statement in _SETTINGS:
                cursor.execute(statement)
            yield cursor
        connection.commit()
    except psycopg.Error as error:
        raise _translated(
            error, doing, uri, _missing_right(connection) if error.sqlstate == _NO_RIGHT else ""
        ) from None
    finally:
        with suppress(psycopg.Error):  # if the connection is broken, the server rolls back
            connection.close()


def refused_value(error: Exception) -> str | None:
    """Why the server does not accept a value, without the value; None for any other error."""
    state = getattr(error, "sqlstate", None) or ""
    return f"{without_values(_primary(error))} (SQLSTATE {state})" if state.startswith(_ABOUT_VALUES) else None


def _driver() -> Any:
    try:
        import psycopg
    except ImportError as error:
        raise TargetError(
            f"the driver of {NAME} is not installed: {error.name} is missing",
            hint="Install the extra `postgres`: `make setup-postgres`, or pip install 'loyalty-marts[postgres]'.",
        ) from None
    return psycopg


def _missing_right(connection: Any) -> str:
    """The statement that gives the role the right to create schemas; empty if it has it, or if that is unknown."""
    with suppress(_driver().Error), connection.cursor() as cursor:
        connection.rollback()
        cursor.execute(
            "select format('grant create on database %I to %I', current_database(), current_user),"
            " has_database_privilege(current_database(), 'create')"
        )
        grant, has_right = cursor.fetchone()
        return "" if has_right else str(grant)
    return ""


def _translated(error: Any, doing: str, uri: SecretStr, missing_right: str) -> BaseException:
    if (number := stop_signal()) is not None:
        return stopped(number)
    primary = _primary(error) or _driver_message(error, uri)
    if error.sqlstate in _BUSY:
        return BusyError(f"{NAME}: {doing}: {primary}", hint="Run again when fewer readers use the marts.")
    if error.sqlstate == _DEPENDED_ON:
        depending = _line(error.diag.message_detail)
        return TargetError(
            f"{NAME}: {doing}: {primary}{depending and f' ({depending})'}",
            hint="Remove or move the views and tables that depend on it; the marts of a version never outlive it.",
        )
    hint = f"Let the owner of the database call `{missing_right}`, and run again." if missing_right else _OTHER_HINT
    return TargetError(
        f"{NAME}: {doing}: {primary} (SQLSTATE {error.sqlstate or 'unknown'})",
        hint=hint,
    )


def _primary(error: Any) -> str:
    """The first part of the server's answer; empty if it has not answered. Other parts may quote values of rows."""
    return _line(error.diag.message_primary)


def _driver_message(error: Exception, uri: SecretStr) -> str:
    """The first line of a driver's message, without parts of the URI. The others repeat it for each address."""
    return without_quoted(str(error).partition("\n")[0], uri)


def _line(text: str | None) -> str:
    return " ".join((text or "").split())
