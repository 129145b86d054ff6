"""What changed since the previous version: files beside the versions, from two small versions with planted changes."""

import json
import logging
from collections.abc import Callable
from datetime import date
from pathlib import Path

import duckdb
import pytest

from pipelines.publication import (
    MartTable,
    Retention,
    Version,
    delete_version,
    erase_customers,
    list_versions,
    publish,
    set_current,
)
from pipelines.publication.changes import Changes, Side, changes_paths, read_changes
from pipelines.report.changes import changes_of

# Per customer number: the level. In the second version 6 new customers became loyal, and 2 loyal customers left.
THEN = ["loyal"] * 20 + ["new"] * 12 + ["at_risk"] * 7
NOW = ["loyal"] * 18 + ["churned"] * 2 + ["loyal"] * 6 + ["new"] * 6 + ["at_risk"] * 7
TABLES = [
    MartTable("customer_loyalty", ("customer_key",)),
    MartTable("customer_audience", ("audience", "customer_key")),
    MartTable("fct_order", ("order_key",)),
    MartTable("rpt_data_issue", ("issue",)),
    MartTable("rpt_setting", ("setting",)),
    MartTable("dim_label", ("code_set", "code", "language")),
]


def key(number: int) -> str:
    return f"customer-{number:04d}"


@pytest.fixture
def publish_levels(tmp_path: Path) -> Callable[..., Version]:
    """Publishes a version whose customers have these levels; customer 0 is the first."""
    warehouse = tmp_path / "warehouse.duckdb"

    def publish_day(
        day: int,
        levels: list[str],
        *,
        rejected: int = 3,
        amount: str = "10.00",
        settings: str = "('model.reports.min_group', '5')",
        **how: object,
    ) -> Version:
        warehouse.unlink(missing_ok=True)
        with duckdb.connect(str(warehouse)) as connection:
            connection.execute("create schema marts; set schema = 'marts'")
            connection.execute(
                """
                create table customer_loyalty as
                    select unnest($1) as customer_key, unnest($2) as level, 'behavioural' as loyalty_class,
                        'no_loyalty' as quadrant
                """,
                [[key(number) for number in range(len(levels))], levels],
            )
            connection.execute(
                f"""
                create table customer_audience as
                    select 'win back' as audience, customer_key from customer_loyalty where level = 'new';
                create table fct_order as
                    select customer_key as order_key, customer_key, true as is_purchase,
                        date '2025-12-01' as ordered_on, {amount}::decimal(18, 2) as net_amount
                    from customer_loyalty;
                create table rpt_data_issue as
                    select 'orders_rejected' as issue, 'shop' as source, 'orders' as entity, 'warn' as severity,
                        {rejected}::bigint as n_rows, null::decimal(18, 2) as amount, false as is_amount_estimated;
                create table rpt_setting as select * from (values {settings}) as given (setting, value);
                create table dim_label as
                    select 'level' as code_set, code, language, code || ' (' || language || ')' as label
                    from (select unnest(['loyal', 'new', 'at_risk', 'churned']) as code)
                    cross join (select unnest(['en', 'zh']) as language);
                """
            )
        return publish(
            warehouse,
            tmp_path / "published",
            as_of=date(2026, 1, day),
            run_id=f"r{day}",
            tables=TABLES,
            **{"changes": changes_of, **how},
        )

    return publish_day


def found(version: Version) -> Changes:
    read = read_changes(version.path.parents[1], version.id)
    assert read is not None
    return read


def page(version: Version) -> str:
    return changes_paths(version.path.parents[1], version.id)[1].read_text()


def test_customers_gained_and_lost_are_counted_per_level_and_small_numbers_are_hidden(
    publish_levels: Callable[..., Version],
) -> None:
    old = publish_levels(1, THEN)
    new = publish_levels(2, NOW)
    changes = found(new)
    assert (changes.version, changes.compared_with, changes.not_compared) == (new.id, old.id, ())
    moved = {(one.kind, one.group): (one.then, one.now, one.gained, one.lost) for one in changes.moves}
    assert moved == {
        ("levels", "at_risk"): (7, 7, 0, 0),
        ("levels", "churned"): (0, None, None, None),  # 2 customers
        ("levels", "loyal"): (20, 24, None, None),  # 6 gained, but 2 lost: either would give the other
        ("levels", "new"): (12, 6, 0, 6),
        ("classes", "behavioural"): (39, 39, 0, 0),
        ("audiences", "win back"): (12, 6, 0, 6),
    }


