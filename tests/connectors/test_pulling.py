"""What a pull delivers: each record at least once, in one file per object, however often it was stopped."""

import gzip
import json
import random
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.base.errors import LockError, PullError
from pipelines.config.pulls import PullSettings
from pipelines.connectors.connector import Page, PulledObject
from pipelines.connectors.pull_lock import hold_pull_lock
from pipelines.connectors.pull_report import last_pull
from pipelines.connectors.pulled_files import time_of, time_text
from pipelines.connectors.pulled_source import PulledSource
from pipelines.connectors.pulling import planned_pull, pull_source

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)
OVERLAP = timedelta(minutes=5)
CONTACTS = PulledObject("Contacts", "Contacts")


class Stop(BaseException):
    """Stands for a kill: no code of ours handles it."""


class Server:
    """Records with the time of their last change, read in pages of three, ordered by that time."""

    def __init__(self) -> None:
        self.now = NOON
        self.records: dict[str, dict[str, Any]] = {}
        self.asked: list[str | None] = []
        self.stop_after: int | None = None
        self.objects_: list[PulledObject] = [CONTACTS]

    def change(self, *ids: str, value: int = 0) -> None:
        for one in ids:
            self.records[one] = {"id": one, "value": value, "changed": time_text(self.now)}

    def objects(self) -> Sequence[PulledObject]:
        return self.objects_

    def server_time(self) -> datetime:
        return self.now

    def until(self, one: PulledObject, now: datetime) -> str:
        return time_text(now)

    def pages(
        self, one: PulledObject, since: str | None, until: str, checkpoint: Mapping[str, Any] | None
    ) -> Iterator[Page]:
        self.asked.append(since)
        if one.name == "Broken":
            raise PullError("it is out of scope", hint="ask for the scope")
        least = time_text(time_of(since) - OVERLAP) if since else ""
        found = sorted((r["changed"], r["id"]) for r in self.records.values() if r["changed"] >= least)
        at = checkpoint["at"] if checkpoint else 0
        while at < len(found):
            if self.stop_after is not None:
                if self.stop_after == 0:
                    raise Stop
                self.stop_after -= 1
            ids = [name for _, name in found[at : at + 3]]
            at += 3
            yield Page([dict(self.records[name]) for name in ids], {"at": at})

    def is_empty(self, one: PulledObject) -> bool:
        return not self.records

    def close(self) -> None:
        pass


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
def source(tmp_path: Path) -> PulledSource:
    settings = PullSettings.model_construct()
    return PulledSource("shop", tmp_path / "inbox", tmp_path / "home", tmp_path / "home/state/pulls/shop", settings)


@pytest.fixture(autouse=True)
def _named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PullSettings, "connector", "memory")


def pull(source: PulledSource, server: Server) -> Any:
    return pull_source(source, connect=lambda *_: server)


def landed(source: PulledSource) -> dict[str, dict[str, Any]]:
    """The last version of each record in the files, as staging would choose it."""
    found: dict[str, dict[str, Any]] = {}
    for path in sorted(source.folder.glob("*.jsonl.gz")):
        for line in gzip.decompress(path.read_bytes()).splitlines():
            record = json.loads(line)
            if record["id"] not in found or found[record["id"]]["changed"] <= record["changed"]:
                found[record["id"]] = record
    return found


def test_the_first_pull_reads_everything_and_the_second_what_has_changed(source: PulledSource, server: Server) -> None:
    server.change(*"abcdefg")
    report = pull(source, server)
    assert [path.name for path in source.folder.iterdir()] == ["Contacts_20240501T120000Z_full.jsonl.gz"]
    assert (report.records, report.objects[0].pages) == (7, 3)
    server.now += timedelta(days=1)
    server.change("b", "x", value=2)
    report = pull(source, server)
    assert server.asked == [None, "20240501T120000Z"]
    assert report.records == 2
    assert landed(source) == server.records


def test_an_overlap_without_anything_new_writes_no_file(source: PulledSource, server: Server) -> None:
    server.change(*"abc")
    pull(source, server)
    server.now += timedelta(minutes=1)
    assert pull(source, server).records == 0
    assert len(list(source.folder.iterdir())) == 1


def test_two_pulls_of_one_second_have_files_of_their_own(source: PulledSource, server: Server) -> None:
    server.change("a")
    pull(source, server)
    server.change("b")
    pull(source, server)
    assert sorted(path.name for path in source.folder.iterdir()) == [
        "Contacts_20240501T120000Z-2.jsonl.gz",
        "Contacts_20240501T120000Z_full.jsonl.gz",
    ]
    assert landed(source) == server.records


