"""The ledger: nothing is lost, nothing lands twice, and a batch is there whole or not at all."""

import json
import os
import shutil
import stat
from datetime import date
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.base.errors import InputError
from pipelines.landing import (
    FileOutcome,
    Outcome,
    RefusedFiles,
    SourceFiles,
    check_sources,
    delivery_ages,
    land,
    load_mapping,
    read_ledger,
)
from pipelines.landing.batches import LAYOUTS
from tests.pipeline.landing_desk import HEADER, TODAY, Desk, lines

KEYLESS = {"order_id": '"order"', "product_name": "product", "quantity": "quantity"}


def _keyless(**more: object) -> dict[str, object]:
    return {"match": "*.csv", "entities": {"order_lines": {"columns": KEYLESS}}, **more}


def _tree(root: Path) -> dict[str, bytes]:
    paths = (path for path in sorted(root.rglob("*")) if path.is_file() and path.parent.name != "index")
    return {str(path.relative_to(root)): path.read_bytes() for path in paths}


def test_every_data_set_can_be_read_before_anything_has_landed(tmp_path: Path) -> None:
    desk = Desk(tmp_path, lines())
    with pytest.raises(InputError, match="nothing has landed yet"):
        desk.land()
    for dataset, columns in LAYOUTS.items():
        assert desk.rows(dataset, ", ".join(columns), "1") == []
    assert read_ledger(desk.home).num_rows == 0


def test_the_layout_is_the_one_that_staging_reads(tmp_path: Path) -> None:
    desk = Desk(tmp_path, lines(file_on=r"(\d{4}-\d{2}-\d{2})"))
    desk.put("a-2024-05-01.csv", HEADER + "o1,1,Tea,1\nbad\n")
    desk.land()
    for dataset in ("order_lines", "unreadable", "ledger"):
        parts = sorted((desk.home / "landing" / dataset).glob("*/*/*"))
        assert len(parts) == 2 and {part.name for part in parts} == {"part.parquet"}
        empty, landed = ([(column.name, column.type) for column in pq.read_schema(part)] for part in parts)
        assert empty == landed
    ((file_on, landed_on, source, batch),) = desk.rows("order_lines", "file_on, landed_on, source, batch")
    assert (file_on, landed_on, source, len(batch)) == (date(2024, 5, 1), TODAY, "shop", 17)


def test_the_ledger_says_what_became_of_every_record(tmp_path: Path) -> None:
    group = lines(
        skips=[
            {"name": "tests", "why": "nobody buys", "where": "product = 'Test'"},
            {"name": "nothing", "why": "nothing sold", "where": "try_cast(quantity as int) = 0"},
        ]
    )
    group["entities"]["order_lines"]["where"] = "try_cast(quantity as int) >= 0"
    group["entities"]["returns"] = {
        "where": "try_cast(quantity as int) < 0",
        "columns": {
            "return_id": '"order"',
            "order_id": '"order"',
            "quantity": "-try_cast(quantity as int)",
            "kind": "'credit'",
        },
    }
    desk = Desk(tmp_path, group)
    rows = ["o1,1,Tea,1", "o1,2,Test,0", "o2,1,Milk,0", "o3,1,Tea,-2", "o4,1,Tea,many", "o5,1", "o6,1,Tea,3"]
    desk.put("a.csv", HEADER + "\n".join(rows))
    desk.land()
    counts = "records, taken_records, unreadable_records, skipped_records, entity, landed_rows"
    assert desk.rows("ledger", counts) == [(7, 3, 2, 2, "order_lines", 2), (7, 3, 2, 2, "returns", 1)]
    assert json.loads(desk.rows("ledger", "skips")[0][0]) == {"tests": 1, "nothing": 1}
    assert desk.rows("unreadable", "rule, record, line", "line") == [("LND-003", 5, 6), ("LND-002", 6, 7)]
    assert json.loads(desk.rows("unreadable", "raw", "line")[0][0])["quantity"] == "many"