def test_a_small_group_does_not_follow_from_those_who_came(publish_levels: Callable[..., Version]) -> None:
    publish_levels(1, ["loyal"] * 13 + ["churned"] * 2)
    new = publish_levels(2, ["churned"] * 7 + ["loyal"] * 6 + ["churned"] * 2)
    moved = {one.group: (one.then, one.now, one.gained, one.lost) for one in found(new).moves if one.kind == "levels"}
    assert moved == {"churned": (None, 9, None, None), "loyal": (13, 6, 0, 7)}


def test_settings_that_differ_are_named_so_that_a_new_rule_is_not_taken_for_a_move(
    publish_levels: Callable[..., Version],
) -> None:
    same = "('model.reports.min_group', '5'), ('currency', 'EUR')"
    publish_levels(
        1, THEN, settings=f"{same}, ('audiences.rich.where', 'clv > 1'), ('model.loyalty.high_emotion', '60')"
    )
    new = publish_levels(2, THEN, settings=f"{same}, ('audiences.rich.where', 'clv > 2 < 3'), ('model.new', NULL)")
    changed = [(one.setting, one.then, one.now) for one in found(new).settings]
    assert changed == [("audiences.rich.where", "clv > 1", "clv > 2 < 3"), ("model.loyalty.high_emotion", "60", None)]
    names = "audiences.rich.where, model.loyalty.high_emotion"
    assert f"Settings that changed: {names}" in found(new).summary["en"]
    assert "clv &gt; 2 &lt; 3" in page(new)


def test_figures_and_charts_have_both_values_and_the_difference(publish_levels: Callable[..., Version]) -> None:
    publish_levels(1, THEN, rejected=3, warnings=("one",))
    new = publish_levels(2, NOW, rejected=10, amount="12.50")
    figures = {one.key: (one.then, one.now, one.difference) for one in found(new).figures}
    assert {name: tuple(map(float, figures[name])) for name in ("revenue", "rejected", "warnings")} == {
        "revenue": (390.0, 487.5, 97.5),
        "rejected": (3, 10, 7),
        "warnings": (1, 0, -1),
    }
    rows = {(row.block, *row.about.values()): (row.then, row.now) for row in found(new).rows}
    assert rows[("levels_by_class", "loyal", "behavioural")] == (20, 24)
    assert rows[("rejected", "orders_rejected", "shop")] == (3, 10)
    assert ("levels_by_class", "churned", "behavioural") not in rows  # 2 customers


def test_the_summary_has_at_most_ten_lines_in_both_languages(publish_levels: Callable[..., Version]) -> None:
    publish_levels(1, THEN)
    new = publish_levels(2, NOW, rejected=10)
    summary = found(new).summary
    assert summary.keys() == {"en", "zh"}
    assert all(2 < len(lines) <= 10 for lines in summary.values())
    assert "new (en) +0 −6" in "\n".join(summary["en"])
    assert "Rejected records: 3 → 10 (+7); Warnings of the run: 0 → 0 (±0)" in summary["en"]
    html = page(new)
    assert all(line in html for lines in summary.values() for line in lines)


def test_a_pair_of_versions_gives_the_same_bytes_and_no_key_of_a_customer(
    publish_levels: Callable[..., Version],
) -> None:
    old, new = publish_levels(1, THEN), publish_levels(2, NOW)
    assert old.manifest and new.manifest
    again, html = changes_of(Side(new.path, new.manifest), Side(old.path, old.manifest))
    json_file, html_file = changes_paths(new.path.parents[1], new.id)
    assert json_file.read_text() == again.to_text()
    assert html_file.read_text() == html
    assert "customer-" not in json_file.read_text() + html
    assert "http" not in html  # it loads nothing


def test_the_files_have_the_permissions_of_published_files(publish_levels: Callable[..., Version]) -> None:
    version = publish_levels(1, THEN)
    files = changes_paths(version.path.parents[1], version.id)
    assert {file.stat().st_mode & 0o777 & ~0o640 for file in files} == {0}
    assert files[0].parent.stat().st_mode & 0o777 & ~0o750 == 0


