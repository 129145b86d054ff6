"""Forgetting where two sources have inboxes and files of the same names."""

from datetime import date
from pathlib import Path

from pipelines.landing import SourceFiles, land, load_mapping
from tests.pipeline import person
from tests.pipeline.test_forget_landed import DAY, forget


def test_originals_of_the_same_name_in_two_sources_both_go(tmp_path: Path) -> None:
    inboxes = [tmp_path / "home" / name / "inbox" for name in ("eu", "us")]
    one = person.settings(tmp_path, inbox=inboxes[0])
    (other := tmp_path / "other.yml").write_text(person.mapping("other"))
    second = one.sources[0].model_copy(update={"mapping": str(other), "files": inboxes[1]})
    settings = one.model_copy(update={"sources": (*one.sources, second)})
    for inbox in inboxes:
        person.write(inbox, DAY, person.rows(DAY))
    files = [SourceFiles(load_mapping(source.mapping), source.files) for source in settings.sources]
    land(settings.home, files, today=date(2024, 4, 1))
    forget(settings, person.EMAIL)
    assert [path for inbox in inboxes for path in inbox.iterdir()] == []
