"""A target follows the home: which versions it gets and loses, in which order, and what happens when it fails."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines.base.durable import PRIVATE, umask
from pipelines.base.errors import ConfigError
from pipelines.cli import operate, versions
from pipelines.config.secret_key import load_key
from pipelines.config.settings import child_environment, load_settings
from pipelines.privacy import erase, plan_erasure
from pipelines.privacy.plan import read_journal
from pipelines.publication import (
    Version,
    delete_version,
    erase_customers,
    set_current,
)
from pipelines.publication.holds import unless_held
from pipelines.publication.targets import TargetError, configured, follow, follow_or_warn
from pipelines.runs.recorder import Recorder
from pipelines.runs.scope import open_run
from pipelines.runs.up_to_date import conclude
from tests.unit.publication_marts import publisher

Publish = Callable[..., Version]
CONFIG = "currency: EUR\ntimezone: UTC\nsources: [{mapping: sample, files: inbox}]\n"


class Recording:
    """A target in memory, which records what it is asked to do."""

    name = "a list"
    hand_over = "Give it away."

    def __init__(self, *, has_all: bool = False) -> None:
        self.owner: str | None = None
        self.has_all = has_all
        self.ids: set[str] = set()
        self.current: str | None = None
        self.done: list[tuple[str, str]] = []
        self.was_held: list[bool] = []

    def claim(self, home: str) -> str | None:
        self.owner = self.owner or home
        return None if self.owner == home else self.owner

    def held(self) -> frozenset[str]:
        return frozenset(self.ids)

    def shown(self) -> str | None:
        return self.current

    def add(self, version: Version) -> None:
        with unless_held(version.path) as is_free:
            self.was_held.append(not is_free)
        self.ids.add(version.id)
        self.done.append(("add", version.id))

    def show(self, version_id: str) -> None:
        assert version_id in self.ids
        self.current = version_id
        self.done.append(("show", version_id))

    def remove(self, version_id: str) -> None:
        self.ids.remove(version_id)
        self.current = None if self.current == version_id else self.current
        self.done.append(("remove", version_id))


@pytest.fixture
def publish(tmp_path: Path) -> Publish:
    return publisher(tmp_path)


def test_the_current_version_comes_first_and_is_held_while_it_is_read(tmp_path: Path, publish: Publish) -> None:
    old, new = publish(1).id, publish(2).id
    target = Recording(has_all=True)
    follow(tmp_path / "published", target)
    assert target.done == [("add", new), ("show", new), ("add", old)]
    assert target.was_held == [True, True]
    follow(tmp_path / "published", target)
    assert len(target.done) == 3


def test_a_target_of_one_version_loses_the_earlier_one_after_the_swap(tmp_path: Path, publish: Publish) -> None:
    target = Recording()
    old = publish(1).id
    follow(tmp_path / "published", target)
    new = publish(2).id
    follow(tmp_path / "published", target)
    assert target.done[2:] == [("add", new), ("show", new), ("remove", old)]


def test_a_rollback_a_deletion_and_an_erasure_are_followed(tmp_path: Path, publish: Publish) -> None:
    published, target = tmp_path / "published", Recording(has_all=True)
    old, new = publish(1).id, publish(2).id
    follow(published, target)
    set_current(published, old)
    follow(published, target)
    assert target.current == old
    delete_version(published, new)
    follow(published, target)
    assert target.ids == {old}
    (erased,) = erase_customers(published, ["c4ca4238a0b923820dcc509a6f75849b"])
    done = follow(published, target)
    assert (done.name, done.removed, done.versions) == ("a list", (old,), (erased.became,))
    assert (target.ids, target.current) == ({erased.became}, erased.became)


def test_a_damaged_current_version_stays_in_the_target(tmp_path: Path, publish: Publish) -> None:
    target = Recording()
    version = publish(1)
    follow(tmp_path / "published", target)
    (version.path / "manifest.json").write_text("{}")
    follow(tmp_path / "published", target)
    assert (target.ids, target.current) == ({version.id}, version.id)


def test_a_home_that_is_not_mounted_empties_no_target(tmp_path: Path, publish: Publish) -> None:
    target = Recording()
    follow(tmp_path / "published", target)
    publish(1)
    follow(tmp_path / "published", target)
    (tmp_path / "published").rename(tmp_path / "elsewhere")
    with pytest.raises(TargetError, match="does not exist"):
        follow(tmp_path / "published", target)
    assert target.ids


def test_a_second_home_gets_an_error_and_changes_nothing(tmp_path: Path, publish: Publish) -> None:
    target = Recording(has_all=True)
    publish(1)
    follow(tmp_path / "published", target)
    before = list(target.done)
    other = tmp_path / "other"
    publisher(other)(2)
    with pytest.raises(TargetError, match="has the versions of another home") as refused:
        follow(other / "published", target)
    assert (target.owner or "?") in refused.value.message
    assert "Give it away" in refused.value.hint
    assert target.done == before
    target.owner = None  # given to the second home on purpose
    follow(other / "published", target)
    assert target.current in {path.name for path in (other / "published" / "versions").iterdir()}
    with pytest.raises(TargetError, match="has the versions of another home"):
        follow(tmp_path / "published", target)


def test_a_home_that_is_moved_or_restored_keeps_its_target(tmp_path: Path, publish: Publish) -> None:
    target = Recording()
    publish(1)
    follow(tmp_path / "published", target)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "published").rename(tmp_path / "elsewhere" / "published")
    assert follow(tmp_path / "elsewhere" / "published", target).versions == tuple(target.ids)


def settings_file(folder: Path, publish: str) -> Path:
    path = folder / "loyalty.yml"
    path.write_text(f"{CONFIG}publish: {publish}\n")
    return path


def test_a_target_without_an_address_is_a_warning_of_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SHOP_DB", raising=False)
    settings = load_settings(settings_file(tmp_path, "{postgres: {environment_variable: SHOP_DB}}"))
    warnings: list[str] = []
    follow_or_warn(settings, lambda words: None, warnings.append)
    assert len(warnings) == 1
    assert "the environment variable SHOP_DB is not" in warnings[0]
    assert "the next run tries again" in warnings[0]


def test_child_processes_do_not_get_the_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load_settings(settings_file(tmp_path, "{postgres: {environment_variable: SHOP_DB}}"))
    for name in ("SHOP_DB", "LOYALTY_POSTGRES"):
        monkeypatch.setenv(name, "postgresql://u:secret@host/db")
        assert name not in child_environment({}, settings)
    assert "secret" not in f"{settings!r}"


def test_child_processes_get_the_keys_of_a_bucket_only_without_the_target(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    with_bucket = load_settings(settings_file(tmp_path, "{s3: {url: 's3://bucket/shop'}}"))
    assert [target.name for target in configured.targets_of(with_bucket)] == ["s3://bucket/shop"]
    assert "AWS_SECRET_ACCESS_KEY" not in child_environment({}, with_bucket)
    without = load_settings(settings_file(tmp_path, "{}"))
    assert child_environment({}, without)["AWS_SECRET_ACCESS_KEY"] == "secret"


@pytest.mark.parametrize(
    ("publish", "says"),
    [
        ("{postgres: {schema_name: public}}", "`public` is a schema of PostgreSQL itself"),
        ("{postgres: {schema_name: Loyal ty}}", "publish.postgres.schema_name"),
        ("{s3: {url: 's3://bucket'}}", "publish.s3.url"),
        ("{s3: {url: 's3://bucket/shop/../other'}}", "publish.s3.url: must not have `.` or `..` as a part"),
        ("{s3: {url: 's3://bucket/./shop'}}", "publish.s3.url: must not have `.` or `..` as a part"),
        ("{s3: {url: 's3://key:secret@bucket/shop'}}", "publish.s3.url"),
        ("{s3: {url: 's3://bucket/shop', endpoint: 'https://u:secret@host'}}", "publish.s3.endpoint"),
        ("{s3: {url: 's3://bucket/shop', access_key: secret}}", "access_key: unknown key"),
        ("{postgres: {uri: 'postgresql://u:secret@h/d'}}", "uri: unknown key"),
    ],
)
def test_a_wrong_setting_is_refused_without_its_secret(tmp_path: Path, publish: str, says: str) -> None:
    with pytest.raises(ConfigError) as refused:
        load_settings(settings_file(tmp_path, publish))
    assert says in refused.value.message
    assert "secret" not in refused.value.message


class Unreachable(Recording):
    """A target whose server is down while `is_down`."""

    is_down = True

    def held(self) -> frozenset[str]:
        if self.is_down:
            raise TargetError("a list cannot be reached", "start it")
        return super().held()


def test_an_erasure_that_did_not_reach_a_target_stays_pending(
    tmp_path: Path, publish: Publish, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = load_settings(settings_file(tmp_path, "{}"), tmp_path)
    load_key(settings.paths.key, None)
    publish(1)
    target = Unreachable()
    monkeypatch.setattr(configured, "targets_of", lambda settings: (target,))
    with umask(PRIVATE) as users:
        with pytest.raises(TargetError):
            erase(settings, plan_erasure(settings, "nobody@nowhere.example"), users)
        assert read_journal(settings.paths.erasures) is not None
        with open_run(settings, "run-1") as run:  # a run goes on, and says so
            (warning,) = run.recorder.report.warnings
        assert "an erasure could not be finished: a list cannot be reached" in warning
        assert read_journal(settings.paths.erasures) is not None
        target.is_down = False
        with open_run(settings, "run-2") as run:
            assert run.recorder.report.warnings == []
    assert read_journal(settings.paths.erasures) is None
    (certificate,) = settings.paths.erasures.glob("*.json")
    listed = json.loads(certificate.read_text())["targets"]
    assert listed == [{"name": "a list", "removed": [], "versions": sorted(target.ids)}]
    assert target.ids


def test_a_run_that_finds_nothing_new_writes_what_a_target_lacks(
    tmp_path: Path, publish: Publish, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = load_settings(settings_file(tmp_path, "{}"), tmp_path)
    version, target = publish(1), Unreachable()
    monkeypatch.setattr(configured, "targets_of", lambda settings: (target,))
    for is_down, warnings in ((True, 1), (False, 0)):
        target.is_down = is_down
        recorder = Recorder(tmp_path / "last_run.json", f"run-{is_down}")
        conclude(recorder, settings, version, is_new=False, is_backfill=False)
        assert recorder.report.status == "unchanged"
        assert len(recorder.report.warnings) == warnings
    assert target.current == version.id


@pytest.mark.parametrize("command", [operate.publish, versions.pin, versions.delete])
def test_commands_that_change_versions_are_followed(
    tmp_path: Path, publish: Publish, monkeypatch: pytest.MonkeyPatch, command: Callable[..., None]
) -> None:
    path = settings_file(tmp_path, "{}")
    target = Recording(has_all=True)
    first, second = publish(1).id, publish(2).id
    monkeypatch.setattr(configured, "targets_of", lambda settings: (target,))
    command(first, config=path, home=tmp_path)
    is_deleted = command == versions.delete
    assert (target.current, target.ids) == ((second, {second}) if is_deleted else (first, {first, second}))
