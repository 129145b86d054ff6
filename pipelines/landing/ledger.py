"""Builds the ledger's rows of a file from the counts of landing."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from pipelines.landing.batches import LEDGER, LOOKUPS, schema_of
from pipelines.landing.file_warnings import NO_WARNINGS, FileWarnings
from pipelines.landing.fingerprint import Declared
from pipelines.landing.model import FileGroup
from pipelines.landing.rows import FileFacts


@dataclass(frozen=True)
class ErasedRows:
    """What happened to the rows of a data set because of erased people.

    Attributes:
        removed: The number of removed rows.
        emptied: The number of rows that stay without the person: anonymised or blanked.
    """

    removed: int = 0
    emptied: int = 0


def ledger_table(
    facts: FileFacts,
    group: FileGroup,
    fingerprint: str,
    counts: tuple[int, int, int, int],
    skips: Mapping[str, int],
    rows: Mapping[str, int],
    erased: Mapping[str, ErasedRows],
    warnings: FileWarnings = NO_WARNINGS,
) -> pa.Table:
    """The ledger's rows of one file, one per entity.

    Args:
        facts: The facts that every row of the file has.
        group: The group of the mapping.
        fingerprint: The fingerprint of what decides the rows.
        counts: The numbers of records: all, taken, unreadable, skipped.
        skips: The number of records per declared skip.
        rows: The number of landed rows per entity.
        erased: Per entity, the rows that changed because of an erased person.
        warnings: What may be wrong with the file.
    """
    records, taken, unreadable, skipped = counts
    lines = [
        {
            "file_name": facts.name,
            "file_sha256": facts.sha256,
            "file_on": facts.file_on,
            "landed_on": facts.landed_on,
            "mapping_sha256": fingerprint,
            "records": records,
            "taken_records": taken,
            "unreadable_records": unreadable,
            "skipped_records": skipped,
            "skips": json.dumps(skips),
            "entity": entity,
            "landed_rows": count,
            "erased_rows": erased.get(entity, ErasedRows()).removed,
            "emptied_rows": erased.get(entity, ErasedRows()).emptied,
            "delivery": group.delivery,
            "row_keys": None if entity == LOOKUPS else group.row_keys(entity),
            "line_lists": group.line_lists(entity),
            "ambiguous_times": warnings.ambiguous_times.get(entity, 0),
            "may_be_cut_off": int(warnings.may_be_cut_off),
            "lookup_missing": warnings.lookup_missing.get(entity, 0) if group.look_up else None,
            "lookup_differs": warnings.lookup_differs.get(entity, 0) if group.look_up else None,
        }
        # the rows that a file gives to others are no rows of an entity
        for entity, count in {**rows, **({LOOKUPS: 0} if group.lookups else {})}.items()
    ]
    return pa.Table.from_pylist(lines, schema=schema_of(LEDGER))


def redeclared(lines: pa.Table, declares: Declared, fingerprint: str) -> pa.Table:
    """The ledger's rows of a file whose landed rows stay, with the mapping's current declarations.

    Args:
        lines: The file's rows in the ledger.
        declares: The declarations per entity.
        fingerprint: The fingerprint of what decides the landed rows.
    """
    now = {name: {"delivery": delivery, "line_lists": lists} for name, delivery, lists in declares}
    rows: list[dict[str, Any]] = lines.to_pylist()
    changed = [{**line, **now[line["entity"]], "mapping_sha256": fingerprint} for line in rows]
    return pa.Table.from_pylist(changed, schema=schema_of(LEDGER))
