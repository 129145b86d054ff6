"""Writes fields of Zoho CRM: PUT /crm/v8/{module} changes up to 100 records by ID, and creates none.

Source: Zoho's OpenAPI files (github.com/zoho/crm-oas, v8.0).
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from pydantic import JsonValue

from pipelines.activation.push_crm import CrmField, Kind, Values, Written, choices, option, rounded
from pipelines.base.errors import ConfigError, PullError
from pipelines.base.text import printable_name
from pipelines.config.pulls import PullSettings
from pipelines.config.push import PushSettings
from pipelines.connectors.zoho.client import ZohoClient, ZohoError

_KINDS = {
    **dict.fromkeys(("text", "textarea", "website", "phone", "email"), Kind.TEXT),
    **dict.fromkeys(("integer", "bigint", "double", "currency", "percent"), Kind.NUMBER),
    "boolean": Kind.BOOLEAN,
    "date": Kind.DAY,
    "datetime": Kind.TIME,
    "picklist": Kind.CHOICE,
    "multiselectpicklist": Kind.CHOICES,
}
_WHOLE = ("integer", "bigint")
_SCOPES = frozenset({
    "leads", "accounts", "contacts", "deals", "campaigns", "tasks", "cases", "events", "calls", "solutions",
    "products", "vendors", "pricebooks", "quotes", "salesorders", "purchaseorders", "invoices",
})  # fmt: skip
"""The modules that have a scope of their own. All modules of a company share the scope `custom`."""


def connect(settings: PullSettings, entry: PushSettings, timezone: str) -> "ZohoRecords":
    """The records of a module.

    Args:
        settings: The group `pull` of the source.
        entry: What is pushed.
        timezone: Not needed: times state their offset.

    Raises:
        ConfigError: The source is not pulled from Zoho CRM, or an environment variable with credentials is missing.
    """
    if settings.zoho is None:
        raise ConfigError("the group `pull.zoho` is missing", hint="docs/push.md shows how a source is pushed")
    return ZohoRecords(ZohoClient(settings.zoho, settings.web, lambda _: None), entry.object, entry.trigger)


class ZohoRecords:
    """The records of a module.

    Args:
        client: The connection.
        module: The module.
        trigger: What a change starts.
    """

    batch = 100
    id_pattern = r"\d{1,20}"

    def __init__(self, client: ZohoClient, module: str, trigger: Sequence[str]) -> None:
        self._client, self._module, self._trigger = client, module, list(trigger)
        self._times: set[str] = set()

    def fields(self) -> Mapping[str, CrmField]:
        """All fields of the module.

        Raises:
            PullError: The module does not exist, or may not be read.
        """
        answer = self._client.get("/crm/v8/settings/fields", {"module": self._module}) or {}
        found = {one["api_name"]: _field(one) for one in answer.get("fields", ()) if one.get("api_name") != "id"}
        self._times = {name for name, one in found.items() if one.kind is Kind.TIME}
        return found

    def encoded(self, one: CrmField, text: str) -> JsonValue:
        """A value as the API takes it.

        Raises:
            ValueError: The field cannot have it.
        """
        if one.kind is Kind.CHOICES:
            return [*sorted(option(one, name) for name in choices(text))]
        if not text:
            return None
        match one.kind:
            case Kind.NUMBER:
                number = rounded(one, text)
                return int(number) if one.digits == 0 else float(number)
            case Kind.BOOLEAN:
                return text == "true"
            case Kind.TIME:
                return datetime.fromisoformat(text).replace(tzinfo=UTC).isoformat(timespec="seconds")
            case Kind.CHOICE:
                return option(one, text)
        return text

    def read(self, ids: Sequence[str], fields: Sequence[str]) -> Mapping[str, Values]:
        """Some fields of records; a record that the module does not have is left out.

        Raises:
            PullError: The server refuses it, or cannot be reached.
        """
        params = {"ids": ",".join(ids), "fields": ",".join(fields), "per_page": "200"}
        answer = self._client.get(f"/crm/v8/{self._module}", params) or {}
        return {row["id"]: {name: self._read(name, row.get(name)) for name in fields} for row in answer.get("data", ())}

    def write(self, records: Mapping[str, Values]) -> Iterator[Written]:
        """Change fields of up to 100 records.

        Raises:
            PullError: The server refuses the request, or cannot be reached.
        """
        data: list[JsonValue] = [{"id": record, **values} for record, values in records.items()]
        answer = self._client.put(f"/crm/v8/{self._module}", {"data": data, "trigger": list(self._trigger)})
        answers = answer.get("data")
        if not isinstance(answers, list) or len(answers) != len(records):
            raise PullError(
                f"{self._module}: {len(records)} records were sent, but the answer has another number of records",
                hint="call the command again: it compares these records with the CRM",
            )
        if any(_other(record, one) for record, one in zip(records, answers, strict=True)):
            raise PullError(
                f"{self._module}: the answers are not in the order in which the records were sent",
                hint="call the command again: it compares these records with the CRM",
            )
        for record, one in zip(records, answers, strict=True):
            yield Written(record, "" if one.get("code") == "SUCCESS" else _problem(one))

    def hint(self, problem: PullError) -> str:
        """What to do about an error, for a reader who has called `loyalty push`."""
        match problem.code if isinstance(problem, ZohoError) else None:
            case None:
                return problem.hint
            case "OAUTH_SCOPE_MISMATCH":
                name = self._module.lower().replace("_", "")
                scope = f"ZohoCRM.modules.{name if name in _SCOPES else 'custom'}.UPDATE"
                return (
                    f"create a refresh token with the scopes of docs/sources.md and {scope}, and set it in the"
                    " environment"
                )
            case "NO_PERMISSION" | "AUTHORIZATION_FAILED":
                return f"allow the profile of the user to see and edit records of {self._module} by the API"
            case "INVALID_MODULE":
                return "correct `object` in `push`: it is the API name of a module, such as Contacts"
        return "docs/push.md lists the errors of a push"

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _read(self, name: str, value: JsonValue) -> JsonValue:
        if name in self._times and isinstance(value, str):
            return datetime.fromisoformat(value).astimezone(UTC).isoformat(timespec="seconds")
        return value


def _field(one: Mapping[str, Any]) -> CrmField:
    vendor_kind = str(one.get("data_type", "unknown"))
    kind = _KINDS.get(vendor_kind)
    if (
        one.get("read_only") is True
        or one.get("field_read_only") is True
        or (one.get("operation_type") or {}).get("api_update") is False
    ):
        kind, vendor_kind = None, f"{vendor_kind}, read-only"
    options: dict[str, str] = {}
    for each in one.get("pick_list_values") or ():
        options[str(each.get("display_value"))] = str(each.get("actual_value"))
    options |= {value: value for value in options.values()}
    places = 0 if vendor_kind in _WHOLE else one.get("decimal_place")
    return CrmField(str(one["api_name"]), vendor_kind, kind, options, places if isinstance(places, int) else None)


def _other(record: str, answer: Mapping[str, Any]) -> bool:
    """Whether an answer is about another record."""
    details = answer.get("details")
    return answer.get("code") == "SUCCESS" and isinstance(details, dict) and details.get("id", record) != record


def _problem(answer: Mapping[str, Any]) -> str:
    """Why a record was refused: code, field and message. The value that was sent is not quoted."""
    details = answer.get("details")
    name = details.get("api_name") if isinstance(details, dict) else None
    words = f"{answer.get('code')} ({answer.get('message')})" + (f" in {name}" if name else "")
    return printable_name(words[:300])
