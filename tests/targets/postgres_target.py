"""The target PostgreSQL on the server of the tests, and what its readers see. No test stands here."""

from typing import Any

from pydantic import SecretStr

from pipelines.config.publish import PostgresSettings
from pipelines.publication.targets.postgres import Postgres
from tests.targets.postgres_server import query

NUMBERS = 'select (select max(n) from loyalty.dim_customer), (select min(n) from loyalty."Order")'


def target(uri: str, **settings: Any) -> Postgres:
    """The target, with a role that reads."""
    return Postgres(PostgresSettings(**{"reader_role": "reader", "swap_wait_seconds": 20, **settings}), SecretStr(uri))


def schemas(uri: str) -> set[str]:
    """The schemas of all versions."""
    return {name for (name,) in query(uri, "select nspname::text from pg_namespace where nspname like 'loyalty%'")}
