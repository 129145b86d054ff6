"""What the server of Fxiaoke keeps: the records of an object, and which of them fit the filters of a query."""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

SYSTEM_FIELDS = ("_id", "name", "create_time", "last_modified_time", "life_status", "is_deleted", "owner")
BAD_PARAMETER = 32000

Record = dict[str, Any]
Answer = dict[str, Any]


class Refused(Exception):
    """An answer with an `errorCode` that is not 0."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


@dataclass
class Stored:
    """One object: its records by `_id`, the types of its fields by name, the options of its choices, and which fields
    cannot be written.
    """

    records: dict[str, Record] = field(default_factory=dict)
    types: dict[str, str] = field(default_factory=lambda: dict.fromkeys(SYSTEM_FIELDS, "text"))
    options: dict[str, tuple[str, ...]] = field(default_factory=dict)
    read_only: set[str] = field(default_factory=set)
    ordered: dict[str, list[str]] = field(default_factory=dict)  # ids by the values of a field, ascending

    def put(self, record: Record) -> None:
        known = self.records.get(record["_id"], {})
        changed = {name for name, value in record.items() if known.get(name) != value}
        self.records[record["_id"]] = {**known, **record}
        for name in record:
            self.types.setdefault(name, "text")
        self.ordered = {name: ids for name, ids in self.ordered.items() if known and name not in changed}

    def ids(self, by: str) -> list[str]:
        if by not in self.ordered:
            value = {key: record.get(by) for key, record in self.records.items()}
            self.ordered[by] = sorted(value, key=lambda key: (value[key] is not None, value[key], key))
        return self.ordered[by]

    def found(self, filters: list[Answer], orders: list[Answer], hides: Mapping[str, Any]) -> Iterator[Record]:
        order = orders[0] if orders else {"fieldName": "create_time", "isAsc": False}
        ids: Iterable[str] = self.ids(order["fieldName"])
        after = [one["field_values"][0] for one in filters if (one["field_name"], one["operator"]) == ("_id", "GT")]
        if not order["isAsc"]:
            ids = reversed(self.ids(order["fieldName"]))
        elif order["fieldName"] == "_id" and after:
            ids = islice(ids, bisect_right(self.ids("_id"), after[0]), None)
        filtered = {one["field_name"] for one in filters}
        hidden = {} if filtered & hides.keys() else hides
        for key in ids:
            record = self.records[key]
            if any(record.get(name) == value for name, value in hidden.items()):
                continue
            if all(fits(record.get(one["field_name"]), one["operator"], one["field_values"]) for one in filters):
                yield record


def shown(record: Record) -> Record:
    return {name: value for name, value in record.items() if value is not None}


def fits(value: Any, operator: str, wanted: list[str]) -> bool:
    """Whether a value fits one filter. Numbers are compared as numbers; a list fits if one of its values does."""
    if operator in ("IS", "ISN"):
        return (value in (None, "", [])) == (operator == "IS")
    if operator.startswith("N"):
        return not fits(value, operator[1:] or "EQ", wanted)
    if isinstance(value, list):
        return any(fits(one, operator, wanted) for one in value)
    if value is None:
        return False
    number = isinstance(value, int | float) and not isinstance(value, bool)
    have: Any = value if number else str(value).lower() if isinstance(value, bool) else str(value)
    asked: list[Any] = [float(one) if number else one for one in wanted]
    tests: dict[str, Callable[[], bool]] = {
        "EQ": lambda: have == asked[0],
        "GT": lambda: have > asked[0],
        "GTE": lambda: have >= asked[0],
        "LT": lambda: have < asked[0],
        "LTE": lambda: have <= asked[0],
        "IN": lambda: have in asked,
        "BETWEEN": lambda: asked[0] <= have <= asked[1],
        "LIKE": lambda: wanted[0] in str(value),
        "STARTWITH": lambda: str(value).startswith(wanted[0]),
        "ENDWITH": lambda: str(value).endswith(wanted[0]),
    }
    if operator not in tests:
        raise Refused(BAD_PARAMETER, f"operator {operator}")
    return tests[operator]()
