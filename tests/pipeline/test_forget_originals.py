"""Forgetting where originals have more than one name, or share one: links, and two sources' inboxes."""

from datetime import date
from pathlib import Path

from pipelines.landing import SourceFiles, land, load_mapping
from tests.pipeline import person
from tests.pipeline.test_forget_landed import DAY, arrive, forget


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


def test_a_link_to_an_original_goes_with_it(tmp_path: Path) -> None:
    inbox = tmp_path / "home" / "inbox"
    settings = person.settings(tmp_path, inbox=inbox)
    person.write(inbox, DAY, person.rows(DAY))
    (inbox / f"customers_again_{DAY}.jsonl").symlink_to(inbox / f"customers_{DAY}.jsonl")
    arrive(settings)
    assert forget(settings, person.REF).inbox_left == ()
    assert [*inbox.iterdir()] == []
    arrive(settings)


def test_where_the_inbox_is_not_there_the_certificate_says_that_it_was_not_looked_at(tmp_path: Path) -> None:
    settings = person.settings(tmp_path, inbox=(inbox := tmp_path / "inbox"))
    person.write(inbox, DAY, person.rows(DAY))
    arrive(settings)
    inbox.rename(tmp_path / "away")
    certificate = forget(settings, person.EMAIL)
    assert certificate.was_held and certificate.inbox_left == ()
    assert any(f"were not searched: {inbox}" in words for words in certificate.to_do)
