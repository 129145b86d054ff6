"""Errors of `loyalty push` as its users see them: the source, the object, how far it came, and what to do now."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from pipelines.base.errors import PushError
from pipelines.cli.app import app
from tests.connectors.pulled_fxiaoke import CREDENTIALS
from tests.connectors.pushed_home import PushHome
from tests.connectors.pushed_zoho import filled, pushing_into, zoho_with_fields
from tests.vendors.fxiaoke import Fxiaoke, serving_fxiaoke
from tests.vendors.fxiaoke_store import Refused
from tests.vendors.server import Reply
from tests.vendors.zoho import Fault, Zoho

OBJECT = "AccountObj"
FIELDS = "/settings/fields"


@pytest.fixture
def server() -> Zoho:
    return zoho_with_fields()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: Zoho) -> Iterator[PushHome]:
    with pushing_into(server, tmp_path, monkeypatch) as home:
        yield home


@pytest.fixture
def fxiaoke() -> Fxiaoke:
    server = Fxiaoke(token_s=7200)
    server.objects[OBJECT].types |= {"level__c": "text"}
    return server


@pytest.fixture
def fxiaoke_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fxiaoke: Fxiaoke) -> Iterator[PushHome]:
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(f"FXIAOKE_{name}", value)
    with serving_fxiaoke(fxiaoke):
        entry: dict[str, Any] = {"source": "fxiaoke", "object": OBJECT, "fields": {"level": "level__c"}}
        home = PushHome(tmp_path, monkeypatch, "fxiaoke", entry, {"fxiaoke": {"url": fxiaoke.url}})
        home.add(fxiaoke.create(OBJECT, name="a"), "loyal")
        yield home


def command(home: PushHome, *arguments: str) -> Result:
    """What the command does."""
    home.prepare()
    return CliRunner().invoke(app, ["push", *arguments, "--config", str(home.folder / "loyalty.yml")])


def words(done: Result) -> str:
    """Its output in one line."""
    return " ".join(done.output.split())


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        pytest.param(Fault("PUT", Reply(429), skip=1, times=99), "call the command again later", id="busy"),
        pytest.param(Fault("PUT", Reply(0), skip=1, times=99), "call the command again later", id="no answer"),
        pytest.param(
            Fault("PUT", Reply(401, {"code": "INVALID_TOKEN"}), skip=1, times=99), "create new credentials", id="token"
        ),
        pytest.param(
            Fault("PUT", Reply(401, {"code": "OAUTH_SCOPE_MISMATCH", "status": "error"}), skip=1, times=9),
            "ZohoCRM.modules.contacts.UPDATE",
            id="scope",
        ),
        pytest.param(
            Fault("PUT", Reply(403, {"code": "NO_PERMISSION", "status": "error"}), skip=1, times=9),
            "allow the profile of the user to see and edit records of Contacts",
            id="permission",
        ),
        pytest.param(
            Fault("PUT", Reply(400, {"code": "LIMIT_EXCEEDED", "status": "error"}), skip=1, times=9),
            "docs/push.md lists the errors of a push",
            id="another code",
        ),
        pytest.param(Fault("PUT", Reply(200, b"<html>"), skip=1, times=9), "address of the server", id="no JSON"),
        pytest.param(Fault("PUT", Reply(200, [1]), skip=1, times=9), "pull.zoho.api_url", id="no object"),
        pytest.param(Fault("PUT", Reply(200, {"data": []}), skip=1, times=9), "call the command again", id="too few"),
        pytest.param(
            Fault("PUT", Reply(200, {"data": [7] * 20}), skip=1, times=9), "unknown shape (AttributeError)", id="shape"
        ),
        pytest.param(
            Fault("PUT", Reply(302, headers={"Location": "https://example.org"}), skip=1, times=9),
            "redirects are not followed",
            id="redirect",
        ),
    ],
)
def test_each_error_names_source_object_and_progress_and_does_not_speak_of_a_pull(
    home: PushHome, server: Zoho, fault: Fault, says: str
) -> None:
    filled(home, server, 120)
    server.faults = [fault]
    done = command(home)
    assert done.exit_code == 12, done.output
    assert "zoho: Contacts: the push stopped after 100 of 120 records: " in words(done)
    assert says in words(done)
    assert "loyalty pull" not in words(done)
    assert "next pull" not in words(done)
    server.faults = []
    assert home.push().written == 20


def test_a_module_that_does_not_exist_is_an_error_of_the_push(home: PushHome, server: Zoho) -> None:
    filled(home, server, 1)
    server.faults = [Fault(FIELDS, Reply(400, {"code": "INVALID_MODULE", "status": "error"}), times=9)]
    done = command(home)
    assert done.exit_code == 12
    assert "zoho: Contacts could not be pushed: " in words(done)
    assert "correct `object` in `push`" in words(done)


def test_a_module_of_the_company_needs_the_scope_of_custom_modules(home: PushHome, server: Zoho) -> None:
    filled(home, server, 1)
    home.entry = {**home.entry, "object": "Members"}
    server.faults = [Fault(FIELDS, Reply(401, {"code": "OAUTH_SCOPE_MISMATCH", "status": "error"}), times=9)]
    assert "ZohoCRM.modules.custom.UPDATE" in words(command(home))


def test_a_read_only_field_is_an_error_before_anything_is_written(home: PushHome, server: Zoho) -> None:
    filled(home, server, 1)
    server.modules["Contacts"].read_only = {"Loyalty_Class"}
    done = command(home)
    assert done.exit_code == 2
    assert "zoho: Contacts: the field `Loyalty_Class` cannot be written: its type is text, read-only" in words(done)
    assert not any(line.startswith("PUT") for line in server.sent)


def test_answers_in_another_order_confirm_nothing(home: PushHome, server: Zoho) -> None:
    ids = filled(home, server, 2)
    answers = [{"code": "SUCCESS", "details": {"id": one}} for one in reversed(ids)]
    server.faults = [Fault("PUT", Reply(200, {"data": answers}))]
    with pytest.raises(PushError, match="not in the order"):
        home.push()
    assert home.push().written == 2


def test_both_records_of_one_customer_are_written(home: PushHome, server: Zoho) -> None:
    ids = filled(home, server, 2)
    home.refs = [(source, record, "k0") for source, record, _ in home.refs]
    del home.customers["k1"]
    home.customers["nobody"] = ("new", "x", 1.0, "y")  # has no reference in this CRM
    report = home.push()
    assert (report.references, report.written, report.absent) == (2, 2, 0)
    assert [server.contents("Contacts")[one]["Loyalty_Level"] for one in ids] == ["loyal", "loyal"]


def test_a_killed_process_is_continued_and_no_value_is_written_twice(home: PushHome, server: Zoho) -> None:
    ids = filled(home, server, 250)
    # killed when the server has written the second batch, and before it answers
    server.faults = [Fault("PUT", skip=1, seconds=5)]
    child = os.fork()
    if not child:
        try:
            home.push()
        finally:
            os._exit(1)
    deadline = time.monotonic() + 60
    while server.contents("Contacts")[ids[150]]["Loyalty_Level"] is None and time.monotonic() < deadline:
        time.sleep(0.01)
    os.kill(child, signal.SIGKILL)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    server.faults = []
    report = home.push()
    assert (report.pending, report.same, report.written) == (150, 100, 50)
    assert home.push(is_full=True).written == 0


def test_the_table_says_what_a_dry_run_would_do_and_what_a_push_did(home: PushHome, server: Zoho) -> None:
    ids = filled(home, server, 3)
    server.delete("Contacts", ids[2])
    planned = command(home, "--dry-run").output.splitlines()
    assert planned[0].split("  ") == [
        "source",
        "object",
        "",
        "compared",
        "would write",
        "up to date",
        "not found",
        "refused",
    ]
    assert planned[1].split() == ["zoho", "Contacts", "3", "2", "0", "1", "0"]
    done = command(home).output
    assert done.splitlines()[0].split("  ")[4] == "written"
    assert "1 reference has no record in this object: it was deleted, or belongs to another object" in done
    assert "Contacts: nothing has changed since the last push" in command(home).output


@pytest.mark.parametrize(
    ("code", "says"),
    [
        (30002, "call the command again after midnight"),
        (20021, f"the right to see and edit {OBJECT}"),
        (10006, "check FXIAOKE_APP_ID"),
        (30003, "they are bought from the vendor"),
    ],
)
def test_errors_of_fxiaoke_say_what_to_do_for_a_push(
    fxiaoke_home: PushHome, fxiaoke: Fxiaoke, monkeypatch: pytest.MonkeyPatch, code: int, says: str
) -> None:
    def refused(*_: object, **__: object) -> None:
        raise Refused(code, "拒绝")

    monkeypatch.setattr(fxiaoke, "edit", refused)
    done = command(fxiaoke_home)
    assert done.exit_code == 12, done.output
    assert f"fxiaoke: {OBJECT}: the push stopped after 0 of 1 records: " in words(done)
    assert says in words(done)
    assert "pull" not in words(done)


def test_an_object_that_fxiaoke_does_not_have_is_an_error_of_the_push(
    fxiaoke_home: PushHome, fxiaoke: Fxiaoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(*_: object) -> None:
        raise Refused(11020, "对象不存在")

    monkeypatch.setattr(fxiaoke, "_describe", unknown)
    done = command(fxiaoke_home)
    assert done.exit_code == 12, done.output
    assert f"fxiaoke: {OBJECT} could not be pushed: " in words(done)
    assert "correct `object` in `push`" in words(done)


def test_a_read_only_field_of_fxiaoke_is_an_error_before_anything_is_written(
    fxiaoke_home: PushHome, fxiaoke: Fxiaoke
) -> None:
    fxiaoke.objects[OBJECT].read_only = {"level__c"}
    done = command(fxiaoke_home)
    assert done.exit_code == 2
    assert f"fxiaoke: {OBJECT}: the field `level__c` cannot be written: its type is text, read-only" in words(done)


def test_lines_of_a_list_that_name_no_customer_are_a_warning(home: PushHome, server: Zoho) -> None:
    filled(home, server, 3)
    home.entry = {**home.entry, "audiences": {"field": "Loyalty_Audiences", "names": ["win_back"]}}
    home.audience["suppress_files"] = ["never.txt"]
    home.members = [("k0", "treated", None), ("k1", "treated", None)]
    (home.folder / "never.txt").write_text("k1\nnobody@example.org\nsomeone else\n")
    warning = "the audience win_back: 2 lines of suppress_files name no customer, so nobody was left out for them."
    planned = command(home, "--dry-run")
    assert (planned.exit_code, warning in words(planned)) == (0, True)
    done = command(home)
    assert (done.exit_code, warning in words(done)) == (0, True)
    marked = [row["Loyalty_Audiences"] for row in server.contents("Contacts").values()]
    assert sum(bool(names) for names in marked) == 1
    (home.folder / "never.txt").write_text("k1\n")
    assert "suppress_files" not in words(command(home))
