"""A changed mapping: files that it lands in another way are landed again, as if it had been there from the start.

The measure is the landing folder, byte for byte, of a home that had the new mapping from the first delivery on.
"""

import copy
import os
import shutil
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.landing import Outcome, RefusedFiles, delivery_ages, outdated_files, read_ledger
from pipelines.landing.outdated import read_landed
from pipelines.landing.outdated_files import OutdatedFiles
from tests.pipeline.landing_desk import TODAY, Desk

HEADER = "id,who,mail,day,amount,note\n"
COLUMNS = {"order_id": "id", "customer_ref": "who", "ordered_at": "day", "gross": "amount"}
SALES: dict[str, Any] = {
    "match": "sales*.csv",
    "entities": {"orders": {"where": "amount <> '0'", "columns": COLUMNS}},
    "skips": [{"name": "free", "why": "nothing was paid", "where": "amount = '0'"}],
}
CLIENTS: dict[str, Any] = {
    "match": "clients*.csv",
    "entities": {"customers": {"columns": {"customer_ref": "who", "email": "mail"}}},
}

# Each phase is what lies in the inbox on its day: a file that is replaced, one that comes back, one that is removed.
FIRST = HEADER + "1,a,a@x.org,2024-05-01 10:00:00,5.00,x\n2,b,b@x.org,2024-05-01,0,\n"
SECOND = HEADER + "1,a,a@x.org,2024-05-01 10:00:00,6.00,x\n3,c,,2024-05-02,7.00,-\nragged\n"
OTHER = HEADER + "9,z,z@x.org,2024-05-03,9.99,x\n"
PHASES: list[dict[str, str]] = [
    {"sales.csv": FIRST, "sales_2024-05-03.csv": OTHER, "clients.csv": FIRST},
    {"sales.csv": SECOND, "sales_2024-05-03.csv": OTHER, "clients.csv": FIRST, "copy/clients.csv": FIRST},
    {"sales.csv": FIRST, "clients.csv": SECOND},
]


def changed(**keys: Any) -> dict[str, Any]:
    return {**copy.deepcopy(SALES), **keys}


def orders(**keys: Any) -> dict[str, Any]:
    return changed(entities={"orders": {**SALES["entities"]["orders"], **keys}})


# What is changed, and how many of the five contents it lands again: the three of sales, or all.
CHANGES: dict[str, tuple[list[dict[str, Any]], dict[str, Any], int]] = {
    "a column more": ([orders(columns={**COLUMNS, "email": "mail"}), CLIENTS], {}, 3),
    "another expression": ([orders(columns={**COLUMNS, "gross": "replace(amount, '.', ',')"}), CLIENTS], {}, 3),
    "another where": ([changed(skips=[], entities={"orders": {"columns": COLUMNS}}), CLIENTS], {}, 3),
    "an entity more": ([changed(entities={**SALES["entities"], **CLIENTS["entities"]}), CLIENTS], {}, 3),
    "another entity": ([changed(entities={"customers": {"columns": {"customer_ref": "who"}}}), CLIENTS], {}, 3),
    "texts that mean nothing": ([changed(nulls=["x"]), CLIENTS], {}, 3),
    "dates of files": (
        [changed(match="sales_*.csv", file_on=r"(\d{4}-\d{2}-\d{2})"), changed(match="sales.csv"), CLIENTS],
        {},
        1,
    ),
    "the zone": ([SALES, CLIENTS], {"timezone": "Europe/Paris"}, 3),
    "the currency": ([SALES, CLIENTS], {"currency": "EUR"}, 3),
    "all groups": ([changed(nulls=["x"]), {**CLIENTS, "nulls": ["b"]}], {}, 5),
    "what a delivery means": ([changed(delivery="full"), CLIENTS], {}, 0),
    "both": ([changed(delivery="append", nulls=["x"]), {**CLIENTS, "delivery": "full"}], {}, 3),
}


def play(desk: Desk, archive: Path | None = None) -> None:
    """Deliver the phases, one a day; an archive gets each content under a name of its own."""
    for number, phase in enumerate(PHASES):
        shutil.rmtree(desk.inbox)
        for name, content in phase.items():
            path = desk.put(name, content)
            if archive is not None:
                (archive / str(number)).mkdir(parents=True, exist_ok=True)
                shutil.copy(path, archive / str(number) / f"{name.replace('/', '-')}.kept")
        desk.land(TODAY + timedelta(days=number))