def test_a_file_lands_once_under_any_name(tmp_path: Path) -> None:
    desk = Desk(tmp_path, lines())
    content = HEADER + "o1,1,Tea,1\n"
    desk.put("a.csv", content)
    desk.land()
    before = _tree(desk.home / "landing")
    (desk.inbox / "a.csv").rename(desk.inbox / "b.csv")
    desk.put("sub/c.csv", content)
    report = desk.land()
    assert [(file.file_name, file.outcome, file.note) for file in report.files] == [
        ("b.csv", Outcome.SKIPPED, "has landed before, as a.csv"),
        ("sub/c.csv", Outcome.SKIPPED, "has landed before, as a.csv"),
    ]
    after = _tree(desk.home / "landing")
    assert {path for path in after if before.get(path) != after[path]} == {
        path for path in before if path.startswith("deliveries/source=shop/")
    }
    assert desk.rows("deliveries", "file_name, sequence", "file_name") == [("a.csv", 1), ("b.csv", 1), ("sub/c.csv", 1)]


def test_a_content_that_comes_back_is_a_new_delivery_and_no_new_rows(tmp_path: Path) -> None:
    desk = Desk(tmp_path, lines())
    for content in ("o1,1,Tea,1\n", "o1,1,Tea,2\n", "o1,1,Tea,1\n"):
        desk.put("a.csv", HEADER + content)
        report = desk.land()
        desk.land()
    assert "delivered again" in report.files[0].note
    assert len(desk.rows("order_lines")) == 2
    assert sorted(row[0] for row in desk.rows("deliveries", "sequence", "sequence")) == [1, 2, 3]
    assert sorted(delivery_ages(desk.home).values()) == [0, 1]


def test_what_landed_before_deliveries_were_recorded_has_one_each(tmp_path: Path) -> None:
    desk = Desk(tmp_path, lines())
    desk.put("a.csv", HEADER + "o1,1,Tea,1\n")
    desk.land()
    shutil.rmtree(desk.home / "landing" / "deliveries")
    desk.put("a.csv", HEADER + "o1,1,Tea,2\n")
    desk.land()
    assert desk.rows("deliveries", "file_name, sequence", "sequence") == [("a.csv", 1), ("a.csv", 2)]


def test_the_same_bytes_on_another_date_are_another_delivery(tmp_path: Path) -> None:
    desk = Desk(tmp_path, lines(file_on=r"(\d{8})", file_on_format="%Y%m%d"))
    desk.put("a_20240502.csv", HEADER + "o1,1,Tea,1\n")
    desk.put("z_20240501.csv", HEADER + "o1,1,Tea,1\n")
    report = desk.land()
    assert [file.file_name for file in report.of(Outcome.LANDED)] == ["z_20240501.csv", "a_20240502.csv"]
    assert len(set(report.landed_batches)) == 2


@pytest.mark.parametrize("name", ["a.csv", "a_20241350.csv"])
def test_a_name_without_the_date_it_should_have_refuses_the_file(tmp_path: Path, name: str) -> None:
    desk = Desk(tmp_path, lines(file_on=r"(\d{8})", file_on_format="%Y%m%d"))
    desk.put(name, HEADER)
    with pytest.raises(RefusedFiles, match=name):
        desk.land()


def test_equal_rows_without_a_key_stand_and_have_keys_of_their_own(tmp_path: Path) -> None:
    content = "order,product,quantity\n" + "o1,Tea,1\n" * 3 + "o1,Milk,1\n"
    keys = []
    for home in ("one", "two"):
        desk = Desk(tmp_path / home, _keyless())
        desk.put(f"{home}.csv", content)
        desk.land()
        keys.append(desk.rows("order_lines", "line_id", "record"))
    assert len(set(keys[0])) == 4
    assert keys[0] == keys[1]


def test_the_same_row_in_two_files_has_two_keys(tmp_path: Path) -> None:
    desk = Desk(tmp_path, _keyless())
    desk.put("a.csv", "order,product,quantity\no1,Tea,1\n")
    desk.put("b.csv", "order,product,quantity\no1,Tea,1\no2,Tea,1\n")
    desk.land()
    assert len(set(desk.rows("order_lines", "line_id"))) == 3
    assert len(set(desk.rows("order_lines", "content_hash"))) == 2


