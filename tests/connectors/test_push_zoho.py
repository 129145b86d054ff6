"""Pushes into Zoho CRM: only changes, nothing unknown, nothing twice, and nothing lost."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from pipelines.activation import push_touches
from pipelines.activation.push_report import Change
from pipelines.base.errors import ConfigError, PublicationError, PushError
from pipelines.cli.app import app
from pipelines.config.in_force import audience_texts
from pipelines.privacy.pushed import PushState, erase_from_pushes
from pipelines.privacy.subject import Subject
from pipelines.privacy.tombstones import add_tombstones
from tests.connectors.pushed_home import FIELDS, KEY, PushHome
from tests.connectors.pushed_zoho import filled, pushing_into, zoho_with_fields
from tests.vendors.server import Reply
from tests.vendors.zoho import Fault, Zoho


@pytest.fixture
def server() -> Zoho:
    return zoho_with_fields()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: Zoho) -> Iterator[PushHome]:
    with pushing_into(server, tmp_path, monkeypatch) as home:
        yield home


def updates(server: Zoho) -> int:
    return sum(line.startswith("PUT") for line in server.sent)


def levels(server: Zoho) -> dict[str, Any]:
    return {one: row["Loyalty_Level"] for one, row in server.contents("Contacts").items()}


def with_audience(home: PushHome) -> None:
    home.entry = {**home.entry, "audiences": {"field": "Loyalty_Audiences", "names": ["win_back"]}}


def test_a_push_writes_every_value_and_the_next_one_only_changes(home: PushHome, server: Zoho) -> None:
    ids = filled(home, server, 250)
    first = home.push()
    assert (first.written, first.fields) == (250, dict.fromkeys(FIELDS.values(), 250))
    row = server.contents("Contacts")[ids[7]]
    assert [row[name] for name in FIELDS.values()] == ["loyal", "emotional", 80.25, "reward"]
    assert updates(server) == 3
    assert server.triggers == [[], [], []]

    home.customers["k7"] = ("at_risk", "emotional", 80.25, "reward")
    sent = len(server.sent)
    second = home.push()
    assert (second.pending, second.written, second.fields) == (1, 1, {"Loyalty_Level": 1})
    assert levels(server)[ids[7]] == "at_risk"
    third = home.push()
    assert (third.pending, third.written) == (0, 0)
    assert sum(line.startswith("PUT") for line in server.sent[sent:]) == 1


def test_an_unknown_value_overwrites_nothing(home: PushHome, server: Zoho) -> None:
    (one,) = filled(home, server, 1)
    home.push()
    home.customers["k0"] = (None, "cognitive", None, None)
    assert home.push().fields == {"Loyalty_Class": 1}
    row = server.contents("Contacts")[one]
    assert [row[name] for name in FIELDS.values()] == ["loyal", "cognitive", 80.25, "reward"]


def test_a_value_that_the_crm_has_already_is_not_written(home: PushHome, server: Zoho) -> None:
    ids = filled(home, server, 2)
    server.put("Contacts", ids[0], Loyalty_Level="loyal", Loyalty_Class="emotional")
    server.put("Contacts", ids[0], Loyalty_Score=80.25, Next_Action="reward")
    report = home.push()
    assert (report.written, report.same) == (1, 1)


def test_full_repairs_what_was_changed_in_the_crm(home: PushHome, server: Zoho) -> None:
    ids = filled(home, server, 3)
    home.push()
    server.put("Contacts", ids[1], Loyalty_Level="new")
    assert home.push().pending == 0
    report = home.push(is_full=True)
    assert (report.pending, report.written, report.same) == (3, 1, 2)
    assert report.changes == [Change(ids[1], "Loyalty_Level", "new", "loyal")]


def test_a_dry_run_shows_what_the_push_then_writes_and_writes_nothing(home: PushHome, server: Zoho) -> None:
    ids = filled(home, server, 130)
    server.put("Contacts", ids[3], Loyalty_Level="churned")
    before = server.contents("Contacts")
    planned = home.push(dry_run=True, most_shown=10_000)
    assert server.contents("Contacts") == before
    assert not (home.folder / "home/state/push").exists()
    assert Change(ids[3], "Loyalty_Level", "churned", "loyal") in planned.changes
    done = home.push(most_shown=10_000)
    assert (planned.changes, planned.fields, planned.written) == (done.changes, done.fields, done.written)
    assert planned.written == 130


@pytest.mark.parametrize("batches", [0, 2])
def test_a_push_that_is_killed_goes_on_where_it_stopped(
    home: PushHome, server: Zoho, monkeypatch: pytest.MonkeyPatch, batches: int
) -> None:
    filled(home, server, 250)
    left = [batches]

    def add(self: PushState, records: Any) -> None:
        # killed after the server has written, before it is kept
        if not left[0]:
            raise KeyboardInterrupt
        left[0] -= 1
        kept(self, records)

    kept = PushState.add
    with monkeypatch.context() as patch:
        patch.setattr(PushState, "add", add)
        with pytest.raises(KeyboardInterrupt):
            home.push()
    report = home.push()
    # what was not kept is compared again, and not written again
    assert report.pending == 250 - 100 * batches
    assert report.same == min(100, report.pending)
    assert set(levels(server).values()) == {"loyal"}
    assert home.push().pending == 0


def test_a_line_that_a_kill_has_cut_off_is_pushed_again(home: PushHome, tmp_path: Path) -> None:
    with PushState(tmp_path / "zoho", "Contacts") as state:
        state.add([("1", {"Level": "a"}), ("2", {"Level": "b"})])
    journal = tmp_path / "zoho/Contacts.jsonl"
    journal.write_bytes(journal.read_bytes()[:-5])
    with PushState(tmp_path / "zoho", "Contacts") as state:
        assert state.read()["record_id"].to_pylist() == ["1"]
        state.add([("3", {"Level": "c"})])
        state.merge()
        assert state.read()["record_id"].to_pylist() == ["1", "3"]
    assert [path.name for path in (tmp_path / "zoho").iterdir()] == ["Contacts.parquet"]
    assert (tmp_path / "zoho/Contacts.parquet").stat().st_mode & 0o777 == 0o600


def test_busy_and_failing_servers_dropped_answers_and_expired_tokens_lose_nothing(home: PushHome, server: Zoho) -> None:
    filled(home, server, 250)
    server.token_requests = 3
    server.faults = [
        Fault("PUT", Reply(429, {"code": "TOO_MANY_REQUESTS"}), times=2),
        Fault("PUT", Reply(500), skip=1),
        Fault("PUT", Reply(0), skip=2),
    ]
    assert home.push().written == 250
    assert set(levels(server).values()) == {"loyal"}
    assert len(server.tokens) > 1


def test_a_server_that_stays_busy_ends_the_push_and_the_next_one_continues(home: PushHome, server: Zoho) -> None:
    filled(home, server, 250)
    server.faults = [Fault("PUT", Reply(429), skip=1, times=1_000)]
    with pytest.raises(PushError, match="429") as problem:
        home.push()
    assert problem.value.message.startswith("zoho: Contacts: the push stopped after 100 of 250 records: ")
    assert "call the command again" in problem.value.hint
    server.faults = []
    assert home.push().pending == 150


def test_refused_records_are_named_and_the_others_go_on(home: PushHome, server: Zoho) -> None:
    ids = filled(home, server, 3)
    # deleted between the reading and the writing
    server.faults = [Fault("PUT", change=lambda: server.delete("Contacts", ids[1]))]
    report = home.push()
    assert (report.written, report.refused) == (2, 1)
    (refused,) = report.problems
    assert refused.record_id == ids[1]
    assert refused.problem == "INVALID_DATA (the id given seems to be invalid) in id"
    # the next push knows that it is no longer there
    again = home.push()
    assert (again.pending, again.absent, again.refused) == (1, 1, 0)
    assert home.push().pending == 0


def test_all_records_of_a_request_may_be_refused(home: PushHome, server: Zoho) -> None:
    ids = filled(home, server, 2)
    server.faults = [Fault("PUT", change=lambda: [server.delete("Contacts", one) for one in ids] and None)]
    assert home.push().refused == 2


def test_a_push_stops_if_everything_is_refused(home: PushHome, server: Zoho) -> None:
    filled(home, server, 450)
    body = {"data": [{"code": "INVALID_DATA", "message": "no", "details": {}, "status": "error"}] * 100}
    server.faults = [Fault("PUT", Reply(400, body), times=100)]
    with pytest.raises(PushError, match="200 records were refused one after another"):
        home.push()
    assert updates(server) == 2


def test_records_of_other_objects_and_references_that_are_no_ids_are_left_alone(home: PushHome, server: Zoho) -> None:
    (one,) = filled(home, server, 1)
    (account,) = server.modules["Accounts"].fill(1)
    home.add(account, "loyal")
    home.add("shop-1", "loyal")
    home.refs.append(("shop", one, "k9"))
    report = home.push()
    assert (report.references, report.written, report.absent) == (2, 1, 1)
    # it is not asked for again
    assert home.push().pending == 0


def test_customers_without_a_record_and_records_without_a_customer_are_no_error(home: PushHome, server: Zoho) -> None:
    ids = filled(home, server, 2)
    del home.customers["k1"]
    assert home.push().written == 1
    assert levels(server) == {ids[0]: "loyal", ids[1]: None}


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"level": "Loyalty_Levels"}, "Contacts has no field `Loyalty_Levels`; did you mean `Loyalty_Level`"),
        (
            {"level": "Loyalty_Score"},
            r"zoho: Contacts: the field `Loyalty_Score` \(double\) cannot hold the column `level`",
        ),
        ({"level": "Account_Name"}, "zoho: Contacts: the field `Account_Name` cannot be written: its type is lookup"),
        (
            {"next_action": "Loyalty_Level"},
            "zoho: Contacts: the field `Loyalty_Level` has no option `reward`; 2 records need it",
        ),
    ],
)
def test_a_field_that_cannot_have_the_values_is_an_error_before_anything_is_written(
    home: PushHome, server: Zoho, fields: dict[str, str], words: str
) -> None:
    filled(home, server, 2)
    home.entry = {**home.entry, "fields": {"loyalty_class": "Loyalty_Class", **fields}}
    with pytest.raises(ConfigError, match=words):
        home.push()
    assert updates(server) == 0


def test_a_missing_scope_says_which_one(home: PushHome, server: Zoho) -> None:
    filled(home, server, 1)
    server.faults = [Fault("PUT", Reply(401, {"code": "OAUTH_SCOPE_MISMATCH", "status": "error"}))]
    with pytest.raises(PushError) as problem:
        home.push()
    assert "ZohoCRM.modules.contacts.UPDATE" in problem.value.hint


def test_an_audience_marks_members_to_contact_and_nobody_else(home: PushHome, server: Zoho) -> None:
    ids = filled(home, server, 5)
    with_audience(home)
    home.members = [("k0", "treated", None), ("k1", "control", None), ("k2", "treated", "open_complaint")]
    report = home.push()
    marks = {one: row["Loyalty_Audiences"] for one, row in server.contents("Contacts").items()}
    assert {one for one, names in marks.items() if names} == {ids[0]}
    assert marks[ids[0]] == ["win_back"]
    assert home.touches() == {ids[0]: "treated", ids[1]: "control"}
    assert report.touches == {"win_back": {"treated": 1, "control": 1}}
    # the same day again: the same touches
    assert home.push(is_full=True).touches == {"win_back": {"treated": 0, "control": 0}}
    assert home.touches() == {ids[0]: "treated", ids[1]: "control"}


def test_touches_are_written_once_and_a_member_who_left_is_no_longer_marked(home: PushHome, server: Zoho) -> None:
    ids = filled(home, server, 3)
    with_audience(home)
    home.members = [("k0", "treated", None), ("k1", "control", None), ("k2", "treated", None)]
    home.push()
    home.day = "2024-04-01"
    # the touch of the day before is the reason why k0 was contacted recently: the mark stays
    home.members = [("k0", "treated", "recently_contacted"), ("k1", "control", None)]
    report = home.push()
    assert home.touches() == {}
    assert report.fields == {"Loyalty_Audiences": 1}
    contents = server.contents("Contacts")
    assert [contents[one]["Loyalty_Audiences"] for one in ids] == [["win_back"], None, []]


def test_a_member_whose_record_was_refused_or_is_missing_gets_no_touch(home: PushHome, server: Zoho) -> None:
    ids = filled(home, server, 4)
    with_audience(home)
    home.members = [(f"k{n}", "treated" if n < 2 else "control", None) for n in range(4)]
    server.delete("Contacts", ids[3])
    server.faults = [Fault("PUT", change=lambda: server.delete("Contacts", ids[1]))]
    home.push()
    assert home.touches() == {ids[0]: "treated", ids[2]: "control"}


def test_touches_follow_also_if_the_push_stops_or_is_killed(
    home: PushHome, server: Zoho, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = filled(home, server, 150)
    with_audience(home)
    home.members = [(f"k{n}", "treated", None) for n in range(150)]
    server.faults = [Fault("PUT", Reply(500), skip=1, times=1_000)]
    with pytest.raises(PushError):
        home.push()
    assert set(home.touches()) == set(ids[:100])
    server.faults = []
    with monkeypatch.context() as patch:
        patch.setattr(push_touches, "write_touches", _killed)
        with pytest.raises(KeyboardInterrupt):
            home.push()
    assert home.push().written == 0
    assert set(home.touches()) == set(ids)


def _killed(*_: object) -> None:
    raise KeyboardInterrupt


def test_an_audience_that_was_changed_after_the_run_is_refused(
    home: PushHome, server: Zoho, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(home, server, 1)
    with_audience(home)
    texts = "tests.connectors.pushed_home.audience_texts"
    monkeypatch.setattr(texts, lambda one: {**audience_texts(one), "where": "true"})
    with pytest.raises(PublicationError, match="was changed after the version was built"):
        home.push()
    assert updates(server) == 0


def test_a_person_who_is_erased_is_removed_from_what_was_pushed(home: PushHome, server: Zoho) -> None:
    ids = filled(home, server, 3)
    home.push()
    folder = home.settings().paths.pushes
    found: list[tuple[str, str, int]] = []
    for refs in ({("zoho", ids[1]), ("shop", ids[2])}, {("zoho", ids[1])}):
        erase_from_pushes(folder, refs, lambda *one: found.append(one))
    assert found == [("zoho", "Contacts", 1)]
    with PushState(folder / "zoho", "Contacts") as state:
        assert set(state.read()["record_id"].to_pylist()) == {ids[0], ids[2]}
    assert ids[1].encode() not in b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def test_a_person_with_a_tombstone_is_never_pushed(home: PushHome, server: Zoho) -> None:
    ids = filled(home, server, 2)
    subject = Subject(refs=frozenset({("zoho", ids[0])}))
    erasures = home.settings().paths.erasures
    erasures.mkdir(parents=True)
    add_tombstones(erasures, KEY.encode(), subject, "erasure-1")
    report = home.push()
    assert (report.written, report.erased) == (1, 1)
    assert levels(server) == {ids[0]: None, ids[1]: "loyal"}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"fields": {"levle": "A"}}, "has the column `levle`; did you mean `level`?"),
        ({"fields": {"level": "A", "next_action": "A"}}, "writes two columns into one field"),
        ({"audiences": {"field": "Next_Action", "names": ["win_back"]}}, "would receive a column and the audiences"),
        ({"source": "shop"}, "no pulled source is named `shop`"),
        ({"audiences": {"field": "Loyalty_Audiences", "names": ["vips"]}}, "has no audience 'vips'"),
    ],
)
def test_a_wrong_entry_is_an_error(home: PushHome, server: Zoho, change: dict[str, Any], words: str) -> None:
    filled(home, server, 1)
    home.entry = {**home.entry, **change}
    with pytest.raises(ConfigError) as problem:
        home.push()
    assert words in problem.value.message


def test_the_command_shows_the_changes_and_ends_with_an_error_if_a_record_is_refused(
    home: PushHome, server: Zoho
) -> None:
    ids = filled(home, server, 2)
    home.push(dry_run=True)  # the version and the build are those of this push
    config = ["--config", str(home.folder / "loyalty.yml")]
    planned = CliRunner().invoke(app, ["push", "zoho", "--dry-run", "--show", "1", *config])
    assert planned.exit_code == 0, planned.output
    assert f"Contacts {ids[0]}: Loyalty_Class: (empty) -> emotional" in planned.output
    assert "Loyalty_Score would change in 2 records" in planned.output
    assert ids[1] not in planned.output
    server.faults = [Fault("PUT", change=lambda: server.delete("Contacts", ids[1]))]
    done = CliRunner().invoke(app, ["push", *config])
    assert done.exit_code == 12
    assert "zoho: Contacts: the CRM refused 1 of 2 records" in done.output
    assert f"Contacts {ids[1]}: INVALID_DATA" in done.output