def outdated(desk: Desk) -> OutdatedFiles | None:
    return outdated_files(read_landed(desk.home), desk.sources()).get("shop")


@pytest.mark.parametrize("change", CHANGES)
def test_the_landing_is_as_if_the_mapping_had_been_there_from_the_start(tmp_path: Path, change: str) -> None:
    groups, top, n_again = CHANGES[change]
    from_the_start = Desk(tmp_path / "start", *groups, **top)
    play(from_the_start)
    desk = Desk(tmp_path / "changed", SALES, CLIENTS)
    play(desk, tmp_path / "archive")
    desk.say(*groups, **top)
    found = outdated(desk)
    assert found is not None and found.files == n_again
    assert bool(found.redeclared) == ("delivery" in str(groups[:2])) and found.messages()
    report = desk.land(TODAY + timedelta(days=9), tmp_path / "archive")
    assert len(report.of(Outcome.AGAIN)) == n_again
    assert (report.of(Outcome.LANDED), report.outdated, report.warnings) == ((), 0, ())
    assert desk.tree() == from_the_start.tree()
    assert outdated(desk) is None
    report = desk.land(TODAY + timedelta(days=9))
    assert (report.of(Outcome.AGAIN), report.redeclared) == ((), 0)
    assert desk.tree() == from_the_start.tree()


def test_a_mapping_that_changes_back_gives_the_landing_of_before(tmp_path: Path) -> None:
    desk = Desk(tmp_path, SALES, CLIENTS)
    play(desk, tmp_path / "archive")
    before = desk.tree()
    desk.say(changed(nulls=["x"], delivery="full"), CLIENTS)
    desk.land(originals=tmp_path / "archive")
    assert desk.tree() != before
    desk.say(SALES, CLIENTS)
    desk.land(originals=tmp_path / "archive")
    assert desk.tree() == before


@pytest.mark.parametrize(
    ("groups", "top"),
    [
        ([changed(skips=[{**SALES["skips"][0], "why": "a gift"}]), CLIENTS], {}),
        ([changed(match=["sales*.csv", "till*.csv"]), CLIENTS], {}),
        ([SALES, CLIENTS, {"match": "*.txt", "ignore": "words"}], {}),
        ([SALES, CLIENTS], {"order_statuses": {"sale": ["odd"]}}),
        ([SALES, CLIENTS], {"channels": {"odd": "web"}}),
        ([changed(format="csv", delimiter=",", skip_rows=0, timestamps="iso", timezone="UTC"), CLIENTS], {}),
        ([orders(columns={name: {"sql": f"{sql}\n"} for name, sql in COLUMNS.items()}), CLIENTS], {}),
    ],
    ids=["a reason", "a glob", "another group", "statuses", "channels", "defaults", "another way to write it"],
)
def test_what_decides_no_row_lands_nothing_again(
    tmp_path: Path, groups: list[dict[str, Any]], top: dict[str, Any]
) -> None:
    desk = Desk(tmp_path, SALES, CLIENTS)
    play(desk)
    before = desk.tree()
    desk.say(*groups, **top)
    assert outdated(desk) is None
    report = desk.land()
    assert (report.of(Outcome.AGAIN), report.redeclared, report.warnings) == ((), 0, ())
    assert desk.tree() == before


def test_a_file_that_is_landed_again_keeps_its_day_and_its_place(tmp_path: Path) -> None:
    desk = Desk(tmp_path, SALES)
    desk.put("sales.csv", FIRST)
    desk.land()
    desk.put("sales.csv", SECOND)
    desk.land(TODAY + timedelta(days=1))
    before = desk.rows("deliveries", "file_name, sequence, delivered_on", "sequence")
    desk.say(changed(nulls=["x"]))
    desk.land(TODAY + timedelta(days=5))
    assert desk.rows("deliveries", "file_name, sequence, delivered_on", "sequence") == before
    days = desk.rows("orders", "landed_on, order_id", "landed_on, order_id")
    assert days == [(TODAY, "1"), (TODAY + timedelta(days=1), "1"), (TODAY + timedelta(days=1), "3")]
    ages = {name: delivery_ages(desk.home)[batch] for name, batch in desk.rows("ledger", "file_sha256, batch", "1")}
    assert sorted(ages.values()) == [0, 1]


