"""Forgetting in what has landed: nothing of the person is left, everybody else is as before, and nobody comes back."""

import itertools
import json
import shutil
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.base.durable import PRIVATE, umask
from pipelines.base.entities import ENTITIES
from pipelines.base.errors import ConfigError
from pipelines.config.pulls import PullSettings
from pipelines.config.secret_key import load_key
from pipelines.config.settings import Settings
from pipelines.landing import SourceFiles, land, load_mapping
from pipelines.privacy import (
    Certificate,
    erase,
    finish_pending,
    landing_eraser,
    plan_erasure,
    plan_erasures_again,
)
from pipelines.privacy.audience_files import write_files
from pipelines.privacy.customer_keys import customer_keys
from pipelines.privacy.plan import read_journal
from pipelines.privacy.pushed import PushState
from pipelines.privacy.rewrite import MONEY
from pipelines.publication import MartTable, publish
from tests.conftest import call
from tests.pipeline import person

DAY, LATER = "2024-03-01", "2024-03-02"
UNREADABLE = f'{{"interaction_id": "I9", "who": "{person.REF}", "mail": "{person.EMAIL}", cut off'


def arrive(settings: Settings) -> Any:
    source = settings.sources[0]
    return land(
        settings.home,
        [SourceFiles(load_mapping(source.mapping), source.files)],
        today=date(2024, 4, 1),
        erase=landing_eraser(settings),
    )


def forget(settings: Settings, asked: str, **options: Any) -> Certificate:
    with umask(PRIVATE) as users:
        return erase(settings, plan_erasure(settings, asked, **options), users)


def landed(settings: Settings, entity: str, columns: str = "*", where: str = "true") -> list[tuple[Any, ...]]:
    with duckdb.connect() as connection:
        return connection.execute(
            f"select {columns} from read_parquet('{settings.home}/landing/{entity}/*/*/part.parquet',"
            " hive_partitioning = true, hive_types = {'source': 'VARCHAR', 'batch': 'VARCHAR'})"
            f" where {where} order by all"
        ).fetchall()


def everything(settings: Settings, where: str) -> dict[str, list[tuple[Any, ...]]]:
    return {name: landed(settings, name, where=where) for name in ENTITIES if "customer_ref" in ENTITIES[name].columns}


@pytest.fixture(scope="module")
def once_landed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("landed")
    settings = person.settings(folder)
    person.write(
        folder / "inbox", DAY, person.rows(DAY), person.bobs_rows(DAY), person.deletions(DAY), unreadable=UNREADABLE
    )
    till = [f"T{n},{person.REF},P1,1,2,{person.EMAIL},{DAY} 09:00:00" for n in (1, 1, 2)]
    till += [f"T1,,P1,1,2,,{DAY} 09:00:00", f"T9,{person.BOB},P1,1,2,,{DAY} 09:00:00"]
    (folder / "inbox" / "till_1.csv").write_text("order,who,sku,qty,price,mail,at\n" + "\n".join(till) + "\n")
    arrive(settings)
    return folder


@pytest.fixture
def shop(once_landed: Path, tmp_path: Path) -> Settings:
    for name in ("home", "inbox"):
        shutil.copytree(once_landed / name, tmp_path / name)
    return person.settings(tmp_path)


@pytest.mark.parametrize("asked", [person.REF, person.SECOND_REF, f" {person.EMAIL.upper()} ", "+44 0 20 55501234"])
def test_by_whatever_they_are_asked_for_nothing_of_them_is_left(shop: Settings, asked: str) -> None:
    assert person.traces(shop.home)
    certificate = forget(shop, asked)
    assert person.traces(shop.home) == {}
    assert not [text for text in person.STRINGS if text.lower() in certificate.model_dump_json().lower()]
    assert certificate.landed["customers"] == {"removed": 3}
    assert certificate.landed["unreadable"] == {"blanked": 1}
    assert certificate.landed["interactions"] == {"blanked": 1, "removed": 1}
    assert certificate.landed["cases"] == {"removed": 2}  # one of them by her order alone
    assert certificate.landed["deletions"] == {"removed": 2}
    assert landed(shop, "deletions", columns="record_id") == [("A1",), (person.BOB,)]


