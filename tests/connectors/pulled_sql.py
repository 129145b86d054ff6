"""Pulls of databases, for the tests of each database. No test stands here."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.base.project import project_root
from pipelines.config.pulls import PullSettings
from pipelines.connectors.pull_report import PullReport
from pipelines.connectors.pulled_source import PulledSource
from pipelines.connectors.pulling import pull_source


class Pulled:
    """A source that is pulled from a database into a folder of its own.

    Args:
        folder: Where its inbox and its home are.
        tables: The setting `tables`.
        page_rows: The setting of that name.
    """

    def __init__(self, folder: Path, tables: dict[str, Any], page_rows: int = 200_000) -> None:
        settings = PullSettings.model_validate({"sql": {"tables": tables, "page_rows": page_rows}})
        self.inbox = folder / "inbox"
        self.source = PulledSource("shop", self.inbox, folder / "home", folder / "home/state/pulls/shop", settings)

    def pull(self) -> PullReport:
        """Pull, and fail if an object could not be read."""
        report = pull_source(self.source)
        assert [one.problem for one in report.objects if one.problem] == []
        return report

    def problem(self) -> tuple[str, str]:
        """Pull, and give the problem and the hint of the one object that failed."""
        (failed,) = pull_source(self.source).failed
        return failed.problem, failed.hint

    def files(self) -> list[str]:
        """The names of the files, in order."""
        return sorted(path.name for path in self.inbox.iterdir())

    def table(self) -> pa.Table:
        """The rows of all files."""
        return pa.concat_tables([pq.read_table(self.inbox / name) for name in self.files()])

    def last(self) -> pa.Table:
        """The rows of the newest file."""
        return pq.read_table(max(self.inbox.iterdir(), key=lambda path: path.stat().st_mtime_ns))


_MEASURED = """
import json, resource, sys
from pathlib import Path
from tests.connectors.pulled_sql import Pulled

def megabytes():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024

settings = json.loads(sys.argv[2])
pulled = Pulled(Path(sys.argv[1]), **settings)
Pulled(Path(sys.argv[1]) / "none", {"none": {"query": "select 1 as one"}}).pull()  # what every pull needs
before = megabytes()
print(pulled.pull().records, megabytes() - before)
"""


def records_and_megabytes(folder: Path, settings: dict[str, Any]) -> tuple[int, int]:
    """Pull in a process of its own; gives the number of records, and by how much its memory grew."""
    command = [sys.executable, "-c", _MEASURED, str(folder), json.dumps(settings)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=project_root(), check=False)
    assert done.returncode == 0, done.stderr
    records, megabytes = map(int, done.stdout.split())
    return records, megabytes


class Stop(BaseException):
    """Stands for a kill: no code of ours handles it."""


def stop_after(monkeypatch: pytest.MonkeyPatch, pages: int) -> None:
    """Stop the next pull after some pages are kept."""
    from pipelines.connectors.pages import PageStore

    add = PageStore.add
    left = [pages]

    def counted(self: PageStore, *given: Any) -> None:
        if not left[0]:
            raise Stop
        left[0] -= 1
        add(self, *given)

    monkeypatch.setattr(PageStore, "add", counted)
