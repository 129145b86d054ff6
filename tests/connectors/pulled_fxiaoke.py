"""A source that is pulled from a server of Fxiaoke of the test, and what its files have."""

import gzip
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from pipelines.config.pull_fxiaoke import FxiaokeSettings
from pipelines.config.pulls import PullSettings, WebSettings
from pipelines.connectors.pull_report import PullReport
from pipelines.connectors.pulled_files import pulled
from pipelines.connectors.pulled_source import PulledSource
from pipelines.connectors.pulling import pull_source
from tests.vendors.fxiaoke import APP_ID, APP_SECRET, PERMANENT_CODE, USER, Fxiaoke, serving_fxiaoke

CREDENTIALS = {"APP_ID": APP_ID, "APP_SECRET": APP_SECRET, "PERMANENT_CODE": PERMANENT_CODE, "OPEN_USER_ID": USER}
QUICK = {
    "attempts": 6,
    "wait_seconds": 0.001,
    "longest_wait_seconds": 0.01,
    "read_timeout_seconds": 0.5,
    "requests": 100_000,
}


class PulledFxiaoke:
    """The source with its server."""

    def __init__(self, folder: Path, server: Fxiaoke, web: dict[str, Any], **settings: Any) -> None:
        self.server, self.folder, self.inbox = server, folder, folder / "in"
        self.web, self.given = web, settings

    def pull(self, **settings: Any) -> PullReport:
        """Pull with the settings of the source, changed by these."""
        fxiaoke = FxiaokeSettings(url=self.server.url, **{**self.given, **settings})
        group = PullSettings(web=WebSettings(**{**QUICK, **self.web}), fxiaoke=fxiaoke)
        home = self.folder / "home"
        return pull_source(PulledSource("fxiaoke", self.inbox, home, home / "state/pulls/fxiaoke", group))

    def records(self, name: str) -> list[dict[str, Any]]:
        """All pulled records of an object, in the order of the files."""
        files = sorted(
            pulled(path.name for path in self.inbox.iterdir()), key=lambda one: (one.server_time, one.number)
        )
        paths = [self.inbox / one.name for one in files if one.stem == name]
        return [json.loads(line) for path in paths for line in gzip.open(path, "rt", encoding="utf-8")]

    def pulled(self, name: str) -> dict[str, dict[str, Any]]:
        """The last version of each record, by `_id`."""
        ordered = sorted(self.records(name), key=lambda record: record["last_modified_time"])
        return {record["_id"]: record for record in ordered}

    def is_equal(self, name: str = "AccountObj") -> bool:
        """Whether the files have what the server has."""
        return self.pulled(name) == self.server.rows(name)


@contextmanager
def pulling_fxiaoke(
    folder: Path, server: Fxiaoke, monkeypatch: pytest.MonkeyPatch, web: dict[str, Any] | None = None, **settings: Any
) -> Iterator[PulledFxiaoke]:
    """The source for as long as the block lasts. It pulls customers, unless the settings say more."""
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(f"FXIAOKE_{name}", value)
    with serving_fxiaoke(server):
        yield PulledFxiaoke(folder, server, web or {}, **{"objects": ("AccountObj",), **settings})
