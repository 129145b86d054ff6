"""The connector of Zoho CRM: its objects, its windows of time, and which way a module is read."""

import hashlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from pipelines.config.pull_zoho import ZohoSettings
from pipelines.config.pulls import PullSettings, WebSettings
from pipelines.connectors.connector import Page, PulledObject, Say
from pipelines.connectors.pages import Checkpoint
from pipelines.connectors.pulled_files import time_of, time_text
from pipelines.connectors.zoho.bulk import BulkRead, is_same_shape
from pipelines.connectors.zoho.client import ZohoClient, ZohoError
from pipelines.connectors.zoho.lists import LIST_LIMIT, ListEndsError, ListRead
from pipelines.connectors.zoho.modules import Module, available_modules, read_module
from pipelines.connectors.zoho.records import RecordReader
from pipelines.connectors.zoho.related import deleted, members

_DELETED = "_deleted"
_MEMBERS = "Campaign_Members"


def connect(settings: PullSettings, warn: Say) -> "Zoho":
    """The connector.

    Raises:
        ConfigError: An environment variable with credentials is missing.
    """
    assert settings.zoho is not None
    return Zoho(settings.zoho, settings.web, warn)


class Zoho:
    """Reads the modules of one account.

    Args:
        settings: What is pulled.
        web: How requests are sent.
        warn: Receives what the user should know.
        sleep: Waits for some seconds.
    """

    def __init__(
        self, settings: ZohoSettings, web: WebSettings, warn: Say, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._settings = settings
        self._warn = warn
        self._sleep = sleep
        self._client = ZohoClient(settings, web, warn)
        self._available: Mapping[str, Mapping[str, Any]] | None = None
        self._modules: dict[str, Module] = {}

    def objects(self) -> Sequence[PulledObject]:
        """Of each module its records and its deletions, and the members of campaigns.

        Raises:
            PullError: The server cannot be used at all.
        """
        found = []
        for name in self._settings.modules:
            module = read_module(self._client, name, self._visible())
            self._modules[name] = module
            fields = hashlib.sha256(" ".join(module.fields).encode()).hexdigest()
            found.append(
                PulledObject(
                    name,
                    name,
                    is_snapshot=module.problem is None and not module.has_modified,
                    full_read_days=self._settings.full_read_days,
                    settings=f"{self._settings.api} {fields}",
                )
            )
        for name in self._settings.modules:
            # of a module that cannot be read, one error is enough
            if self._modules[name].problem is None:
                found.append(PulledObject(f"{name}{_DELETED}", f"{name}{_DELETED}", settings=self._settings.api))
        if self._settings.campaign_members and "Campaigns" in self._modules:
            found.append(PulledObject(_MEMBERS, _MEMBERS, is_snapshot=True, settings=self._settings.api))
        return found

    def server_time(self) -> datetime:
        """The time in the header Date.

        Raises:
            PullError: The credentials are not accepted, or the server cannot be reached.
        """
        self._visible()
        return self._client.now()

    def until(self, one: PulledObject, now: datetime) -> str:
        """The server's time at the beginning of the pull."""
        return time_text(now)

    def pages(self, one: PulledObject, since: str | None, until: str, checkpoint: Checkpoint | None) -> Iterator[Page]:
        """The pages of an object.

        Raises:
            PullError: The module is missing or out of scope, the server refuses it, or cannot be reached.
        """
        overlap = timedelta(minutes=self._settings.overlap_minutes)
        least = None if since is None else time_of(since) - overlap
        if one.name == _MEMBERS:
            return members(self._client, self._usable("Campaigns"), self._warn, checkpoint)
        if one.name.endswith(_DELETED) and one.name not in self._modules:
            return deleted(self._client, one.name.removesuffix(_DELETED), least, self._warn)
        return self._records(self._usable(one.name), least, checkpoint)

    def is_empty(self, one: PulledObject) -> bool:
        """Whether the list of a module, without a limit of time, has no record. A list of deletions may have none."""
        if one.name not in self._modules:
            return False
        answer = self._client.get(f"/crm/v8/{one.name}", {"fields": "id", "per_page": "1"})
        return not (answer or {}).get("data")

    def close(self) -> None:
        """Close its connections."""
        self._client.close()

    def _records(self, module: Module, since: datetime | None, checkpoint: Checkpoint | None) -> Iterator[Page]:
        reader = RecordReader(self._client, module, self._warn, self._sleep)
        bulk = BulkRead(self._client, reader, self._settings, since, self._warn, self._sleep)
        if checkpoint is not None and checkpoint.get("way") == "bulk":
            yield from bulk.pages(checkpoint)
            return
        if checkpoint is None and since is None:
            count = self._count(module)
            least = self._settings.bulk_from_records if is_same_shape(module) else LIST_LIMIT
            if count is not None and count >= least:
                try:
                    yield from bulk.pages(None)
                    return
                except ZohoError as problem:
                    if count >= LIST_LIMIT:
                        raise
                    self._warn(f"{module.name}: bulk read is refused, so the pull reads the list: {problem.message}")
        try:
            yield from ListRead(self._client, reader, since).pages(checkpoint)
        except ListEndsError:
            self._warn(f"{module.name}: the list ends before all records are read, so the pull uses bulk read")
            yield from bulk.pages(None)

    def _count(self, module: Module) -> int | None:
        """The number of records; None if the server does not count them."""
        try:
            count = (self._client.get(f"/crm/v8/{module.name}/actions/count") or {}).get("count")
        except ZohoError:
            return None
        return count if isinstance(count, int) else None

    def _usable(self, name: str) -> Module:
        """A module that can be read.

        Raises:
            PullError: It cannot.
        """
        module = self._modules[name]
        if module.problem is not None:
            raise module.problem
        return module

    def _visible(self) -> Mapping[str, Mapping[str, Any]]:
        if self._available is None:
            self._available = available_modules(self._client)
        return self._available
