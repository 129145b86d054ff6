"""How a run ends that finds its day published: readers see the version, or are told which one they see."""

from pathlib import Path

from pipelines.orchestration.plan_assets import key_has_changed
from pipelines.orchestration.recorder import Recorder
from pipelines.orchestration.standing import conclude
from pipelines.publication import list_versions
from pipelines.settings import Settings
from tests.unit.publication_marts import publisher


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
    assert "readers saw no version" in warning
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
    assert key_has_changed(published, "other") == ""
    publisher(tmp_path)(5, "aaaa", inputs={"key_fingerprint": "former"})
    assert key_has_changed(published, "former") == ""
    assert "2026-01-05_aaaa" in key_has_changed(published, "other")