def test_a_batch_without_its_ledger_is_removed_and_landed_again(tmp_path: Path) -> None:
    desk = Desk(tmp_path, lines())
    desk.put("a.csv", HEADER + "o1,1,Tea,1\n")
    desk.land()
    whole = _tree(desk.home / "landing")
    for part in list((desk.home / "landing" / "ledger" / "source=shop").rglob("*.parquet")):
        part.unlink()
        part.parent.rmdir()
    left = desk.home / "landing" / ".tmp-1"
    left.mkdir()
    (left / "half").write_text("x")
    (desk.inbox / "a.csv").rename(tmp_path / "a.csv")
    with pytest.raises(InputError, match="nothing has landed yet"):
        desk.land()
    assert desk.rows("order_lines") == [] and not left.exists()
    (tmp_path / "a.csv").rename(desk.inbox / "a.csv")
    assert desk.land().orphans == 0
    assert _tree(desk.home / "landing") == whole


def test_a_refused_file_leaves_nothing_and_the_others_land(tmp_path: Path) -> None:
    desk = Desk(tmp_path, lines())
    desk.put("a.csv", "what,ever\n1,2\n")
    desk.put("b.csv", HEADER + "o1,1,Tea,1\n")
    desk.put("c.txt", "?")
    with pytest.raises(RefusedFiles) as refused:
        desk.land()
    assert {file.file_name: file.outcome for file in refused.value.report.files} == {
        "a.csv": Outcome.REFUSED,
        "b.csv": Outcome.LANDED,
        "c.txt": Outcome.REFUSED,
    }
    assert "a.csv" in refused.value.message and "c.txt: no entry" in refused.value.message
    assert refused.value.exit_code == 3
    assert desk.rows("ledger", "file_name") == [("b.csv",)]
    assert not list((desk.home / "landing").glob(".tmp*"))


def test_ignored_hidden_and_unfinished_files_are_left_alone(tmp_path: Path) -> None:
    desk = Desk(tmp_path, lines(), {"match": "readme*", "ignore": "words for people"})
    for name in ("readme.txt", ".hidden.csv", "x.csv.part", ".git/y.csv"):
        desk.put(name, "?")
    (outcome,) = desk.land().files
    assert (outcome.file_name, outcome.outcome, outcome.note) == ("readme.txt", Outcome.IGNORED, "words for people")


def test_a_link_out_of_the_inbox_is_refused_and_one_within_it_is_not(tmp_path: Path) -> None:
    desk = Desk(tmp_path, lines())
    secret = tmp_path / "secret.csv"
    secret.write_text(HEADER + "o1,1,Tea,1\n")
    desk.put("here/a.csv", HEADER + "o2,1,Tea,1\n")
    (desk.inbox / "within.csv").symlink_to(desk.inbox / "here" / "a.csv")
    (desk.inbox / "out.csv").symlink_to(secret)
    (tmp_path / "folder").mkdir()
    (desk.inbox / "away").symlink_to(tmp_path / "folder")
    with pytest.raises(RefusedFiles, match="outside the inbox") as refused:
        desk.land()
    assert sorted(file.file_name for file in refused.value.report.of(Outcome.REFUSED)) == ["away", "out.csv"]
    assert desk.rows("order_lines", "distinct order_id", "1") == [("o2",)]


def test_a_pipe_in_the_inbox_is_refused_and_never_waited_for(tmp_path: Path) -> None:
    desk = Desk(tmp_path, lines())
    os.mkfifo(desk.inbox / "a.csv")
    with pytest.raises(RefusedFiles, match="this is a pipe, not a file"):
        desk.land()


def test_what_has_landed_is_for_the_user_alone(tmp_path: Path) -> None:
    desk = Desk(tmp_path, lines())
    desk.put("a.csv", HEADER + "o1,1,Tea,1\nbad\n")
    desk.land()
    for path in [desk.home / "landing", *(desk.home / "landing").rglob("*")]:
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


