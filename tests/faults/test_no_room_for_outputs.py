"""A command cannot write its output outside the home: the error names this place, and no traceback is printed."""

import resource
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import duckdb
import pytest

from pipelines.base.durable import write_text_durably
from pipelines.base.errors import LoyaltyError
from pipelines.base.scarcity import scarcity_behind
from pipelines.publication import MartTable, publish
from pipelines.reading import Format, OpenVersion, export_mart, open_version

_ROOM = 64 << 10


@pytest.fixture
def version(tmp_path: Path) -> OpenVersion:
    """A version with a mart that is larger than the room in every format."""
    warehouse = tmp_path / "warehouse.duckdb"
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("create schema marts")
        connection.execute(
            "create table marts.fct_text as select i as n, md5(i::varchar) as text from range(20000) t (i)"
        )
    tables = [MartTable("fct_text", ("n",))]
    publish(warehouse, tmp_path / "home" / "published", as_of=date(2026, 1, 5), run_id="aaaa", tables=tables)
    return open_version(tmp_path / "home")


@pytest.fixture
def no_room() -> Iterator[None]:
    """No file may become larger than the room. DuckDB, Python and ZIP files fail as they do on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (_ROOM, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.usefixtures("no_room")
def test_the_place_that_has_no_room_is_named_and_not_the_home(tmp_path: Path) -> None:
    report = tmp_path / "elsewhere" / "report.html"
    with pytest.raises(OSError) as refused:
        write_text_durably(report, "x" * 2 * _ROOM)
    found = scarcity_behind(refused.value, tmp_path / "home")
    assert found and str(report) in found.message


@pytest.mark.usefixtures("no_room")
def test_inside_the_home_the_home_is_named(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with pytest.raises(OSError) as refused:
        write_text_durably(home / "state" / "build.json", "x" * 2 * _ROOM)
    found = scarcity_behind(refused.value, home)
    assert found and f"{home} " in found.message


@pytest.mark.parametrize("kind", Format)
def test_a_mart_that_cannot_be_written_leaves_no_file_and_no_traceback(
    version: OpenVersion, tmp_path: Path, kind: Format, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    ignored: list[object] = []
    monkeypatch.setattr(sys, "unraisablehook", ignored.append)
    request.getfixturevalue("no_room")
    to = tmp_path / "elsewhere" / "rows"
    with version, pytest.raises(Exception) as refused:
        export_mart(version, "fct_text", to, kind)
    problem = refused.value
    found = problem if isinstance(problem, LoyaltyError) else scarcity_behind(problem, to)
    assert found and str(to.parent) in found.message
    assert not [*to.parent.iterdir()]
    del refused, problem, found
    assert not ignored