@pytest.mark.parametrize("seed", range(3))
def test_stopped_at_random_moments_a_pull_delivers_the_same(source: PulledSource, server: Server, seed: int) -> None:
    dice = random.Random(seed)
    server.change(*(f"{n:03}" for n in range(40)))
    for _ in range(20):
        server.stop_after = dice.randrange(3)
        try:
            pull(source, server)
        except Stop:
            server.now += timedelta(minutes=1)
            continue
        break
    server.stop_after = None
    pull(source, server)
    assert landed(source) == server.records
    assert not [path for path in source.work.rglob("*") if "0000" in path.name], "no page is left"


def test_a_stopped_pull_continues_and_its_window_begins_where_it_began(source: PulledSource, server: Server) -> None:
    server.change(*(f"{n:03}" for n in range(9)))
    server.stop_after = 2
    with pytest.raises(Stop):
        pull(source, server)
    assert not list(source.folder.iterdir())
    assert list(planned_pull(source, lambda *_: server)) == [
        "Contacts: continues the pull of 20240501T120000Z, which has already read 2 pages with 6 records"
    ]
    server.now += timedelta(hours=3)
    server.stop_after = None
    report = pull(source, server)
    assert (report.objects[0].resumed_pages, report.objects[0].pages) == (2, 3)
    server.now += timedelta(hours=1)
    pull(source, server)
    assert server.asked[-1] == "20240501T120000Z", "what changed while it was stopped is read again"


def test_a_clock_that_was_wrong_does_not_move_the_window_past_everything(source: PulledSource, server: Server) -> None:
    server.change("a")
    pull(source, server)
    server.now = datetime(2031, 1, 1, tzinfo=UTC)
    server.change("b")
    pull(source, server)
    server.now = NOON + timedelta(days=1)
    server.change("c")
    pull(source, server)
    assert server.asked[-1] == "20240501T120000Z"
    assert set(landed(source)) == {"a", "b", "c"}


def test_what_was_pulled_with_a_wrong_clock_is_not_used_when_that_time_has_come(
    source: PulledSource, server: Server
) -> None:
    server.change("a")
    pull(source, server)
    server.now = NOON + timedelta(days=3)
    server.change("b")
    pull(source, server)
    server.now = NOON + timedelta(days=1)
    pull(source, server)
    server.now = NOON + timedelta(days=2)
    server.change("c")
    server.now = NOON + timedelta(days=4)
    pull(source, server)
    assert server.asked[-1] == "20240502T120000Z"
    assert set(landed(source)) == {"a", "b", "c"}


def test_with_other_settings_everything_is_read_again(source: PulledSource, server: Server) -> None:
    server.change("a")
    server.objects_ = [PulledObject("Contacts", "Contacts", settings="account A")]
    pull(source, server)
    server.now += timedelta(days=1)
    pull(source, server)
    server.objects_ = [PulledObject("Contacts", "Contacts", settings="account B")]
    pull(source, server)
    pull(source, server)
    assert server.asked == [None, "20240501T120000Z", None, "20240502T120000Z"]


@pytest.mark.parametrize("stem", ["../evil", "a/b", ".hidden", "", "x" * 121, "a\nb"])
def test_an_object_whose_name_is_no_name_of_a_file_is_refused(
    source: PulledSource, server: Server, stem: str, tmp_path: Path
) -> None:
    server.change("a")
    server.objects_ = [PulledObject("Form", stem), CONTACTS]
    report = pull(source, server)
    assert [one.name for one in report.failed] == ["Form"]
    assert set(landed(source)) == {"a"}
    assert {path.name for path in tmp_path.iterdir()} == {"inbox", "home"}


