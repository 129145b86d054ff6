"""Pulls from an account of Typeform: after each fault, the files have what the account has, and they land."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from pipelines.base.errors import ConfigError, PullError
from pipelines.config.pulls import PullSettings
from pipelines.connectors.typeform import connect
from tests.connectors.pulled_shop import PulledShop, at
from tests.vendors.server import Reply
from tests.vendors.typeform import TOKEN, Record, Typeform, fill, serving_typeform


@pytest.fixture
def account() -> Iterator[Typeform]:
    with serving_typeform(fill(Typeform(), 250)) as account:
        yield account


@pytest.fixture
def source(tmp_path: Path, account: Typeform, monkeypatch: pytest.MonkeyPatch) -> PulledShop:
    monkeypatch.setenv("TYPEFORM_TOKEN", TOKEN)
    return PulledShop(tmp_path, "typeform", url=account.url, page_size=100)


def pulled(source: PulledShop, form: str = "Fx1") -> dict[str, Record]:
    records = source.records(f"responses_{form}")
    assert {record.pop("form_id") for record in records} <= {form}
    return {record["token"]: record for record in records}


@pytest.mark.parametrize("fault", ["204", "429", "500", "502", "slow", "drop", "cut", "repeat"])
def test_after_a_fault_in_mid_read_the_files_have_what_the_account_has(
    source: PulledShop, account: Typeform, fault: str
) -> None:
    account.on_request = at({2: fault, 3: fault})
    assert not source.pull().words
    assert pulled(source) == account.forms["Fx1"]
    assert len(source.records("responses_Fx1")) == 250


def test_2001_responses_are_read_and_the_overlap_writes_nothing_again(source: PulledShop, account: Typeform) -> None:
    fill(account, 2001)
    assert source.pull(page_size=1000).records == 2001
    assert pulled(source) == account.forms["Fx1"]
    account.now += timedelta(hours=1)
    assert source.pull(page_size=1000).records == 0


def test_the_last_responses_are_read_again_and_land_once(source: PulledShop, account: Typeform) -> None:
    source.pull()
    account.now += timedelta(hours=3)
    account.respond("Fx1", "new", 10)
    source.pull()
    assert pulled(source) == account.forms["Fx1"]
    assert len(source.records("responses_Fx1")) > 251, "the overlap comes again"
    desk = source.land("extends: typeform\n")
    columns = "count(distinct (response_id, question_id)), count(distinct response_id)"
    assert desk.rows("survey_answers", columns, "1") == [(251, 251)]


def test_responses_that_the_api_shows_late_are_read_by_the_overlap(source: PulledShop, account: Typeform) -> None:
    account.delay = timedelta(minutes=30)
    account.respond("Fx1", "late", 9)
    source.pull()
    assert "late" not in pulled(source)
    account.now += timedelta(hours=2)
    account.respond("Fx1", "later", 9)
    account.now += timedelta(hours=1)
    source.pull()
    assert pulled(source) == account.forms["Fx1"]


def test_responses_that_arrive_or_go_while_pages_are_read(source: PulledShop, account: Typeform) -> None:
    def change() -> None:
        account.now += timedelta(minutes=1)
        account.respond("Fx1", "new", 1)
        del account.forms["Fx1"]["t00000"]

    account.on_request = at({2: change})
    source.pull()
    account.on_request = at({})
    account.now += timedelta(days=1)
    source.pull()
    found = pulled(source)
    found.pop("t00000")  # was read before it was deleted
    assert found == account.forms["Fx1"]


def in_order(account: Typeform) -> list[str]:
    """The tokens in the order of the pages."""
    records = account.forms["Fx1"].values()
    return [one["token"] for one in sorted(records, key=lambda one: (one["submitted_at"], one["token"]), reverse=True)]


def delete(account: Typeform, *tokens: str) -> Callable[[], None]:
    def now() -> None:
        for token in tokens:
            del account.forms["Fx1"][token]

    return now


@pytest.mark.parametrize("refuses_unknown", [False, True], ids=["empty page", "refused"])
@pytest.mark.parametrize(("page_size", "deleted"), [(100, 1), (100, 7), (5, 7), (1, 2)])
def test_the_response_before_the_next_page_may_be_deleted_meanwhile(
    source: PulledShop, account: Typeform, deleted: int, page_size: int, refuses_unknown: bool
) -> None:
    account.refuses_unknown = refuses_unknown
    gone = in_order(account)[100 - deleted : 100]
    account.on_request = at({100 // page_size + 1: delete(account, *gone)})
    assert not source.pull(page_size=page_size).words
    found = pulled(source)
    assert {token: one for token, one in found.items() if token not in gone} == account.forms["Fx1"]
    assert len(source.records("responses_Fx1")) == 250, "the deleted ones were read before, and none comes twice"


def test_the_last_response_may_be_deleted_while_the_end_is_looked_for(source: PulledShop, account: Typeform) -> None:
    account.on_request = at({4: delete(account, *in_order(account)[-2:])})
    assert not source.pull().words
    assert len(source.records("responses_Fx1")) == 250
    account.forms["Fx1"] = {}
    account.respond("Fx1", "only", 9)
    account.number = 0
    account.on_request = at({2: delete(account, "only")})
    account.now += timedelta(days=1)
    assert not source.pull().words
    assert "only" in pulled(source)


def test_a_pull_whose_last_responses_are_all_deleted_fails_and_the_next_one_reads_all(
    source: PulledShop, account: Typeform
) -> None:
    account.on_request = at({2: delete(account, *in_order(account)[70:100])})
    (failed,) = source.pull().failed
    assert "do not exist any more" in failed.problem
    assert failed.is_temporary
    assert not source.records("responses_Fx1")
    assert not source.pull().words
    assert account.forms["Fx1"].items() <= pulled(source).items()


def test_a_stopped_pull_continues_although_its_last_response_was_deleted(source: PulledShop, account: Typeform) -> None:
    account.on_request = lambda number: "500" if number > 1 else None
    assert source.pull().failed
    account.on_request = at({})
    delete(account, *in_order(account)[98:100])()
    report = source.pull()
    assert not report.words
    assert report.objects[0].resumed_pages == 1
    assert account.forms["Fx1"].items() <= pulled(source).items()
    assert len(source.records("responses_Fx1")) == 250


def test_responses_that_arrive_while_the_end_is_looked_for_are_read_once(source: PulledShop, account: Typeform) -> None:
    account.forms["Fx1"] = {}
    account.respond("Fx1", "first", 9)

    def arrive() -> None:
        for number in range(150):
            account.now += timedelta(seconds=1)
            account.respond("Fx1", f"new{number}", 9)

    account.on_request = at({3: arrive})
    assert not source.pull().words
    assert pulled(source) == account.forms["Fx1"]
    assert len(source.records("responses_Fx1")) == 151


def test_a_clock_that_was_wrong_loses_nothing(source: PulledShop, account: Typeform) -> None:
    source.pull()
    for days, token in ((365, "ahead"), (-364, "now")):
        account.now += timedelta(days=days)
        account.respond("Fx1", token, 5)
        source.pull()
    assert pulled(source) == account.forms["Fx1"]


def test_all_forms_are_pulled_and_a_missing_one_holds_none_back(source: PulledShop, account: Typeform) -> None:
    account.respond("Fx2", "other", 3)
    account.forms["Empty"] = {}
    source.pull()
    assert pulled(source, "Fx2") == account.forms["Fx2"]
    assert not list(source.inbox.glob("responses_Empty*"))
    (failed,) = source.pull(forms=("Gone", "Fx1"), full_read_days=1).failed
    assert "answered 404: FORM_NOT_FOUND" in failed.problem
    assert pulled(source) == account.forms["Fx1"]


def test_more_than_200_forms_are_found(source: PulledShop, account: Typeform) -> None:
    account.forms |= {f"F{number}": {} for number in range(420)}
    settings = PullSettings.model_validate({"typeform": {"url": account.url}, "web": {"requests": 1000}})
    connector = connect(settings, lambda _: None)
    assert [one.name for one in connector.objects()] == list(account.forms)
    connector.close()


def test_partial_responses_are_pulled_by_their_own_time_if_they_are_declared(
    source: PulledShop, account: Typeform
) -> None:
    account.respond("Fx1", "half", 2, response_type="partial", submitted_at="0001-01-01T00:00:00Z")
    source.pull(types=("completed", "partial"))
    assert pulled(source) == account.forms["Fx1"]
    account.has_partial = False
    report = source.pull(types=("completed", "partial"))
    assert ["partial responses cannot be read" in words for words in report.words] == [True]


def test_a_token_that_is_revoked_in_mid_read_is_named_and_a_new_one_continues(
    source: PulledShop, account: Typeform, monkeypatch: pytest.MonkeyPatch
) -> None:
    account.on_request = at({2: "401"})
    (failed,) = source.pull().failed
    assert "check TYPEFORM_TOKEN" in failed.hint
    assert TOKEN not in f"{failed.problem}{failed.hint}"
    assert not source.records("responses_Fx1")
    report = source.pull()
    assert report.objects[0].resumed_pages == 1
    assert pulled(source) == account.forms["Fx1"]
    monkeypatch.setenv("TYPEFORM_TOKEN", "other")
    with pytest.raises(PullError, match="answered 403: AUTHENTICATION_FAILED"):
        source.pull()
    monkeypatch.delenv("TYPEFORM_TOKEN")
    with pytest.raises(ConfigError, match="not set in the environment: TYPEFORM_TOKEN"):
        source.pull()


def test_a_server_that_repeats_a_page_for_ever_is_named(source: PulledShop, account: Typeform) -> None:
    account.on_request = lambda number: "repeat" if number > 1 else None
    (failed,) = source.pull().failed
    assert "repeats a page of the form Fx1" in failed.problem


def test_a_response_lands_with_the_person_and_a_hidden_field(source: PulledShop, account: Typeform) -> None:
    account.forms = {}
    account.respond("Fx1", "a1", 9, hidden={"email": "ada@example.com", "order": "A1"})
    source.pull()
    own = '{survey_answers: {columns: {order_id: hidden."order"}}}'
    desk = source.land(f"extends: typeform\nfiles:\n  responses_lines:\n    entities: {own}\n")
    columns = "response_id, question_id, construct, answer_number, scale_max, email, order_id, answered_at"
    assert desk.rows("survey_answers", columns) == [
        ("a1", "recommend", "nps", "9", "10", "ada@example.com", "A1", "2024-05-01 12:00:00")
    ]


def test_the_words_of_a_refusal_are_shown_without_the_token_and_addresses(
    source: PulledShop, account: Typeform, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = f"{TOKEN} of ada@example.com may not do this"
    monkeypatch.setattr(Typeform, "_listed", lambda *_: Reply(400, {"code": "X", "description": said}))
    with pytest.raises(PullError) as caught:
        source.pull()
    assert "(secret) of (e-mail address) may not do this" in caught.value.message
    assert not any(word in caught.value.message for word in (TOKEN, "ada@"))