@pytest.mark.parametrize(
    ("change", "reason"),
    [({"schema_version": 1}, "schema"), ({"reporting": {"currency": "USD", "timezone": "UTC"}}, "currency")],
)
def test_a_version_that_cannot_be_compared_is_named_with_the_reason(
    publish_levels: Callable[..., Version], change: dict[str, object], reason: str
) -> None:
    old = publish_levels(1, THEN)
    stated = json.loads((old.path / "manifest.json").read_text())
    (old.path / "manifest.json").write_text(json.dumps({**stated, **change}))
    new = publish_levels(2, NOW)
    changes = found(new)
    assert (changes.compared_with, changes.not_compared) == (old.id, (reason,))
    assert changes.moves == changes.rows == ()
    assert changes.figures
    assert {one.then for one in changes.figures} == {None}
    assert changes.summary["en"][1].startswith(f"Version {old.id} has ")
    assert changes.summary["en"][1] in page(new)


def test_with_pseudonyms_of_another_key_only_customers_gained_and_lost_are_unknown(
    publish_levels: Callable[..., Version],
) -> None:
    publish_levels(1, THEN, inputs={"key_fingerprint": "a"})
    changes = found(publish_levels(2, NOW, inputs={"key_fingerprint": "b"}))
    assert (changes.not_compared, changes.moves) == (("key",), ())
    assert {one.key: one.then for one in changes.figures}["rejected"] == 3


def test_the_first_version_says_that_there_is_nothing_to_compare(publish_levels: Callable[..., Version]) -> None:
    version = publish_levels(1, THEN)
    assert (found(version).compared_with, found(version).not_compared) == (None, ("first",))
    assert "There is no earlier version" in page(version)


def test_after_a_rollback_the_next_version_is_compared_with_the_one_that_was_current(
    publish_levels: Callable[..., Version],
) -> None:
    first, second = publish_levels(1, THEN), publish_levels(2, NOW)
    set_current(first.path.parents[1], first.id)
    assert found(publish_levels(3, NOW)).compared_with == first.id
    assert found(second).compared_with == first.id


def test_the_files_go_away_with_their_version(publish_levels: Callable[..., Version]) -> None:
    first = publish_levels(1, THEN)
    second = publish_levels(2, NOW)
    third = publish_levels(3, NOW, retention=Retention(days=2, grace_minutes=0))
    published = third.path.parents[1]
    folder = published / "changes"
    assert {path.stem for path in folder.iterdir()} == {second.id, third.id}  # and the first went by its age
    assert not first.path.exists()
    delete_version(published, second.id)
    (folder / ".half-written.json").write_text("")
    erase_customers(published, [key(9999)])  # it also cleans up
    assert {path.name for path in folder.iterdir()} == {f"{third.id}.json", f"{third.id}.html"}


def test_an_erasure_compares_the_rewritten_versions_again(publish_levels: Callable[..., Version]) -> None:
    published = publish_levels(1, THEN).path.parents[1]
    publish_levels(2, NOW)
    erased = erase_customers(published, [key(25)], changes=changes_of)  # new, then loyal
    assert len(erased) == 2
    new, old = list_versions(published)
    changes = found(new)
    assert changes.compared_with == old.id
    assert {(one.kind, one.group): (one.then, one.now) for one in changes.moves}[("levels", "new")] == (11, 6)
    assert {path.stem for path in (published / "changes").iterdir()} == {new.id, old.id}


def test_an_erasure_says_that_the_previous_version_is_no_longer_kept(publish_levels: Callable[..., Version]) -> None:
    first = publish_levels(1, THEN)
    published = first.path.parents[1]
    publish_levels(2, NOW)
    delete_version(published, first.id)
    erase_customers(published, [key(25)], changes=changes_of)
    (new,) = list_versions(published)
    assert (found(new).compared_with, found(new).not_compared) == (first.id, ("removed",))


def test_a_failure_to_compare_is_a_warning_and_the_version_is_published(
    publish_levels: Callable[..., Version], caplog: pytest.LogCaptureFixture
) -> None:
    def broken(new: Side, before: Side | str) -> tuple[Changes, str]:
        raise KeyError("a text that is missing")

    with caplog.at_level(logging.WARNING, "loyalty.publication"):
        version = publish_levels(1, THEN, changes=broken)
    assert version.is_current
    assert read_changes(version.path.parents[1], version.id) is None
    assert "could not be written: KeyError: 'a text that is missing'" in caplog.text
