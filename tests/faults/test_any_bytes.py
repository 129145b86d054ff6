"""Whatever the bytes: a file lands with its records accounted for, or is refused whole and leaves nothing behind.

What exactly must become of known damage is test_hostile_files.py's; here nobody knows, and nothing may break.
"""

import gzip
import random
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.landing import FileOutcome, Outcome, RefusedFiles, SourceFiles, land, load_mapping
from tests.faults.hostile_files import GROUPS, hostile_file
from tests.pipeline.landing_desk import TODAY, Desk

_SUFFIX = {"csv": "csv", "tsv": "tsv", "jsonl": "jsonl", "json": "json", "parquet": "parquet", "gzip": "csv.gz"}


def _whole(kind: str) -> bytes:
    """A file of ten records to begin with: in UTF-8, without damage."""
    files = (hostile_file(kind, number, 10) for number in range(10, 400, 10))
    return next(file.content for file in files if file.name.count(".") == 1 and not file.refusal)


_WHOLE = {kind: _whole(kind) for kind in ("csv", "tsv", "jsonl", "json", "parquet")}
_WHOLE["gzip"] = gzip.compress(_WHOLE["csv"], mtime=0)
_PIECES = [
    b'"',
    b"\n",
    b"\r",
    b"\0",
    b",",
    b"\t",
    b"[",
    b"{",
    b"}]",
    b"\xff",
    b"\xef\xbb\xbf",
    b"\xc3",
    b"PAR1",
    b"0" * 40,
]


@st.composite
def _damaged(draw: st.DrawFn, kind: str) -> bytes:
    """A whole file with some bytes changed, put in, taken out or repeated; or any bytes at all."""
    if draw(st.integers(0, 9)) == 0:
        return draw(st.binary(max_size=300))
    content = _WHOLE[kind]
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, max(len(content) - 1, 0)))
        length = draw(st.integers(0, 30))
        match draw(st.integers(0, 4)):
            case 0:
                content = content[:at] + draw(st.sampled_from(_PIECES)) + content[at:]
            case 1:
                content = content[:at] + draw(st.binary(min_size=1, max_size=4)) + content[at + 1 :]
            case 2:
                content = content[:at] + content[at + length :]
            case 3:
                content = content[: at + length] + content[at:]
            case _:
                content = content[:at]
    return content


class _Room:
    """A home that damaged files are landed in, and what must hold of them."""

    def __init__(self, folder: Path, kind: str) -> None:
        self.desk = Desk(folder, *GROUPS)
        self._mapping = load_mapping(self.desk.mapping)
        self._suffix = _SUFFIX[kind]
        self._seen: set[bytes] = set()

    def land(self, contents: Iterable[bytes]) -> None:
        """Land some files at once; both ends must agree: the outcomes, and what lies in the landing folder."""
        paths = []
        for content in contents:
            if content not in self._seen:  # else it has landed, and is skipped
                self._seen.add(content)
                paths.append(self.desk.put(f"{len(self._seen)}.{self._suffix}", content))
        sources = [SourceFiles(self._mapping, self.desk.inbox)]
        try:
            report = land(self.desk.home, sources, today=TODAY) if paths else None
        except RefusedFiles as refused:
            report = refused.report
        for path in paths:
            path.unlink()
        if report is not None:
            assert len(report.files) == len(paths)
            self._check({file.file_name: file for file in report.files})

    def _check(self, files: dict[str, FileOutcome]) -> None:
        names = ", ".join(f"'{name}'" for name in files)
        found: dict[str, Counter[str]] = {name: Counter() for name in files}
        for entity in ("orders", "order_lines", "unreadable", "ledger"):
            of_files = f"from landed('{entity}') where file_name in ({names}) group by all"
            for name, rows in self.desk.query(f"select file_name, count(*) {of_files}"):
                found[name][entity] = rows
        assert not list(self.desk.home.rglob(".tmp-*"))
        for name, file in files.items():
            if file.outcome is Outcome.REFUSED:
                assert not found[name] and file.note and file.hint
                continue
            assert file.records == file.taken + file.unreadable + file.skipped
            lines = file.rows.get("order_lines", 0)
            landed = {"orders": file.taken, "order_lines": lines, "unreadable": file.unreadable}
            assert file.rows["orders"] == file.taken
            assert found[name] == Counter({**landed, "ledger": len(file.rows)})


@pytest.mark.parametrize("kind", list(_SUFFIX))
def test_any_bytes_land_whole_or_are_refused_whole(tmp_path: Path, kind: str) -> None:
    room = _Room(tmp_path, kind)

    @settings(max_examples=10, suppress_health_check=[HealthCheck.too_slow])
    @given(contents=st.lists(_damaged(kind), min_size=1, max_size=8))
    def check(contents: list[bytes]) -> None:
        room.land(contents)

    check()


@pytest.mark.slow
@pytest.mark.parametrize("kind", list(_SUFFIX))
def test_two_thousand_damaged_files_land_whole_or_are_refused_whole(tmp_path: Path, kind: str) -> None:
    room, dice, whole = _Room(tmp_path, kind), random.Random(kind), _WHOLE[kind]
    room.land([whole])
    assert room.desk.rows("orders", "order_id"), "what is damaged below is whole to begin with"
    for _ in range(20):
        contents = []
        for _ in range(100):
            content = bytearray(whole)
            for _ in range(dice.choice([1, 1, 2, 8])):
                content[dice.randrange(len(content))] = dice.randrange(256)
            contents.append(bytes(content))
        room.land(contents)
