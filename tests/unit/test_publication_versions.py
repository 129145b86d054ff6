"""Which version is current, which are kept, and what a broken one looks like."""

import logging
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from pipelines.base.errors import PublicationError
from pipelines.publication import (
    Retention,
    Version,
    audit,
    finish_publication,
    list_versions,
    prune,
    publishing,
    resolve_current,
    set_current,
)
from tests.unit.publication_marts import publisher


def ids(published: Path) -> list[str]:
    return [version.id for version in list_versions(published)]


def age(path: Path, minutes: int) -> None:
    then = path.stat().st_mtime - minutes * 60
    os.utime(path, (then, then))


def test_current_is_a_relative_link_to_the_newest_day(tmp_path: Path) -> None:
    publish_day = publisher(tmp_path)
    version = publish_day(5, "aaaa")
    link = tmp_path / "published" / "current"
    assert link.is_symlink()
    assert str(link.readlink()) == "versions/2026-01-05_aaaa"
    assert version.is_current
    assert resolve_current(tmp_path / "published") == version.path.resolve()
    moved = tmp_path / "elsewhere"
    (tmp_path / "published").rename(moved)
    assert resolve_current(moved).name == version.id


def test_an_older_day_is_kept_as_a_version_and_leaves_current(tmp_path: Path) -> None:
    publish_day = publisher(tmp_path)
    newest = publish_day(5, "aaaa")
    backfilled = publish_day(3, "bbbb")
    assert not backfilled.is_current
    assert resolve_current(tmp_path / "published").name == newest.id
    assert ids(tmp_path / "published") == ["2026-01-05_aaaa", "2026-01-03_bbbb"]


def test_a_newer_run_of_the_same_day_replaces_current(tmp_path: Path) -> None:
    publish_day = publisher(tmp_path)
    publish_day(5, "zzzz")
    publish_day(5, "aaaa")
    assert resolve_current(tmp_path / "published").name == "2026-01-05_aaaa"
    assert ids(tmp_path / "published") == ["2026-01-05_aaaa", "2026-01-05_zzzz"]


def test_the_same_run_published_twice_gives_two_versions(tmp_path: Path) -> None:
    publish_day = publisher(tmp_path)
    publish_day(5, "aaaa")
    again = publish_day(5, "aaaa")
    assert again.id == "2026-01-05_aaaa-2"
    assert again.is_current


def test_a_rollback_moves_current_and_the_next_run_moves_it_on(tmp_path: Path) -> None:
    publish_day = publisher(tmp_path)
    publish_day(4, "aaaa")
    publish_day(5, "bbbb")
    rolled = set_current(tmp_path / "published", "2026-01-04_aaaa")
    assert rolled.is_current
    assert resolve_current(tmp_path / "published").name == "2026-01-04_aaaa"
    assert publish_day(6, "cccc").is_current


def test_a_rollback_to_what_is_not_there_or_not_whole_is_refused(tmp_path: Path) -> None:
    publish_day = publisher(tmp_path)
    older = publish_day(4, "aaaa")
    publish_day(5, "bbbb")
    with pytest.raises(PublicationError, match="no version 2026-01-09_x") as caught:
        set_current(tmp_path / "published", "2026-01-09_x")
    assert "2026-01-05_bbbb" in caught.value.hint
    with pytest.raises(PublicationError, match="no version"):
        set_current(tmp_path / "published", "../..")
    parquet = older.path / "marts" / "dim_customer" / "part-0.parquet"
    content = bytearray(parquet.read_bytes())
    content[len(content) // 2] ^= 1
    parquet.write_bytes(content)
    with pytest.raises(PublicationError, match="not the file that was published"):
        set_current(tmp_path / "published", older.id)
    assert resolve_current(tmp_path / "published").name == "2026-01-05_bbbb"


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda path: (path / "manifest.json").unlink(), "cannot be read"),
        (lambda path: (path / "manifest.json").write_text("{}"), "not a valid manifest"),
        (lambda path: (path / "loyalty.duckdb").unlink(), "is missing"),
        (lambda path: (path / "loyalty.duckdb").write_bytes(b"x"), "1 byte instead of"),
        (lambda path: path.rename(path.with_name("2026-01-04_moved")), "has the manifest of"),
    ],
)
def test_a_broken_version_is_listed_with_its_problem(tmp_path: Path, damage, words: str) -> None:  # type: ignore[no-untyped-def]
    publish_day = publisher(tmp_path)
    damage(publish_day(5, "aaaa").path)
    (listed,) = list_versions(tmp_path / "published")
    assert listed.manifest is None
    assert words in listed.problem


def test_a_broken_current_is_refused_and_the_next_publication_mends_it(tmp_path: Path) -> None:
    publish_day = publisher(tmp_path)
    newest = publish_day(5, "aaaa")
    (newest.path / "manifest.json").unlink()
    with pytest.raises(PublicationError, match="cannot be read"):
        resolve_current(tmp_path / "published")
    assert publish_day(4, "bbbb").is_current


def test_nothing_published_is_said_with_a_remedy(tmp_path: Path) -> None:
    assert list_versions(tmp_path / "published") == []
    with pytest.raises(PublicationError, match="nothing is published") as caught:
        resolve_current(tmp_path / "published")
    assert "loyalty run" in caught.value.hint


