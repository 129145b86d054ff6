"""Zoho CRM: bulk read, and lists that end before all records are read."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines.connectors.zoho import lists
from tests.connectors.pulled_zoho import PulledZoho, pulling_zoho
from tests.vendors.server import Reply
from tests.vendors.zoho import Fault, Zoho

RESULT = "/result?"


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PulledZoho]:
    """Contacts with 450 records, which is enough for bulk read here."""
    server = Zoho(users={"7": {"name": "Ada", "email": "ada@example.com", "id": "7"}})
    contacts = server.modules["Contacts"]
    contacts.fields |= {"C_Colours": "multiselectpicklist", "C_Paid": "currency", "C_Visits": "integer"}
    owner = {"name": "Ada", "id": "7", "email": "ada@example.com"}
    ids = contacts.fill(450, Owner=owner, Account_Name={"id": "4970762000000000077"})
    server.put("Contacts", ids[3], is_touched=False, Last_Name='A "quoted", name\nin two lines', First_Name="=1+1")
    with pulling_zoho(tmp_path, server, monkeypatch, bulk_from_records=400) as found:
        yield found


def test_a_large_module_is_read_by_bulk_read_with_the_shape_of_lists(source: PulledZoho) -> None:
    report = source.pull()
    assert not report.words and not source.differing()
    assert not any("/Contacts?" in one for one in source.server.sent)
    assert len([one for one in source.server.sent if "/users?" in one]) == 1
    row = source.records()["4970762894000000002"]
    assert (row["Email_Opt_Out"], row["C_Visits"], row["C_Paid"]) == (False, 1, 1.25)
    assert row["C_Colours"] == ["red", "blue"]
    source.server.put("Contacts", row["id"], Last_Name="Changed")
    source.pull()
    assert not source.differing()


def test_what_the_csv_lacks_is_read_by_id(source: PulledZoho) -> None:
    source.server.modules["Contacts"].fields |= {"C_Children": "subform", "What_Id": "lookup"}
    for one in list(source.server.modules["Contacts"].records)[:200]:
        child = {"id": "1", "name": "Max"}
        source.server.put("Contacts", one, is_touched=False, C_Children=[child], What_Id={"id": "2"})
    source.server.modules["Contacts"].fields["$se_module"] = "system"
    source.server.faults.append(Fault("/actions/count", Reply(200, {"count": 100_000})))
    report = source.pull()
    assert not report.words and not source.differing()
    assert len([one for one in source.server.sent if "&fields=" in one or "ids=" in one]) == 5


def test_jobs_follow_one_another_until_no_more_records_follow(source: PulledZoho) -> None:
    source.server.bulk.per_page = 200
    report = source.pull()
    assert not report.words and not source.differing()
    assert len(source.server.bulk.jobs) == 3


def test_records_deleted_between_jobs_lose_no_other_record(source: PulledZoho) -> None:
    source.server.bulk.per_page = 200
    first = list(source.server.modules["Contacts"].records)[:5]
    delete = Fault(RESULT, change=lambda: [source.server.delete("Contacts", one) for one in first] and None)
    source.server.faults.append(delete)
    source.pull()
    assert not source.differing()


def test_records_edited_while_the_job_runs_have_their_last_version(source: PulledZoho) -> None:
    server = source.server
    one = next(iter(server.modules["Contacts"].records))
    server.faults.append(Fault("/bulk/v8/read/", change=lambda: server.put("Contacts", one, Last_Name="New") and None))
    source.pull()
    assert not source.differing()


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        pytest.param(Fault(RESULT, Reply(200, b"PK\x03\x04 no archive")), "cannot be read", id="damaged archive"),
        pytest.param(Fault(RESULT, Reply(0), times=4), "could not be read", id="dropped connection"),
        pytest.param(Fault("/bulk/v8/read?", Reply(500, {}), times=4), "could not be read", id="no job"),
    ],
)
def test_a_failed_job_is_named_and_the_next_pull_continues(source: PulledZoho, fault: Fault, words: str) -> None:
    source.server.faults.append(fault)
    (failed,) = source.pull().failed
    assert words in failed.problem and failed.is_temporary
    jobs = len(source.server.bulk.jobs)
    report = source.pull()
    assert not report.failed and not source.differing()
    assert len(source.server.bulk.jobs) == max(jobs, 1)  # the job of the first pull is used again


def test_a_job_that_fails_is_created_again_by_the_next_pull(source: PulledZoho) -> None:
    source.server.bulk.will_fail = True
    (failed,) = source.pull().failed
    assert "has failed" in failed.problem
    source.server.bulk.will_fail = False
    assert not source.pull().failed and not source.differing()


def test_a_job_that_the_server_no_longer_has_is_created_again(source: PulledZoho) -> None:
    source.server.faults.append(Fault(RESULT, Reply(0), times=4))
    assert source.pull().failed
    source.server.bulk.jobs.clear()
    assert not source.pull().failed and not source.differing()


def test_the_name_of_a_member_is_not_used(source: PulledZoho, tmp_path: Path) -> None:
    source.server.bulk.member = "../../evil.csv"
    assert not source.pull().failed and not source.differing()
    assert not list(tmp_path.rglob("evil.csv")) and not (tmp_path.parent / "evil.csv").exists()


def test_without_the_scope_of_bulk_read_the_list_is_read(source: PulledZoho) -> None:
    source.server.bulk.allowed = False
    report = source.pull()
    assert not source.differing()
    assert any("bulk read is refused" in words for words in report.words)


@pytest.mark.parametrize("is_told", [True, False])
def test_a_list_that_ends_early_is_continued_by_bulk_read(
    source: PulledZoho, monkeypatch: pytest.MonkeyPatch, is_told: bool
) -> None:
    source.server.modules["Contacts"].fill(2_600 - 450)
    source.server.list_limit, source.server.is_limit_told = 2_400, is_told
    if not is_told:
        monkeypatch.setattr(lists, "LIST_LIMIT", 2_400)
    report = source.pull(bulk_from_records=100_000)
    assert not report.failed and not source.differing()
    assert any("the list ends before" in words for words in report.words)


@pytest.mark.slow
def test_100001_records_land_although_the_list_ends_before_the_last_one(source: PulledZoho) -> None:
    source.web = {"read_timeout_seconds": 60}
    contacts = source.server.modules["Contacts"]
    contacts.fields = {"Last_Name": "text", "Modified_Time": "datetime"}
    contacts.records.clear()
    contacts.fill(100_001)
    source.server.is_limit_told = False  # the list ends as if it were complete
    source.server.faults.append(Fault("/actions/count", Reply(400, {"code": "NOT_SUPPORTED", "status": "error"})))
    report = source.pull(bulk_from_records=100_000)
    assert not report.failed and not source.differing()
    assert len(source.records()) == 100_001
    assert any("the list ends before" in words for words in report.words)
