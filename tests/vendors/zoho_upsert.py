"""Upserts of the Zoho server: records that are changed if a field has their value, and added otherwise."""

from collections.abc import Sequence
from datetime import datetime

from tests.vendors.server import Reply, Request
from tests.vendors.zoho_modules import Module, Record, error

MOST_UPSERTED = 100


def upsert(request: Request, module: Module, now: datetime) -> Reply:
    """Add or change up to 100 records. Each one has an answer of its own."""
    body = request.json()
    data, by = body.get("data", []), body.get("duplicate_check_fields", [])
    if not 0 < len(data) <= MOST_UPSERTED:
        return error(400, "INVALID_DATA", "between 1 and 100 records can be sent", expected_data_type="jsonarray")
    return Reply(200, {"data": [_upserted(module, one, by, now) for one in data]})


def _upserted(module: Module, values: Record, by: Sequence[str], now: datetime) -> Record:
    unknown = next((name for name in values if name != "id" and name not in module.fields), None)
    if unknown:
        body: Record = error(400, "INVALID_DATA", "invalid data", api_name=unknown).body
        return body
    existing = values.get("id") if values.get("id") in module.records else None
    same = None
    for name in by:
        if existing is None and values.get(name):
            rows = module.records.values()
            existing = next((one["id"] for one in rows if one.get(name) == values[name]), None)
            same = name if existing else None
    if existing is None and "id" in values:
        refused: Record = error(400, "INVALID_DATA", "the id given seems to be invalid", api_name="id").body
        return refused
    row = module.put(existing or module.next_id(), {name: v for name, v in values.items() if name != "id"}, now)
    details = {name: row[name] for name in ("id", "Modified_Time", "Created_Time") if name in row}
    action, words = ("update", "record updated") if existing else ("insert", "record added")
    found: Record = {"status": "success", "code": "SUCCESS", "message": words, "action": action, "details": details}
    return found | ({"duplicate_field": same} if same else {})
