"""Reads what is not a module: deleted records, and the members of campaigns."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

from pipelines.base.errors import PullError
from pipelines.connectors.connector import Page, Say
from pipelines.connectors.pages import Checkpoint
from pipelines.connectors.zoho.client import ZohoClient, ZohoError
from pipelines.connectors.zoho.lists import PER_PAGE, where
from pipelines.connectors.zoho.modules import MODIFIED, Module
from pipelines.connectors.zoho.records import RecordReader, Row, rows_of

Listed = tuple[list[Row], Mapping[str, Any]]  # the rows of a page, and what the answer says of the list

_ROUNDS = 10
_REPEATED = 3
_UNKNOWN = {"INVALID_MODULE", "NOT_SUPPORTED", "FEATURE_NOT_SUPPORTED", "INVALID_URL_PATTERN"}
_MEMBER = "Full_Name,Email,Member_Status,Created_Time"
_CAMPAIGN = ("Campaign_Name", "Type", "Status", "Start_Date", "End_Date", "Created_Time", MODIFIED)


def deleted(client: ZohoClient, name: str, since: datetime | None, warn: Say) -> Iterator[Page]:
    """The deleted records of a module: `id`, `deleted_time`, `type`.

    A pull that was stopped begins again: there are few deletions.

    Raises:
        PullError: The server refuses it, or cannot be reached.
    """
    read = _from(client, f"/crm/v8/{name}/deleted", {"type": "all"}, name, since)
    try:
        for rows in _all(read, f"the deleted records of {name}", lambda row: (row["id"], str(row.get("deleted_time")))):
            yield Page(rows, {})
    except ZohoError as problem:
        if problem.code not in _UNKNOWN:
            raise
        warn(f"Zoho does not list the deleted records of {name}, so they stay: {problem.message}")


def members(client: ZohoClient, campaigns: Module, warn: Say, checkpoint: Checkpoint | None) -> Iterator[Page]:
    """The contacts of all campaigns, each with the field `Campaign`, which has the fields of the campaign.

    A changed status of a member changes no time, so each pull reads all of them.

    Raises:
        PullError: The server refuses it, or cannot be reached.
    """
    done = int(checkpoint["campaign"]) if checkpoint else 0
    fields = ",".join(one for one in _CAMPAIGN if one in campaigns.kinds) or "id"
    reader, name = RecordReader(client, campaigns, warn), "the members of a campaign"

    def listed(page: dict[str, str]) -> Listed:
        found = reader.listed({"fields": fields, "sort_by": "id", "sort_order": "asc", **page})
        return found.rows, found.info

    rows = [row for some in _all(listed, "the list of campaigns", _id) for row in some]
    for campaign in sorted(rows, key=lambda row: int(row["id"])):
        if int(campaign["id"]) > done:
            path = f"/crm/v8/Campaigns/{campaign['id']}/Contacts"
            read = _from(client, path, {"fields": _MEMBER}, name, None)
            found = [row | {"Campaign": campaign} for some in _all(read, name, _id) for row in some]
            if found:
                yield Page(found, {"campaign": campaign["id"]})


def _all(read: Callable[[dict[str, str]], Listed], name: str, key: Callable[[Row], Any]) -> Iterator[list[Row]]:
    """All rows of a list, each once.

    A row that is removed or restored meanwhile moves the others to another page, so that a page may miss one. So
    several pages are read again until nothing new is found.

    Raises:
        PullError: The list changes all the time, or the server gives one page again and again.
    """
    seen: set[Any] = set()
    for _ in range(_ROUNDS):
        pages, new = 0, 0
        for rows in _pages(read, name, key):
            unseen = [row for row in rows if key(row) not in seen]
            seen.update(map(key, unseen))
            pages, new = pages + 1, new + len(unseen)
            if unseen:
                yield unseen
        if pages < 2 or not new:
            return
    raise PullError(f"{name} changed during each read", hint="pull again later", is_temporary=True)


def _pages(read: Callable[[dict[str, str]], Listed], name: str, key: Callable[[Row], Any]) -> Iterator[list[Row]]:
    page, token, before, repeated = 1, None, list[Any](), 0
    while True:
        rows, info = read({"per_page": str(PER_PAGE), **where(page, token)})
        keys = [key(row) for row in rows]
        if rows and keys == before:
            repeated += 1
            if repeated == _REPEATED:
                raise PullError(
                    f"the server gives one page of {name} again and again", hint="pull again later", is_temporary=True
                )
            continue
        if rows:
            yield rows
        if not rows or not info.get("more_records"):
            return
        page, token, before = page + 1, info.get("next_page_token"), keys


def _from(
    client: ZohoClient, path: str, params: dict[str, str], name: str, since: datetime | None
) -> Callable[[dict[str, str]], Listed]:
    """Reads a page of a path; it has no rows if the answer is empty."""

    def read(page: dict[str, str]) -> Listed:
        answer = client.get(path, {**params, **page}, since)
        return (rows_of(answer, name), answer.get("info") or {}) if answer else ([], {})

    return read


def _id(row: Row) -> Any:
    return row["id"]
