"""Reads a module by bulk read: a job, its result as a ZIP archive of CSV, and records of the shape that lists have.

The CSV has no nested values: of a look-up it has only the ID, and it lacks subforms and look-ups with several values.
Names of users are taken from the list of users. What the CSV lacks is read by ID. Pictures and files are left out; the
name of another look-up than a user is not in it, only its ID.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from pydantic import BaseModel, JsonValue

from pipelines.base.errors import InputError, PullError
from pipelines.config.pull_zoho import ZohoSettings
from pipelines.connectors.answers import exact_number
from pipelines.connectors.connector import Page, Say
from pipelines.connectors.pages import Checkpoint
from pipelines.connectors.pulled_files import time_of, time_text
from pipelines.connectors.zoho.bulk_csv import read_archive
from pipelines.connectors.zoho.client import ZohoClient, ZohoError
from pipelines.connectors.zoho.lists import deleted_since
from pipelines.connectors.zoho.modules import MODIFIED, Module, users
from pipelines.connectors.zoho.records import RecordReader, Row

_READ = "/crm/bulk/v8/read"
_POLL_SECONDS = (2.0, 30.0)
_ROUNDS = 3
_NESTED = {"subform", "multiselectlookup", "multiuserlookup", "multi_module_lookup"}
_LEFT_OUT = {"profileimage", "imageupload", "fileupload"}
_USERS = {"ownerlookup", "userlookup"}


class BulkPlace(BaseModel):
    """Where a bulk read is.

    Attributes:
        way: Says that this is the place in a bulk read.
        round: Which time everything is read.
        page: The number of the job.
        token: The token of the job; None for the first one.
        job: The ID of the job; None if it is not yet created.
        given: The number of its records that are in pages.
        began: When the round began, by the server's clock.
        is_more: Whether the job is not read to its end, or another one follows.
    """

    way: str = "bulk"
    round: int = 1
    page: int = 1
    token: str | None = None
    job: str | None = None
    given: int = 0
    began: str
    is_more: bool = True


class BulkRead:
    """One bulk read of a module.

    Args:
        client: The connection.
        reader: Reads what the CSV lacks.
        settings: How long a job may take.
        since: Only records that were changed since then; None: all.
        warn: Receives what the user should know.
        sleep: Waits for some seconds.
    """

    def __init__(
        self,
        client: ZohoClient,
        reader: RecordReader,
        settings: ZohoSettings,
        since: datetime | None,
        warn: Say,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client = client
        self._reader = reader
        self._module = reader.module
        self._settings = settings
        self._since = since
        self._warn = warn
        self._sleep = sleep
        self._users: Mapping[str, Row] | None = None

    def pages(self, checkpoint: Checkpoint | None) -> Iterator[Page]:
        """The pages.

        Raises:
            PullError: The server refuses it, the job fails, or its result cannot be read.
        """
        place = BulkPlace.model_validate(checkpoint) if checkpoint else BulkPlace(began=time_text(self._client.now()))
        while True:
            while place.is_more:
                for page in self._job_pages(place):
                    yield page
                    place = BulkPlace.model_validate(page.checkpoint)
            if place.page == 1:
                return
            is_moved = deleted_since(self._client, self._module.name, time_of(place.began))
            if is_moved is False or (is_moved is None and place.round > 1):
                return
            if place.round == _ROUNDS:
                raise PullError(
                    f"records of {self._module.name} are deleted while jobs read them, so jobs may miss records",
                    hint="pull when fewer records change, for example at night",
                    is_temporary=True,
                )
            place = BulkPlace(round=place.round + 1, began=time_text(self._client.now()))

    def _job_pages(self, place: BulkPlace) -> Iterator[Page]:
        """The pages of one job. The checkpoint of the last one is the beginning of the next job, or the end."""
        if place.job is None:
            try:
                job = self._create(place)
            except ZohoError:
                if place.token is None or place.round == _ROUNDS:
                    raise
                # a token is valid for a day: everything is read again
                yield Page([], BulkPlace(round=place.round + 1, began=place.began).model_dump())
                return
            place = place.model_copy(update={"job": job})
            yield Page([], place.model_dump())
        try:
            detail = self._wait(str(place.job))
        except ZohoError as problem:
            if problem.code != "RESOURCE_NOT_FOUND":
                raise
            yield Page([], place.model_copy(update={"job": None, "given": 0}).model_dump())  # it is kept for a day
            return
        if detail is None:
            yield Page([], place.model_copy(update={"job": None, "given": 0}).model_dump())
            raise PullError(
                f"the job {place.job} of bulk read of {self._module.name} has failed",
                hint="the next pull creates another job; if it fails too, raise `bulk_from_records` to read lists",
                is_temporary=True,
            )
        result = detail["result"]
        created = datetime.fromisoformat(str(detail.get("created_time"))).astimezone(UTC)
        given = 0
        for rows in self._rows(str(place.job)):
            given += len(rows)
            if given <= place.given:
                continue
            place = place.model_copy(update={"given": given})
            yield Page(self._complete(rows, created), place.model_dump())
        if given != result.get("count", given):
            raise PullError(
                f"the result of bulk read of {self._module.name} has {given:,} records, but the job states"
                f" {result['count']:,}",
                hint="pull again later",
                is_temporary=True,
            )
        is_more = bool(result.get("more_records"))
        after = BulkPlace(
            round=place.round, page=place.page + 1, token=result.get("next_page_token"), began=place.began
        )
        yield Page([], (after if is_more else place.model_copy(update={"is_more": False})).model_dump())

    def _create(self, place: BulkPlace) -> str:
        query: dict[str, JsonValue] = {"module": {"api_name": self._module.name}}
        # all fields, because no field is named: Zoho knows which ones a CSV can have
        if place.token:
            query["page_token"] = place.token
        else:
            query["page"] = place.page
        if self._since is not None and self._module.has_modified:
            query["criteria"] = {
                "field": {"api_name": MODIFIED},
                "comparator": "greater_equal",
                "value": self._since.astimezone(UTC).isoformat(timespec="seconds"),
            }
        answer = self._client.post(_READ, {"query": query, "file_type": "csv"})
        try:
            return str(answer["data"][0]["details"]["id"])
        except (KeyError, IndexError, TypeError) as problem:
            raise PullError(
                f"the answer to the request for bulk read of {self._module.name} names no job",
                hint="pull again later",
                is_temporary=True,
            ) from problem

    def _wait(self, job: str) -> Mapping[str, Any] | None:
        """The job when it is complete; None if it has failed."""
        waited, pause = 0.0, min(_POLL_SECONDS[0], self._settings.bulk_wait_seconds)
        while True:
            answer = self._client.get(f"{_READ}/{job}") or {}
            detail = (answer.get("data") or [{}])[0]
            state = detail.get("state")
            if state == "COMPLETED" and isinstance(detail.get("result"), dict):
                found: Mapping[str, Any] = detail
                return found
            if state in ("FAILURE", "FAILED"):
                return None
            if waited >= self._settings.bulk_wait_seconds:
                raise PullError(
                    f"the job {job} of bulk read of {self._module.name} is not complete after {waited:.0f} s",
                    hint="the next pull waits for the same job; to wait longer in one pull, raise `bulk_wait_seconds`",
                    is_temporary=True,
                )
            self._sleep(pause)
            waited += pause
            pause = min(pause * 1.5, _POLL_SECONDS[1])

    def _rows(self, job: str) -> Iterator[list[Mapping[str, str]]]:
        """The rows of the CSV, some thousand at a time."""
        with TemporaryDirectory() as folder:
            path = Path(folder) / "result.zip"
            self._client.download(f"{_READ}/{job}/result", path)
            try:
                yield from read_archive(path, ["id", *self._module.kinds])
            except InputError as problem:
                raise PullError(
                    f"the result of bulk read of {self._module.name} cannot be read: {problem.message}",
                    hint="the next pull downloads it again",
                    is_temporary=True,
                ) from problem

    def _complete(self, rows: Iterable[Mapping[str, str]], created: datetime) -> list[Row]:
        """Rows of the CSV as records of the shape that lists have, with all fields."""
        found: list[Row] = []
        lacking: list[str] = []
        for row in rows:
            if not found:
                lacking = [
                    one
                    for one in self._module.fields
                    if self._module.kinds.get(one) not in _LEFT_OUT
                    and (one not in row or self._module.kinds.get(one) in _NESTED)
                ]
            found.append(self._record(row))
        # a record that has changed since the job was created is read again
        return self._reader.complete(found, self._module.batches(lacking) if lacking else [], created)

    def _record(self, row: Mapping[str, str]) -> Row:
        record: Row = {"id": row.get("Id") or row.get("id") or ""}
        if not record["id"]:
            raise PullError(f"a record of bulk read of {self._module.name} has no `id`")
        for name, text in row.items():
            if name in self._module.kinds and self._module.kinds[name] not in _NESTED | _LEFT_OUT:
                record[name] = self._value(text, self._module.kinds[name])
        return record

    def _value(self, text: str, kind: str) -> Any:
        if kind == "multiselectpicklist":
            return text.split(";") if text else []
        if text == "":
            return None
        if kind == "boolean":
            return text.lower() in ("true", "1")
        if kind in _USERS:
            return self._user(text)
        if kind == "lookup":
            return {"id": text}
        if kind in ("integer", "double", "currency", "percent"):
            return _number(text)
        return text

    def _user(self, identity: str) -> Row:
        if self._users is None:
            try:
                self._users = users(self._client)
            except ZohoError as problem:
                self._users = {}
                self._warn(f"{self._module.name}: the names of owners are missing: {problem.message}. {problem.hint}")
        return dict(self._users.get(identity) or {"id": identity})


def is_same_shape(module: Module) -> bool:
    """Whether the CSV of a module has all of its fields, so that no record must be read by its ID."""
    return not any(kind in _NESTED for kind in module.kinds.values()) and "$se_module" not in module.fields


def _number(text: str) -> Any:
    try:
        return int(text)
    except ValueError:
        pass
    try:
        return exact_number(text)
    except (ValueError, ArithmeticError):
        return text
