"""Pulls from a server of Fxiaoke that refuses: what a message says, and what is pulled all the same."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines.base.errors import ConfigError, PullError
from tests.connectors.pulled_fxiaoke import PulledFxiaoke, pulling_fxiaoke
from tests.vendors.fxiaoke import APP_SECRET, Fxiaoke
from tests.vendors.fxiaoke_shop import VISIT, fill


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PulledFxiaoke]:
    with pulling_fxiaoke(tmp_path, fill(Fxiaoke(), 350), monkeypatch) as shop:
        yield shop


def test_an_object_without_the_field_of_void_records_is_pulled_with_a_warning(shop: PulledFxiaoke) -> None:
    report = shop.pull(void=("deleted_flag__c=1",))
    assert shop.is_equal()
    assert len(report.words) == 1
    assert "AccountObj: records with deleted_flag__c=1 cannot be read" in report.words[0]


def test_too_many_calls_are_made_again_later_and_named_if_it_lasts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = fill(Fxiaoke(calls=5, seconds=0.2), 350)
    waits = {"wait_seconds": 0.05, "longest_wait_seconds": 0.2, "attempts": 10}
    with pulling_fxiaoke(tmp_path, server, monkeypatch, web=waits) as shop:
        shop.pull()
        assert shop.is_equal()
        server.calls = 0
        (failed,) = shop.pull().failed
        assert "error 30004: 秒频次超限" in failed.problem
        assert failed.is_temporary


def test_a_server_that_repeats_a_page_for_ever_is_named(shop: PulledFxiaoke) -> None:
    shop.server.on_query = lambda number: "repeat" if number > 2 else None
    (failed,) = shop.pull().failed
    assert "AccountObj is not given in the order of `_id`" in failed.problem


def test_objects_that_are_missing_or_forbidden_are_named_and_the_others_are_pulled(shop: PulledFxiaoke) -> None:
    shop.server.forbidden = {"SalesOrderObj"}
    report = shop.pull(objects=("WishObj", "SalesOrderObj", "AccountObj", VISIT, "wish__c"))
    assert shop.is_equal()
    assert shop.is_equal(VISIT)
    assert [(one.name, one.is_temporary) for one in report.failed] == [
        *(("WishObj", False), ("SalesOrderObj", False), ("wish__c", False)),
    ]
    assert "WishObj was refused with error 32000: 对象 WishObj 不存在" in report.failed[0].problem
    assert "remove it from `objects`" in report.failed[0].hint
    assert "error 20014: 没有SalesOrderObj权限" in report.failed[1].problem
    assert "right to read this object" in report.failed[1].hint


def test_wrong_credentials_stop_the_pull_and_no_message_has_a_secret(
    shop: PulledFxiaoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FXIAOKE_APP_SECRET", "not-the-secret")
    with pytest.raises(PullError, match="error 10006") as caught:
        shop.pull()
    assert "check FXIAOKE_APP_ID, FXIAOKE_APP_SECRET and FXIAOKE_PERMANENT_CODE" in caught.value.hint
    assert "not-the-secret" not in f"{caught.value.message}{caught.value.hint}"
    monkeypatch.delenv("FXIAOKE_APP_SECRET")
    with pytest.raises(ConfigError, match="not set in the environment: FXIAOKE_APP_SECRET"):
        shop.pull()


def test_an_unknown_employee_is_named_by_the_variable(shop: PulledFxiaoke, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FXIAOKE_OPEN_USER_ID", "FSUID_OTHER")
    (failed,) = shop.pull().failed
    assert "error 20012" in failed.problem
    assert "check FXIAOKE_OPEN_USER_ID" in failed.hint


def test_an_answer_that_is_no_json_is_an_error(shop: PulledFxiaoke) -> None:
    shop.server.on_query = lambda _: "html"
    (failed,) = shop.pull().failed
    assert "not JSON" in failed.problem


def test_no_secret_is_kept_in_a_file(shop: PulledFxiaoke) -> None:
    shop.server.on_query = lambda number: "500" if number > 2 else None
    report = shop.pull()
    kept = b"".join(path.read_bytes() for path in shop.folder.rglob("*") if path.is_file())
    assert APP_SECRET.encode() not in kept
    assert b"TOKEN_1" not in kept
    assert APP_SECRET not in json.dumps(report.model_dump(mode="json"))