def test_a_file_that_is_gone_is_named_and_lands_again_when_it_is_put_back(tmp_path: Path) -> None:
    desk = Desk(tmp_path, SALES)
    gone = desk.put("sales_1.csv", FIRST)
    desk.put("sales_2.csv", OTHER)
    desk.land()
    desk.say(changed(nulls=["x"]))
    gone.unlink()
    before = desk.rows("orders", "*", "order_id")[0]
    found = outdated(desk)
    assert found is not None and (found.files, found.in_inbox, found.gone) == (2, 1, ("sales_1.csv",))
    report = desk.land()
    assert [file.file_name for file in report.of(Outcome.AGAIN)] == ["sales_2.csv"]
    (warning,) = report.warnings
    assert report.outdated == 1
    assert "1 file was landed with an older version" in warning and "sales_1.csv" in warning
    assert str(desk.inbox) in warning and "--originals" in warning
    assert desk.rows("orders", "*", "order_id")[0] == before, "what it landed as stays"
    deliveries = desk.rows("deliveries", "file_name, sequence", "file_name")
    desk.put("sales_1.csv", FIRST)
    report = desk.land()
    assert ([file.file_name for file in report.of(Outcome.AGAIN)], report.warnings) == (["sales_1.csv"], ())
    assert desk.rows("deliveries", "file_name, sequence", "file_name") == deliveries


def test_a_content_that_a_later_delivery_has_replaced_is_named_and_needs_the_originals(tmp_path: Path) -> None:
    desk = Desk(tmp_path, SALES)
    desk.put("sales.csv", FIRST)
    desk.land()
    desk.put("sales.csv", SECOND)
    desk.land()
    desk.say(changed(nulls=["x"]))
    found = outdated(desk)
    assert found is not None and (found.files, found.in_inbox, len(found.replaced)) == (2, 1, 1)
    (warning,) = desk.land().warnings
    assert f"sales.csv (delivered on {TODAY})" in warning and "Do not put them back" in warning
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "any name").write_text(FIRST)
    report = desk.land(originals=tmp_path / "kept")
    assert ([file.file_name for file in report.of(Outcome.AGAIN)], report.warnings) == (["sales.csv"], ())
    assert desk.rows("deliveries", "file_name, sequence", "sequence") == [("sales.csv", 1), ("sales.csv", 2)]


def test_an_earlier_content_is_not_asked_for_in_the_inbox_even_if_the_later_one_is_gone_too(tmp_path: Path) -> None:
    desk = Desk(tmp_path, SALES)
    desk.put("sales.csv", FIRST)
    desk.land()
    path = desk.put("sales.csv", SECOND)
    desk.land()
    path.unlink()
    desk.say(changed(nulls=["x"]))
    found = outdated(desk)
    assert found is not None and (found.in_inbox, found.gone, len(found.replaced)) == (0, ("sales.csv",), 1)


def test_a_content_of_which_one_name_is_not_taken_any_more_leaves_its_batch_whole(tmp_path: Path) -> None:
    desk = Desk(tmp_path, changed(match=["sales*.csv", "old*.csv"]))
    for name in ("old.csv", "sales.csv"):
        desk.put(name, FIRST)
    desk.land()
    (desk.inbox / "old.csv").unlink()
    desk.say(changed(nulls=["x"]))
    report = desk.land()
    assert (len(report.of(Outcome.AGAIN)), report.warnings) == (1, ())
    assert desk.query("select count(distinct batch) from landed('ledger')") == [(1,)]
    assert desk.rows("deliveries", "file_name, sequence", "file_name") == [("old.csv", 1), ("sales.csv", 1)]
    desk.say(changed(nulls=["x"], match="sales*.csv"))
    assert desk.land().warnings == ()