def test_progress_is_told_after_each_file(tmp_path: Path) -> None:
    desk = Desk(tmp_path, lines())
    desk.put("a.csv", HEADER)
    desk.put("b.csv", HEADER + "o1,1,Tea,1\n")
    told: list[tuple[str, int, int]] = []

    def tell(outcome: FileOutcome, done: int, total: int) -> None:
        told.append((outcome.file_name, done, total))

    land(desk.home, [SourceFiles(load_mapping(desk.mapping), desk.inbox)], today=TODAY, progress=tell)
    assert told == [("a.csv", 1, 2), ("b.csv", 2, 2)]


def test_sources_can_be_checked_without_landing(tmp_path: Path) -> None:
    desk = Desk(tmp_path, lines(), lines("*.tsv", format="tsv"), {"match": "*.md", "ignore": "words"})
    desk.put("a.csv", HEADER + "o1,1,Tea,1\n")
    desk.put("b.csv", "order,line\n")
    desk.put("c.xyz", "")
    desk.put("d.md", "")
    mapping = load_mapping(desk.mapping)
    sources = [SourceFiles(mapping, desk.inbox), SourceFiles(mapping, tmp_path / "nowhere")]
    found, missing = check_sources(desk.home, sources)
    assert (found.files, found.ignored) == (2, 1)
    assert [problem.split(":")[0] for problem in found.problems] == ["b.csv", "c.xyz"]
    assert "`product`, `quantity`" in found.problems[0]
    assert any("*.tsv" in note for note in found.notes)
    assert "nowhere" in missing.problems[0]
    assert not (desk.home / "landing").exists()


def test_an_inbox_without_a_file_is_refused_unless_something_has_landed(tmp_path: Path) -> None:
    desk = Desk(tmp_path, lines())
    sources = [SourceFiles(load_mapping(desk.mapping), desk.inbox)]
    for attempt in (desk.land, lambda: check_sources(desk.home, sources)):
        with pytest.raises(InputError, match="nothing has landed yet, and there is no file in") as refused:
            attempt()
        assert str(desk.inbox) in refused.value.message
    delivered = desk.put("a.csv", HEADER + "o1,1,Tea,1\n")
    desk.land()
    delivered.unlink()
    assert desk.land().files == ()
    (checked,) = check_sources(desk.home, sources)
    assert (checked.files, checked.problems) == (0, ())
    assert "there is no file in" in checked.notes[0]


_FIELD = st.text(st.sampled_from('ab1,"\n\r\t é\0'), max_size=4)
_LINE = st.one_of(
    st.tuples(
        st.sampled_from(["o1", "o2"]), st.sampled_from(["Tea", "Milk"]), st.sampled_from(["1", "0", "-1", "x"])
    ).map(",".join),
    st.lists(_FIELD, min_size=1, max_size=4).map(",".join),
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.lists(_LINE, max_size=20), end=st.sampled_from(["\n", "\r\n"]))
def test_records_are_taken_unreadable_or_skipped_whatever_the_file(
    tmp_path_factory: pytest.TempPathFactory, content: list[str], end: str
) -> None:
    group = _keyless(skips=[{"name": "zero", "why": "nothing sold", "where": "quantity = '0'"}])
    group["entities"] = {"order_lines": {"where": "try_cast(quantity as int) is not null", "columns": KEYLESS}}
    desk = Desk(tmp_path_factory.mktemp("any"), group)
    desk.put("a.csv", "order,product,quantity" + end + end.join(content))
    (file,) = desk.land().files
    assert file.records == file.taken + file.unreadable + file.skipped
    assert desk.rows("ledger", "records, taken_records, unreadable_records, skipped_records") == [
        (file.records, file.taken, file.unreadable, file.skipped)
    ]
    assert desk.query("select count(*) from landed('order_lines')") == [(file.taken,)]
    assert desk.query("select count(*) from landed('unreadable')") == [(file.unreadable,)]
    good = [line for line in content if line.split(",")[0] in ("o1", "o2") and line.count(",") == 2]
    if all(line in good for line in content):
        assert (file.records, file.unreadable) == (len(good), sum(line.endswith("x") for line in good))
