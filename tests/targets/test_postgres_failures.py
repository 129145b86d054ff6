"""The target PostgreSQL when something fails: what is left, and what the messages say.

Needs the server (Debian: apt-get install --no-install-recommends postgresql) and the extra (make setup-postgres).
"""

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines.base.errors import ConfigError
from pipelines.config.publish import PostgresSettings
from pipelines.config.settings import postgres_uri
from pipelines.publication import Version
from pipelines.publication.targets import TargetError, follow, postgres, postgres_rows
from tests.targets.postgres_server import OWNER, execute, query
from tests.targets.postgres_target import NUMBERS, schemas, target

pytestmark = pytest.mark.postgres


@pytest.mark.parametrize("step", [3, 6])
def test_a_broken_connection_leaves_what_readers_see(
    uri: str, tmp_path: Path, day: Callable[..., Version], monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    first = day(1)
    follow(tmp_path / "published", target(uri))
    second, go_on, calls = day(2), postgres.go_on, []

    def break_off() -> None:
        go_on()
        calls.append(1)
        if len(calls) == step:
            query(uri, "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'loyalty'")

    for module in (postgres, postgres_rows):
        monkeypatch.setattr(module, "go_on", break_off)
    with pytest.raises(TargetError, match=f"the version {second.id} could not be written") as failed:
        follow(tmp_path / "published", target(uri))
    assert uri not in f"{failed.value.message} {failed.value.hint}"
    assert target(uri).held() == {first.id}
    assert query(uri, NUMBERS) == [(1, 1)]
    monkeypatch.undo()
    follow(tmp_path / "published", target(uri))
    assert (query(uri, NUMBERS), schemas(uri)) == ([(2, 2)], {"loyalty"})


def test_a_killed_load_leaves_nothing(uri: str, tmp_path: Path, day: Callable[..., Version]) -> None:
    day(1)
    follow(tmp_path / "published", target(uri))
    day(2)
    program = f"""
import os, signal
from pathlib import Path
from pydantic import SecretStr
from pipelines.config.publish import PostgresSettings
from pipelines.publication.targets import follow, postgres, postgres_rows
calls = iter(range(6))
postgres.go_on = postgres_rows.go_on = lambda: os.kill(os.getpid(), signal.SIGKILL) if next(calls) == 5 else None
follow(Path({str(tmp_path / "published")!r}), postgres.Postgres(PostgresSettings(), SecretStr({uri!r})))
"""
    done = subprocess.run([sys.executable, "-c", program], check=False)
    assert done.returncode == -signal.SIGKILL
    assert (query(uri, NUMBERS), schemas(uri)) == ([(1, 1)], {"loyalty"})
    follow(tmp_path / "published", target(uri))
    assert (query(uri, NUMBERS), schemas(uri)) == ([(2, 2)], {"loyalty"})


def test_no_message_has_a_part_of_the_uri(uri: str) -> None:
    secret = "pa55@w0rd"
    for wrong in (
        f"postgresql://u:{secret}@127.0.0.1:1/db",
        f"postgresql://u:x@{secret}/db",
        f"postgresql://{secret}:0z",
        f'postgresql://u:x@h"{secret}"/db?port="{secret}"',
        f"postgresql://h%22{secret}%22/db",
    ):
        with pytest.raises(TargetError, match="cannot be reached") as failed:
            target(wrong).held()
        assert not [part for part in ("pa55", "w0rd") if part in f"{failed.value.message} {failed.value.hint}"]


@pytest.mark.parametrize(
    "text",
    [
        "pa55w0rd",
        "host=h password=pa55w0rd",
        "mysql://u:pa55w0rd@h/db",
        "postgresql:u:pa55w0rd",
        '"postgresql://u:pa55w0rd@h/db"',
    ],
)
def test_a_text_that_is_no_uri_is_refused_and_not_shown(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    settings = PostgresSettings()
    monkeypatch.setenv(settings.environment_variable, text)
    with pytest.raises(ConfigError, match=f"{settings.environment_variable} has no connection URI") as failed:
        postgres_uri(settings)
    assert "pa55" not in f"{failed.value.message} {failed.value.hint}"
    monkeypatch.setenv(settings.environment_variable, "postgresql://u:pa55w0rd@h/db")
    assert postgres_uri(settings).get_secret_value() == "postgresql://u:pa55w0rd@h/db"


def test_a_missing_right_is_named_once_with_its_grant(uri: str, tmp_path: Path, day: Callable[..., Version]) -> None:
    version = day(1)
    execute(uri, 'create role "Wri ter" login')
    limited = target(uri.replace(f"user={OWNER}", "user=Wri%20ter"))
    with pytest.raises(TargetError) as failed:
        follow(tmp_path / "published", limited)
    assert failed.value.message == (
        f"PostgreSQL: the version {version.id} could not be written: permission denied for database postgres"
        " (SQLSTATE 42501)"
    )
    grant = 'grant create on database postgres to "Wri ter"'
    assert f"`{grant}`" in failed.value.hint
    try:
        execute(uri, grant)
        follow(tmp_path / "published", limited)
        assert limited.held() == {version.id}
    finally:
        execute(uri, 'drop owned by "Wri ter"', 'drop role "Wri ter"')


def test_a_role_that_does_not_own_the_versions_is_refused_with_its_grant(
    uri: str, tmp_path: Path, day: Callable[..., Version]
) -> None:
    day(1)
    execute(uri, "create role first login", "create role second login")
    try:
        execute(uri, "grant create on database postgres to first, second")
        first, second = (target(uri.replace(f"user={OWNER}", f"user={name}")) for name in ("first", "second"))
        follow(tmp_path / "published", first)
        day(2)
        with pytest.raises(TargetError, match="another role owns the schema loyalty") as failed:
            follow(tmp_path / "published", second)
        assert "`grant first to second`" in failed.value.hint
        assert query(uri, NUMBERS) == [(1, 1)]
        execute(uri, "grant first to second")
        follow(tmp_path / "published", second)
        assert (query(uri, NUMBERS), schemas(uri)) == ([(2, 2)], {"loyalty"})
    finally:
        execute(uri, "drop owned by first, second", "drop role first, second")