def test_another_file_of_the_inbox_may_have_the_content(tmp_path: Path) -> None:
    desk = Desk(tmp_path, SALES)
    gone = desk.put("sales_old.csv", FIRST)
    desk.land()
    gone.unlink()
    desk.say(changed(nulls=["x"]))
    desk.put("archive/sales_new.csv", FIRST)
    report = desk.land(TODAY + timedelta(days=1))
    assert (len(report.of(Outcome.AGAIN)), report.warnings) == (1, ())
    assert desk.rows("ledger", "file_name, landed_on") == [("sales_old.csv", TODAY)]
    assert desk.rows("deliveries", "file_name, sequence", "file_name") == [
        ("archive/sales_new.csv", 1),
        ("sales_old.csv", 1),
    ]


def test_a_new_content_of_a_name_lands_by_the_new_mapping_and_the_earlier_one_is_named(tmp_path: Path) -> None:
    desk = Desk(tmp_path, SALES)
    desk.put("sales.csv", FIRST)
    desk.land()
    desk.say(changed(nulls=["x"]))
    desk.put("sales.csv", SECOND)
    report = desk.land()
    assert [file.outcome for file in report.files] == [Outcome.LANDED]
    assert len(report.warnings) == 1
    assert desk.rows("deliveries", "sequence", "sequence") == [(1,), (2,)]


FAILING = orders(columns={**COLUMNS, "gross": "cast(note as integer)"})
DATED = changed(file_on=r"(\d{4}-\d{2}-\d{2})")


@pytest.mark.parametrize(
    ("groups", "words"),
    [
        ([changed(match="other*.csv")], "no entry under `files` of the mapping matches it"),
        ([{"match": "sales*.csv", "ignore": "not ours"}], "ignores"),
        ([orders(columns={**COLUMNS, "email": "e_mail"})], "the header lacks `e_mail`"),
        ([FAILING], "fails on a value of this file"),
        ([DATED], "its name has no date"),
        ([changed(format="json", skips=[])], "sales.csv"),
    ],
    ids=["no group", "ignored", "no column", "fails", "no date", "another format"],
)
def test_a_file_that_the_mapping_cannot_land_any_more_is_refused_and_stays_as_it_was(
    tmp_path: Path, groups: list[dict[str, Any]], words: str
) -> None:
    desk = Desk(tmp_path, SALES)
    desk.put("sales.csv", FIRST)
    desk.land()
    before = desk.tree()
    desk.say(*groups)
    with pytest.raises(RefusedFiles) as refused:
        desk.land()
    assert refused.value.exit_code == 3
    assert words in refused.value.message and "earlier rows stay" in refused.value.message
    assert desk.tree() == before
    desk.say(SALES)
    assert desk.land().warnings == ()
    assert desk.tree() == before


def test_a_landed_file_that_no_entry_takes_and_that_is_gone_is_a_warning(tmp_path: Path) -> None:
    desk = Desk(tmp_path, SALES, CLIENTS)
    desk.put("sales.csv", FIRST)
    desk.put("clients.csv", OTHER)
    desk.land()
    (desk.inbox / "sales.csv").unlink()
    desk.say(CLIENTS)
    (warning,) = desk.land().warnings
    assert "sales.csv" in warning and "The rows still count" in warning
    assert len(desk.rows("orders")) == 1


def test_one_content_under_two_names_is_two_batches_if_the_mapping_tells_them_apart(tmp_path: Path) -> None:
    by_date = changed(match="sales*.csv", file_on=r"(\d{4}-\d{2}-\d{2})")
    start = Desk(tmp_path / "start", by_date)
    desk = Desk(tmp_path / "changed", SALES)
    for one in (start, desk):
        one.put("sales_2024-05-02.csv", FIRST)
        one.put("sales_2024-05-01.csv", FIRST)
        one.land()
    undated = desk.tree()
    assert len(desk.rows("ledger")) == 1
    desk.say(by_date)
    report = desk.land()
    assert len(report.of(Outcome.AGAIN)) == 2
    assert desk.query("select count(*), count(distinct batch) from landed('ledger')") == [(2, 2)]
    named = "select o.file_on, d.file_name from landed('deliveries') d join landed('orders') o using (batch) order by 1"
    assert desk.query(named) == [
        (date(2024, 5, 1), "sales_2024-05-01.csv"),
        (date(2024, 5, 2), "sales_2024-05-02.csv"),
    ]
    desk.say(SALES)
    desk.land()
    assert desk.rows("ledger", "file_name, file_on") == [("sales_2024-05-01.csv", None)]
    assert desk.tree() == undated