def only_by(day: str, **contact: str) -> person.Rows:
    """Rows that name nobody but by an e-mail address or a phone number, and the same rows of Bob."""
    at, rows = f"{day} 12:00:00", person.Rows()
    for mark, who in (("X", contact), ("B", {"email": "bob@nowhere.example", "phone": "+44 20 9999 0000"})):
        answer = {"survey_kind": "relationship", "construct": "nps", "answered_at": at, "answer_number": "9"}
        ends = {"scale_min": "0", "scale_max": "10"}
        of = {
            "interactions": {"interaction_id": f"{mark}1", "occurred_at": at, "kind": "call"},
            "cases": {"case_id": f"{mark}1", "opened_at": at, "kind": "question", "order_id": "B1"},
            "survey_answers": {"response_id": f"{mark}1", "question_id": "q", **answer, **ends},
            "survey_invitations": {"invitation_id": f"{mark}1", "sent_at": at},
        }
        for entity, row in of.items():
            rows.setdefault(entity, []).append({**who, **row})
    return rows


@pytest.mark.parametrize("contact", [{"email": f" {person.EMAIL.title()} "}, {"phone": "+44 (0)20 5550.1234"}])
def test_a_row_that_names_them_only_by_an_address_or_a_number_goes_too(
    shop: Settings, tmp_path: Path, contact: dict[str, str]
) -> None:
    rows = only_by(LATER, **contact)
    person.write(tmp_path / "inbox", LATER, rows)
    arrive(shop)
    held = call("export", person.REF, "--config", shop.config_path)
    found = json.loads(held.stdout)["held"]
    for entity in rows:
        key = ENTITIES[entity].key[0]
        assert "X1" in {row[key] for row in found[f"landed.{entity}"]}, entity
        assert "B1" not in {row[key] for row in found[f"landed.{entity}"]}, entity
    forget(shop, person.REF)
    assert person.traces(shop.home, (*person.STRINGS, "5550.1234")) == {}
    for entity in rows:
        key = ENTITIES[entity].key[0]
        assert landed(shop, entity, key, f"file_on = '{LATER}'") == [("B1",)], entity
    # the tombstones know them in a later file as well
    person.write(tmp_path / "inbox", "2024-03-03", only_by("2024-03-03", **contact))
    arrive(shop)
    for entity in rows:
        assert landed(shop, entity, ENTITIES[entity].key[0], "file_on = '2024-03-03'") == [("B1",)], entity


def test_money_stays_as_that_of_nobody_and_like_a_row_that_never_was_anybodys(shop: Settings, tmp_path: Path) -> None:
    forget(shop, person.REF)
    other = person.settings(tmp_path / "other")
    nobody = person.rows(DAY, ref=None, email=None, phone=None)
    for row in nobody["returns"]:
        del row["reason"]
    nobody["orders"][2]["gross"] = person.NAME  # a bad amount is quarantined by what it is
    person.write(tmp_path / "other" / "inbox", DAY, nobody, person.bobs_rows(DAY))
    arrive(other)
    for entity in MONEY:
        columns = ", ".join([*ENTITIES[entity].columns, "content_hash", "record", "line"])
        mine = landed(shop, entity, columns, "file_name like '%.jsonl' and order_id <> 'A3'")
        assert mine == landed(other, entity, columns, "order_id <> 'A3'"), entity
        assert mine


