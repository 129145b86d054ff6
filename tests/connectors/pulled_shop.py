"""A source that is pulled from a server of a test, what its files have, and what lands of them."""

import gzip
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pipelines.config.pulls import PullSettings, WebSettings
from pipelines.connectors.pull_report import PullReport
from pipelines.connectors.pulled_files import pulled
from pipelines.connectors.pulled_source import PulledSource
from pipelines.connectors.pulling import pull_source
from tests.pipeline.landing_desk import Desk

QUICK = {
    "attempts": 6,
    "wait_seconds": 0.001,
    "longest_wait_seconds": 0.05,
    "read_timeout_seconds": 0.4,
    "requests": 100_000,
}


class PulledShop:
    """A source with its own inbox.

    Args:
        folder: Everything goes here.
        name: The connector, and the source.
        given: The settings of the connector.
    """

    def __init__(self, folder: Path, name: str, **given: Any) -> None:
        self.folder, self.inbox, self.name, self.given = folder, folder / "in", name, given

    def pull(self, **settings: Any) -> PullReport:
        """Pull with the settings of the source, changed by these."""
        group = PullSettings.model_validate({"web": WebSettings(**QUICK), self.name: {**self.given, **settings}})
        home = self.folder / "home"
        return pull_source(PulledSource(self.name, self.inbox, home, home / "state/pulls" / self.name, group))

    def records(self, stem: str) -> list[dict[str, Any]]:
        """All pulled records of an object, in the order of the files."""
        names = [path.name for path in self.inbox.iterdir()] if self.inbox.exists() else []
        files = sorted(pulled(names), key=lambda one: (one.server_time, one.number))
        chosen = [one.name for one in files if one.stem == stem] + [n for n in names if n == f"{stem}.jsonl.gz"]
        return [json.loads(line) for name in chosen for line in gzip.open(self.inbox / name, "rt", encoding="utf-8")]

    def land(self, mapping: str) -> Desk:
        """Land the files by a mapping, and expect neither a warning nor a row in quarantine."""
        desk = Desk(self.folder / "landing")
        shutil.copytree(self.inbox, desk.inbox, dirs_exist_ok=True)
        desk.mapping.write_text(mapping, encoding="utf-8")
        report = desk.land()
        assert not report.warnings, report.warnings
        assert desk.query("select count(*) from landed('ledger') where unreadable_records > 0") == [(0,)]
        return desk


def at(requests: dict[int, str | Callable[[], object]]) -> Callable[[int], str | None]:
    """What a server does at some of its requests, by their number: the name of a fault, or a change of its records."""

    def on_request(number: int) -> str | None:
        what = requests.get(number)
        if callable(what):
            what()
            return None
        return what

    return on_request
