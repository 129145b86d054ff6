"""The modules of the Zoho server: fields, records and deletions."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from tests.vendors.server import Reply

Record = dict[str, Any]
_ZONE = timezone(timedelta(hours=3))
_FIRST_ID = 4_970_762_000_000_000_000
_BEGAN = datetime(2024, 1, 1, tzinfo=UTC)
_SYSTEM = {"Owner": "ownerlookup", "Created_Time": "datetime", "Modified_Time": "datetime"}


def stamp(moment: datetime) -> str:
    """A time as Zoho writes it: whole seconds, with the offset of the account."""
    return moment.astimezone(_ZONE).isoformat(timespec="seconds")


def time_of(text: str) -> datetime:
    """The time of a text with an offset."""
    return datetime.fromisoformat(text).astimezone(UTC)


def error(status: int, code: str, message: str, **details: Any) -> Reply:
    """An error as Zoho answers it."""
    return Reply(status, {"code": code, "details": details, "message": message, "status": "error"})


@dataclass
class Module:
    """A module.

    Attributes:
        name: Its API name.
        fields: The types of its fields by their API names, without `id`.
        records: Its records by their ID.
        deleted: Its deleted records, in the order of their deletion.
        options: The values of the fields that are choices.
        read_only: The fields that cannot be written.
    """

    name: str
    fields: dict[str, str]
    records: dict[str, Record] = field(default_factory=dict)
    deleted: list[Record] = field(default_factory=list)
    options: dict[str, tuple[str, ...]] = field(default_factory=dict)
    read_only: set[str] = field(default_factory=set)
    is_api_supported: bool = True
    number: int = 0
    ordered: list[str] | None = None

    def next_id(self) -> str:
        """An ID that no record has: they grow."""
        self.number += 1
        return str(_FIRST_ID + abs(hash_of(self.name)) % 1000 * 1_000_000_000 + self.number)

    def fill(self, count: int, **values: Any) -> list[str]:
        """Add records that were changed long ago, and return their IDs."""
        ids = [self.next_id() for _ in range(count)]
        for number, identity in enumerate(ids):
            self.put(identity, self._sample(number) | values, _BEGAN + timedelta(minutes=number))
        return ids

    def put(self, identity: str, values: Mapping[str, Any], at: datetime | None) -> Record:
        """Add or change a record; without a time, its times stay."""
        if identity not in self.records:
            self.ordered = None
        row = self.records.setdefault(identity, {"id": identity})
        row.update(values)
        if at is not None:
            if "Created_Time" in self.fields:
                row.setdefault("Created_Time", stamp(at))
            if "Modified_Time" in self.fields:
                row["Modified_Time"] = stamp(at)
        return row

    def delete(self, identity: str, at: datetime) -> None:
        """Move a record to the recycle bin."""
        row = self.records.pop(identity)
        self.ordered = None
        self.deleted.append(
            {
                "id": identity,
                "display_name": row.get("Last_Name"),
                "type": "recycle",
                "deleted_by": {"name": "Ada", "id": "1"},
                "created_by": {"name": "Ada", "id": "1"},
                "deleted_time": stamp(at),
            }
        )

    def found(self, query: Mapping[str, str], since: datetime | None) -> list[Record]:
        """The records that a list has, in its order."""
        if query.get("sort_by") == "id" and query.get("sort_order") == "asc" and since is None and "ids" not in query:
            return self._by_id()
        rows: Iterable[Record] = self.records.values()
        if ids := query.get("ids"):
            rows = [self.records[one] for one in ids.split(",") if one in self.records]
        if since is not None:
            rows = [one for one in rows if time_of(one["Modified_Time"]) >= since]
        by, is_descending = query.get("sort_by", "id"), query.get("sort_order", "desc") == "desc"
        return sorted(rows, key=lambda one: one.get(by) or "", reverse=is_descending)

    def _by_id(self) -> list[Record]:
        """All records in the order of their IDs, which is kept until there is another record."""
        if self.ordered is None or len(self.ordered) != len(self.records):
            self.ordered = sorted(self.records)
        return [self.records[one] for one in self.ordered]

    def shown(self, row: Record, fields: Iterable[str]) -> Record:
        """The asked fields of a record."""
        known = (one for one in fields if one in self.fields or one.startswith("$"))
        return {"id": row["id"]} | {one: row.get(one) for one in known if one in self.fields or one in row}

    def about(self) -> Record:
        """The module as settings/modules has it."""
        return {
            "api_name": self.name,
            "module_name": self.name,
            "api_supported": self.is_api_supported,
            "viewable": True,
            "visible": True,
            "generated_type": "default",
            "id": str(hash_of(self.name)),
        }

    def about_fields(self) -> list[Record]:
        """The fields as settings/fields has them."""
        return [
            {
                "api_name": name,
                "data_type": kind,
                "field_label": name.replace("_", " "),
                "custom_field": name.startswith("C_"),
                "read_only": name in self.read_only,
                "id": str(number),
                "pick_list_values": [
                    {"display_value": one.capitalize(), "actual_value": one} for one in self.options.get(name, ())
                ],
            }
            for number, (name, kind) in enumerate({"id": "bigint", **self.fields}.items())
        ]

    def _sample(self, number: int) -> Record:
        values: Record = {}
        for name, kind in self.fields.items():
            match kind:
                case "text" | "email" | "phone" | "picklist" | "textarea":
                    values[name] = f"{name} {number}"
                case "integer":
                    values[name] = number
                case "currency":
                    values[name] = number + 0.25
                case "boolean":
                    values[name] = number % 2 == 0
                case "multiselectpicklist":
                    values[name] = ["red", "blue"] if number % 2 else []
        return values


def hash_of(text: str) -> int:
    """A number of a text, the same in each process."""
    return sum((place + 1) * ord(sign) for place, sign in enumerate(text))


def sample_modules() -> dict[str, Module]:
    """The standard modules with the fields that the built-in mapping reads. They have no records."""
    texts = {
        "Contacts": "First_Name Last_Name Email Phone Mobile Lead_Source Mailing_City Mailing_State Mailing_Country",
        "Accounts": "Account_Name Account_Type Industry Billing_City Billing_State Billing_Country",
        "Deals": "Deal_Name Stage Currency",
        "Cases": "Case_Number Subject Status Priority Type Case_Origin Case_Reason Email Phone Description Solution",
        "Calls": "Subject Call_Type Call_Duration Call_Result Call_Purpose Outgoing_Call_Status Description",
        "Events": "Event_Title Description",
        "Tasks": "Subject Status Description",
        "Notes": "Note_Title Note_Content",
        "Campaigns": "Campaign_Name Type Status",
        "Sales_Orders": "Subject SO_Number Status Currency",
    }
    others = {
        "Contacts": {"Account_Name": "lookup", "Date_of_Birth": "date", "Email_Opt_Out": "boolean"},
        "Deals": {"Amount": "currency", "Closing_Date": "date", "Contact_Name": "lookup", "Account_Name": "lookup"},
        "Cases": {"Related_To": "lookup", "Account_Name": "lookup"},
        "Calls": {
            "Call_Start_Time": "datetime",
            "Call_Duration_in_seconds": "integer",
            "Who_Id": "lookup",
            "What_Id": "lookup",
        },
        "Events": {"Start_DateTime": "datetime", "End_DateTime": "datetime", "Who_Id": "lookup", "What_Id": "lookup"},
        "Tasks": {"Closed_Time": "datetime", "Due_Date": "date", "Who_Id": "lookup", "What_Id": "lookup"},
        "Notes": {"Parent_Id": "lookup"},
        "Campaigns": {"Start_Date": "date", "End_Date": "date"},
        "Sales_Orders": {
            "Contact_Name": "lookup",
            "Account_Name": "lookup",
            "Deal_Name": "lookup",
            "Sub_Total": "currency",
            "Discount": "currency",
            "Tax": "currency",
            "Grand_Total": "currency",
            "Ordered_Items": "subform",
        },
    }
    found = {}
    for name, words in texts.items():
        fields = dict.fromkeys(words.split(), "text") | others.get(name, {}) | _SYSTEM
        found[name] = Module(name, fields)
    return found
