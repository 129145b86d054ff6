"""How a run ends whose day is published already: what it says, and whether readers see the version."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from rich.console import Console

from pipelines.cli.summary import summary_table
from pipelines.config.settings import Settings, load_settings
from pipelines.orchestration.plan_asset import key_change_warning
from pipelines.publication import Manifest, Version, list_versions
from pipelines.publication.model import PublishedFile
from pipelines.runs.recorder import Recorder, RunReport
from pipelines.runs.up_to_date import conclude
from tests.unit.publication_marts import publisher
from tests.unit.small_manifest import use_small_manifest

QUARANTINE = "much is in quarantine: {} files or entities are above warn_share\n  sample orders: {} of 9 rows"


@pytest.fixture(autouse=True)
def small_project(monkeypatch: pytest.MonkeyPatch) -> None:
    use_small_manifest(monkeypatch)


def test_a_warning_is_not_repeated_with_the_figures_of_the_version(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "last_run.json", "r")
    recorder.warn("gate_quarantine", QUARANTINE.format(3, 8))
    recorder.warn("land", "shop: orders_2024-01-01.csv may be cut off")
    recorder.warn("land", "shop orders: unknown_status: 1 row, value at stake 9.00 EUR: it does not count")
    others = ["shop: orders_2024-01-02.csv may be cut off", "shop orders: orders_rejected: 24 rows"]
    again = "shop orders: unknown_status: 2 rows, value at stake 18.00 EUR: it does not count"
    conclude_with(tmp_path, recorder, [QUARANTINE.format(2, 7), again, *others])
    assert recorder.report.warnings[:5] == [
        QUARANTINE.format(3, 8),
        "shop: orders_2024-01-01.csv may be cut off",
        "shop orders: unknown_status: 1 row, value at stake 9.00 EUR: it does not count",
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
    config.write_text("as_of: 2024-05-01\ncurrency: GBP\ntimezone: UTC\nsources: [{mapping: mapping.yml, files: in}]\n")
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


def concluded(home: Path, *, is_backfill: bool = False) -> Recorder:
    settings = Settings.unconfigured().model_copy(update={"home": home})
    recorder = Recorder(home / "last_run.json", "r")
    (version,) = list_versions(settings.paths.published)
    conclude(recorder, settings, version, is_new=False, is_backfill=is_backfill)
    return recorder


def test_readers_who_saw_no_version_see_it_again(tmp_path: Path) -> None:
    version = publisher(tmp_path)(5, "aaaa")
    current = tmp_path / "published" / "current"
    current.unlink()
    (warning,) = concluded(tmp_path).report.warnings
    assert "readers saw none" in warning
    assert current.resolve() == version.path.resolve()
    current.unlink()
    current.symlink_to("/etc")
    assert concluded(tmp_path).report.is_current
    assert current.resolve() == version.path.resolve()


def test_a_backfilled_day_moves_nothing(tmp_path: Path) -> None:
    publisher(tmp_path)(5, "aaaa")
    (tmp_path / "published" / "current").unlink()
    assert concluded(tmp_path, is_backfill=True).report.is_current is False
    assert not (tmp_path / "published" / "current").is_symlink()


def test_another_key_than_that_of_the_newest_version_is_said(tmp_path: Path) -> None:
    published = tmp_path / "published"
    assert key_change_warning(published, "other") == ""
    publisher(tmp_path)(5, "aaaa", inputs={"key_fingerprint": "former"})
    assert key_change_warning(published, "former") == ""
    assert "2026-01-05_aaaa" in key_change_warning(published, "other")