def test_generated_keys_of_anonymised_rows_tell_nothing_and_stay_different(shop: Settings) -> None:
    rows = landed(shop, "order_lines", "line_id, customer_ref, content_hash", "file_name = 'till_1.csv'")
    forget(shop, person.REF)
    after = landed(shop, "order_lines", "line_id, customer_ref, content_hash, order_id", "file_name = 'till_1.csv'")
    assert len({row[0] for row in after}) == len(after) == len(rows) == 5
    hers = {(key, text) for key, who, text in rows if who == person.REF}
    assert hers
    assert not {key for key, _ in hers} & {row[0] for row in after}
    assert not {text for _, text in hers} & {row[2] for row in after}
    # the row of nobody that was there before keeps its key
    assert {key for key, who, _ in rows if who is None} <= {row[0] for row in after}
    assert len({row[2] for row in after if row[3] == "T1"}) == 1


def test_who_shares_nothing_is_as_before(shop: Settings) -> None:
    before = everything(shop, f"customer_ref = '{person.BOB}' and not contains(raw, '{person.EMAIL}')")
    assert before["interactions"]
    assert before["customers"]  # his address ends like hers
    forget(shop, person.REF)
    assert everything(shop, f"customer_ref = '{person.BOB}' and not contains(raw, 'erased')") == before
    assert landed(shop, "interactions", "subject, body, raw", "interaction_id = 'I3'") == [
        ("her", None, '{"erased": true}')
    ]


def test_the_ledger_says_what_lies_there_and_what_was_erased(shop: Settings) -> None:
    before = landed(shop, "ledger", "entity, sum(landed_rows)", "true group by entity")
    forget(shop, person.REF)
    after = landed(shop, "ledger", "entity, sum(landed_rows), sum(erased_rows)", "true group by entity")
    assert [(entity, rows + erased) for entity, rows, erased in after] == before
    assert {entity: erased for entity, _, erased in after}["customers"] == 3
    for entity, rows, _ in after:
        assert len(landed(shop, entity)) == rows, entity


def test_the_ledger_counts_the_rows_that_stay_without_the_person(shop: Settings, tmp_path: Path) -> None:
    emptied = "count(*) filter (raw = '{\"erased\": true}')"
    assert landed(shop, "ledger", "sum(emptied_rows)") == [(0,)]
    certificate = forget(shop, person.REF)
    by_entity = dict(landed(shop, "ledger", "entity, sum(emptied_rows)", "true group by 1"))
    assert by_entity["orders"] > 0  # anonymised
    assert by_entity["interactions"] > 0  # blanked
    assert by_entity["customers"] == certificate.landed["customers"].get("blanked", 0)
    for entity, count in by_entity.items():
        assert landed(shop, entity, emptied) == [(count,)], entity
    # a later file has an order of hers
    order = {"order_id": "A9", "customer_ref": person.REF, "ordered_at": f"{LATER} 10:00:00", "currency": "EUR"}
    person.write(tmp_path / "inbox", LATER, {"orders": [{**order, "gross": "5"}]})
    report = arrive(shop)
    assert (report.erased, report.emptied) == (0, 1)
    later = landed(
        shop, "ledger", "landed_rows, erased_rows, emptied_rows", f"entity = 'orders' and file_on = '{LATER}'"
    )
    assert later == [(1, 0, 1)]


def test_what_others_have_too_stays_with_them_and_is_told(shop: Settings, tmp_path: Path) -> None:
    person.write(
        tmp_path / "inbox",
        LATER,
        {"customers": [{"customer_ref": "HUSBAND-1", "name": "Bill King", "phone": "+44 (0)20 5550 1234"}]},
    )
    arrive(shop)
    certificate = forget(shop, person.REF)
    assert certificate.shared == {"phones": 1}
    assert any("share" in sentence for sentence in certificate.to_do)
    assert len(landed(shop, "customers", where="customer_ref = 'HUSBAND-1' and phone is not null")) == 1
    forget(shop, person.PHONE)
    assert not landed(shop, "customers", where="customer_ref = 'HUSBAND-1'")


