"""Pushes into Fxiaoke: the types of its fields, one call per record, errors inside answers of status 200."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from pipelines.activation.push_crm import CrmField, Kind
from pipelines.activation.push_fxiaoke import FxiaokeRecords
from pipelines.base.errors import ConfigError, PushError
from pipelines.config.pull_fxiaoke import FxiaokeSettings
from pipelines.config.pulls import WebSettings
from pipelines.connectors.fxiaoke import Fxiaoke as Connection
from tests.connectors.pulled_fxiaoke import CREDENTIALS
from tests.connectors.pushed_home import COLUMNS, WEB, PushHome
from tests.vendors.fxiaoke import Fxiaoke, serving_fxiaoke
from tests.vendors.fxiaoke_store import Refused

UPDATE, QUERY = "/cgi/crm/v2/data/update", "/cgi/crm/v2/data/query"
FIELDS = dict(zip(COLUMNS, ("level__c", "class__c", "score__c", "action__c"), strict=True))
OBJECT = "AccountObj"


@pytest.fixture
def server() -> Fxiaoke:
    server = Fxiaoke(token_s=7200)
    stored = server.objects[OBJECT]
    stored.types |= {
        "level__c": "select_one",
        "class__c": "text",
        "score__c": "number",
        "action__c": "text",
        "audiences__c": "text",
    }
    stored.options["level__c"] = ("loyal", "at_risk")
    return server


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: Fxiaoke) -> Iterator[PushHome]:
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(f"FXIAOKE_{name}", value)
    with serving_fxiaoke(server):
        entry: dict[str, Any] = {"source": "fxiaoke", "object": OBJECT, "fields": FIELDS}
        yield PushHome(tmp_path, monkeypatch, "fxiaoke", entry, {"fxiaoke": {"url": server.url}})


def filled(home: PushHome, server: Fxiaoke, count: int) -> list[str]:
    ids = [server.create(OBJECT, name=f"客户{number}") for number in range(count)]
    for identity in ids:
        home.add(identity, "loyal", "emotional", 80.25, "reward")
    return ids


def test_a_push_writes_values_in_the_forms_of_the_vendor_and_then_only_changes(home: PushHome, server: Fxiaoke) -> None:
    ids = filled(home, server, 30)
    home.add("unknown1", "loyal")
    home.add("@guest", "loyal")
    report = home.push()
    assert (report.references, report.written, report.absent) == (31, 30, 1)
    row = server.rows(OBJECT)[ids[4]]
    assert [row[name] for name in FIELDS.values()] == ["loyal", "emotional", "80.2500", "reward"]
    sent = [body for path, body in server.requests if path == UPDATE]
    assert {(body["triggerWorkFlow"], body["triggerApprovalFlow"]) for body in sent} == {(False, False)}

    home.customers["k4"] = ("at_risk", None, 80.25, None)
    report = home.push()
    assert (report.pending, report.written, report.fields) == (1, 1, {"level__c": 1})
    assert server.requests[-1][1]["data"]["object_data"] == {
        "dataObjectApiName": OBJECT,
        "_id": ids[4],
        "level__c": "at_risk",
    }
    assert home.push().pending == 0


def test_a_push_is_limited_in_its_calls_and_survives_faults(home: PushHome, server: Fxiaoke) -> None:
    filled(home, server, 120)
    server.calls, server.seconds = 50, 0.2
    home.pull = {**home.pull, "web": {**WEB, "requests": 45, "per_seconds": 0.25}}
    server.on_query = lambda number: {1: "busy", 2: "429", 3: "token", 4: "cut"}.get(number)
    assert home.push().written == 120
    assert {row["level__c"] for row in server.rows(OBJECT).values()} == {"loyal"}


def test_an_expired_token_is_renewed_between_two_records(
    home: PushHome, server: Fxiaoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(home, server, 5)
    edit, edited = server.edit, []

    def expiring(name: str, key: str, /, **values: Any) -> None:
        edit(name, key, **values)
        edited.append(key)
        server.tokens = dict.fromkeys(server.tokens, 0.0)

    monkeypatch.setattr(server, "edit", expiring)
    assert home.push().written == 5
    assert len(edited) == 5


def test_a_refused_record_is_named_and_the_others_go_on(
    home: PushHome, server: Fxiaoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = filled(home, server, 3)
    edit = server.edit

    def locked(name: str, key: str, /, **values: Any) -> None:
        if key == ids[1]:
            raise Refused(32000, "数据已锁定")
        edit(name, key, **values)

    with monkeypatch.context() as patch:
        patch.setattr(server, "edit", locked)
        report = home.push()
    assert (report.written, report.refused) == (2, 1)
    assert report.problems[0].record_id == ids[1]
    assert "error 32000: 数据已锁定" in report.problems[0].problem
    again = home.push()
    assert (again.pending, again.written) == (1, 1)


def test_used_up_calls_end_the_push_and_what_was_confirmed_is_not_sent_again(
    home: PushHome, server: Fxiaoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(home, server, 6)
    edit, left = server.edit, [4]

    def used_up(name: str, key: str, /, **values: Any) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise Refused(30002, "日频次超限")
        edit(name, key, **values)

    with monkeypatch.context() as patch:
        patch.setattr(server, "edit", used_up)
        with pytest.raises(PushError, match="30002") as problem:
            home.push()
    assert problem.value.message.startswith(f"fxiaoke: {OBJECT}: the push stopped after 4 of 6 records: ")
    assert "call the command again after midnight" in problem.value.hint
    assert home.push().pending == 2


def test_an_audience_is_a_text_and_the_holdout_group_is_not_in_it(home: PushHome, server: Fxiaoke) -> None:
    ids = filled(home, server, 3)
    home.entry = {**home.entry, "audiences": {"field": "audiences__c", "names": ["win_back"]}}
    home.members = [("k0", "treated", None), ("k1", "control", None)]
    planned = home.push(dry_run=True, most_shown=1_000)
    assert home.push(most_shown=1_000).changes == planned.changes
    rows = server.rows(OBJECT)
    assert [rows[one].get("audiences__c") for one in ids] == ["win_back", None, None]
    assert home.touches() == {ids[0]: "treated", ids[1]: "control"}
    home.members = []
    assert home.push().fields == {"audiences__c": 1}
    assert server.rows(OBJECT)[ids[0]].get("audiences__c") is None


def test_a_missing_option_is_an_error_before_anything_is_written(home: PushHome, server: Fxiaoke) -> None:
    filled(home, server, 1)
    home.add(server.create(OBJECT), "churned")
    with pytest.raises(ConfigError, match="the field `level__c` has no option `churned`"):
        home.push()
    assert server.count(UPDATE) == 0


def test_each_type_of_field_has_its_form(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(f"FXIAOKE_{name}", value)
    connection = Connection(FxiaokeSettings(), WebSettings(), lambda _: None)
    records = FxiaokeRecords(connection, OBJECT, (), ZoneInfo("Asia/Shanghai"))

    def encoded(kind: Kind, text: str, **more: Any) -> Any:
        return records.encoded(CrmField("f", kind, kind, **more), text)

    assert encoded(Kind.DAY, "2024-04-01") == 1_711_900_800_000
    assert encoded(Kind.TIME, "2024-04-01 00:00:00") == 1_711_929_600_000
    assert encoded(Kind.NUMBER, "80.2550", digits=2) == "80.26"
    assert encoded(Kind.BOOLEAN, "false") is False
    assert encoded(Kind.CHOICE, "忠诚", options={"忠诚": "o1"}) == "o1"
    assert encoded(Kind.CHOICES, "b;a", options={"a": "o1", "b": "o2"}) == ["o1", "o2"]
    assert encoded(Kind.TEXT, "") is None
    with pytest.raises(ValueError, match="has no option `x`"):
        encoded(Kind.CHOICE, "x", options={"a": "o1"})
    with pytest.raises(ValueError, match="has numbers, so it cannot have `loyal`"):
        encoded(Kind.NUMBER, "loyal")


def fail_always(server: Fxiaoke, monkeypatch: pytest.MonkeyPatch, failing: Sequence[str]) -> None:
    """Answer each update of these records with a system error."""
    edit = server.edit

    def edited(name: str, key: str, /, **values: Any) -> None:
        if key in failing:
            raise Refused(-1, "系统错误")
        edit(name, key, **values)

    monkeypatch.setattr(server, "edit", edited)


def test_a_record_that_always_fails_holds_back_no_other(
    home: PushHome, server: Fxiaoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = sorted(filled(home, server, 30))
    fail_always(server, monkeypatch, [ids[3], ids[20]])
    report = home.push()
    assert (report.written, report.refused) == (28, 2)


def test_a_server_that_fails_for_several_records_stops_the_push(
    home: PushHome, server: Fxiaoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = sorted(filled(home, server, 30))
    fail_always(server, monkeypatch, ids[3:])
    with pytest.raises(PushError, match="stopped after"):
        home.push()
    assert sum(row.get("level__c") == "loyal" for row in server.rows(OBJECT).values()) == 3
