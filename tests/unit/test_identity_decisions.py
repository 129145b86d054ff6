"""The user's links and unlinks: what counts, what is refused, and what an erasure leaves."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines.base.errors import ConfigError
from pipelines.identity.decisions import (
    Action,
    add_decision,
    content_id,
    forget_refs,
    in_force,
    read_decisions,
    undo_decision,
)
from pipelines.identity.masked import masked_contact, masked_ref

A, B, C = ("crm", "ADA-1"), ("shop", "ADA-2"), ("shop", "BOB-1")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "identity" / "decisions.jsonl"


def link(path: Path, one: tuple[str, str] = A, other: tuple[str, str] = B, reason: str = "seen in the shop") -> str:
    return add_decision(path, Action.LINK, one, other, reason, by="ops").id


def unlink(path: Path, one: tuple[str, str] = A, other: tuple[str, str] = B) -> str:
    return add_decision(path, Action.UNLINK, one, other, "two people", by="ops").id


def test_a_decision_is_kept_with_who_when_and_why_and_only_the_owner_can_read_it(path: Path) -> None:
    assert link(path) == "d1"
    assert unlink(path, A, C) == "d2"
    first, second = read_decisions(path)
    assert (first.action, first.refs, first.by, first.reason) == (Action.LINK, {A, B}, "ops", "seen in the shop")
    assert (second.action, second.refs) == (Action.UNLINK, {A, C})
    assert first.at.utcoffset() is not None
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert [json.loads(line)["id"] for line in path.read_text().splitlines()] == ["d1", "d2"]


def test_an_undone_decision_no_longer_counts_but_stays_in_the_file(path: Path) -> None:
    link(path)
    unlink(path, A, C)
    assert undo_decision(path, "d1", by="ops").id == "d3"
    assert [entry.id for entry in in_force(read_decisions(path))] == ["d2"]
    assert [entry.action for entry in read_decisions(path)] == ["link", "unlink", "undo"]
    assert link(path) == "d4"
    assert [entry.id for entry in in_force(read_decisions(path))] == ["d2", "d4"]


@pytest.mark.parametrize("again", [link, unlink])
def test_a_second_decision_about_a_pair_is_refused_in_either_order(path: Path, again: Callable[..., str]) -> None:
    link(path, A, B)
    for pair in ((A, B), (B, A)):
        with pytest.raises(ConfigError, match="already in force: d1") as refused:
            again(path, *pair)
        assert "loyalty identity undo d1" in refused.value.hint
        assert ("no action is needed" in refused.value.hint) == (again is link)
    undo_decision(path, "d1", by="ops")
    assert again(path, B, A) == "d3"


def test_a_reference_cannot_be_linked_with_itself_and_a_reason_is_needed(path: Path) -> None:
    with pytest.raises(ConfigError, match="both references are the same"):
        link(path, A, A)
    with pytest.raises(ConfigError, match="the reason is empty"):
        link(path, reason=" ")
    assert not path.exists()


def test_only_a_decision_in_force_can_be_undone(path: Path) -> None:
    with pytest.raises(ConfigError, match="the decision d1 does not exist"):
        undo_decision(path, "d1", by="ops")
    link(path)
    undo_decision(path, "d1", by="ops")
    with pytest.raises(ConfigError, match="d1 was undone before"):
        undo_decision(path, "d1", by="ops")
    with pytest.raises(ConfigError, match=r"d2 \(undo\) is not a link or an unlink"):
        undo_decision(path, "d2", by="ops")


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ('{"id": "d2", "at"', "JSON"),
        ('{"id": "d1", "at": "2024-01-01T00:00:00Z", "by": "x", "action": "undo", "undoes": "d1"}', "d1 occurs twice"),
        ('{"id": "d2", "at": "2024-01-01T00:00:00Z", "by": "x", "action": "undo", "undoes": "d7"}', "undoes an entry"),
        ('{"id": "d2", "at": "2024-01-01T00:00:00Z", "by": "x", "action": "link"}', "two references"),
        ('{"id": "d2", "at": "2024-01-01T00:00:00", "by": "x", "action": "erased"}', "`at`"),
        ('{"id": "two", "at": "2024-01-01T00:00:00Z", "by": "SECRET", "action": "erased"}', "`id`"),
        ('{"id": "d2", "at": "2024-01-01T00:00:00Z", "by": "x", "action": "merge"}', "`action`"),
        (b"\xff\xfe".decode("latin-1"), "JSON"),
    ],
)
def test_a_damaged_line_is_named_but_not_quoted(path: Path, line: str, problem: str) -> None:
    link(path)
    path.write_text(path.read_text() + line + "\n", encoding="latin-1")
    for use in (read_decisions, content_id, lambda file: forget_refs(file, [A])):
        with pytest.raises(ConfigError, match=problem) as damaged:
            use(path)
        assert f"{path}, line 2" in damaged.value.message
        assert "restore the file from a backup" in damaged.value.hint
        assert "SECRET" not in damaged.value.message


def test_the_content_depends_on_what_counts_and_on_its_order_only(path: Path, tmp_path: Path) -> None:
    nothing = content_id(path)
    link(path)
    one = content_id(path)
    undo_decision(path, "d1", by="ops")
    assert content_id(path) == nothing != one
    other = tmp_path / "other.jsonl"
    add_decision(other, Action.LINK, A, B, "another reason", by="somebody")
    assert content_id(other) == one
    unlink(other, A, C)
    link(path, A, B)
    assert content_id(path) == one
    reverse = tmp_path / "reverse.jsonl"
    unlink(reverse, A, C)
    link(reverse)
    assert content_id(reverse) != content_id(other)


def test_an_erasure_leaves_nothing_of_the_person_and_no_id_is_given_twice(path: Path) -> None:
    link(path, A, B)
    link(path, B, C, reason="Ada Lovelace called about bob")
    link(path, ("shop", "X"), ("shop", "Y"), reason="as Ada LOVELACE wrote")
    unlink(path, A, ("shop", "Q"))
    undo_decision(path, "d4", by="ops")
    assert forget_refs(path, [A], ["ada lovelace"]) == 5
    text = path.read_text()
    assert "ADA-1" not in text
    assert "lovelace" not in text.lower()
    assert [entry.id for entry in in_force(read_decisions(path))] == ["d2", "d3"]
    assert [entry.action for entry in read_decisions(path)] == ["erased", "link", "link", "erased", "erased"]
    assert forget_refs(path, [A], ["ada lovelace"]) == 0
    assert link(path, ("shop", "Z"), C) == "d6"


def test_an_erasure_of_the_last_entry_keeps_its_id(path: Path) -> None:
    link(path)
    assert forget_refs(path, [B]) == 1
    assert link(path, A, C) == "d2"


def test_an_erasure_needs_no_file(path: Path) -> None:
    assert forget_refs(path, [A]) == 0
    assert not path.exists()


def test_a_failed_write_keeps_the_decisions_before(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    link(path)
    before = path.read_bytes()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        unlink(path, A, C)
    assert path.read_bytes() == before
    assert [file.name for file in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize(
    ("kind", "value", "shown"),
    [
        ("email", "ada@example.com", "a***@example.com"),
        ("email", "a@example.com", "***@example.com"),
        ("email", "not an address", "***"),
        ("phone", "+44 20 5550 1234", "***34"),
        ("phone", "1234", "***"),
    ],
)
def test_a_masked_contact_does_not_show_the_contact(kind: str, value: str, shown: str) -> None:
    assert masked_contact(kind, value) == shown


@pytest.mark.parametrize(
    ("ref", "shown"),
    [
        ("C0000017", "C0000017"),
        ("12346", "12346"),
        ("100200300400", "100200300400"),
        ("ada@example.com", "a***@example.com"),
        ("+442055501234", "***34"),
        ("020 5550-1234", "***34"),
    ],
)
def test_a_reference_is_masked_if_it_is_a_contact(ref: str, shown: str) -> None:
    assert masked_ref(ref) == shown
