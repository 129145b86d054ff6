"""The table that landing makes of what it counted: the ledger's lines of a file."""

import json
from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from pipelines.landing.batches import LEDGER, schema_of
from pipelines.landing.file_warnings import NO_DOUBTS, Doubts
from pipelines.landing.fingerprint import Declared
from pipelines.landing.model import FileGroup
from pipelines.landing.rows import FileFacts


def ledger_table(
    facts: FileFacts,
    group: FileGroup,
    said: str,
    counts: tuple[int, int, int, int],
    skips: Mapping[str, int],
    rows: Mapping[str, int],
    erased: Mapping[str, int],
    doubts: Doubts = NO_DOUBTS,
) -> pa.Table:
    """The ledger's lines of one file, one an entity.

    Args:
        facts: What every row of the file carries.
        group: What the mapping says of the file.
        said: The fingerprint of what decides the rows.
        counts: Records: all, taken, unreadable, skipped.
        skips: Records by declared skip.
        rows: Landed rows by entity.
        erased: Rows by entity that were made and did not land, because they are about somebody who was erased.
        doubts: What may be wrong with the file.
    """
    records, taken, unreadable, skipped = counts
    lines = [
        {
            "file_name": facts.name,
            "file_sha256": facts.sha256,
            "file_on": facts.file_on,
            "landed_on": facts.landed_on,
            "mapping_sha256": said,
            "records": records,
            "taken_records": taken,
            "unreadable_records": unreadable,
            "skipped_records": skipped,
            "skips": json.dumps(skips),
            "entity": entity,
            "landed_rows": count,
            "erased_rows": erased.get(entity, 0),
            "delivery": group.delivery,
            "row_keys": group.row_keys(entity),
            "line_lists": group.line_lists(entity),
            "ambiguous_times": doubts.ambiguous_times.get(entity, 0),
            "may_be_cut_off": int(doubts.may_be_cut_off),
        }
        for entity, count in rows.items()
    ]
    return pa.Table.from_pylist(lines, schema=schema_of(LEDGER))


def redeclared(lines: pa.Table, declares: Declared, fingerprint: str) -> pa.Table:
    """The ledger's lines of a file whose rows stay, with what the mapping declares now.

    Args:
        lines: As they are.
        declares: What is declared of each entity.
        fingerprint: Of what decides the rows.
    """
    now = {name: {"delivery": delivery, "line_lists": lists} for name, delivery, lists in declares}
    rows: list[dict[str, Any]] = lines.to_pylist()
    changed = [{**line, **now[line["entity"]], "mapping_sha256": fingerprint} for line in rows]
    return pa.Table.from_pylist(changed, schema=schema_of(LEDGER))