def test_nobody_comes_back_with_a_later_file_of_any_name_format_or_spelling(shop: Settings, tmp_path: Path) -> None:
    forget(shop, person.EMAIL)
    shop.paths.key.write_text("another-key-that-is-in-force-from-now-on\n" + shop.paths.key.read_text())
    odd = person.rows(LATER, ref=f"  {person.REF} ", email=f" {person.EMAIL.title()}", phone="+44 (0)20-5550.1234")
    for rows in odd.values():
        rows[:] = [row for row in rows if {*row} & {"customer_ref", "referrer_ref", "email"}]
    person.write(tmp_path / "inbox", LATER, odd, person.bobs_rows(LATER), unreadable=UNREADABLE)
    (tmp_path / "inbox" / "till_9.csv").write_text(
        f"order,who,sku,qty,price,mail,at\nT7,,P1,1,2,{person.EMAIL.upper()},{LATER} 09:00:00\n"
    )
    report = arrive(shop)
    assert report.erased
    left = person.traces(shop.home, (person.REF, person.PERSON_REF, person.SECOND_REF, person.EMAIL, "5550.1234"))
    assert left == {}
    assert landed(shop, "order_lines", "email, quantity", "order_id = 'T7'") == [(None, "1")]
    ledger = landed(shop, "ledger", "landed_rows, erased_rows", f"entity = 'customers' and file_on = '{LATER}'")
    assert ledger == [(1, 3)]


WIDE = str.maketrans({chr(code): chr(code + 0xFEE0) for code in range(0x21, 0x7F)} | {" ": "\u3000"})


@pytest.mark.parametrize(
    "text",
    [
        f"call {person.PHONE.translate(WIDE)}, please",
        f"call\u3000{'+44 20 5550 1234'.translate(WIDE)}\u3001please",
        f"mail {person.EMAIL.translate(WIDE)}, please",
        f"{person.EMAIL.replace('@', '@'.translate(WIDE))}. Thank you",
    ],
)
def test_a_later_text_in_full_width_characters_about_them_is_blanked(shop: Settings, tmp_path: Path, text: str) -> None:
    forget(shop, person.REF)
    rows = person.bobs_rows(LATER)
    rows["interactions"][0]["body"] = text
    rows["interactions"][1]["body"] = "call \uff10\uff11\uff12\uff13\uff14\uff15\uff16\uff17\uff18, not her"
    person.write(tmp_path / "inbox", LATER, rows)
    arrive(shop)
    found = dict(landed(shop, "interactions", "interaction_id, body", f"file_on = '{LATER}'"))
    assert found == {"I2": None, "I3": rows["interactions"][1]["body"]}


def test_a_spelling_that_only_texts_of_others_have_is_found_by_the_tombstone(shop: Settings, tmp_path: Path) -> None:
    rows = person.bobs_rows(LATER)
    rows["interactions"] = [{**rows["interactions"][0], "body": "call 4402055501234 or +44.20.5550.1234"}]
    person.write(tmp_path / "inbox", LATER, rows)
    arrive(shop)
    forget(shop, person.REF)
    again = plan_erasures_again(shop)
    assert again is not None
    with umask(PRIVATE) as users:
        erase(shop, again, users)
    assert landed(shop, "interactions", "body", f"file_on = '{LATER}'") == [(None,)]


def test_tombstones_of_a_key_that_is_gone_stop_landing(shop: Settings) -> None:
    forget(shop, person.REF)
    shop.paths.key.write_text("another-key-that-is-in-force-from-now-on\n")
    with pytest.raises(ConfigError, match="another key"):
        arrive(shop)


def test_where_nothing_is_held_a_tombstone_is_laid(shop: Settings, tmp_path: Path) -> None:
    certificate = forget(shop, "nobody@nowhere.example")
    assert not certificate.was_held
    assert certificate.landed == {}
    late = [{"customer_ref": "LATE-1", "email": "NOBODY@nowhere.example", "name": "Late Comer"}]
    person.write(tmp_path / "inbox", LATER, {"customers": late})
    assert arrive(shop).erased == 1


