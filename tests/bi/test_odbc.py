"""The marts through the ODBC driver of PostgreSQL, as Excel and other Windows programs read them.

Debian: apt-get install --no-install-recommends unixodbc odbc-postgresql postgresql. Also needs make setup-postgres.
"""

import shutil
import subprocess
from pathlib import Path

import pytest
from pydantic import SecretStr

from pipelines.config.publish import PostgresSettings
from pipelines.publication.targets import follow
from pipelines.publication.targets.postgres import Postgres
from tests.bi.superset import free_port
from tests.targets.numbered import numbered
from tests.targets.postgres_server import execute, server, skip_without_postgres

pytestmark = pytest.mark.postgres
DRIVER = "PostgreSQL Unicode"


def test_a_reader_sees_the_marts_through_odbc(tmp_path: Path) -> None:
    skip_without_postgres()
    isql = shutil.which("isql") or pytest.skip("unixODBC is not installed: apt-get install unixodbc")
    drivers = subprocess.run(["odbcinst", "-q", "-d"], capture_output=True, text=True).stdout
    if f"[{DRIVER}]" not in drivers:
        pytest.skip("the ODBC driver of PostgreSQL is not installed: apt-get install odbc-postgresql")
    numbered(tmp_path)(3)
    port = free_port()
    with server(port=port) as uri:
        execute(uri, "create role reader login")
        target = Postgres(PostgresSettings(reader_role="reader"), SecretStr(uri))
        follow(tmp_path / "published", target)
        connection = f"Driver={{{DRIVER}}};Server=127.0.0.1;Port={port};Database=postgres;Uid=reader"
        read = subprocess.run(
            [isql, "-k", connection, "-b", "-d|"],
            input='select o.order_key, o.amount, o.ordered_on, c.n from loyalty."Order" as o'
            " join loyalty.dim_customer as c using (customer_key) where o.order_key = 'o1'\n",
            capture_output=True,
            text=True,
            timeout=60,
        )
    assert read.returncode == 0, read.stderr
    assert read.stdout.split() == ["o1|-0.04|2026-01-03|3"]
