"""Pulls from a server of Fxiaoke: after each fault, the files have what the server has."""

import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pipelines.config.pull_fxiaoke import FxiaokeSettings
from tests.connectors.pulled_fxiaoke import PulledFxiaoke, pulling_fxiaoke
from tests.vendors.fxiaoke import CUSTOM, QUERY, TOKEN, Fxiaoke
from tests.vendors.fxiaoke_shop import BEGAN, VISIT, fill

NOW = BEGAN + 60 * 86_400_000  # the server's clock, in ms


@pytest.fixture
def server() -> Fxiaoke:
    """350 customers, of whom 7 at a time have one time of change. The clock stands still unless a test moves it."""
    return fill(Fxiaoke(clock=lambda: NOW), 350)


@pytest.fixture
def shop(tmp_path: Path, server: Fxiaoke, monkeypatch: pytest.MonkeyPatch) -> Iterator[PulledFxiaoke]:
    with pulling_fxiaoke(tmp_path, server, monkeypatch) as shop:
        yield shop


def later(server: Fxiaoke, hours: float) -> None:
    now = server.clock() + round(hours * 3_600_000)
    server.clock = lambda: now


def at(queries: dict[int, str | Callable[[], object]]) -> Callable[[int], str | None]:
    """Faults, or what somebody does, before queries with these numbers."""

    def on_query(number: int) -> str | None:
        what = queries.get(number)
        if callable(what):
            what()
            return None
        return what

    return on_query


@pytest.mark.parametrize("fault", ["500", "502", "429", "slow", "drop", "cut", "busy", "token", "repeat"])
def test_after_a_fault_in_mid_read_the_files_have_what_the_server_has(shop: PulledFxiaoke, fault: str) -> None:
    shop.server.on_query = at({2: fault, 4: fault})
    report = shop.pull()
    assert not report.words
    assert shop.is_equal()
    assert len(shop.records("AccountObj")) == 350, "no record is read twice"


def test_2001_records_are_read_whatever_the_total_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server = fill(Fxiaoke(total=7), 2001)
    with pulling_fxiaoke(tmp_path, server, monkeypatch) as shop:
        report = shop.pull()
        assert (report.records, report.objects[0].pages) == (2001, 21)
        assert shop.is_equal()
        assert shop.pull().records == 0


@pytest.mark.slow
def test_100001_records_beyond_the_largest_offset_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server = fill(Fxiaoke(), 100_001)
    with pulling_fxiaoke(tmp_path, server, monkeypatch, web={"read_timeout_seconds": 30}) as shop:
        assert shop.pull().records == 100_001
        assert shop.is_equal()


def test_any_number_of_records_may_have_one_time_of_change(shop: PulledFxiaoke) -> None:
    shop.server.largest_offset = 100  # more equal times than the largest offset
    shop.pull()
    later(shop.server, 24)
    for key in list(shop.server.rows("AccountObj"))[:321]:
        shop.server.edit("AccountObj", key, name="一次改动")
    assert shop.pull().records == 321
    assert shop.is_equal()


def test_the_second_pull_reads_what_has_changed(shop: PulledFxiaoke) -> None:
    shop.pull()
    later(shop.server, 24)
    first, second, *_ = shop.server.rows("AccountObj")
    shop.server.edit("AccountObj", first, tel=None)  # an empty field is not in the answer
    shop.server.create("AccountObj", name="新客户")
    before = shop.server.queries
    assert shop.pull().records == 2
    assert shop.server.queries - before == 2 + 2, "a page, its end, and void and deleted records"
    assert shop.is_equal()
    assert "tel" not in shop.pulled("AccountObj")[first]
    assert "tel" in shop.pulled("AccountObj")[second]


def test_a_pull_without_changes_takes_four_calls_per_object(shop: PulledFxiaoke) -> None:
    objects = FxiaokeSettings().objects
    shop.pull(objects=objects)
    later(shop.server, 24)
    before = shop.server.queries
    assert shop.pull(objects=objects).records == 0
    assert shop.server.queries - before == 4 * len(objects) == 44


def test_edits_while_pages_are_read_are_in_this_pull_or_the_next(shop: PulledFxiaoke) -> None:
    keys = sorted(shop.server.rows("AccountObj"))

    def edit() -> None:  # one record that was read, one that was not, and new ones on both sides
        later(shop.server, 0.01)
        for key in (keys[5], keys[300]):
            shop.server.edit("AccountObj", key, name="改动")
        for key in ("0" * 32, "f" * 32):
            shop.server.create("AccountObj", _id=key, name="新客户")

    shop.server.on_query = at({3: edit})
    shop.pull()
    shop.server.on_query = at({})
    later(shop.server, 24)
    shop.pull()
    assert shop.is_equal()


def test_several_edits_within_one_millisecond_are_not_lost(shop: PulledFxiaoke) -> None:
    shop.pull()
    later(shop.server, 24)
    key = next(iter(shop.server.rows("AccountObj")))
    shop.server.edit("AccountObj", key, name="第一次")
    shop.pull()
    shop.server.edit("AccountObj", key, name="第二次")
    shop.pull()
    assert [one["name"] for one in shop.records("AccountObj") if one["_id"] == key] == ["客户0", "第一次", "第二次"]


def test_a_record_that_is_stored_late_is_read_by_the_overlap(shop: PulledFxiaoke) -> None:
    shop.pull()
    late = shop.server.create("AccountObj", name="迟到", last_modified_time=NOW - 20 * 60_000)
    later(shop.server, 24)
    shop.pull()
    assert late in shop.pulled("AccountObj")