def test_a_reference_of_two_sources_asks_which_unless_they_are_one_person(shop: Settings, tmp_path: Path) -> None:
    pos = tmp_path / "pos"
    (tmp_path / "pos.yml").write_text(person.mapping("pos"))
    sources = [SourceFiles(load_mapping(tmp_path / "pos.yml"), pos)]
    person.write(pos, DAY, {"orders": [{"order_id": "P1", "customer_ref": person.REF}]})
    land(shop.home, sources, today=date(2024, 4, 1))
    with pytest.raises(ConfigError, match=r"2 sources \(crm, pos\)"):
        plan_erasure(shop, person.REF)
    for plan in (plan_erasure(shop, person.REF, source="pos"), plan_erasure(shop, f"pos:{person.REF}")):
        assert {source for source, _ in plan.subject.refs} == {"pos"}
    # now both have her e-mail
    person.write(pos, LATER, person.rows(LATER))
    land(shop.home, sources, today=date(2024, 4, 1))
    assert {source for source, _ in plan_erasure(shop, person.REF).subject.refs} == {"crm", "pos"}


@pytest.mark.parametrize(("asked", "by"), [(" ", None), ("12 34", "phone")])
def test_what_could_be_anybody_is_refused(shop: Settings, asked: str, by: str | None) -> None:
    with pytest.raises(ConfigError):
        plan_erasure(shop, asked, by=by)


def test_originals_below_home_go_and_others_are_named(tmp_path: Path) -> None:
    inside = tmp_path / "home" / "inbox"
    settings = person.settings(tmp_path, inbox=inside)
    person.write(inside, DAY, person.rows(DAY))
    person.write(inside, LATER, {"orders": [{"order_id": "B2", "customer_ref": person.BOB}]})
    arrive(settings)
    certificate = forget(settings, person.REF)
    assert [path.name for path in inside.iterdir()] == [f"orders_{LATER}.jsonl"]
    assert f"inbox/customers_{DAY}.jsonl" in certificate.inbox_removed
    assert certificate.inbox_left == ()
    assert person.traces(settings.home) == {}


def test_originals_elsewhere_are_the_users(shop: Settings, tmp_path: Path) -> None:
    before = sorted(path.name for path in (tmp_path / "inbox").iterdir())
    certificate = forget(shop, person.REF)
    assert sorted(path.name for path in (tmp_path / "inbox").iterdir()) == before
    assert f"inbox/customers_{DAY}.jsonl" in certificate.inbox_left
    assert any("outside home" in words for words in certificate.to_do)
    assert arrive(shop).rows == {}  # they are known, and stay out


def test_logs_that_name_them_go(shop: Settings) -> None:
    shop.paths.logs.mkdir(parents=True)
    (shop.paths.logs / "dbt.log").write_text(f"could not convert {person.NAME.upper()}")
    (shop.paths.logs / "other.log").write_text("all is well")
    assert forget(shop, person.REF).logs_removed == ("state/logs/dbt.log",)
    assert [path.name for path in shop.paths.logs.iterdir()] == ["other.log"]


KILLED = """
import os, signal, sys
from pathlib import Path
from pipelines.base.durable import PRIVATE, umask
from pipelines.privacy import erase, plan_erasure
from pipelines.config.secret_key import load_key
from pipelines.config.settings import load_settings

settings, moment = load_settings(Path(sys.argv[1])), int(sys.argv[3])
load_key(settings.paths.key)
plan = plan_erasure(settings, sys.argv[2])
seen = 0

def watch(event, arguments):
    global seen
    if event in ("os.rename", "os.remove", "os.rmdir"):
        seen += 1
        if seen == moment:
            os.kill(os.getpid(), signal.SIGKILL)

sys.addaudithook(watch)
with umask(PRIVATE) as users:
    erase(settings, plan, users)
"""


