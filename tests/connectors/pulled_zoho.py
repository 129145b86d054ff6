"""A source that is pulled from a Zoho server of the test, and what its files have."""

import gzip
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from pipelines.config.pull_zoho import ZohoSettings
from pipelines.config.pulls import PullSettings, WebSettings
from pipelines.connectors.pull_report import PullReport
from pipelines.connectors.pulled_source import PulledSource
from pipelines.connectors.pulling import pull_source
from pipelines.connectors.zoho.connector import Zoho as ZohoConnector
from tests.vendors.zoho import CLIENT, Zoho, serving_zoho
from tests.vendors.zoho_modules import Record, time_of

QUICK = {
    "attempts": 4,
    "wait_seconds": 0.001,
    "longest_wait_seconds": 0.01,
    "read_timeout_seconds": 10,
    "requests": 100_000,
}


class PulledZoho:
    """The source with its server."""

    def __init__(self, folder: Path, server: Zoho, url: str, settings: dict[str, Any]) -> None:
        self.server, self.folder, self.inbox = server, folder, folder / "in"
        self.url, self._settings = url, settings
        self.web: dict[str, Any] = {}
        self.before_sleep: Callable[[], object] = lambda: None

    def pull(self, **settings: Any) -> PullReport:
        """Pull with the settings of the source, changed by these."""
        zoho = ZohoSettings(api_url=self.url, accounts_url=self.url, **{**self._settings, **settings})
        group = PullSettings(web=WebSettings(**{**QUICK, **self.web}), zoho=zoho)
        home = self.folder / "home"
        source = PulledSource("zoho", self.inbox, home, home / "state/pulls/zoho", group)
        return pull_source(source, connect=lambda _, warn: ZohoConnector(zoho, group.web, warn, self._sleep))

    def _sleep(self, seconds: float) -> None:
        """Let the time of the server pass instead of ours."""
        self.before_sleep()
        self.server.clock += timedelta(seconds=seconds)

    def files(self) -> list[str]:
        """The names of the files."""
        return sorted(path.name for path in self.inbox.glob("*")) if self.inbox.exists() else []

    def lines(self, stem: str) -> list[Record]:
        """All records of the files of a stem, in the order of the files."""
        paths = [path for path in sorted(self.inbox.glob(f"{stem}*.jsonl.gz")) if _stem(path) == stem]
        return [json.loads(line) for path in paths for line in gzip.decompress(path.read_bytes()).splitlines()]

    def records(self, module: str = "Contacts") -> dict[str, Record]:
        """The last version of each record that is not deleted, without empty fields."""
        found: dict[str, Record] = {}
        for row in self.lines(module):
            earlier = found.get(row["id"])
            if earlier is None or _changed(earlier) <= _changed(row):
                found[row["id"]] = row
        gone = {row["id"] for row in self.lines(f"{module}_deleted")}
        return {one: _filled(row) for one, row in found.items() if one not in gone}

    def differing(self, module: str = "Contacts") -> dict[str, tuple[Record | None, Record | None]]:
        """The records that differ between files and server: empty if all is well."""
        here, there = self.records(module), self.server.contents(module)
        there = {one: _filled(row) for one, row in there.items()}
        return {one: (here.get(one), there.get(one)) for one in here | there if here.get(one) != there.get(one)}


@contextmanager
def pulling_zoho(folder: Path, server: Zoho, monkeypatch: pytest.MonkeyPatch, **settings: Any) -> Iterator[PulledZoho]:
    """The source for as long as the block lasts. It pulls contacts, unless the settings say more."""
    for name, value in CLIENT.items():
        monkeypatch.setenv(f"ZOHO_{name.upper()}", value)
    with serving_zoho(server) as url:
        yield PulledZoho(folder, server, url, {"modules": ("Contacts",), **settings})


def _stem(path: Path) -> str:
    stem, _, end = path.name.removesuffix(".jsonl.gz").partition("_20")
    return stem if end else path.name.removesuffix(".jsonl.gz")


def _changed(row: Record) -> Any:
    return time_of(row["Modified_Time"]) if "Modified_Time" in row else 0


def _filled(row: Record) -> Record:
    return {name: value for name, value in row.items() if value not in (None, [])}