def test_a_clock_that_was_wrong_loses_nothing(shop: PulledFxiaoke) -> None:
    shop.pull()
    later(shop.server, 24 * 365)
    ahead = shop.server.create("AccountObj", name="未来")
    shop.pull()
    later(shop.server, -24 * 364)
    shop.server.create("AccountObj", name="现在")
    shop.pull()
    assert shop.is_equal()
    assert ahead in shop.pulled("AccountObj")


@pytest.mark.parametrize("hides", [{}, {"is_deleted": True}, {"is_deleted": True, "life_status": "invalid"}])
def test_void_and_deleted_records_are_read_whether_a_query_shows_them_or_not(
    shop: PulledFxiaoke, hides: dict[str, object]
) -> None:
    shop.server.hides = hides
    first, second, third, *_ = shop.server.rows("AccountObj")
    shop.server.void("AccountObj", first)
    shop.pull()
    later(shop.server, 24)
    shop.server.void("AccountObj", second)
    shop.server.delete("AccountObj", third)
    shop.pull()
    assert shop.is_equal()
    assert [shop.pulled("AccountObj")[key]["life_status"] for key in (first, second)] == ["invalid", "invalid"]
    assert shop.pulled("AccountObj")[third]["is_deleted"] is True


def test_the_token_is_asked_for_once_in_its_lifetime(shop: PulledFxiaoke) -> None:
    shop.pull(objects=("AccountObj", "ContactObj", "MemberObj"))
    assert shop.server.count(TOKEN) == 1
    shop.server.on_query = at(dict.fromkeys(range(1, 1000, 2), "token"))
    shop.pull(full_read_days=1)
    assert shop.is_equal()


def test_a_token_is_renewed_when_its_lifetime_ends_and_not_only_when_it_is_refused(shop: PulledFxiaoke) -> None:
    shop.server.stated_s = 0.001
    shop.pull(void=())
    assert shop.server.count(TOKEN) == 6, "one for the server's time, and one for each of five calls"
    assert shop.server.queries == 5, "no call was refused and made again"


def test_no_more_calls_are_made_per_period_than_allowed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server = fill(Fxiaoke(calls=5, seconds=0.4), 350)
    with pulling_fxiaoke(
        tmp_path, server, monkeypatch, web={"requests": 5, "per_seconds": 0.45, "attempts": 1}
    ) as shop:
        assert not shop.pull().words
        assert shop.is_equal()


def test_a_stopped_pull_continues_at_its_page(shop: PulledFxiaoke) -> None:
    shop.server.on_query = lambda number: "500" if number > 2 else None
    (failed,) = shop.pull().failed
    assert failed.is_temporary
    assert not list(shop.inbox.glob("*")), "no file before the object is complete"
    shop.server.on_query = at({})
    report = shop.pull()
    assert report.objects[0].resumed_pages == 2
    assert shop.is_equal()
    assert len(shop.records("AccountObj")) == 350


@pytest.mark.parametrize("seed", range(2))
def test_stopped_at_random_moments_with_edits_between_them_nothing_is_lost(
    tmp_path: Path, server: Fxiaoke, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    dice, keys = random.Random(seed), sorted(server.rows("AccountObj"))
    with pulling_fxiaoke(tmp_path, server, monkeypatch, web={"attempts": 1}) as shop:
        for _ in range(10):
            last = server.queries + dice.randrange(7)
            server.on_query = lambda number, last=last: "500" if number > last else None
            shop.pull()
            later(server, 0.1)
            server.edit("AccountObj", dice.choice(keys), name=f"改动{last}")
            server.void("AccountObj", dice.choice(keys))
        server.on_query = at({})
        for _ in range(2):
            assert not shop.pull().words
            later(server, 24)
        assert shop.is_equal()


def test_custom_objects_are_asked_for_at_their_own_address(shop: PulledFxiaoke) -> None:
    shop.pull(objects=(VISIT,))
    assert (shop.server.count(QUERY), shop.server.count(CUSTOM)) == (0, 4)
    assert len(shop.pulled(VISIT)) == 35


def test_60_fields_are_pulled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server = fill(Fxiaoke(), 3, fields=60)
    with pulling_fxiaoke(tmp_path, server, monkeypatch) as shop:
        shop.pull()
        assert shop.is_equal()
    assert all(f"field_{number:02}__c" in record for record in shop.records("AccountObj") for number in range(60))


def test_an_empty_object_writes_no_file_and_one_that_became_empty_is_a_warning(shop: PulledFxiaoke) -> None:
    shop.server.purge("CasesObj")
    assert not shop.pull(objects=("CasesObj", "AccountObj")).words
    assert not list(shop.inbox.glob("CasesObj*"))
    later(shop.server, 24)
    shop.server.purge("AccountObj")
    for days in (30, 1):  # what has changed, and everything
        assert shop.pull(full_read_days=days).words == [
            "fxiaoke: AccountObj is unexpectedly empty: the server has no records, but had some before. What was pulled"
            " before stays"
        ]
    assert len(shop.pulled("AccountObj")) == 350


def test_everything_is_read_again_when_a_full_read_is_due(shop: PulledFxiaoke) -> None:
    shop.pull(full_read_days=7)
    key = next(iter(shop.server.rows("AccountObj")))
    shop.server.objects["AccountObj"].put({"_id": key, "grade__r": "新名称"})  # a calculated field
    later(shop.server, 24 * 3)
    shop.pull(full_read_days=7)
    assert "grade__r" not in shop.pulled("AccountObj")[key]
    later(shop.server, 24 * 4)
    shop.pull(full_read_days=7)
    assert shop.is_equal()