def test_an_audit_finds_one_changed_byte(tmp_path: Path) -> None:
    version = publisher(tmp_path)(5)
    audit(version.path)
    database = version.path / "loyalty.duckdb"
    content = bytearray(database.read_bytes())
    content[-1] ^= 1
    database.write_bytes(content)
    with pytest.raises(PublicationError, match="not the file that was published"):
        audit(version.path)


def test_an_audit_opens_the_files_and_does_not_only_trust_hashes(tmp_path: Path) -> None:
    publish_day = publisher(tmp_path)
    version = publish_day(5)
    manifest = (version.path / "manifest.json").read_text()
    (version.path / "manifest.json").write_text(manifest.replace('"rows": 50', '"rows": 51'))
    with pytest.raises(PublicationError, match=r"50 rows.*51"):
        audit(version.path)


def test_retention_keeps_the_last_days_and_of_each_its_newest_version(tmp_path: Path) -> None:
    published = tmp_path / "published"
    publish_day = publisher(tmp_path)
    for day, run in ((1, "a"), (2, "b"), (2, "c"), (9, "d"), (9, "e")):
        publish_day(day, run)
    gone = prune(published, Retention(days=2, grace_minutes=0), now=datetime.now(UTC) + timedelta(minutes=1))
    assert sorted(gone) == ["2026-01-01_a", "2026-01-02_b", "2026-01-09_d"]
    assert ids(published) == ["2026-01-09_e", "2026-01-02_c"]


def test_retention_never_removes_the_current_version(tmp_path: Path) -> None:
    published = tmp_path / "published"
    publish_day = publisher(tmp_path)
    for day in (1, 2, 3):
        publish_day(day, "a")
    set_current(published, "2026-01-01_a")
    prune(published, Retention(days=1, grace_minutes=0), now=datetime.now(UTC) + timedelta(minutes=1))
    assert ids(published) == ["2026-01-03_a", "2026-01-01_a"]
    assert audit(resolve_current(published)).version == "2026-01-01_a"


def test_the_grace_period_counts_from_when_a_version_stopped_being_current(tmp_path: Path) -> None:
    published = tmp_path / "published"
    publish_day = publisher(tmp_path)
    first = publish_day(1, "a")
    age(first.path, 24 * 60)  # current for a day
    publish_day(1, "b", retention=Retention(days=1, grace_minutes=30))
    assert first.id in ids(published)  # a reader may have resolved it a second ago
    now = datetime.now(UTC)
    assert prune(published, Retention(days=1, grace_minutes=30), now=now + timedelta(minutes=29)) == []
    assert prune(published, Retention(days=1, grace_minutes=30), now=now + timedelta(minutes=31)) == [first.id]


def test_retention_that_fails_is_told_and_does_not_undo_the_publication(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    publish_day = publisher(tmp_path)
    age(publish_day(1, "a").path, 0)

    def refuse(path: Path) -> None:
        raise PermissionError(13, "not yours", str(path))

    monkeypatch.setattr("pipelines.publication.retention.shutil", SimpleNamespace(rmtree=refuse))
    publish_day(2, "b")
    with caplog.at_level(logging.WARNING, logger="loyalty.publication"):
        version = publish_day(3, "c", retention=Retention(days=1, grace_minutes=0))
    assert version.is_current
    assert "could not be removed" in caplog.text


def test_leftovers_of_killed_runs_are_removed_and_are_never_listed(tmp_path: Path) -> None:
    published = tmp_path / "published"
    publish_day = publisher(tmp_path)
    publish_day(1, "a")
    (published / "versions" / ".tmp-1234" / "marts").mkdir(parents=True)
    (published / "versions" / ".trash-2026-01-01_b").mkdir()
    (published / ".current-12").symlink_to("versions/nowhere")
    assert ids(published) == ["2026-01-01_a"]
    publish_day(2, "b")
    assert sorted(path.name for path in (published / "versions").iterdir()) == ["2026-01-01_a", "2026-01-02_b"]
    assert sorted(path.name for path in published.iterdir()) == [".lock", "current", "versions"]


def _stopped(monkeypatch: pytest.MonkeyPatch, publish_day: Callable[[int, str], Version], day: int, run: str) -> None:
    """Publish a day, and be killed when the version is there and the pointer has not moved."""

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(publishing, "move_pointer", stop)
        with pytest.raises(KeyboardInterrupt):
            publish_day(day, run)


def test_a_publication_that_was_stopped_before_the_pointer_moved_is_finished(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish_day, published = publisher(tmp_path), tmp_path / "published"
    publish_day(5, "aaaa")
    assert finish_publication(published) is None
    _stopped(monkeypatch, publish_day, 6, "bbbb")
    assert resolve_current(published).name == "2026-01-05_aaaa"
    finished = finish_publication(published)
    assert finished and finished.is_current
    assert resolve_current(published).name == "2026-01-06_bbbb"
    assert finish_publication(published) is None


def test_a_backfill_finishes_it_too_and_a_version_that_somebody_chose_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish_day, published = publisher(tmp_path), tmp_path / "published"
    publish_day(5, "aaaa")
    _stopped(monkeypatch, publish_day, 6, "bbbb")
    publish_day(3, "cccc")
    assert resolve_current(published).name == "2026-01-06_bbbb"
    _stopped(monkeypatch, publish_day, 7, "dddd")
    set_current(published, "2026-01-05_aaaa")
    assert finish_publication(published) is None
    assert resolve_current(published).name == "2026-01-05_aaaa"
