"""`loyalty notify`: whether somebody is notified, and what the webhook answers to a test message."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipelines.cli.app import app
from tests.webhook_server import SECRET, receiving


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("LOYALTY_WEBHOOK_URL", raising=False)
    (tmp_path / "inbox").mkdir()
    path = tmp_path / "loyalty.yml"
    path.write_text("home: shop-eu\ncurrency: GBP\ntimezone: UTC\nsources:\n  - {mapping: sample, files: inbox}\n")
    return path


def test_a_test_message_reaches_the_webhook_and_its_answer_is_reported(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with receiving(202) as receiver:
        monkeypatch.setenv("LOYALTY_WEBHOOK_URL", receiver.url)
        done = CliRunner().invoke(app, ["notify", "--test", "--config", str(config)])
        assert (done.exit_code, "202" in done.stdout) == (0, True)
        as_json = CliRunner().invoke(app, ["notify", "--test", "--json", "--config", str(config)])
    assert json.loads(as_json.stdout)["http_status"] == 202
    assert [(body["event"], body["home"]) for body in receiver.bodies] == [("test", "shop-eu")] * 2
    assert receiver.bodies[0]["host"]
    assert SECRET not in done.output + as_json.output
    assert not (config.parent / "shop-eu").exists()


def test_a_webhook_that_refuses_the_test_message_ends_the_command_with_its_status(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with receiving(403) as receiver:
        monkeypatch.setenv("LOYALTY_WEBHOOK_URL", receiver.url)
        done = CliRunner().invoke(app, ["notify", "--test", "--config", str(config)])
    assert done.exit_code == 10
    assert done.stderr.startswith("error ") and "403" in done.stderr
    assert SECRET not in done.output


def test_without_a_url_a_test_message_is_an_error_and_the_command_says_that_nobody_is_notified(config: Path) -> None:
    asked = CliRunner().invoke(app, ["notify", "--config", str(config)])
    assert (asked.exit_code, "LOYALTY_WEBHOOK_URL" in asked.stdout) == (0, True)
    done = CliRunner().invoke(app, ["notify", "--test", "--config", str(config)])
    assert done.exit_code == 2
    assert "LOYALTY_WEBHOOK_URL is not set" in done.stderr


def test_a_format_in_the_file_is_used_and_shown(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config.write_text(config.read_text() + "notify: {name: EU shop, webhook: {format: slack}}\n")
    with receiving() as receiver:
        monkeypatch.setenv("LOYALTY_WEBHOOK_URL", receiver.url)
        shown = CliRunner().invoke(app, ["notify", "--config", str(config)])
        CliRunner().invoke(app, ["notify", "--test", "--config", str(config)])
    assert "notified as EU shop, in format slack" in shown.stdout
    assert set(receiver.bodies[0]) == {"text", "blocks"}
    assert receiver.bodies[0]["text"].startswith("EU shop: a test message\n")
