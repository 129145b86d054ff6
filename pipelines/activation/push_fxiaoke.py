"""Writes fields of Fxiaoke (纷享销客): each record by its `_id`, one call per record, because no other call is known.

Source: the vendor's manual of its open interface (`/cgi/crm/v2/data/update`, `/cgi/crm/v2/object/describe`).
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import JsonValue

from pipelines.activation.push_crm import CrmField, Kind, Values, Written, choices, option, rounded
from pipelines.base.errors import ConfigError, PullError
from pipelines.config.pulls import PullSettings
from pipelines.config.push import PushSettings
from pipelines.connectors.fxiaoke import CALL_LIMITS, Fxiaoke, FxiaokeBusyError, FxiaokeError

_FAILED = 3  # records one after another, then the server fails and not a record
_DESCRIBE = "/cgi/crm/v2/object/describe"
_INTERFACES = {False: "/cgi/crm/v2/data", True: "/cgi/crm/custom/v2/data"}
_KINDS = {
    **dict.fromkeys(("text", "long_text", "phone_number", "email", "url"), Kind.TEXT),
    **dict.fromkeys(("number", "currency", "percentile"), Kind.NUMBER),
    "true_or_false": Kind.BOOLEAN,
    "date": Kind.DAY,
    "date_time": Kind.TIME,
    "select_one": Kind.CHOICE,
    "select_many": Kind.CHOICES,
}


def connect(settings: PullSettings, entry: PushSettings, timezone: str) -> "FxiaokeRecords":
    """The records of an object.

    Args:
        settings: The group `pull` of the source.
        entry: What is pushed.
        timezone: The zone whose midnight is a day.

    Raises:
        ConfigError: The source is not pulled from Fxiaoke, or an environment variable with credentials is missing.
    """
    if settings.fxiaoke is None:
        raise ConfigError("the group `pull.fxiaoke` is missing", hint="docs/push.md shows how a source is pushed")
    connection = Fxiaoke(settings.fxiaoke, settings.web, lambda _: None)
    return FxiaokeRecords(connection, entry.object, entry.trigger, ZoneInfo(timezone))


class FxiaokeRecords:
    """The records of an object.

    Args:
        connection: The connection.
        name: The object.
        trigger: What a change starts.
        zone: The zone whose midnight is a day.
    """

    batch = 100
    id_pattern = r"[A-Za-z0-9]{1,64}"

    def __init__(self, connection: Fxiaoke, name: str, trigger: Sequence[str], zone: ZoneInfo) -> None:
        self._connection, self._name, self._zone = connection, name, zone
        self._interface = _INTERFACES[name.endswith("__c")]
        self._beside: dict[str, JsonValue] = {
            "triggerWorkFlow": "workflow" in trigger,
            "triggerApprovalFlow": "approval" in trigger,
        }

    def fields(self) -> Mapping[str, CrmField]:
        """All active fields of the object.

        Raises:
            PullError: The object does not exist, or may not be read.
        """
        answer = self._connection.call(_DESCRIBE, {"apiName": self._name, "includeDetail": False}, self._name)
        described = (answer.get("data") or {}).get("describe") or {}
        fields = described.get("fields") or {}
        return {name: _field(name, one) for name, one in fields.items() if one.get("is_active") is not False}

    def encoded(self, one: CrmField, text: str) -> JsonValue:
        """A value as the interface takes it: numbers are texts, times are milliseconds.

        Raises:
            ValueError: The field cannot have it.
        """
        if one.kind is Kind.CHOICES:
            return [*sorted(option(one, name) for name in choices(text))]
        if not text:
            return None
        match one.kind:
            case Kind.NUMBER:
                return f"{rounded(one, text):f}"
            case Kind.BOOLEAN:
                return text == "true"
            case Kind.DAY:
                return _milliseconds(datetime.fromisoformat(text).replace(tzinfo=self._zone))
            case Kind.TIME:
                return _milliseconds(datetime.fromisoformat(text).replace(tzinfo=UTC))
            case Kind.CHOICE:
                return option(one, text)
        return text

    def read(self, ids: Sequence[str], fields: Sequence[str]) -> Mapping[str, Values]:
        """Some fields of records; a record that the object does not have is left out.

        Raises:
            PullError: The server refuses it, or cannot be reached.
        """
        which: JsonValue = [{"field_name": "_id", "operator": "IN", "field_values": list(ids)}]
        search: dict[str, JsonValue] = {
            "limit": self.batch,
            "offset": 0,
            "filters": which,
            "orders": [{"fieldName": "_id", "isAsc": True}],
            "fieldProjection": ["_id", *fields],
        }
        data: JsonValue = {
            "dataObjectApiName": self._name,
            "find_explicit_total_num": False,
            "search_query_info": search,
        }
        found = self._connection.call(f"{self._interface}/query", data, self._name).get("data")
        rows = found.get("dataList") if isinstance(found, dict) else None
        if not isinstance(rows, list):
            raise PullError(f"the answer for {self._name} has no list `data.dataList`", hint="check `pull.fxiaoke.url`")
        return {row["_id"]: {name: row.get(name) for name in fields} for row in rows}

    def write(self, records: Mapping[str, Values]) -> Iterator[Written]:
        """Change fields of records, one call per record.

        Raises:
            PullError: The server refuses every record, or cannot be reached.
        """
        failed = 0
        for record, values in records.items():
            data: JsonValue = {"object_data": {"dataObjectApiName": self._name, "_id": record, **values}}
            try:
                self._connection.call(f"{self._interface}/update", data, self._name, **self._beside)
            except FxiaokeError as problem:
                if problem.is_about_all:
                    raise
                yield Written(record, problem.message)
            except FxiaokeBusyError as problem:
                # an error of the system can be about one record: the others must not wait for it
                failed += 1
                if problem.code in CALL_LIMITS or failed == _FAILED:
                    raise
                yield Written(record, problem.message)
            else:
                failed = 0
                yield Written(record)

    def hint(self, problem: PullError) -> str:
        """What to do about an error, for a reader who has called `loyalty push`."""
        if isinstance(problem, FxiaokeError) and problem.is_about_rights:
            return f"ask an administrator to give the app and its employee the right to see and edit {self._name}"
        if isinstance(problem, FxiaokeError) and not problem.is_about_all:
            return "correct `object` in `push`, and check that the employee may see and edit this object"
        return problem.hint

    def close(self) -> None:
        """Close the connections."""
        self._connection.close()


def _field(name: str, one: Mapping[str, Any]) -> CrmField:
    vendor_kind = str(one.get("type", "unknown"))
    is_read_only = one.get("is_readonly") is True
    options: dict[str, str] = {}
    for each in one.get("options") or ():
        if each.get("not_usable") is not True:
            options[str(each.get("label"))] = str(each.get("value"))
    options |= {value: value for value in options.values()}
    kind = None if is_read_only else _KINDS.get(vendor_kind)
    places = one.get("decimal_places")
    return CrmField(
        name,
        f"{vendor_kind}, read-only" if is_read_only else vendor_kind,
        kind,
        options,
        places if isinstance(places, int) else None,
    )


def _milliseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1_000)