def test_an_answer_of_an_unknown_shape_holds_no_other_object_back(
    source: PulledSource, server: Server, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    server.change("a")
    pages = server.pages

    def broken(one: PulledObject, *more: Any) -> Iterator[Page]:
        if one.name == "Odd":
            raise TypeError(f"{'@'.join(['ada', 'example.org'])} is no list")
        return pages(one, *more)

    monkeypatch.setattr(server, "pages", broken)
    server.objects_ = [PulledObject("Odd", "Odd"), CONTACTS]
    report = pull(source, server)
    assert [one.problem for one in report.failed] == ["Odd has an answer of an unknown shape (TypeError)"]
    assert set(landed(source)) == {"a"}
    assert "ada@example" not in caplog.text


def test_half_of_a_surrogate_pair_is_kept(source: PulledSource, server: Server) -> None:
    server.change("a")
    server.records["a"]["value"] = "x\ud800y"
    pull(source, server)
    assert landed(source)["a"]["value"] == "x\ud800y"


def test_one_object_that_fails_holds_no_other_back(source: PulledSource, server: Server) -> None:
    server.objects_ = [PulledObject("Broken", "Broken"), CONTACTS]
    server.change("a")
    report = pull(source, server)
    assert [one.name for one in report.failed] == ["Broken"]
    assert set(landed(source)) == {"a"}
    assert report.last_complete_at is None
    assert report.words == ["shop: Broken could not be pulled: it is out of scope. ask for the scope"]
    kept = last_pull(source)
    assert kept is not None
    assert kept.failed[0].hint == "ask for the scope"


def test_no_records_where_there_were_some_is_a_warning(source: PulledSource, server: Server) -> None:
    server.objects_ = [PulledObject("Contacts", "Contacts", full_read_days=1)]
    server.change("a")
    pull(source, server)
    server.records.clear()
    for hours in (12, 48):  # what has changed, and everything
        server.now += timedelta(hours=hours)
        assert pull(source, server).words == [
            "shop: Contacts is unexpectedly empty: the server has no records, but had some before. What was pulled"
            " before stays"
        ]
    assert set(landed(source)) == {"a"}


def test_whether_an_object_is_empty_is_asked_only_if_nothing_has_changed(
    source: PulledSource, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    problems: list[PullError] = []

    def is_empty(one: PulledObject) -> bool:
        asked.append(one.name)
        if problems:
            raise problems.pop()
        return False

    monkeypatch.setattr(server, "is_empty", is_empty)
    for _ in range(2):  # an object that never had records
        assert not pull(source, server).words
    server.change("a")
    for _ in range(2):  # the overlap reads the record again
        pull(source, server)
    server.now += timedelta(days=1)
    server.change("b")
    pull(source, server)
    assert not asked
    del server.records["b"]
    assert not pull(source, server).words
    problems.append(PullError("not allowed"))
    assert not pull(source, server).words, "a check that is refused says nothing"
    problems.append(PullError("busy", is_temporary=True))
    assert pull(source, server).failed[0].is_temporary
    assert asked == ["Contacts"] * 3


def test_everything_is_read_again_when_a_full_read_is_due(source: PulledSource, server: Server) -> None:
    server.objects_ = [PulledObject("Contacts", "Contacts", full_read_days=7)]
    server.change("a")
    for _ in range(9):
        pull(source, server)
        server.now += timedelta(days=1)
        server.change("b")
    assert server.asked == [None, *["20240501T120000Z"], *[time_text(NOON + timedelta(days=n)) for n in range(1, 6)],
                            None, time_text(NOON + timedelta(days=7))]  # fmt: skip


def test_a_snapshot_replaces_the_earlier_one(source: PulledSource, server: Server) -> None:
    server.objects_ = [PulledObject("Products", "Products", is_snapshot=True)]
    server.change("a", "b")
    pull(source, server)
    del server.records["a"]
    server.now += timedelta(days=1)
    pull(source, server)
    assert [path.name for path in source.folder.iterdir()] == ["Products.jsonl.gz"]
    assert set(landed(source)) == {"b"}


def test_tables_become_one_parquet_file(source: PulledSource, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    def pages(*_: object) -> Iterator[Page]:
        for start in (0, 3, 6):
            yield Page(pa.table({"n": list(range(start, start + 3))}), {"after": start + 2})

    monkeypatch.setattr(server, "pages", pages)
    monkeypatch.setattr(server, "until", lambda *_: "8_x/y")
    pull(source, server)
    (path,) = source.folder.iterdir()
    assert path.name == "Contacts_20240501T120000Z_c8%5Fx%2Fy_full.parquet"
    assert pq.read_table(path)["n"].to_pylist() == list(range(9))
    seen: list[object] = []
    monkeypatch.setattr(server, "pages", lambda _one, since, *_: seen.append(since) or iter(()))
    server.now += timedelta(days=1)
    pull(source, server)
    assert seen == ["8_x/y"]


def test_two_pulls_of_a_source_do_not_run_at_the_same_time(source: PulledSource, server: Server) -> None:
    with hold_pull_lock(source.work), pytest.raises(LockError, match="another process pulls `shop`"):
        pull(source, server)


def test_only_the_owner_can_read_what_is_pulled(source: PulledSource, server: Server) -> None:
    server.change("a", "b", "c", "d")
    server.stop_after = 1
    with pytest.raises(Stop):
        pull(source, server)
    modes = {path.stat().st_mode & 0o077 for path in source.work.rglob("*")}
    server.stop_after = None
    pull(source, server)
    modes |= {path.stat().st_mode & 0o077 for path in source.folder.iterdir()}
    assert modes == {0}


def test_what_a_killed_pull_left_of_a_file_is_removed_by_the_next_one(server: Server, source: PulledSource) -> None:
    server.change("1")
    source.folder.mkdir()
    left = source.folder / ".Contacts_20240430T120000Z.jsonl.gz.4711"
    others = [source.folder / name for name in (".notes.4711", "Contacts.jsonl.gz.4711", ".Contacts.jsonl.gz")]
    for path in (left, *others):
        path.write_text("ada@example.org")
    pull_source(source, connect=lambda *_: server)
    assert not left.exists()
    assert all(path.exists() for path in others)
