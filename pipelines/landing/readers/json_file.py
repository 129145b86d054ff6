"""Reads JSON lines and JSON documents into DuckDB. jsonpass.py splits them into records."""

from pathlib import Path

import duckdb

from pipelines.landing.binding import content_of, record_leaf
from pipelines.landing.model import FileGroup
from pipelines.landing.readers.jsonpass import json_elements, json_lines
from pipelines.landing.readers.records import LINES, load_records, unreadable_spans
from pipelines.landing.readers.relation import TABLE, Own, Reading, has_nul, make_view
from pipelines.landing.spans import Rule


class JsonReader:
    """Reads `json` and `jsonl`."""

    def check(self, path: Path, group: FileGroup) -> frozenset[str]:
        """JSON has no header to check: a field that a record lacks is NULL."""
        return frozenset()

    def read(self, connection: duckdb.DuckDBPyConnection, path: Path, group: FileGroup, scratch: Path) -> Reading:
        """Read a JSON file; see `Reader.read`."""
        return _read(connection, path, group)


def _read(connection: duckdb.DuckDBPyConnection, path: Path, group: FileGroup) -> Reading:
    records = (
        json_lines(path, group.encoding)
        if group.format == "jsonl"
        else json_elements(path, group.encoding, group.records)
    )
    is_object = "case when json_valid(document) then json_type(document) = 'OBJECT' else false end"
    content = f", {content_of(group, 'document')} as content" if group.unwrap else ""
    count = load_records(
        connection,
        records,
        f"create or replace temp table {TABLE} as select * replace (case when rule is not null then rule"  # noqa: S608
        f" when not ({is_object}) then '{Rule.NO_RECORD}' when {has_nul('document')} then '{Rule.NUL}' end as rule)"
        f"{content} from {LINES}",
    )
    spans = unreadable_spans(connection, TABLE)
    leaf = record_leaf(group, "document", "content" if group.unwrap else "document")
    make_view(connection, group, Own("record", "line", "document"), leaf, "rule is null")
    return Reading(count - len(spans), spans)
