"""Reads a module by its list: pages of 200 records in the order of their IDs, which an edit does not change.

- A record that is deleted moves all later ones forward, so that a page may miss one. If records were deleted while
  pages were read, the list is read once more by its IDs, and what was missed is read by ID. The same is done once if
  Zoho does not list the deletions of the module.
- A list ends after 100,000 records, whatever it says. The rest is then read by bulk read.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import BaseModel

from pipelines.base.errors import PullError
from pipelines.connectors.connector import Page
from pipelines.connectors.pages import Checkpoint
from pipelines.connectors.pulled_files import time_of, time_text
from pipelines.connectors.zoho.client import ZohoClient, ZohoError
from pipelines.connectors.zoho.records import Listed, RecordReader

PER_PAGE = 200
LIST_LIMIT = 100_000
_BY_NUMBER = 2_000  # further pages need a token
_ROUNDS = 5
_REPEATS = 3
_LIMIT_CODES = {"PAGINATION_LIMIT_EXCEEDED", "LIMIT_EXCEEDED", "LIMIT_REACHED"}


class ListEndsError(Exception):
    """The list has more records than it gives."""


class Place(BaseModel):
    """Where a read of a list is.

    Attributes:
        way: Says that this is the place in a list.
        round: 1 reads the records; later ones look for records that were missed.
        page: The number of the next page.
        token: Its token; None for the first one.
        began: When the round began, by the server's clock.
        read: The number of records of this round so far.
        is_more: Whether there is a next page.
    """

    way: str = "list"
    round: int = 1
    page: int = 1
    token: str | None = None
    began: str
    read: int = 0
    is_more: bool = True


@dataclass
class ListRead:
    """One read of the list of a module.

    Attributes:
        client: The connection.
        reader: Reads the records.
        since: Only records that were changed since then; None: all.
    """

    client: ZohoClient
    reader: RecordReader
    since: datetime | None

    def __post_init__(self) -> None:
        self._seen: set[str] = set()
        self._last_page: list[str] = []
        self._is_restarted = False
        self._is_doubtful = False

    def pages(self, checkpoint: Checkpoint | None) -> Iterator[Page]:
        """The pages.

        Raises:
            ListEndsError: The list has more records than it gives; what was read so far has been given.
            PullError: The server refuses it, or cannot be reached.
        """
        place = Place.model_validate(checkpoint) if checkpoint else Place(began=time_text(self.client.now()))
        while True:
            while place.is_more and place.read < LIST_LIMIT:
                yield (page := self._page(place))
                place = Place.model_validate(page.checkpoint)
            if place.read >= LIST_LIMIT:
                raise ListEndsError
            # one page is one answer, from which nothing can be missing
            if place.page <= 2:
                return
            began = self.client.now()
            is_moved = self._is_doubtful or deleted_since(self.client, self.reader.module.name, time_of(place.began))
            if is_moved is False or (is_moved is None and place.round > 1):
                return
            if place.round == _ROUNDS:
                raise PullError(
                    f"the pages of {self.reader.module.name} changed during each read, so records may be missing",
                    hint="pull when fewer records change, for example at night",
                    is_temporary=True,
                )
            self._is_doubtful = False
            place = Place(round=place.round + 1, began=time_text(began))

    def _page(self, place: Place) -> Page:
        module = self.reader.module
        batches = module.batches()
        try:
            listed = self._listed(place, batches[0] if place.round == 1 else module.batches([])[0])
        except ZohoError as problem:
            if place.token is None or place.page * PER_PAGE <= _BY_NUMBER:
                raise
            if problem.code in _LIMIT_CODES:
                raise ListEndsError from problem
            if self._is_restarted:
                raise
            # a token is valid for 24 hours: the list is read again from its beginning
            self._is_restarted = True
            return Page([], Place(round=place.round, began=place.began).model_dump())
        ids = [row["id"] for row in listed.rows]
        if place.round == 1:
            rows = self.reader.complete(listed.rows, batches[1:], listed.sent_at)
        else:
            rows = self.reader.by_ids([one for one in ids if one not in self._seen])
        self._seen.update(ids)
        self._is_doubtful |= not ids and place.page > 1  # the page before it said that more follow
        token = listed.info.get("next_page_token")
        is_more = bool(listed.info.get("more_records"))
        if is_more and not ids:
            raise PullError(
                f"a page of {module.name} has no records, but more follow", hint="pull again later", is_temporary=True
            )
        if is_more and token == place.token and token is not None:
            raise PullError(
                f"two pages of {module.name} have the same token", hint="pull again later", is_temporary=True
            )
        after = Place(
            round=place.round,
            page=place.page + 1,
            token=token,
            began=place.began,
            read=place.read + len(ids),
            is_more=is_more,
        )
        return Page(rows, after.model_dump())

    def _listed(self, place: Place, fields: str) -> Listed:
        """A page that is not the one before it once more."""
        params = {
            "fields": fields,
            "per_page": str(PER_PAGE),
            "sort_by": "id",
            "sort_order": "asc",
            **where(place.page, place.token),
        }
        for _ in range(_REPEATS):
            listed = self.reader.listed(params, self.since)
            ids = [row["id"] for row in listed.rows]
            if not ids or ids != self._last_page:
                self._last_page = ids
                return listed
        raise PullError(
            f"page {place.page} of {self.reader.module.name} has the same records as the page before it",
            hint="the next pull continues with this page; if this repeats, ask Zoho",
            is_temporary=True,
        )


def where(page: int, token: str | None) -> Mapping[str, str]:
    """The parameter of the next page: its number for the first 2,000 records, then its token, never both."""
    return {"page_token": token} if token and page * PER_PAGE > _BY_NUMBER else {"page": str(page)}


def deleted_since(client: ZohoClient, name: str, since: datetime) -> bool | None:
    """Whether records of a module were deleted since then; None if Zoho does not list the deletions of the module."""
    params = {"type": "all", "page": "1", "per_page": "1"}
    try:
        answer: dict[str, Any] | None = client.get(f"/crm/v8/{name}/deleted", params, since)
    except ZohoError:
        return None
    return bool(answer and answer.get("data"))
