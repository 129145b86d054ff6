"""Single assets materialized as Dagster's UI does it: what has not passed every check of its day is never published."""

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

import dagster as dg
import duckdb
import pytest

from pipelines.config.settings import load_settings
from pipelines.orchestration.build_defs import build_defs
from pipelines.publication import list_versions
from tests.conftest import SampleHome

pytestmark = pytest.mark.story

PUBLISHED = dg.AssetKey(["published", "version"])
RFM = dg.AssetKey(["marts", "customer_rfm"])
GATE = dg.AssetCheckKey(RFM, "gate")


@dataclass(frozen=True)
class Outcome:
    """What came of materializing some assets.

    Attributes:
        success: Whether the run succeeded.
        words: Why it failed; empty otherwise.
        versions: The ids of the versions afterwards, oldest first.
        days: The day that each check's result names.
    """

    success: bool
    words: str
    versions: list[str]
    days: set[object] = field(default_factory=set)


class Home:
    """A copy of the sample's home, as it is after a whole run."""

    def __init__(self, sample: SampleHome, folder: Path) -> None:
        self.root = folder / "home"
        shutil.copytree(sample.home, self.root, symlinks=True)
        self.settings = load_settings(sample.config, self.root)
        self.definitions = build_defs(self.settings)
        self.job = self.definitions.resolve_implicit_global_asset_job_def()
        found = [one for one in self.definitions.assets or () if isinstance(one, dg.AssetsDefinition)]
        (marts,) = (one for one in found if one.node_def.name == "dbt_marts")
        self.marts = set(marts.keys)
        graph = self.definitions.resolve_asset_graph()
        # the gate and the totals of the marts look at tables of core too
        self.checks = {
            key
            for key in graph.asset_check_keys
            if key.asset_key.path[0] == "marts" and (key.name == "gate" or key.name.startswith("total_"))
        }
        (version,) = list_versions(self.settings.paths.published)
        self.day = version.as_of

    def materialize(
        self,
        assets: Sequence[dg.AssetKey] | set[dg.AssetKey] = (),
        *,
        day: date | None = None,
        checks: set[dg.AssetCheckKey] | None = None,
    ) -> Outcome:
        job = self.job.get_subset(asset_selection=set(assets), asset_check_selection=checks)
        tags = {"dagster/partition": day.isoformat()} if day else {}
        result = job.execute_in_process(raise_on_error=False, tags=tags)
        failures = result.filter_events(lambda event: event.is_step_failure)
        words = "\n".join(str(event.step_failure_data.error) for event in failures)
        versions = sorted(version.id for version in list_versions(self.settings.paths.published))
        days = {
            check.metadata["as_of"].value
            for check in result.get_asset_check_evaluations()
            if check.asset_key.path[0] == "marts"
        }
        return Outcome(result.success, words, versions, days)

    def change(self, statement: str) -> None:
        with duckdb.connect(str(self.settings.paths.warehouse)) as connection:
            connection.execute(statement)


@dataclass(frozen=True)
class Story:
    """What was done by hand, in order.

    Attributes:
        home: Where.
        before: The versions at the beginning.
        other_day: Publication alone, for the day before the one that is built.
        unchanged: Publication alone, of the day that is built.
        one_mart: One mart alone.
        after_one_mart: Publication alone, after that.
        all_marts: All tables of the last step with their own checks.
        all_checks: The gate of the marts, and the totals.
        failed_gate: The gate of one mart, after its table was spoiled.
        after_failed_gate: Publication alone, after that.
        passed_gate: Gate and totals again, after the tables were built again.
        after_passed_gate: Publication alone, when the day's version was gone.
    """

    home: Home
    before: list[str]
    other_day: Outcome
    unchanged: Outcome
    one_mart: Outcome
    after_one_mart: Outcome
    all_marts: Outcome
    all_checks: Outcome
    failed_gate: Outcome
    after_failed_gate: Outcome
    passed_gate: Outcome
    after_passed_gate: Outcome


@pytest.fixture(scope="module")
def story(sample_home: SampleHome, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    home = Home(sample_home, tmp_path_factory.mktemp("by-hand"))
    published = home.settings.paths.published
    before = [version.id for version in list_versions(published)]
    other_day = home.materialize([PUBLISHED], day=home.day - timedelta(days=1))
    unchanged = home.materialize([PUBLISHED], day=home.day)
    one_mart = home.materialize([RFM])
    after_one_mart = home.materialize([PUBLISHED], day=home.day)
    all_marts = home.materialize(home.marts)
    all_checks = home.materialize(checks=home.checks)
    home.change("update marts.customer_rfm set frequency = frequency + 1")
    failed_gate = home.materialize(checks={GATE})
    after_failed_gate = home.materialize([PUBLISHED], day=home.day)
    all_marts_again = home.materialize(home.marts)
    assert all_marts_again.success, all_marts_again.words
    passed_gate = home.materialize(checks=home.checks)
    for version in list_versions(published):
        shutil.rmtree(version.path)
    after_passed_gate = home.materialize([PUBLISHED], day=home.day)
    yield Story(
        home,
        before,
        other_day,
        unchanged,
        one_mart,
        after_one_mart,
        all_marts,
        all_checks,
        failed_gate,
        after_failed_gate,
        passed_gate,
        after_passed_gate,
    )


def test_another_day_than_the_one_that_is_built_is_refused(story: Story) -> None:
    day = story.home.day
    assert not story.other_day.success
    assert f"this run is for {day - timedelta(days=1)}, but the tables are built for {day}" in story.other_day.words
    assert story.other_day.versions == story.before


def test_what_is_published_already_is_not_published_again(story: Story) -> None:
    assert story.unchanged.success, story.unchanged.words
    assert story.unchanged.versions == story.before


def test_one_mart_alone_can_be_built_and_then_nothing_can_be_published(story: Story) -> None:
    assert story.one_mart.success, story.one_mart.words
    assert not story.after_one_mart.success
    assert "parts and blocking checks of this build are not complete" in story.after_one_mart.words
    assert "marts: gate customer_clv" in story.after_one_mart.words
    assert story.after_one_mart.versions == story.before


def test_a_check_names_the_day_that_it_looked_at(story: Story) -> None:
    assert story.all_marts.success, story.all_marts.words
    assert story.all_checks.success, story.all_checks.words
    assert story.all_marts.days == story.all_checks.days == {story.home.day.isoformat()}


def test_what_a_gate_rejected_cannot_be_published_with_one_click(story: Story) -> None:
    assert not story.after_failed_gate.success
    assert "1 of the" in story.after_failed_gate.words
    assert "marts: gate customer_rfm" in story.after_failed_gate.words
    assert story.after_failed_gate.versions == story.before


def test_when_every_part_is_built_and_every_check_passed_it_is_published_whoever_started_which_step(
    story: Story,
) -> None:
    assert story.passed_gate.success, story.passed_gate.words
    assert story.after_passed_gate.success, story.after_passed_gate.words
    (version,) = list_versions(story.home.settings.paths.published)
    assert (version.as_of, version.is_current) == (story.home.day, True)
    assert version.manifest is not None and version.manifest.origin.startswith("Dagster: ")