def test_what_killed_commands_left_of_files_goes(shop: Settings, tmp_path: Path) -> None:
    folder = tmp_path / "pulled"
    folder.mkdir()
    pulled = {"files": folder, "pull": PullSettings.model_validate({"zoho": {"data_center": "eu"}})}
    shop = shop.model_copy(update={"sources": (*shop.sources, shop.sources[0].model_copy(update=pulled))})
    home = shop.paths
    left = [
        home.erasures / ".pending.json.4711",
        home.audiences / "a" / "csv" / ".members.csv.4711",
        home.audience_touches / "crm" / ".audience_a_2024-05-31.csv.4711",
        home.pushes / "crm" / ".contacts.parquet.4711",
        home.decisions.parent / f".{home.decisions.name}.4711",
        folder / ".Contacts_20240531T000000Z.jsonl.gz.4711",
    ]
    others = [folder / ".notes.4711", folder / "Contacts_20240531T000000Z.jsonl.gz"]
    for path in (*left, *others):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(person.EMAIL)
    certificate = forget(shop, person.REF)
    assert [path for path in left if path.exists()] == []
    assert all(path.exists() for path in others)
    assert "erasures/.pending.json.4711" in certificate.state


def test_killed_at_any_step_it_is_finished_by_the_next_run(shop: Settings, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    shutil.copytree(shop.home, kept)
    ended, moments = 0, [1, 2, 3, 9, 20, 33, 1000]
    for moment in moments:
        shutil.rmtree(shop.home)
        shutil.copytree(kept, shop.home)
        command = [sys.executable, "-c", KILLED, str(shop.config_path), person.REF, str(moment)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode in (0, -9), done.stderr
        ended += done.returncode == 0
        if moment in (1, 9):
            told = call("status", "--config", shop.config_path, "--home", shop.home).stderr
            assert ("the erasure " in told) == (moment == 9)
        with umask(PRIVATE) as users:
            certificate = finish_pending(shop, users)
        assert (certificate is None) == (done.returncode == 0 or moment == 1)
        if moment == 1:  # before the journal was there: nothing has been done
            continue
        assert person.traces(shop.home) == {}
        for entity, rows in landed(shop, "ledger", "entity, sum(landed_rows)", "true group by entity"):
            assert len(landed(shop, entity)) == rows, (moment, entity)
        assert len(list(shop.paths.erasures.glob("*.json"))) == 1
        written = json.loads(next(shop.paths.erasures.glob("*.json")).read_text())
        assert written["landed"]["customers"] == {"removed": 3}
    assert ended == 1


def test_a_certificate_also_has_what_was_removed_before_a_kill(shop: Settings, tmp_path: Path) -> None:
    home = shop.paths
    home.state.mkdir(exist_ok=True)
    home.logs.mkdir(exist_ok=True)
    for place in (home.build_state, home.logs / "a.log", home.logs / "b.log"):
        place.write_text(person.EMAIL)
    (key,) = customer_keys([load_key(home.key)], [("crm", person.REF)])
    with duckdb.connect(str(tmp_path / "warehouse.duckdb")) as connection:
        connection.execute("create schema marts")
        connection.execute(f"create table marts.dim_customer as select unnest(['{key}', 'other']) as customer_key")
    for day in (1, 2):
        publish(
            tmp_path / "warehouse.duckdb",
            home.published,
            as_of=date(2024, 3, day),
            run_id="run",
            tables=[MartTable("dim_customer", ("customer_key",))],
        )
    table = pa.table({"_part": ["members"], "_customer_key": [key], "_reason": [None], "name": [person.NAME]})
    write_files(home.audiences / "a" / "csv", table, {})
    with PushState(home.pushes / "crm", "contacts") as pushed:
        pushed.add([(person.REF, {"level": "loyal"})])
    kept = tmp_path / "kept"
    shutil.copytree(shop.home, kept, symlinks=True)

    def certificate_after(moment: int) -> tuple[int, dict[str, Any]]:
        shutil.rmtree(shop.home)
        shutil.copytree(kept, shop.home, symlinks=True)
        command = [sys.executable, "-c", KILLED, str(shop.config_path), person.REF, str(moment)]
        code = subprocess.run(command, check=False).returncode
        with umask(PRIVATE) as users:
            finish_pending(shop, users)
        written = json.loads(next(home.erasures.glob("*.json")).read_text())
        # without the temporary files that the kill left
        written["state"] = [name for name in written["state"] if not Path(name).name.startswith(".")]
        return code, {name: written[name] for name in written.keys() - {"id", "done_at"}}

    _, expected = certificate_after(100_000)
    assert "state/build.json" in expected["state"]
    assert len(expected["versions"]) == 2
    assert expected["audiences"] == ["a/csv"]
    assert expected["logs_removed"] == ["state/logs/a.log", "state/logs/b.log"]
    assert len([one for one in expected["to_do"] if "in the CRM of the source crm" in one]) == 1
    for moment in itertools.count(4, 11):
        code, found = certificate_after(moment)
        assert found == expected, moment
        if code == 0:
            break


def stopped(shop: Settings, moment: int) -> str:
    """An erasure of Ada that was killed half-way; its id."""
    command = [sys.executable, "-c", KILLED, str(shop.config_path), person.REF, str(moment)]
    assert subprocess.run(command, check=False).returncode == -9
    plan = read_journal(shop.paths.erasures)
    assert plan is not None
    return plan.id


def contents(home: Path) -> dict[str, bytes]:
    """Every file below home but the lock, which the holder writes its name into."""
    files = (path for path in sorted(home.rglob("*")) if path.is_file() and path.name != "lock")
    return {str(path.relative_to(home)): path.read_bytes() for path in files}


@pytest.mark.parametrize("moment", [2, 9, 33])
def test_what_only_looks_neither_finishes_an_erasure_that_was_stopped_nor_changes_anything(
    shop: Settings, moment: int, tmp_path: Path
) -> None:
    erasure = stopped(shop, moment)
    left = shop.paths.landing / "orders" / "source=crm" / "batch=bleft_by_a_killed_run"
    left.mkdir()
    shutil.copy2(next(shop.paths.landing.glob("orders/source=crm/*/part.parquet")), left)
    before = contents(shop.home)
    config = str(shop.config_path)
    told = call("forget", person.BOB, "--dry-run", "--json", "--config", config)
    assert (told.returncode, json.loads(told.stdout)["pending_erasure"]) == (0, erasure)
    assert f"the erasure {erasure} " in told.stderr
    held = tmp_path / "held.json"
    exported = call("export", person.BOB, "--out", held, "--config", config)
    assert exported.returncode == 0, exported.stderr
    assert f"the erasure {erasure} " in exported.stderr
    assert json.loads(held.read_text())["held"]["landed.customers"]
    assert contents(shop.home) == before


def test_an_erasure_finishes_the_one_that_was_stopped_before_it(shop: Settings) -> None:
    first = stopped(shop, 9)
    done = call("forget", person.BOB, "--yes", "--json", "--config", shop.config_path)
    assert done.returncode == 0, done.stderr
    assert person.traces(shop.home, (*person.STRINGS, person.BOB)) == {}
    written = {path.stem for path in shop.paths.erasures.glob("*.json")}
    assert written == {first, json.loads(done.stdout)["id"]}


def test_called_again_for_the_same_person_it_finishes_what_was_stopped_and_says_that_they_were_held(
    shop: Settings,
) -> None:
    first = stopped(shop, 33)
    done = call("forget", person.REF, "--yes", "--json", "--config", shop.config_path)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["id"] == first
    assert person.traces(shop.home) == {}


def test_what_only_looks_makes_no_home(tmp_path: Path) -> None:
    settings = person.settings(tmp_path)
    for command in (["forget", person.REF, "--dry-run"], ["export", person.REF]):
        done = call(*command, "--config", settings.config_path)
        assert done.returncode == 8, done.stderr
    assert not settings.home.exists()


def test_what_an_earlier_version_landed_without_a_column_is_found_without_being_changed(shop: Settings) -> None:
    for part in shop.paths.landing.glob("customers/source=*/batch=*/part.parquet"):
        table = pq.read_table(part, partitioning=None)
        pq.write_table(table.drop_columns(["person_ref"]), part)
    before = contents(shop.home)
    told = call("forget", person.REF, "--dry-run", "--json", "--config", shop.config_path)
    assert json.loads(told.stdout)["landed"]["customers"] == {"removed": 2}
    assert contents(shop.home) == before


def test_what_an_earlier_version_landed_and_staged_without_a_column_is_exported_and_forgotten(shop: Settings) -> None:
    (kept,) = landed(shop, "interactions", "content_hash", "interaction_id = 'I2'")
    contacts, orders = ("interactions", "survey_invitations"), ("campaign_touches", "loyalty_events")
    for entity in ("cases", "survey_answers", *contacts, *orders):
        for part in shop.paths.landing.glob(f"{entity}/source=*/batch=*/part.parquet"):
            table = pq.read_table(part, partitioning=None)
            pq.write_table(table.drop_columns(sorted(ENTITIES[entity].added)), part)
    shop.paths.warehouse.parent.mkdir(exist_ok=True)
    with duckdb.connect(str(shop.paths.warehouse)) as connection:
        connection.execute("create schema staging")
        connection.execute(
            "create table staging.stg_cases__checked as"
            f" select 'crm' as source, 'K1' as case_id, '{person.REF}' as customer_ref, null::varchar as order_id"
        )
    held = call("export", person.REF, "--config", shop.config_path)
    assert held.returncode == 0, held.stderr
    found = json.loads(held.stdout)["held"]
    assert len(found["landed.interactions"]) == 1
    assert [row["case_id"] for row in found["staging.stg_cases__checked"]] == ["K1"]
    assert forget(shop, person.REF).landed["interactions"] == {"blanked": 1, "removed": 1}
    assert person.traces(shop.home) == {}
    assert landed(shop, "interactions", "content_hash, email, phone", "interaction_id = 'I2'") == [(*kept, None, None)]


def test_what_erasures_keep_is_the_owners_alone(shop: Settings) -> None:
    forget(shop, person.REF)
    modes = {path.name: path.stat().st_mode & 0o777 for path in shop.paths.erasures.iterdir()}
    assert set(modes.values()) == {0o600}
    assert shop.paths.erasures.stat().st_mode & 0o777 == 0o700
    assert "tombstones" in modes


def test_nothing_is_erased_unless_somebody_confirms_it(shop: Settings) -> None:
    config = str(shop.config_path)
    before = everything(shop, "true")
    refused = call("forget", person.REF, "--config", config)
    assert (refused.returncode, "--yes" in refused.stderr) == (2, True)
    told = call("forget", person.REF, "--dry-run", "--json", "--config", config)
    assert told.returncode == 0
    assert json.loads(told.stdout)["landed"]["customers"] == {"removed": 3}
    references = (person.REF, person.PERSON_REF, person.SECOND_REF)
    shown = [text for text in person.STRINGS if text.lower() in told.stdout.lower()]
    assert tuple(shown) == references  # and no e-mail, phone or name
    assert everything(shop, "true") == before
    assert not (shop.paths.erasures / "tombstones").exists()


def test_a_file_that_is_delivered_again_after_an_erasure_brings_nobody_back(shop: Settings) -> None:
    till = shop.sources[0].files / "till_1.csv"
    first = till.read_text()
    forget(shop, person.REF)
    till.write_text(first.replace("P1,1,2", "P1,1,3"))
    arrive(shop)
    assert person.traces(shop.home) == {}
    till.write_text(first)
    arrive(shop)
    assert person.traces(shop.home) == {}
    lines = landed(shop, "order_lines", "order_id, customer_ref, count(*)", "file_name = 'till_1.csv' group by all")
    # both contents are kept, the sales as those of nobody, and the first is in force again
    assert ("T2", None, 2) in lines and ("T9", person.BOB, 2) in lines
    deliveries = landed(shop, "deliveries", "sequence", "file_name = 'till_1.csv'")
    assert deliveries == [(1,), (2,), (3,)]
