"""Zoho CRM: after each fault, the files have what the server has. Every request goes over HTTP on loopback."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from pipelines.base.errors import ConfigError, PullError
from pipelines.config.pull_zoho import ZohoSettings
from tests.connectors.pulled_zoho import PulledZoho, pulling_zoho
from tests.vendors.server import Reply
from tests.vendors.zoho import Fault, Zoho

LIST = "/crm/v8/Contacts?"


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PulledZoho]:
    """Contacts with 450 records: three pages."""
    server = Zoho()
    server.modules["Contacts"].fill(450)
    with pulling_zoho(tmp_path, server, monkeypatch) as found:
        yield found


def lists(source: PulledZoho) -> list[str]:
    return [one for one in source.server.sent if LIST in one]


def ids(source: PulledZoho) -> list[str]:
    return sorted(source.server.modules["Contacts"].records)


def test_2001_records_are_read_by_page_and_then_by_page_token(source: PulledZoho) -> None:
    source.server.modules["Contacts"].fill(2_001 - 450)
    report = source.pull()
    assert not report.words
    assert len(source.records()) == 2_001 and not source.differing()
    assert len(lists(source)) == 11
    assert all(("&page=" in one) != ("page_token=" in one) for one in lists(source))
    assert "page_token=" in lists(source)[-1]


def test_the_second_pull_reads_what_changed_and_what_was_deleted(source: PulledZoho) -> None:
    source.pull()
    some = ids(source)
    source.server.put("Contacts", some[7], Last_Name="Changed")
    source.server.delete("Contacts", some[8])
    report = source.pull()
    assert not report.words and not source.differing()
    assert [(one.name, one.new_records) for one in report.objects] == [("Contacts", 1), ("Contacts_deleted", 1)]
    files = source.files()
    report = source.pull()
    assert report.records == 0 and source.files() == files  # nothing new, so no file


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(Fault(LIST, Reply(429, {"code": "TOO_MANY_REQUESTS"}), times=3, skip=1), id="burst of 429"),
        pytest.param(Fault(LIST, Reply(500, {"code": "INTERNAL_ERROR"}), times=3, skip=1), id="500"),
        pytest.param(Fault(LIST, Reply(0), times=2, skip=1), id="dropped connection"),
        pytest.param(Fault(LIST, Reply(200, b'{"data": [{"id"', cut=9), skip=1), id="cut answer"),
        pytest.param(Fault(LIST, Reply(204), skip=1), id="an empty page before the last one"),
        pytest.param(Fault(LIST, seconds=0.6, skip=1), id="slow answer"),
        pytest.param(Fault(LIST, is_repeated=True, skip=1), id="repeated page"),
        pytest.param(Fault("/oauth/v2/token", Reply(500, {}), times=2), id="no token at first"),
        pytest.param(Fault("/settings/fields", Reply(502, b"<html>"), times=2), id="a proxy's answer"),
    ],
)
def test_a_fault_of_the_server_changes_nothing(source: PulledZoho, fault: Fault) -> None:
    if fault.seconds:
        source.web = {"read_timeout_seconds": fault.seconds / 2}
    source.server.faults.append(fault)
    report = source.pull()
    assert not report.failed and not source.differing()
    assert fault.times == 0


def test_a_token_that_ends_between_pages_is_renewed(source: PulledZoho) -> None:
    source.server.token_requests = 4  # modules, fields, count, and the first page
    report = source.pull()
    assert not report.words and not source.differing()
    assert len(source.server.tokens) == 2


def test_a_page_that_stays_repeated_fails_and_the_next_pull_continues_with_it(source: PulledZoho) -> None:
    source.server.faults.append(Fault(LIST, is_repeated=True, skip=1, times=3))
    (failed,) = source.pull().failed
    assert "page 2 of Contacts" in failed.problem and failed.is_temporary
    report = source.pull()
    assert not report.failed and not source.differing()
    assert report.objects[0].resumed_pages == 1


@pytest.mark.parametrize("date_behind", [timedelta(), timedelta(hours=1)])
def test_60_fields_are_read_in_two_batches_and_put_together(source: PulledZoho, date_behind: timedelta) -> None:
    source.server.date_behind = date_behind
    module = source.server.modules["Contacts"]
    for number in range(60 - len(module.fields)):
        module.fields[f"C_{number}"] = "text"
    for number, one in enumerate(ids(source)):
        source.server.put("Contacts", one, is_touched=False, **{f"C_{n}": f"{n} {number}" for n in range(45)})
    last = ids(source)[-1]
    edit = Fault("ids=", change=lambda: source.server.put("Contacts", last, C_0="new", C_44="new") and None)
    edit.skip = 4  # 450 records by 100: the last request of the second batch
    source.server.faults.append(edit)
    report = source.pull()
    assert not report.words and not source.differing()
    assert source.records()[last]["C_0"] == source.records()[last]["C_44"] == "new"


def test_several_edits_within_one_second_end_with_the_last_one(source: PulledZoho) -> None:
    server, one = source.server, ids(source)[0]
    server.clock = -timedelta(microseconds=server.now().microsecond)  # a second has just begun

    def edit_again() -> None:
        if server.modules["Contacts"].records[one]["Last_Name"] == "first":
            server.put("Contacts", one, Last_Name="second")

    server.faults.append(Fault(LIST, change=lambda: server.put("Contacts", one, Last_Name="first") and None))
    server.faults.append(Fault(LIST, change=edit_again, skip=1))
    source.before_sleep = edit_again  # after the answer, in the same second
    source.pull()
    source.pull()
    assert not source.differing()
    versions = [(row["Modified_Time"], row["Last_Name"]) for row in source.lines("Contacts") if row["id"] == one]
    assert len(dict(versions)) == len(set(versions))  # one version per time of change: staging knows the newer one


def test_records_that_are_edited_added_and_deleted_between_pages_are_not_lost(source: PulledZoho) -> None:
    server, some = source.server, ids(source)

    def change() -> None:
        server.put("Contacts", some[300], Last_Name="Edited")  # not yet read
        server.put("Contacts", some[3], Last_Name="Edited")  # read before
        server.put("Contacts", server.modules["Contacts"].next_id(), Last_Name="New")
        for one in some[10:15]:
            server.delete("Contacts", one)  # what follows moves forward by five

    server.faults.append(Fault(LIST, change=change, skip=1))
    report = source.pull()
    assert not report.words
    source.pull()  # reads the record that was edited after it was read
    assert not source.differing()


def test_a_formula_is_read_by_the_full_read(source: PulledZoho) -> None:
    source.server.modules["Contacts"].fields["C_Formula"] = "formula"
    source.pull()
    source.server.put("Contacts", ids(source)[5], is_touched=False, C_Formula="8")
    source.pull()
    assert list(source.differing()) == [ids(source)[5]]
    source.server.clock += timedelta(days=7, minutes=1)
    source.pull()
    assert not source.differing()


@pytest.mark.parametrize("hours", [-30, 30])
def test_only_the_servers_clock_counts(source: PulledZoho, hours: int) -> None:
    source.server.clock = timedelta(hours=hours)
    source.server.put("Contacts", ids(source)[0], Last_Name="A")
    source.pull()
    source.server.put("Contacts", ids(source)[1], Last_Name="B")
    report = source.pull()
    assert not source.differing()
    assert report.objects[0].since is not None


def test_a_clock_that_was_ahead_is_not_believed_afterwards(source: PulledZoho) -> None:
    source.server.clock = timedelta(days=400)
    source.pull()
    source.server.clock = timedelta()
    source.server.put("Contacts", ids(source)[0], Last_Name="Right time")
    source.pull()
    assert not source.differing()


def test_a_time_of_change_in_the_future_hides_nothing(source: PulledZoho) -> None:
    source.server.put("Contacts", ids(source)[0], Modified_Time="2099-01-01T00:00:00+03:00", is_touched=False)
    source.pull()
    source.server.put("Contacts", ids(source)[1], Last_Name="B")
    source.pull()
    assert not source.differing()


def test_a_module_without_a_time_of_change_is_read_whole_each_time(source: PulledZoho) -> None:
    del source.server.modules["Contacts"].fields["Modified_Time"]
    for row in source.server.modules["Contacts"].records.values():
        del row["Modified_Time"]
    source.pull()
    source.server.put("Contacts", ids(source)[5], Last_Name="Changed")
    source.pull()
    assert not source.differing()
    assert source.files() == ["Contacts.jsonl.gz"]


def test_a_stopped_pull_continues_also_if_its_page_token_has_expired(source: PulledZoho) -> None:
    source.server.modules["Contacts"].fill(2_401 - 450)
    source.server.faults.append(Fault("page_token", Reply(500, {}), times=4, skip=1))
    (failed,) = source.pull().failed
    assert failed.is_temporary and failed.pages == 0
    source.server.clock += timedelta(hours=25)
    report = source.pull()
    assert report.objects[0].resumed_pages == 11 and not report.failed
    assert not source.differing()


def test_a_missing_module_and_a_missing_scope_are_named_and_the_others_are_read(source: PulledZoho) -> None:
    source.server.missing_scopes.add("Cases")
    report = source.pull(modules=("Contact", "Cases", "Contacts"))
    problems = {one.name: (one.problem, one.hint) for one in report.failed}
    assert "no module `Contact`" in problems["Contact"][0] and "Contacts" in problems["Contact"][0]
    assert "OAUTH_SCOPE_MISMATCH" in problems["Cases"][0] and "ZohoCRM.modules.READ" in problems["Cases"][1]
    assert set(problems) == {"Contact", "Cases"} and not source.differing()
    assert len(source.server.tokens) == 1  # a new token would have the same scopes


def test_an_empty_module_writes_no_file_and_one_that_became_empty_is_named(source: PulledZoho) -> None:
    assert not source.pull(modules=("Deals",)).words and not source.files()
    source.pull()
    source.server.modules["Contacts"].records.clear()
    source.server.clock += timedelta(days=8)
    assert any("Contacts is unexpectedly empty" in words for words in source.pull().words)


def test_wrong_credentials_are_named_without_the_secret(source: PulledZoho, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZOHO_REFRESH_TOKEN", "1000.other-planted")
    with pytest.raises(PullError) as caught:
        source.pull()
    assert "invalid_code" in caught.value.message
    assert "planted" not in caught.value.message + caught.value.hint
    monkeypatch.delenv("ZOHO_CLIENT_SECRET")
    with pytest.raises(ConfigError, match="ZOHO_CLIENT_SECRET"):
        source.pull()


@pytest.mark.parametrize(
    ("centre", "api", "accounts"),
    [
        ("eu", "https://www.zohoapis.eu", "https://accounts.zoho.eu"),
        ("com.cn", "https://www.zohoapis.com.cn", "https://accounts.zoho.com.cn"),
        ("ca", "https://www.zohoapis.ca", "https://accounts.zohocloud.ca"),
    ],
)
def test_each_data_center_has_its_addresses(centre: str, api: str, accounts: str) -> None:
    settings = ZohoSettings.model_validate({"data_center": centre})
    assert (settings.api, settings.accounts) == (api, accounts)
