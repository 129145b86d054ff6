"""Reads JSON lines and JSON documents into DuckDB. jsonpass.py splits them into records."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import duckdb

from pipelines.base import quoting
from pipelines.base.errors import InputError
from pipelines.landing.binding import (
    ENVELOPE,
    content_of,
    is_of_envelope,
    json_path,
    json_texts,
    number_text,
    record_tree,
)
from pipelines.landing.expressions import Path as Reference
from pipelines.landing.model import FileGroup
from pipelines.landing.readers.jsonpass import json_elements, json_lines
from pipelines.landing.readers.numbers import keep_digits
from pipelines.landing.readers.records import LINES, load_records, unreadable_spans
from pipelines.landing.readers.relation import TABLE, Own, Reading, has_nul, listed, make_view
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
    source, nul = LINES, has_nul("document")
    if group.unwrap:
        source = f"(select *, {content_of(group, 'document')} as content from {LINES})"  # noqa: S608 (names are quoted)
        nul += f" or ({has_nul('content')})"
    count = load_records(
        connection,
        records,
        f"create or replace temp table {TABLE} as select * replace (case when rule is not null then rule"  # noqa: S608
        f" when not ({is_object}) then '{Rule.NO_RECORD}' when {nul} then '{Rule.NUL}'"
        f" when {_has_field_twice(group)} then '{Rule.FIELD_TWICE}' end as rule) from {source}",
    )
    spans = unreadable_spans(connection, TABLE)
    document = _keep_digits(connection, group)
    make_view(
        connection, group, Own("record", "line", "document"), _read_once(connection, group, document), "rule is null"
    )
    if count > len(spans):
        _check_fields(connection, group)
    return Reading(count - len(spans), spans)


def _has_field_twice(group: FileGroup) -> str:
    """SQL: whether a field that the mapping reads occurs twice in an object of the record, or in one around it."""
    inside: dict[Reference, list[str]] = {}
    around: dict[Reference, list[str]] = {}
    for path, names in record_tree(group).objects():
        for name in names:
            is_around = is_of_envelope(group, (*path, name))
            (around if is_around else inside).setdefault(path[1:] if is_around else path, []).append(name)
    for wrapped in (tuple(path.split(".")) for path in group.unwrap):
        for depth, name in enumerate(wrapped):
            around.setdefault(wrapped[:depth], []).append(name)
    content = "content" if group.unwrap else "document"
    return " or ".join(_with_field_twice(content, inside) + _with_field_twice("document", around)) or "false"


def _with_field_twice(document: str, objects: Mapping[Reference, Sequence[str]]) -> list[str]:
    """Per object of a document, the SQL of whether one of the fields occurs twice."""
    conditions = []
    for path, names in objects.items():
        keys = f"json_keys({document}, {json_path(path)})"
        read = f"list_filter({keys}, lambda field : field in ({', '.join(map(quoting.text, names))}))"
        conditions.append(f"coalesce(len({read}) > list_unique({read}), false)")
    return conditions


def _keep_digits(connection: duckdb.DuckDBPyConnection, group: FileGroup) -> str:
    """Keep the digits of the numbers that are read. Returns the column of the document."""
    document = "exact" if keep_digits(connection, TABLE, "document", "exact") else "document"
    if group.unwrap:
        if document == "exact":
            connection.execute(
                f"create or replace temp table {TABLE} as select * replace ({content_of(group, document)} as content)"  # noqa: S608 (names are quoted)
                f" from {TABLE}"
            )
        keep_digits(connection, TABLE, "content", "content")  # the text of an object has numbers too
    return document


def _check_fields(connection: duckdb.DuckDBPyConnection, group: FileGroup) -> None:
    """Check that a record has at least one of the fields that the mapping reads of it.

    Raises:
        InputError: None has. The file is something else, such as the error that a web service answered.
    """
    names = [name for name in record_tree(group).children if name not in (ENVELOPE, *group.from_name)]
    if not names or group.unwrap:
        return
    ((found,),) = connection.execute(
        f"select count(*) from {TABLE} where rule is null and list_has_any(json_keys(document),"  # noqa: S608
        f" [{', '.join(map(quoting.text, names))}])"
    ).fetchall()
    if not found:
        ((has,),) = connection.execute(
            f"select list_slice(json_keys(document), 1, 20) from {TABLE} where rule is null limit 1"  # noqa: S608
        ).fetchall()
        raise InputError(
            f"no record has any of the fields that the mapping reads; the first one has {listed(has)}",
            hint="The file may be the error that a web service answered, or belong to another entry of the mapping.",
        )


def _read_once(connection: duckdb.DuckDBPyConnection, group: FileGroup, document: str) -> Callable[[Reference], str]:
    """Add the texts that the mapping reads to the table. Returns a function for the SQL of each.

    Each record is parsed once for all its texts, and not once for each text in each query. `document` is the column
    that is read: the record, or the record with texts for numbers that would lose digits.
    """
    of_record: dict[Reference, str] = {}
    of_envelope: dict[Reference, str] = {}
    content = "content" if group.unwrap else document

    def place(path: Reference) -> str:
        if is_of_envelope(group, path):
            text = of_envelope.setdefault(path[1:], f"envelope_texts[{len(of_envelope) + 1}]")
            return number_text(text, document, path[1:])
        return number_text(of_record.setdefault(path, f"texts[{len(of_record) + 1}]"), content, path)

    record_tree(group).select(place)
    lists = [
        f"case when rule is null then {json_texts(column, list(places))} end as {name}"
        for name, column, places in (
            ("texts", content, of_record),
            ("envelope_texts", document, of_envelope),
        )
        if places
    ]
    if lists:
        connection.execute(f"create or replace temp table {TABLE} as select *, {', '.join(lists)} from {TABLE}")  # noqa: S608 (names are quoted)
    return place
