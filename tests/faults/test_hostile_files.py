"""Nothing is lost of hostile files: what landing makes of each record is what the generator knows must become of it.

The short form runs with every test; the long form (200 files a format, 10,000 rows a file) by `make slow`.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from pipelines.landing import FileOutcome, Outcome, RefusedFiles
from tests.faults.hostile_files import GROUPS, KINDS, HostileFile, hostile_file
from tests.pipeline.landing_desk import Desk


def _land(desk: Desk, files: Sequence[HostileFile]) -> None:
    """Land some files, and compare what became of each with what had to."""
    paths = [desk.put(file.name, file.content) for file in files]
    try:
        report = desk.land()
    except RefusedFiles as refused:
        report = refused.report
    outcomes = {outcome.file_name: outcome for outcome in report.files}
    found = {
        "orders": _by_file(desk, "orders", "order_id, coupon_code", files),
        "order_lines": _by_file(desk, "order_lines", "order_id, line_id", files),
        "unreadable": _by_file(desk, "unreadable", "rule", files),
        "ledger": _by_file(desk, "ledger", "records, taken_records, unreadable_records, skipped_records", files),
    }
    assert len(outcomes) == len(files)
    for file in files:
        _check(file, outcomes[file.name], {name: rows[file.name] for name, rows in found.items()})
    for path in paths:
        path.unlink()


def _check(file: HostileFile, outcome: FileOutcome, found: dict[str, list[tuple[Any, ...]]]) -> None:
    if file.refusal:
        assert outcome.outcome is Outcome.REFUSED and re.search(file.refusal, outcome.note), (file.name, outcome)
        assert not any(found.values()), f"{file.name} was refused and left something behind"
        return
    assert outcome.outcome is Outcome.LANDED, (file.name, outcome.note)
    unreadable = sum(file.rules.values())
    taken = len(file.fates) - unreadable - file.skipped
    counts = (len(file.fates), taken, unreadable, file.skipped)
    assert (outcome.records, outcome.taken, outcome.unreadable, outcome.skipped) == counts, file.name
    assert set(found["ledger"]) == {counts}, file.name
    assert Counter(rule for (rule,) in found["unreadable"]) == file.rules, file.name
    assert Counter(found["orders"]) == file.orders, file.name
    assert len(found["order_lines"]) == file.lines, file.name


def _by_file(desk: Desk, entity: str, columns: str, files: Sequence[HostileFile]) -> dict[str, list[tuple[Any, ...]]]:
    names = ", ".join(f"'{file.name}'" for file in files)
    rows: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
    for name, *row in desk.query(f"select file_name, {columns} from landed('{entity}') where file_name in ({names})"):
        rows[name].append(tuple(row))
    return rows


@pytest.mark.parametrize("kind", KINDS)
def test_every_record_of_a_hostile_file_has_the_fate_that_was_planted(tmp_path: Path, kind: str) -> None:
    _land(Desk(tmp_path, *GROUPS), [hostile_file(kind, number, rows=150) for number in range(20)])


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_every_record_of_two_hundred_long_files_has_the_fate_that_was_planted(tmp_path: Path, kind: str) -> None:
    desk = Desk(tmp_path, *GROUPS)
    for first in range(0, 200, 10):
        _land(desk, [hostile_file(kind, number, rows=10_000) for number in range(first, first + 10)])
