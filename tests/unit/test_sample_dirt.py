"""Planted bad rows: where the truth says, for every rule, in the share asked for."""

import csv
from collections import Counter
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from pipelines.base.entities import ENTITIES
from pipelines.landing.spans import Rule
from tests.unit.sample_files import DIRTY, expected_counts, good_records, kind, lines_of, planted, small_sample

SEEDS = Path(__file__).parents[2] / "dbt_project" / "seeds"
WIDE = {"survey_relationship": ("How", "I ", "Product"), "survey_transaction": ("Satisfied", "Made")}
ENTITY_OF = {
    "contacts": "customers",
    "contact_changes": "customers",
    "survey_relationship": "survey_answers",
    "survey_transaction": "survey_answers",
    "survey_kiosk": "survey_answers",
    "memberships": "loyalty_events",
}


# No source of the sample deletes a record: tests/dbt/test_deletions.py breaks the rules of deletions.
IN_SAMPLE = sorted(ENTITIES.keys() - {"deletions"})


def _rules_on_rows() -> set[str]:
    with (SEEDS / "quarantine_rules.csv").open(encoding="utf-8", newline="") as file:
        return {row["code"] for row in csv.DictReader(file) if row["entity"] in IN_SAMPLE}


def test_every_rule_that_a_row_can_break_is_planted() -> None:
    found = {bad.rule for bad in planted(small_sample())}
    assert found >= _rules_on_rows()


def test_every_way_in_which_landing_cannot_read_a_record_is_planted() -> None:
    # except a record of megabytes, what concerns whole files, and what the sample has not: lists, value maps, and JSON
    # with a field twice
    not_planted = {Rule.TOO_LONG, Rule.NO_LIST, Rule.HEADER_AGAIN, Rule.CUT_OFF, Rule.UNMAPPED, Rule.FIELD_TWICE}
    expected = {rule.value for rule in set(Rule) - not_planted}
    assert {bad.rule for bad in planted(small_sample()) if bad.entity == "unreadable"} == expected


def test_no_rule_is_planted_that_nobody_checks() -> None:
    known = _rules_on_rows() | {rule.value for rule in Rule}
    assert {bad.rule for bad in planted(small_sample())} <= known


def test_a_planted_row_stands_on_its_line() -> None:
    for bad in planted(small_sample()):
        line = lines_of(small_sample() / "inbox" / bad.file_name)[bad.line - 1]
        for part in bad.key.split("|"):
            assert part in line or part in ("recommend", "satisfied"), bad


@pytest.mark.parametrize("entity", IN_SAMPLE)
def test_all_other_rows_are_counted_as_clean(entity: str) -> None:
    inbox = small_sample() / "inbox"
    bad_lines: dict[str, set[int]] = {}
    for bad in planted(small_sample()):
        bad_lines.setdefault(bad.file_name, set()).add(bad.line)
    rows = skipped = 0
    for path in sorted(inbox.iterdir()):
        name = kind(path.name)
        if ENTITY_OF.get(name, name) != entity or "_again" in path.name or path.suffix == ".parquet":
            continue
        for record in good_records(path, bad_lines.get(path.name, set())):
            if record.get("state") == "pending":
                skipped += 1
            elif name in WIDE:
                rows += sum(value is not None for column, value in record.items() if column.startswith(WIDE[name]))
            else:
                rows += 1
    if entity == "customers":
        rows += sum(pq.read_metadata(path).num_rows for path in inbox.glob("contacts_*.parquet"))
    counts = expected_counts(small_sample())[entity]
    assert (rows, skipped) == (counts["clean_rows"], counts["skipped_records"])
    assert counts["clean_rows"] == counts["accepted_keys"] + counts["superseded_rows"]


def test_bad_rows_are_counted_by_entity() -> None:
    found = Counter(bad.entity for bad in planted(small_sample()))
    assert found == {name: counts["bad_rows"] for name, counts in expected_counts(small_sample()).items()}


def test_the_share_of_bad_rows_is_as_asked() -> None:
    bad = Counter(kind(row.file_name) for row in planted(small_sample()))
    counts = expected_counts(small_sample())
    for name in ("orders", "order_lines", "campaign_touches"):
        assert bad[name] / counts[name]["clean_rows"] == pytest.approx(DIRTY, rel=0.02)


def test_each_bad_row_but_for_codes_has_a_key_of_its_own() -> None:
    keys = [(bad.entity, bad.key) for bad in planted(small_sample()) if "X-" in bad.key]
    assert len(keys) == len(set(keys))
    assert len(keys) > 300
