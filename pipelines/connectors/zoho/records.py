"""Reads records with all their fields: 50 fields per request, put together by ID.

Two requests may see two versions of a record, so the time of change of both must be the same. It has whole seconds.
Therefore a record that was changed in the second in which it was read is read again when this second is over.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from pipelines.base.errors import PullError
from pipelines.connectors.connector import Say
from pipelines.connectors.zoho.client import ZohoClient
from pipelines.connectors.zoho.modules import MODIFIED, Module

Row = dict[str, Any]
_IDS_PER_REQUEST = 100
_TRIES = 5
_AHEAD = timedelta(seconds=2)  # a time of change that is later than this is not the present


@dataclass(frozen=True)
class Listed:
    """A page of a list.

    Attributes:
        rows: Its records with the fields that were asked for.
        info: Zoho's block `info`.
        sent_at: The server's time when the request was sent.
    """

    rows: list[Row]
    info: Mapping[str, Any]
    sent_at: datetime


class RecordReader:
    """Reads records of one module.

    Args:
        client: The connection.
        module: The module.
        warn: Receives what the user should know.
        sleep: Waits for some seconds.
    """

    def __init__(
        self, client: ZohoClient, module: Module, warn: Say, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._client = client
        self.module = module
        self._warn = warn
        self._sleep = sleep

    def listed(self, params: Mapping[str, str], since: datetime | None = None) -> Listed:
        """A page of the list of the module, as the server gives it.

        Raises:
            PullError: The server refuses it, or cannot be reached.
        """
        sent_at = self._client.now()
        answer = self._client.get(f"/crm/v8/{self.module.name}", params, since)
        if answer is None:
            return Listed([], {}, sent_at)
        return Listed(rows_of(answer, self.module.name), answer.get("info") or {}, sent_at)

    def complete(self, rows: Sequence[Row], batches: Sequence[str], sent_at: datetime) -> list[Row]:
        """Records with further fields, each in one version. A record that was deleted meanwhile is left out.

        Args:
            rows: The records.
            batches: Values of the parameter `fields` that are still to be read.
            sent_at: The server's time when `rows` were asked for.
        """
        kept = {row["id"]: row for row in rows}
        changed = self._add(kept, batches)
        again = [*changed, *(one for one in self._fresh(kept.values(), sent_at) if one not in changed)]
        for _ in range(_TRIES):
            if not again:
                return list(kept.values())
            self._wait(kept[one] for one in again)
            sent_at = self._client.now()
            found = {row["id"]: row for row in self._by_id(again, self.module.batches()[0])}
            changed = self._add(found, self.module.batches()[1:])
            for one in again:
                if one in found:
                    kept[one] = found[one]
                else:
                    del kept[one]
            again = [*changed, *(one for one in self._fresh(found.values(), sent_at) if one not in changed)]
        self._warn(
            f"{self.module.name}: {len(again)} records changed each time that they were read. The next pull"
            " reads them again"
        )
        return list(kept.values())

    def by_ids(self, ids: Sequence[str]) -> list[Row]:
        """Records with all fields, each in one version; those that exist."""
        batches = self.module.batches()
        sent_at = self._client.now()
        return self.complete(list(self._by_id(ids, batches[0])), batches[1:], sent_at)

    def _add(self, rows: dict[str, Row], batches: Sequence[str]) -> list[str]:
        """Add fields to records; the IDs of those that have another version, or none, by now."""
        changed: dict[str, None] = {}
        for fields in batches:
            found = {row["id"]: row for row in self._by_id(list(rows), fields)}
            for one, row in rows.items():
                if one in found and changed_at(found[one]) == changed_at(row):
                    rows[one] = row | found[one]
                else:
                    changed[one] = None
        return list(changed)

    def _by_id(self, ids: Sequence[str], fields: str) -> Iterator[Row]:
        for at in range(0, len(ids), _IDS_PER_REQUEST):
            some = ids[at : at + _IDS_PER_REQUEST]
            yield from self.listed({"ids": ",".join(some), "fields": fields, "per_page": "200"}).rows

    def _fresh(self, rows: Iterable[Row], sent_at: datetime) -> list[str]:
        """The records that were changed in the second in which they were read, or later."""
        least, most = sent_at.replace(microsecond=0), self._client.now() + _AHEAD
        return [row["id"] for row in rows if least <= (changed_at(row) or datetime.min.replace(tzinfo=UTC)) <= most]

    def _wait(self, rows: Iterable[Row]) -> None:
        """Wait until the second of the last change of these records is over, by the server's clock."""
        now = self._client.now()
        times = [at for row in rows if (at := changed_at(row)) is not None and at <= now + _AHEAD]
        if times:
            # one second more, because the header Date has whole seconds
            self._sleep(max((max(times) + timedelta(seconds=1) - now).total_seconds(), 0.0))


def rows_of(answer: Mapping[str, Any], name: str) -> list[Row]:
    """The records of an answer.

    Raises:
        PullError: It has no list of records with IDs.
    """
    rows = answer.get("data")
    if not isinstance(rows, list) or not all(isinstance(row, dict) and isinstance(row.get("id"), str) for row in rows):
        raise PullError(
            f"the answer for `{name}` has no list `data` of records with an `id`",
            hint="check the address `pull.zoho.api_url`",
        )
    return rows


def changed_at(row: Mapping[str, Any]) -> datetime | None:
    """When a record was changed, UTC; None if it does not say it."""
    try:
        return datetime.fromisoformat(str(row.get(MODIFIED))).astimezone(UTC)
    except ValueError:
        return None
