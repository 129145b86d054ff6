"""Fixtures of the tests of targets: a server of PostgreSQL, and versions whose rows have the number of their day."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pipelines.publication import Version
from tests.targets.numbered import numbered
from tests.targets.postgres_server import execute, query, server, skip_without_postgres


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    skip_without_postgres()
    with server() as uri:
        execute(uri, "create role reader login")
        yield uri


@pytest.fixture
def uri(cluster: str) -> Iterator[str]:
    """A server without any of our schemas."""
    yield cluster
    for (name,) in query(
        cluster, "select nspname::text from pg_namespace where nspname !~ '^(pg_|information|public)'"
    ):
        execute(cluster, f'drop schema "{name}" cascade')


@pytest.fixture
def day(tmp_path: Path) -> Callable[..., Version]:
    return numbered(tmp_path)