def test_a_content_of_two_kinds_lands_as_both(tmp_path: Path) -> None:
    desk = Desk(tmp_path, SALES, CLIENTS)
    desk.put("sales.csv", FIRST)
    desk.put("clients.csv", FIRST)
    report = desk.land()
    assert len(report.of(Outcome.LANDED)) == 2
    assert (len(desk.rows("orders")), len(desk.rows("customers"))) == (1, 2)
    before = desk.tree()
    assert len(desk.land().of(Outcome.SKIPPED)) == 2
    assert desk.tree() == before


def test_what_is_outdated_is_known_without_opening_a_file(tmp_path: Path) -> None:
    desk = Desk(tmp_path, SALES)
    path = desk.put("sales.csv", FIRST)
    desk.land()
    desk.say(changed(nulls=["x"]))
    found = outdated(desk)
    assert found is not None and (found.files, found.in_inbox) == (1, 1)
    path.unlink()
    os.mkfifo(path)  # nobody writes to it: opening it would wait for ever
    found = outdated(desk)
    assert found is not None and (found.files, found.gone) == (1, ("sales.csv",))


def test_a_landing_of_a_version_that_declares_otherwise_needs_no_file(tmp_path: Path) -> None:
    desk = Desk(tmp_path, SALES)
    desk.put("sales.csv", FIRST)
    desk.land()
    (batch,) = set(read_ledger(desk.home).column("batch").to_pylist())
    (desk.inbox / "sales.csv").unlink()
    desk.say(changed(delivery="full"))
    report = desk.land()
    assert (report.redeclared, report.of(Outcome.AGAIN), report.warnings) == (1, (), ())
    assert desk.rows("ledger", "delivery") == [("full",)]
    # another name, so that staging and marts are built from it again
    assert set(read_ledger(desk.home).column("batch").to_pylist()) != {batch}
    assert desk.rows("orders", "order_id") == [("1",)]


# What the version before this one wrote into the ledger for SALES, and how it named the batch of FIRST.
EARLIER_FINGERPRINT = "a22734e61a428f733824c7301990f7c603f87a718a32e603b450460eb387729a"
EARLIER_BATCH = "b864bbc60d6c40ea3"


def landed_by_the_version_before(folder: Path) -> Desk:
    desk = Desk(folder, SALES)
    desk.put("sales.csv", FIRST)
    desk.land()
    for part in (desk.home / "landing").glob("*/source=shop/batch=*"):
        part.rename(part.with_name(f"batch={EARLIER_BATCH}"))
    ledger = desk.home / "landing" / "ledger" / "source=shop" / f"batch={EARLIER_BATCH}" / "part.parquet"
    lines = pq.read_table(ledger, partitioning=None)
    rows = [{**line, "mapping_sha256": EARLIER_FINGERPRINT} for line in lines.to_pylist()]
    pq.write_table(pa.Table.from_pylist(rows, schema=lines.schema), ledger)
    return desk


def test_what_the_version_before_landed_is_current_as_long_as_the_mapping_is(tmp_path: Path) -> None:
    desk = landed_by_the_version_before(tmp_path / "changed")
    before = desk.tree()
    assert outdated(desk) is None
    assert [file.outcome for file in desk.land().files] == [Outcome.SKIPPED]
    assert desk.tree() == before
    start = Desk(tmp_path / "start", changed(nulls=["x"]))
    start.put("sales.csv", FIRST)
    start.land()
    desk.say(changed(nulls=["x"]))
    assert len(desk.land().of(Outcome.AGAIN)) == 1
    assert desk.tree() == start.tree()


def test_what_the_version_before_landed_follows_what_is_declared(tmp_path: Path) -> None:
    desk = landed_by_the_version_before(tmp_path)
    (desk.inbox / "sales.csv").unlink()
    desk.say(changed(delivery="full"))
    found = outdated(desk)
    assert found is not None and (found.files, found.redeclared) == (0, 1)
    assert ["`delivery`" in message for message in found.messages()] == [True]
    report = desk.land()
    assert (report.redeclared, report.warnings) == (1, ())
    assert desk.rows("ledger", "delivery") == [("full",)]
