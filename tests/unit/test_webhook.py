"""Sending to the webhook: how often, how long, where not, and that its URL, a secret, is shown by nobody."""

import logging
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from pydantic import SecretStr

from pipelines.base.errors import ConfigError
from pipelines.config.settings import child_environment, load_settings
from pipelines.runs.notifications import deliver
from tests.webhook_server import SECRET, Receiver, receiving

BODY = {"event": "run_failed"}


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


def test_what_is_taken_is_sent_once(receiver: Receiver) -> None:
    assert deliver(SecretStr(receiver.url), BODY).problem == ""
    assert receiver.bodies == [BODY]


def test_what_the_server_could_not_take_is_sent_again() -> None:
    with receiving(500, 200) as receiver:
        assert deliver(SecretStr(receiver.url), BODY, backoff_seconds=0.01).problem == ""
        assert receiver.bodies == [BODY, BODY]


def test_a_server_that_never_takes_it_is_given_up() -> None:
    with receiving(503) as receiver:
        assert deliver(SecretStr(receiver.url), BODY, backoff_seconds=0.01).problem == "it answered 503"
        assert len(receiver.bodies) == 3


def test_what_the_server_does_not_want_is_not_sent_again() -> None:
    with receiving(404) as receiver:
        assert deliver(SecretStr(receiver.url), BODY).problem == "it answered 404"
        assert len(receiver.bodies) == 1


def test_a_server_that_hangs_may_have_taken_it_and_gets_no_second_copy() -> None:
    with receiving(None) as receiver:
        words = deliver(SecretStr(receiver.url), BODY, read_seconds=0.3).problem
        assert words == "no answer (ReadTimeout)"
        assert len(receiver.bodies) == 1


def test_a_server_whose_answer_drips_is_not_waited_for() -> None:
    is_over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def drip() -> None:
            connection, _ = server.accept()
            with connection, suppress(OSError):
                connection.recv(65_536)
                for byte in b"HTTP/1.1 200 OK\r\nX-Slow: " + b"x" * 100 + b"\r\n\r\n":
                    connection.send(bytes([byte]))
                    is_over.wait(0.2)

        thread = threading.Thread(target=drip, daemon=True)
        thread.start()
        words = deliver(
            SecretStr(f"http://127.0.0.1:{server.getsockname()[1]}/{SECRET}"), BODY, read_seconds=0.5
        ).problem
        is_over.set()
        thread.join(timeout=20)
    assert "in time" in words


def test_a_host_that_no_name_can_be_is_said_without_the_url() -> None:
    assert deliver(SecretStr(f"http://{'a' * 64}.example/{SECRET}"), BODY).problem == "no answer (LocationParseError)"


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_not_followed(status: int) -> None:
    with receiving(status) as receiver:
        assert f"{status}, a redirect" in deliver(SecretStr(receiver.url), BODY).problem
        assert receiver.paths == [f"/{SECRET}"]


def test_an_answer_leaves_the_url_in_no_log(receiver: Receiver, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        deliver(SecretStr(receiver.url), BODY)
    assert receiver.paths == [f"/{SECRET}"]
    assert SECRET not in caplog.text


def test_a_closed_port_is_said_without_the_url(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/{SECRET}"
    with caplog.at_level(logging.DEBUG):
        words = deliver(SecretStr(url), BODY, backoff_seconds=0.01).problem
    assert words == "no answer (ConnectionError)"
    assert SECRET not in caplog.text + "".join(capfd.readouterr())


@pytest.fixture
def config(tmp_path: Path) -> Path:
    (tmp_path / "inbox").mkdir()
    path = tmp_path / "loyalty.yml"
    path.write_text(
        "currency: GBP\ntimezone: UTC\nsources: [{mapping: sample, files: inbox}]\nnotify: {webhook: {format: slack}}\n"
    )
    return path


@pytest.mark.parametrize(
    "url",
    [
        *(f"ftp://x/{SECRET}", SECRET, f"https:///{SECRET}", f"http://x:port/{SECRET}", "file:///etc"),
        *(f"http://exa mple/{SECRET}", f"http://*x/{SECRET}", f"http://a..b/{SECRET}"),
        f"http://{'a' * 64}.example/{SECRET}",
    ],
)
def test_an_url_that_cannot_be_one_is_refused_without_showing_it(
    config: Path, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("LOYALTY_WEBHOOK_URL", url)
    with pytest.raises(ConfigError, match="LOYALTY_WEBHOOK_URL") as caught:
        load_settings(config)
    shown = f"{caught.value} {caught.value.hint} {caught.value.__cause__!r} {caught.value.__cause__}"
    assert url not in shown


def test_the_url_comes_from_the_environment_alone_and_is_never_shown(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"https://example.org/{SECRET}"
    monkeypatch.setenv("LOYALTY_WEBHOOK_URL", url)
    settings = load_settings(config)
    assert settings.webhook_url is not None
    assert settings.webhook_url.get_secret_value() == url
    assert SECRET not in f"{settings!r} {settings} {settings.model_dump_json()}"
    assert "LOYALTY_WEBHOOK_URL" not in child_environment({})
    config.write_text(config.read_text() + f"webhook_url: {url}\n")
    with pytest.raises(ConfigError):
        load_settings(config)
