"""Zoho CRM: deletions, members of campaigns, and pulls that are killed."""

import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pipelines.connectors.pages import PageStore
from tests.connectors.pulled_zoho import PulledZoho, pulling_zoho
from tests.vendors.server import Reply, Request
from tests.vendors.zoho import Fault, Zoho


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PulledZoho]:
    server = Zoho()
    server.modules["Contacts"].fill(450)
    with pulling_zoho(tmp_path, server, monkeypatch) as found:
        yield found


def test_more_than_a_page_of_deletions_is_read_also_if_one_is_restored_meanwhile(source: PulledZoho) -> None:
    source.pull()
    server, contacts = source.server, source.server.modules["Contacts"]
    for one in list(contacts.records)[:401]:
        server.delete("Contacts", one)
    restored = contacts.deleted[-1]["id"]

    def restore() -> None:
        contacts.deleted.pop()
        server.put("Contacts", restored, Last_Name="Restored")

    server.faults.append(Fault("per_page=200&page=2", change=restore))
    report = source.pull()
    assert not report.words
    assert {row["id"] for row in source.lines("Contacts_deleted")} >= {row["id"] for row in contacts.deleted}


def test_deletions_that_zoho_does_not_list_are_a_warning(source: PulledZoho) -> None:
    refused = Reply(400, {"code": "NOT_SUPPORTED", "message": "not supported", "details": {}, "status": "error"})
    source.server.faults.append(Fault("/deleted", refused, times=9))
    report = source.pull()
    assert not report.failed and not source.differing()
    assert any("does not list the deleted records of Contacts" in words for words in report.words)


def test_the_members_of_campaigns_have_their_status_and_their_campaign(source: PulledZoho) -> None:
    server = source.server
    some = list(server.modules["Contacts"].records)
    first, empty = server.modules["Campaigns"].fill(2, Start_Date="2024-05-01")
    server.members[first] = dict.fromkeys(some[:250], "Sent")
    report = source.pull(modules=("Contacts", "Campaigns"))
    assert not report.words
    rows = {(row["Campaign"]["id"], row["id"]): row["Member_Status"] for row in source.lines("Campaign_Members")}
    assert rows == {(first, one): "Sent" for one in some[:250]}
    server.members[first][some[0]] = "Opened"
    server.members[empty] = {some[9]: "Sent"}
    source.pull(modules=("Contacts", "Campaigns"))
    rows = {(row["Campaign"]["id"], row["id"]): row["Member_Status"] for row in source.lines("Campaign_Members")}
    assert rows[first, some[0]] == "Opened" and rows[empty, some[9]] == "Sent" and len(rows) == 251
    assert source.files().count("Campaign_Members.jsonl.gz") == 1


def test_a_pull_killed_at_any_page_and_repeated_ends_with_the_same_records(
    source: PulledZoho, monkeypatch: pytest.MonkeyPatch
) -> None:
    source.server.modules["Contacts"].fill(1_050 - 450)
    chance, kept = random.Random(7), PageStore.add

    class Kill(BaseException):
        pass

    def add(store: PageStore, records: Any, checkpoint: Any) -> None:
        if chance.random() < 0.3:
            raise Kill
        kept(store, records, checkpoint)
        if chance.random() < 0.3:
            raise Kill

    monkeypatch.setattr(PageStore, "add", add)
    kills = 0
    while True:
        try:
            report = source.pull()
        except Kill:
            kills += 1
            source.server.put("Contacts", chance.choice(list(source.server.modules["Contacts"].records)), Phone=kills)
            continue
        break
    monkeypatch.setattr(PageStore, "add", kept)
    assert kills >= 5 and not report.failed
    source.pull()  # reads what was edited after it had been read
    assert not source.differing()


def campaign_of(source: PulledZoho, count: int) -> tuple[list[str], dict[str, str]]:
    """A campaign with so many members, who were put in besides: their IDs, and the statuses that the server has."""
    some = source.server.modules["Contacts"].fill(count)
    (campaign,) = source.server.modules["Campaigns"].fill(1)
    source.server.members[campaign] = dict.fromkeys(some, "Sent")
    return some, source.server.members[campaign]


def answering(source: PulledZoho, monkeypatch: pytest.MonkeyPatch, change: Callable[[list[Reply]], Reply]) -> None:
    """Answer each request for members as `change` makes it of all answers until then."""
    answers: list[Reply] = []
    own = source.server._members

    def members(request: Request, name: str) -> Reply:
        answers.append(own(request, name))
        return change(answers)

    monkeypatch.setattr(source.server, "_members", members)


def test_a_repeated_page_of_members_loses_and_doubles_nobody(
    source: PulledZoho, monkeypatch: pytest.MonkeyPatch
) -> None:
    some, _ = campaign_of(source, 900)
    answering(source, monkeypatch, lambda answers: answers[0] if len(answers) == 2 else answers[-1])
    assert not source.pull(modules=("Contacts", "Campaigns")).failed
    assert sorted(row["id"] for row in source.lines("Campaign_Members")) == sorted(some)


def test_a_member_who_is_removed_between_two_pages_hides_no_other(
    source: PulledZoho, monkeypatch: pytest.MonkeyPatch
) -> None:
    some, statuses = campaign_of(source, 500)

    def shrinking(answers: list[Reply]) -> Reply:
        statuses.pop(min(some), None)  # after the first page
        return answers[-1]

    answering(source, monkeypatch, shrinking)
    assert not source.pull(modules=("Contacts", "Campaigns")).failed
    assert {row["id"] for row in source.lines("Campaign_Members")} == set(some)


def test_a_page_of_members_that_is_always_repeated_is_an_error(
    source: PulledZoho, monkeypatch: pytest.MonkeyPatch
) -> None:
    campaign_of(source, 500)
    answering(source, monkeypatch, lambda answers: answers[0])
    report = source.pull(modules=("Contacts", "Campaigns"))
    (found,) = (one for one in report.objects if one.name == "Campaign_Members")
    assert found.problem and "again and again" in found.problem
    assert found.is_temporary
    assert not source.lines("Campaign_Members")
