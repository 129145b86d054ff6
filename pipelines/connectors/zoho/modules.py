"""Which modules an account has, which fields they have, and who its users are."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pipelines.base.errors import PullError
from pipelines.base.spelling import did_you_mean
from pipelines.connectors.zoho.client import ZohoClient

MODIFIED = "Modified_Time"
_FIELDS_PER_REQUEST = 50
_MODULE_OF = "$se_module"  # the module of a record to which another one belongs
_BELONGS = {"What_Id", "Parent_Id"}


@dataclass(frozen=True)
class Module:
    """A module.

    Attributes:
        name: Its API name.
        kinds: The data types of its fields by their API names, without `id`.
        problem: Why it cannot be read; None if it can.
    """

    name: str
    kinds: Mapping[str, str] = field(default_factory=dict)
    problem: PullError | None = None

    @property
    def has_modified(self) -> bool:
        """Whether its records state when they were changed."""
        return MODIFIED in self.kinds

    @property
    def fields(self) -> list[str]:
        """What is asked for of each record, without its ID and its time of change."""
        system = [_MODULE_OF] if _BELONGS & set(self.kinds) else []
        return [one for one in self.kinds if one != MODIFIED] + system

    def batches(self, fields: list[str] | None = None) -> list[str]:
        """The fields as values of the parameter `fields`. Each has the time of change, so that they can be compared.

        Args:
            fields: Some fields; all by default.
        """
        first = [MODIFIED] if self.has_modified else []
        wanted = self.fields if fields is None else fields
        size = _FIELDS_PER_REQUEST - len(first)
        parts = [wanted[at : at + size] for at in range(0, len(wanted), size)] or [[]]
        return [",".join(first + part) or "id" for part in parts]


def read_module(client: ZohoClient, name: str, available: Mapping[str, Mapping[str, Any]]) -> Module:
    """A module with its fields. A problem is kept, and raised when the module is read.

    Args:
        client: The connection.
        name: Its API name.
        available: All modules of the account.
    """
    about = available.get(name)
    if about is None:
        there = f"there are {', '.join(sorted(available))}" if available else "it shows none"
        near = did_you_mean(name, sorted(available), there)
        return Module(
            name,
            problem=PullError(
                f"the user can see no module `{name}`{near}",
                hint="correct `modules`, or allow the profile of the user to see the module",
            ),
        )
    if about.get("api_supported") is False:
        return Module(
            name,
            problem=PullError(f"the API does not support the module `{name}`", hint="remove it from `modules`"),
        )
    try:
        answer = client.get("/crm/v8/settings/fields", {"module": name})
    except PullError as problem:
        return Module(name, problem=problem)
    kinds = {
        one["api_name"]: str(one.get("data_type", ""))
        for one in (answer or {}).get("fields", [])
        if isinstance(one, dict) and isinstance(one.get("api_name"), str) and one["api_name"] != "id"
    }
    if not kinds:
        return Module(
            name,
            problem=PullError(
                f"the module `{name}` shows no field", hint="allow the profile of the user to see its fields"
            ),
        )
    return Module(name, kinds)


def available_modules(client: ZohoClient) -> dict[str, Mapping[str, Any]]:
    """What the account says about its modules, by API name.

    Raises:
        PullError: The server refuses it, or cannot be reached.
    """
    answer = client.get("/crm/v8/settings/modules") or {}
    return {one["api_name"]: one for one in answer.get("modules", []) if isinstance(one.get("api_name"), str)}


def users(client: ZohoClient) -> dict[str, dict[str, Any]]:
    """The users by ID, as records name them.

    Raises:
        PullError: The server refuses it, or cannot be reached.
    """
    found: dict[str, dict[str, Any]] = {}
    page = 1
    while answer := client.get("/crm/v8/users", {"type": "AllUsers", "per_page": "200", "page": str(page)}):
        for one in answer.get("users", []):
            found[one["id"]] = {"name": one.get("full_name"), "id": one["id"], "email": one.get("email")}
        if not answer.get("info", {}).get("more_records"):
            break
        page += 1
    return found
