"""What a run says if the day is published already: its own warnings, and those of the version that it has not said."""

from datetime import UTC, date, datetime
from pathlib import Path

from rich.console import Console

from pipelines.cli.summary import summary_table
from pipelines.orchestration.recorder import Recorder, RunReport
from pipelines.orchestration.standing import conclude
from pipelines.publication import Manifest, Version
from pipelines.publication.model import PublishedFile
from pipelines.settings import load_settings

QUARANTINE = "much is in quarantine: {} files or entities are above warn_share\n  sample orders: {} of 9 rows"


def test_a_warning_is_not_repeated_with_the_figures_of_the_version(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "last_run.json", "r")
    recorder.warn("gate_quarantine", QUARANTINE.format(3, 8))
    recorder.warn("land", "shop: orders_2024-01-01.csv may be cut off")
    others = ["shop: orders_2024-01-02.csv may be cut off", "shop orders: orders_rejected: 24 rows"]
    conclude_with(tmp_path, recorder, [QUARANTINE.format(2, 7), *others])
    assert recorder.report.warnings[:4] == [
        QUARANTINE.format(3, 8),
        "shop: orders_2024-01-01.csv may be cut off",
        *others,
    ]


def test_the_title_of_a_run_that_built_nothing_says_so() -> None:
    report = RunReport(run_id="r", started_at="", status="unchanged", as_of=date(2024, 5, 1))
    assert title(report) == "2024-05-01 · unchanged · run r"
    report.status, report.kind = "published", "incremental"
    assert title(report) == "2024-05-01 · incremental build · run r"


def title(report: RunReport) -> str:
    console = Console(width=200)
    with console.capture() as shown:
        console.print(summary_table(report))
    return shown.get().splitlines()[0].strip()


def conclude_with(folder: Path, recorder: Recorder, warnings: list[str]) -> None:
    """Conclude a run with a version that stands, and that has these warnings."""
    config = folder / "loyalty.yml"
    (folder / "in").mkdir()
    (folder / "mapping.yml").write_text("source: shop\n")
    config.write_text("as_of: 2024-05-01\nsources: [{mapping: mapping.yml, files: in}]\n")
    manifest = Manifest(
        version="v",
        sequence=1,
        as_of=date(2024, 5, 1),
        run_id="before",
        published_at=datetime(2024, 5, 1, tzinfo=UTC),
        warnings=tuple(warnings),
        inputs={},
        versions={},
        tables=(),
        database=PublishedFile(path="loyalty.duckdb", bytes=1, sha256="0"),
    )
    version = Version("v", folder / "v", date(2024, 5, 1), is_current=True, manifest=manifest)
    conclude(recorder, load_settings(config), version, is_new=False, is_backfill=False)
