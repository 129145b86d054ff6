"""A real run that fails, one that mends it, and a webhook that listens: a message each, and nothing secret anywhere."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import SampleHome, call, copy_inboxes
from tests.webhook_server import SECRET, Receiver, receiving

pytestmark = pytest.mark.story


@dataclass(frozen=True)
class Story:
    """What happened.

    Attributes:
        home: Where.
        receiver: The webhook's other end.
        failed: A run that met a file which no mapping takes.
        unheard: The same, with nobody at the webhook.
        mended: The run after the file was taken out.
    """

    home: Path
    receiver: Receiver
    failed: subprocess.CompletedProcess[str]
    unheard: subprocess.CompletedProcess[str]
    mended: subprocess.CompletedProcess[str]


@pytest.fixture(scope="module")
def story(sample_home: SampleHome, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    folder = tmp_path_factory.mktemp("story")
    home, config = folder / "home", folder / "loyalty.yml"
    shutil.copytree(sample_home.home, home, symlinks=True)
    inbox = copy_inboxes(sample_home, folder)
    config.write_text(sample_home.config.read_text() + "\nnotify: {name: shop}\n")
    arguments = ("run", "--json", "--config", config, "--home", home)
    strange = inbox / "strange.csv"
    strange.write_text("name,e-mail\nJane,jane@example.com\n")
    with receiving(500, 200) as receiver:
        failed = call(*arguments, LOYALTY_WEBHOOK_URL=receiver.url)
        unheard = call(*arguments, LOYALTY_WEBHOOK_URL=f"http://127.0.0.1:1/{SECRET}")
        strange.unlink()
        mended = call(*arguments, LOYALTY_WEBHOOK_URL=receiver.url)
        yield Story(home, receiver, failed, unheard, mended)


def test_the_failure_is_told_again_where_the_webhook_was_down_and_the_recovery_once(story: Story) -> None:
    assert (story.failed.returncode, story.mended.returncode) == (3, 0), story.mended.stderr
    assert [body["event"] for body in story.receiver.bodies] == ["run_failed", "run_failed", "run_recovered"]
    assert story.receiver.bodies[0] == story.receiver.bodies[1]


def test_the_messages_name_what_failed_and_where_it_was_mended(story: Story) -> None:
    failure, recovery = story.receiver.bodies[1:]
    assert (failure["home"], failure["stage"], failure["exit_code"]) == ("shop", "land", 3)
    assert failure["failed"] == [{"name": "sample: files refused", "count": 1}]
    assert "strange" not in str(failure)
    mended = json.loads(story.mended.stdout)
    assert (recovery["run_id"], recovery["as_of"]) == (mended["run_id"], mended["as_of"])
    assert recovery["failed_run_id"] != failure["run_id"]


def test_a_webhook_that_nobody_answers_changes_neither_exit_code_nor_error_and_is_said(story: Story) -> None:
    assert story.unheard.returncode == story.failed.returncode
    assert json.loads(story.unheard.stdout) == json.loads(story.failed.stdout)
    assert "the webhook was not notified of run_failed: no answer" in story.unheard.stderr
    assert "webhook" not in story.failed.stderr


def test_the_url_stands_nowhere(story: Story) -> None:
    said = [done.stdout + done.stderr for done in (story.failed, story.unheard, story.mended)]
    assert SECRET not in "".join(said)
    files = [path for path in story.home.rglob("*") if path.is_file() and not path.is_symlink()]
    assert len(files) > 100
    assert not [path for path in files if SECRET.encode() in path.read_bytes()]
